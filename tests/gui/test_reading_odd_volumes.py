"""Readings of odd volumes: one slice, two thousand, large ones, thick ones; and what is seen while they open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from reader_hand import ReaderHand

from escc_desktop.errors import AccessDeniedError
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.imaging.volume import Geometry
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import VOLUME
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.reading import first_slice

ORIGIN = (-4.0, -5.0, 100.0)
SESSION = "P1/L1/A/first"
ODD = {
    "one slice": Geometry((64, 48, 1), (0.8, 0.8, 5.0), ORIGIN),
    "two thousand slices": Geometry((24, 20, 2000), (0.8, 0.8, 0.5), ORIGIN),
    "1024 x 1024": Geometry((1024, 1024, 3), (0.4, 0.4, 1.0), (-200.0, -200.0, 100.0)),
    "thick slices": Geometry((60, 50, 7), (0.4, 0.4, 10.0), ORIGIN),
    "turned": Geometry((30, 24, 9), (1.0, 1.0, 2.0), ORIGIN, (0, 0, 1.0, 1, 0, 0, 0, -1, 0)),
}


@pytest.fixture
def reader_of(
    small_study: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    show_as: Callable[..., MainWindow],
    qtbot: QtBot,
) -> Callable[[Geometry], ReaderHand]:
    """Reader A of a study whose images have some geometry, nothing open yet."""

    def make(geometry: Geometry) -> ReaderHand:
        monkeypatch.setattr(small_study, "GEOMETRY", geometry)
        study = small_study.build(tmp_path / "project", 1, 1)
        return ReaderHand(show_as(Project(study.store, study.people["A"]), "reading"), qtbot)

    return make


@pytest.mark.parametrize("kind", ODD)
def test_that_odd_volumes_are_drawn_on_undone_and_kept(kind: str, reader_of: Callable[[Geometry], ReaderHand]) -> None:
    geometry = ODD[kind]
    reader = reader_of(geometry)
    board = reader.open(SESSION)
    view = board.views.axial
    board.hand.hold("brush")
    index = view.index
    reader.stroke([(5, 3), (5, 7)])
    rows, columns = np.nonzero(board.planes.section(Plane.AXIAL, index, reader.kept))
    off = 2 if kind == "1024 x 1024" else 0  # a pixel of the screen holds several voxels
    assert np.ptp(rows) == 0
    assert abs(rows[0] - 5) <= off
    assert abs(columns.min() - 3) <= off
    assert abs(columns.max() - 7) <= off
    assert len(columns) == np.ptp(columns) + 1 == np.count_nonzero(reader.kept)
    assert np.array_equal(reader.shown, reader.kept)
    reader.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not reader.kept.any()
    reader.saved()


@pytest.mark.parametrize("kind", ODD)
def test_that_the_ends_of_odd_volumes_are_ends(kind: str, reader_of: Callable[[Geometry], ReaderHand]) -> None:
    reader = reader_of(ODD[kind])
    board = reader.open(SESSION)
    view = board.views.axial
    last = board.planes.size(Plane.AXIAL) - 1
    reader.key(Qt.Key.Key_Home)
    ends = {view.index}
    reader.key(Qt.Key.Key_Up)
    ends.add(view.index)
    assert len(ends) == 1
    reader.key(Qt.Key.Key_End)
    ends.add(view.index)
    reader.key(Qt.Key.Key_Down)
    ends.add(view.index)
    assert ends == {0, last}


@pytest.mark.parametrize("kind", ODD)
def test_that_a_stroke_outside_the_volume_draws_nothing(kind: str, reader_of: Callable[[Geometry], ReaderHand]) -> None:
    reader = reader_of(ODD[kind])
    board = reader.open(SESSION)
    board.hand.hold("brush")
    reader.stroke([(-3, -3), (-2, -9)])
    assert not reader.shown.any()
    assert not board.reading.history.edits


@pytest.mark.parametrize("kind", ODD)
def test_that_the_slice_of_the_mark_is_seen_while_the_reading_opens(
    kind: str, reader_of: Callable[[Geometry], ReaderHand]
) -> None:
    reader = reader_of(ODD[kind])
    page = reader.page
    page.open_session(SESSION)
    reader.qtbot.waitUntil(lambda: page.opening.picture is not None or page.board is not None, timeout=20_000)
    reader.qtbot.waitUntil(lambda: page.board is not None and page.board.isVisible(), timeout=20_000)
    assert page.opening.picture is None


def test_that_the_first_slice_is_that_of_the_mark_and_only_of_an_own_open_session(
    small_study: ModuleType, tmp_path: Path
) -> None:
    study = small_study.build(tmp_path / "project")
    found = first_slice(Project(study.store, study.people["A"]), SESSION, Progress())
    volume = study.store.get(VOLUME, study.store.all(VOLUME)[0].digest)
    whole = {one.digest: one for one in study.store.all(VOLUME)}
    marked = study.desk("A").open(SESSION)
    assert found.volume.geometry.size == (*volume.geometry.size[:2], 1)
    index = marked.volume.geometry.to_index(np.array([found.volume.geometry.origin_mm]))[0]
    assert np.allclose(index, (0, 0, 2))
    assert np.array_equal(found.volume.hu[0], whole[marked.volume.digest].hu[2])
    marked.close()
    with pytest.raises(AccessDeniedError):
        first_slice(Project(study.store, study.people["B"]), SESSION, Progress())
    study.store.close()

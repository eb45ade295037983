"""The lesions of real CTs outlined by scripts of at most 40 clicks (soft tissue sarcomas, IBSI validation set).

The clicks were written down once, from the outline of the GTV on some slices; nothing the program knows while they are
played tells it of that outline (decision 0148).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from reader_hand import ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.replay.player import Player
from escc_desktop.gui.replay.script import ReplayStep, read_script
from escc_desktop.imaging.exchange import read_mask
from escc_desktop.imaging.mask import dice
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.reading.protocol import FREE
from escc_desktop.store.kinds import VOLUME
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.project import Project

SCRIPTS = Path(__file__).parent / "scripts"
MOST_CLICKS = 40
MARK = (70, 72, 24)


@pytest.fixture
def reader(
    case: str,
    reference_dir: Path,
    small_study: ModuleType,
    tmp_path: Path,
    show_as: Callable[..., MainWindow],
    qtbot: QtBot,
) -> ReaderHand:
    """Reader A with the reading of a case open, in a study that allows all tools."""
    store, people = small_study.staff(tmp_path / "project", small_study.Clock())
    coordinator = Project(store, people["coordinator"])
    choice = ImportChoice({}, accept=frozenset({"phase_unknown", "converted", "cropped"}))
    imported = coordinator.import_images(reference_dir / "data" / "sts" / case / "dicom" / "image", choice, Progress())
    assert imported.imported, imported.refused
    series = coordinator.series()[0]
    geometry = store.get(VOLUME, series.content["volume"]).geometry
    place = geometry.to_mm(np.array([MARK]))[0]
    patient = series.content["patient_id"]
    point = (float(place[0]), float(place[1]), float(place[2]))
    lesion = Lesion("L1", patient, LesionSite.OTHER, LesionRole.TARGET, False, point, series.document_id)
    coordinator.mark_lesions([lesion])
    plan = coordinator.plan_readings(0, 1, protocol=FREE)
    hand = ReaderHand(show_as(Project(store, people["A"]), "reading"), qtbot)
    hand.open(plan.sessions[0].session_id)
    hand.board.hand.options.set_diameter(8)
    return hand


def clicks(steps: tuple[ReplayStep, ...]) -> int:
    return sum(step.do in {"drag", "click"} for step in steps)


@pytest.mark.reference
@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "tool"),
    [(case, tool) for case in ("STS_019", "STS_010", "STS_008") for tool in ("brush", "polygon", "livewire")],
)
def test_that_forty_clicks_outline_the_lesion_of_a_real_ct(
    reader: ReaderHand, reference_dir: Path, case: str, tool: str
) -> None:
    steps = read_script(SCRIPTS / f"{case.lower()}_{tool}.json")
    assert clicks(steps) <= MOST_CLICKS
    player = Player(reader.window, steps)
    with reader.qtbot.waitSignal(player.ended, timeout=120_000) as ended:
        player.start()
    assert ended.args == [""]
    drawn = reader.board.reading.mask()
    truth = read_mask(reference_dir / "data" / "sts" / case / "CT_mask.nii.gz", drawn.geometry)
    print(f"{case} {tool}: Dice {dice(drawn, truth):.3f}, {clicks(steps)} clicks")
    assert dice(drawn, truth) >= 0.9

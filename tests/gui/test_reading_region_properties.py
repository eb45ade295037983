"""Whatever is done to whole regions: undo all is the start, redo all the end, and steps name the slices they change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication

from escc_desktop.gui.pages.reading_between import INTERPOLATED, suggestion
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.operations import Operation, changed_box
from escc_desktop.gui.tools.suggestions import confirm
from escc_desktop.gui.tools.touched import TouchedSlices
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.imaging import morphology
from escc_desktop.imaging.growing import Growth, grow
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.history import History, Note, Step, StepKind
from escc_desktop.reading.tools import is_assisted

SHAPE = (7, 14, 16)
SPACING = (2.5, 1.0, 0.8)
GEOMETRY = Geometry((16, 14, 7), (0.8, 1.0, 2.5), (0.0, 0.0, 0.0))
Corner = tuple[int, int, int]


class Sheet:
    """A drawing that is kept nowhere."""

    def __init__(self) -> None:
        self.history = History(np.zeros(SHAPE, dtype=bool))
        self.acknowledged = 0

    def edit(self, _label: str, _slice_index: int, change: MaskEdit) -> None:
        self.history.do(change)

    def note(self, name: str, value: object) -> None:
        self.history.take(Step(StepKind.NOTE, note=Note(name, value)))

    def undo(self) -> MaskEdit:
        return self.history.undo()

    def redo(self) -> MaskEdit:
        return self.history.redo()


def _alone(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, np.ndarray, Corner], np.ndarray]:
    return lambda voxels, _other, _corner: change(voxels)


CHANGES = {
    "margin": _alone(lambda voxels: morphology.with_margin(voxels, SPACING, 1.2)),
    "smoothing": _alone(lambda voxels: morphology.smooth_gauss(voxels, SPACING, 1.0)),
    "fill holes": _alone(morphology.fill_holes_in_slices),
    "islands": _alone(morphology.keep_largest),
}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("brush"), st.integers(0, 6), st.integers(0, 9), st.integers(0, 11)),
        st.tuples(st.sampled_from([*CHANGES, "region growing", INTERPOLATED]), *[st.integers(0, 6)] * 3),
    ),
    min_size=1,
    max_size=8,
)


def act(canvas: Canvas, what: str, z: int, y: int, x: int) -> None:
    """Do one step as the window does it."""
    if what == "brush":
        box = slice(z, z + 1), slice(y, y + 4), slice(x, x + 4)
        canvas.shown[box] = True
        canvas.take(what, z, box)
    elif what == "region growing":
        found = grow(canvas.planes.hu, Growth((z, y, x), (0, 60), SPACING, 4.0), None, Progress())
        voxels = np.zeros(SHAPE, dtype=bool)
        voxels[found.box] = found.voxels
        canvas.suggest(voxels, what, found.box)
        confirm(canvas, z)
    elif what == INTERPOLATED:
        drawn = {int(index): canvas.shown[index].copy() for index in np.flatnonzero(canvas.slice_voxels)}
        made = suggestion(drawn, (1.0, 0.8), SHAPE, Progress())
        if made is not None:
            canvas.suggest(made[0], what, made[1])
            confirm(canvas, z, is_slice_only=bool(x % 2))
            canvas.suggest(None)
    elif canvas.n_voxels:
        operation = Operation(what, CHANGES[what], "", 2.0)
        box, voxels = changed_box(operation, canvas.shown.copy(), np.zeros(SHAPE, dtype=bool), 0, SPACING, Progress())
        canvas.shown[box] = voxels
        canvas.take(what, z, box)


@pytest.fixture(scope="module")
def planes(qapp: QApplication) -> VolumePlanes:
    hu = np.random.default_rng(3).integers(-50, 120, SHAPE).astype(np.int16)
    return VolumePlanes.of(Volume(hu, GEOMETRY), Progress())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_that_undo_all_is_the_start_redo_all_the_end_and_only_named_slices_change(
    planes: VolumePlanes, steps: list[tuple[str, int, int, int]]
) -> None:
    sheet = Sheet()
    canvas = Canvas(sheet, planes, np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE[0], dtype=np.intp))
    touched = TouchedSlices(canvas, canvas)
    history = sheet.history
    for step in steps:
        before, n_steps = history.voxels.copy(), len(history.edits)
        act(canvas, *step)
        changed = np.flatnonzero((before ^ history.voxels).any(axis=(1, 2))).tolist()
        assert changed == (list(history.edits[-1].slices) if len(history.edits) > n_steps else [])
        assert np.array_equal(canvas.shown, history.voxels)
        assert np.array_equal(canvas.slice_voxels, history.voxels.sum(axis=(1, 2)))
    end = history.voxels.copy()
    expected = {
        index: tuple(filter(is_assisted, tools))
        for index, tools in history.tools_by_slice().items()
        if any(map(is_assisted, tools))
    }
    assert dict(touched.assisted) == expected
    while canvas.undo() is not None:
        pass
    assert not history.voxels.any()
    assert not canvas.shown.any()
    assert not touched.assisted
    while canvas.redo() is not None:
        pass
    assert np.array_equal(history.voxels, end)
    assert np.array_equal(canvas.shown, end)
    assert dict(touched.assisted) == expected

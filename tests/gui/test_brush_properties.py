"""Strokes of all brushes in any order: only the slices they are on change, undo all is the start, redo all the end."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.viewer.tool import Pen, Pointer
from escc_desktop.reading.tools import TOOL_KINDS

BRUSHES = ("brush", "eraser", "adaptive", "nudge")
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
Drawn = tuple[str, Qt.MouseButton, Plane, int, list[tuple[float, float]], int, tuple[bool, bool, bool], float]
places = st.tuples(st.integers(-8, 92).map(lambda n: n / 4), st.integers(-8, 100).map(lambda n: n / 4))
strokes = st.lists(
    st.tuples(
        st.sampled_from(BRUSHES),
        st.sampled_from([LEFT, RIGHT]),
        st.sampled_from(list(Plane)),
        st.integers(0, 14),
        st.lists(places, min_size=1, max_size=4),
        st.integers(1, 9),
        st.tuples(st.booleans(), st.booleans(), st.booleans()),
        st.integers(0, 16).map(lambda n: n / 16),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def views(qapp: QApplication, viewing: ModuleType) -> dict[Plane, SliceView]:
    planes = viewing.planes_of(viewing.phantom())
    made = {plane: SliceView(plane) for plane in Plane}
    for view in made.values():
        view.set_volume(planes)
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strokes)
def test_that_only_slices_a_brush_is_on_change_and_undo_all_is_the_start(
    views: dict[Plane, SliceView], viewing: ModuleType, drawn: list[Drawn]
) -> None:
    planes = views[Plane.AXIAL].planes
    assert planes is not None
    tasks = Tasks()
    sheet = viewing.Sheet(planes.hu.shape)
    shown = np.zeros(planes.hu.shape, dtype=np.bool_)
    canvas = Canvas(sheet, planes, shown, np.zeros(len(shown), dtype=np.intp))
    hand = Hand(canvas, (1, 1, 1), tasks)
    states = [shown.copy()]
    for name, button, plane, index, path, size, (is_ball, is_square, is_limited), pressure in drawn:
        _stroke(hand, views[plane], (name, button, index, path), (size, is_ball, is_square, is_limited), pressure)
        changed = np.argwhere(shown != states[-1])
        if len(changed):
            states.append(shown.copy())
            step = sheet.history.edits[-1]
            assert step.label in TOOL_KINDS
            axes = views[plane].axes
            assert axes is not None
            if not is_ball:
                assert set(changed[:, 2 - axes.normal]) == {index}
            if is_limited and name != "nudge":
                hu = planes.hu[tuple(changed.T)]
                assert ((hu >= 60) & (hu <= 180)).all()
                assert step.label == ("adaptive brush" if name == "adaptive" else "brush in HU range")
        assert np.array_equal(shown, sheet.history.voxels)
    assert len(states) == len(sheet.history.edits) + 1
    for state in reversed(states[:-1]):
        canvas.undo()
        assert np.array_equal(shown, state)
    for state in states[1:]:
        canvas.redo()
        assert np.array_equal(shown, state)
    tasks.close()


def _stroke(
    hand: Hand,
    view: SliceView,
    how: tuple[str, Qt.MouseButton, int, list[tuple[float, float]]],
    brush: tuple[int, bool, bool, bool],
    pressure: float,
) -> None:
    """Draw one stroke with a tool told as a view tells it."""
    (name, button, index, path), (size, is_ball, is_square, is_limited) = how, brush
    options = hand.options
    options.set_diameter(size)
    options.set_ball(is_ball)
    options.set_square(is_square)
    options.set_pressure(size % 2 == 0)
    options.set_limit(60, 180)
    options.set_limited(is_limited)
    hand.hold(name)
    view.index = index
    pen, no_keys = Pen(pressure), Qt.KeyboardModifier.NoModifier

    def at(place: tuple[float, float]) -> Pointer:
        return Pointer(view, view.plane, index, place[0], place[1], button, no_keys, pen)

    hand.press(at(path[0]))
    for place in path[1:]:
        hand.move(at(place))
    hand.release(at(path[-1]))

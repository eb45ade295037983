"""Strokes as they are painted: what was painted bit by bit is, to the pixel, what is painted anew as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.viewer.overlay import Overlay
from escc_desktop.gui.viewer.panes import LinkedViews

LEFT, RIGHT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
READOUT_PX = 60


class Reading:
    """Three views, a region drawn in, a dashed one and one without a tint over it and below it."""

    def __init__(self, qtbot: QtBot, viewing: ModuleType) -> None:
        self.views = LinkedViews()
        qtbot.addWidget(self.views)
        self.views.resize(700, 420)
        self.views.show()
        qtbot.waitExposed(self.views)
        planes = viewing.planes_of(viewing.phantom())
        self.views.set_volume(planes)
        shape = planes.hu.shape
        self.shown = np.zeros(shape, dtype=np.bool_)
        beside, suggested = np.random.default_rng(5).random((2, *shape)) < 0.2
        self.canvas = Canvas(viewing.Sheet(shape), planes, self.shown, np.zeros(shape[0], dtype=np.intp))
        self.canvas.touched.connect(self.views.mask_changed)
        self.tasks = Tasks()
        self.hand = Hand(self.canvas, (1, 1, 1), self.tasks)
        self.overlays = [
            Overlay(self.shown),
            Overlay(suggested, "#56b4e9", is_dashed=True),
            Overlay(beside, "#009e73", is_filled=False),
        ]
        self.views.set_overlays(self.overlays)
        self.views.set_tool(self.hand)


@pytest.fixture
def reading(qtbot: QtBot, viewing: ModuleType) -> Reading:
    return Reading(qtbot, viewing)


def paint(reading: Reading) -> None:
    """Paint what is marked as changed, as Qt does at the next chance."""
    QApplication.sendEvent(reading.views, QEvent(QEvent.Type.UpdateRequest))


def prepare(reading: Reading, name: str, brush: tuple[int, bool, bool, bool], shown: tuple[int, bool, bool]) -> None:
    """Take a brush and show the regions so strong, or not."""
    size, is_ball, is_square, is_limited = brush
    options = reading.hand.options
    options.set_diameter(size)
    options.set_ball(is_ball)
    options.set_square(is_square)
    options.set_limit(60, 180)
    options.set_limited(is_limited)
    reading.hand.hold(name)
    strength, has_overlay, has_annotations = shown
    look = replace(reading.views.look, strength=strength, has_overlay=has_overlay)
    reading.views.set_look(replace(look, has_annotations=has_annotations, has_crosshair=has_annotations))


moves = st.lists(st.tuples(st.integers(3, 440), st.integers(3, 400)), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves,
    st.sampled_from(["brush", "eraser", "adaptive", "nudge"]),
    st.sampled_from([LEFT, RIGHT]),
    st.tuples(st.integers(1, 12), st.booleans(), st.booleans(), st.booleans()),
    st.floats(0.05, 6.0),
    st.tuples(st.integers(-60, 60), st.integers(-60, 60)),
    st.tuples(st.integers(0, 4), st.booleans(), st.booleans()),
    st.permutations([0, 1, 2]),
)
def test_that_a_stroke_painted_move_by_move_is_the_picture_painted_anew(
    reading: Reading, viewing: ModuleType, path, name, button, brush, zoom, pan, shown, order
) -> None:
    views, view = reading.views, reading.views.axial
    prepare(reading, name, brush, shown)
    views.set_overlays([reading.overlays[number] for number in order])
    view.fit()
    view.zoom(zoom, QPointF(view.rect().center()))
    view.pan(QPointF(*pan))
    paint(reading)
    points = [QPointF(x, y).toPoint() for x, y in path]
    QTest.mousePress(view, button, NO_KEYS, points[0])
    for to in points:
        paint(reading)
        viewing.move(view, to, button, NO_KEYS)
    paint(reading)
    in_stroke = viewing.on_screen(views)
    view.repaint()
    anew = viewing.on_screen(views)
    # The readout in the corner follows the mouse a little later.
    ratio = round(view.devicePixelRatio())
    height, width = ratio * (view.height() - READOUT_PX), ratio * view.width()
    # At 200 percent, Qt's platform without a screen gives the upper left quarter.
    assert in_stroke.shape[:2] == (views.height(), views.width())
    assert np.array_equal(in_stroke[:height, :width], anew[:height, :width])
    QTest.mouseRelease(view, button, NO_KEYS, points[-1])
    views.mask_changed((slice(0, 0),) * 3)
    paint(reading)
    after = viewing.on_screen(views)
    for one in views.views:
        one.repaint()
    whole = viewing.on_screen(views)
    assert np.array_equal(after[:height], whole[:height])


@pytest.mark.slow
def test_that_it_is_so_at_200_percent_too() -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "painted_move_by_move"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout


def test_that_the_other_views_follow_a_stroke_within_it_and_are_right_at_its_end(
    reading: Reading, viewing: ModuleType, qtbot: QtBot
) -> None:
    view, beside = reading.views.axial, reading.views.coronal
    reading.hand.hold("brush")
    reading.hand.options.set_diameter(9)
    paint(reading)
    painted = viewing.Painted(beside)
    at = view.plane_to_widget(*map(float, view.planes.place(view.plane, view.point)[1:])).toPoint()
    QTest.mousePress(view, LEFT, NO_KEYS, at)
    paint(reading)
    viewing.move(view, at, LEFT, NO_KEYS)
    qtbot.waitUntil(lambda: bool(painted.rects))
    QTest.mouseRelease(view, LEFT, NO_KEYS, at)
    paint(reading)
    ended = viewing.on_screen(reading.views)
    beside.repaint()
    assert np.array_equal(ended, viewing.on_screen(reading.views))


def test_that_the_view_drawn_in_shows_a_move_at_once(reading: Reading, viewing: ModuleType) -> None:
    view = reading.views.axial
    reading.hand.hold("brush")
    reading.hand.options.set_diameter(5)
    paint(reading)
    at = view.plane_to_widget(5, 5).toPoint()
    QTest.mousePress(view, LEFT, NO_KEYS, at)
    to = view.plane_to_widget(12, 15).toPoint()
    viewing.move(view, to, LEFT, NO_KEYS)
    paint(reading)
    shown = viewing.on_screen(reading.views)
    color = shown[view.geometry().top() + to.y(), view.geometry().left() + to.x()]
    assert len(set(color[:3].tolist())) > 1
    QTest.mouseRelease(view, LEFT, NO_KEYS, to)

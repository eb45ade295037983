"""Thick slabs, and windows set to a region or kept by the reader: numpy says what the picture must show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.auto_window import window_of_region
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slab import Slab, SlabKind, half_slices
from escc_desktop.gui.viewer.slice_view import SliceView

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
REDUCED = {SlabKind.MEAN: np.mean, SlabKind.MAXIMUM: np.max, SlabKind.MINIMUM: np.min}


@pytest.fixture
def make_view(qtbot: QtBot, viewing: ModuleType) -> Callable[..., SliceView]:
    return partial(viewing.show_view, qtbot)


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("kind", REDUCED)
@pytest.mark.parametrize("direction", ["identity", "all against", "sagittal slices"])
def test_that_a_slab_is_the_mean_largest_or_least_value_through_it(viewing, plane, kind, direction) -> None:
    planes = viewing.planes_of(viewing.phantom(viewing.DIRECTIONS[direction]))
    axis = 2 - planes.axes(plane).normal
    step = planes.geometry.spacing_mm[2 - axis]
    beside = half_slices(8.0, step)
    assert (2 * beside + 1) * step >= 8.0 > (2 * beside - 1) * step
    for index in (0, planes.size(plane) // 2, planes.size(plane) - 1):
        through = slice(max(index - beside, 0), index + beside + 1)
        stack = np.moveaxis(planes.hu, axis, 0)[through]
        expected = REDUCED[kind](stack.astype(float), axis=0)
        shown = Slab(kind, 8.0).image(planes, plane, index)
        assert shown.dtype == np.int16
        expected = expected if expected.shape == shown.shape else expected.T
        assert np.abs(shown - expected).max() <= (0.5 if kind is SlabKind.MEAN else 0)


def test_that_a_slab_of_a_slice_or_none_is_the_slice_itself(viewing) -> None:
    planes = viewing.planes_of(viewing.phantom())
    for slab in (Slab(), Slab(SlabKind.MAXIMUM, 0.0), Slab(SlabKind.MEAN, 3.0)):
        assert np.shares_memory(slab.image(planes, Plane.AXIAL, 7), planes.hu)


def test_that_the_values_of_air_and_metal_do_not_overflow_in_a_mean(viewing) -> None:
    volume = viewing.phantom()
    hu = np.full(volume.hu.shape, 32767, dtype=np.int16)
    hu[6] = -32768
    shown = Slab(SlabKind.MEAN, 9.0).image(viewing.planes_of(replace(volume, hu=hu)), Plane.AXIAL, 7)
    assert shown[0, 0] == round((2 * 32767 - 32768) / 3)


def test_that_keys_show_a_slab_and_the_slice_again_and_the_value_stays_the_slices(make_view, viewing, qtbot) -> None:
    view = make_view()
    at = view.plane_to_widget(5, 8).toPoint()
    QTest.mouseMove(view, at)
    qtbot.waitUntil(lambda: view.hover is not None)
    stack = view.planes.hu[view.index - 2 : view.index + 3, 5, 8]
    alone = int(view.planes.hu[view.index, 5, 8])
    assert viewing.grey_at(view, QPointF(at)) == alone
    for key, kind in (
        (Qt.Key.Key_1, SlabKind.MEAN),
        (Qt.Key.Key_2, SlabKind.MAXIMUM),
        (Qt.Key.Key_3, SlabKind.MINIMUM),
    ):
        QTest.keyClick(view, key, SHIFT)
        assert viewing.grey_at(view, QPointF(at)) == pytest.approx(REDUCED[kind](stack), abs=0.5)
        assert view.hover.hu == alone
    QTest.keyClick(view, Qt.Key.Key_3, SHIFT)
    assert viewing.grey_at(view, QPointF(at)) == alone


def test_that_the_corner_says_how_thick_the_slab_is(make_view) -> None:
    view = make_view(bare=False)
    assert "\n".join(writing.display(view).split("\n")[:1]).startswith("Zoom")
    QTest.keyClick(view, Qt.Key.Key_2, SHIFT)
    assert writing.display(view).split("\n")[0] == "MIP of 5 slices, 15.0 mm"
    view.set_index(0)
    assert writing.display(view).split("\n")[0] == "MIP of 3 slices, 9.0 mm"


def test_that_the_corner_says_when_regions_are_hidden(make_view) -> None:
    view = make_view(bare=False)
    QTest.keyClick(view, Qt.Key.Key_S)
    assert "hidden" not in writing.display(view)
    view.set_mask(np.zeros(view.planes.hu.shape, dtype=bool))
    assert writing.display(view).split("\n")[0] == "Regions are hidden"
    QTest.keyClick(view, Qt.Key.Key_S)
    assert "hidden" not in writing.display(view)


def test_that_alt_and_wheel_change_the_thickness_by_a_slice_on_either_side(make_view) -> None:
    view = make_view()
    said: list[str] = []
    view.said.connect(said.append)
    _turn_with_alt(view, 120)
    assert len(said) == 1
    QTest.keyClick(view, Qt.Key.Key_2, SHIFT)
    index = view.index
    _turn_with_alt(view, 120)
    assert len(view.look.slab.slices(view.planes, view.plane, view.index)) == 7
    _turn_with_alt(view, -120)
    _turn_with_alt(view, -120)
    assert len(view.look.slab.slices(view.planes, view.plane, view.index)) == 3
    assert view.index == index


def _turn_with_alt(view: SliceView, angle: int) -> None:
    at = QPointF(view.rect().center())
    # With Alt, Qt turns the wheel sideways.
    turned = QPoint(angle, 0)
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(view, QWheelEvent(at, at, QPoint(), turned, none, ALT, phase, False))


def test_that_the_window_of_a_region_spans_its_values_whatever_lies_around() -> None:
    rng = np.random.default_rng(1)
    hu = rng.integers(-1000, 3000, (40, 50, 60)).astype(np.int16)
    voxels = np.zeros(hu.shape, dtype=bool)
    voxels[10:20, 10:20, 10:20] = True
    hu[voxels] = rng.normal(60, 20, int(voxels.sum())).round()
    width, level = window_of_region(hu, voxels, tuple(slice(0, n) for n in hu.shape))
    low, high = level - width / 2, level + width / 2
    share = np.mean((hu[voxels] >= low) & (hu[voxels] <= high))
    assert share > 0.98
    assert level == pytest.approx(60, abs=4)
    assert width < 160
    assert window_of_region(hu, np.zeros_like(voxels), tuple(slice(0, n) for n in hu.shape)) is None


def test_that_a_region_of_a_slice_is_found_in_a_large_box() -> None:
    hu = np.full((64, 256, 256), -1000, dtype=np.int16)
    voxels = np.zeros(hu.shape, dtype=bool)
    hu[33, 5, 5], voxels[33, 5, 5] = 70, True
    _width, level = window_of_region(hu, voxels, tuple(slice(0, n) for n in hu.shape))
    assert level == 70


def test_that_alt_w_sets_the_window_to_the_region_or_says_why_not(make_view) -> None:
    view = make_view()
    said: list[str] = []
    view.said.connect(said.append)
    QTest.keyClick(view, Qt.Key.Key_W, ALT)
    assert len(said) == 1
    voxels = np.zeros(view.planes.hu.shape, dtype=bool)
    view.set_mask(voxels)
    QTest.keyClick(view, Qt.Key.Key_W, ALT)
    assert len(said) == 2
    voxels[5:8, 4:9, 4:9] = True
    view.mask_changed((slice(5, 8), slice(4, 9), slice(4, 9)))
    QTest.keyClick(view, Qt.Key.Key_W, ALT)
    inside = view.planes.hu[voxels]
    assert view.look.level == pytest.approx((np.percentile(inside, 1) + np.percentile(inside, 99)) / 2, abs=1)
    view.is_window_locked = True
    window = view.look.width, view.look.level
    QTest.keyClick(view, Qt.Key.Key_W, ALT)
    QTest.keyClick(view, Qt.Key.Key_2)
    QTest.keyClick(view, Qt.Key.Key_6)
    assert (view.look.width, view.look.level) == window
    assert set(said[2:]) == {"The window is the same for all readings."}
    assert len(said) == 5


def test_that_dragging_a_locked_window_says_why_once_a_drag(make_view, viewing) -> None:
    view = make_view()
    said: list[str] = []
    view.said.connect(said.append)
    view.is_window_locked = True
    viewing.drag(view, QPoint(100, 100), QPoint(60, 10), Qt.MouseButton.RightButton)
    assert said == ["The window is the same for all readings."]

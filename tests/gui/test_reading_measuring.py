"""Measuring with mouse and keys: what is kept with the reading, listed, seen, and signed with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, WAIT_MS, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_measuring import MeasuringSection
from escc_desktop.gui.tools.measure_paint import kept
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.reading.measurements import Measurement, MeasurementKind
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.measurements import figures_of, measured_words, roi_measurements

MARKED = 2
SPACING = 0.8
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open on the slice of the lesion's point."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    return hand


def section(reader: ReaderHand) -> MeasuringSection:
    found = reader.board.panel.sections["measuring"]
    assert isinstance(found, MeasuringSection)
    return found


def measured(reader: ReaderHand) -> tuple[Measurement, ...]:
    return kept(reader.board.canvas)


def green(reader: ReaderHand, place: tuple[float, float]) -> bool:
    pixel = reader.view.grab().toImage().pixelColor(reader.at(place))
    return pixel.green() > pixel.red() + 30 and pixel.green() > pixel.blue()


def count(reader: ReaderHand) -> None:
    """Wait until the figures of the region are those of what is drawn."""
    part = section(reader)
    reader.qtbot.waitUntil(
        lambda: not part._timer.isActive() and not part._is_measuring and not part._changed, timeout=WAIT_MS
    )


def test_that_a_drag_measures_a_length_that_stays_in_the_picture(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L)
    reader.stroke([(2, 1), (5, 3), (5, 7)])
    (length,) = measured(reader)
    assert length.kind is MeasurementKind.LENGTH
    assert length.length_mm == pytest.approx(np.hypot(3, 6) * SPACING, abs=0.05)
    reader.key(Qt.Key.Key_B)
    assert green(reader, (3.5, 4))
    reader.key(Qt.Key.Key_X)
    assert not green(reader, (3.5, 4))


def test_that_two_clicks_measure_as_a_drag_does_at_any_zoom(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L)
    for zoom in (1.0, 0.4, 2.5):
        reader.view.zoom(zoom, reader.view.rect().center().toPointF())
        reader.click((3, 2))
        reader.move((5, 5))
        reader.click((6, 6))
        assert measured(reader)[-1].length_mm == pytest.approx(5 * SPACING, abs=0.15)
        section(reader).delete(len(measured(reader)) - 1)


def test_that_both_axes_by_hand_are_at_right_angles_and_axial_only(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L, SHIFT)
    reader.stroke([(3, 1), (3, 4), (6, 8)])
    assert "not whole" in reader.board.why_not_sign() or not reader.board.canvas.n_voxels
    reader.stroke([(7, 4), (5, 4), (2, 5)])
    (axes,) = measured(reader)
    points = np.array(axes.points_mm)
    assert (points[1] - points[0]) @ (points[3] - points[2]) == pytest.approx(0, abs=1e-2)
    assert axes.long_mm == pytest.approx(np.hypot(3, 7) * SPACING, abs=0.05)
    assert axes.short_mm < axes.long_mm
    reader.stroke([(1, 2), (3, 6)], view=reader.board.views.coronal)
    assert "axial plane only" in reader.said
    assert len(measured(reader)) == 1


def test_that_an_angle_is_that_between_its_arms(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_A, SHIFT)
    reader.stroke([(2, 2), (4, 2), (8, 2)])
    reader.click((8, 7))
    (angle,) = measured(reader)
    assert angle.angle_deg == pytest.approx(90, abs=0.5)


def test_that_an_ellipse_tells_the_values_in_it(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_S, SHIFT)
    reader.stroke([(1.7, 1.7), (4, 5), (8.3, 7.3)])
    (values,) = measured(reader)
    rows, columns = np.mgrid[:12, :10]
    inside = ((rows - 5) / 3.3) ** 2 + ((columns - 4.5) / 2.8) ** 2 <= 1
    hu = reader.board.planes.hu[MARKED][inside]
    assert values.values is not None
    assert values.values.count == inside.sum()
    assert values.values.mean == pytest.approx(hu.mean())
    assert values.values.sd == pytest.approx(hu.std(dtype=float))
    assert (values.values.low, values.values.high) == (hu.min(), hu.max())


def test_that_the_other_planes_are_measured_in_the_patient(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L)
    sagittal = reader.board.views.sagittal
    reader.stroke([(1, 2), (2, 3), (4, 2)], view=sagittal)
    (length,) = measured(reader)
    assert length.plane == Plane.SAGITTAL
    # Rows of the sagittal view are slices, 2 mm apart.
    assert length.length_mm == pytest.approx(3 * 2.0, abs=0.1)


def test_that_an_end_can_be_moved_and_a_measurement_removed_and_restored(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L)
    reader.stroke([(2, 2), (4, 2), (6, 2)])
    reader.stroke([(6, 2), (7, 2), (9, 2)])
    (length,) = measured(reader)
    assert length.length_mm == pytest.approx(7 * SPACING, abs=0.05)
    reader.move((9, 2))
    reader.key(Qt.Key.Key_Delete)
    assert measured(reader) == ()
    reader.stroke([(2, 5), (6, 5)])
    delete = section(reader).rows[0].findChildren(type(reader.board.panel.undo))[-1]
    QTest.mouseClick(delete, LEFT)
    assert measured(reader) == ()
    reader.notices[-1].call()
    assert len(measured(reader)) == 1


def test_that_an_end_of_axes_moved_keeps_the_right_angle(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L, SHIFT)
    reader.stroke([(3, 1), (3, 5), (3, 8)])
    reader.stroke([(5, 4), (4, 4), (2, 4)])
    for end, to in (((3, 8), (5, 8)), ((3, 1), (2, 1))):
        reader.stroke([end, to])
        points = np.array(measured(reader)[0].points_mm)
        assert (points[1] - points[0]) @ (points[3] - points[2]) == pytest.approx(0, abs=1e-2)
    assert np.linalg.norm(points[3] - points[2]) == pytest.approx(3 * SPACING, abs=0.05)


def test_that_what_is_begun_can_be_taken_back_and_says_what_it_waits_for(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L)
    reader.click((3, 2))
    assert "other end" in reader.board.hand.unfinished()
    reader.key(Qt.Key.Key_PageDown)
    reader.click((5, 5))
    assert "other end" in reader.said
    reader.key(Qt.Key.Key_PageUp)
    reader.board.undo()
    assert reader.board.hand.unfinished() == ""
    reader.click((3, 2))
    reader.key(Qt.Key.Key_Escape)
    assert reader.board.hand.unfinished() == ""
    reader.click((3, 2))
    reader.key(Qt.Key.Key_B)
    assert reader.board.hand.unfinished() == ""
    assert measured(reader) == ()


def test_that_what_measures_nothing_says_so(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_S, SHIFT)
    reader.stroke([(3.2, 3.2), (3.4, 3.4)])
    assert "Nothing measured" in reader.said
    reader.key(Qt.Key.Key_L)
    reader.click((3, -6))
    assert "outside the image" in reader.said
    reader.key(Qt.Key.Key_L, SHIFT)
    reader.move((3, 3))
    reader.key(Qt.Key.Key_Return)
    assert "nothing is drawn" in reader.said
    assert measured(reader) == ()


def test_that_the_region_is_measured_live_and_its_axes_kept_on_the_slice_of_the_longest(reader: ReaderHand) -> None:
    part = section(reader)
    assert part.figures.long.text() == "\N{EN DASH}"
    assert not part.keep_button.isEnabled()
    assert "Outline the region" in part.keep_button.toolTip()
    reader.stroke([(4, 2), (4, 5)])
    reader.key(Qt.Key.Key_PageDown)
    reader.stroke([(6, 1), (6, 8)])
    below = reader.view.index
    count(reader)
    assert part.figures.long.text() == f"{8 * SPACING:.1f} mm, slice {below + 1}"
    assert part.figures.short.text() == f"{SPACING:.1f} mm"
    hu = reader.board.planes.hu[reader.kept]
    assert part.figures.mean.text().startswith(f"{hu.mean():.0f}".replace("-", "\N{MINUS SIGN}"))
    assert part.figures.range.text() == f"{hu.min()} to {hu.max()} HU".replace("-", "\N{MINUS SIGN}")
    reader.key(Qt.Key.Key_PageUp)
    QTest.mouseClick(part.keep_button, LEFT)
    (axes,) = measured(reader)
    assert axes.of_region
    assert axes.long_mm == pytest.approx(8 * SPACING)
    assert reader.view.index == below
    reader.board.undo()
    count(reader)
    assert part.figures.long.text().startswith(f"{4 * SPACING:.1f} mm")


def test_that_return_measures_the_region_on_this_slice(reader: ReaderHand) -> None:
    reader.stroke([(4, 2), (4, 5)])
    reader.key(Qt.Key.Key_L, SHIFT)
    reader.move((8, 8))
    reader.key(Qt.Key.Key_Return)
    (axes,) = measured(reader)
    assert (axes.long_mm, axes.short_mm) == (pytest.approx(4 * SPACING), pytest.approx(SPACING))


def test_that_measurements_are_listed_and_a_click_goes_there(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_L)
    reader.stroke([(2, 2), (6, 2)])
    (row,) = section(reader).rows
    go = row.findChildren(type(reader.board.panel.undo))[0]
    assert go.text() == figures_of(measured(reader)[0])
    assert row.findChildren(QLabel)[0].text() == f"slice {MARKED + 1}"
    assert go.toolTip() == "Length: go there"
    reader.key(Qt.Key.Key_End)
    assert reader.view.index != MARKED
    QTest.mouseClick(go, LEFT)
    assert reader.view.index == MARKED


def test_that_measurements_survive_closing_and_are_signed_with_the_reading(
    reader: ReaderHand, small_study: ModuleType, small_project: Callable[[str], Project]
) -> None:
    reader.stroke([(4, 2), (4, 5)])
    reader.key(Qt.Key.Key_L)
    reader.stroke([(2, 2), (6, 2)])
    before = measured(reader)
    reader.saved()
    reader.page.close_reading()
    reader.qtbot.waitUntil(lambda: reader.page.board is None and reader.page._job is None, timeout=WAIT_MS)
    reader.open("P1/L1/A/first")
    assert measured(reader) == before
    assert len(section(reader).rows) == 1
    reader.board.begin_signing()
    reader.key(Qt.Key.Key_L)
    reader.board.hand.hold("length")
    reader.stroke([(8, 2), (8, 6)])
    assert measured(reader) == before
    reader.board.sign_wanted.emit(small_study.PASSWORD, "outlined by me")
    reader.qtbot.waitUntil(lambda: reader.page.board is None, timeout=WAIT_MS)
    assert reader.page.signed.measured.text() == f"Measured: {figures_of(before[0])}, slice {MARKED + 1}"
    reader.qtbot.waitUntil(lambda: reader.page._loading is None, timeout=WAIT_MS)
    (roi,) = small_project("oncologist").rois()
    assert roi_measurements(roi) == before
    assert measured_words(roi) == f"{figures_of(before[0])}, slice {MARKED + 1}"
    assert "length" in json.loads(roi.notes)["measurements"][0].values()

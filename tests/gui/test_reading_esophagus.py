"""The esophagus at the reading page: composition, trims, limits, tags, course, the straightened view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, NONE, RIGHT, WAIT_MS, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_esophagus import EsophagusSection
from escc_desktop.gui.tools.limits import Limits
from escc_desktop.gui.viewer.straight_view import StraightView
from escc_desktop.imaging.composition import Part
from escc_desktop.reading.protocol import Protocol
from escc_desktop.workflow.project import Project

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MARKED = 2
BLOCK = [(3, 2), (3, 7), (5, 7), (5, 2)]


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open; HU are drawn from -100 to 199, slice 0 lies at the feet."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    return hand


def section(reader: ReaderHand) -> EsophagusSection:
    found = reader.board.panel.sections["esophagus"]
    assert isinstance(found, EsophagusSection)
    return found


def hu_of(reader: ReaderHand) -> np.ndarray:
    return reader.board.planes.hu


def counted(reader: ReaderHand) -> None:
    part = section(reader).composition
    reader.qtbot.waitUntil(
        lambda: part.found is not None and not part._pending and part.found.n_voxels == np.count_nonzero(reader.kept),
        timeout=WAIT_MS,
    )


def labels(reader: ReaderHand) -> list[str]:
    return [edit.label for edit in reader.board.reading.history.done]


def draw_block(reader: ReaderHand) -> None:
    reader.board.hand.options.set_diameter(5)
    reader.stroke(BLOCK)


# Composition and trims


def test_that_the_composition_follows_every_step(reader: ReaderHand) -> None:
    part = section(reader).composition
    assert part.shares[Part.AIR_FAT].text() == "–"
    draw_block(reader)
    counted(reader)
    inside = hu_of(reader)[reader.kept]
    assert part.shares[Part.AIR_FAT].text() == f"{100 * np.mean(inside < -30):.1f} %"
    assert part.shares[Part.VESSEL_CALCIUM].text() == "0.0 %"
    reader.stroke([(4, 4)], RIGHT)
    counted(reader)
    inside = hu_of(reader)[reader.kept]
    assert part.shares[Part.AIR_FAT].text() == f"{100 * np.mean(inside < -30):.1f} %"
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.key(Qt.Key.Key_Z, CTRL)
    counted(reader)
    assert part.shares[Part.AIR_FAT].text() == "–"


def test_that_one_key_trims_air_and_fat_as_one_step(reader: ReaderHand) -> None:
    draw_block(reader)
    counted(reader)
    before = reader.kept.copy()
    reader.key(Qt.Key.Key_T, SHIFT)
    reader.qtbot.waitUntil(lambda: labels(reader) == ["brush", "trim air and fat"], timeout=WAIT_MS)
    assert np.array_equal(reader.kept, before & (hu_of(reader) >= -30))
    assert np.array_equal(reader.shown, reader.kept)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(reader.kept, before)


def test_that_no_second_trim_takes_the_place_of_one_that_runs(reader: ReaderHand) -> None:
    draw_block(reader)
    counted(reader)
    part = section(reader).composition
    part.trim(Part.AIR_FAT)
    part.rim.click()
    part.trim(Part.AIR_FAT)
    assert reader.said == "The region is being trimmed: wait until that is done."
    reader.qtbot.waitUntil(lambda: labels(reader) == ["brush", "trim air and fat"], timeout=WAIT_MS)


def test_that_the_rim_goes_with_what_is_trimmed(reader: ReaderHand) -> None:
    draw_block(reader)
    counted(reader)
    before, air = reader.kept.copy(), reader.kept & (hu_of(reader) < -30)
    part = section(reader).composition
    part.rim.click()
    part.trims[Part.AIR_FAT].widget.click()
    reader.qtbot.waitUntil(lambda: len(labels(reader)) == 2, timeout=WAIT_MS)
    beside = air.copy()
    for shift, axis in ((1, 1), (-1, 1), (1, 2), (-1, 2)):
        beside |= np.roll(air, shift, axis)
    assert np.array_equal(reader.kept, before & ~beside)


def test_that_a_trim_of_nothing_says_why_it_cannot_be_done(reader: ReaderHand) -> None:
    trims = section(reader).composition.trims
    reader.key(Qt.Key.Key_T, SHIFT)
    assert not reader.board.reading.history.edits
    assert trims[Part.AIR_FAT].widget.toolTip() == "Nothing is outlined yet."
    draw_block(reader)
    counted(reader)
    assert trims[Part.AIR_FAT].widget.isEnabled()
    assert not trims[Part.VESSEL_CALCIUM].widget.isEnabled()
    assert trims[Part.VESSEL_CALCIUM].widget.toolTip() == "No voxel of the region lies above 200 HU."


def test_that_a_protocol_that_forbids_a_trim_keeps_the_region_as_it_is(reader: ReaderHand) -> None:
    reader.board.hand.protocol = Protocol(frozenset({"trim air and fat", "trim to limits"}))
    draw_block(reader)
    counted(reader)
    section(reader).composition.trim(Part.AIR_FAT)
    assert reader.said == "The protocol of this study forbids this tool in readings."
    section(reader).limits.set_here(cranial=True)
    section(reader).limits.trim()
    assert reader.said == "The protocol of this study forbids this tool in readings."
    assert labels(reader) == ["brush"]


def test_that_marks_show_what_a_trim_would_take(reader: ReaderHand) -> None:
    draw_block(reader)
    counted(reader)
    row, column = np.argwhere(reader.kept[MARKED] & (hu_of(reader)[MARKED] < -30))[0]
    edge = reader.at((row - 0.5, column)) + QPoint(0, 1)

    def blue() -> bool:
        image = reader.view.grab().toImage()
        near = [image.pixelColor(edge + QPoint(0, by)) for by in range(-3, 3)]
        return any(pixel.blue() > pixel.red() + 60 for pixel in near)

    reader.key(Qt.Key.Key_X, SHIFT)  # the crosshair is blue too
    assert not blue()
    reader.key(Qt.Key.Key_C, SHIFT)
    assert blue()
    reader.key(Qt.Key.Key_C, SHIFT)
    assert not blue()


# Limits


def coronal(reader: ReaderHand, z: float) -> tuple[float, float]:
    return z, 3.0


def test_that_a_drag_in_the_coronal_view_sets_both_limits(reader: ReaderHand) -> None:
    view = reader.board.views.coronal
    reader.key(Qt.Key.Key_U)
    reader.stroke([coronal(reader, 4), coronal(reader, 3), coronal(reader, 1)], view=view)
    assert section(reader).limits.tool.noted == Limits(cranial=4, caudal=1)
    assert reader.board.reading.history.notes["limits"] == {"cranial": 4, "caudal": 1}
    assert section(reader).limits.values[True].text() == "slice 5"
    # The next drag moves the nearer one.
    reader.stroke([coronal(reader, 1.2), coronal(reader, 0)], view=view)
    assert section(reader).limits.tool.noted == Limits(cranial=4, caudal=0)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert section(reader).limits.tool.noted == Limits(cranial=4, caudal=1)
    assert not reader.shown.any()


def test_that_the_axial_view_says_where_limits_are_set(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_U)
    reader.click((4, 4))
    assert reader.said == "The limits are lines in the coronal and the sagittal view: drag them there."
    section(reader).limits.cranial_here.widget.click()
    assert section(reader).limits.tool.noted == Limits(MARKED, MARKED)


def test_that_drawing_outside_the_limits_warns_once_a_slice(reader: ReaderHand) -> None:
    limits = section(reader).limits
    limits.tool.keep(Limits(cranial=5, caudal=3))
    reader.click((4, 4))
    reader.click((6, 6))
    said = [notice.text for notice in reader.notices]
    assert said == ["1 slice lies outside the limits: 3."]
    reader.board.views.axial.set_index(4)
    reader.click((4, 4))
    assert len(reader.notices) == 1


def test_that_trimming_to_the_limits_keeps_what_is_inside_as_it_was(reader: ReaderHand) -> None:
    limits = section(reader).limits
    assert limits.trim_button.widget.toolTip() == "Set the cranial and the caudal limit first."
    for z in (1, 2, 3, 4):
        reader.board.views.axial.set_index(z)
        reader.stroke([(4, 3), (4, 5)])
    before = reader.kept.copy()
    limits.tool.keep(Limits(cranial=3, caudal=2))
    limits.trim_button.widget.click()
    assert labels(reader)[-1] == "trim to limits"
    assert np.array_equal(reader.kept[2:4], before[2:4])
    assert not reader.kept[[0, 1, 4, 5]].any()
    assert reader.board.reading.history.done[-1].slices == (1, 4)
    assert limits.trim_button.widget.toolTip() == "Nothing is drawn outside the limits."
    reader.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(reader.kept, before)


def test_that_limits_tags_and_course_are_there_when_the_reading_is_opened_again(reader: ReaderHand) -> None:
    part = section(reader)
    part.limits.tool.keep(Limits(cranial=4, caudal=1))
    part.tags.boxes["stent"].click()
    part.straight.course.keep(((0.0, 0.0, 101.0), (0.5, 0.5, 109.0)))
    points = part.straight.course.noted
    reader.saved()
    reader.page.close_reading()
    reader.qtbot.waitUntil(lambda: reader.page.board is None, timeout=WAIT_MS)
    reader.open("P1/L1/A/first")
    part = section(reader)
    assert part.limits.tool.noted == Limits(cranial=4, caudal=1)
    assert part.tags.boxes["stent"].isChecked()
    assert not part.tags.boxes["tube"].isChecked()
    assert "A stent falsifies the HU" in part.tags.hints.text()
    assert part.straight.course.noted == points


# Course and straightened view


def straight(reader: ReaderHand) -> StraightView:
    return section(reader).straight.board.view


def set_course(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_O)
    for z, row, column in ((0, 4, 4), (2, 5, 4), (5, 6, 5)):
        reader.board.views.axial.set_index(z)
        reader.click((row, column))


def shown_straight(reader: ReaderHand) -> StraightView:
    set_course(reader)
    # On a small screen the window fills it, and a station of the picture has hardly a pixel.
    reader.window.setWindowState(Qt.WindowState.WindowNoState)
    reader.window.resize(1600, 960)
    reader.qtbot.waitUntil(lambda: reader.board.views.width() > 800, timeout=WAIT_MS)
    reader.key(Qt.Key.Key_Y)
    view = straight(reader)
    reader.qtbot.waitUntil(lambda: view.picture is not None and view.wall is not None, timeout=WAIT_MS)
    return view


def test_that_clicked_points_make_the_course_from_head_to_feet(reader: ReaderHand) -> None:
    set_course(reader)
    course = section(reader).straight.course
    heights = [point[2] for point in course.noted]
    assert heights == [110.0, 104.0, 100.0]
    assert course.line is not None
    assert section(reader).straight.words.text().startswith("3 points")
    reader.click((6, 5), RIGHT)
    assert [point[2] for point in course.noted] == [104.0, 100.0]
    reader.key(Qt.Key.Key_Backspace)
    assert [point[2] for point in course.noted] == [110.0, 104.0, 100.0]
    reader.stroke([(6, 5), (7, 8)])
    assert course.noted[0][:2] == pytest.approx((2.4, 0.6), abs=0.03)
    reader.click((2, 2))  # away from the point of this slice: it takes its place
    assert len(course.noted) == 3
    assert course.noted[0][:2] != pytest.approx((2.4, 0.6), abs=0.03)
    assert not reader.shown.any()


def test_that_the_straightened_view_takes_the_place_of_the_side_views_and_gives_it_back(reader: ReaderHand) -> None:
    views = reader.board.views
    view = shown_straight(reader)
    sides = views.coronal.geometry().united(views.sagittal.geometry())
    assert view.isVisible()
    assert view.geometry().contains(sides)
    reader.key(Qt.Key.Key_C)  # the side views are hidden, and it with them
    assert not view.isVisible()
    reader.key(Qt.Key.Key_C)
    assert view.isVisible()
    reader.key(Qt.Key.Key_Y)
    assert not view.isVisible()
    assert views.coronal.isVisible()


def test_that_without_a_course_the_straightened_view_says_how_to_set_one(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_Y)
    assert straight(reader).isVisible()
    assert "Click the middle of the esophagus" in straight(reader).empty_text
    assert reader.board.hand.tool_id == "course"


def test_that_a_click_in_the_straightened_view_goes_to_the_slice(reader: ReaderHand) -> None:
    view = shown_straight(reader)
    middle = view.picture_rect.center().x()
    for station, z in ((0, 5), (view.n_stations - 1, 0)):
        QTest.mouseClick(view, LEFT, pos=QPointF(middle, view.y_of(station)).toPoint())
        point = reader.board.views.point
        assert point is not None
        assert abs(point[2] - z) <= 1
        assert view.station == pytest.approx(station, abs=1)


def test_that_a_notch_of_the_wheel_turns_the_plane_by_ten_degrees(reader: ReaderHand) -> None:
    view = shown_straight(reader)
    before = view.picture
    at = QPointF(view.rect().center())
    phase, none = Qt.ScrollPhase.NoScrollPhase, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(at, view.mapToGlobal(at), QPoint(), QPoint(0, -120), NONE, none, phase, False)
    QApplication.sendEvent(view, event)
    reader.qtbot.waitUntil(lambda: view.degrees == 10, timeout=WAIT_MS)
    assert view.picture is not before


def test_that_limits_can_be_drawn_and_dragged_in_the_straightened_view(reader: ReaderHand) -> None:
    view = shown_straight(reader)
    reader.key(Qt.Key.Key_U)
    x = round(view.picture_rect.center().x())

    def drag(start: float, end: float) -> None:
        QTest.mousePress(view, LEFT, pos=QPoint(x, round(view.y_of(start))))
        QTest.mouseMove(view, QPoint(x, round(view.y_of(end))))
        QTest.mouseRelease(view, LEFT, pos=QPoint(x, round(view.y_of(end))))

    drag(2, 7)
    limits = section(reader).limits.tool.noted
    assert limits == Limits(cranial=4, caudal=2)
    assert len(view.marks) == 2
    reader.key(Qt.Key.Key_V)  # with another tool in hand a line is still taken where it lies
    drag(view.marks[1].station, 9)
    moved = section(reader).limits.tool.noted
    assert moved is not None
    assert moved.cranial == 4
    assert moved.caudal < 2


def test_that_the_straightened_picture_shows_the_grey_of_the_window(reader: ReaderHand) -> None:
    view = shown_straight(reader)
    picture = view.picture
    assert picture is not None
    station = view.n_stations // 2
    column = picture.hu.shape[1] // 2
    image = view.grab().toImage()
    rect = view.picture_rect
    at = QPointF(rect.left() + (column + 0.5) / picture.hu.shape[1] * rect.width(), view.y_of(station)).toPoint()
    width, level = view.look.width, view.look.level
    grey = np.clip(((picture.hu[station, column] - level + 0.5) / (width - 1) + 0.5) * 255, 0, 255)
    assert image.pixelColor(at + QPoint(0, -2)).red() == pytest.approx(grey, abs=40)

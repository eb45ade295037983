"""Marking lesions by a click, and planning the readings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import worklist_case
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.worklist import WorklistPage
from escc_desktop.gui.pages.worklist_lesions import LesionView
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.reading.protocol import Protocol, ToolRule
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.views.worklist_jobs import ImagesOrder

WAIT = 20_000


@pytest.fixture
def people(tmp_path: Path, small_study: ModuleType) -> Iterator[worklist_case.People]:
    made = worklist_case.People(tmp_path / "project", small_study)
    for patient in ("P1", "P2"):
        worklist_case.write_series(tmp_path / "site", patient)
    made("coordinator").import_images(tmp_path / "site", ImportChoice({}), Progress())
    yield made
    made.store.close()


@pytest.fixture
def page(people: worklist_case.People, show_as: Callable[..., MainWindow], qtbot: QtBot) -> WorklistPage:
    window = show_as(people("coordinator"), "worklist")
    shown = window.current_page
    assert isinstance(shown, WorklistPage)
    qtbot.waitUntil(lambda: shown.worklist is not None, timeout=WAIT)
    return shown


@pytest.fixture
def marking(page: WorklistPage, qtbot: QtBot) -> LesionView:
    """The images of P1, opened to be marked by the patient's own button."""
    button = next(one for one in page.patient_panel.findChildren(QPushButton) if one.text() == "Mark lesions")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    view = page.marking.view
    qtbot.waitUntil(lambda: view.views.axial.planes is not None, timeout=WAIT)
    return view


def click_voxel(view: LesionView, column: int, row: int, qtbot: QtBot) -> None:
    axial = view.views.axial
    place = axial.plane_to_widget(row, column)
    qtbot.mouseClick(axial, Qt.MouseButton.LeftButton, pos=QPoint(round(place.x()), round(place.y())))


def lesion(patient: str, name: str = "L1") -> Lesion:
    uid = worklist_case.series_uid(patient)
    return Lesion(name, patient, LesionSite.PRIMARY, LesionRole.TARGET, False, (1.0, 1.0, 47.0), uid)


def test_that_a_click_marks_a_lesion_at_its_place_in_millimetres(
    page: WorklistPage, marking: LesionView, qtbot: QtBot
) -> None:
    assert not marking.save.isEnabled(), "no point yet"
    click_voxel(marking, 15, 7, qtbot)
    # Column 15, row 7, the middle slice 4: origin and spacing of the phantom.
    assert marking.point_mm == pytest.approx((-17.0 + 15 * 1.5, -19.0 + 7 * 2.0, 31.0 + 4 * 4.0))
    assert marking.where.text() == "Point at 5.5, -5.0, 47.0 mm (LPS)"
    marking.site.setCurrentIndex(marking.site.findData(LesionSite.REGIONAL_NODE))
    marking.role.setCurrentIndex(marking.role.findData(LesionRole.NON_TARGET))
    marking.irradiated.setChecked(True)
    qtbot.mouseClick(marking.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.project.lesions()) == 1, timeout=WAIT)
    kept = page.project.lesions()[0]
    assert (kept.lesion_id, kept.patient_id, kept.irradiated) == ("L1", "P1", True)
    assert (kept.site, kept.role) == (LesionSite.REGIONAL_NODE, LesionRole.NON_TARGET)
    assert kept.point_mm == pytest.approx((5.5, -5.0, 47.0))
    assert kept.series_uid == worklist_case.series_uid("P1")
    listed = "L1 · Regional node · Non-target · irradiated"
    qtbot.waitUntil(lambda: listed in [one.text() for one in marking.panel.findChildren(QPushButton)], timeout=WAIT)
    assert marking.lesion_id.text() == "L2", "the next free name"
    assert not marking.save.isEnabled(), "each lesion needs its own click"


def test_that_a_name_given_twice_cannot_be_saved(page: WorklistPage, marking: LesionView, qtbot: QtBot) -> None:
    click_voxel(marking, 10, 9, qtbot)
    qtbot.mouseClick(marking.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: marking.lesion_id.text() == "L2", timeout=WAIT)
    click_voxel(marking, 12, 9, qtbot)
    marking.lesion_id.setText("L1")
    assert not marking.save.isEnabled()
    assert marking.save.toolTip() == "This patient has a lesion of that name."
    marking.lesion_id.setText("L1/2")
    assert not marking.save.isEnabled()


def test_that_a_marked_point_is_ringed_on_its_slice(page: WorklistPage, marking: LesionView, qtbot: QtBot) -> None:
    axial = marking.views.axial
    place = axial.plane_to_widget(9, 6)
    ring = QPoint(round(place.x() + 9), round(place.y()))
    before = axial.grab().toImage().pixelColor(ring)
    click_voxel(marking, 6, 9, qtbot)
    marking.views.set_point((0, 0, 4))  # the crosshair away from it
    after = axial.grab().toImage().pixelColor(ring)
    assert after != before
    assert after.blue() > after.red() + 40, "the new point is blue"
    axial.set_index(6)
    assert axial.grab().toImage().pixelColor(ring).blue() < before.blue() + 30, "not on other slices"


def test_that_escape_goes_back_to_the_table(page: WorklistPage, marking: LesionView, qtbot: QtBot) -> None:
    qtbot.keyClick(marking.views.axial, Qt.Key.Key_Escape)
    assert page.table.isVisible()
    assert marking.views.axial.planes is None, "the images are let go"


def test_that_a_plan_says_what_it_will_do_and_is_drawn_once(
    page: WorklistPage, people: worklist_case.People, qtbot: QtBot
) -> None:
    assert page.bar.buttons["worklist.plan"].toolTip() == "Mark lesions first."
    page.project.mark_lesions([lesion("P1"), lesion("P1", "L2")])
    button = page.bar.buttons["worklist.plan"]
    qtbot.waitUntil(button.isEnabled, timeout=WAIT)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    panel = page.errands.plan
    assert page.side.currentWidget() is panel
    assert panel.repeats.value() == 1, "no more than there are patients with lesions"
    panel.seed.setValue(11)
    said = panel.words.text()
    assert "all 2 lesions" in said
    assert "1 patient, drawn with seed 11" in said
    assert "10 to 30 days" in said
    assert "1 patient has no lesion" in said
    panel.apart.setValue(40)
    assert not panel.start.isEnabled(), "40 to 30 days is no range"
    panel.apart.setValue(14)
    qtbot.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.worklist.is_planned, timeout=WAIT)
    plan = page.project.plan()
    assert (plan.seed, plan.apart.days, plan.within.days, plan.repeat_patients) == (11, 14, 30, ("P1",))
    assert len(plan.sessions) == 6, "A reads two lesions, B two, A again two"
    assert not button.isEnabled()
    reader = people("B")
    assert {session.patient_id for session in reader.sessions()} == {"P1"}


def test_that_no_lesion_can_be_marked_after_the_plan(page: WorklistPage, qtbot: QtBot) -> None:
    page.project.mark_lesions([lesion("P1")])
    page.project.plan_readings(1, 7)
    qtbot.waitUntil(lambda: page.worklist.is_planned, timeout=WAIT)
    page.go("P1")
    button = next(one for one in page.patient_panel.findChildren(QPushButton) if one.text() == "View images")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    view = page.marking.view
    qtbot.waitUntil(lambda: view.views.axial.planes is not None, timeout=WAIT)
    assert not view.save.isVisible()
    assert any(one.text().startswith("The readings are planned;") for one in view.findChildren(QLabel))
    # The first lesion's slice is on screen: (1, 1, 47) mm lies in voxel (12, 10, 4).
    assert view.views.point == (12, 10, 4)
    click_voxel(view, 3, 3, qtbot)
    assert view.point_mm is None


def test_that_an_import_that_ends_meanwhile_takes_nobody_away_from_marking(
    page: WorklistPage, marking: LesionView, tmp_path: Path, qtbot: QtBot
) -> None:
    click_voxel(marking, 15, 7, qtbot)
    worklist_case.write_series(tmp_path / "later", "P9")
    with qtbot.waitSignal(page.desktop.notices.said, timeout=WAIT) as notice:
        page.errands.import_order(ImagesOrder((tmp_path / "later",)))
    assert marking.isVisible()
    assert marking.point_mm is not None, "the point that was put is still there"
    notice.args[0].call()
    assert page.side.currentWidget() is page.errands.report
    assert page.table.isVisible()


def test_that_the_rules_of_the_readings_are_chosen_with_the_plan(page: WorklistPage, qtbot: QtBot) -> None:
    page.project.mark_lesions([lesion("P1")])
    button = page.bar.buttons["worklist.plan"]
    qtbot.waitUntil(button.isEnabled, timeout=WAIT)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    panel = page.errands.plan
    assert panel.tools.currentData() == ToolRule.USUAL
    assert "with and without" in panel.tools_words.text()
    panel.tools.setCurrentIndex(panel.tools.findData(ToolRule.BY_HAND))
    assert "two hands" in panel.tools_words.text()
    panel.locks_window.setChecked(False)
    assert not panel.width_hu.isEnabled()
    panel.locks_window.setChecked(True)
    panel.width_hu.setValue(400)
    qtbot.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.worklist.is_planned, timeout=WAIT)
    protocol = page.project.plan().protocol
    assert protocol == Protocol(ToolRule.BY_HAND.forbidden, (400, 40))

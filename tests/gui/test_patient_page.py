"""The patient page as an oncologist and a statistician use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.patient import PatientPage
from escc_desktop.gui.tasks import Running, Tasks
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.widgets.painted import risk_color
from escc_desktop.progress import Progress
from escc_desktop.workflow import analysis
from escc_desktop.workflow.patient_report import first_reading
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.lesion import lesion_view
from escc_desktop.workflow.views.patient import SurvivalView

Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]


@pytest.fixture
def open_page(show_as: Show, studied_project: Studied, qtbot: QtBot) -> Callable[[str], PatientPage]:
    def opened(name: str) -> PatientPage:
        window = show_as(studied_project(name), "patient")
        qtbot.waitUntil(lambda: isinstance(window.current_page, PatientPage), timeout=20_000)
        page = window.current_page
        assert isinstance(page, PatientPage)
        qtbot.waitUntil(lambda: page.shown is not None, timeout=20_000)
        return page

    return opened


def settled(qtbot: QtBot, page: PatientPage) -> None:
    """Wait until the lesion is there too."""
    qtbot.waitUntil(lambda: page.numbers.lesion.sentence != "Loading the CT", timeout=20_000)


def ink_at(widget: QWidget, x: float, y: float) -> str:
    return widget.grab().toImage().pixelColor(int(x), int(y)).name()


def test_that_the_page_reads_as_the_assessment_and_walks_by_keys(
    open_page: Callable[[str], PatientPage], qtbot: QtBot
) -> None:
    page = open_page("oncologist")
    basis = page.cohort.basis
    high = next(one for one in basis.verdicts.values() if one.risk_group == "HIGH")
    page.desktop.choose_patient(high.patient_id)
    qtbot.waitUntil(lambda: page.shown.patient_id == high.patient_id)
    assert page.summary.title.text() == high.patient_id
    assert page.summary.group.text() == "HIGH RISK ▲"
    assert page.summary.chance.text() == f"{high.survival * 100:.0f} %"
    assert page.summary.meaning.text() == "12-month overall survival"
    assert "never saw this patient" in page.summary.limits.text()
    settled(qtbot, page)
    assert page.numbers.lesion.sentence == ""
    strip = page.summary.strip
    assert ink_at(strip, strip.x_of(high.rad_score), 52) == risk_color("HIGH").name()
    event = next(one for one in page.shown.events if one.kind == "scan")
    assert event.tip in page.numbers.course.tip_at(
        QPointF(page.numbers.course.x_of(event.start_day), page.numbers.course.y_of("scan"))
    )
    codes = page.list.codes()
    place = codes.index(high.patient_id)
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    qtbot.keyClick(page.window(), Qt.Key.Key_PageDown)
    after = codes[min(place + 1, len(codes) - 1)]
    qtbot.waitUntil(lambda: page.shown.patient_id == after)
    assert page.desktop.patient_id == after


def test_that_the_ct_is_the_patients_own_and_never_that_of_somebody_walked_past(
    open_page: Callable[[str], PatientPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("oncologist")
    settled(qtbot, page)
    asked = []
    run = Tasks.run

    def noted(*args: Any, **named: Any) -> Running:
        asked.append(named.get("answers"))
        return run(*args, **named)

    for patient_id in ("P002", "P005"):
        with monkeypatch.context() as patch:
            patch.setattr(Tasks, "run", noted)
            page.numbers.lesion.fetch(page.project, patient_id)
            qtbot.waitUntil(lambda: page.numbers.lesion.sentence == "", timeout=20_000)
        roi = first_reading(page.project.rois(), patient_id)
        volume = page.project.volume(roi.series_uid).hu
        assert all(
            (page.numbers.lesion.view.planes.image(Plane.AXIAL, z) == volume[z]).all() for z in range(len(volume))
        )
        assert roi.mask.voxels[page.numbers.lesion.view.index].any()
    walked_past, shown = asked[0], page.numbers.lesion.view.planes
    walked_past.then((lesion_view(page.project, "P002", Progress()), shown))
    assert page.numbers.lesion.view.planes is shown
    assert page.numbers.lesion.words.text() == lesion_view(page.project, "P005", Progress()).words


def test_that_the_list_is_searched_and_clicked(open_page: Callable[[str], PatientPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    n_high = sum(one.risk_group == "HIGH" for one in page.cohort.basis.verdicts.values())
    qtbot.keyClicks(page.list.search, "high")
    assert len(page.list.codes()) == n_high
    table = page.list.table
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, table.rowViewportPosition(n_high - 1) + 10)
    )
    wanted = page.list.codes()[n_high - 1]
    qtbot.waitUntil(lambda: page.shown.patient_id == wanted)
    page.list.search.clear()
    assert len(page.list.codes()) == 30


def test_that_another_model_speaks_when_it_is_chosen(open_page: Callable[[str], PatientPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    clinical = next(k for k in range(page.numbers.cards.count()) if "Clinical" in page.numbers.cards.itemText(k))
    page.numbers.cards.setCurrentIndex(clinical)
    page.numbers.cards.activated.emit(clinical)
    qtbot.waitUntil(lambda: page.shown.strip is None, timeout=20_000)
    assert page.summary.group.text() == "NO GROUP"
    assert any("no Rad-score" in caution.text for caution in page.shown.cautions)


@pytest.mark.unwatched
def test_that_the_page_takes_the_colours_of_another_theme(
    open_page: Callable[[str], PatientPage], qtbot: QtBot
) -> None:
    page = open_page("oncologist")
    low = next(one for one in page.cohort.basis.verdicts.values() if one.risk_group == "LOW")
    page.desktop.choose_patient(low.patient_id)
    qtbot.waitUntil(lambda: page.shown.patient_id == low.patient_id)
    before = risk_color("LOW").name()
    page.desktop.set_settings(replace(page.desktop.settings, theme="light"))
    assert risk_color("LOW").name() != before
    assert risk_color("LOW").name() in page.summary.group.styleSheet()
    settled(qtbot, page)


def test_that_the_page_fits_the_smallest_screen(open_page: Callable[[str], PatientPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    settled(qtbot, page)
    assert page.minimumSizeHint().width() <= 1366 - 96
    assert page.minimumSizeHint().height() <= 700 - 76


def test_that_a_new_patients_interval_stands_under_the_probability(
    open_page: Callable[[str], PatientPage], qtbot: QtBot
) -> None:
    page = open_page("oncologist")
    settled(qtbot, page)
    readers = "these two readers: 35 to 48 %"
    view = replace(page.shown, survival=SurvivalView(0.41, 0.22, 0.63), is_trained=False, withheld=(), readers=readers)
    page.summary.show_patient(view, may_assess=False)
    assert page.summary.chance.text() == "41 %"
    assert page.summary.limits.text() == "95 % CI 22 to 63 %; these two readers: 35 to 48 %"


def test_that_a_withheld_probability_says_why(open_page: Callable[[str], PatientPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    withheld = next(one for one in page.cohort.basis.verdicts.values() if one.survival is None)
    page.desktop.choose_patient(withheld.patient_id)
    qtbot.waitUntil(lambda: page.shown.patient_id == withheld.patient_id)
    assert page.summary.chance.text() == "withheld"
    assert "missing" in page.summary.limits.text()


def test_that_print_writes_the_patients_pdf_and_offers_to_open_it(
    open_page: Callable[[str], PatientPage], qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_page("oncologist")
    settled(qtbot, page)
    page.numbers.print_button.click()
    assert page.printing.dialog is not None
    said = []
    page.desktop.notices.said.connect(said.append)
    page.printing.dialog.fileSelected.emit(str(tmp_path / "report.pdf"))
    page.printing.dialog.close()
    qtbot.waitUntil(lambda: any(notice.action for notice in said), timeout=30_000)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "report.pdf" in said[-1].text


def test_that_a_statistician_sees_no_images_and_is_told_so(
    open_page: Callable[[str], PatientPage], qtbot: QtBot
) -> None:
    page = open_page("statistician")
    settled(qtbot, page)
    assert page.numbers.lesion.sentence == "Your role does not see images."
    assert not page.numbers.print_button.isEnabled()
    assert "CT" in page.numbers.print_button.toolTip()


def test_that_the_statistician_assesses_who_is_not_assessed(
    open_page: Callable[[str], PatientPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as nothing_yet:
        nothing_yet.setattr(analysis, "stored_assessments", lambda _view, _card: ())
        page = open_page("statistician")
        assert page.summary.group.text() == "NOT ASSESSED"
        assert page.summary.assess_button.isVisible()
        assert page.numbers.ruler.isVisible()
    page.summary.assess_button.click()
    qtbot.waitUntil(lambda: page.shown.is_assessed, timeout=20_000)
    assert not page.summary.assess_button.isVisible()


@pytest.mark.parametrize(("name", "has_step"), [("statistician", True), ("oncologist", False)])
def test_that_without_a_model_the_page_says_who_makes_one(
    small_project: Studied, show_as: Show, qtbot: QtBot, name: str, has_step: bool
) -> None:
    window = show_as(small_project(name), "patient")
    qtbot.waitUntil(lambda: isinstance(window.current_page, PatientPage), timeout=20_000)
    page = window.current_page
    qtbot.waitUntil(page._empty.isVisible, timeout=20_000)
    texts = [made.text() for made in page._empty.findChildren(QWidget) if hasattr(made, "text") and made.isVisible()]
    assert "No models yet." in texts
    assert ("Go to Model" in texts) == has_step


def test_that_readers_and_coordinators_have_no_patient_page(studied_project: Studied, show_as: Show) -> None:
    for name in ("A", "coordinator"):
        window = show_as(studied_project(name))
        assert "patient" not in window._entries

"""The trial page: numbers of the records, bars that open the patient, exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from scipy.stats import binomtest

from escc_desktop.errors import AccessDeniedError
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.patient import PatientPage
from escc_desktop.gui.pages.recist import RecistPage
from escc_desktop.gui.pages.trial import TrialPage
from escc_desktop.gui.widgets.waterfall import response_ink
from escc_desktop.progress import Progress
from escc_desktop.trial.records import TrialRecord, VitalStatus, months_between
from escc_desktop.trial.results import best_response
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.trial import Overdue, export_to, save_to, trial_view

Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]


@pytest.fixture
def open_page(show_as: Show, studied_project: Studied, qtbot: QtBot) -> Callable[[str], TrialPage]:
    def opened(name: str) -> TrialPage:
        window = show_as(studied_project(name), "trial")
        qtbot.waitUntil(lambda: isinstance(window.current_page, TrialPage), timeout=20_000)
        page = window.current_page
        assert isinstance(page, TrialPage)
        qtbot.waitUntil(lambda: page.shown is not None, timeout=20_000)
        return page

    return opened


def test_that_the_cards_say_what_scipy_and_lifelines_reckon_from_the_records(studied_project: Studied) -> None:
    project = studied_project("coordinator")
    view, records = trial_view(project, Progress()), project.records()
    best = [best_response(record) for record in records]
    evaluable = [one for one in best if one != "NE"]
    x = sum(one in {"CR", "PR"} for one in evaluable)
    exact = binomtest(x, len(evaluable)).proportion_ci(method="exact")
    objective, _control, _pfs, overall, follow_up = view.cards
    assert objective.value == f"{x / len(evaluable) * 100:.1f} %"
    assert objective.interval == f"95 % CI {exact.low * 100:.1f} to {exact.high * 100:.1f} %"
    assert objective.lines[0].startswith(f"{x} of {len(evaluable)} ")
    months = [
        months_between(one.start_date, one.survival.death_date or one.survival.last_contact_date) for one in records
    ]
    died = [one.survival.death_date is not None for one in records]
    fitted = KaplanMeierFitter().fit(months, died)
    assert overall.value == f"{fitted.median_survival_time_:.1f} months"
    assert overall.lines[0].startswith(f"{fitted.predict(12.0) * 100:.0f} %")
    assert overall.lines[1] == f"{sum(died)} events in {len(records)} patients"
    reverse = KaplanMeierFitter().fit(months, [not one for one in died])
    assert follow_up.value == f"{median_survival_times(reverse.survival_function_):.1f} months"


def test_that_the_flow_and_the_tables_count_the_records(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    view, records = trial_view(project, Progress()), project.records()
    assert view.flow[0].n == len(records)
    assert view.flow[1].n == sum(bool(record.treatments) for record in records)
    last = {why: n for n, why in view.flow[-1].left}
    assert last["died"] == sum(record.survival.status is VitalStatus.DEAD for record in records)
    assert sum(last.values()) == view.flow[-1].n == len(records)
    for term, any_grade, _mild, severe, *_rest in view.tables["adverse_events"].rows:
        grades = [[e.grade for e in record.adverse_events if e.term == term] for record in records]
        assert any_grade.split()[0] == str(sum(bool(found) for found in grades))
        assert severe.split()[0] == str(sum(max(found, default=0) in {3, 4} for found in grades))
    assert view.as_of == max(record.survival.last_contact_date for record in records)
    assert sum(view.responses.values()) == len(view.bars) == len(view.lanes) == len(records)


def test_that_a_click_on_a_bar_opens_that_patient(open_page: Callable[[str], TrialPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    page.go("response")
    bars = sorted(
        (bar for bar in page.shown.bars if bar.change_percent is not None), key=lambda bar: bar.change_percent
    )
    best = bars[0]
    page.section_of("response").waterfall.grab()
    spot = page.section_of("response").waterfall.spot_of(best.patient_id)
    assert f"{best.change_percent:+.1f} %" in spot.tip
    picture = page.section_of("response").waterfall.grab().toImage()
    at = picture.pixelColor(
        int(spot.rect.center().x()), int(page.section_of("response").waterfall.y_of(best.change_percent / 2))
    )
    assert at.name() == response_ink(best.response).name()
    qtbot.mouseClick(page.section_of("response").waterfall, Qt.MouseButton.LeftButton, pos=spot.rect.center().toPoint())
    window = page.window()
    qtbot.waitUntil(lambda: isinstance(window.current_page, PatientPage), timeout=20_000)
    assert page.desktop.patient_id == best.patient_id
    qtbot.waitUntil(lambda: window.current_page.shown is not None, timeout=20_000)
    assert window.current_page.shown.patient_id == best.patient_id
    qtbot.waitUntil(lambda: window.current_page.numbers.lesion.sentence != "Loading the CT", timeout=20_000)


def test_that_lanes_are_walked_and_opened_by_keys(open_page: Callable[[str], TrialPage], qtbot: QtBot) -> None:
    page = open_page("statistician")
    page.go("courses")
    page.section_of("courses").swimmer.grab()
    longest = max(page.shown.lanes, key=lambda lane: lane.follow_up_months)
    chosen = []
    page.section_of("courses").swimmer.chosen.disconnect()
    page.section_of("courses").swimmer.chosen.connect(chosen.append)
    qtbot.keyClick(page.section_of("courses").swimmer, Qt.Key.Key_Down)
    qtbot.keyClick(page.section_of("courses").swimmer, Qt.Key.Key_Return)
    assert chosen == [longest.patient_id]


def test_that_a_right_click_on_a_bar_opens_that_patients_lesions(
    open_page: Callable[[str], TrialPage], qtbot: QtBot
) -> None:
    page = open_page("oncologist")
    page.go("response")
    waterfall = page.section_of("response").waterfall
    waterfall.grab()
    spot = next(spot for spot in waterfall.spots if spot.key)
    qtbot.mouseClick(waterfall, Qt.MouseButton.RightButton, pos=spot.rect.center().toPoint())
    window = page.window()
    qtbot.waitUntil(lambda: isinstance(window.current_page, RecistPage), timeout=20_000)
    qtbot.waitUntil(lambda: window.current_page.shown is not None, timeout=20_000)
    assert window.current_page.shown.patient_id == spot.key


def test_that_medians_of_other_patients_stand_beside_the_curves_only_when_asked_for(
    open_page: Callable[[str], TrialPage],
) -> None:
    page = open_page("oncologist")
    page.go("survival")
    section = page.section_of("survival")
    cap_02 = "CAP 02, camrelizumab + apatinib"
    section.overall.grab()
    assert not any(spot.tip.startswith(cap_02) for spot in section.overall.spots)
    section.others.setChecked(True)
    # Meng 2022, Lancet Gastroenterol Hepatol 7:245-253: median PFS 6.8, OS 15.8 months.
    for curve, months in ((section.progression_free, "6.8"), (section.overall, "15.8")):
        curve.grab()
        tips = [spot.tip for spot in curve.spots if spot.tip.startswith(cap_02 + "\n")]
        assert [tip.splitlines()[1:3] for tip in tips] == [
            [f"median {months} months, as printed", "no earlier checkpoint inhibitor"]
        ]
        assert all(curve.rect().contains(spot.rect.toRect()) for spot in curve.spots if spot.tip in tips)


def test_that_a_coordinator_who_has_no_patient_page_comes_from_a_bar_to_the_lesions(
    open_page: Callable[[str], TrialPage], qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.go("response")
    waterfall = page.section_of("response").waterfall
    waterfall.grab()
    spot = next(spot for spot in waterfall.spots if spot.key)
    assert "patient" not in spot.tip
    qtbot.keyClick(waterfall, Qt.Key.Key_Right)
    qtbot.keyClick(waterfall, Qt.Key.Key_Return)
    window = page.window()
    qtbot.waitUntil(lambda: isinstance(window.current_page, RecistPage), timeout=20_000)
    assert page.desktop.patient_id == spot.key
    assert not page.export_button.isEnabled()
    assert page.print_button.isEnabled()


def test_that_print_and_export_write_what_they_say(
    open_page: Callable[[str], TrialPage], qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_page("statistician")
    said = []
    page.desktop.notices.said.connect(said.append)
    page.print_button.click()
    page._dialog.fileSelected.emit(str(tmp_path / "trial.pdf"))
    page._dialog.close()
    qtbot.waitUntil(lambda: len(said) == 1, timeout=60_000)
    assert (tmp_path / "trial.pdf").read_bytes().startswith(b"%PDF")
    page.export_to(str(tmp_path / "out"))
    qtbot.waitUntil(lambda: len(said) == 2, timeout=60_000)
    written = {path.suffix for path in (tmp_path / "out").rglob("*")}
    assert {".csv", ".svg", ".png", ".pdf", ".json"} <= written


def test_that_one_figure_is_saved_from_its_menu_as_picture_and_as_numbers(
    open_page: Callable[[str], TrialPage], qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_page("statistician")
    page.go("response")
    said = []
    page.desktop.notices.said.connect(said.append)
    panel = page.section_of("response").panels["waterfall"]
    assert panel.heading.toolTip() == page.shown.told["waterfall"].definition
    assert list(panel.offers.values()) == [True] * 4
    for n, suffix in enumerate((".svg", ".png", ".csv"), 1):
        page.save_figure_to("waterfall", str(tmp_path / f"w{suffix}"))
        qtbot.waitUntil(lambda wanted=n: len(said) == wanted, timeout=60_000)
    rows = (tmp_path / "w.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + page.shown.n
    assert (tmp_path / "w.png").read_bytes().startswith(b"\x89PNG")
    table = page.section_of("response").panels["rates"]
    assert len(table.offers) == 2


def test_that_an_oncologist_saves_pictures_but_no_numbers(
    open_page: Callable[[str], TrialPage], studied_project: Studied, tmp_path: Path
) -> None:
    page = open_page("oncologist")
    page.go("survival")
    offers = page.section_of("survival").panels["kaplan_meier_pfs"].offers
    assert list(offers.values()) == [True, True, True, False]
    with pytest.raises(AccessDeniedError):
        save_to(studied_project("oncologist"), "waterfall", tmp_path / "w.csv", Progress())


def test_that_the_safety_table_shows_the_kind_that_is_chosen(open_page: Callable[[str], TrialPage]) -> None:
    page = open_page("statistician")
    page.go("safety")
    section = page.section_of("safety")
    whole = section.table.table.rows
    section.kind.setCurrentIndex(section.kind.findData("adverse_events_serious"))
    serious = section.table.table.rows
    assert 0 < len(serious) < len(whole)
    assert section.table.name == "adverse_events_serious"


@dataclass(frozen=True)
class FewRights:
    """A project's records without a project; nobody's patients may be opened."""

    people: tuple[TrialRecord, ...]

    @property
    def view(self) -> FewRights:
        return self

    def all(self, _kind: object) -> tuple[object, ...]:
        return ()

    def records(self) -> tuple[TrialRecord, ...]:
        return self.people

    def may(self, operation: Operation) -> bool:
        return operation is not Operation.VIEW_ASSESSMENTS


@pytest.mark.parametrize("n", [1, pytest.param(2000, marks=pytest.mark.slow)])
def test_that_every_section_shows_any_number_of_patients(
    open_page: Callable[[str], TrialPage], published_trial: ModuleType, n: int
) -> None:
    # The watchdog of these tests fails what holds up the main thread.
    template = published_trial.published_records()
    people = tuple(replace(template[k % 59], patient_id=f"X{k:04d}") for k in range(n))
    view = trial_view(FewRights(people), Progress())
    page = open_page("statistician")
    page._take(view)
    for name in ("overview", "response", "survival", "courses", "safety", "baseline", "published"):
        page.go(name)
        QApplication.processEvents()
        page.section_of(name).grab()
        QApplication.processEvents()
    assert page.heading.text() == ("1 patient" if n == 1 else "2000 patients")


def test_that_who_is_overdue_stands_in_the_table_and_opens_from_it(
    open_page: Callable[[str], TrialPage], qtbot: QtBot
) -> None:
    page = open_page("statistician")
    assert "No CT is overdue" in page.section_of("overview").overdue_title.text()
    late = Overdue("P007", date(2024, 3, 1), 33, None, date(2024, 2, 20))
    page._take(replace(page.shown, overdue=(late,)))
    assert page.section_of("overview").overdue.rows == (("P007", "2024-03-01", "33", "–", "2024-02-20"),)
    assert page.shown.as_of.isoformat() in page.section_of("overview").overdue_title.text()
    page.section_of("overview").overdue.selectRow(0)
    qtbot.keyClick(page.section_of("overview").overdue, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(page.window().current_page, PatientPage), timeout=20_000)
    assert page.desktop.patient_id == "P007"


def test_that_roles_are_kept(studied_project: Studied, tmp_path: Path) -> None:
    for name in ("A", "admin"):
        with pytest.raises(AccessDeniedError):
            trial_view(studied_project(name), Progress())
    with pytest.raises(AccessDeniedError):
        export_to(studied_project("oncologist"), tmp_path / "out", False, Progress())


@pytest.mark.parametrize(("name", "has_step"), [("coordinator", True), ("statistician", False)])
def test_that_without_records_the_page_offers_to_import_them(
    small_project: Studied, show_as: Show, qtbot: QtBot, name: str, has_step: bool
) -> None:
    window = show_as(small_project(name), "trial")
    qtbot.waitUntil(lambda: isinstance(window.current_page, TrialPage), timeout=20_000)
    page = window.current_page
    qtbot.waitUntil(page._empty.isVisible, timeout=20_000)
    texts = [made.text() for made in page._empty.findChildren(QWidget) if hasattr(made, "text") and made.isVisible()]
    assert "No trial records yet." in texts
    assert ("Import records" in texts) == has_step

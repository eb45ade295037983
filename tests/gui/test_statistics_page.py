"""The statistics page: questions answered while one types, the paper recomputed, predictions locked, choices varied."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyleOptionViewItem

from escc_desktop.files import csv_text, parse_csv
from escc_desktop.gui.widgets.calibration_plot import CalibrationPlot
from escc_desktop.prognosis.clinical import parse_clinical
from escc_desktop.prognosis.ledger import lock
from escc_desktop.prognosis.score import Assessment
from escc_desktop.prognosis.specification import Curve, Specification
from escc_desktop.store.kinds import ASSESSMENT
from escc_desktop.store.records import Document
from escc_desktop.workflow.ledger import PREDICTION
from escc_desktop.workflow.paper_checks import paper_checks
from escc_desktop.workflow.views.specification import view_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_section(show_as, small_project, qtbot):
    """Open a section of the page as somebody."""

    def opened(name, person="statistician", project=small_project):
        window = show_as(project(person), "statistics")
        qtbot.waitUntil(lambda: hasattr(window.current_page, "section_of"), timeout=20_000)
        page = window.current_page
        page.go(name)
        return page.section_of(name)

    return opened


def _retype(qtbot, field, text):
    field.edit.setFocus()
    field.edit.selectAll()
    qtbot.keyClick(field.edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(field.edit, text)


def _is_said(question, words):
    return any(words in sentence for sentence in question.sentences)


def test_that_the_planner_answers_as_one_types(open_section, qtbot):
    rereads = open_section("planner").questions["rereads"]
    # Zou 2012 and the study's own plan: 51 lesions for a lower limit above 0.75 at a true ICC of 0.85.
    qtbot.waitUntil(lambda: _is_said(rereads, "With 51 lesions"), timeout=20_000)
    _retype(qtbot, rereads.fields["width"], "")
    qtbot.waitUntil(lambda: len(rereads.sentences) == 1)
    _retype(qtbot, rereads.fields["bound"], "0.8")
    qtbot.waitUntil(lambda: _is_said(rereads, "above 0.8 "))
    assert not rereads.trouble.isVisible()


def test_that_each_number_of_the_planner_says_its_formula_and_source(open_section, qtbot):
    section = open_section("planner")
    for name, author in (("rereads", "Bonett"), ("development", "Riley"), ("validation", "Riley")):
        question = section.questions[name]
        qtbot.waitUntil(lambda question=question: bool(question.sentences), timeout=20_000)
        first = question._answers.itemAt(0).widget()
        assert author in first.toolTip()
        assert first.accessibleDescription() == first.toolTip()


def test_that_the_worked_example_of_recurrent_thrombosis_comes_out(open_section, qtbot):
    question = open_section("planner").questions["development"]
    # Riley et al. 2019: 5,143 patients with 692 events; rates are per year there.
    for name, value in (
        ("parameters", "30"), ("rate", "0.065"), ("follow_up", "2.07"), ("horizon", "2"), ("c", ""), ("r2", "0.051"),
    ):  # fmt: skip
        _retype(qtbot, question.fields[name], value)
    qtbot.waitUntil(lambda: _is_said(question, "5143 patients with 692 events"), timeout=20_000)


BAD = (
    ("rereads", "icc", "1.2", "ICC = 1.2 is not between 0 and 1"),
    ("rereads", "icc", "O.85", "ICC expected: “O.85” is no number."),
    ("rereads", "readings", "2.5", "not a whole number"),
    ("rereads", "readings", "1", "at least two readings"),
    ("rereads", "bound", "0.9", "is not between -1 and 0.85"),
    ("development", "rate", "", "Events per patient and month is missing."),
    ("development", "rate", "35", "is not between"),
    ("development", "r2", "0.2", "both given"),
    ("development", "horizon", "inf", "is no number"),
    ("validation", "c", "0.9999", "No normally distributed predictor"),
    ("validation", "slope", "-1", "width of slope"),
)


def test_that_a_bad_value_is_one_clear_sentence_instead_of_an_answer(open_section, qtbot):
    section = open_section("planner")
    for card, name, text, words in BAD:
        question = section.questions[card]
        field = question.fields[name]
        qtbot.waitUntil(lambda question=question: bool(question.sentences), timeout=20_000)
        before = field.text
        _retype(qtbot, field, text)
        qtbot.waitUntil(lambda question=question, words=words: words in question.trouble.what.text(), timeout=20_000)
        assert question.trouble.isVisible()
        assert question.sentences == []
        _retype(qtbot, field, before)


def _paper(open_section, qtbot, person="statistician"):
    section = open_section("paper", person)
    qtbot.waitUntil(lambda: section.view is not None, timeout=20_000)
    return section


def _shown(section):
    return [row.cells for row in section.table.rows_model.rows]


def test_that_every_printed_number_stands_beside_its_recomputation(open_section, qtbot):
    section = _paper(open_section, qtbot)
    assert [cells[1:] for cells in _shown(section)] == [
        (check.what, check.printed, check.recomputed, check.sentence) for check in paper_checks()
    ]
    section.verdicts.setCurrentIndex(section.verdicts.findData("contradicts"))
    contradicting = _shown(section)
    assert contradicting
    assert all("contradicts" in cells[0] and cells[4] for cells in contradicting)
    assert section.verdicts.currentText() == f"Contradicts ({len(contradicting)})"


def test_that_the_search_finds_by_words_and_says_when_there_is_nothing(open_section, qtbot):
    section = _paper(open_section, qtbot)
    qtbot.keyClicks(section.search, "ALT: univariable")
    assert [cells[1] for cells in _shown(section)] == ["ALT: below 41 against 41 or above (univariable)"]
    qtbot.keyClicks(section.search, " nowhere")
    assert section.nothing.isVisible()
    assert not section.table.isVisible()


def test_that_no_word_of_the_table_is_cut(open_section, qtbot):
    section = _paper(open_section, qtbot)
    section.window().resize(1366, 768)
    qtbot.wait(200)
    table = section.table
    delegate, option = table.itemDelegate(), QStyleOptionViewItem()
    table.initViewItemOption(option)
    for place in range(table.rows_model.rowCount()):
        needed = [
            delegate.sizeHint(option, table.rows_model.index(place, column)).height()
            for column in range(table.rows_model.columnCount())
        ]
        assert table.rowHeight(place) >= max(needed)
    assert table.horizontalScrollBar().maximum() == 0


def test_that_a_published_model_is_read_with_its_warnings_and_judges_nobody(open_section, qtbot):
    section = _paper(open_section, qtbot)
    section.show_card("combined")
    card = section.published
    assert card.isVisible()
    assert "judges no patient" in card.banner.text()
    ratios = {row[0]: float(row[4]) for row in card.terms.rows}
    assert ratios["ibil_umol_per_l"] == pytest.approx(1177.16, rel=0.01)  # as printed
    assert not card.cutoff.isVisible()
    section.show_card("radscore")
    assert "-0.52745" in card.cutoff.text()
    assert not any("Published" in one.name for one in section.desktop.project.cards())


@pytest.mark.parametrize(
    ("person", "sections"),
    [
        ("statistician", ["planner", "paper", "specification", "ledger"]),
        ("oncologist", ["planner", "paper", "ledger"]),
        ("coordinator", ["planner", "paper"]),
    ],
)
def test_that_each_role_sees_the_sections_it_may_ask(open_section, person, sections):
    section = open_section("planner", person)
    assert section.window().current_page._shown == sections


def test_that_readers_and_administrators_have_no_statistics(window, small_project):
    for name in ("A", "admin"):
        window.desktop.take_project(small_project(name))
        assert "statistics" not in window.rail.pages


def _outsiders(project):
    """Keep verdicts of two patients nobody knows anything of."""
    card = next(card for card in project.cards() if card.kind == "combined")
    with project._store.write(project.principal, "assess patients") as writing:
        for patient in ("N01", "N02"):
            verdict = asdict(Assessment(patient, 0.2, "LOW", 40.0, 0.7, 0.5, 0.8, ()))
            writing.put(ASSESSMENT, Document(f"{card.digest}/{patient}", {"card": card.digest, "assessment": verdict}))
    return card


def _foretell(project):
    """Put entries into the ledger as if everybody had been locked on the first day."""
    card = next(card for card in project.cards() if card.kind == "combined")
    nobody = csv_text(("patient_id", "os_months", "os_event"), [("X", 0.0, 0)])
    patients = project.clinical().patients
    verdicts = [Assessment(one, 0.1, "LOW", 50.0, 0.3 + 0.02 * k, None, None, ()) for k, one in enumerate(patients)]
    found = lock(card, verdicts, parse_clinical(parse_csv(nobody, "c.csv")), (), project._store.clock())
    with project._store.write(project.principal, "lock predictions") as writing:
        for entry in found.entries:
            writing.put(PREDICTION, Document(f"{entry.number:08d}", asdict(entry)))


@pytest.fixture
def open_ledger(open_section, studied_project, qtbot):
    def opened(person="statistician"):
        section = open_section("ledger", person, studied_project)
        qtbot.waitUntil(lambda: section.view is not None, timeout=20_000)
        return section

    return opened


def test_that_whom_nobody_can_know_is_locked_after_one_question_and_for_good(open_ledger, studied_project, qtbot):
    card = _outsiders(studied_project("statistician"))
    section = open_ledger()
    panel = section.locking
    assert section.empty.isVisible()
    panel.picker.setCurrentIndex(panel.picker.findData(card.digest))
    assert panel.found.text() == "2 patients can be locked now."
    assert " · the patient trained the card" in panel.left_out.text()
    panel.lock.setFocus()
    qtbot.keyClick(panel.lock, Qt.Key.Key_Space)
    assert panel.question.text().startswith("Lock 2 predictions for good?")
    assert section.window().focusWidget() is panel.leave
    qtbot.keyClick(panel.leave, Qt.Key.Key_Space)
    assert section.view.entries == ()
    qtbot.mouseClick(panel.lock, LEFT)
    qtbot.mouseClick(panel.sure, LEFT)
    qtbot.waitUntil(lambda: len(section.view.entries) == 2, timeout=20_000)
    entries = studied_project("oncologist").ledger().entries()
    assert [entry.patient_id for entry in entries] == ["N01", "N02"]
    assert [row.cells[7] for row in section.table.rows_model.rows] == [one.digest[:12] for one in reversed(entries)]
    assert entries[-1].digest in section.state.text()
    section.table.selectRow(0)
    assert entries[0].digest in section.entry.text()
    assert not panel.lock.isEnabled()
    assert "2 · locked already" in panel.left_out.text()
    assert "nobody to lock" in panel.refused.text()


def test_that_only_the_statistician_locks_and_others_are_told(open_ledger, studied_project):
    _outsiders(studied_project("statistician"))
    panel = open_ledger("oncologist").locking
    assert not panel.lock.isEnabled()
    assert panel.refused.text() == "Predictions are locked by the statistician."


def test_that_calibration_stands_beside_the_entries_once_outcomes_are_there(open_ledger, studied_project):
    project = studied_project("statistician")
    _foretell(project)
    section = open_ledger()
    (judged,) = project.ledger().judge(project.clinical())
    assert f"{judged.n_events} events" in section.calibrations[0]
    assert f"{judged.in_the_large.ratio:.2f}" in section.calibrations[1]
    plot = section.findChild(CalibrationPlot)
    assert [group.n for group in plot._groups] == [group.n for group in judged.groups]
    assert plot.point_of(0.5, 0.25).y() > plot.point_of(0.5, 0.75).y()


def test_that_an_altered_ledger_is_told_and_nothing_of_it_shown(open_section, studied_project, qtbot):
    project = studied_project("statistician")
    _foretell(project)
    content = {**project._store.get(PREDICTION, "00000002").content, "survival": 0.99}
    project._store.put(project.principal, PREDICTION, Document("00000002", content))
    section = open_section("ledger", project=studied_project)
    qtbot.waitUntil(section.trouble.isVisible, timeout=20_000)
    assert "broken at entry 2" in section.trouble.what.text()
    assert not section.table.isVisible()


def _specification(scale, cut, apparent, corrected, high, fault=""):
    groups = None if high is None else np.array(high)
    return Specification({"scale": scale, "cut": cut}, 9, 5, 2, apparent, corrected, 0.1, groups, fault)


CURVE = Curve(
    ("P1", "P2", "P3", "P4"),
    (
        _specification("z-score", "median", 0.9, 0.6, [0, 0, 1, 1]),
        _specification("z-score", "log-rank, 10 %", 0.9, 0.6, [0, 1, 1, 1]),
        _specification("min-max", "median", 0.8, 0.45, [1, 0, 1, 1]),
        _specification("min-max", "log-rank, 10 %", 0.95, float("nan"), None, "Nobody had the event."),
    ),
)


def test_that_specifications_are_sorted_by_the_honest_figure_and_no_apparent_one_stands_alone():
    view = view_of(CURVE)
    assert [column.corrected for column in view.columns] == [0.45, 0.6, 0.6, None]
    assert all(column.corrected is not None or column.apparent is None for column in view.columns)
    assert view.columns[1].is_reference
    assert [column.flips for column in view.columns] == [0.25, 0.0, 0.25, None]
    assert "4 specifications on 4 patients; 1 could not be fitted" in view.sentences[0]
    assert "0.45 to 0.60 (median 0.60)" in view.sentences[1]
    assert "0.95" not in view.sentences[1]
    assert "Always low 0, always high 2, now one, now the other 2." in view.sentences[3]


def test_that_the_curve_shows_each_specification_with_its_choices(open_section, qtbot):
    section = open_section("specification")
    section._show(view_of(CURVE))
    curve = section.curve
    qtbot.waitUntil(lambda: len(curve.spots) == 4)
    assert curve.y_of(0.6) < curve.y_of(0.5)
    curve.setFocus()
    qtbot.keyClick(curve, Qt.Key.Key_Right)
    first = curve.spot_of("0").tip
    assert "scale: min-max" in first
    assert "C-index in test folds 0.450" in first
    assert "25 % of the patients" in first
    assert "Nobody had the event." in curve.spot_of("3").tip
    assert "apparent" not in curve.spot_of("3").tip
    assert section.said.text().count("\n") == 3
    assert not section.empty.isVisible()
    section.refresh()
    assert section.stale.isVisible()


def test_that_varying_runs_as_a_job_that_can_be_stopped_and_keeps_what_was_there(open_section, studied_project, qtbot):
    section = open_section("specification", project=studied_project)
    assert "Start fits the Rad-score" in section.empty.text()
    section._show(view_of(CURVE))
    before = section.view
    qtbot.mouseClick(section.panel.start_button, LEFT)
    assert section.running is not None
    qtbot.waitUntil(section.panel.cancel_button.isVisible, timeout=20_000)
    qtbot.mouseClick(section.panel.cancel_button, LEFT)
    qtbot.waitUntil(lambda: section.running is None, timeout=60_000)
    assert section.trouble.what.text() == "Stopped."
    assert section.view is before
    assert section.panel.start_button.isVisible()


def test_that_without_features_varying_says_what_is_missing(open_section, qtbot):
    section = open_section("specification")
    section.start()
    qtbot.waitUntil(section.trouble.isVisible, timeout=60_000)
    assert section.trouble.what.text()
    assert section.trouble.hint.text()
    assert section.running is None

"""The statistics page: questions answered while one types, the paper recomputed, predictions locked, choices varied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyleOptionViewItem

from escc_desktop.workflow.paper_checks import paper_checks

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
        ("statistician", ["planner", "paper"]),
        ("oncologist", ["planner", "paper"]),
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

"""The nomogram page: values set by mouse and keys, scenarios side by side, and what is withheld."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from escc_desktop.prognosis.card import load_card, save_card
from escc_desktop.resources import resource_path

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_page(show_as, studied_project, qtbot):
    def opened(name="statistician", kind="radiomics"):
        page = show_as(studied_project(name), "nomogram").current_page
        qtbot.waitUntil(lambda: page.view is not None and bool(page.scenarios), timeout=20_000)
        _choose(page, kind, qtbot)
        return page

    return opened


def _choose(page, kind, qtbot):
    card = next(card for card in page.project.cards() if card.kind == kind)
    page._on_picked(page.picker.findData(card.digest))
    qtbot.waitUntil(lambda: page.view.digest == card.digest, timeout=20_000)


def _card(page):
    return page.view.calculator.card


def _first_feature(page):
    return next(one for one in page.view.inputs if one.is_feature)


def _told(page, place=0):
    return page.view.tell(page.scenarios[place].question, page.month.value())


def test_that_a_slider_moved_by_keys_changes_survival_points_and_curve(open_page, qtbot):
    page = open_page()
    shown = _first_feature(page)
    term = next(term for term in _card(page).model_terms if term.name == shown.name)
    before, slider = _told(page), page.inputs.rows[shown.name].slider
    slider.setFocus()
    for _press in range(3):
        qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    after = _told(page)
    value = page.scenarios[0].question.values[shown.name]
    assert value == pytest.approx(slider.number)
    assert slider.number > shown.start
    # The Cox formula: each unit of the term multiplies the hazard.
    if after.read is not None:
        ratio = term.coefficient * (value - shown.start) / term.scaling.sd
        assert (after.read.value < before.read.value) == (ratio > 0)
        assert page.strip.cards[0].survival.text() == f"{after.read.value * 100:.0f} %"
    assert after.total != before.total


def test_that_outside_the_training_range_the_probability_is_withheld_and_the_input_says_so(open_page, qtbot):
    page = open_page()
    shown = _first_feature(page)
    row = page.inputs.rows[shown.name]
    row.slider.setFocus()
    qtbot.keyClick(row.slider, Qt.Key.Key_End)
    card = page.strip.cards[0]
    assert card.survival.text() == "Withheld"
    assert shown.label in card.withheld.text()
    assert row.note.property("tone") == "warning"
    assert page.curves._lines[0].curve is None
    assert page.points._scenarios[0].is_withheld
    page.reset()
    assert card.survival.text().endswith("%")


def test_that_research_use_only_stands_beside_each_risk(open_page, qtbot):
    page = open_page()
    page.add()
    page.add()
    assert [card.banner.text() for card in page.strip.cards] == ["Research use only"] * 3
    qtbot.waitUntil(lambda: all(card.banner.isVisible() for card in page.strip.cards))


def test_that_scenarios_are_added_renamed_chosen_and_removed_with_undo(open_page, qtbot):
    page = open_page()
    qtbot.mouseClick(page.add_button, LEFT)
    assert page.current == 1
    shown = _first_feature(page)
    page.inputs.rows[shown.name].slider.set_number(shown.training[1])
    assert page.scenarios[0].question.values[shown.name] == shown.start
    name = page.strip.cards[1].name
    name.selectAll()
    qtbot.keyClicks(name, "after")
    assert page.scenarios[1].name == "after"
    qtbot.mouseClick(page.strip.cards[0].radio, LEFT)
    assert page.inputs.question == page.scenarios[0].question
    gone = page.scenarios[1]
    with qtbot.waitSignal(page.desktop.notices.said) as said:
        qtbot.mouseClick(page.strip.cards[1].remove_button, LEFT)
    assert len(page.strip.cards) == 1
    said.args[0].call()
    assert page.scenarios[1] is gone


def test_that_there_are_four_scenarios_at_most_and_one_at_least(open_page):
    page = open_page()
    for _press in range(6):
        page.add()
    assert len(page.scenarios) == 4
    assert len({one.name for one in page.scenarios}) == 4
    for _press in range(6):
        page.remove(0)
    assert len(page.scenarios) == 1


def test_that_survival_given_alive_stands_beside_survival_from_the_start(open_page):
    page = open_page()
    page.inputs.alive.slider.set_number(6.0)
    told = _told(page)
    at_6 = page.view.calculator.at(page.view.start, [6.0]).survival[0]
    assert told.given.value == pytest.approx(told.read.value / at_6)
    assert "6 months" in page.strip.cards[0].given.text()


def test_that_oncologists_move_clinical_values_only(open_page):
    page = open_page("oncologist", "combined")
    for shown in page.view.inputs:
        assert hasattr(page.inputs.rows[shown.name], "changed") == (not shown.is_feature)


def test_that_a_patients_values_are_taken_and_who_trained_the_card_is_said(open_page, qtbot):
    page = open_page()
    patient_id = page.view.patients[4]
    page._on_patient_picked(page.patients.findData(patient_id))
    qtbot.waitUntil(lambda: page.scenarios[0].name == patient_id, timeout=20_000)
    assert "helped to train" in page.strip.cards[0].notes.text()
    table = page.project.card_features(_card(page))
    row = next(k for k, key in enumerate(table.keys) if key.patient_id == patient_id)
    shown = _first_feature(page)
    known = float(table.values[row][table.names.index(shown.name)])
    assert page.scenarios[0].question.values[shown.name] == pytest.approx(known)


def test_that_an_exported_card_opens_and_one_of_the_paper_gives_no_probability(open_page, qtbot, tmp_path):
    page = open_page()
    save_card(tmp_path / "mine.json", _card(page))
    page.open_file(tmp_path / "mine.json")
    qtbot.waitUntil(lambda: page.picker.currentText().endswith("mine.json"), timeout=20_000)
    assert page.strip.cards[0].survival.text().endswith("%")
    paper = load_card(resource_path("models", "published", "radscore.json"))
    save_card(tmp_path / "paper.json", paper)
    page.open_file(tmp_path / "paper.json")
    qtbot.waitUntil(lambda: page.view.digest == paper.digest, timeout=20_000)
    assert page.strip.cards[0].survival.text() == "Withheld"


def test_that_a_file_that_is_no_card_is_told_and_changes_nothing(open_page, qtbot, tmp_path):
    page = open_page()
    (tmp_path / "no.json").write_text("{}", encoding="utf-8")
    before = page.view
    with qtbot.waitSignal(page.desktop.notices.said, timeout=20_000) as said:
        page.open_file(tmp_path / "no.json")
    assert "no valid model card" in said.args[0].text
    assert page.view is before


def test_that_the_band_marks_what_was_seen_in_training(open_page):
    page = open_page()
    shown = _first_feature(page)
    slider = page.inputs.rows[shown.name].slider
    slider.set_number(shown.training[0])
    image = slider.grab().toImage()
    ratio = image.devicePixelRatio()
    low, high = (slider.x_of(end) for end in shown.training)

    def at(x):
        return image.pixelColor(round(x * ratio), round((slider.height() / 2 - 4) * ratio))

    middle = (low + high) / 2
    assert at(middle) == at(middle + 20)
    assert at(middle) != at((high + slider.x_of(shown.span[1])) / 2)


def test_that_what_is_drawn_is_what_the_card_says(open_page):
    page = open_page()
    view, told = page.view, _told(page)
    at = view.calculator.at(view.start, [9.0, view.horizon_months])
    assert page.curves._lines[0].read.value == pytest.approx(at.survival[1])
    x = page.curves.point_of(9.0, 0.5).x()
    assert page.curves.month_at(x) == pytest.approx(9.0)
    assert page.points._scenarios[0].total == pytest.approx(sum(bar.points for bar in told.bars))


def test_that_without_a_model_the_page_says_what_it_is_for(show_as, small_project, qtbot):
    page = show_as(small_project("statistician"), "nomogram").current_page
    qtbot.waitUntil(lambda: page.view is not None, timeout=20_000)
    assert page._empty._title.text() == "No model yet"

"""The model page: read from top to bottom, developed anew, figures taken away."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage

from escc_desktop.gui.widgets.figure import render
from escc_desktop.store.kinds import CARD
from escc_desktop.workflow import kept_figures
from escc_desktop.workflow.views import model as views

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_page(show_as, studied_project, qtbot):
    def opened(name="statistician"):
        page = show_as(studied_project(name), "model").current_page
        qtbot.waitUntil(lambda: page.view is not None and not page.document._timer.isActive(), timeout=20_000)
        return page

    return opened


def test_that_the_contents_scroll_to_each_section_and_follow(open_page, qtbot):
    page = open_page()
    document = page.document
    bar = document.area.verticalScrollBar()
    for number, section in enumerate(page.view.sections[:-2]):
        document.contents.setCurrentRow(number)
        assert bar.value() in {document.places[section.section_id].y(), bar.maximum()}
        assert document.contents.currentRow() == number


def test_that_tables_show_all_their_rows_without_scrolling(open_page):
    page = open_page()
    (table,) = page.document.tables["performance"]
    assert len(table.rows) == 8
    assert table.verticalScrollBar().maximum() == 0


def test_that_kept_figures_are_drawn_once_they_are_on_screen(open_page, qtbot):
    page = open_page()
    view = page.document.figures["nomogram_combined"]
    page.document.go_to("nomograms")
    ratio = view.picture.devicePixelRatioF()

    def is_sharp() -> bool:
        image = view.picture.image
        return image is not None and image.width() == round(view.picture.width() * ratio)

    qtbot.waitUntil(is_sharp, timeout=20_000)


def test_that_saving_writes_the_print_version(open_page, qtbot, tmp_path):
    page = open_page()
    figure = page.document.figures["km_apparent"]
    kept = next(one for one in page.view.figures if one.name == "km_apparent")
    for name, data in (("km.svg", kept.svg), ("km.png", kept.png), ("km.PDF", kept.pdf)):
        figure.save_to(tmp_path / name)
        qtbot.waitUntil(lambda name=name: (tmp_path / name).exists(), timeout=10_000)
        assert (tmp_path / name).read_bytes() == data


def test_that_copying_puts_the_print_version_on_the_clipboard(open_page, qtbot):
    page = open_page()
    figure = page.document.figures["km_apparent"]
    QGuiApplication.clipboard().clear()
    page.document.go_to("survival")
    qtbot.mouseClick(figure.copy_button, LEFT)
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull(), timeout=10_000)
    copied = QGuiApplication.clipboard().image()
    assert copied.width() == pytest.approx(figure.figure.width_mm / 25.4 * 300, abs=1)


def test_that_explaining_unfolds_the_caption(open_page, qtbot):
    figure = open_page().document.figures["km_apparent"]
    assert figure.caption.isHidden()
    qtbot.mouseClick(figure.explain_button, LEFT)
    assert not figure.caption.isHidden()
    assert "too good by design" in figure.caption.text()


def test_that_the_whole_page_is_printed_as_pdf(open_page, qtbot, tmp_path):
    page = open_page()
    page.print_to(tmp_path / "models")
    qtbot.waitUntil((tmp_path / "models.pdf.json").exists, timeout=60_000)
    assert (tmp_path / "models.pdf").read_bytes().startswith(b"%PDF")
    told = json.loads((tmp_path / "models.pdf.json").read_text(encoding="utf-8"))
    assert told["content"]["n_patients"] == 30
    assert told["content"]["in_short"]["title"] == "In short"


def test_that_the_oncologist_reads_and_prints_only(open_page):
    page = open_page("oncologist")
    assert not page.develop_button.isVisible()
    assert not page.export_button.isVisible()
    enabled = {action.action_id for action in page.actions_now() if action.is_enabled}
    assert enabled == {"model.print", "model.warnings"}


def test_that_without_models_the_page_offers_the_first_development(show_as, small_project, qtbot):
    page = show_as(small_project("statistician"), "model").current_page
    qtbot.waitUntil(lambda: page.view is not None, timeout=20_000)
    assert page._empty._title.text() == "No models yet"
    qtbot.mouseClick(page._empty._steps.itemAt(1).widget(), LEFT)
    assert page.panel.isVisible()


def test_that_what_hinders_a_development_is_said(show_as, small_project, qtbot):
    page = show_as(small_project("statistician"), "model").current_page
    qtbot.waitUntil(lambda: page.view is not None, timeout=20_000)
    page.show_panel()
    with qtbot.waitSignal(page.desktop.notices.said, timeout=20_000) as said:
        qtbot.mouseClick(page.panel.start_button, LEFT)
    assert "have no features yet" in said.args[0].text
    assert page.panel.start_button.isVisible()


PRINTED = {
    ".svg": b"<svg/>",
    ".pdf": b"%PDF",
    ".png": bytes(QByteArray.fromBase64(
        b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
    )),
}  # fmt: skip


def test_that_a_development_runs_as_a_job_and_the_page_shows_it(open_page, qtbot, monkeypatch, studied_module):
    page = open_page()
    quick = {"fold_draws": 0, "resamples": 1, "noise_repeats": 1}
    # One worker is this process here; in use figures are drawn in others, whose garbage is not the window's.
    monkeypatch.setattr(kept_figures, "image_bytes", lambda figure, suffix, *_dpi: PRINTED[suffix])
    blank = dict.fromkeys(studied_module.KEPT_FIGURES, Figure())
    monkeypatch.setattr(kept_figures, "figure_groups", lambda _made: (lambda: blank,))
    monkeypatch.setattr(
        views, "config_of", lambda choice: studied_module.CONFIG.model_copy(update={**quick, "seed": choice.seed})
    )
    before = page.view.shown.development
    qtbot.mouseClick(page.develop_button, LEFT)
    page.panel.seed.setValue(11)
    qtbot.mouseClick(page.panel.start_button, LEFT)
    assert [running.name for running in page.desktop.tasks.running if not running.is_quiet] == ["Developing models"]
    qtbot.waitUntil(lambda: page.view.shown.development != before and not page.panel.isVisible(), timeout=60_000)
    assert "seed 11" in page.view.shown.words
    assert page.picker.count() == 2
    assert len(page.project.assessments(_card(page))) == 30


def _card(page):
    return next(card for card in page.project.cards() if card.digest == page.view.shown.development)


def test_that_cancel_stops_a_development_and_nothing_is_kept(open_page, qtbot):
    page = open_page()
    cards = page.project.view.changed_at(CARD)
    page.show_panel()
    qtbot.mouseClick(page.panel.start_button, LEFT)
    qtbot.waitUntil(lambda: page.panel.note.text() != "", timeout=30_000)
    qtbot.mouseClick(page.panel.cancel_button, LEFT)
    qtbot.waitUntil(lambda: page._developing is None, timeout=60_000)
    assert page.panel.start_button.isVisible()
    assert page.project.view.changed_at(CARD) == cards


def _png(color, tmp_path):
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    image.save(str(tmp_path / "one.png"))
    return (tmp_path / "one.png").read_bytes()


@pytest.mark.parametrize("color", ["#0072b2", "#d55e00", "#009e73", "#1b1f24", "#ffffff"])
def test_that_in_the_dark_lightness_is_inverted_and_hue_kept(color, tmp_path):
    shown = render(_png(color, tmp_path), QSize(20, 15), ("#000000", "#ffffff"))
    before, after = QColor(color), QColor(shown.pixel(10, 7))
    assert (shown.width(), shown.height()) == (20, 15)
    assert after.lightnessF() == pytest.approx(1 - before.lightnessF(), abs=0.01)
    if before.saturation():
        assert after.hue() == pytest.approx(before.hue(), abs=2)


def test_that_in_the_dark_paper_becomes_ground_and_ink_becomes_text(tmp_path):
    ground, ink = "#1a1d21", "#e6e8eb"
    assert QColor(render(_png("#ffffff", tmp_path), QSize(9, 9), (ground, ink)).pixel(4, 4)).name() == ground
    assert QColor(render(_png("#000000", tmp_path), QSize(9, 9), (ground, ink)).pixel(4, 4)).name() == ink
    assert QColor(render(_png("#0072b2", tmp_path), QSize(9, 9), None).pixel(4, 4)).name() == "#0072b2"


def test_that_the_picture_keeps_its_proportions_at_any_width(open_page):
    figure = open_page().document.figures["km_apparent"]
    for width in (200, 300, 400):
        ratio = figure.picture.heightForWidth(width) / width
        assert ratio == pytest.approx(figure.figure.height_mm / figure.figure.width_mm, abs=0.01)
    assert np.isfinite(figure.picture.sizeHint().width())

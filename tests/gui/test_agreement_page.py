"""The agreement page as a statistician works with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.origin import origins
from escc_desktop.gui.widgets.icc_wall import icc_color
from escc_desktop.store.kinds import FEATURES
from escc_desktop.workflow.analysis import Extraction
from escc_desktop.workflow.project import Project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(show_as, studied_project, qtbot):
    window = show_as(studied_project("statistician"), "agreement")
    found = window.current_page
    qtbot.waitUntil(lambda: found.view is not None and found.wall.isVisible(), timeout=20_000)
    return found


def _click_cell(page, qtbot, feature):
    qtbot.mouseClick(page.wall, LEFT, pos=page.wall.cell(feature).center().toPoint())


def test_that_the_switches_tell_how_many_are_in_and_pass(page):
    share = page.view.compared[0].share
    text = page.switches["intra"].text()
    assert "15 of 15 in" in text
    assert f"{share.n_passed:,} of 1,874 pass" in text
    assert f"{page.view.n_stable:,} of 1,874 stable" == page.stable.text()
    assert "1 constant" in page.stable_words.text()
    assert "Exact binomial" in page.stable_words.text()


def test_that_no_two_cells_overlap_and_all_lie_on_the_wall(page):
    cells = np.array([page.wall.cell(k).getRect() for k in range(len(FEATURE_NAMES))])
    left, top, width, height = cells.T
    assert (width >= 4).all()
    assert (height >= 2).all()
    assert left.min() >= 0
    assert (left + width <= page.wall.width()).all()
    assert (top + height <= page.wall.height()).all()
    order = np.lexsort((top, left))
    same_column = np.diff(left[order]) == 0
    assert (np.diff(top[order])[same_column] >= height[order][:-1][same_column]).all()


@pytest.mark.parametrize("feature", [0, 14, 500, 1186, 1873])
def test_that_a_click_on_a_cell_opens_that_feature_with_its_values(page, qtbot, feature):
    _click_cell(page, qtbot, feature)
    detail = page.feature_card.detail
    assert detail.name == f"A_{FEATURE_NAMES[feature]}"
    assert f"ICC {page.view.compared[0].icc[feature]:.3f}" in page.feature_card.facts.text()
    assert len(page.feature_card.scatter.content.points) == 15


def test_that_cells_are_painted_in_the_colour_of_their_icc_and_failing_ones_are_low(page):
    compared, picture = page.view.compared[0], page.wall.grab().toImage()
    ratio = picture.width() / page.wall.width()
    background = picture.pixelColor(2, 2).rgb()
    passing = int(np.nanargmax(np.where(compared.passed, compared.icc, np.nan)))
    failing = next(k for k in np.flatnonzero(~compared.passed & ~compared.is_constant) if compared.icc[k] > 0.3)
    for feature, top_filled in ((passing, True), (int(failing), False)):
        cell = page.wall.cell(feature)
        x = int((cell.left() + 2) * ratio)
        below = picture.pixelColor(x, int((cell.bottom() - 1) * ratio))
        above = picture.pixelColor(x, int((cell.top() + 0.5) * ratio))
        assert below.name() == icc_color(float(compared.icc[feature])).name()
        assert (above.rgb() != background) is top_filled


def test_that_switching_to_inter_keeps_the_feature_and_shows_reader_b(page, qtbot):
    _click_cell(page, qtbot, 700)
    intra = page.feature_card.facts.text()
    qtbot.mouseClick(page.switches["inter"], LEFT)
    assert page.feature_card.detail.name == f"A_{FEATURE_NAMES[700]}"
    assert page.feature_card.facts.text() != intra
    assert page.feature_card.scatter.content.y_title == "B first"
    assert page.pairs_card.shown.comparison == "inter"


def test_that_arrows_walk_the_wall_and_n_finds_the_next_that_fails(page, qtbot):
    first = FEATURE_NAMES.index("original_firstorder_10Percentile")
    _click_cell(page, qtbot, first)
    qtbot.keyClick(page.wall, Qt.Key.Key_Right)
    assert FEATURE_NAMES[page.wall.selected] == "log-sigma-3-0-mm-3D_firstorder_10Percentile"
    qtbot.keyClick(page.wall, Qt.Key.Key_Down)
    assert FEATURE_NAMES[page.wall.selected] == "log-sigma-3-0-mm-3D_firstorder_90Percentile"
    qtbot.keyClick(page.wall, Qt.Key.Key_PageDown)
    assert FEATURE_NAMES[page.wall.selected] == "log-sigma-3-0-mm-3D_glcm_Autocorrelation"
    qtbot.keyClick(page.wall, Qt.Key.Key_End)
    qtbot.keyClick(page.wall, Qt.Key.Key_Right)
    assert "_shape_" in FEATURE_NAMES[page.wall.selected]
    qtbot.keyClick(page.wall, Qt.Key.Key_N)
    compared = page.view.compared[0]
    assert not compared.passed[page.wall.selected]
    assert page.feature_card.detail.name == f"A_{FEATURE_NAMES[page.wall.selected]}"


def test_that_hovering_says_name_value_and_interval(page):
    compared = page.view.compared[0]
    words = page.wall.words(20)
    name = page.view.names[20]
    assert name.feature in words
    assert f"{compared.icc[20]:.3f}" in words
    assert f"{compared.lower[20]:.3f} to {compared.upper[20]:.3f}" in words
    constant = int(np.flatnonzero(compared.is_constant)[0])
    assert "constant" in page.wall.words(constant)


def test_that_a_driver_opens_that_patient_s_outlines(page, qtbot):
    _click_cell(page, qtbot, 34)
    button = page.feature_card.drivers[0]
    qtbot.mouseClick(button, LEFT)
    assert page.pairs_card.shown.patient_id == button.text() == page.feature_card.detail.drivers[0].patient_id
    assert button.text() in page.pairs_card.caption.text()
    assert "does not see the images" in page.pairs_card.caption.text()


def test_that_a_point_of_the_plot_opens_that_patient(page, qtbot):
    _click_cell(page, qtbot, 20)
    plot = page.feature_card.differences
    point = max(plot.content.points, key=lambda point: abs(point.y))
    qtbot.mouseClick(plot, LEFT, pos=plot.place(point).toPoint())
    assert page.pairs_card.shown.patient_id == point.label


def test_that_the_table_sorts_by_number_and_a_row_shows_its_outlines(page, qtbot):
    table = page.pairs_card.table
    volumes = [pair.first_mm3 for pair in page.view.pairs if pair.comparison == "intra"]
    table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    shown = [table.model().index(row, 4).data() for row in range(table.model().rowCount())]
    assert shown == [f"{volume / 1000:.1f}" for volume in sorted(volumes, reverse=True)]
    place = table.visualRect(table.model().index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=place)
    assert page.pairs_card.shown.patient_id == table.model().index(1, 0).data()


def test_that_the_wheel_turns_one_slice_a_notch(page, qtbot):
    outlines = page.pairs_card.outlines
    outlines.set_index(0)
    before = page.pairs_card.caption.text()
    qtbot.keyClick(outlines, Qt.Key.Key_Up)
    assert outlines.index == 1
    assert page.pairs_card.caption.text() != before


def test_that_only_the_statistician_has_the_page(window, studied_project, qtbot):
    for name in ("A", "coordinator", "oncologist", "admin"):
        window.desktop.take_project(studied_project(name))
        assert "agreement" not in window._entries


def test_that_before_the_readings_the_page_says_what_is_missing(show_as, small_project, qtbot):
    page = show_as(small_project("statistician"), "agreement").current_page
    qtbot.waitUntil(lambda: page.view is not None, timeout=20_000)
    assert page._stack.currentWidget() is page._empty
    assert page._empty._title.text() == "0 of 2 repeats by reader A are in, 0 of 2 readings by reader B are in"
    assert "A repeat" in page._empty._text.text()
    assert page._empty._steps.count() == 2  # nothing but the stretches


def test_that_missing_features_are_offered_for_extraction_as_a_job(show_as, small_study, tmp_path, qtbot, monkeypatch):
    study = small_study.build(tmp_path / "project")
    study.sign(small_study.session_id("P1", "A"))
    page = show_as(Project(study.store, study.people["statistician"]), "agreement").current_page
    qtbot.waitUntil(lambda: page.view is not None, timeout=20_000)
    assert "1 signed reading has no features yet." in page._empty._text.text()
    done = []

    def extract(project, progress):
        progress.advance(1, 2, "half")
        done.append(project.principal.name)
        return Extraction(None, (), 0, ())

    monkeypatch.setattr("escc_desktop.gui.pages.agreement.extract_features", extract)
    button = page._empty._steps.itemAt(1).widget()
    qtbot.mouseClick(button, LEFT, pos=QPoint(5, 5))
    qtbot.waitUntil(lambda: done == ["statistician"] and page._working is None, timeout=10_000)
    assert not page.project.view.changed_at(FEATURES)
    study.store.close()


def test_that_a_feature_says_which_filter_bins_and_grey_levels_it_rests_on(page, qtbot):
    facts = {
        "settings": {"sigma_mm": 3.0},
        "pixel_type": "float32",
        "bin_width": 25.0,
        "first_edge": -600.0,
        "grey_levels": 41,
    }
    other = facts | {"first_edge": -575.0, "grey_levels": 44}
    image = "log-sigma-3-0-mm-3D"
    page.view = replace(page.view, origins=origins([{"images": {image: facts}}, {"images": {image: other}}]))
    _click_cell(page, qtbot, FEATURE_NAMES.index(f"{image}_glcm_Idm"))
    assert page.feature_card.origin.text() == (
        "Laplacian of Gaussian · sigma 3 mm · bins of 25 · the first from -600 to -575 · grey levels: 41 to 44"
    )
    _click_cell(page, qtbot, 0)
    assert page.feature_card.origin.text() == "Shape of the region: no grey levels."


def test_that_what_assisted_tools_touched_is_told_in_table_and_words(page):
    assert page.by_hand.isHidden(), "every reading of this study was drawn by hand"
    assert page.pairs_card._model.columnCount() == 6
    view = page.view
    pairs = tuple(
        replace(pair, assisted=(0.25, 0.0), dice_by_hand=0.875 if k else float("nan"))
        for k, pair in enumerate(view.pairs)
    )
    inter, intra = (replace(one, patients=one.patients[:11]) for one in view.compared[::-1])
    page._show(
        replace(view, pairs=pairs, assisted=("P001", "P002"), by_hand=(intra, inter), n_stable_by_hand=1234),
    )
    said = page.by_hand.text()
    assert said.startswith("Without 2 patients with slices touched by an assisted tool: intra ")
    assert f"intra {intra.share.n_passed:,} of 1,874 on 11 lesions" in said
    assert "1,234 stable" in said
    model = page.pairs_card._model
    assert model.columnCount() == 8
    cells = {(model.item(row, 6).text(), model.item(row, 7).text()) for row in range(model.rowCount())}
    assert cells == {("25 / 0", "0.875"), ("25 / 0", "–")}
    page._show(replace(view, pairs=pairs, assisted=("P001",)))
    assert (
        page.by_hand.text() == "Without 1 patient with slices touched by an assisted tool too few are left to compare."
    )

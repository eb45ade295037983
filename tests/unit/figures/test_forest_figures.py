from __future__ import annotations

import numpy as np

from escc_desktop.figures.forest import HazardRow, hazard_ratios
from escc_desktop.figures.words import Interval


def test_that_numbers_and_contrast_stand_beside_each_row(read, cut_texts) -> None:
    rows = [
        HazardRow("Clinical"),
        HazardRow("LDH", Interval(6.78, 1.5, 30.8), 0.013, "250 U/L or more (n = 7) against below"),
        HazardRow("90Percentile", Interval(0.092, 0.017, 0.499), 0.0057, "per SD"),
    ]
    figure = hazard_ratios(rows, "Cox")
    shown = read(figure)
    assert {"6.78 (1.50 to 30.8)", "0.013", "0.092 (0.017 to 0.50)", "0.006", "per SD"} <= set(shown)
    assert not cut_texts(figure)
    np.testing.assert_allclose(figure.axes[1].lines[0].get_xdata(), [1.5, 30.8])


def test_that_separation_is_an_arrow_and_a_word_not_a_size(read, cut_texts) -> None:
    figure = hazard_ratios([HazardRow("AST", Interval(45370.81, 1.29, 1.59e9), 0.045, "n = 1", is_unstable=True)])
    middle = figure.axes[1]
    assert middle.get_xlim()[1] <= 120
    assert [line.get_marker() for line in middle.lines[:2]] == ["None", ">"]
    shown = read(figure)
    assert "n = 1 · unstable" in shown
    assert "45,371 (1.29 to 1.59e+09)" in shown
    assert not cut_texts(figure)


def test_that_a_term_without_an_interval_and_without_p_is_drawn(read) -> None:
    shown = read(hazard_ratios([HazardRow("x", Interval(2.0), None)]))
    assert {"2.00", "unknown"} <= set(shown)


def test_that_no_term_is_a_sentence(read) -> None:
    assert any("No term was fitted" in text for text in read(hazard_ratios([HazardRow("Clinical")])))
    assert any("No term was fitted" in text for text in read(hazard_ratios([])))

from __future__ import annotations

import numpy as np

from escc_desktop.features.names import feature_names
from escc_desktop.figures import agreement
from escc_desktop.stats.agreement import bland_altman

NAMES = [f"A_{name}" for name in feature_names()]


def test_that_the_wall_has_a_cell_for_each_of_the_1874_features(read, cut_texts) -> None:
    rng = np.random.default_rng(5)
    icc = 1 - rng.exponential(0.2, size=len(NAMES))
    icc[7] = np.nan
    lower = icc - 0.2
    figure = agreement.icc_wall(NAMES, icc, lower, comparison="intra: reader A, first against repeat")
    cells = figure.axes[0].images[0].get_array()
    assert np.count_nonzero(cells >= 0) == 1874
    assert cells.shape == (18 + 75 + 14, 20)
    for code, (low, high) in enumerate(((-9, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 2)), start=1):
        assert np.count_nonzero(cells == code) == np.count_nonzero((icc >= low) & (icc < high))
    assert np.count_nonzero(cells == 0) == 1
    strokes = next(c for c in figure.axes[0].collections if c.get_gid() == "lower bounds").get_segments()
    assert len(strokes) == 1873
    shown = " ".join(read(figure))
    assert f"{np.count_nonzero(icc > 0.75):,} of 1,874 features above 0.75" in shown
    assert f"{np.count_nonzero(lower > 0.75):,} with their lower bound above it" in shown
    assert not cut_texts(figure)


def test_that_a_stroke_stands_where_the_lower_bound_is() -> None:
    figure = agreement.icc_wall(["original_glcm_Id", "square_glcm_Id"], [0.9, 0.8], [0.75, -0.3], comparison="inter")
    strokes = next(c for c in figure.axes[0].collections if c.get_gid() == "lower bounds").get_segments()
    assert [float(stroke[0][0]) for stroke in strokes] == [0 - 0.5 + 0.75, 1 - 0.5 + 0.0]


def test_that_the_distribution_counts_what_passes(read, cut_texts) -> None:
    intra, inter = np.linspace(-0.5, 1, 301), np.full(50, np.nan)
    figure = agreement.icc_distribution({"intra": intra, "inter": inter}, n_patients=15)
    shown = " ".join(read(figure))
    assert f"{np.count_nonzero(intra > 0.75)} of 301 features" in shown
    assert "inter: 0 of 0 features (none)" in shown
    drawn = sum(patch.get_height() for patch in figure.axes[0].patches)
    assert drawn == 301
    assert not cut_texts(figure)


def test_that_bland_altman_holds_differences_bias_and_limits(read, cut_texts) -> None:
    rng = np.random.default_rng(2)
    first = rng.normal(4, 0.5, 15)
    compared = bland_altman(first, first + rng.normal(0.05, 0.1, 15))
    figure = agreement.bland_altman(compared, "ZoneEntropy", ("A first", "A repeat"))
    points = figure.axes[0].lines[-1]
    np.testing.assert_array_equal(points.get_ydata(), compared.difference)
    shown = read(figure)
    assert f"bias\n{compared.bias:.3g}" in shown
    assert "A repeat minus A first" in shown
    assert not cut_texts(figure)


def test_that_nothing_read_twice_is_a_sentence(read) -> None:
    assert any("read twice" in text for text in read(agreement.icc_wall([], [], [], comparison="intra")))
    assert any("read twice" in text for text in read(agreement.icc_distribution({"intra": []}, n_patients=0)))

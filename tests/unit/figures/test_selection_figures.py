from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.features.names import feature_names
from escc_desktop.figures import selection

NAMES = [f"A_{name}" for name in feature_names()[:40]]
LAMBDAS = np.geomspace(0.3, 0.003, 50)
STRENGTH = np.array([0.25, 0.2, 0.22, 0.05])
PATHS = np.array([1.0, -1, 1, -1])[:, None] * np.clip(np.log(STRENGTH[:, None] / LAMBDAS), 0, None)


def test_that_the_path_names_only_what_is_kept_at_lambda_min(read, cut_texts) -> None:
    figure = selection.lasso_path(LAMBDAS, PATHS, NAMES[:4], 0.1)
    shown = read(figure)
    kept = [selection.short_feature(name) for name in NAMES[:3]]
    assert all(name in shown for name in kept)
    assert selection.short_feature(NAMES[3]) not in shown
    assert "lambda.min = 0.1" in shown
    assert not cut_texts(figure)


def test_that_the_curve_counts_features_above_it(read, cut_texts) -> None:
    n = (PATHS != 0).sum(axis=0)
    figure = selection.cv_curve(LAMBDAS, 12 + np.log(LAMBDAS / 0.1) ** 2, np.full(50, 0.3), n, 0.1)
    shown = read(figure)
    assert "Cross-validation: 3 features at lambda.min = 0.1" in shown
    assert str(n[-1]) in shown
    assert not any("mathdefault" in text for text in shown)
    assert not cut_texts(figure)


def test_that_an_empty_best_model_is_said(read) -> None:
    shown = read(selection.cv_curve(LAMBDAS, np.arange(50.0), np.ones(50), (PATHS != 0).sum(axis=0), LAMBDAS[0]))
    assert any("no signal was found" in text for text in shown)


def test_that_bars_hold_the_coefficients_largest_first(read, cut_texts) -> None:
    figure = selection.coefficient_bars(NAMES[:4], [0.1, 0.0, -0.7, 0.3])
    assert [bar.get_width() for bar in figure.axes[0].patches] == [-0.7, 0.3, 0.1]
    assert {"-0.700", "0.300", "0.100"} <= set(read(figure))
    assert not cut_texts(figure)


def test_that_the_signature_stays_among_frequencies_however_rare(read) -> None:
    share = np.linspace(1, 0.2, 40)
    share[39] = 0.0
    figure = selection.selection_frequency(NAMES, share, [NAMES[39]], 200)
    assert selection.short_feature(NAMES[39]) in read(figure)
    assert len(figure.axes[0].patches) == 26
    assert figure.axes[0].patches[0].get_facecolor()[:3] == (1, 1, 1)
    assert figure.axes[0].patches[-1].get_width() == 0


@pytest.mark.parametrize("n", [2, 6, 25, 60])
def test_that_the_map_counts_pairs_above_the_cut_off(n, read, cut_texts) -> None:
    values = np.full((n, n), 0.5)
    values[0, 1] = values[1, 0] = -0.95
    np.fill_diagonal(values, 1)
    figure = selection.correlation_map(values, NAMES[:n] if n <= 40 else [str(i) for i in range(n)])
    assert any(text.startswith("1 of ") and "|r| = 0.9" in text for text in read(figure))
    assert not cut_texts(figure)


def test_that_nothing_selected_is_a_sentence_in_each_figure(read) -> None:
    assert any("No feature was selected" in t for t in read(selection.coefficient_bars(NAMES, np.zeros(40))))
    assert any("No feature enters" in t for t in read(selection.lasso_path(LAMBDAS, np.zeros((4, 50)), NAMES[:4])))
    assert any("not" in t or "No" in t for t in read(selection.selection_frequency(NAMES, np.zeros(40), [], 100)))
    assert any("Fewer than two" in t for t in read(selection.correlation_map(np.ones((1, 1)), NAMES[:1])))
    assert any("no penalty" in t for t in read(selection.cv_curve([], [], [], [], 0.1)))


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=12).map(sorted), st.floats(0.01, 2))
def test_that_spread_places_keep_order_and_distance(places, gap) -> None:
    moved = selection.spread(places, gap)
    assert len(moved) == len(places)
    assert all(b - a >= gap - 1e-9 for a, b in itertools.pairwise(moved))
    assert np.mean(moved) == pytest.approx(np.mean(places), abs=1e-9)

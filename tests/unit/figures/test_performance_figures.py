from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from escc_desktop.figures import performance
from escc_desktop.figures.performance import CalibrationGroup, PerformanceRow, RocCurve
from escc_desktop.figures.words import Interval

ROW = PerformanceRow(
    "Radiomics",
    "C-index",
    Interval(0.881, 0.8, 0.93),
    Interval(0.61, 0.52, 0.7),
    Interval(0.874, 0.82, 0.932),
    Interval(0.58, 0.44, 0.72),
)


def test_that_apparent_corrected_and_noise_stand_in_one_row(read, cut_texts) -> None:
    figure = performance.performance_table([ROW])
    right = [text for text in figure.axes[2].texts if text.get_text().startswith("0.")]
    assert [text.get_text() for text in right] == [
        "0.580 (0.440 to 0.720)",
        "0.610 (0.520 to 0.700)",
        "0.881 (0.800 to 0.930)",
        "0.874 (0.820 to 0.932)",
    ]
    assert len({text.get_position()[1] for text in right}) == 1
    band = next(patch for patch in figure.axes[1].patches if isinstance(patch, Rectangle))
    assert (band.get_x(), band.get_width()) == pytest.approx((0.82, 0.112))
    assert "Research use only" in read(figure)
    assert not cut_texts(figure)


def test_that_what_was_not_computed_says_so(read) -> None:
    shown = read(performance.performance_table([PerformanceRow("Clinical", "C-index", Interval(0.6))]))
    assert shown.count("not computed") == 3


def test_that_a_model_worse_than_chance_stays_in_the_figure() -> None:
    figure = performance.performance_table([PerformanceRow("x", "C-index", Interval(0.3, 0.1, 0.5))])
    assert figure.axes[1].get_xlim()[0] < 0.1


def test_that_roc_curves_hold_their_points_and_area(read, cut_texts) -> None:
    x = np.linspace(0, 1, 20)
    figure = performance.roc([RocCurve("Combined", x, np.sqrt(x), Interval(0.667, 0.55, 0.8))], 12, "out of fold")
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), np.sqrt(x))
    shown = read(figure)
    assert "Combined: AUC 0.667 (0.550 to 0.800)" in shown
    assert "ROC at 12 months (out of fold)" in shown
    assert not cut_texts(figure)


def test_that_calibration_groups_say_their_size_and_interval(read, cut_texts) -> None:
    groups = [CalibrationGroup(0.35, Interval(0.4, 0.2, 0.65), 15), CalibrationGroup(0.8, Interval(0.75), 14)]
    figure = performance.calibration(groups, 12, predictions=[0.3, 0.8], smooth=([0, 1], [0.1, 0.9]))
    shown = read(figure)
    assert any(text.startswith("n = 29, groups of 15, 14 from left to right") for text in shown)
    vertical = [line for line in figure.axes[0].lines if list(line.get_xdata()) == [0.35, 0.35]]
    assert list(vertical[0].get_ydata()) == [0.2, 0.65]
    assert not cut_texts(figure)


def test_that_a_decision_curve_is_drawn_only_for_a_named_decision(read, cut_texts) -> None:
    thresholds = np.linspace(0.01, 0.99, 99)
    nothing = performance.decision_curve(thresholds, {"Combined": thresholds}, thresholds, None)
    assert any("No decision defined" in text for text in read(nothing))
    assert not nothing.axes[0].lines
    assert any(patch.get_hatch() for patch in nothing.axes[0].patches)
    drawn = performance.decision_curve(
        thresholds, {"Combined": 0.3 - 0.4 * thresholds}, 0.35 - thresholds, (0.1, 0.5, "early change of therapy")
    )
    assert drawn.axes[0].get_xlim() == pytest.approx((10, 50))
    x = drawn.axes[0].lines[-1].get_xdata()
    assert (x.min(), x.max()) == pytest.approx((10, 50), abs=1.01)
    assert "early change of therapy: nobody" in read(drawn)
    assert not cut_texts(drawn)


def test_that_axes_say_progression_where_that_is_the_event(read) -> None:
    thresholds = np.linspace(0.01, 0.99, 99)
    drawn = performance.decision_curve(
        thresholds, {}, 0.35 - thresholds, (0.1, 0.5, "act"), event="progression or death"
    )
    assert drawn.axes[0].get_xlabel() == "threshold probability of progression or death (%)"
    group = CalibrationGroup(0.35, Interval(0.4, 0.2, 0.65), 15)
    axes = performance.calibration([group], 6, endpoint="progression-free survival").axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted 6-month PFS (%)", "observed PFS, Kaplan-Meier (%)")


def test_that_nothing_scored_is_a_sentence(read) -> None:
    assert "No model was scored." in read(performance.performance_table([]))
    assert any("No area" in text for text in read(performance.roc([], 12)))
    assert any("too few patients" in text for text in read(performance.calibration([], 12)))

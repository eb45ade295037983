"""AUC and prediction error over time, proportional hazards, models compared: what is drawn is the data."""

from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.figures import differences, hazards, over_time, performance, selection, style, survival
from escc_desktop.figures.words import Interval
from escc_desktop.stats.survival import kaplan_meier

MONTHS = np.arange(1.0, 25.0)
EFFECT = hazards.EffectOverTime(
    "ldh_u_per_l",
    0.7,
    0.021,
    np.linspace(-1, 2, 12),
    np.linspace(0.2, 1.2, 40),
    np.linspace(-0.2, 0.8, 40),
    np.linspace(0.6, 1.6, 40),
)
SCALE = hazards.TimeScale(np.linspace(1, 30, 12), np.linspace(0, 0.9, 12), np.linspace(0, 0.9, 40))


def test_that_auc_over_time_draws_its_curve_band_and_gaps(read, cut_texts) -> None:
    area = np.linspace(0.55, 0.75, 24)
    area[:3] = np.nan
    figure = over_time.auc_over_time(
        MONTHS,
        [over_time.TimeCurve("Combined", area, area - 0.1, area + 0.1)],
        kind="out of fold",
        horizon_months=12,
    )
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), MONTHS[3:])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), area[3:])
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(np.nanmin(area) - 0.1)
    assert corners[:, 1].max() == pytest.approx(np.nanmax(area) + 0.1)
    assert "AUC over time (out of fold)" in read(figure)
    assert not cut_texts(figure)


def test_that_the_prediction_error_stands_beside_kaplan_meier_with_its_integral(read, cut_texts) -> None:
    curves = [
        over_time.TimeCurve("Kaplan-Meier, everybody", MONTHS / 100, is_reference=True),
        over_time.TimeCurve("Combined", MONTHS / 120),
    ]
    figure = over_time.brier_over_time(
        MONTHS, curves, [0.151, 0.148], kind="out of fold", to_months=24.0, horizon_months=12
    )
    drawn = figure.axes[0].lines
    np.testing.assert_allclose(drawn[0].get_ydata(), MONTHS / 100)
    np.testing.assert_allclose(drawn[1].get_ydata(), MONTHS / 120)
    assert drawn[0].get_color() == style.QUIET
    assert {"Kaplan-Meier, everybody: IBS 0.151", "Combined: IBS 0.148"} <= set(read(figure))
    assert not cut_texts(figure)


@pytest.mark.parametrize("n_terms", [1, 2, 3, 6])
def test_that_hazards_draw_residuals_smooth_and_the_constant_effect(n_terms: int, read, cut_texts) -> None:
    figure = hazards.effects_over_time([EFFECT] * n_terms, SCALE, title="Combined", global_p=0.2)
    assert len(figure.axes) == n_terms
    for axes in figure.axes:
        lines = {line.get_gid(): line for line in axes.lines}
        np.testing.assert_array_equal(lines["residual"].get_ydata(), EFFECT.residual)
        np.testing.assert_array_equal(lines["smooth"].get_ydata(), EFFECT.smooth)
        assert set(lines["constant"].get_ydata()) == {0.7}
    shown = read(figure)
    assert "Combined: 12 events; all terms together P = 0.20" in shown
    assert any("P = 0.021" in text for text in shown)
    assert not cut_texts(figure)


def test_that_panels_of_hazards_do_not_overlap() -> None:
    figure = hazards.effects_over_time([EFFECT] * 5, SCALE, title="Combined")
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for k, box in enumerate(boxes):
        assert box.width > 100
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_that_a_residual_far_off_is_an_arrow_at_the_edge() -> None:
    far = np.append(np.linspace(-1, 2, 11), 80.0)
    effect = hazards.EffectOverTime("x", 0.0, 0.5, far, EFFECT.smooth, EFFECT.lower, EFFECT.upper)
    axes = hazards.effects_over_time([effect], SCALE, title="x").axes[0]
    assert axes.get_ylim()[1] < 20
    assert any(line.get_marker() == "^" and len(line.get_xdata()) == 1 for line in axes.lines)


def test_that_a_model_without_a_test_says_why(read) -> None:
    assert "No term." in read(hazards.effects_over_time([], SCALE, title="x", why="No term."))


def test_that_differences_are_hollow_when_apparent(read, cut_texts) -> None:
    rows = [
        differences.DifferenceRow("Combined against clinical", "C-index", Interval(0.12, 0.03, 0.22), 0.011, True),
        differences.DifferenceRow("Combined against clinical", "C-index", Interval(-0.02, -0.1, 0.06), 0.6, False),
    ]
    figure = differences.paired_differences(rows)
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "s"]
    assert [line.get_xdata()[0] for line in marks] == [0.12, -0.02]
    assert [line.get_markerfacecolor() for line in marks] == ["white", style.BLUE]
    assert {"+0.120 (+0.030 to +0.220)", "-0.020 (-0.100 to +0.060)"} <= set(read(figure))
    assert not cut_texts(figure)


def test_that_calibration_draws_apparent_and_corrected_lines(read, cut_texts) -> None:
    groups = [
        performance.CalibrationGroup(0.4, Interval(0.35, 0.2, 0.5), 20, 0.45),
        performance.CalibrationGroup(0.8, Interval(1.0, 0.9, 1.0), 19, 0.85),
    ]
    figure = performance.calibration(groups, 12, kind="apparent, corrected")
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    assert list(lines["apparent"].get_ydata()) == [0.35, 1.0]
    assert list(lines["corrected"].get_ydata()) == [0.45, 0.85]
    assert any("corrected for optimism" in text for text in read(figure))
    assert not cut_texts(figure)


def test_that_three_groups_have_three_colours_lines_and_shapes(cohort, read, cut_texts) -> None:
    cuts = np.quantile(cohort.score, [1 / 3, 2 / 3])
    rank = np.searchsorted(cuts, cohort.score)
    groups = [
        survival.Group(f"{word} risk", kaplan_meier(cohort.endpoint.take(np.flatnonzero(rank == k))), word)
        for k, word in enumerate(("low", "middle", "high"))
    ]
    figure = survival.kaplan_meier(groups, horizon_months=12)
    firm = [line for line in figure.axes[1].lines if line.get_gid() == "firm"]
    assert len({line.get_color() for line in firm}) == len({str(line) for line in style.RISK_LINES.values()}) == 3
    assert {"▼ low risk", "◆ middle risk", "▲ high risk"} <= set(read(figure))
    assert not cut_texts(figure)


def test_that_the_frame_of_the_deviance_ends_where_models_overfit(read) -> None:
    penalty = np.geomspace(0.3, 0.003, 40)
    mean = np.where(np.arange(40) < 10, 8.2, 8.2 + 0.3 * (np.arange(40.0) - 9) ** 2)
    figure = selection.cv_curve(penalty, mean, np.full(40, 0.5), np.arange(40), float(penalty[6]))
    assert figure.axes[0].get_ylim()[1] < 12
    assert any("goes on to" in text for text in read(figure))


def test_that_every_word_of_an_svg_is_text() -> None:
    figure = differences.paired_differences(
        [differences.DifferenceRow("Combined against clinical", "C-index", Interval(0.12, 0.03, 0.22), 0.011, True)]
    )
    svg = style.image_bytes(figure, ".svg").decode()
    assert ">Combined against clinical</text>" in svg
    assert ">Research use only</text>" in svg
    assert "<image" not in svg

from __future__ import annotations

import itertools

import numpy as np
import pytest

from escc_desktop.figures import style, survival
from escc_desktop.stats.cutpoint import maximally_selected_log_rank
from escc_desktop.stats.survival import Endpoint, kaplan_meier


def lines(figure, gid):
    return [line for axes in figure.axes for line in axes.lines if line.get_gid() == gid]


@pytest.fixture
def groups(cohort):
    high = cohort.score > 0.3
    return [
        survival.Group("LOW", kaplan_meier(cohort.endpoint.take(~high)), "low"),
        survival.Group("HIGH", kaplan_meier(cohort.endpoint.take(high)), "high"),
    ]


def test_that_numbers_at_risk_count_those_followed_to_the_tick_or_longer(cohort, groups) -> None:
    figure = survival.kaplan_meier(groups)
    high = cohort.score > 0.3
    for row, chosen in enumerate((~high, high)):
        shown = [text for axes in figure.axes for text in axes.texts if text.get_gid() == f"at risk {row}"]
        for text in shown:
            expected = int(np.count_nonzero(cohort.endpoint.time_months[chosen] >= text.get_position()[0]))
            assert int(text.get_text()) == expected
        assert len(shown) >= 6


def test_that_the_curve_is_the_product_limit_estimate(cohort) -> None:
    figure = survival.kaplan_meier([survival.Group("all", kaplan_meier(cohort.endpoint))])
    firm = lines(figure, "firm")[0]
    time, event = cohort.endpoint.time_months, cohort.endpoint.event
    for x, y in zip(firm.get_xdata(), firm.get_ydata(), strict=True):
        factors = [1 - np.sum((time == t) & event) / np.sum(time >= t) for t in np.unique(time[event & (time <= x)])]
        assert y == pytest.approx(np.prod(factors) if factors else 1.0, abs=1e-12)


def test_that_the_curve_is_thin_where_fewer_than_ten_are_at_risk(cohort, groups) -> None:
    figure = survival.kaplan_meier(groups)
    high = cohort.score > 0.3
    for line, thin, chosen in zip(lines(figure, "firm"), lines(figure, "thin"), (~high, high), strict=True):
        time = cohort.endpoint.time_months[chosen]
        assert np.sum(time >= line.get_xdata()[-1]) >= survival.MIN_AT_RISK
        assert np.sum(time >= thin.get_xdata()[1]) < survival.MIN_AT_RISK
        assert thin.get_linewidth() < line.get_linewidth() / 2


def test_that_p_naive_and_corrected_stand_together(groups, read) -> None:
    shown = " ".join(read(survival.kaplan_meier(groups, log_rank_p=0.0004, corrected_p=0.013)))
    assert "naive log-rank P < 0.001" in shown
    assert "corrected for the search of the cut-off P = 0.013" in shown
    assert "naive" not in " ".join(read(survival.kaplan_meier(groups, log_rank_p=0.02)))


def test_that_risk_groups_are_told_by_word_shape_line_and_banner(groups, read) -> None:
    figure = survival.kaplan_meier(groups)
    shown = read(figure)
    assert {"▼ LOW", "▲ HIGH", "Research use only"} <= set(shown)
    assert len({line.get_linestyle() for line in lines(figure, "firm")}) == 2


def test_that_no_event_is_said_and_no_interval_is_invented(read, cut_texts) -> None:
    endpoint = Endpoint(np.arange(1.0, 20.0), np.zeros(19, bool))
    figure = survival.kaplan_meier([survival.Group("all", kaplan_meier(endpoint))], horizon_months=12)
    shown = read(figure)
    assert any("No event has happened" in text for text in shown)
    assert "not reached" in shown
    assert "100 % (no event yet)" in shown
    assert not cut_texts(figure)


def test_that_nobody_to_follow_is_a_sentence(read) -> None:
    assert "There is no patient to follow." in read(survival.kaplan_meier([]))


@pytest.mark.parametrize(("month", "event"), [(0.5, True), (0.0, False), (0.0, True), (200.0, False)])
def test_that_follow_up_of_a_single_patient_draws(month, event, read) -> None:
    endpoint = Endpoint(np.array([month]), np.array([event]))
    figure = survival.kaplan_meier([survival.Group("P1", kaplan_meier(endpoint))], horizon_months=12)
    assert "1" in read(figure)


def test_that_one_patient_has_a_median_without_limits_and_cells_do_not_overlap(read) -> None:
    one = survival.Group("alone", kaplan_meier(Endpoint(np.array([6.2]), np.array([True]))))
    figure = survival.kaplan_meier([one], horizon_months=6)
    assert "6.2 (no limits)" in read(figure)
    style.image_bytes(figure, ".svg")
    cells = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    row = sorted(cells, key=lambda box: (round(box.y0), box.x0))
    assert all(a.x1 <= b.x0 for a, b in itertools.pairwise(row) if round(a.y0) == round(b.y0))


def test_that_progression_free_survival_is_called_so(groups, read) -> None:
    shown = read(survival.kaplan_meier(groups, endpoint="progression-free survival", horizon_months=6))
    assert "6-month PFS" in shown
    assert "6-month survival" not in shown


def test_that_a_wide_shade_does_not_squeeze_the_cut_offs_tried(cohort) -> None:
    search = maximally_selected_log_rank(cohort.endpoint, cohort.score)
    low, high = survival.cut_search(search, (-1e3, 1e3)).axes[0].get_xlim()
    assert np.ptp(search.candidates) == pytest.approx((high - low) / 2)


def test_that_the_cut_search_shows_every_candidate_and_both_p(cohort, read, cut_texts) -> None:
    search = maximally_selected_log_rank(cohort.endpoint, cohort.score)
    figure = survival.cut_search(search)
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), search.candidates)
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), search.chisqs)
    shown = " ".join(read(figure))
    assert "naive P" in shown
    assert "corrected P" in shown
    assert f"{search.candidates.size} cut-offs were tried" in shown
    assert not cut_texts(figure)


def test_that_no_text_is_cut(groups, cut_texts) -> None:
    figure = survival.kaplan_meier(groups, log_rank_p=0.0004, corrected_p=0.013, horizon_months=12)
    assert not cut_texts(figure)
    assert style.image_bytes(figure, ".svg")


@pytest.mark.parametrize(("end", "step"), [(9.0, 1.0), (17.0, 2.0), (47.0, 6.0), (120.0, 12.0), (900.0, 60.0)])
def test_that_months_are_ticked_at_calendar_steps(end: float, step: float) -> None:
    ticks = survival.month_ticks(end)
    assert set(np.diff(ticks)) == {step}
    assert ticks[-1] <= end

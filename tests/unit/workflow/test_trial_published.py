"""Records with the paper's counts give the paper's figures; the printed ones are typed here from its tables."""

from __future__ import annotations

from types import ModuleType

import pytest

from escc_desktop.stats.design import sample_size
from escc_desktop.trial.safety import any_event, safety_table
from escc_desktop.workflow.trial_published import beside, carries_published, contradictions, published_exhibits
from escc_desktop.workflow.trial_results import TrialResults, summarise

# Table 2 as printed: term, then "n (%)" of any grade, I, II, III, IV.
TABLE_2 = """
Leukopenia|31 (52.5)|11 (18.6)|14 (23.7)|3 (5.1)|3 (5.1)
Fatigue|15 (25.4)|12 (20.3)|2 (3.4)|1 (1.7)|0 (0.0)
Anemia|14 (23.7)|10 (16.9)|4 (6.8)|0 (0.0)|0 (0.0)
Thrombocytopenia|14 (23.7)|8 (13.6)|4 (6.8)|2 (3.4)|0 (0.0)
Neutropenia|13 (22.0)|6 (10.2)|5 (8.5)|1 (1.7)|1 (1.7)
Hypoalbuminemia|13 (22.0)|13 (22.0)|0 (0.0)|0 (0.0)|0 (0.0)
Myelosuppression|12 (20.3)|1 (1.7)|9 (15.3)|0 (0.0)|2 (3.4)
Loss of appetite|10 (16.9)|6 (10.2)|3 (5.1)|1 (1.7)|0 (0.0)
Erythropenia|10 (16.9)|5 (8.5)|3 (5.1)|0 (0.0)|2 (3.4)
Digestive tract reaction|8 (13.6)|6 (10.2)|2 (3.4)|0 (0.0)|0 (0.0)
Increased TBIL|8 (13.6)|6 (10.2)|2 (3.4)|0 (0.0)|0 (0.0)
Diarrhea|8 (13.6)|3 (5.1)|2 (3.4)|3 (5.1)|0 (0.0)
Liver dysfunction|7 (11.9)|4 (6.8)|3 (5.1)|0 (0.0)|0 (0.0)
Increased AST|6 (10.2)|4 (6.8)|2 (3.4)|0 (0.0)|0 (0.0)
RCCEP|5 (8.5)|5 (8.5)|0 (0.0)|0 (0.0)|0 (0.0)
Increased ALT|5 (8.5)|4 (6.8)|1 (1.7)|0 (0.0)|0 (0.0)
Lymphopenia|5 (8.5)|4 (6.8)|1 (1.7)|0 (0.0)|0 (0.0)
Weight loss|5 (8.5)|4 (6.8)|1 (1.7)|0 (0.0)|0 (0.0)
Increased blood pressure|4 (6.8)|2 (3.4)|2 (3.4)|0 (0.0)|0 (0.0)
Hand-foot skin reaction|4 (6.8)|2 (3.4)|1 (1.7)|1 (1.7)|0 (0.0)
Nausea and vomiting|3 (5.1)|1 (1.7)|2 (3.4)|0 (0.0)|0 (0.0)
Increased Cr|3 (5.1)|3 (5.1)|0 (0.0)|0 (0.0)|0 (0.0)
Hypocalcemia|2 (3.4)|2 (3.4)|0 (0.0)|0 (0.0)|0 (0.0)
Hypothyroidism|2 (3.4)|1 (1.7)|1 (1.7)|0 (0.0)|0 (0.0)
Fever|2 (3.4)|2 (3.4)|0 (0.0)|0 (0.0)|0 (0.0)
Sore throat|1 (1.7)|1 (1.7)|0 (0.0)|0 (0.0)|0 (0.0)
Gastrointestinal bleeding|2 (3.4)|0 (0.0)|2 (3.4)|0 (0.0)|0 (0.0)
Hemoptysis|1 (1.7)|1 (1.7)|0 (0.0)|0 (0.0)|0 (0.0)
Oral mucosal inflammation|1 (1.7)|0 (0.0)|1 (1.7)|0 (0.0)|0 (0.0)
Immune enteritis|1 (1.7)|0 (0.0)|1 (1.7)|0 (0.0)|0 (0.0)
Pain|1 (1.7)|0 (0.0)|1 (1.7)|0 (0.0)|0 (0.0)
Atrial fibrillation|1 (1.7)|0 (0.0)|0 (0.0)|1 (1.7)|0 (0.0)
"""
# Table 1 as printed, the order of its lines kept.
TABLE_1 = (
    ("age_group", "< 65", "21 (35.6 %)"),
    ("age_group", "≥ 65", "38 (64.4 %)"),
    ("sex", "female", "8 (13.6 %)"),
    ("sex", "male", "51 (86.4 %)"),
    ("prior_surgery", "yes", "32 (54.2 %)"),
    ("prior_radiotherapy", "yes", "23 (39.0 %)"),
    ("prior_chemotherapy", "yes", "59 (100.0 %)"),
    ("prior_targeted_therapy", "yes", "4 (6.8 %)"),
    ("ecog", "0", "4 (6.8 %)"),
    ("ecog", "1", "55 (93.2 %)"),
    ("tumor_location", "cervical", "8 (13.6 %)"),
    ("tumor_location", "thoracic", "48 (81.4 %)"),
    ("tumor_location", "abdominal", "3 (5.1 %)"),
    ("stage", "IV", "59 (100.0 %)"),
    ("n_metastatic_sites", "1", "39 (66.1 %)"),
    ("n_metastatic_sites", "2", "15 (25.4 %)"),
    ("n_metastatic_sites", "3", "3 (5.1 %)"),
    ("n_metastatic_sites", "4", "2 (3.4 %)"),
    ("metastasis_liver", "yes", "15 (25.4 %)"),
    ("metastasis_lung", "yes", "8 (13.6 %)"),
    ("metastasis_lymph_node", "yes", "53 (89.8 %)"),
    ("metastasis_other_sites", "yes", "9 (15.3 %)"),
    ("distant_metastasis", "yes", "47 (79.7 %)"),
    ("differentiation", "well", "1 (1.7 %)"),
    ("differentiation", "moderate", "27 (45.8 %)"),
    ("differentiation", "moderate_to_poor", "3 (5.1 %)"),
    ("differentiation", "poor", "19 (32.2 %)"),
    ("differentiation", "undifferentiated", "9 (15.3 %)"),
)
SPREADS = {
    ("age_years", "median (IQR)"): "67.0 (59.0 to 71.0)",
    ("bmi_kg_per_m2", "mean ± SD"): "21.1 ± 3.3",
    ("tumor_size_mm", "median (IQR)"): "30.0 (19.0 to 43.0)",
    ("cea_ng_per_ml", "median (IQR)"): "2.8 (1.8 to 4.7)",
    ("tbil_umol_per_l", "median (IQR)"): "8.5 (6.8 to 12.9)",
    ("dbil_umol_per_l", "median (IQR)"): "3.9 (2.9 to 4.9)",
    ("ibil_umol_per_l", "median (IQR)"): "5.0 (3.8 to 8.2)",
    ("alt_u_per_l", "median (IQR)"): "12.5 (9.0 to 18.3)",
    ("ast_u_per_l", "median (IQR)"): "17.5 (14.0 to 23.0)",
    ("alp_u_per_l", "median (IQR)"): "89.0 (68.8 to 110.3)",
    ("ggt_u_per_l", "median (IQR)"): "24.0 (16.0 to 39.0)",
    ("ldh_u_per_l", "median (IQR)"): "181.0 (153.3 to 219.5)",
    ("alb_g_per_l", "mean ± SD"): "39.3 ± 4.6",
    ("bun_mmol_per_l", "median (IQR)"): "5.4 (4.4 to 6.5)",
    ("cr_umol_per_l", "mean ± SD"): "73.1 ± 16.0",
    ("ua_umol_per_l", "mean ± SD"): "325.7 ± 100.6",
}


@pytest.fixture(scope="module")
def results(published_trial: ModuleType) -> TrialResults:
    return summarise(published_trial.published_records(), published_trial.published_screening())


def percent(share: float) -> str:
    return f"{share * 100:.1f}"


def test_that_the_response_rates_are_those_printed(results: TrialResults) -> None:
    counts = {str(kind): n for kind, n in results.counts.counts.items() if n}
    assert counts == {"CR": 1, "PR": 19, "SD": 25, "PD": 8, "NE": 6}
    assert [percent(counts[kind] / 53) for kind in ("CR", "PR", "SD", "PD")] == ["1.9", "35.8", "47.2", "15.1"]
    found = {}
    for name, (evaluable, enrolled) in results.rates.items():
        for of, rate in (("assessed", evaluable), ("enrolled", enrolled)):
            limits = (rate.estimate, rate.exact_lower, rate.exact_upper)
            found[name, of] = (rate.x, rate.n, *map(percent, limits))
    assert found["Objective response rate", "assessed"] == (20, 53, "37.7", "24.8", "52.1")
    assert found["Disease control rate", "assessed"] == (45, 53, "84.9", "72.4", "93.3")
    assert found["Objective response rate", "enrolled"] == (20, 59, "33.9", "22.1", "47.4")
    assert found["Disease control rate", "enrolled"] == (45, 59, "76.3", "63.4", "86.4")


def test_that_the_trials_own_test_does_not_reject_its_null(results: TrialResults) -> None:
    assert results.null_rate == 0.346
    assert f"{results.null_test.p_greater:.3f}" == "0.364"
    assert (results.size.n, results.size.enrolment, results.size.critical) == (53, 59, 25)
    assert f"{results.size.attained_power:.3f}" == "0.900"
    assert sample_size(0.346, 0.55, 0.05, 0.90, 0.10) == results.size


def test_that_all_rows_and_percentages_of_table_2_are_equal(results: TrialResults) -> None:
    printed = dict(line.split("|", 1) for line in TABLE_2.strip().splitlines())
    assert len(printed) == 32
    reckoned = {
        row.term: "|".join(f"{n} ({percent(n / 59)})" for n in (row.any_grade, *row.by_grade[:4]))
        for row in safety_table(results.records)
    }
    assert reckoned == printed
    whole = any_event(results.records)
    assert percent(whole.severe / 59) == "20.3"
    assert whole.fatal == 0


def test_that_all_percentages_of_table_1_are_equal_and_in_its_order(results: TrialResults) -> None:
    levels = [(row.column, row.level, row.value) for row in results.baseline if row.count is not None]
    assert [one for one in levels if one[0] != "prior_immunotherapy"] == list(TABLE_1)
    assert len(TABLE_1) == 28
    spreads = {(row.column, row.level): row.value for row in results.baseline if row.count is None}
    assert spreads == SPREADS


@pytest.mark.parametrize("is_ongoing", [False, True])
def test_that_the_pfs_rates_are_those_printed(published_trial: ModuleType, is_ongoing: bool) -> None:
    # The six without a response are censored on day 1: from then on the curve is that of the 53 printed.
    pfs = summarise(published_trial.published_records(is_ongoing=is_ongoing)).pfs
    assert pfs.endpoint.n == 59
    rates = pfs.curve.at([6, 12, 18, 24, 30, 36]).survival
    assert [percent(rate) for rate in rates] == ["50.9", "17.0", "5.7", "5.7", "3.8", "1.9"]


def test_that_dropping_the_lost_gives_the_same_printed_rates_of_53(results: TrialResults) -> None:
    dropped = next(one.found for one in results.rule_sets if one.censoring.key == "lost_dropped")
    assert (dropped.endpoint.n, dropped.endpoint.n_events) == (53, 53)
    assert percent(dropped.curve.at(6).survival[0]) == "50.9"


def test_that_the_efficacy_text_is_equal(results: TrialResults) -> None:
    # 33 with a smaller sum, 20 of them by 30 % or more; first confirmed PR at 1.9 (1.6 to 2.4) months; CR at 7.7.
    assert (results.n_smaller, results.n_smaller_30) == (33, 20)
    pr = results.time_to_pr
    assert (pr.n, *(f"{value:.1f}" for value in (pr.median, pr.lower, pr.upper))) == (19, "1.9", "1.6", "2.4")
    complete = next(course for course in results.courses if course.best == "CR")
    assert (f"{complete.pr_months:.1f}", f"{complete.cr_months:.1f}") == ("1.8", "7.7")


def test_that_64_were_looked_at_and_5_left_for_their_reasons(results: TrialResults) -> None:
    assert len(results.screening) == 64
    left = [one.reason for one in results.screening if one.outcome == "not_enrolled"]
    assert sorted(left) == ["incomplete baseline CT"] * 4 + ["not treated as specified"]


def test_that_the_page_says_what_the_publication_contradicts_in_itself(results: TrialResults) -> None:
    said = contradictions(results)
    assert any("86 sites by number, 85 by location" in one for one in said)
    assert any("whole fractions of 53" in one for one in said)
    assert any("never tests its response rate against 34.6 %" in one for one in said)
    assert any("21 events of grade III or IV in 12 patients" in one for one in said)
    assert len(said) == 4


def test_that_each_number_beside_the_publication_is_equal_or_says_how_it_differs(results: TrialResults) -> None:
    rows = {(one.where, one.what): one for one in beside(results)}
    assert sum(one.where == "Table 1" for one in rows.values()) == 28 + 16 + 1
    assert sum(one.where == "Table 2" for one in rows.values()) == 32 + 1
    for one in rows.values():
        if one.where.startswith("Table") and not one.is_of_publication:
            assert (one.printed, one.note) == (one.found, "")
    assert rows["Survival", "PFS at 6 months"].note == ""
    # The paper leaves the deaths open; those chosen here are not its own, and the page says so.
    assert rows["Survival", "OS at 12 months"].note.startswith("the publication prints 65.2 %; these records give")


def test_that_records_of_other_patients_only_stand_beside_the_printed_numbers(published_trial: ModuleType) -> None:
    others = summarise(published_trial.published_records()[:40])
    assert not carries_published(others)
    assert contradictions(others) == ()
    assert all(one.note == "" for one in beside(others))


def test_that_no_published_arm_is_without_its_source(results: TrialResults) -> None:
    arms = next(one for one in published_exhibits(results) if one.name == "published_arms")
    mine, *others = (dict(zip(arms.header, row, strict=True)) for row in arms.rows)
    assert mine["n"] == 59
    assert all(one["source"] and one["setting"] for one in others)
    # Rates that are whole numbers of patients, as each publication has them.
    counts = {("CAP 02", 34.6): 18, ("CAP 02 Re-challenge", 10.2): 5, ("ESCORT", 20.2): 46, ("RATIONALE-302", 20.3): 52}
    for one in others:
        x = counts.get((one["trial"], one["orr_percent"]))
        if x is not None:
            assert percent(x / one["n"]) == str(one["orr_percent"])

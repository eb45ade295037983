from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.figures import words
from escc_desktop.figures.words import Interval


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.72, "72 %"), (0.0, "0 %"), (1.0, "100 %"), (0.004, "< 1 %"), (0.996, "> 99 %"), (None, "unknown")],
)
def test_that_a_probability_is_a_whole_percentage(probability: float | None, text: str) -> None:
    assert words.percent(probability) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.013, "P = 0.013"), (0.0004, "P < 0.001"), (0.471, "P = 0.47"), (1.0, "P = 1.00"), (math.nan, "P = unknown")],
)
def test_that_p_has_the_digits_a_reader_needs(p: float, text: str) -> None:
    assert words.p_phrase(p) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(45370.81, "45,371"), (0.009, "0.009"), (3.87, "3.87"), (30.8, "30.8"), (1.59e9, "1.59e+09"), (0.0, "0.000")],
)
def test_that_a_hazard_ratio_keeps_about_three_digits(ratio: float, text: str) -> None:
    assert words.ratio(ratio) == text


def test_that_intervals_stand_behind_their_value() -> None:
    assert words.percent_interval(Interval(0.41, 0.22, 0.63)) == "41 % (95 % CI 22 to 63)"
    assert words.percent_interval(Interval(0.41)) == "41 %"
    assert words.index_interval(Interval(0.694, 0.612, 0.776)) == "0.694 (0.612 to 0.776)"
    assert words.ratio_interval(Interval(6.78, 1.5, 30.8)) == "6.78 (1.50 to 30.8)"


def test_that_a_rad_score_has_three_decimals_and_a_median_its_unit() -> None:
    assert words.score(-0.5274497362077936) == "-0.527"
    assert words.months(16.72) == "16.7 months"
    assert words.months(math.nan) == "not reached"


def test_that_a_withheld_group_is_said() -> None:
    assert [words.risk_word(group) for group in ("low", "high", None)] == [
        "LOW RISK",
        "HIGH RISK",
        "GROUP WITHHELD",
    ]


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_that_no_uncertain_probability_reads_as_certain(probability: float) -> None:
    text = words.percent(probability)
    assert not (text == "0 %" and probability > 0)
    assert not (text == "100 %" and probability < 1)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("A_wavelet-HLH_glszm_ZoneEntropy", ("ZoneEntropy", "wavelet-HLH · glszm")),
        ("log2(ast_u_per_l)", ("AST (U/L)", "")),
        ("ibil_umol_per_l", ("IBIL (µmol/L)", "")),
        ("plt_1e9_per_l", ("PLT (10⁹/L)", "")),
        ("ecog", ("ECOG", "")),
        ("age_years", ("age (years)", "")),
        ("creatinine_umol_per_l", ("creatinine (µmol/L)", "")),
        ("bmi_kg_per_m2", ("BMI (kg/m²)", "")),
        ("sex: female against male", ("sex: female against male", "")),
    ],
)
def test_that_terms_read_as_words_with_units(name: str, label: tuple[str, str]) -> None:
    assert words.term(name) == label

"""The paper mode: print against what it implies."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.files import read_csv
from escc_desktop.resources import resource_path
from escc_desktop.stats.printed import PrintedNumber, reconstruct, whole_counts
from escc_desktop.workflow.paper_checks import COLUMNS, checks_text, paper_checks, write_checks


@pytest.mark.reference
def test_that_print_recomputes_as_the_study_s_own_check_of_it(reference_dir: Path) -> None:
    checked = json.loads((reference_dir / "paper" / "paper_checks.json").read_text())
    rows = tomllib.loads(resource_path("models", "published", "printed.toml").read_text())["hazard_ratio"]
    expected = checked["table3_univariable"] + checked["models"]
    assert len(rows) == len(expected)
    for row, known in zip(rows, expected, strict=True):
        found = reconstruct(row["hr"], row["lower"], row["upper"], row["p"])
        assert float(row["hr"]) == known["hr"]
        if found.basis == "interval":
            assert found.std_error == pytest.approx(known["se_from_ci"], rel=1e-6)
            assert found.hazard_ratio == pytest.approx(known["hr_from_ci"], rel=1e-6)
            assert found.p == pytest.approx(known["p_from_ci"], rel=1e-5)
            assert found.least_events == pytest.approx(known["min_events_if_binary"], rel=1e-6)
        else:
            assert found.coefficient == pytest.approx(known["from_upper_and_p_neg"]["coef"], rel=1e-6)


def test_that_the_contradictions_are_the_known_ones() -> None:
    contradicting = {check.what.split(":")[0] for check in paper_checks() if check.verdict == "contradicts"}
    assert contradicting == {
        "Grading", "Organs with metastases", "ALT", "UA",
        "exponential 90Percentile (radiomics)", "exponential 90Percentile (combined)",
        "Combined against radiomics model",
    }  # fmt: skip


def test_that_every_contradiction_and_note_has_a_sentence() -> None:
    assert all(check.sentence.endswith(".") for check in paper_checks() if check.verdict != "fits")


def test_that_the_trial_s_own_test_is_told() -> None:
    found = next(check for check in paper_checks() if check.where == "The trial's own test")
    assert "0.364" in found.recomputed
    assert "20 responders, 25 were needed" in found.sentence


@given(st.floats(-3, 3), st.floats(0.1, 2))
def test_that_a_consistent_term_printed_to_many_digits_is_found_again(coefficient: float, error: float) -> None:
    z = 1.959963984540054
    p = math.erfc(abs(coefficient) / error / math.sqrt(2))
    texts = [f"{math.exp(coefficient + k * z * error):.9f}" for k in (0, -1, 1)]
    found = reconstruct(*texts, f"{p:.9f}")
    if found.basis == "interval":
        assert found.coefficient == pytest.approx(coefficient, abs=1e-4)
        assert found.std_error == pytest.approx(error, abs=1e-4)
        assert found.hr_fits
        assert found.p_fits


def test_that_zeros_at_the_end_are_taken_for_padding() -> None:
    assert PrintedNumber("30.800").range == pytest.approx((30.75, 30.85))
    assert PrintedNumber("0.009").range == pytest.approx((0.0085, 0.0095))
    assert PrintedNumber("1.35e6").range == pytest.approx((1.345e6, 1.355e6))


def test_that_percentages_are_fractions_or_not() -> None:
    assert [list(whole_counts(text, 53)) for text in ("50.9", "65.2")] == [[27], []]


def test_that_the_checks_are_written_as_a_table(tmp_path: Path) -> None:
    checks = paper_checks()
    write_checks(checks, tmp_path / "checks.csv")
    assert read_csv(tmp_path / "checks.csv").header == COLUMNS
    assert f"{sum(check.verdict == 'fits' for check in checks)} fit" in checks_text(checks)

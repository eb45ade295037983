"""Laws of the synthetic study that hold for every size and seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from scipy.stats import norm

from escc_desktop.trial.importing import read_records
from escc_desktop.trial.results import clinical_rows
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.records_course import draw_courses
from escc_desktop.workflow.demo.records_numbers import apportion, normal_scores
from escc_desktop.workflow.demo.records_people import draw_people
from escc_desktop.workflow.demo.truth import draw_truth


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_that_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_records(draw_truth(12, seed), tmp_path / name)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["labs.csv"] != contents(tmp_path / "c")["labs.csv"]


@pytest.mark.parametrize("n", [1, 2, 3, 6, 12, 20, 40, 120])
def test_that_a_study_of_any_size_imports_with_nothing_but_its_traps(n: int, tmp_path: Path) -> None:
    truth = draw_truth(n, seed=3)
    write_records(truth, tmp_path / "records")
    found = read_records(tmp_path / "records")
    assert len(found.records) == n
    assert [patient.is_showcase for patient in truth].count(True) == 1
    codes = Counter(warning.code for warning in found.warnings)
    codes.pop("missing_table", None)
    assert set(codes) <= {"unit"}
    assert codes["unit"] == min(2, int(2 * n / 59 + 0.5))
    header, rows = clinical_rows(found.records)
    assert len(rows) == n
    assert all(row[header.index("os_months")] > 0.0 for row in rows)
    assert {row[header.index("regimen")] for row in rows} == {"camrelizumab+apatinib+irinotecan"}


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any), st.integers(0, 400))
def test_that_apportioned_counts_add_up_and_stay_within_one_of_their_share(counts: list[int], n: int) -> None:
    found = apportion(counts, n)
    assert sum(found) == n
    assert all(abs(part - count * n / sum(counts)) < 1.0 for part, count in zip(found, counts, strict=True))


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_that_normal_scores_are_the_mid_quantiles_of_the_normal_law(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal(n)
    scores = normal_scores(values)
    assert np.sort(scores) == pytest.approx(norm.ppf((np.arange(n) + 0.5) / n), abs=1e-12)
    assert (np.argsort(scores) == np.argsort(values)).all()


def test_that_overall_survival_has_the_stated_marginal_curve() -> None:
    rng = np.random.default_rng(11)
    courses = draw_courses(draw_people(4000, rng), rng)
    death = np.array([course.os_months for course in courses])
    for months, share in ((6, 0.887), (12, 0.664), (18, 0.453), (24, 0.296)):
        assert (death > months).mean() == pytest.approx(share, abs=0.025)
    assert np.median(death) == pytest.approx(16.6, abs=0.5)


def test_that_the_true_coefficients_can_be_recovered_from_a_large_study() -> None:
    people = draw_people(3000, np.random.default_rng(2))
    courses = draw_courses(people, np.random.default_rng(3))
    table = pd.DataFrame(
        {
            "z1": [person.z_texture for person in people],
            "z2": [person.z_necrosis for person in people],
            "ast": [np.log2(person.labs["ast"]) for person in people],
            "ibil": [np.log2(person.labs["ibil"]) for person in people],
            "ldh": [np.log2(person.labs["ldh"]) for person in people],
            "months": [min(course.os_months, course.last_day / 30.4375) for course in courses],
            "dead": [course.status == "dead" for course in courses],
        }
    )
    fit = CoxPHFitter().fit(table, "months", "dead")
    expected = pd.Series({"z1": 0.50, "z2": 0.50, "ast": 0.405, "ibil": 0.300, "ldh": 0.470})
    assert ((fit.params_ - expected).abs() < 3.5 * fit.standard_errors_).all()


def test_that_loss_to_follow_up_has_the_stated_rate() -> None:
    rng = np.random.default_rng(8)
    courses = draw_courses(draw_people(3000, rng), rng)
    months = sum(course.last_day for course in courses) / 30.4375
    lost = sum(course.status == "lost" for course in courses)
    assert lost / months == pytest.approx(0.005, rel=0.15)

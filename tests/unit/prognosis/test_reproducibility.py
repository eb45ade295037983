from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.prognosis.reproducibility import (
    agreement_of_rows,
    has_repeats,
    reproducibility,
    without_patients,
)
from escc_desktop.stats.agreement import icc


def test_that_each_feature_is_compared_on_raw_values_of_lesions_read_twice(cohort: Any) -> None:
    found = reproducibility(cohort.table)
    intra = found.of("intra")
    assert intra is not None
    assert intra.n == 15
    rows = {(key.patient_id, key.reader, key.occasion): k for k, key in enumerate(cohort.table.keys)}
    pairs = [
        (cohort.table.values[rows[patient, "A", "first"], 2], cohort.table.values[rows[patient, "A", "repeat"], 2])
        for patient, _ in intra.lesions
    ]
    assert intra.icc.icc[2] == pytest.approx(icc(np.array(pairs)).icc, rel=1e-12)


def test_that_a_feature_is_stable_only_when_both_comparisons_pass(cohort: Any) -> None:
    found = reproducibility(cohort.table)
    intra, inter = found.of("intra"), found.of("inter")
    assert intra is not None
    assert inter is not None
    assert (found.stable == (intra.passed & inter.passed)).all()
    # Every fifth feature was read with an error larger than its spread.
    assert not found.stable[4::5].any()
    assert found.stable[[0, 1, 2, 3]].all()


def test_that_a_constant_feature_is_told_and_does_not_pass(cohort: Any) -> None:
    intra = reproducibility(cohort.table).of("intra")
    assert intra is not None
    assert np.flatnonzero(intra.is_constant).tolist() == [len(cohort.table.names) - 1]
    assert not intra.passed[-1]
    assert np.isnan(intra.icc.icc[-1])


def test_that_the_threshold_is_strict(cohort: Any) -> None:
    exact = float(reproducibility(cohort.table).comparisons[0].icc.icc[0])
    assert not reproducibility(cohort.table, threshold=exact).comparisons[0].passed[0]
    assert reproducibility(cohort.table, threshold=np.nextafter(exact, -1)).comparisons[0].passed[0]


def test_that_the_unit_is_the_lesion() -> None:
    rng = np.random.default_rng(0)
    keys, values = [], []
    for patient in range(3):
        for lesion in ("L1", "L2"):
            base = rng.normal(0, 10)
            for occasion in ("first", "repeat"):
                keys.append(RoiKey(f"P{patient}", lesion, "", "A", occasion))
                values.append([base + rng.normal()])
    found = reproducibility(FeatureTable(tuple(keys), ("A_original_glcm_Id",), np.array(values)))
    assert found.comparisons[0].n == 6
    assert found.missing == ("inter",)
    assert not found.is_complete


def test_that_a_table_without_repeats_is_refused(cohort: Any) -> None:
    first = cohort.table.select(reader="A", occasion="first")
    assert not has_repeats(first)
    with pytest.raises(EsccError, match="read twice"):
        reproducibility(first)


def test_that_all_patients_once_give_the_same_answer_as_the_table(cohort: Any) -> None:
    found = reproducibility(cohort.table)
    everyone = [f"P{k + 1:03d}" for k in range(70)]
    assert (agreement_of_rows(found, everyone) == found.stable).all()


def test_that_a_resample_without_repeats_is_refused(cohort: Any) -> None:
    found = reproducibility(cohort.table)
    with pytest.raises(EsccError, match="too few"):
        agreement_of_rows(found, ["nobody"])


def test_that_leaving_patients_out_is_the_agreement_of_a_table_without_them(cohort: Any) -> None:
    table = cohort.table
    whole = reproducibility(table)
    read_again = [patient for patient, _ in whole.comparisons[0].lesions]
    left_out = set(read_again[::4])
    rows = [row for row, key in enumerate(table.keys) if key.patient_id not in left_out]
    expected, found = reproducibility(table.take(rows)), without_patients(whole, left_out)
    assert found is not None
    for one, other in zip(found.comparisons, expected.comparisons, strict=True):
        assert one.lesions == other.lesions
        assert np.array_equal(one.icc.icc, other.icc.icc, equal_nan=True)
        assert np.array_equal(one.passed, other.passed)
    assert without_patients(whole, read_again[2:]) is None, "two lesions are too few"

"""Features against the way their images were made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.prognosis.dependence import dependence, dependence_of
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.results import Results

NAMES = ("A_original_glcm_Idm", "A_wavelet-LLH_glcm_Idm", "A_original_shape_Elongation")
RNG = np.random.default_rng(9)
SPACINGS = np.repeat([1.0, 2.5, 5.0], 10)
KERNELS = np.array(["B30f", "B70f"])[np.arange(30) % 2]
FEATURES = np.column_stack([
    RNG.normal(size=30), SPACINGS + RNG.normal(scale=0.3, size=30), (KERNELS == "B70f") + RNG.normal(scale=0.1, size=30)
])  # fmt: skip
SCANS = [
    (ScanFacts(slice_spacing_mm=float(spacing), kernel=str(kernel), kvp=120.0),)
    for spacing, kernel in zip(SPACINGS, KERNELS, strict=True)
]


def test_that_each_field_is_compared_with_each_feature() -> None:
    found = {one.field: one for one in dependence(NAMES, FEATURES, SCANS).fields}
    slices = found["slice_spacing_mm"]
    assert slices.association is not None
    assert slices.association.coefficient == pytest.approx([stats.spearmanr(SPACINGS, f).statistic for f in FEATURES.T])
    assert (slices.n, slices.n_associated) == (30, 1)
    assert slices.levels == (("1", 10), ("2.5", 10), ("5", 10))
    kernels = found["kernel"]
    assert kernels.association is not None
    assert int(np.argmax(kernels.association.explained)) == 2
    assert kernels.n_associated == 1
    assert found["kvp"].association is None
    assert found["kvp"].levels == (("120", 30),)
    assert (found["scanner"].n, found["scanner"].n_associated) == (0, None)


def test_that_patients_of_whom_a_field_is_not_known_are_left_out_of_it() -> None:
    some = [scan if k % 3 else () for k, scan in enumerate(SCANS)]
    [slices] = [one for one in dependence(NAMES, FEATURES, some).fields if one.field == "slice_spacing_mm"]
    assert slices.association is not None
    assert slices.n == slices.association.n == 20
    few = [scan if k < 3 else () for k, scan in enumerate(SCANS)]
    assert all(one.association is None for one in dependence(NAMES, FEATURES, few).fields)


def test_that_first_readings_of_reader_a_count() -> None:
    keys = tuple(RoiKey(f"P{k}", "L1", "primary", reader, "first") for reader in ("A", "B") for k in range(30))
    scans = tuple(scan for _ in "AB" for (scan,) in SCANS)
    table = FeatureTable(keys, NAMES, np.concatenate([FEATURES, -FEATURES]), scans)
    found = dependence_of(table, "largest")
    assert {one.n for one in found.fields if one.association} == {30}
    with pytest.raises(EsccError, match="Nothing is known"):
        dependence_of(replace(table, scans=()), "largest")


def test_that_a_development_tells_it_of_its_signature_and_keeps_the_ranges_with_its_cards(made: Development) -> None:
    told = made.results.acquisition
    assert told is not None
    fields = {one.field: one for one in told.fields}
    assert fields["kernel"].levels == {"B30f": 35, "B70f": 35}
    assert fields["kernel"].n_associated is not None
    assert fields["kvp"].n_associated is None
    assert {one.name for one in told.signature} == {one.name for one in made.results.selection.features}
    assert any("slices are 1 to 5 mm apart" in warning for warning in made.results.warnings)
    card = made.cards["combined"].acquisition
    assert card is not None
    assert card.kernels == ("B30f", "B70f")
    assert (card.n_known, card.n_cropped) == (70, 0)


def test_that_results_of_earlier_programs_are_read_without_it(made: Development) -> None:
    document: Any = json.loads(made.results.model_dump_json())
    del document["acquisition"]
    assert Results.model_validate(document).acquisition is None

"""How images were made: kept with a card, compared when it is applied."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.table import FeatureTable, RoiKey, read_feature_table, write_feature_table
from escc_desktop.prognosis.card import ModelCard, content_digest, finished
from escc_desktop.prognosis.card_parts import Acquisition, Range
from escc_desktop.prognosis.cohort import patient_values
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.scans import deviations, reads_whole_image, training_acquisition
from escc_desktop.prognosis.score import assess

SCAN = ScanFacts(0.8, 5.0, 5.0, 120.0, "B30f", "SIEMENS Definition", 1400.0, False, "arterial")
PROVENANCE = {
    "spacing_mm": [0.8, 0.8, 5.0],
    "extreme_hu": -1400.0,
    "findings": ["small"],
    "acquisition": {
        "kvp": 120.0,
        "kernel": "B30f",
        "slice_thickness_mm": 5.0,
        "manufacturer": "SIEMENS",
        "model": "Definition",
        "phase": "arterial",
    },
}


def changed(card: ModelCard, **fields: Any) -> ModelCard:
    content = {name: getattr(card, name) for name in ModelCard.model_fields if name != "digest"}
    return finished(**{**content, **fields})


@pytest.fixture
def card(made: Development) -> ModelCard:
    """A card that reads a filter scaled by the whole image, trained on images like SCAN."""
    developed = made.cards["radscore"]
    assert developed.rad_score is not None
    term = developed.rad_score.terms[0].model_copy(update={"name": "A_square_glcm_Idm"})
    score = developed.rad_score.model_copy(update={"terms": (term, *developed.rad_score.terms[1:])})
    return changed(developed, rad_score=score, acquisition=training_acquisition([[SCAN], [SCAN]]))


def test_that_facts_come_from_the_provenance_and_what_is_no_value_is_not_known() -> None:
    assert ScanFacts.of(PROVENANCE) == SCAN
    assert ScanFacts.of({}) == ScanFacts()
    assert not ScanFacts().is_known
    odd = {"spacing_mm": ["a", 1, float("nan")], "extreme_hu": True, "findings": "cropped", "acquisition": [1]}
    assert not ScanFacts.of(odd).is_known
    assert ScanFacts.of({"acquisition": {"phase": "unknown"}}).phase is None
    assert ScanFacts.of({"findings": ["cropped"]}).is_cropped


def test_that_a_table_carries_the_facts_of_its_sidecar_through_file_and_choice(tmp_path: Path) -> None:
    keys = (RoiKey("P1", "L1", "primary", "A", "first"), RoiKey("P2", "L1", "primary", "A", "first"))
    table = FeatureTable(keys, ("A_original_glcm_Idm", "A_original_glcm_Id"), np.ones((2, 2)))
    path = tmp_path / "features.csv"
    rows = [{"patient_id": "P2", "lesion_id": "L1", "reader": "A", "occasion": "first", **PROVENANCE}]
    write_feature_table(path, table, {"rows": rows})
    read = read_feature_table(path)
    assert read.scans == (ScanFacts(), SCAN)
    assert read.only(["A_original_glcm_Id"]).select("A").scans == read.scans
    assert read.take([1]).scans == (SCAN,)
    assert patient_values(read, "largest").scans == ((ScanFacts(),), (SCAN,))
    path.with_name("features.csv.json").write_text("[", encoding="utf-8")
    assert read_feature_table(path).scans == ()


def test_that_a_card_keeps_the_ranges_of_its_training() -> None:
    thin = replace(SCAN, slice_spacing_mm=1.0, kernel="B70f", largest_hu=2000.0, is_cropped=True, kvp=None)
    found = training_acquisition([[SCAN], [thin], [ScanFacts()], []])
    assert found is not None
    assert (found.slice_spacing_mm, found.kvp) == (Range(minimum=1, maximum=5), Range(minimum=120, maximum=120))
    assert found.largest_hu == Range(minimum=1400, maximum=2000)
    assert (found.kernels, found.scanners) == (("B30f", "B70f"), ("SIEMENS Definition",))
    assert (found.n_known, found.n_cropped) == (2, 1)
    assert training_acquisition([[ScanFacts()], []]) is None


def test_that_cards_without_acquisition_keep_the_digest_they_had(made: Development) -> None:
    card = changed(made.cards["combined"], acquisition=None)
    document = card.model_dump(mode="json")
    assert document.pop("acquisition") is None
    assert content_digest(document) == card.digest
    assert ModelCard.model_validate_json(json.dumps(document)) == card


@pytest.mark.parametrize(
    ("change", "code", "said", "withholds"),
    [
        ({"slice_spacing_mm": 1.0}, "outside_acquisition", "slice spacing 1 mm, training 5 to 5 mm", True),
        ({"kernel": "B70f"}, "outside_acquisition", "kernel B70f, training B30f", True),
        ({"kvp": 80.0}, "outside_acquisition", "tube voltage 80 kV, training 120 to 120 kV", False),
        ({"scanner": "GE Revolution"}, "outside_acquisition", "scanner GE Revolution", False),
        ({"largest_hu": 3071.0}, "outside_acquisition", "largest absolute value of the scan 3071 HU", False),
        ({"phase": "venous"}, "outside_applicability", "phase venous, card arterial", True),
        ({"is_cropped": True}, "cropped_input", "", True),
    ],
)
def test_that_an_image_unlike_those_of_the_training_is_said(
    card: ModelCard, change: dict[str, Any], code: str, said: str, withholds: bool
) -> None:
    [found] = deviations(card, [replace(SCAN, **change)])
    assert found[0] == code
    assert said in found[1]
    assert found[2] == withholds


def test_that_like_images_and_unknown_ones_are_silent(card: ModelCard) -> None:
    near = replace(SCAN, slice_spacing_mm=5.2, pixel_spacing_mm=0.75, largest_hu=1500.0)
    assert list(deviations(card, [SCAN, near, ScanFacts()])) == []
    assert list(deviations(card, [])) == []


def test_that_cropped_images_do_no_harm_where_the_card_knows_them_or_reads_no_such_feature(card: ModelCard) -> None:
    cropped = [replace(SCAN, is_cropped=True)]
    assert list(deviations(changed(card, acquisition=training_acquisition([cropped])), cropped)) == []
    assert not reads_whole_image(["A_wavelet-LLH_glcm_Idm", "A_original_shape_Elongation"])
    assert reads_whole_image(["A_logarithm_firstorder_Mean"])


def test_that_a_probability_is_withheld_where_the_slices_are_of_another_distance(
    made: Development, cohort: Any
) -> None:
    acquisition = Acquisition(slice_spacing_mm=Range(minimum=5, maximum=5), n_known=70, n_cropped=0)
    card = changed(made.cards["radiomics"], acquisition=acquisition)
    first = cohort.table.select("A", "first")
    for spacing, expected in ((5.0, True), (1.0, False)):
        scans = tuple(replace(SCAN, slice_spacing_mm=spacing) for _ in first.keys)
        verdicts = assess(card, FeatureTable(first.keys, first.names, first.values, scans), cohort.clinical)
        # Those without a cut-off or beyond the features' ranges do not matter here.
        assert any(verdict.survival is not None for verdict in verdicts) == expected

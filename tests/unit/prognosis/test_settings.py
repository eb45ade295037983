"""With which settings features were extracted: kept with a card, compared when it is applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.params import UsedParams, load_params
from escc_desktop.features.table import FeatureTable, RoiKey, read_feature_table, write_feature_table
from escc_desktop.prognosis.card import ModelCard, content_digest, finished
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.prognosis.develop import Development, develop
from escc_desktop.prognosis.scans import deviations
from escc_desktop.prognosis.score import assess
from escc_desktop.prognosis.settings import check_one_settings, settings_of, training_extraction
from escc_desktop.progress import Progress

AS_ACQUIRED, RESAMPLED = (
    UsedParams(name, load_params(name).digest, "fast 1") for name in ("ct_arterial", "ct_arterial_iso")
)
KEYS = tuple(RoiKey(patient, "L1", "primary", "A", "first") for patient in ("P1", "P2"))


def changed(card: ModelCard, **fields: Any) -> ModelCard:
    content = {name: getattr(card, name) for name in ModelCard.model_fields if name != "digest"}
    return finished(**{**content, **fields})


def of(table: FeatureTable, used: UsedParams | None) -> FeatureTable:
    return replace(table, used=(used,) * len(table.keys))


@pytest.fixture
def card(made: Development) -> ModelCard:
    """A card developed on features of ct_arterial."""
    extraction = Extraction(
        params=AS_ACQUIRED.name, params_digest=AS_ACQUIRED.digest, engines=("fast 1",), pixel_types=("int16",)
    )
    return changed(made.cards["radscore"], extraction=extraction)


def test_that_a_table_carries_the_settings_of_its_sidecar_through_file_and_choice(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    shared = {"params": AS_ACQUIRED.name, "params_digest": AS_ACQUIRED.digest, "engine": AS_ACQUIRED.engine}
    other = {"patient_id": "P2", "lesion_id": "L1", "reader": "A", "occasion": "first", "pixel_type": "int16"}
    own = {"params": RESAMPLED.name, "params_digest": RESAMPLED.digest}
    table = FeatureTable(KEYS, ("A_original_glcm_Idm", "A_original_glcm_Id"), np.ones((2, 2)))
    write_feature_table(path, table, {**shared, "rows": [{**other, **own}]})
    read = read_feature_table(path)
    assert read.used == (AS_ACQUIRED, RESAMPLED)
    assert read.only(["A_original_glcm_Id"]).take([1]).used == (RESAMPLED,)
    path.with_name("features.csv.json").unlink()
    assert read_feature_table(path).used == ()


def test_that_a_resampled_image_counts_with_the_pixel_type_it_was_given() -> None:
    assert ScanFacts.of({"pixel_type": "float32"}).pixel_type == "float32"
    resampled = {"pixel_type": "float32", "measured_on": {"pixel_type": "int16"}}
    assert ScanFacts.of(resampled).pixel_type == "int16"


def test_that_what_the_provenance_says_badly_is_not_known() -> None:
    assert UsedParams.of({}) is None
    assert UsedParams.of({"params": "ct_arterial", "params_digest": 3, "engine": "fast 1"}) is None


def test_that_settings_of_the_same_name_are_told_apart_by_their_digest() -> None:
    table = FeatureTable(KEYS, ("A_original_glcm_Idm",), np.ones((2, 1)))
    mine = replace(AS_ACQUIRED, digest="0" * 64)
    with pytest.raises(EsccError, match=r"1 with ct_arterial \(0{12}\)"):
        check_one_settings(replace(table, used=(AS_ACQUIRED, mine)))
    check_one_settings(replace(table, used=(AS_ACQUIRED, replace(AS_ACQUIRED, engine="pyradiomics 3.0.1"))))
    check_one_settings(replace(table, used=(AS_ACQUIRED, None)))


def test_that_nothing_is_developed_on_rows_of_different_settings(cohort: Any, quick: Any) -> None:
    used = (AS_ACQUIRED, *(RESAMPLED,) * (len(cohort.table.keys) - 1))
    with pytest.raises(EsccError, match="extracted with different settings") as refused:
        develop(replace(cohort.table, used=used), cohort.clinical, quick, Progress())
    assert "1 with ct_arterial (" in refused.value.what
    assert "ct_arterial_iso (" in refused.value.what


def test_that_a_card_keeps_settings_engines_and_pixel_types_of_its_training() -> None:
    scans = (ScanFacts(pixel_type="int16"), ScanFacts(pixel_type="float32"))
    used = (AS_ACQUIRED, replace(AS_ACQUIRED, engine="pyradiomics 3.0.1"))
    kept = training_extraction(FeatureTable(KEYS, ("A_original_glcm_Idm",), np.ones((2, 1)), scans, used))
    assert kept is not None
    assert (kept.params, kept.params_digest) == ("ct_arterial", AS_ACQUIRED.digest)
    assert kept.engines == ("fast 1", "pyradiomics 3.0.1")
    assert kept.pixel_types == ("float32", "int16")


def test_that_a_development_without_a_sidecar_says_so(made: Development) -> None:
    assert all(card.extraction is None for card in made.cards.values())
    assert any("with which settings" in warning for warning in made.results.warnings)
    assert settings_of(made.cards["radscore"]) == "not known"


def test_that_earlier_cards_keep_their_digest(card: ModelCard) -> None:
    document = card.model_dump(mode="json")
    del document["digest"], document["extraction"]
    assert content_digest(document) == content_digest({**document, "extraction": None})
    assert content_digest(document) != card.digest


def test_that_a_card_judges_features_of_its_own_settings_only(card: ModelCard, cohort: Any) -> None:
    own = assess(card, of(cohort.table, replace(AS_ACQUIRED, name="mine")), cohort.clinical)
    assert all(caution.code != "unknown_settings" for one in own for caution in one.cautions)
    with pytest.raises(EsccError, match=r"other settings, ct_arterial_iso \(") as refused:
        assess(card, of(cohort.table, RESAMPLED), cohort.clinical)
    assert "ct_arterial (" in refused.value.hint


def test_that_readings_that_do_not_count_may_be_of_other_settings(card: ModelCard, cohort: Any) -> None:
    counts = [(key.reader, key.occasion) == ("A", "first") for key in cohort.table.keys]
    assert not all(counts)
    mixed = replace(cohort.table, used=tuple(AS_ACQUIRED if one else RESAMPLED for one in counts))
    assert assess(card, mixed, cohort.clinical)


def test_that_unknown_settings_are_a_caution_that_withholds_nothing(card: ModelCard, cohort: Any) -> None:
    found = assess(card, cohort.table, cohort.clinical)
    cautions = [caution for one in found for caution in one.cautions if caution.code == "unknown_settings"]
    assert len(cautions) == len(found)
    assert cautions[0].detail == "card ct_arterial"
    assert not any(caution.withholds for caution in cautions)


def test_that_a_card_without_features_asks_for_no_settings(card: ModelCard, made: Development, cohort: Any) -> None:
    clinical = changed(made.cards["clinical"], extraction=card.extraction)
    found = assess(clinical, of(cohort.table, RESAMPLED), cohort.clinical)
    assert not any(caution.code == "unknown_settings" for one in found for caution in one.cautions)


def test_that_another_pixel_type_withholds_where_the_card_reads_what_follows_it(card: ModelCard) -> None:
    scan = ScanFacts(pixel_type="float32")
    assert ("outside_acquisition", "pixel type float32, training int16", False) in deviations(card, [scan])
    assert card.rad_score is not None
    term = card.rad_score.terms[0].model_copy(update={"name": "A_lbp-3D-m1_firstorder_Mean"})
    reads_lbp = changed(card, rad_score=card.rad_score.model_copy(update={"terms": (term,)}))
    assert ("outside_acquisition", "pixel type float32, training int16", True) in deviations(reads_lbp, [scan])
    assert not any("pixel type" in detail for _, detail, _ in deviations(card, [ScanFacts(pixel_type="int16")]))

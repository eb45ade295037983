"""What the values of a file rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.files import write_json
from escc_desktop.workflow.cohort import constant_features
from escc_desktop.workflow.explain import explain_feature

WAVELET, SQUARE = "A_wavelet-LLH_glcm_Idm", "A_square_firstorder_Mean"


def facts(levels: int, edge: float | None, settings: dict[str, Any]) -> dict[str, Any]:
    return {"settings": settings, "bin_width": 25.0, "first_edge": edge, "grey_levels": levels}


def images(levels: int, edge: float, scale: float) -> dict[str, Any]:
    return {
        "wavelet-LLH": facts(levels, edge, {"wavelet": "coif1", "level": 1}),
        "square": facts(levels + 1, None, {"scale_hu": scale}),
    }


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [{"images": images(38, -900.0, 1065.0)}, {"images": images(41, -925.0, 1075.0)}]
    sidecar = {"engine": "fast 1.0", "params": "ct_arterial", "constant": [SQUARE], "rows": rows}
    write_json(tmp_path / "features.csv.json", sidecar)
    return tmp_path / "features.csv"


def test_that_filter_settings_bins_and_grey_levels_of_all_rows_are_said(table: Path) -> None:
    found = explain_feature(table, WAVELET)
    assert str(found.origin) == (
        "wavelet band LLH, wavelet coif1, level 1, bins of 25 from -925 to -900, 38 to 41 grey levels in 2 lesions"
    )
    assert (found.engine, found.params, found.is_constant) == ("fast 1.0", "ct_arterial", False)
    assert str(explain_feature(table, SQUARE).origin) == (
        "square of the image, scaled by the scan's largest absolute value 1065 to 1075 HU, bins of 25,"
        " 39 to 42 grey levels in 2 lesions"
    )


def test_that_a_constant_feature_is_said_to_be_so_with_and_without_phase(table: Path) -> None:
    assert explain_feature(table, SQUARE).is_constant
    assert explain_feature(table, SQUARE.removeprefix("A_")).is_constant


def test_that_shape_has_no_grey_levels(table: Path) -> None:
    assert explain_feature(table, "original_shape_Sphericity").origin is None


def test_that_the_file_of_one_region_is_explained_too(tmp_path: Path) -> None:
    write_json(tmp_path / "one.csv.json", {"engine": "fast 1.0", "params": "x", "images": images(1, 0.0, 1065.0)})
    origin = explain_feature(tmp_path / "one.csv", WAVELET).origin
    assert str(origin) == "wavelet band LLH, wavelet coif1, level 1, bins of 25 from 0, 1 grey level"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"engine": "old 1"},
        {"engine": "old 1", "rows": [1]},
        {"engine": "fast 1", "params": "x", "images": {"wavelet-LLH": facts(1, 0.0, {"level": [1]})}},
        {"engine": "fast 1", "params": "x", "images": images(1, 0.0, 1065.0), "constant": None},
    ],
)
def test_that_a_sidecar_that_does_not_say_it_is_refused(tmp_path: Path, document: object) -> None:
    write_json(tmp_path / "old.csv.json", document)
    with pytest.raises(EsccError, match="does not say what the values rest on"):
        explain_feature(tmp_path / "old.csv", WAVELET)


def test_that_a_table_without_sidecar_and_an_unknown_feature_are_refused(table: Path) -> None:
    with pytest.raises(EsccError, match=r"nothing\.csv does not exist"):
        explain_feature(table.with_name("nothing.csv"), WAVELET)
    other = table.with_name("other.csv")
    other.write_text("patient_id\n", encoding="utf-8")
    with pytest.raises(EsccError, match=r"has no other\.csv\.json"):
        explain_feature(other, WAVELET)
    with pytest.raises(EsccError, match="is the name of no feature"):
        explain_feature(table, "nonsense")


def test_that_features_with_one_value_in_all_rows_are_found_and_one_row_tells_of_none() -> None:
    keys = tuple(RoiKey(f"P{number}", "", "", "A", "first") for number in range(3))
    values = np.array([[1.0, 2.0, 0.0], [1.0, 3.0, 0.0], [1.0, 2.0, 0.0]])
    table = FeatureTable(keys, (WAVELET, SQUARE, "A_original_shape_Flatness"), values)
    assert constant_features(table) == (WAVELET, "A_original_shape_Flatness")
    assert constant_features(FeatureTable(keys[:1], table.names, values[:1])) == ()

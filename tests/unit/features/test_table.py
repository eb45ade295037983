"""Tables of features in memory and on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.features.table import (
    FeatureTable,
    FeatureVector,
    RoiKey,
    read_feature_table,
    write_feature_table,
)

NAMES = ("A_original_shape_Elongation", "A_wavelet-LLH_glcm_Idm")
KEYS = (
    RoiKey("P001", "L1", "primary", "A", "first"),
    RoiKey("P001", "L1", "primary", "A", "repeat"),
    RoiKey("P001", "L1", "primary", "B", "first"),
)


@pytest.fixture
def table() -> FeatureTable:
    return FeatureTable(KEYS, NAMES, np.array([[0.1, 1.0], [0.2, 2.0], [1 / 3, 3e-300]]))


@given(arrays(np.float64, (3, 2), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_that_a_table_comes_back_from_its_file_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray
) -> None:
    path = tmp_path_factory.mktemp("table") / "features.csv"
    write_feature_table(path, FeatureTable(KEYS, NAMES, values), {"engine": "x"})
    back = read_feature_table(path)
    assert (back.keys, back.names) == (KEYS, NAMES)
    assert back.values.tobytes() == values.tobytes()
    assert json.loads(path.with_name("features.csv.json").read_text(encoding="utf-8"))["engine"] == "x"


def test_that_select_keeps_the_rows_of_a_reader_and_an_occasion(table: FeatureTable) -> None:
    assert table.select(reader="A").keys == KEYS[:2]
    assert table.select(occasion="first").keys == (KEYS[0], KEYS[2])
    assert table.select("B", "first").values.tolist() == [[1 / 3, 3e-300]]
    assert table.select("B", "repeat").values.shape == (0, 2)


def test_that_only_takes_the_columns_named_in_their_order(table: FeatureTable) -> None:
    turned = table.only(NAMES[::-1])
    assert turned.names == NAMES[::-1]
    assert turned.values.tolist() == table.values[:, ::-1].tolist()


def test_that_only_refuses_a_feature_the_table_has_not(table: FeatureTable) -> None:
    with pytest.raises(EsccError, match="A_square_glcm_Idm"):
        table.only(["A_square_glcm_Idm"])


def test_that_values_cannot_be_changed_or_be_no_numbers(table: FeatureTable) -> None:
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 1
    with pytest.raises(ValueError, match="finite"):
        FeatureVector(np.array([np.nan]), ("original_glcm_Idm",), {})


def test_that_every_fault_of_a_file_is_said_at_once_with_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    path.write_text(
        "patient_id,lesion_id,site,reader,occasion,A_original_shape_Elongation,A_original_glcm_Nonsense,original_glcm_Idm\n"
        "P001,L1,primary,A,first,1.5,1,1\n"
        "P001,L1,node,A,first,nan,1,1\n"
        ",L1,primary,C,third,abc,1,1\n"
        "P002,L1,primary,B,first,1_0,1,1\n"
        "P003,L1,primary,B,first,inf,,1\n",
        encoding="utf-8",
    )
    with pytest.raises(FaultsError) as caught:
        read_feature_table(path, required=["A_square_glcm_Idm"])
    said = "\n".join(map(str, caught.value.faults))
    for expected in (
        "header: column A_square_glcm_Idm is missing",
        "header: column A_original_glcm_Nonsense is no feature",
        "header: column original_glcm_Idm is no feature",
        "row 3: the same patient, lesion, reader and occasion as row 2",
        "row 4, column patient_id: is empty",
        "row 4, column reader: 'C'",
        "row 4, column occasion: 'third'",
        "row 3, column A_original_shape_Elongation: 'nan'",
        "row 4, column A_original_shape_Elongation: 'abc'",
        "row 5, column A_original_shape_Elongation: '1_0'",
        "row 6, column A_original_shape_Elongation: 'inf'",
        "row 6, column A_original_glcm_Nonsense: ''",
    ):
        assert expected in said
    assert len(caught.value.faults) == 12


def test_that_missing_key_columns_are_faults(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    path.write_text("patient_id,A_original_glcm_Idm\nP001,1\n", encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_feature_table(path)
    assert [fault.what.split()[1] for fault in caught.value.faults] == ["lesion_id", "site", "reader", "occasion"]


def test_that_a_table_without_features_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    path.write_text("patient_id,lesion_id,site,reader,occasion\nP001,,,A,first\n", encoding="utf-8")
    with pytest.raises(FaultsError, match="no feature"):
        read_feature_table(path)

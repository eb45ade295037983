"""Lesion lists and code lists: understood exactly, or refused with every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.workflow.lesion_list import read_codes, read_lesions

HEADER = "patient_id,lesion_id,site,role,irradiated,x_mm,y_mm,z_mm,series_uid"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_that_a_row_is_a_lesion(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "P1,L1,Regional_Node,non_target,YES,-1.5,2e1,0.25,1.2.3")
    expected = Lesion("L1", "P1", LesionSite.REGIONAL_NODE, LesionRole.NON_TARGET, True, (-1.5, 20.0, 0.25), "1.2.3")
    assert read_lesions(path) == (expected,)


def test_that_the_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "series_uid,z_mm,y_mm,x_mm,irradiated,role,site,lesion_id,patient_id",
        "1.2.3,3,2,1,no,target,liver,L1,P1",
    )
    assert read_lesions(path)[0].point_mm == (1.0, 2.0, 3.0)


def test_that_every_fault_of_every_row_is_told(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEADER,
        "P1,L1,primary,target,no,1,2,3,1.2.3",
        "P1,L1,primary,target,no,1,2,3,1.2.3",
        'P/2,L1,nose,target,maybe,nan,"1,5",,1.2.3',
        "张三丰,L1,primary,target,no,1,2,3,",
    )
    with pytest.raises(FaultsError) as refusal:
        read_lesions(path)
    places = [fault.where.removeprefix("list.csv, ") for fault in refusal.value.faults]
    assert places == [
        "row 4, column patient_id",
        "row 4, column site",
        "row 4, column irradiated",
        "row 4, column x_mm",
        "row 4, column y_mm",
        "row 4, column z_mm",
        "row 5, column patient_id",
        "row 5, column series_uid",
        "row 2, column lesion_id",
        "row 3, column lesion_id",
    ]


def test_that_missing_and_unknown_columns_are_told_together(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER.replace("x_mm", "x"), "P1,L1,primary,target,no,1,2,3,1.2.3")
    with pytest.raises(FaultsError) as refusal:
        read_lesions(path)
    assert [fault.what for fault in refusal.value.faults] == ["column x_mm is missing", "column x is unknown"]


def test_that_codes_may_be_shared_but_an_id_has_one(tmp_path: Path) -> None:
    assert read_codes(written(tmp_path, "patient_id,trial_code", "001,P1", "002,P1")) == {"001": "P1", "002": "P1"}
    with pytest.raises(FaultsError, match="stands more than once"):
        read_codes(written(tmp_path, "patient_id,trial_code", "001,P1", "001,P2"))


def test_that_a_name_is_no_trial_code(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="looks like a name"):
        read_codes(written(tmp_path, "patient_id,trial_code", "001,张三"))

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.prognosis.clinical import covariate_words, read_clinical, take_endpoint


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "clinical.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_that_endpoints_and_covariates_are_read_with_missing_values(tmp_path: Path) -> None:
    table = read_clinical(
        _write(
            tmp_path,
            "patient_id,os_months,os_event,pfs_months,pfs_event,sex,ldh_u_per_l\n"
            "P1,12.5,1,6,1,male,180\nP2,30,0,,,female,\nP3,,,2.5,1,,200.5\n",
        )
    )
    time, event = table.endpoint_rows("os")
    assert time.tolist()[:2] == [12.5, 30.0]
    assert np.isnan(time[2])
    assert np.isnan(event[2])
    assert table.covariates["sex"].words == ("male", "female", None)
    assert table.covariates["ldh_u_per_l"].value(1) is None
    assert table.covariates["ldh_u_per_l"].unit == "U/L"
    endpoint = take_endpoint(table.endpoint_rows("os"), [0, 1])
    assert endpoint.event.tolist() == [True, False]


def test_that_an_unnamed_pair_stands_for_the_endpoint_asked_for(tmp_path: Path) -> None:
    table = read_clinical(_write(tmp_path, "patient_id,time_months,event\nP1,3,1\nP2,4,0\n"))
    assert table.endpoint_rows("pfs")[0].tolist() == [3.0, 4.0]


def test_that_an_endpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    table = read_clinical(_write(tmp_path, "patient_id,os_months,os_event\nP1,3,1\n"))
    with pytest.raises(EsccError, match="pfs_months"):
        table.endpoint_rows("pfs")


def test_that_all_faults_are_told_at_once_with_row_and_column(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "patient_id,os_months,os_event,ldh_u_per_l\nP1,-3,1,180\nP1,4,2,abc\n,5,1,200\nP4,6,,210\nP5,,1,inf\n",
    )
    with pytest.raises(FaultsError) as caught:
        read_clinical(path)
    told = "\n".join(str(fault) for fault in caught.value.faults)
    for place in (
        "row 2, column os_months",
        "row 3, column os_event",
        "row 3, column ldh_u_per_l",
        "row 4, column patient_id",
        "row 5, column os_event",
        "row 6, column os_months",
        "row 6, column ldh_u_per_l",
        "rows 2, 3",
    ):
        assert place in told
    assert len(caught.value.faults) == 8


@pytest.mark.parametrize("cell", ["1_000", "1,5", "１２", "0x10", "nan", "1e999"])
def test_that_what_only_python_takes_for_a_number_is_refused(tmp_path: Path, cell: str) -> None:
    path = _write(tmp_path, f'patient_id,os_months,os_event,ldh_u_per_l\nP1,3,1,180\nP2,4,0,"{cell}"\n')
    with pytest.raises(FaultsError, match="row 3, column ldh_u_per_l"):
        read_clinical(path)


def test_that_half_an_endpoint_and_no_endpoint_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="os_event is missing"):
        read_clinical(_write(tmp_path, "patient_id,os_months\nP1,3\n"))
    with pytest.raises(FaultsError, match="os_months and os_event"):
        read_clinical(_write(tmp_path, "patient_id,age_years\nP1,3\n"))


def test_that_a_value_of_another_unit_is_suspected_not_refused(tmp_path: Path) -> None:
    rows = "".join(f"P{k},{k + 5},1,{5 + k / 10}\n" for k in range(8))
    table = read_clinical(_write(tmp_path, f"patient_id,os_months,os_event,ibil_umol_per_l\n{rows}P9,9,1,0.3\n"))
    assert len(table.suspicions) == 1
    assert "row 10, column ibil_umol_per_l" in table.suspicions[0].where


def test_that_free_text_is_no_covariate(tmp_path: Path) -> None:
    rows = "".join(f"P{k},{k + 5},1,note {k}\n" for k in range(12))
    table = read_clinical(_write(tmp_path, f"patient_id,os_months,os_event,remark\n{rows}"))
    assert table.ignored == ("remark",)
    assert not table.covariates


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("ldh_u_per_l", "LDH (U/L)"),
        ("age_years", "Age (years)"),
        ("prior_surgery", "Prior surgery"),
        ("bmi_kg_per_m2", "BMI (kg/m2)"),
    ],
)
def test_that_columns_are_written_as_people_do(column: str, words: str) -> None:
    assert covariate_words(column) == words

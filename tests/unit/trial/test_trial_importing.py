"""Tables to records."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.trial.exporting import write_tables
from escc_desktop.trial.importing import read_records
from escc_desktop.trial.records import Response, VitalStatus

Write = Callable[..., Path]


def test_that_a_clean_folder_becomes_records(write_folder: Write) -> None:
    found = read_records(write_folder())
    first, second = found.records
    assert (first.patient_id, second.patient_id) == ("007", "P2")
    assert first.start_date == date(2021, 1, 4)
    assert first.baseline.bmi_kg_per_m2 == pytest.approx(62.5 / 1.7**2)
    assert second.baseline.bmi_kg_per_m2 is None
    assert first.survival.status is VitalStatus.DEAD
    assert [visit.response for visit in first.visits] == [None, Response.PR, Response.PR, Response.PD]
    assert [lab.date for lab in first.labs] == sorted(lab.date for lab in first.labs)
    assert [dose.end_date for dose in first.treatments] == [date(2021, 1, 24), None]
    assert first.adverse_events[0].serious is False
    assert [warning.code for warning in found.warnings] == ["limit"]


def test_that_a_detection_limit_and_an_unmeasured_value_are_kept_apart(write_folder: Write) -> None:
    labs = {lab.analyte: lab for lab in read_records(write_folder()).records[1].labs}
    assert (labs["cea"].value, labs["cea"].limit) == (0.5, "<")
    assert (labs["alb"].value, labs["alb"].unit) == (3.9, "g/dL")
    assert "ast" not in labs


def test_that_records_survive_being_written_and_read(write_folder: Write, tmp_path: Path) -> None:
    records = read_records(write_folder()).records
    (tmp_path / "again").mkdir()
    write_tables(records, tmp_path / "again", {"note": "test"})
    assert read_records(tmp_path / "again").records == records


def test_that_a_questioned_unit_stays_as_reported_and_is_flagged(write_folder: Write) -> None:
    found = read_records(write_folder(labs=("ibil,5.0", "ibil,0.29")))
    (question,) = [warning for warning in found.warnings if warning.code == "unit"]
    assert (question.file, question.row, question.column) == ("labs.csv", 4, "value")
    assert "mg/dL" in question.what
    lab = next(lab for lab in found.records[0].labs if lab.analyte == "ibil")
    assert (lab.value, lab.unit, lab.question) == (0.29, "umol/L", "unit")


def test_that_a_confirmed_value_raises_no_question(write_folder: Write) -> None:
    found = read_records(write_folder(labs=("ibil,5.0,umol/L,,17,,", "ibil,0.29,umol/L,,17,,yes")))
    assert "unit" not in [warning.code for warning in found.warnings]
    assert all(lab.question == "" for lab in found.records[0].labs)


def test_that_all_faults_of_all_files_come_at_once(write_folder: Write) -> None:
    folder = write_folder(
        patients=("67,1,170", "old,1,170"),
        labs=("P2,2021-01-29,cea", "P9,31/02/2021,cea"),
        survival=("2021-10-04,2021-10-04", "2020-10-04,2020-10-04"),
    )
    with pytest.raises(FaultsError) as caught:
        read_records(folder)
    places = {fault.where for fault in caught.value.faults}
    assert {
        "patients.csv, row 2, column age_years",
        "labs.csv, row 8, column date",
        "labs.csv, row 8, column patient_id",
        "survival.csv, row 2, column death_date",
        "survival.csv, row 2, column last_contact_date",
    } <= places
    assert str(len(caught.value.faults)) in caught.value.what


def test_that_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="does not exist"):
        read_records(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["labs", "treatments", "visits", "lesions", "adverse_events"])
def test_that_an_absent_table_is_a_question(name: str, write_folder: Write) -> None:
    found = read_records(write_folder(**{name: None}))
    assert [warning.file for warning in found.warnings if warning.code == "missing_table"] == [f"{name}.csv"]


def test_that_records_cannot_be_changed(write_folder: Write) -> None:
    record = read_records(write_folder()).records[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.patient_id = "X"  # type: ignore[misc]

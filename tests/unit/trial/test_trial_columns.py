"""The definitions of the tables and their templates."""

from __future__ import annotations

import csv
import dataclasses

import pytest

from escc_desktop.resources import resource_path
from escc_desktop.trial.columns import analytes, table_specs
from escc_desktop.trial.records import (
    AdverseEvent,
    Baseline,
    Lab,
    LesionMeasurement,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
)


def test_that_the_seven_tables_of_the_contract_and_two_more_are_defined() -> None:
    contract = ["patients", "labs", "treatments", "visits", "lesions", "adverse_events", "survival"]
    assert list(table_specs()) == [*contract, "eligibility", "screening"]


@pytest.mark.parametrize("name", list(table_specs()))
def test_that_a_template_has_the_defined_header(name: str) -> None:
    spec = table_specs()[name]
    with resource_path("trial", spec.file_name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [list(spec.header)]


def test_that_no_column_repeats_and_every_key_is_a_required_column() -> None:
    for spec in table_specs().values():
        assert len(set(spec.header)) == len(spec.header)
        required = {column.name for column in spec.columns if column.required}
        assert set(spec.key) <= required


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        ("patients", (TrialRecord, Baseline)),
        ("labs", (Lab,)),
        ("treatments", (Treatment,)),
        ("lesions", (LesionMeasurement,)),
        ("adverse_events", (AdverseEvent,)),
        ("survival", (Survival,)),
        ("visits", (Visit,)),
    ],
)
def test_that_every_column_has_a_place_in_the_record(table: str, kinds: tuple[type, ...]) -> None:
    known = {field.name for kind in kinds for field in dataclasses.fields(kind)} | {"patient_id"}
    named = {"number" if name == "visit" else name for name in table_specs()[table].header}
    assert named <= known


def test_that_unit_factors_follow_from_molar_masses() -> None:
    # g/mol: bilirubin 584.66, creatinine 113.12, uric acid 168.11, nitrogen 28.01 per urea, calcium 40.08
    for code, mass, scale in [
        ("tbil", 584.66, 1e4),
        ("dbil", 584.66, 1e4),
        ("ibil", 584.66, 1e4),
        ("cr", 113.12, 1e4),
        ("ua", 168.11, 1e4),
        ("bun", 28.01, 10.0),
        ("ca", 40.08, 10.0),
    ]:
        assert analytes()[code].units["mg/dL"] == pytest.approx(scale / mass, rel=2e-4)
    assert analytes()["ast"].convert(1.0, "ukat/L") == 60.0
    assert analytes()["alb"].convert(3.9, "g/dL") == pytest.approx(39.0)


def test_that_a_milligram_value_is_recognised_in_a_micromol_column() -> None:
    bilirubin = analytes()["ibil"]
    assert bilirubin.lookalike(0.29, "umol/L") == "mg/dL"
    assert bilirubin.lookalike(5.0, "umol/L") is None
    assert bilirubin.lookalike(0.3, "mg/dL") is None
    assert analytes()["bun"].lookalike(120.0, "mmol/L") == "mg/dL"

"""Any record that can be written is read back the same: from tables, a workbook or ODM, in any order of rows."""

from __future__ import annotations

import csv
import random
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from escc_desktop.files import read_csv
from escc_desktop.trial.differences import ChangeKind, differences
from escc_desktop.trial.exporting import write_tables
from escc_desktop.trial.exporting_xlsx import workbook_bytes
from escc_desktop.trial.importing import Stored, judge, read_records
from escc_desktop.trial.odm import OdmFile, odm_bytes
from escc_desktop.trial.records import (
    AdverseEvent,
    Baseline,
    Lab,
    LesionMeasurement,
    Response,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
    VitalStatus,
)
from escc_desktop.trial.sheets import Choices
from escc_desktop.trial.sources import read_source

START = date(2021, 1, 4)
END = START + timedelta(days=500)
ABOUT = OdmFile("ESCC.test", datetime(2026, 1, 1, tzinfo=UTC), "test")
DAYS = st.integers(1, 499)
WORDS = st.text(alphabet="abcdefghij klmno,;\"'男女", max_size=12).map(str.strip)


def on(day: int) -> date:
    return START + timedelta(days=day)


BASELINES = st.builds(
    Baseline,
    sex=st.sampled_from(["female", "male"]),
    age_years=st.none() | st.integers(18, 100),
    ecog=st.none() | st.integers(0, 1),
    height_cm=st.none() | st.floats(120, 220),
    weight_kg=st.none() | st.floats(30, 150),
    tumor_location=st.sampled_from(["", "cervical", "thoracic", "abdominal"]),
    prior_surgery=st.none() | st.booleans(),
    metastasis_other_sites=st.none() | st.integers(0, 3),
)
LABS = st.lists(
    st.builds(
        Lab,
        date=DAYS.map(on),
        analyte=st.just("ldh"),
        value=st.floats(60, 4000),
        unit=st.just("U/L"),
        limit=st.sampled_from(["", "<", ">"]),
        uln=st.none() | st.floats(200, 300),
        method=WORDS,
    ),
    max_size=4,
    unique_by=lambda lab: lab.date,
)
TREATMENTS = st.lists(
    st.builds(
        Treatment,
        cycle=st.integers(1, 30),
        drug=st.sampled_from(["camrelizumab", "irinotecan", "apatinib"]),
        start_date=DAYS.map(on),
        end_date=st.none() | st.just(END),
        dose=st.floats(0, 1000),
        dose_unit=st.sampled_from(["mg", "mg_per_day"]),
        reason=WORDS,
    ),
    max_size=4,
    unique_by=lambda dose: dose.start_date,
)
VISITS = st.lists(DAYS, max_size=5, unique=True).map(
    lambda days: tuple(Visit(index + 1, on(day), Response.SD) for index, day in enumerate(sorted(days)))
)
LESIONS = st.lists(
    st.builds(
        LesionMeasurement,
        lesion_id=st.just("L1"),
        date=DAYS.map(on),
        site=st.just("liver"),
        role=st.sampled_from(["target", "non_target", "new"]),
        axis=st.just("long"),
        diameter_mm=st.none() | st.floats(0, 300),
        irradiated=st.none() | st.booleans(),
    ),
    max_size=4,
    unique_by=lambda lesion: lesion.date,
)
EVENTS = st.lists(
    st.builds(
        AdverseEvent,
        term=st.sampled_from(["Fever", "Leukopenia"]),
        grade=st.integers(1, 4),
        start_date=DAYS.map(on),
        end_date=st.none() | st.just(END),
        serious=st.none() | st.booleans(),
        related_to=WORDS,
    ),
    max_size=4,
    unique_by=lambda event: event.start_date,
)


@st.composite
def records(draw: st.DrawFn) -> TrialRecord:
    dead = draw(st.booleans())
    return TrialRecord(
        draw(st.from_regex(r"[A-Z0-9]{1,8}", fullmatch=True)),
        START,
        draw(BASELINES),
        Survival(VitalStatus.DEAD if dead else VitalStatus.ALIVE, END, END if dead else None),
        labs=tuple(sorted(draw(LABS), key=lambda lab: lab.date)),
        treatments=tuple(sorted(draw(TREATMENTS), key=lambda dose: dose.start_date)),
        visits=draw(VISITS),
        lesions=tuple(sorted(draw(LESIONS), key=lambda lesion: lesion.date)),
        adverse_events=tuple(sorted(draw(EVENTS), key=lambda event: event.start_date)),
    )


SEVERAL = st.lists(records(), min_size=1, max_size=3, unique_by=lambda record: record.patient_id)


def in_order(written: list[TrialRecord]) -> list[TrialRecord]:
    return sorted(written, key=lambda record: record.patient_id)


@given(SEVERAL)
@settings(max_examples=20)
def test_that_written_records_are_read_back_the_same(written: list[TrialRecord]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_tables(written, Path(folder), {})
        assert list(read_records(Path(folder)).records) == in_order(written)


@given(SEVERAL)
@settings(max_examples=8)
def test_that_a_workbook_of_records_is_read_back_the_same(written: list[TrialRecord]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.xlsx"
        path.write_bytes(workbook_bytes(written, (), {"software": "test"}))
        assert list(read_records(path).records) == in_order(written)


@given(SEVERAL)
@settings(max_examples=8)
def test_that_an_odm_file_of_records_is_read_back_the_same(written: list[TrialRecord]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.xml"
        path.write_bytes(odm_bytes(written, (), ABOUT))
        assert list(read_records(path).records) == in_order(written)


@given(SEVERAL)
@settings(max_examples=15)
def test_that_importing_what_was_exported_changes_nothing(written: list[TrialRecord]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_tables(written, Path(folder), {})
        judged = judge(read_source(Path(folder), Choices()), stored=Stored(tuple(written)))
        assert {change.kind for change in differences(judged)} == {ChangeKind.UNCHANGED}


@given(SEVERAL, st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_that_the_order_of_rows_does_not_matter(written: list[TrialRecord], rng: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_tables(written, Path(folder), {})
        expected = read_records(Path(folder))
        for path in Path(folder).glob("*.csv"):
            with path.open(newline="", encoding="utf-8") as stream:
                header, *rows = csv.reader(stream)
            rng.shuffle(rows)
            with path.open("w", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows([header, *rows])
        again = read_records(Path(folder))
        assert again.records == expected.records
        assert sorted(one.what for one in again.warnings) == sorted(one.what for one in expected.warnings)


FORMULAS = st.text(alphabet="=+-@'\tab1 ", min_size=1, max_size=8).map(str.strip).filter(bool)


@given(FORMULAS)
@settings(max_examples=40)
def test_that_a_text_a_spreadsheet_would_run_is_written_harmless_and_read_back_the_same(reason: str) -> None:
    start = Survival(VitalStatus.ALIVE, END, None, START, reason)
    record = TrialRecord("P1", START, Baseline("male", 60, 1), start)
    with tempfile.TemporaryDirectory() as folder:
        write_tables([record], Path(folder), {})
        table = read_csv(Path(folder) / "survival.csv")
        cell = table.column("next_therapy")[0]
        assert not cell.startswith(("=", "+", "-", "@"))
        assert read_records(Path(folder)).records == (record,)
        path = Path(folder) / "records.xlsx"
        path.write_bytes(workbook_bytes([record], (), {}))
        made = load_workbook(path)["survival"]
        assert all(cell.data_type != "f" for row in made.iter_rows() for cell in row)

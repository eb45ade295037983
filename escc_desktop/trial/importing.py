"""Tables to trial records: every fault at once, every question listed, nothing converted silently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.trial.cells import Value
from escc_desktop.trial.checks import Remark, Row, check_rows, lab_questions
from escc_desktop.trial.columns import table_specs
from escc_desktop.trial.exporting import stored_rows
from escc_desktop.trial.records import (
    AdverseEvent,
    Baseline,
    EligibilityAnswer,
    Lab,
    LesionMeasurement,
    Response,
    Screening,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
    VitalStatus,
)
from escc_desktop.trial.rows import parse_sheet
from escc_desktop.trial.sheets import Ask, Choices, Found
from escc_desktop.trial.sources import read_source

USUAL = Choices()


@dataclass(frozen=True)
class RecordsImport:
    """What a source of trial records gave: the records, and what must be confirmed before they are used.

    Attributes
    ----------
    warnings
        In the order of files and rows; empty for a clean import.
    screened
        Everybody looked at for the trial, where that was recorded.
    asks
        Questions without whose answers there are no records yet.
    """

    records: tuple[TrialRecord, ...]
    warnings: tuple[Remark, ...]
    screened: tuple[Screening, ...] = ()
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What a source means for what is stored already: its rows, all faults, all questions, and the records of both.

    Attributes
    ----------
    rows
        Of the source alone, by table.
    stored
        Rows of the patients the source names, as they stand now.
    records
        Of the patients the source names, with what it adds and changes; empty while there are faults or asks.
    """

    rows: Mapping[str, tuple[Row, ...]]
    stored: Mapping[str, tuple[Row, ...]]
    faults: tuple[Fault, ...]
    warnings: tuple[Remark, ...]
    asks: tuple[Ask, ...]
    records: tuple[TrialRecord, ...] = ()
    screened: tuple[Screening, ...] = ()


def read_records(source: Path, choices: Choices = USUAL) -> RecordsImport:
    """Read trial records from a folder of CSV tables, one of them, a workbook, a REDCap export or an ODM file.

    `resources/trial/columns.toml` describes the tables. Patients come in the order of their codes, everything else
    in the order of dates.

    Raises
    ------
    EsccError
        There is no such source, or it is not what it seems.
    FaultsError
        The tables have faults: all of them, with file, row and column.
    """
    judged = judge(read_source(source, choices), choices)
    refuse_faults(judged.faults, source.name)
    return RecordsImport(judged.records, judged.warnings, judged.screened, judged.asks)


@dataclass(frozen=True)
class Stored:
    """What a project holds already: records, and who was looked at for the trial."""

    records: tuple[TrialRecord, ...] = ()
    screened: tuple[Screening, ...] = ()


NOTHING = Stored()


def judge(found: Found, choices: Choices = USUAL, stored: Stored = NOTHING, *, removes: bool = False) -> Judgement:
    """Understand what a source holds, and lay it over what is stored of the same patients.

    What a source does not name stays as it is: a table, a row or a column that is not there. An empty cell empties.

    Parameters
    ----------
    stored
        What the project holds.
    removes
        Whether rows go that are stored of a patient the source names, in a table it has, and that it leaves out.
    """
    read = {name: parse_sheet(sheet, choices, found) for name, sheet in found.sheets.items()}
    rows = {name: tuple(read.get(name, ())) for name in table_specs()}
    named = {row.get("patient_id") for table in rows.values() for row in table}
    before = stored_rows(
        [record for record in stored.records if record.patient_id in named],
        [one for one in stored.screened if one.patient_id in named],
    )
    _miss_tables(found, named, {record.patient_id for record in stored.records})
    # A table that cannot be read at all would make every row of the others look like a stranger's.
    is_whole = all(rows[spec.name] or before[spec.name] for spec in table_specs().values() if spec.required)
    merged = {name: _laid_over(name, rows[name], before[name], removes=removes) for name in rows}
    warnings = list(found.remarks)
    faults = list(found.faults)
    if is_whole:
        for remark in check_rows(merged):
            if remark.is_fault:
                faults.append(Fault(remark.where, remark.what))
            elif remark.row is not None:
                warnings.append(remark)
    is_open = bool(faults or found.asks)
    records = () if is_open else tuple(build_records(merged))
    screened = () if is_open else tuple(_make(Screening, row) for row in rows["screening"])
    return Judgement(rows, before, tuple(faults), tuple(warnings), tuple(found.asks), records, screened)


def refuse_faults(faults: Sequence[Fault], name: str) -> None:
    """Raise FaultsError if a source has faults, with all of them."""
    if faults:
        raise FaultsError(
            f"The records in {name} have {len(faults)} fault{'s' if len(faults) > 1 else ''}.",
            faults,
            "Mend them in the files and import again; nothing was imported.",
        )


def refuse_open_questions(result: RecordsImport, source: Path, accept: frozenset[str]) -> None:
    """Raise FaultsError with every question of an import that was not answered."""
    questions = [remark for remark in result.warnings if remark.code not in accept]
    if questions or result.asks:
        raise open_questions_error(source.name, result.asks, questions)


class Questioned(Protocol):
    """What is asked: its code, its place, what it is."""

    @property
    def code(self) -> str:
        """A stable word for the kind."""

    @property
    def where(self) -> str:
        """The place in words."""

    @property
    def what(self) -> str:
        """The question."""


def open_questions_error(name: str, asks: Sequence[Ask], questions: Sequence[Questioned]) -> FaultsError:
    """Return the error that lists every open question of a source."""
    lines = [*(Fault(ask.where, ask.what) for ask in asks), *(Fault(one.where, one.what) for one in questions)]
    codes = ", ".join(f"“{code}”" for code in sorted({one.code for one in questions}))
    hints = ["Say which encoding or order of dates is right."] if asks else []
    hints += [f"Mend them in the files, or look at each and confirm {codes}."] if questions else []
    plural = "s" if len(lines) > 1 else ""
    what = f"The records in {name} leave {len(lines)} question{plural} open, first {lines[0].where}."
    return FaultsError(what, lines, " ".join(hints))


def _miss_tables(found: Found, named: Iterable[Value], known: set[str]) -> None:
    """Note the tables that are not there: a fault where a patient is new and cannot be without, else a question."""
    is_new = not found.sheets or any(code not in known for code in named if code is not None)
    for spec in table_specs().values():
        is_absent = spec.name not in found.sheets and spec.name not in found.unread
        if not is_absent or not is_new:
            continue
        place = found.place_of(spec)
        if spec.required:
            found.fault(place, "is missing; start from the template of the same name")
        elif spec.usual:
            found.ask("missing_table", place, "is missing; nothing of it is imported")


def _laid_over(name: str, rows: Sequence[Row], stored: Sequence[Row], *, removes: bool) -> tuple[Row, ...]:
    """Return the rows of one table as they stand after the import."""
    key = table_specs()[name].key
    waiting: dict[tuple[Value, ...], Row] = {}
    for row in stored:
        waiting.setdefault(key_of(row, key), row)
    kept = {id(row): row for row in stored}
    merged = []
    for row in rows:
        before = waiting.pop(key_of(row, key), None)
        if before is None:
            merged.append(row)
        else:
            kept.pop(id(before))
            merged.append(Row(row.file, row.number, {**before.values, **row.values}, row.place))
    # What a patient has one row of is changed, never removed; and who was screened was screened.
    may_go = removes and bool(rows) and key != ("patient_id",)
    left = () if may_go else tuple(kept.values())
    return (*left, *merged)


def key_of(row: Row, key: Sequence[str]) -> tuple[Value, ...]:
    """Return what a row stands for in its table."""
    return tuple(row.get(column) for column in key)


def build_records(tables: Mapping[str, tuple[Row, ...]]) -> Iterator[TrialRecord]:
    """Yield the record of each row of patients; the tables were parsed and checked, and hold no fault.

    The order of rows does not matter: patients come by code, the rest by date and by what tells rows of a day apart.
    """
    tables = {name: _in_order(rows, table_specs()[name].key) for name, rows in tables.items()}
    questions = lab_questions(tables["labs"])
    labs = _by_patient(
        tables["labs"], lambda row: None if row.get("value") is None else _lab(row, questions.get(row.number, ""))
    )
    treatments = _by_patient(tables["treatments"], lambda row: _make(Treatment, row))
    visits = _by_patient(tables["visits"], _visit)
    lesions = _by_patient(tables["lesions"], lambda row: _make(LesionMeasurement, row))
    events = _by_patient(tables["adverse_events"], lambda row: _make(AdverseEvent, row))
    answers = _by_patient(tables["eligibility"], lambda row: _make(EligibilityAnswer, row))
    survival = _by_patient(tables["survival"], _survival)
    for row in tables["patients"]:
        code = row.text("patient_id")
        yield TrialRecord(
            code,
            row.day("start_date"),
            _make(Baseline, row),
            survival[code][0],
            labs=tuple(sorted(labs.get(code, ()), key=lambda lab: lab.date)),
            treatments=tuple(sorted(treatments.get(code, ()), key=lambda treatment: treatment.start_date)),
            visits=tuple(sorted(visits.get(code, ()), key=lambda visit: visit.date)),
            lesions=tuple(sorted(lesions.get(code, ()), key=lambda lesion: lesion.date)),
            adverse_events=tuple(sorted(events.get(code, ()), key=lambda event: event.start_date)),
            eligibility=tuple(answers.get(code, ())),
        )


def _in_order(rows: Iterable[Row], key: Sequence[str]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: [str(value) for value in key_of(row, key)]))


def _by_patient(rows: Iterable[Row], build: Callable[[Row], Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        item = build(row)
        if item is not None:
            found.setdefault(row.text("patient_id"), []).append(item)
    return found


def _make(kind: type[Any], row: Row, **given: object) -> Any:
    """Build a record of `kind` from the cells named like its fields; an empty cell leaves the default."""
    filled = {
        field.name: row.values.get(field.name)
        for field in fields(kind)
        if row.values.get(field.name) is not None or field.default is MISSING
    }
    return kind(**{**filled, **given})


def _lab(row: Row, question: str) -> Lab:
    value = row.limited("value")
    lab: Lab = _make(Lab, row, value=value.value, limit=value.limit, question=question)
    return lab


def _visit(row: Row) -> Visit:
    response = row.get("response")
    return Visit(row.count("visit"), row.day("date"), Response(str(response)) if response else None)


def _survival(row: Row) -> Survival:
    survival: Survival = _make(Survival, row, status=VitalStatus(row.text("status")))
    return survival

"""A trial record as the rows people enter: text cells by table, and back, with everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from escc_desktop.files import format_number
from escc_desktop.i18n import _
from escc_desktop.trial.cells import CellRefused, Limited, Value, parse_cell
from escc_desktop.trial.checks import Remark, Row, check_rows
from escc_desktop.trial.columns import Column, TableSpec, table_specs
from escc_desktop.trial.dose_checks import dose_questions
from escc_desktop.trial.eligibility import judge
from escc_desktop.trial.event_checks import event_questions
from escc_desktop.trial.exporting import table_rows
from escc_desktop.trial.importing import build_records
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.staging import stage_questions
from escc_desktop.trial.units import changed_assays, lab_questions

Cells = Mapping[str, str]
Key = tuple[str, ...]
Tables = Mapping[str, tuple[Cells, ...]]

SCREENED: Final = "screening"
# One row a patient: entered as a sheet.
SHEETS: Final = frozenset({"patients", "survival"})
# How a value was written; the cell shows how it was read, so nothing is left to ask.
_WRITING: Final = frozenset({"limit", "formula", "other_code", "date_format", "comma_decimal", "thousands"})


@dataclass(frozen=True)
class Finding:
    """What is wrong, or asked, at one cell.

    Attributes
    ----------
    row
        Its place in the table, from 0.
    key
        The words of the row's key; empty for a sheet.
    code
        A stable word for the kind of question; "fault" for a fault.
    cell
        What stands in the cell: the same question about another value is another question.
    """

    table: str
    row: int
    key: Key
    column: str
    code: str
    what: str
    is_fault: bool
    cell: str = ""


def entered_tables() -> tuple[TableSpec, ...]:
    """Return the tables a patient's record consists of."""
    return tuple(spec for spec in table_specs().values() if spec.name != SCREENED)


def entered_columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table that are entered: all but the patient's code, which names the record."""
    return tuple(column for column in table_specs()[table].columns if table == SCREENED or column.name != "patient_id")


@cache
def key_names(table: str) -> tuple[str, ...]:
    """Return the columns that name a row within a patient's table, or within the screening list."""
    return tuple(name for name in table_specs()[table].key if table == SCREENED or name != "patient_id")


def key_of(table: str, row: Cells) -> Key:
    """Return the words that name a row within a patient's table."""
    return tuple(row.get(name, "") for name in key_names(table))


def cell_text(value: object) -> str:
    """Return a value as it stands in a cell, the same for all ways of writing it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Limited):
        return f"{value.limit}{cell_text(value.value)}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | int):
        return format_number(value).removesuffix(".0")
    return "" if value is None else str(value)


def rows_of(record: TrialRecord) -> dict[str, tuple[Cells, ...]]:
    """Return all tables of a record as text cells."""
    return {spec.name: tuple(_table(record, spec)) for spec in entered_tables()}


def settle(table: str, row: Cells) -> dict[str, str]:
    """Return a row with each cell that is understood in its one way of writing; the others as they were typed."""
    settled = {}
    for column in entered_columns(table):
        text = row.get(column.name, "").strip()
        try:
            value, _notes = parse_cell(text, column) if text else (None, ())
        except CellRefused:
            settled[column.name] = text
        else:
            settled[column.name] = cell_text(value)
    return settled


def read_rows(patient_id: str, tables: Tables) -> tuple[TrialRecord | None, tuple[Finding, ...]]:
    """Return the record the rows make, None where they are at fault, and all faults and questions."""
    findings: list[Finding] = []
    parsed: dict[str, tuple[Row, ...]] = {SCREENED: ()}
    for spec in entered_tables():
        rows = tables.get(spec.name, ())
        parsed[spec.name] = tuple(
            _parse(spec, number, {**row, "patient_id": patient_id}, findings) for number, row in enumerate(rows)
        )
    findings.extend(_found(remark, tables) for remark in check_rows(parsed))
    if any(one.is_fault for one in findings) or not parsed["patients"]:
        return None, tuple(findings)
    record = next(build_records(parsed))
    return record, (*findings, *_judged(record, tables))


def findings_of(record: TrialRecord) -> tuple[Finding, ...]:
    """Return what the checks ask of a stored record."""
    return read_rows(record.patient_id, rows_of(record))[1]


def check_cells(table: str, rows: Sequence[Cells]) -> tuple[Finding, ...]:
    """Return what is wrong within single cells of a table, whatever stands in the others."""
    findings: list[Finding] = []
    for number, row in enumerate(rows):
        _parse(table_specs()[table], number, row, findings)
    return tuple(findings)


def check_screening(rows: Sequence[Cells], known: Collection[str]) -> tuple[Finding, ...]:
    """Return what is wrong with a screening list; `known` are the patients who have a record."""
    findings = list(check_cells(SCREENED, rows))
    seen: set[str] = set()
    for number, row in enumerate(rows):
        code = row.get("patient_id", "")
        if code in seen:
            findings.append(
                Finding(SCREENED, number, (code,), "patient_id", "fault", _("is listed already"), is_fault=True)
            )
        if code and row.get("outcome") == "enrolled" and code not in known:
            what = _("is enrolled and has no record; begin the record first")
            findings.append(Finding(SCREENED, number, (code,), "patient_id", "fault", what, is_fault=True))
        seen.add(code)
    return tuple(findings)


def _judged(record: TrialRecord, tables: Tables) -> Iterator[Finding]:
    """Yield what labs, doses, stage, adverse events and eligibility ask of a record without faults."""
    unasked = [lab for lab in record.labs if not lab.question]
    for one in (*(found for lab in unasked for found in lab_questions(lab)), *changed_assays(unasked)):
        key = (one.lab.date.isoformat(), one.lab.analyte)
        yield _asked("labs", key, "unit" if one.code == "unit" else "uln", (one.code, one.what), tables)
    for asked_dose in dose_questions(record):
        dose = asked_dose.dose
        place = (str(dose.cycle), dose.drug, dose.start_date.isoformat())
        yield _asked("treatments", place, "dose", (asked_dose.code, asked_dose.what), tables)
    for stage in stage_questions(record):
        yield _asked("patients", (), "stage", (stage.code, stage.what), tables)
    for event in event_questions(record):
        key = (event.events[0].term, event.events[0].start_date.isoformat())
        yield _asked("adverse_events", key, "term", (event.code, event.what), tables)
    for result in judge(record).contradictions:
        asked = ("eligibility", result.contradiction)
        yield _asked("eligibility", (result.criterion.code,), "answer", asked, tables)


def _asked(table: str, key: Key, column: str, asked: tuple[str, str], tables: Tables) -> Finding:
    keys = [key_of(table, row) for row in tables.get(table, ())]
    row = keys.index(key) if key in keys else 0
    cell = tables[table][row].get(column, "") if tables.get(table) else ""
    code, what = asked
    return Finding(table, row, key, column, code, what, is_fault=False, cell=cell)


def _table(record: TrialRecord, spec: TableSpec) -> Iterator[Cells]:
    for cells in table_rows([record], spec):
        row = dict(zip(spec.header, cells, strict=True))
        yield settle(spec.name, {name: cell_text(value) for name, value in row.items()})


def _parse(spec: TableSpec, number: int, row: Cells, findings: list[Finding]) -> Row:
    values: dict[str, Value] = {}
    key = key_of(spec.name, row)
    for column in spec.columns:
        if column.name == "patient_id" and column.name not in row:
            continue
        try:
            values[column.name], notes = parse_cell(row.get(column.name, "").strip(), column)
        except CellRefused as refusal:
            findings.append(Finding(spec.name, number, key, column.name, "fault", str(refusal), is_fault=True))
            continue
        findings.extend(
            Finding(spec.name, number, key, column.name, note.code, note.what, is_fault=False, cell=row[column.name])
            for note in notes
            if note.code not in _WRITING
        )
    if spec.name == "labs" and not row.get("value", "").strip():
        what = "is empty; leave the row out if it was not measured"
        findings.append(Finding(spec.name, number, key, "value", "fault", what, is_fault=True))
    return Row(spec.file_name, number + 2, values)


def _found(remark: Remark, tables: Tables) -> Finding:
    table = remark.file.removesuffix(".csv")
    row = 0 if remark.row is None else remark.row - 2
    rows = tables.get(table, ())
    cells = rows[row] if row < len(rows) else {}
    key, cell = key_of(table, cells) if cells else (), cells.get(remark.column, "")
    return Finding(table, row, key, remark.column, remark.code, remark.what, is_fault=remark.is_fault, cell=cell)

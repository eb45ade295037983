"""CSV tables to trial records: every fault at once, every question listed, nothing converted silently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.files import CsvTable, read_csv
from escc_desktop.trial.cells import CellRefused, Value, parse_cell
from escc_desktop.trial.checks import Remark, Row, check_rows, lab_questions
from escc_desktop.trial.columns import TableSpec, table_specs
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


@dataclass(frozen=True)
class RecordsImport:
    """What a RECORDS_DIR gave: the records, and what must be confirmed before they are used.

    Attributes
    ----------
    warnings
        In the order of files and rows; empty for a clean import.
    screened
        Everybody looked at for the trial, where that was recorded.
    """

    records: tuple[TrialRecord, ...]
    warnings: tuple[Remark, ...]
    screened: tuple[Screening, ...] = ()


def read_records(folder: Path) -> RecordsImport:
    """Read the trial records of a folder of CSV tables (`resources/trial/columns.toml` describes them).

    Patients come in the order of patients.csv, everything else in the order of dates.

    Raises
    ------
    EsccError
        The folder does not exist.
    FaultsError
        The tables have faults: all of them, with file, row and column.
    """
    if not folder.is_dir():
        raise EsccError(f"{folder} is no folder.", "Name the folder that holds patients.csv and the other tables.")
    faults: list[Fault] = []
    warnings: list[Remark] = []
    tables = {spec.name: _read_table(folder, spec, faults, warnings) for spec in table_specs().values()}
    for remark in check_rows(tables):
        if remark.is_fault:
            faults.append(Fault(remark.where, remark.what))
        else:
            warnings.append(remark)
    if faults:
        raise FaultsError(
            f"The records in {folder.name} have {len(faults)} fault{'s' if len(faults) > 1 else ''}.",
            faults,
            "Mend them in the files and import again; nothing was imported.",
        )
    screened = tuple(_make(Screening, row) for row in tables["screening"])
    return RecordsImport(tuple(build_records(tables)), tuple(warnings), screened)


def refuse_open_questions(result: RecordsImport, folder: Path, accept: frozenset[str]) -> None:
    """Raise FaultsError with every question of an import whose code was not confirmed."""
    questions = [remark for remark in result.warnings if remark.code not in accept]
    if questions:
        codes = ", ".join(f"“{code}”" for code in sorted({remark.code for remark in questions}))
        raise FaultsError(
            f"The records in {folder.name} leave {len(questions)} questions open, first {questions[0].where}.",
            [Fault(remark.where, remark.what) for remark in questions],
            f"Mend them in the files, or look at each and confirm {codes}.",
        )


def _read_table(folder: Path, spec: TableSpec, faults: list[Fault], warnings: list[Remark]) -> tuple[Row, ...]:
    path = folder / spec.file_name
    if not path.exists():
        if spec.required:
            faults.append(Fault(spec.file_name, "is missing; start from the template of the same name"))
        elif spec.usual:
            warnings.append(Remark("missing_table", spec.file_name, None, "", "is missing; nothing of it is imported"))
        return ()
    try:
        table = read_csv(path)
    except FaultsError as error:
        faults.extend(error.faults)
        return ()
    except EsccError as error:
        faults.append(Fault(spec.file_name, str(error)))
        return ()
    if not _check_header(table, spec, faults, warnings):
        return ()
    return tuple(_parse_rows(table, spec, faults, warnings))


def _check_header(table: CsvTable, spec: TableSpec, faults: list[Fault], warnings: list[Remark]) -> bool:
    missing = [column.name for column in spec.columns if column.required and column.name not in table.header]
    faults.extend(Fault(f"{spec.file_name}, header", f"column {name} is missing") for name in missing)
    warnings.extend(
        Remark("unknown_column", spec.file_name, 1, name, "is no column of this table; it is not imported")
        for name in table.header
        if name not in spec.header
    )
    return not missing


def _parse_rows(table: CsvTable, spec: TableSpec, faults: list[Fault], warnings: list[Remark]) -> Iterator[Row]:
    places = [(table.header.index(column.name), column) for column in spec.columns if column.name in table.header]
    for index, cells in enumerate(table.rows):
        values: dict[str, Value] = {}
        for place, column in places:
            try:
                values[column.name], notes = parse_cell(cells[place], column)
            except CellRefused as refusal:
                faults.append(Fault(table.place(index, column.name), str(refusal)))
                continue
            warnings.extend(Remark(note.code, table.name, index + 2, column.name, note.what) for note in notes)
        yield Row(spec.file_name, index + 2, values)


def build_records(tables: Mapping[str, tuple[Row, ...]]) -> Iterator[TrialRecord]:
    """Yield the record of each row of patients; the tables were parsed and checked, and hold no fault."""
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

"""Where trial records come from: a folder of CSV tables, one of them, a workbook, a REDCap export, an ODM file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.files import read_bytes
from escc_desktop.trial.columns import table_specs
from escc_desktop.trial.decoding import decode
from escc_desktop.trial.odm_reading import read_odm
from escc_desktop.trial.redcap import looks_like_redcap, redcap_tables
from escc_desktop.trial.rows import nearest, plain_header, table_named
from escc_desktop.trial.sheets import Ask, Choices, Found, Option, sheet_of, split_csv
from escc_desktop.trial.workbook import read_workbook

MAX_BYTES: Final = 64 << 20
WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ods")
_KINDS: Final = "Name a folder with patients.csv and the other tables, a CSV table, a workbook (.xlsx) or ODM (.xml)."


def read_source(path: Path, choices: Choices) -> Found:
    """Read the tables of a source as text.

    Raises
    ------
    EsccError
        There is nothing, or nothing of a kind that holds trial records, or the file is not what it seems.
    """
    if path.is_dir():
        return _read_folder(path, choices)
    if not path.exists():
        raise EsccError(f"{path} does not exist.", _KINDS)
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        return read_workbook(path, bounded_bytes(path))
    if suffix == ".xml":
        return read_odm(path, bounded_bytes(path))
    if suffix == ".csv":
        return _read_file(path, choices)
    raise EsccError(f"{path.name} is no kind of file that trial records come in.", _KINDS)


def bounded_bytes(path: Path) -> bytes:
    """Return the bytes of a file that is not absurdly large."""
    if path.stat().st_size > MAX_BYTES:
        raise EsccError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.", "Trial records are never that large.")
    return read_bytes(path)


def _read_folder(folder: Path, choices: Choices) -> Found:
    found = Found(folder.name)
    for path in sorted(folder.glob("*.csv")):
        spec = table_named(path.stem)
        if spec is not None:
            _add_csv(path, spec.name, choices, found)
        elif near := nearest(path.stem, {plain_header(name): name for name in table_specs()}):
            found.ask("unknown_table", path.name, f"is no table; it is not imported; if {near}.csv is meant, rename it")
    if not found.sheets and not found.unread:
        books = [path.name for path in sorted(folder.iterdir()) if path.suffix.lower() in (*WORKBOOKS, ".xml")]
        if books:
            raise EsccError(f"{folder.name} holds no CSV table, but {books[0]}.", "Import that file itself.")
    return found


def _read_file(path: Path, choices: Choices) -> Found:
    spec = table_named(path.stem)
    found = Found(path.name)
    if spec is not None and choices.mapping is None:
        _add_csv(path, spec.name, choices, found)
        return found
    rows = csv_rows(path, choices, found)
    if choices.mapping is None and rows and not looks_like_redcap(rows[0][1]):
        names = ", ".join(f"{name}.csv" for name in table_specs())
        raise EsccError(
            f"{path.name} is no table of trial records and no REDCap export.", f"A table is called one of {names}."
        )
    dictionary = choices.dictionary or _dictionary_beside(path)
    described = [] if dictionary is None else csv_rows(dictionary, choices, found)
    redcap_tables(rows, described, choices.mapping, found)
    return found


def _dictionary_beside(path: Path) -> Path | None:
    """Return the data dictionary that lies beside an export, as REDCap names it."""
    found = sorted(path.parent.glob("*DataDictionary*.csv"))
    return found[0] if len(found) == 1 else None


def _add_csv(path: Path, table: str, choices: Choices, found: Found) -> None:
    if table in found.sheets or table in found.unread:
        found.fault(path.name, f"is the table {table} once more; keep one file of them")
        return
    n_faults = len(found.faults)
    rows = csv_rows(path, choices, found)
    found.add(sheet_of(table, path.name, rows, found) if len(found.faults) == n_faults else None, table)


def csv_rows(path: Path, choices: Choices, found: Found) -> list[tuple[int, list[str]]]:
    """Return the numbered rows of a CSV file; its faults, and what must be asked of its encoding, go to `found`."""
    key = f"encoding:{path.name}"
    try:
        decoded = decode(bounded_bytes(path), choices.answers.get(key, choices.encoding))
    except EsccError as error:
        found.fault(path.name, str(error))
        return []
    if decoded.text is None:
        found.fault(path.name, f"cannot be read as {decoded.encoding or 'text'}; save it as CSV UTF-8")
        return []
    if decoded.others:
        options = tuple(Option(name, f"{name}: {piece}") for name, piece in decoded.others)
        shown = "; ".join(option.label for option in options)
        found.asks.append(Ask(key, path.name, f"is not UTF-8; which encoding reads well? {shown}", options))
    return split_csv(decoded.text, path.name, found)

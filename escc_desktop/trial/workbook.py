"""A workbook with a sheet a table, as text; it is parsed in the limited child process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from escc_desktop.errors import EsccError
from escc_desktop.imaging.sandbox import Refused, SandboxError, borrowed_sandbox
from escc_desktop.trial.columns import table_specs
from escc_desktop.trial.rows import nearest, plain_header, table_named
from escc_desktop.trial.sheets import ABOUT_SHEET, Found, sheet_of

_TIMEOUT_S = 300.0  # thousands of rows on a slow machine
_TOO_LONG = 40


def read_workbook(path: Path, raw: bytes) -> Found:
    """Read the sheets of a workbook that are tables of trial records.

    Raises
    ------
    EsccError
        It is no workbook, is protected or damaged, or none of its sheets is a table.
    """
    try:
        with borrowed_sandbox() as sandbox:
            document, _ = sandbox.call("workbook", {}, raw, _TIMEOUT_S)
    except (Refused, SandboxError) as error:
        raise EsccError(f"{path.name}: {error.what}", error.hint) from None
    found = Found(path.name, "sheet")
    if document["has_macros"]:
        found.ask("macros", path.name, "holds macros; they are neither run nor imported")
    for sheet in document["sheets"]:
        _add_sheet(sheet, found, counts_from_1904=document["counts_from_1904"])
    if not found.sheets and not found.unread:
        names = ", ".join(str(sheet["name"])[:_TOO_LONG] for sheet in document["sheets"])
        raise EsccError(
            f"{path.name} has no sheet that is a table of trial records; it has {names}.",
            f"Call the sheets {', '.join(table_specs())}.",
        )
    return found


def _add_sheet(sheet: dict[str, Any], found: Found, *, counts_from_1904: bool) -> None:
    name = str(sheet["name"])
    place = f"{found.name}, sheet {name[:_TOO_LONG]}"
    spec = table_named(name)
    if spec is None:
        if name != ABOUT_SHEET and any(any(row) for row in sheet["rows"]):
            known = {plain_header(table): table for table in table_specs()}
            near = nearest(name, known)
            meant = f"; if {near} is meant, rename it" if near else ""
            found.ask("unknown_table", place, f"is no table of trial records; it is not imported{meant}")
        return
    if spec.name in found.sheets or spec.name in found.unread:
        found.fault(place, f"is the table {spec.name} once more; keep one sheet of them")
        return
    if sheet["is_hidden"]:
        found.ask("hidden_sheet", place, "is hidden; it is imported like the others")
    before = len(found.faults)
    _check_cells(sheet, place, found)
    made = sheet_of(spec.name, place, _rows(sheet["rows"]), found, counts_from_1904=counts_from_1904)
    # Merged cells shift values: what else such a sheet seems to say would only confuse.
    is_merged = any(fault.what.startswith("is one merged cell") for fault in found.faults[before:])
    found.add(None if is_merged else made, spec.name)


def _check_cells(sheet: dict[str, Any], place: str, found: Found) -> None:
    for area in sheet["merged"]:
        found.fault(f"{place}, cells {area}", "is one merged cell; unmerge it and fill each cell")
    header = sheet["rows"][0] if sheet["rows"] else []
    for formula in sheet["formulas"]:
        at, row = formula["column"] - 1, formula["row"]
        where = header[at] if at < len(header) and header[at] else f"{formula['column']}"
        if not formula["has_value"]:
            what = "holds a formula whose value was not saved; open the workbook, save it, or write the value"
            found.fault(f"{place}, row {row}, column {where}", what)
        else:
            found.ask("formula_value", f"{place}, column {where}", "is a formula; the value it gave last is taken", row)


def _rows(rows: Sequence[Sequence[str]]) -> list[tuple[int, list[str]]]:
    """Return the numbered rows that hold anything, as wide as the last column that does."""
    stripped = [[cell.strip() for cell in row] for row in rows]
    width = max((at + 1 for row in stripped for at, cell in enumerate(row) if cell), default=0)
    return [(number, row[:width]) for number, row in enumerate(stripped, start=1) if any(row)]

"""Tables as text before they mean anything: what a file, a sheet or a form gives, whichever it was."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from escc_desktop.errors import Fault
from escc_desktop.files import FORMULA_STARTS, MAX_CELL
from escc_desktop.trial.checks import Remark
from escc_desktop.trial.columns import TableSpec

ABOUT_SHEET = "about"  # says where an exported workbook is from, and is no table
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "upright lines"}


@dataclass(frozen=True)
class Option:
    """One answer to a question, and what the file reads like under it."""

    value: str
    label: str


@dataclass(frozen=True)
class Ask:
    """A question that has more answers than yes; without one of them nothing can be imported.

    Attributes
    ----------
    key
        "encoding:FILE" or "dates:TABLE.COLUMN"; what an answer is given for.
    """

    key: str
    where: str
    what: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Choices:
    """How a source is to be read where it does not say itself.

    Attributes
    ----------
    encoding
        Of every file whose bytes do not prove one (`decoding.ENCODINGS`); "" asks.
    dates
        "dmy" or "mdy" for every column that leaves it open; "" asks.
    answers
        For single questions, by `Ask.key`; they go before the two above.
    mapping
        Own TOML that says where the fields of a REDCap project belong; None takes the shipped one.
    dictionary
        Data dictionary of a REDCap export; None takes one that lies beside it.
    """

    encoding: str = ""
    dates: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    dictionary: Path | None = None


@dataclass(frozen=True)
class Sheet:
    """One table as text: stripped cells, every row as long as the header.

    Attributes
    ----------
    place
        How messages call it: "labs.csv", or "study.xlsx, sheet labs".
    numbers
        Of the rows, as a spreadsheet counts them.
    counts_from_1904
        Whether day numbers count from 1904, as old Macintosh workbooks do.
    means
        The column of each header, where a mapping says it; empty where headers are the columns' names.
    """

    table: str
    place: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    counts_from_1904: bool = False
    means: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Found:
    """What reading a source gave: its tables, and all that is wrong with, or to be asked about, the files.

    Attributes
    ----------
    name
        The file or folder.
    part
        What the parts of the one file are called ("sheet", "form"); empty for a folder with a file a table.
    unread
        Tables that are there and could not be read.
    """

    name: str
    part: str = ""
    sheets: dict[str, Sheet] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def place_of(self, spec: TableSpec) -> str:
        """Return how messages call a table of this source."""
        return f"{self.name}, {self.part} {spec.name}" if self.part else spec.file_name

    def add(self, sheet: Sheet | None, table: str) -> None:
        """Add a table, or note that it could not be read."""
        if sheet is None:
            self.unread.add(table)
        else:
            self.sheets[table] = sheet

    def ask(self, code: str, place: str, what: str, row: int | None = None) -> None:
        """Add a question that is answered by yes."""
        self.remarks.append(Remark(code, place, row, "", what))

    def fault(self, where: str, what: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(where, what))


def split_csv(text: str, place: str, found: Found) -> list[tuple[int, list[str]]]:
    """Return the rows of CSV text that hold anything, numbered as a spreadsheet counts; faults go to `found`."""
    if "\0" in text:
        found.fault(place, "holds NUL bytes: it is no text table; export it again as CSV UTF-8")
        return []
    head = text.lstrip("\r\n").splitlines()[:1]
    delimiter = next((sign for sign in _DELIMITERS if head and "," not in head[0] and sign in head[0]), ",")
    if delimiter != ",":
        found.ask("delimiter", place, f"separates its columns by {_DELIMITERS[delimiter]}; it is read so")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    rows = []
    try:
        for number, row in enumerate(reader, start=1):
            cells = [without_guard(cell.strip()) for cell in row]
            if any(cells):
                rows.append((number, cells))
    except csv.Error as error:
        found.fault(f"{place}, line {reader.line_num}", f"{error}; check for an unclosed quote near that line")
        return []
    return rows


def without_guard(cell: str) -> str:
    """Return the text that was written with an apostrophe before it so that no spreadsheet runs it."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def sheet_of(
    table: str, place: str, rows: Sequence[tuple[int, list[str]]], found: Found, *, counts_from_1904: bool = False
) -> Sheet | None:
    """Make a sheet of rows of text, the first of which is the header; what is no table goes to the faults."""
    if not rows:
        found.fault(place, "is empty; a header and at least one row are needed")
        return None
    (_, header), *body = rows
    faults = [*_header_faults(header, place), *_row_faults(header, body, place)]
    found.faults += faults
    if not body:
        found.fault(place, "has a header but no rows; at least one row is needed")
        return None
    if any(fault.where == f"{place}, header" for fault in faults):
        return None
    whole = [(number, tuple(row)) for number, row in body if len(row) == len(header)]
    numbers = tuple(number for number, _ in whole)
    return Sheet(table, place, tuple(header), tuple(row for _, row in whole), numbers, counts_from_1904)


def _header_faults(header: Sequence[str], place: str) -> Iterable[Fault]:
    for column, count in Counter(header).items():
        if count > 1 and column:
            yield Fault(f"{place}, header", f"column {column} stands more than once")
    if "" in header:
        yield Fault(f"{place}, header", f"column {header.index('') + 1} has no name")


def _row_faults(header: Sequence[str], rows: Sequence[tuple[int, list[str]]], place: str) -> Iterable[Fault]:
    for number, row in rows:
        if len(row) != len(header):
            yield Fault(f"{place}, row {number}", f"{len(row)} cells where the header has {len(header)}")
        elif any(len(cell) > MAX_CELL for cell in row):
            yield Fault(f"{place}, row {number}", f"a cell of more than {MAX_CELL} characters")

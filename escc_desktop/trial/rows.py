"""The text of one table to parsed rows: which column each header means, and what each cell says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from escc_desktop.errors import Fault
from escc_desktop.trial.cells import CellRefused, Note, Value, parse_cell
from escc_desktop.trial.checks import Remark, Row
from escc_desktop.trial.columns import Column, TableSpec, table_specs
from escc_desktop.trial.dates import ColumnOrder, DateOrder, chosen_order, column_order, has_short_year, is_open, to_iso
from escc_desktop.trial.sheets import Ask, Choices, Found, Option, Sheet

_APART = re.compile(r"[\s\-()\[\]/.:]+")
_ORDERS = (
    Option(DateOrder.DAY_FIRST, "the day stands first"),
    Option(DateOrder.MONTH_FIRST, "the month stands first"),
)
_SETTLED = ColumnOrder()
_DATE_WORDS = {
    "date_format": "{cell!r} is read as {iso}",
    "date_time": "{cell!r} is read as {iso}; the time of day is left out",
    "serial_date": "{cell!r} is read as {iso}, a spreadsheet's day number",
}


@dataclass(frozen=True)
class _Place:
    """A column of the file: where it stands, what it is called there, what it means, how its dates read."""

    at: int
    shown: str
    column: Column
    dates: ColumnOrder = _SETTLED


def table_named(name: str) -> TableSpec | None:
    """Return the table a sheet or file of this name holds, or None."""
    wanted = plain_header(name)
    for spec in table_specs().values():
        if wanted in {plain_header(known) for known in (spec.name, *spec.titles)}:
            return spec
    return None


def nearest(name: str, known: Mapping[str, str]) -> str:
    """Return the known name a wrong one is most like, or ""; `known` maps spellings to names."""
    close = get_close_matches(plain_header(name), list(known), n=1, cutoff=0.6)
    return known[close[0]] if close else ""


@cache
def plain_header(text: str) -> str:
    """Return a header without what people write in different ways: case, width, spaces, brackets."""
    return _APART.sub("_", unicodedata.normalize("NFKC", text).casefold().strip()).strip("_")


def parse_sheet(sheet: Sheet, choices: Choices, found: Found) -> list[Row]:
    """Parse a sheet; what is wrong or to be asked is added to `found`. A refused cell has no value in its row."""
    spec = table_specs()[sheet.table]
    places = _settle_dates(_columns(sheet, spec, found), sheet, choices, found)
    return list(_parse_rows(sheet, spec, places, found))


def _columns(sheet: Sheet, spec: TableSpec, found: Found) -> list[_Place]:
    spellings = {plain_header(word): column.name for column in spec.columns for word in (column.name, *column.headers)}
    by_name = {column.name: column for column in spec.columns}
    places: dict[str, _Place] = {}
    unknown = []
    for at, shown in enumerate(sheet.header):
        # The name itself goes before any other spelling of it.
        name = sheet.means.get(shown) or (shown if shown in by_name else spellings.get(plain_header(shown), ""))
        if not name:
            unknown.append(shown)
        elif name in places:
            found.fault(f"{sheet.place}, header", f"{places[name].shown} and {shown} are both {name}; keep one of them")
        else:
            places[name] = _Place(at, shown, by_name[name])
            if shown != name and not sheet.means:
                found.remarks.append(Remark("other_header", sheet.place, 1, shown, f"is read as column {name}"))
    absent = {word: name for word, name in spellings.items() if name not in places}
    hints = {shown: nearest(shown, absent) for shown in unknown}
    _miss_columns(sheet, spec, places, hints, found)
    return list(places.values())


def _miss_columns(
    sheet: Sheet, spec: TableSpec, places: Mapping[str, _Place], hints: Mapping[str, str], found: Found
) -> None:
    for shown, hint in hints.items():
        meant = f"; if {hint} is meant, write that" if hint else ""
        what = f"is no column of this table; it is not imported{meant}"
        found.remarks.append(Remark("unknown_column", sheet.place, 1, shown, what))
    for column in spec.columns:
        if column.required and column.name not in places:
            near = next((shown for shown, hint in hints.items() if hint == column.name), "")
            meant = f"; is {near} meant?" if near else ""
            found.fault(f"{sheet.place}, header", f"column {column.name} is missing{meant}")


def _settle_dates(places: Sequence[_Place], sheet: Sheet, choices: Choices, found: Found) -> list[_Place]:
    """Find the order of day and month of each date column, or ask for it once a column."""
    settled = []
    for place in places:
        if place.column.type != "date":
            settled.append(place)
            continue
        key = f"dates:{sheet.table}.{place.column.name}"
        cells = [row[place.at] for row in sheet.rows]
        order = column_order(cells, chosen_order(choices.answers, key, choices.dates))
        where = f"{sheet.place}, column {place.shown}"
        if order.mixed:
            first, second = (f"{cell} in row {sheet.numbers[at]}" for at, cell in order.mixed)
            found.fault(where, f"has the day first ({first}) and the month first ({second}); write YYYY-MM-DD")
        elif order.open_examples:
            shown = ", ".join(order.open_examples)
            found.asks.append(Ask(key, where, f"does the day or the month stand first in {shown}?", _ORDERS))
        settled.append(_Place(place.at, place.shown, place.column, order))
    return settled


def _parse_rows(sheet: Sheet, spec: TableSpec, places: Sequence[_Place], found: Found) -> Iterator[Row]:
    for number, cells in zip(sheet.numbers, sheet.rows, strict=True):
        values: dict[str, Value] = {}
        for place in places:
            try:
                value, notes = _parse(cells[place.at], place, sheet)
            except CellRefused as refusal:
                found.faults.append(Fault(f"{sheet.place}, row {number}, column {place.shown}", str(refusal)))
                continue
            if not (place.dates.open_examples or place.dates.mixed) or not is_open(cells[place.at], place.dates):
                values[place.column.name] = value
            found.remarks.extend(Remark(note.code, sheet.place, number, place.shown, note.what) for note in notes)
        yield Row(spec.file_name, number, values, sheet.place)


def _parse(cell: str, place: _Place, sheet: Sheet) -> tuple[Value, tuple[Note, ...]]:
    if place.column.type != "date" or not cell:
        return parse_cell(cell, place.column)
    if is_open(cell, place.dates):
        return None, ()
    iso, code = to_iso(cell, place.dates.order, counts_from_1904=sheet.counts_from_1904)
    if not code:
        if has_short_year(cell):
            raise CellRefused(f"{cell!r} has a year of two digits; write YYYY-MM-DD")
        return parse_cell(cell, place.column)
    try:
        value, _ = parse_cell(iso, place.column)
    except CellRefused:
        raise CellRefused(f"{cell!r} is no day of the calendar; write YYYY-MM-DD") from None
    return value, (Note(code, _DATE_WORDS[code].format(cell=cell, iso=value)),)

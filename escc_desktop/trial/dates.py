"""Dates as tables write them: the order of day and month asked once a column, spreadsheets' day numbers understood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

_YEAR_LAST: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", re.ASCII)
_CHINESE: Final = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?", re.ASCII)
_CLOCK: Final = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?", re.ASCII)
_SERIAL: Final = re.compile(r"(\d{5})(\.\d+)?", re.ASCII)
# 1900-03-01 to 2099-12-31: before, spreadsheets count a day that never was.
_SERIALS: Final = (61, 73_050)
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)


class DateOrder(StrEnum):
    """Which stands first where the year stands last."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


@dataclass(frozen=True)
class ColumnOrder:
    """What the cells of a date column say of the order of day and month.

    Attributes
    ----------
    order
        None where nothing decides it, or where nothing has to.
    open_examples
        Cells that are a day under either order; empty where the order is known.
    mixed
        (place, cell) of one cell for each order, where the column has both.
    """

    order: DateOrder | None = None
    open_examples: tuple[str, ...] = ()
    mixed: tuple[tuple[int, str], ...] = ()


def column_order(cells: Sequence[str], chosen: DateOrder | None = None) -> ColumnOrder:
    """Find the order of day and month in the cells of one column; `chosen` is what was answered."""
    found = [(at, cell, match) for at, cell in enumerate(cells) if (match := _YEAR_LAST.fullmatch(plain(cell)))]
    day_first = [(at, cell) for at, cell, match in found if int(match[1]) > 12 >= int(match[2])]
    month_first = [(at, cell) for at, cell, match in found if int(match[2]) > 12 >= int(match[1])]
    if chosen is not None:
        return ColumnOrder(chosen)
    if day_first and month_first:
        return ColumnOrder(mixed=(day_first[0], month_first[0]))
    if day_first or month_first:
        return ColumnOrder(DateOrder.DAY_FIRST if day_first else DateOrder.MONTH_FIRST)
    examples = [cell for _, cell, match in found if match[1] != match[2]]
    return ColumnOrder(None, tuple(dict.fromkeys(examples))[:3])


def is_open(cell: str, order: ColumnOrder) -> bool:
    """Whether the cell waits for the order of its column to be answered."""
    match = _YEAR_LAST.fullmatch(plain(cell))
    return match is not None and order.order is None and match[1] != match[2]


def to_iso(cell: str, order: DateOrder | None, *, counts_from_1904: bool = False) -> tuple[str, str]:
    """Return a cell as YYYY-MM-DD and the code of the question it raises; what is no such date comes back as it was.

    The day of the month is not checked here.
    """
    text = plain(cell)
    if match := _YEAR_LAST.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        day, month = (second, first) if order is DateOrder.MONTH_FIRST else (first, second)
        is_known = order is not None or first == second
        return (f"{year:04d}-{month:02d}-{day:02d}", "date_format") if is_known else (cell, "")
    if match := _CHINESE.fullmatch(text):
        return "-".join((match[1], match[2].zfill(2), match[3].zfill(2))), "date_format"
    if match := _CLOCK.fullmatch(text):
        return match[1], "date_time"
    if (match := _SERIAL.fullmatch(text)) and _SERIALS[0] <= int(match[1]) <= _SERIALS[1]:
        epoch = _EPOCH_1904 if counts_from_1904 else _EPOCH_1900
        return (epoch + timedelta(days=int(match[1]))).isoformat(), "serial_date"
    return cell, ""


def has_short_year(cell: str) -> bool:
    """Whether the year of a date has two digits only."""
    return _SHORT_YEAR.fullmatch(plain(cell)) is not None


def plain(cell: str) -> str:
    """Return full-width digits and signs as plain ones."""
    return unicodedata.normalize("NFKC", cell).strip()


def chosen_order(answers: Mapping[str, str], key: str, otherwise: str) -> DateOrder | None:
    """Return the order that was answered for one column, or for all."""
    answer = answers.get(key, otherwise)
    return DateOrder(answer) if answer else None

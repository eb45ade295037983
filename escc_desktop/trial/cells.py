"""One cell of a table to one value: what is understood, what is questioned, what is refused."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from escc_desktop.files import FORMULA_STARTS
from escc_desktop.trial.columns import Column

YEARS = (1900, 2100)
MAX_CODE = 64
_PERSONAL = re.compile(r"[\u4e00-\u9fff]{2,4}|1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{4})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_COMMA_DECIMAL = re.compile(r"[-+]?\d+,\d+", re.ASCII)


class CellRefused(Exception):  # noqa: N818  # an outcome, not an error
    """The cell cannot be understood; its text says why and what to do."""


@dataclass(frozen=True)
class Limited:
    """A number, or a detection limit with "<" or ">" before it."""

    value: float
    limit: str = ""


@dataclass(frozen=True)
class Note:
    """A question about a cell that was understood: its code and a sentence."""

    code: str
    what: str


Value = str | int | float | bool | date | Limited | None


def parse_cell(text: str, column: Column) -> tuple[Value, tuple[Note, ...]]:
    """Return the value of a cell and the questions it raises; an empty cell is None.

    Raises
    ------
    CellRefused
        It is required and empty, of another type, impossible or ambiguous.
    """
    if not text:
        if column.required:
            raise CellRefused("is empty; every row needs it")
        return None, ()
    notes: list[Note] = []
    value = _PARSERS[column.type](text, column, notes)
    return value, tuple(notes)


def _parse_code(text: str, column: Column, notes: list[Note]) -> str:
    """Codes name files and rows: short, and nothing in them that a path or a terminal would obey."""
    if len(text) > MAX_CODE or not text.isprintable() or set(text) & set("/\\:*?<>|"):
        raise CellRefused(f"is no code: at most {MAX_CODE} letters, digits and signs, without / \\ : * ? < > |")
    if _PERSONAL.fullmatch(text):
        notes.append(Note("personal", "looks like a name, a telephone or an identity number; use the trial code"))
    return _parse_text(text, column, notes)


def _parse_text(text: str, _column: Column, notes: list[Note]) -> str:
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text):
        raise CellRefused("holds a control character; type the text anew")
    # "-" and "+" alone begin many honest texts; a spreadsheet runs them only before something it can calculate.
    if text.startswith(("=", "@")) or (text.startswith(FORMULA_STARTS) and not _is_plain(text)):
        notes.append(Note("formula", f"{text[:40]!r} would be a formula in a spreadsheet; it is kept as text"))
    return text


def _is_plain(text: str) -> bool:
    return text in {"+", "-", "--"} or text[1:].isdigit()


def _parse_choice(text: str, column: Column, notes: list[Note]) -> str:
    word = text.casefold()
    for allowed in column.values:
        if word == allowed.casefold():
            return allowed
    if word in column.synonyms:
        notes.append(Note("other_code", f"{text!r} is read as {column.synonyms[word]!r}"))
        return column.synonyms[word]
    raise CellRefused(f"{text[:40]!r} is none of {', '.join(column.values)}")


def _parse_flag(text: str, column: Column, notes: list[Note]) -> bool:
    return _parse_choice(text, column, notes) == "yes"


def _parse_date(text: str, _column: Column, notes: list[Note]) -> date:
    plain = _narrow(text, notes)
    match = _YEAR_FIRST.fullmatch(plain)
    if match is None:
        if _YEAR_LAST.fullmatch(plain):
            raise CellRefused(f"{text!r} is ambiguous: day or month first? Write YYYY-MM-DD")
        raise CellRefused(f"{text[:40]!r} is no date; write YYYY-MM-DD")
    try:
        day = date(*(int(part) for part in match.groups() if part))
    except ValueError:
        raise CellRefused(f"{text!r} is no day of the calendar; write YYYY-MM-DD") from None
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise CellRefused(f"{text!r} lies outside {YEARS[0]} to {YEARS[1]}")
    if plain != day.isoformat():
        notes.append(Note("date_format", f"{text!r} is read as {day.isoformat()}"))
    return day


def _parse_number(text: str, column: Column, notes: list[Note]) -> float:
    value = _to_float(_narrow(text, notes), notes)
    if column.range and not column.range[0] <= value <= column.range[1]:
        raise CellRefused(f"{text} lies outside {_span(column.range)}{_unit(column)}")
    if column.plausible and not column.plausible[0] <= value <= column.plausible[1]:
        notes.append(Note("implausible", f"{text} lies outside the plausible {_span(column.plausible)}{_unit(column)}"))
    return value


def _parse_integer(text: str, column: Column, notes: list[Note]) -> int:
    value = _parse_number(text, column, notes)
    if not value.is_integer():
        raise CellRefused(f"{text} is no whole number")
    return int(value)


def _parse_limited(text: str, column: Column, notes: list[Note]) -> Limited:
    plain = _narrow(text, notes)
    sign = plain[0]
    if sign not in "<>":
        return Limited(_parse_number(plain, column, notes))
    value = _parse_number(plain[1:].lstrip(" ="), column, notes)
    notes.append(Note("limit", f"{text} is a detection limit; it is kept as one"))
    return Limited(value, sign)


def _to_float(text: str, notes: list[Note]) -> float:
    if _NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
    elif _THOUSANDS.fullmatch(text):
        notes.append(Note("thousands", f"{text!r} is read as {text.replace(',', '')}, the comma between thousands"))
        return float(text.replace(",", ""))
    elif _COMMA_DECIMAL.fullmatch(text):
        notes.append(Note("comma_decimal", f"{text!r} is read as {text.replace(',', '.')}"))
        return float(text.replace(",", "."))
    raise CellRefused(f"{text[:40]!r} is no finite number; leave the cell empty if it was not measured")


def _narrow(text: str, notes: list[Note]) -> str:
    """Return full-width digits and signs as plain ones."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain != text:
        notes.append(Note("full_width", f"{text!r} is read as {plain!r}"))
    return plain


def _span(limits: tuple[float, float]) -> str:
    low, high = limits
    return f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"


def _unit(column: Column) -> str:
    return f" {column.unit}" if column.unit else ""


_PARSERS: dict[str, Callable[[str, Column, list[Note]], Value]] = {
    "code": _parse_code,
    "text": _parse_text,
    "date": _parse_date,
    "integer": _parse_integer,
    "number": _parse_number,
    "limited": _parse_limited,
    "choice": _parse_choice,
    "flag": _parse_flag,
}

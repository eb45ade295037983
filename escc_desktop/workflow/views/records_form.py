"""Forms of a record, built from the columns of the tables: fields, rows, and what is asked or wrong at each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.cells import Limited, parse_cell
from escc_desktop.trial.columns import Column, analytes
from escc_desktop.trial.ctcae import terms
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.workflow.records_change import changes_between
from escc_desktop.workflow.records_rows import (
    SHEETS,
    Cells,
    Finding,
    check_cells,
    entered_columns,
    key_names,
    key_of,
    read_rows,
    settle,
)
from escc_desktop.workflow.views.records_words import column_label, table_title, value_words

TABS: Final = (
    "eligibility", "patients", "labs", "treatments", "visits", "lesions", "adverse_events", "survival",
)  # fmt: skip


# Rows as typed, the reason, the rows they were typed over.
Typed = tuple[tuple[Cells, ...], str, tuple[Cells, ...]]


@dataclass(frozen=True)
class Field:
    """One column as it is entered.

    Attributes
    ----------
    kind
        The column's type: code, text, date, integer, number, limited, choice or flag.
    choices
        Words that may be chosen, each with how it is said.
    tip
        Help, unit, range: what may stand in it.
    """

    name: str
    label: str
    kind: str
    unit: str
    choices: tuple[tuple[str, str], ...]
    is_required: bool
    tip: str

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self.kind in {"integer", "number", "limited"}


@dataclass(frozen=True)
class Form:
    """One table of a patient.

    Attributes
    ----------
    is_sheet
        One row, shown field below field.
    rows
        As they are in the record.
    typed
        What was typed and not saved, with its reason, the rows it was typed over; None where nothing was.
    """

    table: str
    title: str
    fields: tuple[Field, ...]
    is_sheet: bool
    rows: tuple[Cells, ...]
    typed: Typed | None = None


@dataclass(frozen=True)
class Fix:
    """A way to settle a mark: what the button says, and the cells it fills, in which table."""

    words: str
    table: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Mark:
    """What is wrong, asked or worth knowing at a cell.

    Attributes
    ----------
    row
        In the rows that were checked; -1 where it lies in another table.
    tone
        "danger" for a fault, "warning" for a question, "secondary" for a note.
    """

    row: int
    column: str
    tone: str
    where: str
    what: str
    fixes: tuple[Fix, ...] = ()


def make_form(table: str, rows: Sequence[Cells], typed: Typed | None) -> Form:
    """Return the form of a table."""
    fields = tuple(map(_field, entered_columns(table)))
    shown = tuple(rows) or (({},) if table in SHEETS else ())
    return Form(table, table_title(table), fields, table in SHEETS, shown, typed)


def is_blank(form: Form, row: Cells) -> bool:
    """Return whether nothing was entered in a row."""
    return not any(row.get(field.name, "").strip() for field in form.fields)


def settled(table: str, row: Cells) -> dict[str, str]:
    """Return a row as it would be saved."""
    return settle(table, row)


def choices_of(field: Field, row: Cells) -> tuple[tuple[str, str], ...]:
    """Return what may be chosen in a field of this row: the units a test is reported in, the words of a choice."""
    analyte = analytes().get(row.get("analyte", ""))
    if field.name == "unit" and analyte is not None:
        return tuple((unit, unit) for unit in dict.fromkeys((analyte.unit, *analyte.units)))
    return field.choices


def suggestions_of(field: Field) -> tuple[str, ...]:
    """Return words offered while a text is typed, which need not be taken."""
    return tuple(terms()) if field.name == "term" else ()


def overwrites(table: str, base: Sequence[Cells], rows: Sequence[Cells]) -> int:
    """Return how many values that were there change: with any, saving asks for a reason."""
    after = [settle(table, row) for row in rows]
    return sum(bool(one.old) for one in changes_between({table: tuple(base)}, {table: tuple(after)}))


def check_form(patient_id: str, tables: Mapping[str, tuple[Cells, ...]], table: str) -> tuple[Mark, ...]:
    """Return every mark of a table's rows, as they stand in `tables` among the others; faults first."""
    _record, findings = read_rows(patient_id, tables)
    marks = [_mark(one, table, tables) for one in findings if one.table == table or one.is_fault]
    if table == "labs":
        marks.extend(_notes(tables[table]))
    order = ("danger", "warning", "secondary")
    return tuple(sorted(marks, key=lambda mark: (order.index(mark.tone), mark.row)))


def check_second(table: str, rows: Sequence[Cells]) -> tuple[Mark, ...]:
    """Return the faults within single cells of a second entry, which is not compared with anything yet."""
    faults = [one for one in check_cells(table, rows) if one.is_fault]
    return tuple(_mark(one, table, {table: tuple(rows)}) for one in faults)


def _field(column: Column) -> Field:
    choices = tuple((value, value_words(column.name, value)) for value in column.values)
    if column.name == "criterion":
        choices = tuple((one.code, f"{one.code}  {one.words}") for one in load_protocol().criteria)
    return Field(
        column.name, column_label(column.name), column.type, column.unit, choices, column.required, _tip(column)
    )


def _tip(column: Column) -> str:
    lines = [_(column.help)] if column.help else []
    if column.plausible:
        low, high = column.plausible
        lines.append(_("Usually {low:g} to {high:g}").format(low=low, high=high))
    if column.type == "date":
        lines.append(_("YYYY-MM-DD"))
    if column.type == "limited":
        lines.append(_("< or > before a detection limit"))
    if column.required:
        lines.append(_("Needed"))
    return "\n".join(lines)


def _mark(one: Finding, table: str, tables: Mapping[str, tuple[Cells, ...]]) -> Mark:
    tone = "danger" if one.is_fault else "warning"
    rows = tables.get(one.table, ())
    row = rows[one.row] if one.row < len(rows) else {}
    where = place_words(one.table, key_of(one.table, row), one.column, with_table=one.table != table)
    fixes = _fixes(one, row, tables)
    what = _readings(row) if one.code == "unit" and one.table == "labs" else one.what
    return Mark(one.row if one.table == table else -1, one.column, tone, where, what, fixes)


def place_words(table: str, key: Sequence[str], column: str, *, with_table: bool = True) -> str:
    """Return a cell's place as people say it: table, row, field."""
    named = zip(key_names(table), key, strict=False)
    row = " ".join(value.upper() if name == "analyte" else value_words(name, value) for name, value in named)
    parts = (table_title(table) if with_table else "", row.strip(), column_label(column) if column else "")
    return ", ".join(part for part in parts if part)


def _fixes(one: Finding, row: Cells, tables: Mapping[str, tuple[Cells, ...]]) -> tuple[Fix, ...]:
    if one.table == "labs" and one.code in {"unit", "implausible"}:
        checked = Fix(_("It is {unit}, checked").format(unit=row.get("unit", "")), "labs", {"confirmed": "yes"})
        other = _other_unit(row)
        return (*((Fix(_("It is {unit}").format(unit=other), "labs", {"unit": other}),) if other else ()), checked)
    day, contact = row.get(one.column, ""), next(iter(tables.get("survival", ())), {})
    is_later = contact.get("status") != "dead" and day > contact.get("last_contact_date", "") > ""
    if one.is_fault and is_later and one.column in _DATED.get(one.table, ()):
        return (Fix(_("Last contact was {day}").format(day=day), "survival", {"last_contact_date": day}),)
    return ()


_DATED: Final = {
    "labs": ("date",), "treatments": ("start_date",), "visits": ("date",), "lesions": ("date",),
    "adverse_events": ("start_date",),
}  # fmt: skip


def _number(row: Cells) -> float | None:
    value, _said = parse_cell(row.get("value", ""), Column("value", "limited"))
    return value.value if isinstance(value, Limited) else None


def _other_unit(row: Cells) -> str:
    analyte, number = analytes().get(row.get("analyte", "")), _number(row)
    if analyte is None or number is None:
        return ""
    return analyte.lookalike(number, row.get("unit", "")) or ""


def _readings(row: Cells) -> str:
    """Say both readings of a value that is hardly possible in its unit."""
    analyte, number, other = analytes()[row["analyte"]], _number(row), _other_unit(row)
    if number is None or not other:
        return ""
    as_is, as_other = (analyte.convert(number, unit) for unit in (row["unit"], other))
    return _(
        "Is {name} in {other}? {value:g} {unit} is {as_is:.3g} {own}, hardly possible; {value:g} {other} would be "
        "{as_other:.3g} {own}. Nothing is converted."
    ).format(
        name=analyte.name, other=other, value=number, unit=row["unit"], as_is=as_is, own=analyte.unit,
        as_other=as_other,
    )  # fmt: skip


def _notes(rows: Sequence[Cells]) -> list[Mark]:
    notes = []
    for place, row in enumerate(rows):
        missing = [column_label(name) for name in ("uln", "method") if not row.get(name)]
        if missing and row.get("analyte"):
            words = _("{fields} not given: grades and limits rest on them.").format(fields=", ".join(missing))
            where = place_words("labs", key_of("labs", row), "", with_table=False)
            notes.append(Mark(place, "uln" if not row.get("uln") else "method", "secondary", where, words))
    return notes

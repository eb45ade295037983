"""A REDCap project's export as tables of trial records, by a mapping that is data (`resources/trial/redcap.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from escc_desktop.errors import EsccError
from escc_desktop.files import decode_text, read_bytes
from escc_desktop.resources import resource_path
from escc_desktop.trial.columns import TableSpec, table_specs
from escc_desktop.trial.sheets import Found, Sheet

REPEAT: Final = "redcap_repeat_instrument"
_SIGNS: Final = frozenset({"record_id", "redcap_event_name", REPEAT, "redcap_repeat_instance"})
_CHOICE: Final = re.compile(r"\s*([^,]+?)\s*,\s*(.*?)\s*")
_LISTED: Final = 12
_NAME, _TYPE, _CHOICES, _CHECK = (
    "Variable / Field Name",
    "Field Type",
    "Choices, Calculations, OR Slider Labels",
    "Text Validation Type OR Show Slider Number",
)
# The same headings where the dictionary came through the API.
_SHORT: Final = {
    "field_name": _NAME,
    "field_type": _TYPE,
    "select_choices_or_calculations": _CHOICES,
    "text_validation_type_or_show_slider_number": _CHECK,
}
NumberedRows = Sequence[tuple[int, list[str]]]


@dataclass(frozen=True)
class RedcapMapping:
    """Which field is which column, and what its codes mean.

    Attributes
    ----------
    record
        The field that holds the trial code.
    instruments
        The form of each table.
    fields
        By table: the column of each field.
    choices
        By column: the word each code stands for.
    """

    record: str
    instruments: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]]
    choices: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class _Dictionary:
    """What a data dictionary says of the fields: the label of each code, and what dates are checked as."""

    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)


def looks_like_redcap(header: Sequence[str]) -> bool:
    """Whether a header is that of a REDCap export."""
    return bool(_SIGNS & set(header))


def read_mapping(path: Path | None = None) -> RedcapMapping:
    """Read a mapping; without a path, the shipped one.

    Raises
    ------
    EsccError
        It is no TOML, or names a table or column that does not exist.
    """
    source = path or resource_path("trial", "redcap.toml")
    try:
        document = tomllib.loads(decode_text(read_bytes(source), source.name))
    except tomllib.TOMLDecodeError as error:
        raise EsccError(f"{source.name} is no TOML: {error}.", "Start from the shipped redcap.toml.") from None
    record, choices = document.pop("record", "record_id"), document.pop("choices", {})
    strange = [name for name in document if name not in table_specs() or not isinstance(document[name], dict)]
    if strange or not isinstance(record, str) or not _are_words(choices):
        what = f"{', '.join(strange)} is no table" if strange else "record or choices are not as they should be"
        raise EsccError(f"{source.name}: {what}.", f"The tables are {', '.join(table_specs())}.")
    fields = {name: _fields(table_specs()[name], entry, source.name) for name, entry in document.items()}
    instruments = {name: str(entry.get("instrument", name)) for name, entry in document.items()}
    return RedcapMapping(record, instruments, fields, choices)


def _are_words(choices: object) -> bool:
    return isinstance(choices, dict) and all(
        isinstance(words, dict) and all(isinstance(word, str) for word in words.values()) for words in choices.values()
    )


def _fields(spec: TableSpec, entry: Mapping[str, Any], name: str) -> dict[str, str]:
    own = entry.get("fields", {})
    strange = [column for column in own if column not in spec.header] if isinstance(own, dict) else ["fields"]
    if strange:
        raise EsccError(
            f"{name}: {strange[0]} is no column of {spec.name}.", f"Its columns are {', '.join(spec.header)}."
        )
    prefix = str(entry.get("prefix", ""))
    return {str(own.get(column, f"{prefix}{column}")): column for column in spec.header if column != "patient_id"}


def redcap_tables(rows: NumberedRows, dictionary: NumberedRows, mapping: Path | None, found: Found) -> None:
    """Sort the rows of an export into tables; what is wrong or to be asked is added to `found`."""
    known = read_mapping(mapping)
    if not rows:
        return
    (_, header), *body = rows
    if known.record not in header:
        found.fault(f"{found.name}, header", f"column {known.record} is missing; it holds the trial code")
        return
    ragged = [number for number, row in body if len(row) != len(header)]
    for number in ragged:
        found.fault(f"{found.name}, row {number}", f"does not have the {len(header)} cells of the header")
    records = [(number, dict(zip(header, row, strict=True))) for number, row in body if len(row) == len(header)]
    described = _describe(dictionary, found)
    _tell_unmapped(header, records, known, found)
    for name, fields in known.fields.items():
        present = {shown: column for shown, column in fields.items() if shown in header}
        if present:
            _add_table(table_specs()[name], present, records, (known, described), found)
    if not found.sheets and not found.faults:
        raise EsccError(
            f"{found.name} has no field that the mapping names.", "Copy resources/trial/redcap.toml and change it."
        )


def _tell_unmapped(
    header: Sequence[str], records: Sequence[tuple[int, Mapping[str, str]]], known: RedcapMapping, found: Found
) -> None:
    mapped = {shown for fields in known.fields.values() for shown in fields} | {known.record} | _SIGNS
    left = [shown for shown in header if shown not in mapped and not shown.endswith("_complete")]
    if left:
        more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
        what = f"the mapping does not name {', '.join(left[:_LISTED])}{more}; they are not imported"
        found.ask("unmapped_field", found.name, what)
    forms = set(known.instruments.values())
    for form in sorted({row.get(REPEAT, "") for _, row in records} - forms - {""}):
        found.ask("unmapped_form", found.name, f"the mapping does not name the form {form}; it is not imported")


def _add_table(
    spec: TableSpec,
    fields: Mapping[str, str],
    records: Sequence[tuple[int, Mapping[str, str]]],
    known: tuple[RedcapMapping, _Dictionary],
    found: Found,
) -> None:
    mapping, described = known
    form = mapping.instruments[spec.name]
    chosen = [
        (number, row)
        for number, row in records
        if row.get(REPEAT, "") in {"", form} and any(row[shown] for shown in fields)
    ]
    if spec.key == ("patient_id",):
        chosen = list(_joined(chosen, mapping.record, fields, found))
    if not chosen:
        return
    for shown, column in fields.items():
        is_date = next(one.type for one in spec.columns if one.name == column) == "date"
        check = described.checks.get(shown)
        if is_date and check is not None and not check.startswith("date"):
            found.ask("field_type", found.name, f"the data dictionary does not check {shown} as a date")

    def cells(row: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(_word(row[shown], shown, column, mapping, described) for shown, column in fields.items())

    rows = tuple((row[mapping.record], *cells(row)) for _, row in chosen)
    means = {mapping.record: "patient_id", **fields}
    header, numbers = (mapping.record, *fields), tuple(number for number, _ in chosen)
    found.add(Sheet(spec.name, found.name, header, rows, numbers, means=means), spec.name)


def _joined(
    rows: Sequence[tuple[int, Mapping[str, str]]], record: str, fields: Mapping[str, str], found: Found
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield one row a patient out of the rows of its events; two events that disagree are a fault."""
    joined: dict[str, tuple[int, dict[str, str]]] = {}
    for number, row in rows:
        first, cells = joined.setdefault(row[record], (number, dict(row)))
        for shown in fields:
            if row[shown] and cells[shown] and row[shown] != cells[shown]:
                found.fault(f"{found.name}, row {number}, column {shown}", f"is another value than in row {first}")
            cells[shown] = cells[shown] or row[shown]
    yield from joined.values()


def _word(cell: str, shown: str, column: str, mapping: RedcapMapping, described: _Dictionary) -> str:
    """Return what a code means: by the mapping, else by the data dictionary, else itself."""
    word = mapping.choices.get(column, {}).get(cell) or described.labels.get(shown, {}).get(cell)
    return cell if word is None else word


def _describe(rows: NumberedRows, found: Found) -> _Dictionary:
    if not rows:
        return _Dictionary()
    (_, header), *body = rows
    names = [_SHORT.get(shown, shown) for shown in header]
    if _NAME not in names or _CHOICES not in names:
        found.ask("data_dictionary", found.name, "the file beside it is no data dictionary; codes keep their numbers")
        return _Dictionary()
    described = [dict(zip(names, row, strict=False)) for _, row in body]
    labels = {one[_NAME]: _labels(one) for one in described}
    return _Dictionary(labels, {one[_NAME]: one.get(_CHECK, "") for one in described if _CHECK in one})


def _labels(described: Mapping[str, str]) -> dict[str, str]:
    kind = described.get(_TYPE, "")
    if kind in {"yesno", "truefalse"}:
        return {"1": "yes", "0": "no"}
    if kind not in {"radio", "dropdown"}:
        return {}
    parts = (_CHOICE.fullmatch(part) for part in described.get(_CHOICES, "").split("|"))
    return {match[1]: match[2] for match in parts if match}

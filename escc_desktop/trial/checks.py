"""What the tables of a RECORDS_DIR must agree on: keys, patients, the order of dates, sums and units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TypeVar

from escc_desktop.trial.cells import Limited, Value
from escc_desktop.trial.columns import analytes, table_specs

BASELINE_SCAN_DAYS = 28
BILIRUBIN_TOLERANCE_UMOL_PER_L = 0.5

T = TypeVar("T")


@dataclass(frozen=True)
class Remark:
    """A finding with its place: a question to confirm, or a fault.

    Attributes
    ----------
    code
        A stable word for the kind ("unit", "implausible", "comma_decimal", ...).
    row
        Counted as a spreadsheet does, the header being row 1; None for the whole file.
    """

    code: str
    file: str
    row: int | None
    column: str
    what: str
    is_fault: bool = False

    @property
    def where(self) -> str:
        """The place in words."""
        row = "" if self.row is None else ", header" if self.row == 1 else f", row {self.row}"
        return f"{self.file}{row}" + (f", column {self.column}" if self.column else "")

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Row:
    """One parsed row; a refused or empty cell has no value.

    Attributes
    ----------
    file
        The name of its table's file.
    number
        As a spreadsheet counts; negative for a row that is in the project and in no file.
    place
        What messages call the file, where it is not `file`.
    """

    file: str
    number: int
    values: Mapping[str, Value]
    place: str = ""

    def get(self, column: str) -> Value:
        """Return a cell's value, or None."""
        return self.values.get(column)

    def day(self, column: str) -> date:
        """Return a cell known to hold a date."""
        return _typed(self.get(column), date)

    def text(self, column: str) -> str:
        """Return a cell known to hold text."""
        return _typed(self.get(column), str)

    def count(self, column: str) -> int:
        """Return a cell known to hold a whole number."""
        return _typed(self.get(column), int)

    def limited(self, column: str) -> Limited:
        """Return a cell known to hold a number or a detection limit."""
        return _typed(self.get(column), Limited)

    def date_or_none(self, column: str) -> date | None:
        """Return a date, or None where the cell is empty or was refused."""
        value = self.get(column)
        return value if isinstance(value, date) else None

    def number_or_none(self, column: str) -> float | None:
        """Return a number, or None where the cell is empty or was refused."""
        value = self.get(column)
        if isinstance(value, Limited):
            return None if value.limit else value.value
        return float(value) if isinstance(value, int | float) else None

    def fault(self, column: str, what: str) -> Remark:
        """Return a fault at a cell of this row."""
        return replace(self.question("fault", column, what), is_fault=True)

    def question(self, code: str, column: str, what: str) -> Remark:
        """Return a question about a cell of this row."""
        return Remark(code, self.place or self.file, self.number if self.number > 0 else None, column, what)


Tables = Mapping[str, Sequence[Row]]


def check_rows(tables: Tables) -> Iterator[Remark]:
    """Yield everything that does not fit together, table by table."""
    for name, rows in tables.items():
        yield from _repeated(rows, table_specs()[name].key)
    yield from _strangers(tables)
    starts = {row.text("patient_id"): row.date_or_none("start_date") for row in _identified(tables["patients"])}
    ends = {row.text("patient_id"): row.date_or_none("last_contact_date") for row in _identified(tables["survival"])}
    for row in tables["survival"]:
        yield from _check_survival(row, starts)
    for name, column in _DATED.items():
        for row in tables[name]:
            yield from _check_dates(row, column, starts, ends)
    for row in tables["patients"]:
        yield from _check_sites(row)
    yield from _check_visits(tables["visits"], starts)
    yield from _check_lesions(tables["lesions"])
    yield from _check_deaths(tables)
    yield from _check_labs(tables["labs"])


def lab_questions(rows: Sequence[Row]) -> dict[int, str]:
    """Return the code of the open question of each lab row that has one, by row number."""
    return {row.number: remark.code for row in rows for remark in _lab_question(row)}


_DATED = {
    "labs": "date",
    "treatments": "start_date",
    "visits": "date",
    "lesions": "date",
    "adverse_events": "start_date",
}


def _identified(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row.get("patient_id") is not None)


def _repeated(rows: Sequence[Row], key: tuple[str, ...]) -> Iterator[Remark]:
    first: dict[tuple[Value, ...], int] = {}
    for row in rows:
        found = tuple(row.get(column) for column in key)
        if None in found:
            continue
        if found in first:
            words = ", ".join(str(value) for value in found)
            where = f"in row {first[found]}" if first[found] > 0 else "in the project"
            yield row.fault(key[-1], f"{words} stands {where} already")
        first.setdefault(found, row.number)


def _strangers(tables: Tables) -> Iterator[Remark]:
    known = {row.get("patient_id") for row in tables["patients"]}
    for name, rows in tables.items():
        if name == "patients":
            continue
        for row in _identified(rows):
            # Who was looked at and not enrolled has no record.
            is_apart = name == "screening" and row.get("outcome") != "enrolled"
            if row.get("patient_id") not in known and not is_apart:
                yield row.fault("patient_id", f"{row.get('patient_id')} is not in patients.csv")
    followed = {row.get("patient_id") for row in tables["survival"]}
    for row in _identified(tables["patients"]):
        if tables["survival"] and row.get("patient_id") not in followed:
            yield row.fault("patient_id", f"{row.get('patient_id')} has no row in survival.csv")


def _check_survival(row: Row, starts: Mapping[str, date | None]) -> Iterator[Remark]:
    start = starts.get(str(row.get("patient_id")))
    contact, death = row.date_or_none("last_contact_date"), row.date_or_none("death_date")
    for column in ("last_contact_date", "death_date", "next_therapy_date"):
        day = row.date_or_none(column)
        if start and day and day < start:
            yield row.fault(column, f"{day} lies before day 1 ({start}): the time would be negative")
    status = row.get("status")
    if status == "dead" and death is None and "death_date" in row.values:
        yield row.fault("death_date", "is empty although the patient is dead")
    if status in {"alive", "lost"} and death is not None:
        yield row.fault("status", f"is {status} although death_date is {death}")
    if death and contact and contact > death:
        yield row.fault("last_contact_date", f"{contact} lies after the death ({death})")


def _check_dates(
    row: Row, column: str, starts: Mapping[str, date | None], ends: Mapping[str, date | None]
) -> Iterator[Remark]:
    code, day = str(row.get("patient_id")), row.date_or_none(column)
    start, end = starts.get(code), ends.get(code)
    if day and end and day > end:
        yield row.fault(column, f"{day} lies after the last contact ({end})")
    if day and start and day < start:
        if row.file == "treatments.csv":
            yield row.fault(column, f"{day} lies before day 1 ({start})")
        elif row.file == "adverse_events.csv":
            yield row.question("before_start", column, f"{day} lies before day 1 ({start})")
    stop = row.date_or_none("end_date")
    if day and stop and stop < day:
        yield row.fault("end_date", f"{stop} lies before {column} ({day})")


def _check_sites(row: Row) -> Iterator[Remark]:
    columns = ("metastasis_liver", "metastasis_lung", "metastasis_lymph_node", "metastasis_other_sites")
    total, parts = row.number_or_none("n_metastatic_sites"), [row.number_or_none(column) for column in columns]
    if total is None or None in parts:
        return
    by_location = sum(part for part in parts if part is not None)
    if total != by_location:
        yield row.question(
            "site_sum", "n_metastatic_sites", f"is {total:g}, but the sites by location add up to {by_location:g}"
        )


def _check_visits(rows: Sequence[Row], starts: Mapping[str, date | None]) -> Iterator[Remark]:
    for row in rows:
        number, day = row.number_or_none("visit"), row.date_or_none("date")
        start = starts.get(str(row.get("patient_id")))
        if number is None or day is None:
            continue
        yield from _check_visit(row, int(number), (day - start).days if start else None)
    yield from _check_visit_order(rows)


def _check_visit(row: Row, number: int, days: int | None) -> Iterator[Remark]:
    if number == 0 and row.get("response") is not None:
        yield row.fault("response", "visit 0 is the baseline and has no response")
    if number > 0 and row.get("response") is None and "response" in row.values:
        yield row.fault("response", "is empty; write NE if the scan could not be evaluated")
    if days is None:
        return
    if number > 0 and days <= 0:
        yield row.fault("date", f"visit {number} lies {-days} days before day 1: the time would be negative")
    if number == 0 and not -BASELINE_SCAN_DAYS <= days <= 0:
        yield row.question("baseline_scan", "date", f"the baseline lies on day {days}, not in the 28 days before day 1")


def _check_visit_order(rows: Sequence[Row]) -> Iterator[Remark]:
    dated = [row for row in rows if row.date_or_none("date") and row.number_or_none("visit") is not None]
    dated.sort(key=lambda row: (str(row.get("patient_id")), row.count("visit")))
    for earlier, later in pairwise(dated):
        if earlier.get("patient_id") == later.get("patient_id") and later.day("date") <= earlier.day("date"):
            yield later.fault(
                "date",
                f"visit {later.count('visit')} ({later.day('date')}) does not lie after "
                f"visit {earlier.count('visit')} ({earlier.day('date')})",
            )


def _check_lesions(rows: Sequence[Row]) -> Iterator[Remark]:
    for row in rows:
        is_node = row.get("site") in {"regional_node", "distant_node"}
        if row.get("axis") is not None and is_node != (row.get("axis") == "short"):
            expected = "short" if is_node else "long"
            yield row.question("axis", "axis", f"{row.get('site')} is measured by its {expected} axis in RECIST 1.1")


def _check_deaths(tables: Tables) -> Iterator[Remark]:
    dead = {row.get("patient_id") for row in tables["survival"] if row.get("status") == "dead"}
    for row in tables["adverse_events"]:
        if row.get("grade") == 5 and row.get("patient_id") not in dead:
            yield row.fault("grade", "is 5 (death), but survival.csv says the patient is not dead")


def _check_labs(rows: Sequence[Row]) -> Iterator[Remark]:
    for row in rows:
        yield from _lab_fault(row)
        yield from _lab_question(row)
    yield from _check_bilirubin(rows)


def _lab_fault(row: Row) -> Iterator[Remark]:
    analyte, unit = analytes().get(str(row.get("analyte"))), row.get("unit")
    if analyte and unit is not None and unit not in (analyte.unit, *analyte.units):
        yield row.fault(
            "unit", f"{unit} is no unit of {analyte.name}; use {' or '.join((analyte.unit, *analyte.units))}"
        )
    low, high = row.number_or_none("lln"), row.number_or_none("uln")
    if low is not None and high is not None and low >= high:
        yield row.fault("uln", f"{high:g} does not lie above lln {low:g}")


def _lab_question(row: Row) -> Iterator[Remark]:
    value, unit = row.number_or_none("value"), row.get("unit")
    analyte = analytes().get(str(row.get("analyte")))
    if value is None or analyte is None or unit not in (analyte.unit, *analyte.units) or row.get("confirmed") is True:
        return
    other = analyte.lookalike(value, str(unit))
    if other:
        yield row.question(
            "unit",
            "value",
            f"{value:g} {unit} is hardly possible for {analyte.name}; is it in {other}? "
            f"Correct the unit, or write yes under confirmed. Nothing is converted",
        )
    elif not analyte.is_plausible(analyte.convert(value, str(unit))):
        yield row.question("implausible", "value", f"{value:g} {unit} is hardly possible for {analyte.name}")


def _check_bilirubin(rows: Sequence[Row]) -> Iterator[Remark]:
    """Total = direct + indirect, on one day, where no value has an open question of its own."""
    draws: dict[tuple[Value, Value], dict[str, tuple[Row, float]]] = {}
    asked = lab_questions(rows)
    for row in rows:
        value, analyte = row.number_or_none("value"), analytes().get(str(row.get("analyte")))
        if value is None or analyte is None or analyte.code not in _BILIRUBIN or row.number in asked:
            continue
        if row.get("unit") in (analyte.unit, *analyte.units):
            day = (row.get("patient_id"), row.get("date"))
            draws.setdefault(day, {})[analyte.code] = (row, analyte.convert(value, str(row.get("unit"))))
    for draw in draws.values():
        if len(draw) < len(_BILIRUBIN):
            continue
        (row, total), (_, direct), (_, indirect) = (draw[code] for code in _BILIRUBIN)
        if abs(total - direct - indirect) > BILIRUBIN_TOLERANCE_UMOL_PER_L:
            yield row.question(
                "bilirubin_sum",
                "value",
                f"total bilirubin is {total:.4g} umol/L, but direct and indirect add up to {direct + indirect:.4g}",
            )


_BILIRUBIN = ("tbil", "dbil", "ibil")


def _typed(value: Value, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, {type(value).__name__} found")
    return value

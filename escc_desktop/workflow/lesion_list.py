"""Tables a coordinator hands over: marked lesions, and trial codes for hospital numbers. All faults at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.files import CsvTable, read_csv
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import LESION, PLAN, PLAN_ID, SERIES, THUMBNAIL, VOLUME, volume_geometry
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.trial.cells import CellRefused, Value, parse_cell
from escc_desktop.trial.columns import Column
from escc_desktop.workflow.thumbnails import make_thumbnail, thumbnail_document

_POINT = ("x_mm", "y_mm", "z_mm")
LESION_COLUMNS = (
    Column("patient_id", "code", required=True),
    Column("lesion_id", "code", required=True),
    Column("site", "choice", required=True, values=tuple(LesionSite)),
    Column("role", "choice", required=True, values=tuple(LesionRole)),
    Column("irradiated", "flag", required=True, values=("yes", "no")),
    *(Column(name, "number", required=True, unit="mm") for name in _POINT),
    Column("series_uid", "text", required=True),
)
CODE_COLUMNS = (Column("patient_id", "text", required=True), Column("trial_code", "code", required=True))


def read_lesions(path: Path) -> tuple[Lesion, ...]:
    """Read lesions marked by a point, one a row, points in mm (LPS).

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        Everything else that is wrong with it, at once.
    """
    table = read_csv(path)
    rows = _rows(table, LESION_COLUMNS, ("patient_id", "lesion_id"))
    return tuple(
        Lesion(
            str(row["lesion_id"]),
            str(row["patient_id"]),
            LesionSite(str(row["site"])),
            LesionRole(str(row["role"])),
            row["irradiated"] is True,
            (_float(row["x_mm"]), _float(row["y_mm"]), _float(row["z_mm"])),
            str(row["series_uid"]),
        )
        for row in rows
    )


def read_codes(path: Path) -> dict[str, str]:
    """Read the trial code of each PatientID of the images; two ids may share a code, an id has one.

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        Everything else that is wrong with it, at once.
    """
    rows = _rows(read_csv(path), CODE_COLUMNS, ("patient_id",))
    return {str(row["patient_id"]): str(row["trial_code"]) for row in rows}


def store_lesions(store: Store, principal: Principal, lesions: Sequence[Lesion]) -> None:
    """Store lesions marked by a point, with the pictures of their series; none once the readings are planned."""
    if store.find(PLAN, PLAN_ID) is not None:
        raise EsccError("The readings are planned already.", "Lesions are marked before anyone reads.")
    _refuse_misplaced(store, lesions)
    with store.write(principal, "mark lesions") as writing:
        for lesion in lesions:
            writing.put(LESION, lesion)
        for picture in _thumbnails(store, lesions):
            writing.put(THUMBNAIL, picture)


def _refuse_misplaced(store: Store, lesions: Sequence[Lesion]) -> None:
    """Raise FaultsError with every lesion whose point lies in no imported series of its patient."""
    faults = [
        Fault(f"lesion {lesion.lesion_id} of patient {lesion.patient_id}", reason)
        for lesion in lesions
        if (reason := _why_misplaced(store, lesion))
    ]
    if faults:
        raise FaultsError(
            f"The lesions cannot be marked: {faults[0]}{_more(faults)}.",
            faults,
            "Mark points inside imported series of the patient (x, y, z in mm, LPS); nothing was marked.",
        )


def _why_misplaced(store: Store, lesion: Lesion) -> str:
    series = store.find(SERIES, lesion.series_uid)
    if series is None or series.content["patient_id"] != lesion.patient_id:
        return "its series is not an imported one of this patient"
    geometry = volume_geometry(store.detach(VOLUME, series.content["volume"]).document)
    index = geometry.to_index(np.array([lesion.point_mm]))[0]
    is_inside = bool(np.all((index >= -0.5) & (index <= np.array(geometry.size) - 0.5)))
    return "" if is_inside else "its point lies outside the images"


def _thumbnails(store: Store, lesions: Sequence[Lesion]) -> Iterator[Document]:
    """Yield, for each series lesions were marked on, its picture anew: the slice of the first of them."""
    first = {lesion.series_uid: lesion for lesion in reversed(lesions)}
    for series_uid, lesion in first.items():
        volume = store.get(VOLUME, store.get(SERIES, series_uid).content["volume"])
        yield thumbnail_document(series_uid, make_thumbnail(volume, lesion.point_mm))


def _more(faults: Sequence[Fault]) -> str:
    return f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""


def _rows(table: CsvTable, columns: Sequence[Column], key: Sequence[str]) -> list[dict[str, Value]]:
    """Return the parsed cells of every row, or all that is wrong with the table."""
    faults = list(_header_faults(table, columns))
    rows: list[dict[str, Value]] = []
    if not faults:
        rows = [_parse_row(table, index, columns, faults) for index in range(len(table.rows))]
        faults += _repeats(table, key)
    if faults:
        raise FaultsError(
            f"{table.name} has faults: {faults[0]}{_more(faults)}.",
            faults,
            "Mend all and try again; nothing was taken over.",
        )
    return rows


def _header_faults(table: CsvTable, columns: Sequence[Column]) -> Iterator[Fault]:
    names = [column.name for column in columns]
    for name in names:
        if name not in table.header:
            yield Fault(f"{table.name}, header", f"column {name} is missing")
    for name in table.header:
        if name not in names:
            yield Fault(f"{table.name}, header", f"column {name} is unknown")


def _parse_row(table: CsvTable, index: int, columns: Sequence[Column], faults: list[Fault]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for column in columns:
        cell = table.rows[index][table.header.index(column.name)]
        try:
            values[column.name], notes = parse_cell(cell, column)
        except CellRefused as refusal:
            faults.append(Fault(table.place(index, column.name), str(refusal)))
            continue
        # Nobody is asked here, so what raises a question is refused; a code that looks like a name is one.
        faults += [Fault(table.place(index, column.name), note.what) for note in notes if column.type != "text"]
    return values


def _repeats(table: CsvTable, key: Sequence[str]) -> Iterator[Fault]:
    found = list(zip(*(table.column(name) for name in key), strict=True))
    counts = Counter(found)
    for index, cells in enumerate(found):
        if counts[cells] > 1:
            yield Fault(table.place(index, key[-1]), f"{' '.join(cells)} stands more than once")


def _float(value: Value) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a number column holds numbers")
    return float(value)

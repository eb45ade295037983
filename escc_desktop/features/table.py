"""Feature values of one region, and of many regions as a table with its file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.names import parse_feature_name
from escc_desktop.features.params import UsedParams
from escc_desktop.files import CsvTable, read_csv, read_json, write_csv
from escc_desktop.progress import Progress

KEY_COLUMNS: Final = ("patient_id", "lesion_id", "site", "reader", "occasion")
READERS: Final = ("A", "B")
OCCASIONS: Final = ("first", "repeat")


@dataclass(frozen=True, eq=False)
class FeatureVector:
    """The values of one region.

    Attributes
    ----------
    values
        float64 (n,), finite, read-only.
    names
        The n names, without phase.
    provenance
        What the values rest on: digests, engine, settings, pixel type; JSON types only.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values, (len(self.names),)))


@dataclass(frozen=True, order=True)
class RoiKey:
    """Whose region it is and who drew it when.

    Attributes
    ----------
    patient_id, lesion_id, site
        Trial codes; lesion and site may be empty where there is one lesion a patient.
    reader
        A or B.
    occasion
        first or repeat.
    """

    patient_id: str
    lesion_id: str
    site: str
    reader: str
    occasion: str

    @property
    def reading(self) -> tuple[str, str, str, str]:
        """What may stand in a table only once: patient, lesion, reader, occasion."""
        return self.patient_id, self.lesion_id, self.reader, self.occasion


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The values of many regions.

    Attributes
    ----------
    keys
        One a row.
    names
        One a column, with phase (``A_original_shape_Elongation``).
    values
        float64 (rows, columns), finite, read-only.
    scans
        How the image of each row was made; empty where nothing is known of any.
    used
        With which settings each row was computed; empty where nothing is known of any.
    """

    keys: tuple[RoiKey, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    scans: tuple[ScanFacts, ...] = ()
    used: tuple[UsedParams | None, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values, (len(self.keys), len(self.names))))
        for facts in (self.scans, self.used):
            if facts and len(facts) != len(self.keys):
                raise ValueError(f"{len(facts)} facts for {len(self.keys)} rows")

    def select(self, reader: str | None = None, occasion: str | None = None) -> Self:
        """Return the rows of a reader, of an occasion, or of both."""
        rows = [
            row
            for row, key in enumerate(self.keys)
            if reader in {None, key.reader} and occasion in {None, key.occasion}
        ]
        return self.take(rows)

    def take(self, rows: Sequence[int]) -> Self:
        """Return these rows, in that order."""
        keys, scans = tuple(self.keys[row] for row in rows), tuple(self.scans[row] for row in rows if self.scans)
        used = tuple(self.used[row] for row in rows if self.used)
        return type(self)(keys, self.names, self.values[list(rows)], scans, used)

    def only(self, names: Sequence[str]) -> Self:
        """Return the columns named, in that order.

        Raises
        ------
        EsccError
            Some are not in the table.
        """
        place = {name: column for column, name in enumerate(self.names)}
        missing = [name for name in names if name not in place]
        if missing:
            raise EsccError(
                f"{len(missing)} features are not in the table, the first is {missing[0]}.",
                "Extract them again or choose the table the names come from.",
            )
        return replace(self, names=tuple(names), values=self.values[:, [place[name] for name in names]])


def _frozen(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"feature values of shape {array.shape} where {shape} finite ones belong")
    array.flags.writeable = False
    return array


def read_feature_table(path: Path, required: Sequence[str] = ()) -> FeatureTable:
    """Read a wide table of features.

    Parameters
    ----------
    path
        CSV with the columns `KEY_COLUMNS` and one a feature, with phase; what its sidecar says of images and
        settings goes along.
    required
        Features it must have.

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        Everything else that is wrong with it, at once: columns missing or unknown, words, cells that are no finite
        numbers, readings that stand twice.
    """
    table = read_csv(path)
    missing = [name for name in (*KEY_COLUMNS, *required) if name not in table.header]
    faults = [Fault(f"{table.name}, header", f"column {name} is missing") for name in missing]
    names = tuple(name for name in table.header if name not in KEY_COLUMNS)
    faults += _name_faults(table, names)
    if not any(name in KEY_COLUMNS for name in missing):
        faults += key_faults(table)
    values, bad_cells = _values(table, names)
    faults += bad_cells
    if faults:
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise FaultsError(
            f"{table.name} is no valid feature table: {faults[0]}{more}.", faults, "Mend all and try again."
        )
    keys = tuple(read_keys(table))
    return table_of(keys, names, values, list(_provenances(path, keys)))


def table_of(
    keys: Sequence[RoiKey],
    names: Sequence[str],
    values: NDArray[np.float64],
    provenances: Sequence[Mapping[str, Any]],
) -> FeatureTable:
    """Return a table with what the provenance of each row says of its image and settings."""
    scans = tuple(ScanFacts.of(provenance) for provenance in provenances)
    used = tuple(UsedParams.of(provenance) for provenance in provenances)
    return FeatureTable(
        tuple(keys),
        tuple(names),
        values,
        scans if any(scan.is_known for scan in scans) else (),
        used if any(used) else (),
    )


def _provenances(path: Path, keys: Sequence[RoiKey]) -> Iterator[Mapping[str, Any]]:
    """Yield what the table's sidecar says of each row: what all share, and its own; nothing without a sidecar."""
    try:
        sidecar = read_json(path.with_name(f"{path.name}.json"))
    except EsccError:
        sidecar = None
    shared = sidecar if isinstance(sidecar, dict) else {}
    rows = shared.get("rows")
    known = {
        tuple(row.get(name) for name in ("patient_id", "lesion_id", "reader", "occasion")): row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    }
    return ({**shared, **known.get(key.reading, {})} for key in keys)


def _name_faults(table: CsvTable, names: Sequence[str]) -> Iterator[Fault]:
    if not names:
        yield Fault(f"{table.name}, header", "there is no feature")
    for name in names:
        try:
            known = parse_feature_name(name).phase != ""
        except EsccError:
            known = False
        if not known:
            yield Fault(
                f"{table.name}, header", f"column {name} is no feature with its phase, such as A_original_glcm_Idm"
            )


def read_keys(table: CsvTable) -> Iterator[RoiKey]:
    """Return the key of each row; columns that are absent are empty."""
    columns = [table.column(name) if name in table.header else ("",) * len(table.rows) for name in KEY_COLUMNS]
    return (RoiKey(*cells) for cells in zip(*columns, strict=True))


def key_faults(table: CsvTable) -> Iterator[Fault]:
    """Return what is wrong with the keys of a table: empty patients, unknown words, readings that stand twice."""
    first_row: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(read_keys(table)):
        if not key.patient_id:
            yield Fault(table.place(row, "patient_id"), "is empty")
        if key.reader not in READERS:
            yield Fault(table.place(row, "reader"), f"{key.reader!r} is neither A nor B")
        if key.occasion not in OCCASIONS:
            yield Fault(table.place(row, "occasion"), f"{key.occasion!r} is neither first nor repeat")
        earlier = first_row.setdefault(key.reading, row)
        if earlier != row:
            yield Fault(
                f"{table.name}, row {row + 2}", f"the same patient, lesion, reader and occasion as row {earlier + 2}"
            )


def _values(table: CsvTable, names: Sequence[str]) -> tuple[NDArray[np.float64], list[Fault]]:
    columns = [table.header.index(name) for name in names]
    values = np.empty((len(table.rows), len(columns)))
    faults = []
    for row, cells in enumerate(table.rows):
        for column, index in enumerate(columns):
            number = _number(cells[index])
            values[row, column] = number
            if not math.isfinite(number):
                faults.append(Fault(table.place(row, table.header[index]), f"{cells[index]!r} is no finite number"))
    return values, faults


def _number(cell: str) -> float:
    # float() alone would take 1_000 and other scripts' digits.
    if not cell.isascii() or "_" in cell:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return math.nan


def write_feature_table(
    path: Path, table: FeatureTable, provenance: Mapping[str, Any], progress: Progress | None = None
) -> None:
    """Write a wide table whole, with its sidecar ``X.csv.json``.

    Raises
    ------
    EsccError
        It cannot be written.
    Cancelled
        From `progress`, before anything was written.
    """

    def rows() -> Iterator[list[object]]:
        for key, values in zip(table.keys, table.values, strict=True):
            if progress is not None:
                progress.advance(1, 1, f"Writing {path.name}")
            yield [key.patient_id, key.lesion_id, key.site, key.reader, key.occasion, *map(float, values)]

    write_csv(path, (*KEY_COLUMNS, *table.names), rows(), provenance)

"""The list of a cohort's regions: whose each is, and where its files lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.features.roi_files import RoiFiles
from escc_desktop.features.table import KEY_COLUMNS, RoiKey, key_faults, read_keys
from escc_desktop.files import CsvTable, read_csv

NEEDED_COLUMNS: Final = ("patient_id", "reader", "occasion", "image", "mask")
COLUMNS: Final = (*KEY_COLUMNS, "image", "mask", "label")


@dataclass(frozen=True)
class ManifestRow:
    """One line of a manifest; `row` counts the header as 1."""

    row: int
    key: RoiKey
    files: RoiFiles


def read_manifest(path: Path) -> tuple[ManifestRow, ...]:
    """Read a manifest; paths in it are relative to its folder.

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        Everything else that is wrong with it, at once.
    """
    table = read_csv(path)
    faults = list(_manifest_faults(table))
    if faults:
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise FaultsError(f"{table.name} is no valid manifest: {faults[0]}{more}.", faults, "Mend all and try again.")
    folder = path.absolute().parent
    labels = table.column("label") if "label" in table.header else ("",) * len(table.rows)
    cells = zip(read_keys(table), table.column("image"), table.column("mask"), labels, strict=True)
    return tuple(
        ManifestRow(row, key, RoiFiles(folder / image, folder / mask, int(label) if label else None))
        for row, (key, image, mask, label) in enumerate(cells, start=2)
    )


def _manifest_faults(table: CsvTable) -> Iterator[Fault]:
    missing = [name for name in NEEDED_COLUMNS if name not in table.header]
    unknown = [name for name in table.header if name not in COLUMNS]
    yield from (Fault(f"{table.name}, header", f"column {name} is missing") for name in missing)
    yield from (Fault(f"{table.name}, header", f"column {name} is unknown") for name in unknown)
    if not {"patient_id", "reader", "occasion"} & set(missing):
        yield from key_faults(table)
    for column in (name for name in ("image", "mask") if name not in missing):
        empty = (row for row, cell in enumerate(table.column(column)) if not cell)
        yield from (Fault(table.place(row, column), "is empty") for row in empty)
    if "label" in table.header:
        for row, cell in enumerate(table.column("label")):
            if cell and not (cell.isascii() and cell.isdigit() and 0 < int(cell) < 2**31):
                yield Fault(table.place(row, "label"), f"{cell!r} is no whole number from 1")

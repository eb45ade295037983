"""Features of files: one region, or a cohort listed in a manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.features.batch import BatchOptions, Outcome, extract_many
from escc_desktop.features.extract import DEFAULT_ENGINE, make_engine
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.table import (
    KEY_COLUMNS,
    FeatureTable,
    FeatureVector,
    RoiKey,
    key_faults,
    read_keys,
    write_feature_table,
)
from escc_desktop.features.worker import Failure, Task
from escc_desktop.files import CsvTable, csv_text, read_csv, refuse_overwriting, write_csv
from escc_desktop.imaging.exchange import read_mask, read_volume
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress
from escc_desktop.workflow.partial import PartialResults, finished_vectors

NEEDED_COLUMNS: Final = ("patient_id", "reader", "occasion", "image", "mask")
COLUMNS: Final = (*KEY_COLUMNS, "image", "mask", "label")


@dataclass(frozen=True)
class ExtractionChoice:
    """What is to be computed and by what.

    Attributes
    ----------
    params
        Name of shipped settings, or a YAML file.
    engine
        Name of the engine.
    accept
        Codes of questions about the files and of the preflight that were answered with yes.
    """

    params: str = "ct_arterial"
    engine: str = DEFAULT_ENGINE
    accept: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RoiFiles:
    """Where a region lies on disk.

    Attributes
    ----------
    image
        NIfTI, NRRD or MHA file, or a folder with one DICOM CT series.
    mask
        NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.
    label
        Which of several regions in the mask.
    """

    image: Path
    mask: Path
    label: int | None = None


@dataclass(frozen=True)
class FileLoader:
    """Reads the volume and the mask of a task whose `volume_ref` is `RoiFiles`.

    Attributes
    ----------
    accept
        Codes of the warnings about files that were confirmed.
    """

    accept: frozenset[str] = frozenset()

    def __call__(self, task: Task) -> tuple[Volume, Mask]:
        """Return them, the mask on the volume's grid."""
        files: RoiFiles = task.volume_ref
        volume = read_volume(files.image, self.accept)
        return volume, read_mask(files.mask, volume.geometry, files.label, self.accept)


def extract_files(files: RoiFiles, choice: ExtractionChoice, out: Path | None, progress: Progress) -> FeatureVector:
    """Compute the features of one region, and write them as ``feature,value`` if `out` is given.

    The work runs in a child process: it can be stopped at once, and no input takes the program down.

    Raises
    ------
    EsccError
        The input is at fault, or memory does not suffice.
    UsageError
        There is no such engine.
    Cancelled
        From `progress`.
    """
    params = load_params(choice.params)
    make_engine(choice.engine)
    if out is not None:
        _check_output(out, files.image, files.mask)
    task = Task(RoiKey("", "", "", "", ""), files, None)
    options = BatchOptions(engine=choice.engine, accept=choice.accept)
    outcome = extract_many([task], FileLoader(choice.accept), params, options, lambda _outcome: None, progress)[0]
    if outcome.vector is None:
        failure = outcome.failure
        if failure is None or failure.is_defect:
            raise RuntimeError(failure.what if failure else "neither values nor a failure")
        raise EsccError(failure.what, failure.hint)
    if out is not None:
        write_csv(out, ("feature", "value"), _pairs(outcome.vector), outcome.vector.provenance)
    return outcome.vector


def _check_output(out: Path, *inputs: Path) -> None:
    """Refuse before hours of work what could not be written after it."""
    if not out.absolute().parent.is_dir():
        raise EsccError(f"The folder {out.absolute().parent} does not exist.", "Make it or choose another.")
    if out.is_dir() or out.suffix.lower() != ".csv":
        raise EsccError(f"{out} cannot be the output.", "Name a file that ends in .csv.")
    refuse_overwriting(out, *inputs)


def vector_text(vector: FeatureVector) -> str:
    """Return ``feature,value`` as CSV text."""
    return csv_text(("feature", "value"), _pairs(vector))


def _pairs(vector: FeatureVector) -> Iterator[tuple[str, float]]:
    return ((name, float(value)) for name, value in zip(vector.names, vector.values, strict=True))


@dataclass(frozen=True)
class ManifestRow:
    """One line of a manifest; `row` counts the header as 1."""

    row: int
    key: RoiKey
    files: RoiFiles


@dataclass(frozen=True)
class RowFailure:
    """A line of a manifest that gave no values."""

    row: ManifestRow
    failure: Failure


@dataclass(frozen=True, eq=False)
class CohortResult:
    """What became of a manifest.

    Attributes
    ----------
    table
        The rows that succeeded, in the order of the manifest.
    failures
        The others.
    warnings
        What the preflight said, with the row.
    n_reused
        Rows taken over from an earlier run.
    """

    table: FeatureTable
    failures: tuple[RowFailure, ...]
    warnings: tuple[str, ...]
    n_reused: int


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


@dataclass(frozen=True)
class CohortOptions:
    """How a manifest is worked through.

    Attributes
    ----------
    jobs
        Largest number of child processes.
    resume
        Whether rows of an earlier run are taken over whose digests agree.
    """

    jobs: int = 1
    resume: bool = False


def extract_manifest(
    manifest: Path, out: Path, choice: ExtractionChoice, options: CohortOptions, progress: Progress
) -> CohortResult:
    """Compute the features of every region of a manifest into one wide table.

    `out` is written whole with its sidecar when every region was tried; the failures stand in ``X.failed.csv``. What
    is finished meanwhile is kept in ``X.csv.partial``, for `resume` after an interruption.

    Raises
    ------
    EsccError
        The manifest is at fault, or no region could be extracted.
    UsageError
        There is no such engine.
    Cancelled
        From `progress`.
    """
    rows = read_manifest(manifest)
    params = load_params(choice.params)
    make_engine(choice.engine)
    _check_output(out, manifest, *(path for row in rows for path in (row.files.image, row.files.mask)))
    known = finished_vectors(out, params) if options.resume else {}
    tasks = [Task(row.key, row.files, None) for row in rows]
    with PartialResults(out, keep=options.resume) as partial:
        batch = BatchOptions(options.jobs, choice.engine, choice.accept, known.get)
        outcomes = extract_many(tasks, FileLoader(choice.accept), params, batch, partial.add, progress)
        result = _result(rows, outcomes, params)
        _write(out, manifest, result, outcomes, params)
        partial.discard()
    return result


def _result(rows: Sequence[ManifestRow], outcomes: Sequence[Outcome], params: ExtractionParams) -> CohortResult:
    pairs = list(zip(rows, outcomes, strict=True))
    failures = tuple(
        RowFailure(row, _without_folders(row, outcome.failure)) for row, outcome in pairs if outcome.failure
    )
    done = [(row, outcome.vector) for row, outcome in pairs if outcome.vector is not None]
    names = tuple(f"{PHASE_PREFIX}{name}" for name in params.feature_names)
    values = np.array([vector.values for _, vector in done]).reshape(len(done), len(names))
    warnings = (
        *(f"row {row.row}: {text}" for row, vector in done for text in vector.provenance["warnings"]),
        *_mixed_types(vector.provenance["pixel_type"] for _, vector in done),
    )
    n_reused = sum(outcome.is_reused for outcome in outcomes)
    return CohortResult(FeatureTable(tuple(row.key for row, _ in done), names, values), failures, warnings, n_reused)


def _mixed_types(pixel_types: Iterable[str]) -> Iterator[str]:
    counts = Counter(pixel_types)
    if len(counts) > 1:
        listed = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        yield f"the images have different pixel types ({listed}), on which up to 119 features depend: use one type."


def _write(
    out: Path, manifest: Path, result: CohortResult, outcomes: Sequence[Outcome], params: ExtractionParams
) -> None:
    vectors = [outcome.vector for outcome in outcomes if outcome.vector is not None]
    common = {"program": f"escc-desktop {version()}", "params": params.name, "params_digest": params.digest}
    failed = out.with_name(f"{out.stem}.failed.csv")
    if result.failures:
        header = ("row", *KEY_COLUMNS, "image", "mask", "problem", "hint")
        write_csv(failed, header, [_failed_cells(each) for each in result.failures], common)
    else:
        for stale in (failed, failed.with_name(f"{failed.name}.json")):
            stale.unlink(missing_ok=True)
    if not vectors:
        raise EsccError(
            f"None of the {len(outcomes)} lesions of {manifest.name} could be extracted, the first because:"
            f" {result.failures[0].failure.what}",
            f"{failed.name} says why for each.",
        )
    rows = [
        {**dict(zip(KEY_COLUMNS, _cells(key), strict=True)), **vector.provenance}
        for key, vector in zip(result.table.keys, vectors, strict=True)
    ]
    first = vectors[0].provenance
    shared = {**common, **{key: first[key] for key in ("engine", "libraries", "settings", "rasterisation")}}
    unique: list[dict[str, Any]] = [
        {key: value for key, value in row.items() if shared.get(key) != value} for row in rows
    ]
    write_feature_table(out, result.table, {**shared, "n_failed": len(result.failures), "rows": unique})


def _cells(key: RoiKey) -> tuple[str, ...]:
    return key.patient_id, key.lesion_id, key.site, key.reader, key.occasion


def _without_folders(row: ManifestRow, failure: Failure) -> Failure:
    """Name files without their folders, which may tell whose they are."""
    what = failure.what
    for path in (row.files.image, row.files.mask):
        what = what.replace(str(path), path.name)
    return replace(failure, what=what)


def _failed_cells(each: RowFailure) -> list[object]:
    files = each.row.files
    return [
        each.row.row,
        *_cells(each.row.key),
        files.image.name,
        files.mask.name,
        each.failure.what,
        each.failure.hint,
    ]

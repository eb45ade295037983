"""Features of a cohort listed in a manifest: in child processes here, or on a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.extract import make_engine
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.roi_files import FileLoader, file_task
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import KEY_COLUMNS, FeatureTable, RoiKey, write_feature_table
from escc_desktop.features.worker import Failure
from escc_desktop.files import write_csv
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import varying
from escc_desktop.workflow.cluster import Runner, cluster_runner
from escc_desktop.workflow.extraction import ExtractionChoice, check_output
from escc_desktop.workflow.manifest import ManifestRow, read_manifest
from escc_desktop.workflow.partial import PartialResults, finished_vectors


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
        What the preflight said, each once, with its rows.
    n_reused
        Rows taken over from an earlier run.
    constant
        Features with one and the same value in all rows, where there are two rows or more.
    """

    table: FeatureTable
    failures: tuple[RowFailure, ...]
    warnings: tuple[str, ...]
    n_reused: int
    constant: tuple[str, ...]


@dataclass(frozen=True)
class CohortOptions:
    """How a manifest is worked through.

    Attributes
    ----------
    jobs
        Largest number of child processes; a cluster's workers have their own.
    resume
        Whether rows of an earlier run are taken over whose digests agree.
    scheduler, tls_folder
        Address of a cluster's scheduler and this machine's certificates, to compute there.
    """

    jobs: int = 1
    resume: bool = False
    scheduler: str | None = None
    tls_folder: Path | None = None


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
        There is no such engine, or the scheduler's address is none.
    Cancelled
        From `progress`.
    """
    run = _runner(options, choice, manifest.absolute().parent)
    rows = read_manifest(manifest)
    params = load_params(choice.params)
    make_engine(choice.engine)
    check_output(out, manifest, *(path for row in rows for path in (row.files.image, row.files.mask)))
    known = finished_vectors(out, params) if options.resume else {}
    progress.advance(0, 1, f"{len(rows)} lesions")
    with PartialResults(out, keep=options.resume) as partial:
        tasks = [file_task(row.key, row.files) for row in rows]
        batch = BatchOptions(jobs=options.jobs, engine=choice.engine, accept=choice.accept, known=known)
        outcomes = run(tasks, params, batch, partial.add, progress)
        result = _result(rows, outcomes, params)
        _write(out, manifest, result, _provenance(result, outcomes, params), progress)
        partial.discard()
    return result


def _runner(options: CohortOptions, choice: ExtractionChoice, images: Path) -> Runner:
    if options.scheduler is not None:
        return cluster_runner(options.scheduler, options.tls_folder, images)
    load = FileLoader(choice.accept)
    return lambda tasks, *more: extract_many(tasks, load, *more)


def _result(rows: Sequence[ManifestRow], outcomes: Sequence[Outcome], params: ExtractionParams) -> CohortResult:
    pairs = list(zip(rows, outcomes, strict=True))
    failures = tuple(
        RowFailure(row, without_folders(row, outcome.failure)) for row, outcome in pairs if outcome.failure
    )
    done = [(row, outcome.vector) for row, outcome in pairs if outcome.vector is not None]
    names = tuple(f"{PHASE_PREFIX}{name}" for name in params.feature_names)
    values = np.array([vector.values for _, vector in done]).reshape(len(done), len(names))
    warnings = (
        *_warnings((row.row, text) for row, vector in done for text in vector.provenance["warnings"]),
        *_mixed_types(vector.provenance["pixel_type"] for _, vector in done),
    )
    n_reused = sum(outcome.is_reused for outcome in outcomes)
    table = FeatureTable(tuple(row.key for row, _ in done), names, values)
    return CohortResult(table, failures, warnings, n_reused, constant_features(table))


def constant_features(table: FeatureTable) -> tuple[str, ...]:
    """Return the features that tell nothing apart: one value in all rows. One row alone tells of none."""
    if len(table.keys) < 2:
        return ()
    return tuple(name for name, moves in zip(table.names, varying(table.values), strict=True) if not moves)


def _warnings(found: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield each warning once with its rows: hundreds of lines would bury what failed."""
    rows_of: dict[str, list[int]] = {}
    for row, text in found:
        rows_of.setdefault(text, []).append(row)
    for text, rows in rows_of.items():
        yield f"row {rows[0]}{f' and {len(rows) - 1} more' if len(rows) > 1 else ''}: {text}"


def _mixed_types(pixel_types: Iterable[str]) -> Iterator[str]:
    counts = Counter(pixel_types)
    if len(counts) > 1:
        listed = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        yield f"the images have different pixel types ({listed}), on which up to 119 features depend: use one type."


def _provenance(result: CohortResult, outcomes: Sequence[Outcome], params: ExtractionParams) -> dict[str, Any]:
    """Return what all rows rest on, and for each row what is its own."""
    common = {"program": f"escc-desktop {version()}", "params": params.name, "params_digest": params.digest}
    vectors = [outcome.vector for outcome in outcomes if outcome.vector is not None]
    if not vectors:
        return common
    first = vectors[0].provenance
    shared = {**common, **{key: first[key] for key in ("engine", "libraries", "settings", "rasterisation")}}
    rows = [
        {**dict(zip(KEY_COLUMNS, _cells(key), strict=True)), **vector.provenance}
        for key, vector in zip(result.table.keys, vectors, strict=True)
    ]
    unique = [{key: value for key, value in row.items() if shared.get(key) != value} for row in rows]
    return {**shared, "n_failed": len(result.failures), "constant": list(result.constant), "rows": unique}


def _write(out: Path, manifest: Path, result: CohortResult, provenance: Mapping[str, Any], progress: Progress) -> None:
    failed = out.with_name(f"{out.stem}.failed.csv")
    if result.failures:
        header = ("row", *KEY_COLUMNS, "image", "mask", "problem", "hint", "quarantined")
        common = {name: provenance[name] for name in ("program", "params", "params_digest")}
        write_csv(failed, header, [_failed_cells(each) for each in result.failures], common)
    else:
        for stale in (failed, failed.with_name(f"{failed.name}.json")):
            stale.unlink(missing_ok=True)
    if not result.table.keys:
        raise EsccError(
            f"None of the {len(result.failures)} lesions of {manifest.name} could be extracted, the first because:"
            f" {result.failures[0].failure.what}",
            f"{failed.name} says why for each.",
        )
    write_feature_table(out, result.table, provenance, progress)


def _cells(key: RoiKey) -> tuple[str, ...]:
    return key.patient_id, key.lesion_id, key.site, key.reader, key.occasion


def without_folders(row: ManifestRow, failure: Failure) -> Failure:
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
        "yes" if each.failure.is_quarantined else "no",
    ]

"""Robustness of features without a second reader, as tables: of a manifest's readings, or of a project's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from escc_desktop.errors import EsccError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.extract import make_engine
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.params import load_params
from escc_desktop.features.roi_files import FileLoader, file_task
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import FeatureTable, RoiKey, read_feature_table
from escc_desktop.features.worker import Failure
from escc_desktop.files import digest, read_bytes, write_csv
from escc_desktop.prognosis.reproducibility import MIN_LESIONS
from escc_desktop.prognosis.robustness import PerturbedLesion, Robustness, robustness, spread
from escc_desktop.prognosis.settings import check_settings_are
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.analysis import ExtractionSettings
from escc_desktop.workflow.cohort import CohortOptions, without_folders
from escc_desktop.workflow.extraction import ExtractionChoice, check_output
from escc_desktop.workflow.manifest import ManifestRow, read_manifest
from escc_desktop.workflow.partial import PartialResults, finished_vectors
from escc_desktop.workflow.perturbation import (
    DEFAULT_CHAIN,
    Amplitudes,
    Order,
    PerturbingLoader,
    RobustnessPlan,
    gather,
    numbered,
)
from escc_desktop.workflow.project import Project

__all__ = [
    "DEFAULT_CHAIN",
    "Amplitudes",
    "ManifestInput",
    "RobustnessPlan",
    "RobustnessResult",
    "robustness_of_manifest",
    "robustness_of_project",
    "settings_of",
]

ICC_COLUMNS: Final = ("feature", "icc", "lower", "upper", "n_patients", "n_lesions", "n_perturbations", "pass")
SPREAD_COLUMNS: Final = (
    "patient_id",
    "lesion_id",
    "feature",
    "mean",
    "sd",
    "cv",
    "quartile_spread",
    "share_of_cohort_variance",
    "n_perturbations",
)


@dataclass(frozen=True, eq=False)
class RobustnessResult:
    """What became of the readings.

    Attributes
    ----------
    found
        None where there were too few lesions for an ICC: the table then holds the spread within each.
    n_lesions
        Readings perturbed.
    failures
        Whose readings could not be, and why.
    notes
        What else there is to say.
    """

    found: Robustness | None
    n_lesions: int
    failures: tuple[tuple[RoiKey, Failure], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ManifestInput:
    """What is read.

    Attributes
    ----------
    manifest
        As for `escc extract-all`; reader A's first readings count.
    cohort
        Features of other patients, for the spread of a single lesion.
    """

    manifest: Path
    cohort: Path | None = None


def robustness_of_manifest(
    given: ManifestInput,
    out: Path,
    plan: RobustnessPlan,
    choice: ExtractionChoice,
    options: CohortOptions,
    progress: Progress,
) -> RobustnessResult:
    """Perturb the first readings of a manifest and write how robust each feature is.

    What is finished meanwhile is kept in ``X.csv.partial``, for `resume` after an interruption.

    Raises
    ------
    EsccError
        The manifest is at fault, or no reading could be perturbed.
    UsageError
        There is no such engine or chain.
    Cancelled
        From `progress`.
    """
    rows = read_manifest(given.manifest)
    first = [row for row in rows if (row.key.reader, row.key.occasion) == ("A", "first")]
    if not first:
        raise EsccError(f"{given.manifest.name} lists no first reading by reader A.", "Perturbations start from those.")
    params = load_params(choice.params)
    make_engine(choice.engine)
    recipe = plan.recipe(params)
    tables = [given.manifest] if given.cohort is None else [given.manifest, given.cohort]
    check_output(out, *tables, *(path for row in rows for path in (row.files.image, row.files.mask)))
    names = tuple(f"{PHASE_PREFIX}{name}" for name in params.feature_names)
    cohort = None if given.cohort is None else read_feature_table(given.cohort, names)
    if cohort is not None:
        check_settings_are(cohort, params.digest, f"{params.name} ({params.digest[:12]})")
    known = finished_vectors(out, params) if options.resume else {}
    tasks = numbered([file_task(row.key, row.files) for row in first], plan.n)
    with PartialResults(out, keep=options.resume) as partial:
        batch = BatchOptions(jobs=options.jobs, engine=choice.engine, accept=choice.accept, known=known)
        loader = PerturbingLoader(FileLoader(choice.accept), recipe)
        outcomes = extract_many(tasks, loader, params, batch, partial.add, progress)
        lesions, failures = gather(outcomes, plan.n)
        pairs = zip(first, failures, strict=True)
        failed = tuple((row.key, without_folders(row, each)) for row, each in pairs if each is not None)
        result = _write(
            out,
            _Values(names, tuple(lesion for lesion in lesions if lesion is not None), failed),
            plan,
            cohort,
            {
                **plan.document(recipe),
                **_computed(outcomes),
                "cohort_sha256": None if given.cohort is None else digest(read_bytes(given.cohort)),
                "rows": list(_parents(first, outcomes, plan.n)),
            },
        )
        partial.discard()
    ignored = len(rows) - len(first)
    notes = [f"{ignored} readings that are no first ones of reader A were left out."] if ignored else []
    if result is not None and given.cohort is not None:
        notes.append(f"{given.cohort.name} was not needed: from {MIN_LESIONS} lesions on there is an ICC.")
    return RobustnessResult(result, sum(lesion is not None for lesion in lesions), failed, tuple(notes))


def settings_of(params: str, engine: str, jobs: int) -> ExtractionSettings:
    """Return what is extracted from a project, by what, in how many child processes."""
    return ExtractionSettings(load_params(params), engine, jobs)


def robustness_of_project(
    project: Project, out: Path | None, plan: RobustnessPlan, settings: ExtractionSettings, progress: Progress
) -> RobustnessResult:
    """Perturb the signed first readings of reader A, keep their features, and write how robust each feature is.

    Raises
    ------
    AccessDeniedError
        The principal may not extract, or not export.
    EsccError
        Nothing is signed, or `out` cannot be written.
    UsageError
        There is no such engine or chain.
    Cancelled
        From `progress`; finished lesions are kept in the project.
    """
    engine, recipe = make_engine(settings.engine), plan.recipe(settings.params)
    if out is not None:
        require(project.principal, Operation.EXPORT)
        check_output(out)
    made = project.perturb(Order(plan, settings), progress)
    names = tuple(f"{PHASE_PREFIX}{name}" for name in settings.params.feature_names)
    values = _Values(names, made.lesions, made.failures)
    if out is None:
        found = robustness(names, made.lesions, plan.threshold) if len(made.lesions) >= MIN_LESIONS else None
        return RobustnessResult(found, len(made.lesions), made.failures, ())
    provenance = {
        **plan.document(recipe),
        "engine": f"{engine.name} {engine.version}",
        "params": settings.params.name,
        "params_digest": settings.params.digest,
        "settings": settings.params.model_dump(),
    }
    return RobustnessResult(_write(out, values, plan, None, provenance), len(made.lesions), made.failures, ())


@dataclass(frozen=True, eq=False)
class _Values:
    """What a table is made from."""

    names: tuple[str, ...]
    lesions: tuple[PerturbedLesion, ...]
    failures: tuple[tuple[RoiKey, Failure], ...]


def _write(
    out: Path, values: _Values, plan: RobustnessPlan, cohort: FeatureTable | None, provenance: dict[str, Any]
) -> Robustness | None:
    if not values.lesions:
        key, why = values.failures[0]
        raise EsccError(
            f"None of the {len(values.failures)} lesions could be perturbed, the first ({key.patient_id}) because:"
            f" {why.what}",
            why.hint,
        )
    failed = [
        {"patient_id": key.patient_id, "lesion_id": key.lesion_id, "problem": why.what} for key, why in values.failures
    ]
    provenance = {**provenance, "failed": failed}
    if len(values.lesions) < MIN_LESIONS:
        method = f"spread within each lesion (fewer than {MIN_LESIONS}: no ICC exists); no second reader"
        write_csv(out, SPREAD_COLUMNS, list(_spread_rows(values, cohort)), {**provenance, "method": method})
        return None
    found = robustness(values.names, values.lesions, plan.threshold)
    write_csv(out, ICC_COLUMNS, list(_icc_rows(found)), provenance)
    return found


def _icc_rows(found: Robustness) -> Iterator[list[object]]:
    counts = (found.n_patients, found.n_lesions, found.n_perturbations)
    for k, name in enumerate(found.names):
        numbers = (float(found.icc.icc[k]), float(found.icc.lower[k]), float(found.icc.upper[k]))
        yield [name, *numbers, *counts, "true" if found.passed[k] else "false"]


def _spread_rows(values: _Values, cohort: FeatureTable | None) -> Iterator[list[object]]:
    for lesion in values.lesions:
        found = spread(lesion, values.names, cohort)
        columns = (found.mean, found.sd, found.cv, found.quartile_spread, found.share)
        for k, name in enumerate(values.names):
            numbers = [float(column[k]) for column in columns]
            yield [lesion.key.patient_id, lesion.key.lesion_id, name, *numbers, len(lesion.values)]


def _computed(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what all values rest on."""
    first = next((outcome.vector.provenance for outcome in outcomes if outcome.vector is not None), {})
    shared = ("engine", "libraries", "params", "params_digest", "settings", "rasterisation")
    return {name: first[name] for name in shared if name in first}


def _parents(rows: Sequence[ManifestRow], outcomes: Sequence[Outcome], n: int) -> Iterator[dict[str, Any]]:
    """Return for each lesion its files by digest, and its perturbations by theirs."""
    for number, row in enumerate(rows):
        own = [outcome.vector for outcome in outcomes[number * n : (number + 1) * n] if outcome.vector is not None]
        files = {"image": row.files.image, "mask": row.files.mask}
        yield {
            "patient_id": row.key.patient_id,
            "lesion_id": row.key.lesion_id,
            **{f"{name}_sha256": digest(read_bytes(path)) if path.is_file() else None for name, path in files.items()},
            "identities": [vector.provenance["identity"] for vector in own],
        }

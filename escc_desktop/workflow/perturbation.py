"""Features of perturbed readings: many a lesion, by the same child processes that extract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any, Final

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.extract import make_engine
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.perturb import DEFAULT_CHAIN, Amplitudes, Recipe, perturbed
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import RoiKey
from escc_desktop.features.worker import Failure, Load, Task
from escc_desktop.files import canonical_json, digest
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.prognosis.robustness import MIN_PERTURBATIONS, ROBUST_ICC, PerturbedLesion
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import FEATURES, PERTURBED, ROI, PerturbedFeatures
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import Operation, View, require
from escc_desktop.workflow.analysis import ExtractionSettings
from escc_desktop.workflow.desk import verify_signature
from escc_desktop.workflow.stored import StoredLoader, roi_key, roi_task

__all__ = ["DEFAULT_CHAIN", "Amplitudes", "Order", "Perturbations", "RobustnessPlan", "perturb_signed"]

SOURCE: Final = (
    "Zwanenburg A et al. Assessing robustness of radiomic features by image perturbation. Sci Rep 2019;9:614"
)
MOST_PERTURBATIONS: Final = 1000
# They decide the perturbed voxels too.
LIBRARIES: Final = ("numpy", "scipy", "scikit-image")


@dataclass(frozen=True)
class RobustnessPlan:
    """What is done to each reading, how often, and what counts as robust.

    Attributes
    ----------
    chain
        Letters of the perturbations: N noise, R rotation, T translation, V volume, C contour.
    n
        Perturbations a lesion.
    seed
        Of all draws.
    amplitudes
        How strong they are.
    threshold
        Smallest ICC of a robust feature.
    """

    chain: str = DEFAULT_CHAIN
    n: int = 10
    seed: int = 1
    amplitudes: Amplitudes = field(default_factory=Amplitudes)
    threshold: float = ROBUST_ICC

    def __post_init__(self) -> None:
        if not MIN_PERTURBATIONS <= self.n <= MOST_PERTURBATIONS:
            raise UsageError(
                f"{self.n} perturbations are no use.", f"Ask for {MIN_PERTURBATIONS} to {MOST_PERTURBATIONS}."
            )
        if not -1 < self.threshold <= 1:
            raise UsageError(f"A threshold of {self.threshold:g} is no ICC.", "Give a number above -1 and at most 1.")

    def recipe(self, params: ExtractionParams) -> Recipe:
        """Return the recipe for features with these settings."""
        return Recipe.of(self.chain, self.seed, params.log_sigma_mm, self.amplitudes)

    def document(self, recipe: Recipe) -> dict[str, Any]:
        """Return what a sidecar says of it."""
        return {
            "program": f"escc-desktop {version()}",
            "method": "ICC(1,1) over perturbations of single readings; no second reader",
            "source": SOURCE,
            "perturbation": recipe.document,
            "perturbation_digest": recipe.digest,
            "perturbation_libraries": {name: metadata.version(name) for name in LIBRARIES},
            "n_perturbations": self.n,
            "threshold": self.threshold,
        }


@dataclass(frozen=True)
class Order:
    """What a project is asked for."""

    plan: RobustnessPlan
    settings: ExtractionSettings


@dataclass(frozen=True)
class _Numbered:
    """Which perturbation of a task's region is wanted."""

    mask_ref: Any
    number: int


class PerturbingLoader:
    """Reads the region of a task and perturbs it; used in the child process.

    Parameters
    ----------
    load
        Reads the region as it is.
    recipe
        How it is perturbed.
    """

    def __init__(self, load: Load, recipe: Recipe) -> None:
        self._load, self._recipe = load, recipe

    def __call__(self, task: Task) -> tuple[Volume, Mask]:
        """Return volume and mask, perturbed."""
        ref: _Numbered = task.mask_ref
        volume, mask = self._load(replace(task, mask_ref=ref.mask_ref))
        return perturbed(volume, mask, self._recipe, ref.number)


def numbered(tasks: Sequence[Task], n: int) -> list[Task]:
    """Return n tasks for each, one after another."""
    return [replace(task, mask_ref=_Numbered(task.mask_ref, number)) for task in tasks for number in range(n)]


def gather(outcomes: Sequence[Outcome], n: int) -> tuple[list[PerturbedLesion | None], list[Failure | None]]:
    """Put n outcomes a lesion together; a lesion one of whose perturbations failed has its failure instead."""
    lesions: list[PerturbedLesion | None] = []
    failures: list[Failure | None] = []
    for start in range(0, len(outcomes), n):
        own = outcomes[start : start + n]
        values = [outcome.vector.values for outcome in own if outcome.vector is not None]
        failures.append(next((outcome.failure for outcome in own if outcome.failure is not None), None))
        lesions.append(PerturbedLesion(own[0].task.key, np.array(values)) if len(values) == n else None)
    return lesions, failures


@dataclass(frozen=True, eq=False)
class Perturbations:
    """What became of the signed first readings of reader A.

    Attributes
    ----------
    failures
        Readings that could not be perturbed, with the reason.
    n_reused
        How many were perturbed before by the same recipe.
    """

    lesions: tuple[PerturbedLesion, ...]
    failures: tuple[tuple[RoiKey, Failure], ...]
    n_reused: int


def perturb_signed(store: Store, principal: Principal, order: Order, progress: Progress) -> Perturbations:
    """Extract n perturbations of every signed first reading of reader A, and keep them lesion by lesion.

    A stopped run goes on with the lesion it was stopped at.

    Raises
    ------
    EsccError
        Nothing is signed, or a signature does not hold.
    Cancelled
        From `progress`.
    """
    rois = [roi for roi in store.all(ROI, principal) if (roi.reader, roi.occasion) == (Reader.A, Occasion.FIRST)]
    if not rois:
        raise EsccError("No first reading by reader A is signed yet.", "Perturbations start from signed readings.")
    for roi in rois:
        verify_signature(store, roi)
    job, plan, settings = _Job(order), order.plan, order.settings
    kept = {item.session_id: item for item in store.all(PERTURBED, principal)}
    wanted = [roi for roi in rois if not job.has(kept.get(roi.session_id), roi)]
    found: dict[str, list[Outcome]] = {roi.session_id: [] for roi in wanted}
    session_of = {roi_key(roi): roi for roi in wanted}

    def keep(outcome: Outcome) -> None:
        roi = session_of[outcome.task.key]
        own = found[roi.session_id]
        own.append(outcome)
        if len(own) == plan.n and all(each.vector is not None for each in own):
            kept[roi.session_id] = job.result(roi, own)
            store.put(principal, PERTURBED, kept[roi.session_id])

    tasks = numbered([roi_task(store, roi) for roi in wanted], plan.n)
    options = BatchOptions(jobs=settings.jobs, engine=settings.engine)
    loader = PerturbingLoader(StoredLoader(), job.recipe)
    outcomes = extract_many(tasks, loader, settings.params, options, keep, progress) if tasks else ()
    _, failures = gather(outcomes, plan.n)
    done = [kept[roi.session_id] for roi in rois if job.has(kept.get(roi.session_id), roi)]
    return Perturbations(
        tuple(PerturbedLesion(item.key, item.values[: plan.n]) for item in done),
        tuple((roi_key(roi), failure) for roi, failure in zip(wanted, failures, strict=True) if failure is not None),
        len(rois) - len(wanted),
    )


class _Job:
    """What all lesions of a run have in common."""

    def __init__(self, order: Order) -> None:
        plan, settings = order.plan, order.settings
        engine = make_engine(settings.engine)
        self.recipe = plan.recipe(settings.params)
        self._plan, self._params = plan, settings.params
        self._engine = f"{engine.name} {engine.version}"

    def has(self, item: PerturbedFeatures | None, roi: Roi) -> bool:
        """Say whether a lesion's perturbations are those wanted, and enough."""
        return item is not None and len(item.values) >= self._plan.n and item.provenance["basis"] == self._basis(roi)

    def result(self, roi: Roi, outcomes: Sequence[Outcome]) -> PerturbedFeatures:
        """Return a lesion's perturbations to keep."""
        ordered = sorted(outcomes, key=lambda outcome: outcome.task.mask_ref.number)
        vectors = [outcome.vector for outcome in ordered if outcome.vector is not None]
        provenance = {
            **self._plan.document(self.recipe),
            "basis": self._basis(roi),
            "volume_digest": roi.volume_digest,
            "mask_digest": roi.mask.digest,
            "params_digest": self._params.digest,
            "engine": self._engine,
            "identities": [vector.provenance["identity"] for vector in vectors],
        }
        values = np.array([vector.values for vector in vectors])
        return PerturbedFeatures(roi.session_id, roi_key(roi), vectors[0].names, values, provenance)

    def _basis(self, roi: Roi) -> str:
        parents = (roi.volume_digest, roi.mask.digest, self._params.digest, self._engine, self.recipe.digest)
        return digest(canonical_json(list(parents)))


def kept_perturbations(view: View) -> tuple[PerturbedFeatures, ...]:
    """Return the perturbations that belong to the features there are: same scan, outline and settings.

    Those of one recipe and number, the ones most readings have: perturbations of different strength do not mix.

    Raises
    ------
    AccessDeniedError
        The principal may not see features.
    """
    require(view.principal, Operation.VIEW_FEATURES)
    kept = view.all(PERTURBED)
    if not kept:
        return ()
    parents = {item.session_id: _parents(item.vector.provenance) for item in view.all(FEATURES)}
    current = [item for item in kept if parents.get(item.session_id) == _parents(item.provenance)]
    recipes = [
        (item.provenance["perturbation_digest"], item.provenance["engine"], len(item.values)) for item in current
    ]
    most = max(sorted(set(recipes)), key=recipes.count, default=None)
    return tuple(item for item, recipe in zip(current, recipes, strict=True) if recipe == most)


def _parents(provenance: Any) -> tuple[str, ...]:
    return tuple(provenance[name] for name in ("volume_digest", "mask_digest", "params_digest"))

"""What single readings say of a feature's robustness when they are perturbed: no second reader is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.params import DEFAULT_PARAMS, load_params
from escc_desktop.prognosis.reproducibility import MIN_LESIONS
from escc_desktop.prognosis.robustness import ROBUST_ICC, PerturbedLesion, Robustness, robustness
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.store.kinds import PerturbedFeatures
from escc_desktop.workflow.analysis import ExtractionSettings
from escc_desktop.workflow.perturbation import Order, Perturbations, RobustnessPlan, kept_perturbations
from escc_desktop.workflow.project import Project


@dataclass(frozen=True, eq=False)
class Perturbed:
    """ICC(1,1) of p features over n single readings, each perturbed k times.

    Attributes
    ----------
    names
        With phase, in the order of all arrays.
    icc, lower, upper
        (p,) with the 95 % interval; NaN where a feature is constant.
    values
        (n, k, p).
    patients
        Of the n readings.
    chain
        Letters of the perturbations.
    """

    names: tuple[str, ...]
    icc: FloatArray
    lower: FloatArray
    upper: FloatArray
    passed: BoolArray
    is_constant: BoolArray
    threshold: float
    values: FloatArray
    patients: tuple[str, ...]
    chain: str

    @property
    def n_lesions(self) -> int:
        """Readings that were perturbed."""
        return len(self.patients)

    @property
    def n_perturbations(self) -> int:
        """Perturbations of each."""
        return int(self.values.shape[1])

    def in_order(self, names: Sequence[str]) -> Perturbed | None:
        """Return the same with the features in another order; None where some are not there."""
        if tuple(names) == self.names:
            return self
        place = {name: k for k, name in enumerate(self.names)}
        if not set(names) <= place.keys():
            return None
        order = np.array([place[name] for name in names])
        arrays: dict[str, Any] = {
            name: getattr(self, name)[order] for name in ("icc", "lower", "upper", "passed", "is_constant")
        }
        values = self.values[:, :, order]
        return Perturbed(
            names=tuple(names),
            threshold=self.threshold,
            values=values,
            patients=self.patients,
            chain=self.chain,
            **arrays,
        )


@dataclass(frozen=True, eq=False)
class PerturbedDetail:
    """One feature over the perturbations of n readings.

    Attributes
    ----------
    values
        (n, k).
    within_sd
        Standard deviation of the perturbations of one reading, over all readings together.
    """

    name: str
    icc: float
    lower: float
    upper: float
    has_passed: bool
    is_constant: bool
    patients: tuple[str, ...]
    values: FloatArray
    within_sd: float
    chain: str
    threshold: float


def perturbed_view(project: Project) -> tuple[Perturbed | None, int]:
    """Return what the kept perturbations say, and of how many readings they are.

    None where fewer than three readings have any that still hold: an ICC needs different lesions.
    """
    kept = kept_perturbations(project.view)
    return (_perturbed(kept) if len(kept) >= MIN_LESIONS else None), len(kept)


def perturb_readings(project: Project, progress: Progress) -> Perturbations:
    """Perturb every signed first reading of reader A by the standard recipe, and keep the features.

    Raises
    ------
    EsccError
        Nothing is signed.
    Cancelled
        From `progress`; finished readings are kept.
    """
    jobs = max(1, (os.cpu_count() or 2) - 1)
    settings = ExtractionSettings(load_params(DEFAULT_PARAMS), DEFAULT_ENGINE, jobs)
    return project.perturb(Order(RobustnessPlan(), settings), progress)


def perturbed_detail(view: Perturbed, feature: int) -> PerturbedDetail:
    """Return one feature's values over all perturbations."""
    values = view.values[:, :, feature]
    return PerturbedDetail(
        name=view.names[feature],
        icc=float(view.icc[feature]),
        lower=float(view.lower[feature]),
        upper=float(view.upper[feature]),
        has_passed=bool(view.passed[feature]),
        is_constant=bool(view.is_constant[feature]),
        patients=view.patients,
        values=values,
        within_sd=float(np.sqrt(values.var(axis=1, ddof=1).mean())),
        chain=view.chain,
        threshold=view.threshold,
    )


def _perturbed(kept: Sequence[PerturbedFeatures]) -> Perturbed:
    names = tuple(f"{PHASE_PREFIX}{name}" for name in kept[0].names)
    found: Robustness = robustness(names, [PerturbedLesion(item.key, item.values) for item in kept], ROBUST_ICC)
    return Perturbed(
        names=names,
        icc=found.icc.icc,
        lower=found.icc.lower,
        upper=found.icc.upper,
        passed=found.passed,
        is_constant=found.is_constant,
        threshold=found.threshold,
        values=np.stack([item.values for item in kept]),
        patients=tuple(item.key.patient_id for item in kept),
        chain=str(kept[0].provenance["perturbation"]["chain"]),
    )

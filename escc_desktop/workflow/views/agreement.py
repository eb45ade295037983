"""How far the repeated readings are, how well they agree, and who drives it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.names import FeatureName, parse_feature_name
from escc_desktop.features.origin import Origin, origins
from escc_desktop.features.params import DEFAULT_PARAMS, load_params
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.reproducibility import READINGS, Agreement, Agreements, has_repeats, without_patients
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Occasion, Reader, ReadingSession
from escc_desktop.stats.agreement import BlandAltman, IccForm, bland_altman, icc_many
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.design import proportion
from escc_desktop.store.kinds import FEATURES, PLAN, PLAN_ID, ROI, RoiFeatures
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.analysis import Extraction
from escc_desktop.workflow.assistance import assisted_patients
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.stored import feature_table
from escc_desktop.workflow.views.agreement_pairs import Pair, reading_pairs
from escc_desktop.workflow.views.perturbed import Perturbed, PerturbedDetail, perturbed_detail, perturbed_view

Comparison = Literal["intra", "inter"]
DRIVERS = 3
_FEWEST = 3  # without one patient two must be left


@dataclass(frozen=True)
class Waiting:
    """A reading of the agreement arm that is not signed yet."""

    patient_id: str
    reader: str
    is_repeat: bool


@dataclass(frozen=True)
class Arm:
    """One comparison as planned: how many lesions it needs, how many were read twice."""

    comparison: Comparison
    planned: int
    done: int


@dataclass(frozen=True)
class Share:
    """How many features pass, with the exact (Clopper-Pearson) 95 % interval of their share.

    Attributes
    ----------
    n_firm
        Those whose lower bound is above the threshold too.
    """

    n_passed: int
    n_features: int
    lower: float
    upper: float
    n_firm: int
    n_constant: int


@dataclass(frozen=True, eq=False)
class Compared:
    """All p features in one comparison of n lesions.

    Attributes
    ----------
    icc, lower, upper
        (p,) with the 95 % interval; NaN where a feature is constant.
    first, second
        (n, p) raw values of both readings.
    patients
        Of the n lesions.
    """

    comparison: Comparison
    form: IccForm
    share: Share
    icc: FloatArray
    lower: FloatArray
    upper: FloatArray
    passed: BoolArray
    is_constant: BoolArray
    first: FloatArray
    second: FloatArray
    patients: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class AgreementView:
    """What the page shows.

    Attributes
    ----------
    arms
        Empty before the readings are planned.
    waiting
        Readings still to be signed.
    n_signed, n_without_features
        Signed readings, and those that have no features yet.
    trouble
        Why there are no comparisons although features are there; "" otherwise.
    n_stable
        Features that pass every comparison made.
    perturbed
        What perturbed single readings say, where they were perturbed.
    n_unperturbed
        Signed first readings of reader A without perturbations.
    origins
        By image what its values rest on over all readings.
    assisted
        Patients of whom a slice of any reading was touched by an assisted tool.
    by_hand
        The comparisons without them; empty where none is assisted, or too few are left.
    n_stable_by_hand
        Features that pass every comparison made without them.
    """

    arms: tuple[Arm, ...]
    waiting: tuple[Waiting, ...]
    n_signed: int
    n_without_features: int
    trouble: str
    threshold: float
    names: tuple[FeatureName, ...]
    compared: tuple[Compared, ...]
    n_stable: int
    pairs: tuple[Pair, ...]
    perturbed: Perturbed | None
    n_unperturbed: int
    origins: Mapping[str, Origin]
    assisted: tuple[str, ...]
    by_hand: tuple[Compared, ...]
    n_stable_by_hand: int


@dataclass(frozen=True)
class Driver:
    """A patient whose readings differ much: the difference, and the ICC had he not been read."""

    patient_id: str
    difference: float
    icc_without: float


@dataclass(frozen=True, eq=False)
class FeatureDetail:
    """One feature in one comparison; `limits` and `drivers` are empty for a constant one.

    Attributes
    ----------
    perturbed
        What its perturbed single readings say.
    origin
        What its values rest on; None for shape, and where that was not kept.
    """

    name: str
    icc: float
    lower: float
    upper: float
    has_passed: bool
    is_constant: bool
    patients: tuple[str, ...]
    first: FloatArray
    second: FloatArray
    limits: BlandAltman | None
    drivers: tuple[Driver, ...]
    perturbed: PerturbedDetail | None
    origin: Origin | None


def agreement_view(project: Project, progress: Progress) -> AgreementView:
    """Return how far the agreement arm is and what its readings and features say.

    Raises
    ------
    AccessDeniedError
        The principal may not see features.
    """
    require(project.principal, Operation.VIEW_FEATURES)
    progress.advance(0, 3, "Readings")
    plan, sessions = project.view.find(PLAN, PLAN_ID), project.sessions()
    arm = [session for session in sessions if plan is not None and session.patient_id in plan.repeat_patients]
    progress.advance(1, 3, "Features")
    with_features = project.view.changed_at(FEATURES).keys()
    signed = {session.session_id for session in sessions if session.is_signed}
    features, trouble = _features(project, bool(signed) and not signed - with_features)
    agreements = _agreements(project, features)
    perturbed, n_perturbed = perturbed_view(project)
    if agreements is not None and perturbed is not None:
        perturbed = perturbed.in_order(agreements.names)
    known = agreements or perturbed
    progress.advance(2, 3, "Outlines")
    rois = [project.view.get(ROI, session.session_id) for session in arm if session.is_signed]
    assisted = assisted_patients(rois)
    without = without_patients(agreements, assisted) if agreements and assisted else None
    return AgreementView(
        arms=tuple(_arm(comparison, arm) for comparison in READINGS) if plan is not None else (),
        waiting=tuple(
            Waiting(session.patient_id, str(session.reader), session.occasion is Occasion.REPEAT)
            for session in arm
            if not session.is_signed
        ),
        n_signed=len(signed),
        n_without_features=len(signed - with_features),
        trouble=trouble,
        threshold=DevelopConfig().icc_threshold,
        names=tuple(parse_feature_name(name) for name in known.names) if known else (),
        compared=tuple(_compared(agreements, one) for one in agreements.comparisons) if agreements else (),
        n_stable=int(agreements.stable.sum()) if agreements else 0,
        pairs=reading_pairs(rois),
        perturbed=perturbed,
        n_unperturbed=sum(session.is_signed and _is_first_of_a(session) for session in sessions) - n_perturbed,
        origins=origins([item.vector.provenance for item in features]),
        assisted=tuple(sorted(assisted)),
        by_hand=tuple(_compared(without, one) for one in without.comparisons) if without else (),
        n_stable_by_hand=int(without.stable.sum()) if without else 0,
    )


def extract_features(project: Project, progress: Progress) -> Extraction:
    """Extract the features of every signed reading that has none yet, with the study's settings.

    Raises
    ------
    EsccError
        Nothing is signed.
    Cancelled
        From `progress`; what is finished is kept.
    """
    return project.extract(load_params(DEFAULT_PARAMS), progress, max(1, (os.cpu_count() or 2) - 1))


def feature_detail(view: AgreementView, compared: Compared, feature: int) -> FeatureDetail:
    """Return one feature's readings, limits of agreement, and the patients who drive it."""
    first, second = compared.first[:, feature], compared.second[:, feature]
    is_constant = bool(compared.is_constant[feature])
    return FeatureDetail(
        name=str(view.names[feature]),
        icc=float(compared.icc[feature]),
        lower=float(compared.lower[feature]),
        upper=float(compared.upper[feature]),
        has_passed=bool(compared.passed[feature]),
        is_constant=is_constant,
        patients=compared.patients,
        first=first,
        second=second,
        limits=None if is_constant else bland_altman(first, second),
        drivers=() if is_constant else _drivers(compared, first, second),
        perturbed=None if view.perturbed is None else perturbed_detail(view.perturbed, feature),
        origin=None if view.names[feature].family == "shape" else view.origins.get(view.names[feature].filter),
    )


def _drivers(compared: Compared, first: FloatArray, second: FloatArray) -> tuple[Driver, ...]:
    difference = second - first
    n = len(difference)
    without = np.full(n, np.nan)
    if n > _FEWEST:
        rows = [np.delete(np.arange(n), left_out) for left_out in range(n)]
        ratings = np.stack([first[np.array(rows).T], second[np.array(rows).T]], axis=1)
        without = icc_many(ratings, compared.form).icc
    largest = np.argsort(-np.abs(difference), kind="stable")[:DRIVERS]
    return tuple(Driver(compared.patients[k], float(difference[k]), float(without[k])) for k in largest)


def _is_first_of_a(session: ReadingSession) -> bool:
    return session.reader is Reader.A and session.occasion is Occasion.FIRST


def _arm(comparison: Comparison, arm: Sequence[ReadingSession]) -> Arm:
    _, (reader, occasion) = READINGS[comparison]
    signed = {
        (session.patient_id, session.lesion_id) for session in arm if session.is_signed and _is_first_of_a(session)
    }
    second = [session for session in arm if (session.reader, session.occasion) == (reader, occasion)]
    done = sum(session.is_signed and (session.patient_id, session.lesion_id) in signed for session in second)
    return Arm(comparison, len(second), done)


def _features(project: Project, is_complete: bool) -> tuple[tuple[RoiFeatures, ...], str]:
    if not is_complete:
        return (), ""
    try:
        return project.features(), ""
    except EsccError as error:
        return (), str(error)


def _agreements(project: Project, features: Sequence[RoiFeatures]) -> Agreements | None:
    table = feature_table(list(features))
    return project.reproducibility(table, DevelopConfig()) if features and has_repeats(table) else None


def _compared(agreements: Agreements, one: Agreement) -> Compared:
    p, passed = len(agreements.names), int(one.passed.sum())
    interval = proportion(passed, p)
    known = np.isfinite(one.icc.lower)
    return Compared(
        comparison=one.comparison,
        form=agreements.form,
        share=Share(
            passed,
            p,
            interval.exact_lower,
            interval.exact_upper,
            int(np.sum(one.passed & known & (np.where(known, one.icc.lower, -1.0) > agreements.threshold))),
            int(one.is_constant.sum()),
        ),
        icc=one.icc.icc,
        lower=one.icc.lower,
        upper=one.icc.upper,
        passed=one.passed,
        is_constant=one.is_constant,
        first=one.first,
        second=one.second,
        patients=tuple(patient for patient, _ in one.lesions),
    )

"""Another contour tried on a copy of a signed reading, with the Rad-score it would have.

Never of a reading that somebody may still draw: a score beside the outline would steer the reader. So no reader may
open one whatever his readings are like, and nobody a lesion of which any reading is open. What is drawn here is
nobody's reading: it has no journal, no key, no signature and no way to the store. Only the opening is audited.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.features.live import Ground, LiveFeatures
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.params import ExtractionParams, kept_params
from escc_desktop.features.sensitivity import DecidingVoxel, Factor, Response, Sensitivity, sensitivity
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.prognosis.card import ModelCard, RadScore, Term
from escc_desktop.prognosis.card_digests import patient_digest
from escc_desktop.prognosis.score import rad_score_of
from escc_desktop.prognosis.settings import is_of_settings, settings_of
from escc_desktop.prognosis.terms import model_value
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Roi
from escc_desktop.store.accounts import Role
from escc_desktop.store.kinds import CARD, FEATURES, LESION, ROI, SESSION, VOLUME, RoiFeatures
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import Operation, View, require
from escc_desktop.workflow.analysis import stored_cards
from escc_desktop.workflow.desk import verify_signature
from escc_desktop.workflow.tried_contour import Patch, TriedContour

__all__ = ["DecidingVoxel", "Factor", "LiveSignature", "Patch", "ScoredResponse", "ScoredRun", "TriedScore"]

ACTION: Final = "try contours"
_OPENING: Final = 0.3


@dataclass(frozen=True)
class FeatureChange:
    """What one feature does to the Rad-score.

    Attributes
    ----------
    name
        As the card has it.
    value, signed_value
        Of the contour tried, and of the signed one.
    change
        Of the Rad-score, by this feature alone.
    is_outside
        Whether the value lies beyond those the card was trained on.
    """

    name: str
    value: float
    signed_value: float
    change: float
    is_outside: bool


@dataclass(frozen=True)
class TriedScore:
    """The Rad-score of a contour, by the card as it stands.

    Attributes
    ----------
    group
        LOW or HIGH, or nothing without a cut-off.
    distance
        Score less cut-off; None without one.
    change
        Against the signed contour.
    features
        Those that move the score most first.
    volume_mm3
        Of the contour.
    """

    score: float
    group: str
    distance: float | None
    change: float
    features: tuple[FeatureChange, ...]
    volume_mm3: float


@dataclass(frozen=True)
class ScoredRun:
    """One change of lesion or scan.

    Attributes
    ----------
    amount
        As `Factor` says.
    score
        None where there is none; then `refused` says why.
    """

    amount: float
    score: TriedScore | None
    n_voxels: int
    refused: str = ""


@dataclass(frozen=True)
class ScoredResponse:
    """What one kind of change does to the Rad-score; `voxel` is the one left out, of `Factor.VOXEL`."""

    factor: Factor
    runs: tuple[ScoredRun, ...]
    voxel: DecidingVoxel | None

    @property
    def span(self) -> float:
        """How far the score moves at most."""
        return max((abs(run.score.change) for run in self.runs if run.score is not None), default=0.0)


@dataclass(frozen=True)
class SignatureSensitivity:
    """How the Rad-score of a signed contour depends on how it was drawn and scanned, what moves it most first."""

    signed: TriedScore
    n_voxels: int
    largest_hu: float
    responses: tuple[ScoredResponse, ...]


@dataclass(frozen=True, eq=False)
class SignedCopy:
    """What a live signature works on; nothing of it leads back to the store.

    Attributes
    ----------
    n_lesions
        How many the patient has.
    stored
        The features of the signed contour as they were extracted, by name with phase; empty where none were.
    """

    roi: Roi
    volume: Volume
    card: ModelCard
    params: ExtractionParams
    n_lesions: int
    stored: Mapping[str, float]


class LiveSignature:
    """The Rad-score of contours on one signed lesion. May be asked by several threads; holds no store.

    Attributes
    ----------
    contour
        The copy to draw on.
    signed
        The score of the signed contour, by the card as it stands.
    patient_id, session_id
        Whose lesion, and the reading it was copied from.
    card
        The project's youngest radscore card.
    n_lesions
        How many lesions the patient has; the score is of this one alone.
    is_trained
        Whether the card was trained with this patient: its own score is too good then.
    differing
        The features that were extracted with other values than are computed here.
    """

    def __init__(self, copy: SignedCopy, progress: Progress) -> None:
        self.patient_id, self.session_id = copy.roi.patient_id, copy.roi.session_id
        self.card, self.n_lesions = copy.card, copy.n_lesions
        self.is_trained = _is_trained(copy.card, copy.roi.patient_id)
        self._volume, self._mask, self._params = copy.volume, copy.roi.mask, copy.params
        self._definition = _definition(copy.card)
        self._names = frozenset(term.name.removeprefix(PHASE_PREFIX) for term in self._definition.terms)
        ground = Ground.of(copy.volume, copy.params, progress)
        self._live = LiveFeatures(ground, copy.params, self._names)
        self._signed_values = self._named(self._live.features(self._mask, progress))
        self.signed = self._scored(self._signed_values, self._mask.volume_mm3)
        self.differing = tuple(
            name
            for name, value in copy.stored.items()
            if not np.isclose(value, self._signed_values[name], rtol=1e-6, atol=1e-12)
        )
        self.contour = TriedContour(self._mask)

    @property
    def signed_mask(self) -> Mask:
        """The contour as it was signed, on the grid of the CT."""
        return self._mask

    def score(self, patch: Patch, progress: Progress) -> TriedScore:
        """Return the Rad-score of a contour; 0.1 seconds or so while it stays near the signed one.

        Parameters
        ----------
        patch
            From `contour.snapshot()`.

        Raises
        ------
        EsccError
            It has no features, such as an empty one.
        Cancelled
            From `progress`.
        """
        voxels = np.zeros(self._mask.voxels.shape, dtype=np.bool_)
        voxels[patch.box] = patch.voxels
        mask = Mask(voxels, self._mask.geometry)
        return self._scored(self._named(self._live.features(mask, progress)), mask.volume_mm3)

    def sensitivity(self, progress: Progress) -> SignatureSensitivity:
        """Return how the score of the signed contour depends on how it was drawn and scanned; takes a while.

        Raises
        ------
        Cancelled
            From `progress`.
        """
        found = sensitivity(self._volume, self._mask, self._params, self._names, progress)
        scored = sorted((self._response(one, found) for one in found.responses), key=lambda one: -one.span)
        return SignatureSensitivity(self.signed, found.n_voxels, found.largest_hu, tuple(scored))

    def _response(self, response: Response, found: Sensitivity) -> ScoredResponse:
        volume_mm3 = self._mask.volume_mm3 / found.n_voxels
        runs = tuple(
            ScoredRun(
                run.amount,
                None if run.values is None else self._scored(self._named(run.values), run.n_voxels * volume_mm3),
                run.n_voxels,
                run.refused,
            )
            for run in response.runs
        )
        return ScoredResponse(response.factor, runs, response.voxel)

    @staticmethod
    def _named(values: Mapping[str, float]) -> dict[str, float]:
        return {f"{PHASE_PREFIX}{name}": value for name, value in values.items()}

    def _scored(self, values: Mapping[str, float], volume_mm3: float) -> TriedScore:
        score, group = self._rad_score(values)
        cutoff = self._definition.cutoff
        features = (self._change(term, values[term.name]) for term in self._definition.terms)
        return TriedScore(
            score=score,
            group=group,
            distance=None if cutoff is None else score - cutoff.value,
            change=score - self._rad_score(self._signed_values)[0],
            features=tuple(sorted(features, key=lambda one: -abs(one.change))),
            volume_mm3=volume_mm3,
        )

    def _rad_score(self, values: Mapping[str, float]) -> tuple[float, str]:
        score, group = rad_score_of(self.card, values)
        return math.nan if score is None else score, group or ""

    def _change(self, term: Term, value: float) -> FeatureChange:
        signed = self._signed_values[term.name]
        change = term.coefficient * (model_value(term, value) - model_value(term, signed))
        is_outside = term.range is not None and not term.range.minimum <= value <= term.range.maximum
        return FeatureChange(term.name, value, signed, change, is_outside)


def open_live_signature(store: Store, view: View, session_id: str, progress: Progress) -> LiveSignature:
    """Open a copy of a signed reading to try contours on; the opening is audited, nothing else is written.

    Raises
    ------
    AccessDeniedError
        The role may not; the person is a reader; the reading, or another one of the lesion, is not signed.
    EsccError
        There is no model with a Rad-score, it reads features of other settings, or the signature does not hold.
    Cancelled
        From `progress`.
    """
    principal = view.principal
    require(principal, Operation.TRY_CONTOURS)
    if principal.role is Role.READER:  # whatever the policy may say one day
        raise AccessDeniedError("Readers may not try contours.", "A score beside the outline would steer the reader.")
    copy = _signed_copy(store, view, session_id, progress.part(0, _OPENING))
    with store.ledger.write(principal.account_id, ACTION) as entry:
        entry.details.update(session=session_id, card=copy.card.digest)
    return LiveSignature(copy, progress.part(_OPENING, 1))


def _signed_copy(store: Store, view: View, session_id: str, progress: Progress) -> SignedCopy:
    progress.advance(0, 2, "Reading")
    session = store.get(SESSION, session_id)
    of_lesion = [
        one for one in store.all(SESSION) if (one.patient_id, one.lesion_id) == (session.patient_id, session.lesion_id)
    ]
    if not all(one.is_signed for one in of_lesion):
        raise AccessDeniedError(
            "A reading of this lesion is not signed yet.",
            "Contours are tried when all of them are signed: before, the score would steer the reader.",
        )
    roi = view.get(ROI, session_id)
    verify_signature(store, roi)
    card = _current_card(view)
    progress.advance(1, 2, "CT")
    found = store.find(FEATURES, session_id, view.principal)
    return SignedCopy(
        roi=roi,
        volume=store.get(VOLUME, roi.volume_digest),
        card=card,
        params=_params(found, card),
        n_lesions=sum(lesion.patient_id == roi.patient_id for lesion in store.all(LESION)),
        stored=_stored(found, card),
    )


def _current_card(view: View) -> ModelCard:
    written = view.changed_at(CARD)
    cards = [
        card
        for card in stored_cards(view)
        if card.kind == "radscore" and card.usage == "patient" and _definition(card).terms
    ]
    if not cards:
        raise EsccError("There is no model with a Rad-score of features yet.", "A statistician develops one.")
    return max(cards, key=lambda card: written[card.digest])


def _definition(card: ModelCard) -> RadScore:
    return card.rad_score or RadScore(terms=())


def _params(found: RoiFeatures | None, card: ModelCard) -> ExtractionParams:
    """Return the settings the reading was extracted with, which must be the card's."""
    params = kept_params(None if found is None else found.vector.provenance.get("settings"))
    if not is_of_settings(card, params.digest):
        raise EsccError(
            f"{card.name} reads features of other settings than {params.name} ({params.digest[:12]}).",
            f"Extract with the settings of the model, {settings_of(card)}, or develop it again.",
        )
    return params


def _stored(found: RoiFeatures | None, card: ModelCard) -> dict[str, float]:
    if found is None:
        return {}
    values = dict(zip(found.vector.names, found.vector.values.tolist(), strict=True))
    return {name: values[name.removeprefix(PHASE_PREFIX)] for name in card.feature_names}


def _is_trained(card: ModelCard, patient_id: str) -> bool:
    training = card.training
    if training is None:
        return False
    code = patient_digest(training.salt, patient_id)
    return any(known.patient == code for known in training.patients)

"""From signed readings to features, cards and assessments, kept in the project with what they rest on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from escc_desktop.errors import EsccError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.features.worker import Failure
from escc_desktop.prognosis.card import ModelCard, parse_card
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import VOLUME
from escc_desktop.prognosis.config import DevelopConfig, config_text
from escc_desktop.prognosis.develop import Development, develop
from escc_desktop.prognosis.score import Assessment, assess
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import ASSESSMENT, CARD, CONFIGURATION, FEATURES, FIGURE, RESULT, ROI, RoiFeatures
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import View
from escc_desktop.workflow.desk import verify_signature
from escc_desktop.workflow.stored import StoredLoader, feature_table, roi_task, with_acquisition

_ASSESSMENT: TypeAdapter[Assessment] = TypeAdapter(Assessment)


@dataclass(frozen=True)
class ExtractionSettings:
    """What is extracted, by what, in how many child processes."""

    params: ExtractionParams
    engine: str
    jobs: int


@dataclass(frozen=True, eq=False)
class Extraction:
    """The features of all signed readings.

    Attributes
    ----------
    failures
        The readings that gave none, with the reason.
    n_reused
        How many were in the project already under the same digests.
    """

    table: FeatureTable
    failures: tuple[tuple[RoiKey, Failure], ...]
    n_reused: int
    features: tuple[RoiFeatures, ...]


def extract_signed(store: Store, principal: Principal, settings: ExtractionSettings, progress: Progress) -> Extraction:
    """Extract every signed region; each vector is kept as soon as it is there, so a stopped run loses nothing.

    Raises
    ------
    EsccError
        Nothing is signed, or a signature does not hold.
    Cancelled
        From `progress`.
    """
    rois = store.all(ROI, principal)
    if not rois:
        raise EsccError("No reading is signed yet.", "Features come from signed readings.")
    for roi in rois:
        verify_signature(store, roi)
    tasks = [roi_task(store, roi) for roi in rois]
    session_of = {id(task): roi.session_id for task, roi in zip(tasks, rois, strict=True)}
    known = {item.vector.provenance["identity"]: item.vector for item in store.all(FEATURES, principal)}

    def keep(outcome: Outcome) -> None:
        if outcome.vector is not None and not outcome.is_reused:
            item = RoiFeatures(session_of[id(outcome.task)], outcome.task.key, outcome.vector)
            store.put(principal, FEATURES, item)

    options = BatchOptions(jobs=settings.jobs, engine=settings.engine, known=known)
    outcomes = extract_many(tasks, StoredLoader(), settings.params, options, keep, progress)
    found = [
        RoiFeatures(roi.session_id, outcome.task.key, outcome.vector)
        for roi, outcome in zip(rois, outcomes, strict=True)
        if outcome.vector is not None
    ]
    features = with_acquisition(store, found)
    failures = tuple((outcome.task.key, outcome.failure) for outcome in outcomes if outcome.failure is not None)
    n_reused = sum(outcome.is_reused for outcome in outcomes)
    return Extraction(feature_table(list(features)), failures, n_reused, features)


def stored_features(store: Store, principal: Principal) -> tuple[RoiFeatures, ...]:
    """Return the features of all signed readings as they were extracted.

    Raises
    ------
    EsccError
        None are there, some are missing, or they were extracted with different settings.
    """
    found = store.all(FEATURES, principal)
    missing = set(store.session_ids(ROI)) - set(store.session_ids(FEATURES))
    if not found or missing:
        raise EsccError(f"{len(missing) or 'All'} signed readings have no features yet.", "Extract them first.")
    if len({(item.vector.provenance["params_digest"], item.vector.provenance["engine"]) for item in found}) > 1:
        raise EsccError("The features were extracted with different settings.", "Extract all of them again.")
    return with_acquisition(store, found)


def card_features(store: Store, principal: Principal, card: ModelCard) -> FeatureTable:
    """Return the features a card reads, and the volumes that weigh several lesions of a patient."""
    table = feature_table(list(stored_features(store, principal)))
    weight = (VOLUME,) if VOLUME in table.names else ()
    return table.only(tuple(dict.fromkeys((*card.feature_names, *weight))))


def develop_cards(
    store: Store,
    principal: Principal,
    data: tuple[FeatureTable, ClinicalTable],
    config: DevelopConfig,
    progress: Progress,
) -> Development:
    """Develop the cards, draw their figures, and keep all with results and choices in one transaction."""
    from escc_desktop.workflow.kept_figures import draw  # noqa: PLC0415  # matplotlib, not before something is drawn

    made = develop(*data, config, progress.part(0, 0.75))
    drawn = draw(made, progress.part(0.75, 1))
    progress.advance(1, 1, "Keeping cards and figures")
    with store.write(principal, "develop models") as writing:
        for figure in drawn.values():
            writing.put(FIGURE, figure)
        for card in made.cards.values():
            writing.put(CARD, Document(card.digest, card.model_dump(mode="json")))
        development = made.cards["combined"].digest
        writing.put(RESULT, Document(development, made.results.model_dump(mode="json")))
        writing.put(CONFIGURATION, Document(development, {"toml": config_text(made.repeatable)}))
    return made


def stored_cards(view: View) -> tuple[ModelCard, ...]:
    """Return the cards of the project."""
    return tuple(parse_card(document.content) for document in view.all(CARD))


def assess_patients(
    store: Store, principal: Principal, card: ModelCard, data: tuple[FeatureTable, ClinicalTable]
) -> tuple[Assessment, ...]:
    """Apply a card, and keep every verdict under the card and the patient."""
    verdicts = assess(card, *data)
    with store.write(principal, "assess patients") as writing:
        for verdict in verdicts:
            content = {"card": card.digest, "assessment": asdict(verdict)}
            writing.put(ASSESSMENT, Document(f"{card.digest}/{verdict.patient_id}", content))
    return verdicts


def stored_assessments(view: View, card: ModelCard) -> tuple[Assessment, ...]:
    """Return the verdicts kept for a card, by patient."""
    kept = [document.content for document in view.all(ASSESSMENT)]
    return tuple(
        _ASSESSMENT.validate_python(content["assessment"]) for content in kept if content["card"] == card.digest
    )

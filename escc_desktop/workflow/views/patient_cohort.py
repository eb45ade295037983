"""All patients under one card: what the list shows, and what each patient's page rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import PatientValues, patient_values
from escc_desktop.prognosis.results import CutoffResult
from escc_desktop.prognosis.scenario import Calculator
from escc_desktop.prognosis.score import Assessment, assess
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import CARD
from escc_desktop.trial.records import TrialRecord
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.certainty import Separation, stored_cutoff
from escc_desktop.workflow.clinical_data import clinical_table
from escc_desktop.workflow.curves import GroupCurve, group_curves
from escc_desktop.workflow.model_figures import MODEL_NAMES
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.baseline import Images, cohort_images
from escc_desktop.workflow.views.ruler import RulerView, cohort_rulers


@dataclass(frozen=True)
class CardChoice:
    """A card that can be chosen: its digest and what it is called."""

    digest: str
    name: str


@dataclass(frozen=True)
class ChooserRow:
    """One line of the list of patients; `survival` is None where withheld or not assessed."""

    patient_id: str
    is_assessed: bool
    group: str = ""
    survival: float | None = None


@dataclass(frozen=True, eq=False)
class Basis:
    """What every patient's page of one card rests on, fetched once.

    Attributes
    ----------
    trouble
        Why the card cannot be applied to what is there today, or nothing.
    findings
        What was odd about image and outline of each patient when the features were extracted.
    calculator, values
        The card ready to be asked, and the features of each patient as it reads them; None without.
    images
        The CTs of each patient; empty for somebody who sees none.
    verdicts, today
        The stored assessments, and what the card would say of today's readings and records.
    """

    card: ModelCard
    records: Mapping[str, TrialRecord]
    clinical: ClinicalTable | None
    table: FeatureTable | None
    trouble: str
    verdicts: Mapping[str, Assessment]
    today: Mapping[str, Assessment]
    cutoff: CutoffResult | None
    curves: tuple[GroupCurve, ...]
    separation: Separation
    rulers: Mapping[str, RulerView]
    findings: Mapping[str, tuple[str, ...]]
    calculator: Calculator
    values: PatientValues | None
    images: Mapping[str, Images]


@dataclass(frozen=True)
class CohortView:
    """The list of patients under a card; `basis` is None without any card."""

    cards: tuple[CardChoice, ...]
    rows: tuple[ChooserRow, ...]
    basis: Basis | None
    may_assess: bool
    may_develop: bool
    may_print: bool
    may_map: bool

    @property
    def card(self) -> CardChoice | None:
        """The card in force."""
        return next((card for card in self.cards if self.basis and card.digest == self.basis.card.digest), None)


def cohort_view(project: Project, digest: str, progress: Progress) -> CohortView:
    """Return all patients under a card; "" chooses the combined card that was developed last."""
    progress.advance(0, 3, _("Models"))
    cards, choices = card_choices(project)
    card = next((card for card in cards if card.digest == digest), cards[0] if cards else None)
    basis = None if card is None else _basis(project, card, progress)
    rights = {
        "may_assess": project.may(Operation.ASSESS),
        "may_develop": project.may(Operation.DEVELOP),
        "may_map": project.may(Operation.VIEW_MAPS),
        "may_print": project.may(Operation.REPORT) and project.may(Operation.VIEW_IMAGES),
    }
    return CohortView(choices, _rows(project, basis), basis, **rights)


def card_choices(project: Project) -> tuple[tuple[ModelCard, ...], tuple[CardChoice, ...]]:
    """Return the cards that may judge patients, in the order they are offered, and what they are called."""
    cards = _cards(project)
    names = _card_names(cards)
    return cards, tuple(CardChoice(card.digest, names[card.digest]) for card in cards)


def _cards(project: Project) -> tuple[ModelCard, ...]:
    """Return the cards that may judge patients: the combined one first, the youngest before its elders."""
    written = project.view.changed_at(CARD)
    usable = [card for card in project.cards() if card.usage == "patient"]
    order = ("combined", "radiomics", "clinical", "radscore")
    youngest = sorted(usable, key=lambda card: written[card.digest], reverse=True)
    return tuple(sorted(youngest, key=lambda card: order.index(card.kind)))


def _card_names(cards: tuple[ModelCard, ...]) -> dict[str, str]:
    """Return what cards are called; those of one name are told apart by their digest."""
    plain = {card.digest: f"{MODEL_NAMES[card.kind]} · {card.endpoint.upper()}" for card in cards}
    names = list(plain.values())
    return {digest: name if names.count(name) == 1 else f"{name} · {digest[:8]}" for digest, name in plain.items()}


def _basis(project: Project, card: ModelCard, progress: Progress) -> Basis:
    records = project.records()
    clinical = clinical_table(records) if records else None
    verdicts = {verdict.patient_id: verdict for verdict in project.assessments(card)}
    progress.advance(1, 3, _("Features"))
    table, trouble = _features(project, card)
    progress.advance(2, 3, _("Assessments"))
    curves, p = group_curves(card, verdicts, clinical)
    today: tuple[Assessment, ...] = ()
    if table is not None and clinical is not None:
        today, trouble = _today(card, table, clinical)
    elif clinical is None:
        trouble = trouble or _("The project has no trial records.")
    return Basis(
        card=card,
        records={record.patient_id: record for record in records},
        clinical=clinical,
        table=table,
        trouble=trouble,
        verdicts=verdicts,
        today={one.patient_id: one for one in today},
        cutoff=stored_cutoff(project, card),
        curves=curves,
        separation=Separation(sum(curve.n for curve in curves), p),
        rulers=cohort_rulers(card, table, clinical, tuple(verdicts)) if table and clinical else {},
        findings={} if table is None else findings_of(table),
        calculator=Calculator(card),
        values=patient_values(table, card.patient_value) if table is not None and card.feature_names else None,
        images=cohort_images(project, table),
    )


def _features(project: Project, card: ModelCard) -> tuple[FeatureTable | None, str]:
    try:
        return project.card_features(card), ""
    except EsccError as error:
        return None, error.what


def findings_of(table: FeatureTable) -> dict[str, tuple[str, ...]]:
    """Return what was odd when Reader A's first readings were extracted, by patient."""
    first = table.select("A", "first")
    found: dict[str, list[str]] = {}
    for key, scan in zip(first.keys if first.scans else (), first.scans, strict=True):
        found.setdefault(key.patient_id, []).extend(scan.remarks)
    return {patient: tuple(dict.fromkeys(remarks)) for patient, remarks in found.items()}


def _today(card: ModelCard, table: FeatureTable, clinical: ClinicalTable) -> tuple[tuple[Assessment, ...], str]:
    try:
        return assess(card, table, clinical), ""
    except EsccError as error:
        return (), error.what


def _rows(project: Project, basis: Basis | None) -> tuple[ChooserRow, ...]:
    if basis is None:
        return ()
    known = {*basis.records, *basis.verdicts, *(lesion.patient_id for lesion in project.lesions())}
    rows = []
    for patient_id in sorted(known):
        verdict = basis.verdicts.get(patient_id)
        if verdict is None:
            rows.append(ChooserRow(patient_id, is_assessed=False))
        else:
            rows.append(ChooserRow(patient_id, True, verdict.risk_group or "", verdict.survival))
    return tuple(rows)

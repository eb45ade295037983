"""The nomogram page: a card asked about values somebody sets; everything it says comes from the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from escc_desktop.figures import words
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.card_digests import patient_digest
from escc_desktop.prognosis.carding import term_label
from escc_desktop.prognosis.cohort import patient_values
from escc_desktop.prognosis.scenario import Answer, Calculator, Curve, Question, Value
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.card_file import load_foreign_card
from escc_desktop.workflow.clinical_data import clinical_table
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.model_parts import endpoint_words
from escc_desktop.workflow.views.nomogram_inputs import Input, inputs_of
from escc_desktop.workflow.views.patient_cohort import CardChoice, card_choices
from escc_desktop.workflow.views.patient_question import alive_months, covariates_of, features_of
from escc_desktop.workflow.views.words import caution_words, site_name

__all__ = [
    "Bar", "Curve", "NomogramView", "Question", "Read", "Started", "Told", "Value", "nomogram_view",
    "patient_question", "view_of_file",
]  # fmt: skip

_CHANCE = 0.5


@dataclass(frozen=True)
class Bar:
    """What one term adds: points, and the most it can add within its axis; `detail` says the value."""

    label: str
    detail: str
    points: float
    longest: float
    is_outside: bool


@dataclass(frozen=True)
class Read:
    """Survival read off at a month; limits are None where the card knows none."""

    months: float
    value: float
    lower: float | None
    upper: float | None

    @property
    def percent(self) -> str:
        """The value as people write it: "72 %"."""
        return words.percent(self.value)


@dataclass(frozen=True, eq=False)
class Told:
    """What a scenario comes to.

    Attributes
    ----------
    read, given
        From day 1, and given alive at the last month alive; None where withheld or nothing is given.
    withheld
        Why there is no probability.
    curve
        From day 1, or from the last month alive on.
    """

    bars: tuple[Bar, ...]
    total: float | None
    read: Read | None
    given: Read | None
    withheld: tuple[str, ...]
    curve: Curve | None


@dataclass(frozen=True, eq=False)
class NomogramView:
    """A card ready to be asked.

    Attributes
    ----------
    cards
        Those of the project; `name` is that of the card shown, which may come from a file.
    sites
        (value, words) each; empty where the card judges any.
    ruler
        (points, survival at the horizon) pairs, and the ends of the total points.
    honesty
        What must be known before believing any of it.
    patients
        Who may be started from; nobody for a card from a file.
    """

    cards: tuple[CardChoice, ...]
    calculator: Calculator | None
    name: str = ""
    endpoint: str = ""
    inputs: tuple[Input, ...] = ()
    sites: tuple[tuple[str, str], ...] = ()
    ruler: tuple[tuple[float, float], ...] = ()
    total_span: tuple[float, float] = (0.0, 100.0)
    honesty: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    may_move_features: bool = False

    @property
    def digest(self) -> str:
        """Of the card shown."""
        return self.calculator.card.digest if self.calculator else ""

    @property
    def is_survival(self) -> bool:
        """Whether the endpoint is overall survival."""
        return bool(self.calculator and self.calculator.card.endpoint == "os")

    @property
    def horizon_months(self) -> float:
        """The month the card was made for."""
        return self.calculator.card.horizon_months if self.calculator else 0.0

    @property
    def end_months(self) -> float:
        """The last month the card says something about."""
        return self.calculator.end_months if self.calculator else 0.0

    @property
    def start(self) -> Question:
        """Every input where it begins."""
        site = self.sites[0][0] if self.sites else ""
        return Question({one.name: one.start for one in self.inputs}, site)

    def tell(self, question: Question, month: float) -> Told:
        """Return what the card says; quick enough for the main thread.

        Raises
        ------
        ValueError
            The view holds no card.
        """
        if self.calculator is None:
            raise ValueError("there is no card to ask")
        answer = self.calculator.ask(question)
        withheld = self._withheld(question, answer)
        read = given = None
        if answer.curve is not None:
            read = self._read(replace(question, alive_months=0.0), month)
            given = self._read(question, month) if 0 < question.alive_months < month else None
        return Told(self._bars(question, answer), answer.total, read, given, withheld, answer.curve)

    def _withheld(self, question: Question, answer: Answer) -> tuple[str, ...]:
        """Return why there is no probability; values outside the training range in one sentence."""
        heavy = [caution for caution in answer.cautions if caution.withholds]
        outside = [one.label for one in self.inputs if one.is_outside(question.values.get(one.name))]
        told = tuple(caution_words(one) for one in heavy if one.code != "outside_range")
        if not any(one.code == "outside_range" for one in heavy):
            return told
        return (_("Outside what the card was trained on: {names}.").format(names=", ".join(outside)), *told)

    def _read(self, question: Question, month: float) -> Read:
        if self.calculator is None:
            raise ValueError("there is no card to ask")
        at = self.calculator.at(question, [month])
        value, lower, upper = (float(one[0]) for one in (at.survival, at.lower, at.upper))
        is_known = words.is_known(lower) and words.is_known(upper)
        return Read(month, value, lower if is_known else None, upper if is_known else None)

    def _bars(self, question: Question, answer: Answer) -> tuple[Bar, ...]:
        if self.calculator is None or self.calculator.scale is None or not answer.points:
            return ()
        inputs = {one.name: one for one in self.inputs}
        bars = []
        for term, axis in zip(self.calculator.card.model_terms, self.calculator.scale.axes, strict=True):
            own, value = inputs[term.name], question.values.get(term.name)
            level = f": {term.contrast.level}" if term.contrast and len(own.choices) > 2 else ""
            points, longest = answer.points[term_label(term)], float(axis.points.max())
            bars.append(Bar(own.label + level, own.words(value), points, longest, own.is_outside(value)))
        return tuple(bars)


def nomogram_view(project: Project, digest: str, progress: Progress) -> NomogramView:
    """Return a card of the project; "" asks for the one the patient page shows first.

    Raises
    ------
    AccessDeniedError
        The principal may not see models.
    """
    require(project.principal, Operation.VIEW_MODELS)
    progress.advance(0, 1, _("Models"))
    cards, choices = card_choices(project)
    card = next((one for one in cards if one.digest == digest), cards[0] if cards else None)
    if card is None:
        return NomogramView((), None)
    name = next(one.name for one in choices if one.digest == card.digest)
    patients: tuple[str, ...] = ()
    if project.may(Operation.VIEW_OUTCOME) and project.may(Operation.VIEW_ASSESSMENTS):
        patients = tuple(sorted(record.patient_id for record in project.records()))
    return _view(project, card, name, choices, patients)


def view_of_file(project: Project, path: Path, progress: Progress) -> NomogramView:
    """Return a card that was exported, from here or elsewhere.

    Raises
    ------
    AccessDeniedError
        The principal may not see models.
    EsccError
        The file is no card.
    """
    require(project.principal, Operation.VIEW_MODELS)
    progress.advance(0, 1, path.name)
    card = load_foreign_card(path)
    _cards, choices = card_choices(project)
    return _view(project, card, f"{card.name} · {path.name}", choices, ())


def _view(
    project: Project, card: ModelCard, name: str, choices: tuple[CardChoice, ...], patients: tuple[str, ...]
) -> NomogramView:
    calculator = Calculator(card)
    scale = calculator.scale
    pairs: tuple[tuple[float, float], ...] = ()
    span = (0.0, 100.0)
    if scale is not None:
        pairs = tuple(zip(scale.survival_points.tolist(), scale.survival_ticks.tolist(), strict=True))
        ends = [*scale.survival_points.tolist(), *(float(point) for point in scale.lp_points[[0, -1]])]
        span = (min(ends), max(ends))
    allowed = card.applicability.sites
    sites = (*((site, site_name(site)) for site in allowed), ("elsewhere", _("another site"))) if allowed else ()
    return NomogramView(
        cards=choices,
        calculator=calculator,
        name=name,
        endpoint=endpoint_words(card.endpoint),
        inputs=inputs_of(card),
        sites=sites,
        ruler=pairs,
        total_span=span,
        honesty=card_limits(card),
        patients=patients,
        may_move_features=project.may(Operation.TRY_FEATURES),
    )


def card_limits(card: ModelCard) -> tuple[str, ...]:
    """Return what must be known first: on how many the card rests, how well it did, what its intervals leave out."""
    told = []
    if card.training is not None:
        text = _("Trained on {n} patients with {events} events, {early} of them by {months:g} months.")
        told.append(
            text.format(
                n=card.training.n_patients,
                events=card.training.n_events,
                early=card.training.n_events_by_horizon,
                months=card.horizon_months,
            )
        )
    told += [line for line in (_c_words(card),) if line]
    told.append(
        _("The intervals hold the error of the coefficients, not that of their selection: they are too narrow.")
    )
    if card.curve_errors is None:
        told.append(_("This card has an interval at {months:g} months only.").format(months=card.horizon_months))
    told += list(card.applicability.statements)
    return tuple(told)


def _c_words(card: ModelCard) -> str:
    """Return the honest C-index: nested where the card has it, else corrected; the apparent one stands beside."""
    figure = next((one for one in card.performance if one.name == "c_index"), None)
    if figure is None:
        return ""
    nested, basis = card.nested, _("on unseen patients")
    shown = None if nested is None else words.Interval(nested.c_index, nested.lower, nested.upper)
    if shown is None and figure.corrected is not None:
        shown, basis = words.Interval(figure.corrected, figure.lower, figure.upper), _("corrected for optimism")
    if shown is None:
        return ""
    text = _("C-index {c} {basis}; apparent {apparent}.")
    if shown.lower is not None and shown.lower <= _CHANCE:
        text = _("C-index {c} {basis}: no better than chance, as far as is shown; apparent {apparent}.")
    return text.format(c=words.index_interval(shown), basis=basis, apparent=words.index(figure.apparent))


@dataclass(frozen=True)
class Started:
    """A patient's values as a question, and what must be said with them."""

    patient_id: str
    question: Question
    notes: tuple[str, ...]


def patient_question(project: Project, view: NomogramView, patient_id: str, progress: Progress) -> Started:
    """Return the values of a patient of the project; what is not known stays where the card begins.

    Raises
    ------
    AccessDeniedError
        The principal may not see records or assessments.
    EsccError
        The patient's features are of other settings than the card's, or too few were extracted.
    """
    progress.advance(0, 1, patient_id)
    if view.calculator is None:
        raise ValueError("there is no card to ask")
    card, notes = view.calculator.card, []
    record = next(one for one in project.records() if one.patient_id == patient_id)
    values: dict[str, Value] = dict(view.start.values)
    found = {**_covariates(project, view, patient_id), **(_features(project, card, patient_id))}
    missing = [one.label for one in view.inputs if found.get(one.name) is None]
    values.update({name: value for name, value in found.items() if value is not None})
    if missing:
        notes.append(_("Not known, left where it began: {names}.").format(names=", ".join(missing)))
    if card.training is not None:
        code = patient_digest(card.training.salt, patient_id)
        if any(one.patient == code for one in card.training.patients):
            trained = _(
                "This patient helped to train the card: what it says here is too good. "
                "The patient's own page has the estimate of models that never saw this patient."
            )
            notes.append(trained)
    return Started(patient_id, Question(values, view.start.site, alive_months(record, card)), tuple(notes))


def _covariates(project: Project, view: NomogramView, patient_id: str) -> Mapping[str, Value]:
    found = covariates_of(clinical_table(project.records()), patient_id)
    return {one.name: found[one.name] for one in view.inputs if one.name in found}


def _features(project: Project, card: ModelCard, patient_id: str) -> Mapping[str, Value]:
    if not card.feature_names:
        return {}
    return features_of(card, patient_values(project.card_features(card), card.patient_value), patient_id)

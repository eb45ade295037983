"""A card asked about one patient: survival from the last month alive on, and with other clinical values.

For a patient who trained the card the answer starts from the probability by models that never saw this patient: hazards
are proportional, so another value, or another month, moves that probability as it moves the card's own. The card's own
probability of such a patient is nowhere shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from escc_desktop.figures.words import is_known
from escc_desktop.i18n import _
from escc_desktop.prognosis.scenario import Calculator, Question, Value
from escc_desktop.prognosis.score import Assessment, Caution
from escc_desktop.workflow.views.nomogram_inputs import Input, inputs_of
from escc_desktop.workflow.views.words import caution_words

# Nearer than this, the horizon says little to somebody who is alive: the next half year is told.
_NEAR_MONTHS = 3.0
_HALF_YEAR = 6.0


@dataclass(frozen=True)
class Chance:
    """A probability at a month, given alive at an earlier one; limits are None where no interval is known."""

    months: float
    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class WhatIfTold:
    """What changed values come to: the probability, or why there is none; `changed` names them."""

    chance: Chance | None
    withheld: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Asked:
    """One patient under one card, ready to be asked; quick enough for the main thread, and nothing of it is kept.

    Attributes
    ----------
    inputs
        The clinical values the card reads; none of the image.
    start
        The patient's values as the record has them.
    estimate
        Of models that never saw the patient; None for a patient who did not train the card.
    alive_months
        0 where survival given alive is nothing to ask for.
    """

    patient_id: str
    calculator: Calculator
    inputs: tuple[Input, ...]
    start: Question
    verdict: Assessment
    is_trained: bool
    alive_months: float

    @property
    def given_alive(self) -> Chance | None:
        """The probability given alive at the last contact: to the horizon, or to the next half year after it."""
        until = self._until()
        if not self.alive_months or self.verdict.survival is None or until > self.calculator.end_months:
            return None
        if self._reasons(self.start):
            return None
        return self._chance(replace(self.start, alive_months=self.alive_months), until)

    def tell(self, values: Mapping[str, Value]) -> WhatIfTold:
        """Return what the card says of other clinical values; names that are none of `inputs` are not heeded."""
        own = {one.name for one in self.inputs}
        heeded = {name: value for name, value in values.items() if name in own}
        question = replace(self.start, values={**self.start.values, **heeded})
        changed = tuple(
            f"{one.label}: {one.words(self.start.values.get(one.name))} → {one.words(question.values.get(one.name))}"
            for one in self.inputs
            if question.values.get(one.name) != self.start.values.get(one.name)
        )
        withheld = tuple(dict.fromkeys(caution_words(one) for one in (*self._standing(), *self._reasons(question))))
        if not withheld and self.is_trained and self.verdict.survival is None:
            withheld = (_("Models that never saw this patient gave no probability: there is nothing to start from."),)
        chance = None if withheld else self._chance(question, self.calculator.card.horizon_months)
        return WhatIfTold(chance, withheld, changed)

    def _standing(self) -> tuple[Caution, ...]:
        """Return the reasons to withhold that no clinical value changes: their details begin with no input's name."""
        own = {one.name for one in self.inputs}
        return tuple(one for one in self.verdict.cautions if one.withholds and one.detail.partition(" ")[0] not in own)

    def _reasons(self, question: Question) -> tuple[Caution, ...]:
        """Return why the card gives no probability for these values."""
        own = {one.name for one in self.inputs}
        image = [term.name for term in self.calculator.card.model_terms if term.name not in own]
        if any(question.values.get(name) is None for name in image):
            return (Caution("missing_features", withholds=True),)
        return tuple(one for one in self.calculator.ask(question).cautions if one.withholds)

    def _until(self) -> float:
        horizon = self.calculator.card.horizon_months
        if horizon - self.alive_months >= _NEAR_MONTHS:
            return horizon
        return _HALF_YEAR * math.ceil((self.alive_months + _NEAR_MONTHS) / _HALF_YEAR)

    def _chance(self, question: Question, months: float) -> Chance | None:
        curve = self.calculator.at(question, [months])
        survival, lower, upper = (float(one[0]) for one in (curve.survival, curve.lower, curve.upper))
        if not self.is_trained:
            known = is_known(lower) and is_known(upper)
            return Chance(months, survival, lower if known else None, upper if known else None)
        estimate = self.verdict.survival
        own = float(self.calculator.at(self.start, [self.calculator.card.horizon_months]).survival[0])
        if estimate is None or not 0 < own < 1:
            return None
        return Chance(months, estimate ** (math.log(survival) / math.log(own)) if survival > 0 else 0.0)


def clinical_inputs(card_inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """Return the inputs that are no values of the image."""
    return tuple(one for one in card_inputs if not one.is_feature)


def asked(
    calculator: Calculator, verdict: Assessment, values: Mapping[str, Value], site: str, alive_months: float
) -> Asked | None:
    """Return a patient ready to be asked about; None for a card that gives no probability to anybody.

    Parameters
    ----------
    values
        Of the patient, by term or column; what is not known is None or absent.
    """
    card = calculator.card
    if card.usage == "paper_only" or card.model is None or card.model.baseline is None:
        return None
    inputs = inputs_of(card)
    start = Question({one.name: values.get(one.name) for one in inputs}, site)
    is_trained = any(caution.code == "in_training" for caution in verdict.cautions)
    return Asked(verdict.patient_id, calculator, clinical_inputs(inputs), start, verdict, is_trained, alive_months)

"""A card asked about values that somebody sets: points, survival over time, and every reason to withhold it.

All of it comes from the card; no training patient is looked up, so that nothing tells who trained it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from escc_desktop.prognosis.card import ModelCard, Term
from escc_desktop.prognosis.carding import card_nomogram, term_label
from escc_desktop.prognosis.score import Caution, cautions_about
from escc_desktop.prognosis.terms import model_value
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.nomogram import Nomogram

Value = float | str | None
_Z95 = float(special.ndtri(0.975))
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True)
class Question:
    """Values set.

    Attributes
    ----------
    values
        By the name of a term or of a column the card's applicability asks for, in the unit of the data;
        "rad_score" is the Rad-score itself.
    site
        Of the lesion; "" where it is not said.
    alive_months
        How long the patient has lived already (without the event); survival is given that.
    """

    values: Mapping[str, Value]
    site: str = ""
    alive_months: float = 0.0


@dataclass(frozen=True, eq=False)
class Curve:
    """Survival (m,) at months (m,) with its 95 % limits, NaN where the card knows none."""

    months: FloatArray
    survival: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, eq=False)
class Answer:
    """What the card says.

    Attributes
    ----------
    points
        By the label of the term (`carding.term_label`); empty without a nomogram or with a value missing.
    cautions
        Those that withhold leave no probability.
    curve
        None where it is withheld; `Calculator.at` reads other months off.
    """

    points: Mapping[str, float]
    cautions: tuple[Caution, ...]
    curve: Curve | None

    @property
    def total(self) -> float | None:
        """Points in all; None where there are none."""
        return sum(self.points.values()) if self.points else None


@dataclass(frozen=True, eq=False)
class Calculator:
    """A card made ready for many questions; each takes well under a millisecond a hundred months."""

    card: ModelCard
    scale: Nomogram | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", card_nomogram(self.card))

    @property
    def end_months(self) -> float:
        """The last month the card says something about."""
        baseline = self.card.model.baseline if self.card.model else None
        times = baseline.times_months if baseline else ()
        return max(self.card.horizon_months, times[-1] if times else 0.0)

    @property
    def has_curve(self) -> bool:
        """Whether the card knows survival at other months than its horizon."""
        return bool(self.card.model and self.card.model.baseline and self.card.model.baseline.times_months)

    def ask(self, question: Question) -> Answer:
        """Return points, cautions and the curve from the last month alive on."""
        cautions = self._cautions(question)
        is_withheld = any(caution.withholds for caution in cautions)
        months = self._months(question.alive_months)
        return Answer(self._points(question), cautions, None if is_withheld else self.at(question, months))

    def at(self, question: Question, months: ArrayLike) -> Curve:
        """Return survival at months (m,), given that the patient was alive at `question.alive_months`.

        The limits are log-log, of the model's coefficients and baseline; they know nothing of how its terms were
        selected. Months before the last one alive have survival 1. Whether it may be said at all is `ask`'s.

        Raises
        ------
        ValueError
            The card has no baseline, or a value is missing.
        """
        model, at = self.card.model, np.atleast_1d(np.asarray(months, dtype=float))
        x = self._x(question)
        if model is None or model.baseline is None or x is None:
            raise ValueError("there is no baseline, or a value is missing")
        lp = float(np.dot([term.coefficient for term in model.terms], x)) if len(x) else 0.0
        risk = math.exp(min(lp - model.baseline.center, _LARGEST_EXPONENT))
        since = np.full(1, question.alive_months)
        hazard = np.maximum(self._hazard(at) - self._hazard(since), 0.0)
        survival = np.exp(-hazard * risk)
        spread = np.sqrt(self._variance(x, since, at, hazard)) * _Z95
        with np.errstate(over="ignore"):
            lower = np.exp(-hazard * risk * np.exp(spread))
            upper = np.exp(-hazard * risk * np.exp(-spread))
        return Curve(at, survival, lower, upper)

    def _months(self, alive_months: float) -> FloatArray:
        """Return 0, the last month alive, and every later month at which the curve falls."""
        baseline = self.card.model.baseline if self.card.model else None
        times = np.array(baseline.times_months if baseline else (), dtype=float)
        if not len(times):
            times = np.array([self.card.horizon_months])
        later = times[times > alive_months]
        return np.unique(np.concatenate([[0.0, alive_months], later, [max(self.end_months, alive_months)]]))

    def _hazard(self, months: FloatArray) -> FloatArray:
        """Cumulative hazard at the centre, (m,); a card without a curve knows the one at its horizon."""
        baseline = self.card.model.baseline if self.card.model else None
        if baseline is None:
            return np.full(len(months), np.nan)
        if not baseline.times_months:
            at_horizon = -math.log(baseline.survival)
            return np.where(months >= self.card.horizon_months, at_horizon, 0.0)
        row = np.searchsorted(baseline.times_months, months, side="right")
        return np.append(0.0, baseline.cumulative_hazard)[row]

    def _variance(self, x: FloatArray, since: FloatArray, at: FloatArray, hazard: FloatArray) -> FloatArray:
        """Variance (m,) of the log of the hazard from `since` to `at`; NaN where the card does not know it."""
        model, errors = self.card.model, self.card.curve_errors
        if model is None or model.uncertainty is None or model.baseline is None:
            return np.full(len(at), np.nan)
        covariance = np.array(model.uncertainty.covariance).reshape(len(x), len(x))
        if errors is None or not model.baseline.times_months:
            away = x - np.array(model.uncertainty.reference)
            known = model.uncertainty.log_hazard_variance + max(float(away @ covariance @ away), 0.0)
            is_horizon = (at == self.card.horizon_months) & (since == 0)
            return np.where(is_horizon & (hazard > 0), known, np.nan)
        hazards = np.array(model.baseline.cumulative_hazard)
        sums = np.append(0.0, np.array(errors.log_hazard_variance) * hazards**2)
        means = np.array(errors.reference).reshape(len(hazards), len(x)) * hazards[:, None]
        means = np.vstack([np.zeros((1, len(x))), means])
        first, last = (np.searchsorted(model.baseline.times_months, one, side="right") for one in (since, at))
        drift = x * hazard[:, None] - (means[last] - means[first])
        known = sums[last] - sums[first] + np.maximum(np.einsum("ij,jk,ik->i", drift, covariance, drift), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(hazard > 0, np.maximum(known, 0.0) / hazard**2, np.nan)

    def _x(self, question: Question) -> FloatArray | None:
        """Return the terms' values in model units; None where one is missing."""
        terms = self.card.model_terms
        x = np.array([_model_value(term, question.values.get(term.name)) for term in terms], dtype=float)
        return x if np.isfinite(x).all() else None

    def _points(self, question: Question) -> dict[str, float]:
        x = self._x(question)
        if x is None or self.scale is None:
            return {}
        return {
            term_label(term): (term.coefficient * float(value) - float(axis.contribution.min()))
            * self.scale.points_per_lp
            for axis, term, value in zip(self.scale.axes, self.card.model_terms, x, strict=True)
        }

    def _cautions(self, question: Question) -> tuple[Caution, ...]:
        card, values = self.card, question.values
        if card.usage == "paper_only":
            return (Caution("paper_only", withholds=True),)
        if card.model is None or card.model.baseline is None:
            return (Caution("no_baseline", withholds=True),)
        features = {name: value for name, value in values.items() if isinstance(value, float)}
        reads_score = any(term.source == "rad_score" for term in card.model_terms)
        if reads_score and not isinstance(values.get("rad_score"), float):
            return (Caution("missing_features", withholds=True),)
        found = cautions_about(card, features, values, (question.site,) if question.site else ())
        return tuple(caution for caution in found if caution.code != "no_cutoff")


def _model_value(term: Term, value: Value) -> float:
    if term.source == "rad_score":
        return value if isinstance(value, float) else math.nan
    return model_value(term, value)

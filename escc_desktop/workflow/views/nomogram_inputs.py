"""What can be set on the nomogram page: one input a value the card reads, with its ranges and thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from escc_desktop.figures import words
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard, Term
from escc_desktop.prognosis.card_parts import Range
from escc_desktop.prognosis.scenario import Value

_STEPS = 200
# How far beyond the training range an input goes, as a share of it: far enough to see that outside is outside.
_BEYOND = 0.2
_OTHER = "other"
_NOT = "not "


@dataclass(frozen=True)
class Threshold:
    """A value at which the model changes its answer by a step, and what it is called."""

    value: float
    words: str


@dataclass(frozen=True)
class Input:
    """One value.

    Attributes
    ----------
    name
        Of the term or the column.
    label, family, unit
        What it is called; filter and family of a feature.
    start
        Where it begins: the middle of the training range, the mean of a scaled feature, the reference level.
    is_feature
        Whether it comes from the image.
    training
        Smallest and largest value in training; None where the card does not say.
    span, step
        Ends and step of the slider; None for a choice.
    choices
        (value, words) each; empty for a number.
    """

    name: str
    label: str
    family: str
    unit: str
    start: Value
    is_feature: bool
    training: tuple[float, float] | None = None
    span: tuple[float, float] | None = None
    step: float = 1.0
    thresholds: tuple[Threshold, ...] = ()
    choices: tuple[tuple[Value, str], ...] = ()

    @property
    def decimals(self) -> int:
        """How many digits after the point the step needs."""
        return max(0, -math.floor(math.log10(self.step) + 1e-9))

    def words(self, value: Value) -> str:
        """Return a value as people write it."""
        if self.choices:
            return next((text for known, text in self.choices if known == value), _("not set"))
        return f"{value:.{self.decimals}f} {self.unit}".strip() if isinstance(value, float) else _("not set")

    def is_outside(self, value: Value) -> bool:
        """Whether a value lies outside what the card was trained on."""
        if self.training is None or not isinstance(value, float):
            return False
        margin = 1e-9 * max(abs(end) for end in self.training)
        return not self.training[0] - margin <= value <= self.training[1] + margin


def inputs_of(card: ModelCard) -> tuple[Input, ...]:
    """Return the inputs of a card: its terms in their order, then what its applicability asks for."""
    by_name: dict[str, list[Term]] = {}
    for term in card.model_terms:
        by_name.setdefault(term.name, []).append(term)
    made = [_input(card, terms) for terms in by_name.values()]
    for asked in card.applicability.requirements:
        if asked.column not in by_name:
            label = words.quantity(asked.column)
            choices = tuple((value, _level(asked.column, value)) for value in asked.allowed)
            other: tuple[Value, str] = (_OTHER, _("something else"))
            made.append(
                Input(asked.column, _capital(label), "", "", asked.allowed[0], False, choices=(*choices, other))
            )
    return tuple(made)


def _input(card: ModelCard, terms: Sequence[Term]) -> Input:
    term = terms[0]
    if term.source == "rad_score":
        return _score_input(card, term)
    if term.contrast is not None:
        return _level_input(terms)
    label, family = words.term(term.name)
    name, _space, unit = label.partition(" (")
    if term.range is None:
        raise ValueError(f"the term {term.name} has neither levels nor a range")
    span, step = _span(term.range, is_positive=term.range.minimum >= 0, is_log=term.transform == "log2")
    return Input(
        name=term.name,
        label=name if term.source == "feature" else _capital(name),
        family=family,
        unit=unit.removesuffix(")"),
        start=_middle(term, step),
        is_feature=term.source == "feature",
        training=(term.range.minimum, term.range.maximum),
        span=span,
        step=step,
    )


def _score_input(card: ModelCard, term: Term) -> Input:
    found = term.range or Range(minimum=-1.0, maximum=1.0)
    span, step = _span(found, is_positive=False, is_log=False)
    cutoff = card.rad_score.cutoff if card.rad_score else None
    marks = (Threshold(cutoff.value, _("cut-off: HIGH above")),) if cutoff else ()
    ends = None if term.range is None else (found.minimum, found.maximum)
    return Input("rad_score", _("Rad-score"), "", "", _rounded(_half(found), step), True, ends, span, step, marks)


def _level_input(terms: Sequence[Term]) -> Input:
    """Return a choice of levels; a slider with the threshold marked where numbers are cut at one."""
    term = terms[0]
    label, _space, unit = words.quantity(term.name).partition(" (")
    cuts = [one.contrast.at_least for one in terms if one.contrast and one.contrast.at_least is not None]
    if len(cuts) == len(terms) and not _is_flag(terms):
        return _cut_input(terms, _capital(label), unit.removesuffix(")"), cuts)
    choices: list[tuple[Value, str]] = []
    for one in terms:
        contrast = one.contrast
        if contrast is None:
            continue
        is_number = contrast.at_least is not None
        if not choices:
            reference: Value = _OTHER if contrast.reference.startswith(_NOT) else contrast.reference
            choices.append((float(contrast.reference) if is_number else reference, _level(term.name, str(reference))))
        choices.append((contrast.at_least if is_number else contrast.level, _level(term.name, contrast.level)))
    return Input(term.name, _capital(label), "", "", choices[0][0], False, choices=tuple(choices))


def _is_flag(terms: Sequence[Term]) -> bool:
    """Whether the covariate has two numbers and nothing between, such as ECOG 0 and 1."""
    contrast = terms[0].contrast
    if contrast is None or len(terms) > 1:
        return False
    try:
        return float(contrast.level) == contrast.at_least and float(contrast.reference) < float(contrast.level)
    except ValueError:
        return False


def _cut_input(terms: Sequence[Term], label: str, unit: str, cuts: Sequence[float]) -> Input:
    term = terms[0]
    known = term.range or Range(minimum=0.0, maximum=2.0 * max(cuts))
    span, step = _span(known, is_positive=known.minimum >= 0, is_log=False)
    marks = tuple(Threshold(cut, _("{value} or more").format(value=f"{cut:g}")) for cut in cuts)
    ends = None if term.range is None else (known.minimum, known.maximum)
    start = _rounded(max(known.minimum, min(cuts) - step), step)
    return Input(term.name, label, "", unit, start, False, ends, span, step, marks)


def _level(name: str, level: str) -> str:
    if level == _OTHER:
        return _("other")
    flags = {"0": _("no"), "1": _("yes")}
    return level if name == "ecog" else flags.get(level, level.replace("_", " "))


def _middle(term: Term, step: float) -> float:
    if term.range is None:
        return 0.0
    if term.scaling is not None:
        middle = term.scaling.mean
    elif term.transform == "log2":
        middle = math.sqrt(term.range.minimum * term.range.maximum)
    else:
        middle = _half(term.range)
    return min(max(_rounded(middle, step), term.range.minimum), term.range.maximum)


def _half(found: Range) -> float:
    return (found.minimum + found.maximum) / 2


def _span(found: Range, *, is_positive: bool, is_log: bool) -> tuple[tuple[float, float], float]:
    """Return ends and step of a slider that goes beyond the training range on either side."""
    width = (found.maximum - found.minimum) or abs(found.maximum) or 1.0
    step = _round_step(width * (1 + 2 * _BEYOND) / _STEPS)
    low, high = found.minimum - _BEYOND * width, found.maximum + _BEYOND * width
    if is_positive:
        low = max(low, 0.0)
    if is_log:
        low = max(low, found.minimum / 2)
    first, last = math.floor(low / step), math.ceil(high / step)
    if is_log:
        first = max(first, 1)
    return (first * step, last * step), step


def _round_step(step: float) -> float:
    unit = 10.0 ** math.floor(math.log10(step))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= step * (1 - 1e-9))


def _rounded(value: float, step: float) -> float:
    return round(round(value / step) * step, 12)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

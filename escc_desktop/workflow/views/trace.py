"""From a point on the nomogram to the voxels it rests on, step by step, and back."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.figures import words
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard, Term
from escc_desktop.workflow.views.lesion import LesionView
from escc_desktop.workflow.views.ruler import RulerView

POINTS, FEATURE, OUTLINE = "points", "feature", "outline"
_DIGITS = 8


@dataclass(frozen=True)
class TraceStep:
    """One step; `kind` is what it leads to, or nothing where it only says something."""

    kind: str
    words: str
    tip: str = ""


def trace(card: ModelCard, ruler: RulerView | None, name: str, lesion: LesionView) -> tuple[TraceStep, ...]:
    """Return the steps from what a term adds to the CT it comes from.

    Parameters
    ----------
    name
        Of the feature, with or without its phase; one that is no term of the card has no points.
    """
    term = next((one for one in card.model_terms if plain_name(one.name) == plain_name(name)), None)
    title, family = words.term(name if term is None else term.name)
    axis = next((one for one in ruler.axes if term and one.name == term.name), None) if ruler else None
    value = f"{title} {axis.value}" if axis is not None else title
    steps = [_points(term, axis.points if axis else None)]
    steps.append(TraceStep(FEATURE, value, "\n".join([family, *_settings(card)])))
    steps.append(TraceStep(OUTLINE, lesion.what, f"{lesion.origin}\n{lesion.session_id}"))
    n = lesion.volume.geometry.shape[0]
    steps.append(TraceStep(OUTLINE, _("CT, {n} slices").format(n=n), ""))
    return tuple(steps)


def plain_name(name: str) -> str:
    """Return a feature's name without its phase."""
    return name.removeprefix("A_")


def _points(term: Term | None, points: float | None) -> TraceStep:
    if term is None:
        return TraceStep("", _("not in the model"), _("No term of the model reads this feature by itself."))
    tip = _("Coefficient {value} in the model. Click: its place on the nomogram.").format(
        value=f"{term.coefficient:.3g}"
    )
    words_ = _("no points") if points is None else _("{n} points").format(n=f"{points:.0f}")
    return TraceStep(POINTS, words_, tip)


def _settings(card: ModelCard) -> list[str]:
    if card.extraction is None:
        return []
    digest = card.extraction.params_digest[:_DIGITS]
    return [_("Settings {name}, {digest}").format(name=card.extraction.params, digest=digest)]

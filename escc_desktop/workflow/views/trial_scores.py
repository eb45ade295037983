"""Rad-scores by group and event on the trial page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from escc_desktop.figures.score import score_bars
from escc_desktop.i18n import _
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.trial_exhibits import Exhibit
from escc_desktop.workflow.trial_results import TrialResults
from escc_desktop.workflow.views.patient_cohort import card_choices


@dataclass(frozen=True)
class ScoreBar:
    """One patient's Rad-score, the group the assessment gave and whether the patient died."""

    patient_id: str
    score: float
    group: str
    died: bool


@dataclass(frozen=True)
class ScoreBars:
    """The Rad-scores of one card's assessments; `cutoff` is None where the card has none."""

    card: str
    cutoff: float | None
    bars: tuple[ScoreBar, ...]


def rad_scores(project: Project, results: TrialResults) -> ScoreBars | None:
    """Return the scores of the card in force; None without a card with Rad-scores, or for who may not see them."""
    if not project.may(Operation.VIEW_ASSESSMENTS):
        return None
    died = {course.patient_id: course.os.is_event for course in results.courses}
    cards, choices = card_choices(project)
    for card, choice in zip(cards, choices, strict=True):
        bars = tuple(
            ScoreBar(one.patient_id, one.rad_score, one.risk_group or "", died[one.patient_id])
            for one in project.assessments(card)
            if one.rad_score is not None and one.patient_id in died
        )
        if bars:
            cutoff = card.rad_score.cutoff.value if card.rad_score and card.rad_score.cutoff else None
            ordered = sorted(bars, key=lambda bar: (bar.score, bar.patient_id))
            return ScoreBars(choice.name, cutoff, tuple(ordered))
    return None


def score_exhibit(found: ScoreBars) -> Exhibit:
    """Return the figure and the numbers behind it."""
    scores = np.array([bar.score for bar in found.bars])
    events = [bar.died for bar in found.bars]
    cutoff = found.cutoff
    return Exhibit(
        "rad_scores",
        _("Rad-score of each patient, by group and event"),
        _(
            "Assessments by {card}. Training patients stand with the score and the group of models fitted without "
            "them. Filled: died; hollow: alive at the last contact, however short the follow-up."
        ).format(card=found.card),
        ("patient_id", "rad_score", "risk_group", "died"),
        tuple((bar.patient_id, bar.score, bar.group, int(bar.died)) for bar in found.bars),
        None if cutoff is None else lambda: score_bars(scores, cutoff, events),
    )

"""How certain a risk group is, in one word, and exactly what that word rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from escc_desktop.figures import words
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.card_reader import ReadingSpread
from escc_desktop.prognosis.results import CutoffResult, Results
from escc_desktop.prognosis.score import Assessment
from escc_desktop.store.kinds import RESULT
from escc_desktop.workflow.project import Project

# Another outline of the same scan would give the other group more often than this: the group is the outline's.
_FLIPS_OFTEN = 0.05
_ABOUT_THE_GROUP = frozenset({"outside_range", "outside_applicability", "same_code_other_values", "unknown_level"})


class Certainty(StrEnum):
    """The word beside a group.

    UNCERTAIN: something about this patient says that the group could be the other one. LIKELY: nothing does, but the
    groups are not shown to live differently. CLEAR: neither.
    """

    CLEAR = "clear"
    LIKELY = "likely"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Verdict:
    """The word and its grounds, the heaviest first."""

    certainty: Certainty
    grounds: tuple[str, ...]


@dataclass(frozen=True)
class Separation:
    """Whether patients of the two groups, as their assessments have them, lived differently; P is None if unknown."""

    n: int
    log_rank_p: float | None


def stored_cutoff(project: Project, card: ModelCard) -> CutoffResult | None:
    """Return what the development of a card found about its cut-off; None where it is not kept."""
    for document in project.view.all(RESULT):
        if card.digest in document.content["card_digests"].values():
            return Results.model_validate(document.content).cutoff
    return None


def judge(
    card: ModelCard, assessment: Assessment, cutoff: CutoffResult | None, separation: Separation
) -> Verdict | None:
    """Return how certain a patient's group is; None without a group."""
    if assessment.risk_group is None or assessment.rad_score is None:
        return None
    own = _about_the_patient(card, assessment, cutoff)
    readers = tuple(map(_reader_words, assessment.readings))
    cohort, is_shown = _about_the_groups(separation)
    if own or any((reading.flip or 0.0) > _FLIPS_OFTEN for reading in assessment.readings):
        return Verdict(Certainty.UNCERTAIN, (*own, *readers, cohort))
    clear = _outside_words(assessment.rad_score, cutoff)
    return Verdict(Certainty.CLEAR if is_shown else Certainty.LIKELY, (clear, *readers, cohort))


def _about_the_patient(card: ModelCard, assessment: Assessment, cutoff: CutoffResult | None) -> tuple[str, ...]:
    """Return every reason why this patient's group could be the other one."""
    score = assessment.rad_score or 0.0
    found = []
    line = card.rad_score.cutoff.value if card.rad_score and card.rad_score.cutoff else None
    if line is not None and (score > line) != (assessment.risk_group == "HIGH"):
        found.append(
            _(
                "The card's own cut-off, {cutoff}, would say the opposite: the group comes from models "
                "that never saw this patient, each with a cut-off of its own."
            ).format(cutoff=words.score(line))
        )
    if cutoff is None or cutoff.resample_lower is None or cutoff.resample_upper is None:
        found.append(_("How far the cut-off moves in other samples is not known."))
    elif cutoff.resample_lower <= score <= cutoff.resample_upper:
        found.append(
            _("The score lies where the cut-off itself moves: {lower} to {upper} in 95 % of resampled cohorts.").format(
                lower=words.score(cutoff.resample_lower), upper=words.score(cutoff.resample_upper)
            )
        )
    if any(caution.code in _ABOUT_THE_GROUP for caution in assessment.cautions):
        found.append(_("A caution below bears on the group."))
    return tuple(found)


def _reader_words(reading: ReadingSpread) -> str:
    """Say where readings by the card's two readers would put this patient."""
    if reading.score is None:
        return _("How far another outline would move the score is not known.")
    who = (
        _("These two readers: outlined again by the same one, 95 % of scores would lie in {lower} to {upper}")
        if reading.comparison == "intra"
        else _("These two readers: outlined by the other one, 95 % of scores would lie in {lower} to {upper}")
    ).format(lower=words.score(reading.score[0]), upper=words.score(reading.score[1]))
    if reading.flip is None:
        return f"{who}."
    return _("{who}; the group would be the other one in {share}.").format(who=who, share=words.percent(reading.flip))


def _outside_words(score: float, cutoff: CutoffResult | None) -> str:
    if cutoff is None or cutoff.resample_lower is None or cutoff.resample_upper is None:
        return ""
    text = (
        _("The score lies above every cut-off that 95 % of resampled cohorts gave ({lower} to {upper}).")
        if score > cutoff.resample_upper
        else _("The score lies below every cut-off that 95 % of resampled cohorts gave ({lower} to {upper}).")
    )
    return text.format(lower=words.score(cutoff.resample_lower), upper=words.score(cutoff.resample_upper))


def _about_the_groups(separation: Separation) -> tuple[str, bool]:
    """Return what is known of the groups, and whether they are shown to differ."""
    p = separation.log_rank_p
    if p is None:
        return _("Whether LOW and HIGH live differently is not known here."), False
    if p < 0.05:
        text = _("Among the {n} assessed patients LOW and HIGH live differently (log-rank {p}).")
    else:
        text = _("Among the {n} assessed patients LOW and HIGH do not live differently (log-rank {p}).")
    return text.format(n=separation.n, p=words.p_phrase(p)), p < 0.05

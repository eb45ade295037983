"""The prediction ledger as the window shows it: entries, who could be locked now, and how right they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from escc_desktop.i18n import _
from escc_desktop.prognosis.ledger import ENOUGH_EVENTS, Judged, Locked, Locking
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation, Role, is_allowed
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.patient_cohort import card_choices

__all__ = ["Calibration", "CardToLock", "Group", "LedgerView", "Locked", "ledger_view", "lock_predictions"]

_SHORT = 12


@dataclass(frozen=True)
class CardToLock:
    """A card of the project, and what a locking would do now.

    Attributes
    ----------
    patients
        Who would be locked.
    left_out
        (why, patients) each.
    """

    digest: str
    words: str
    patients: tuple[str, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Group:
    """Patients of similar prediction: how many, mean predicted and observed survival with 95 % limits."""

    n: int
    predicted: float
    observed: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Calibration:
    """How right the locked predictions of one card were so far, in sentences, and by groups once they are enough."""

    words: str
    sentences: tuple[str, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, eq=False)
class LedgerView:
    """What the section shows.

    Attributes
    ----------
    card_words
        By digest.
    head
        Digest of the last entry, "" without any.
    why_not
        Why nobody can lock here as the person signed in; "" for who may.
    """

    entries: tuple[Locked, ...]
    card_words: Mapping[str, str]
    head: str
    cards: tuple[CardToLock, ...]
    calibrations: tuple[Calibration, ...]
    why_not: str


def ledger_view(project: Project, progress: Progress) -> LedgerView:
    """Check the ledger, judge it by what is known now, and see who could be locked.

    Raises
    ------
    AccessDeniedError
        The role may not see assessments.
    EsccError
        The ledger was altered.
    """
    progress.advance(0, 2)
    ledger, clinical = project.ledger(), project.clinical()
    known, choices = card_choices(project)
    entries = ledger.entries()
    words = {entry.card: entry.card[:_SHORT] for entry in entries} | {one.digest: one.name for one in choices}
    progress.advance(1, 2)
    cards = []
    for card in known:
        verdicts = project.assessments(card)
        if verdicts:
            cards.append(_to_lock(card.digest, words[card.digest], ledger.would_lock(card, verdicts, clinical)))
    return LedgerView(
        entries=entries,
        card_words=words,
        head=entries[-1].digest if entries else "",
        cards=tuple(cards),
        calibrations=tuple(_calibration(found, words[found.card]) for found in ledger.judge(clinical)),
        why_not=_why_not(project.principal.role),
    )


def lock_predictions(project: Project, digest: str, progress: Progress) -> int:
    """Lock the kept assessments of a card whose outcome nobody can know yet; return how many were added.

    Raises
    ------
    AccessDeniedError
        The role may not assess.
    EsccError
        The ledger was altered.
    """
    progress.advance(0, 1)
    card = next(card for card in project.cards() if card.digest == digest)
    return len(project.ledger().lock(card, project.assessments(card), project.clinical()).entries)


def _to_lock(digest: str, words: str, found: Locking) -> CardToLock:
    why: defaultdict[str, list[str]] = defaultdict(list)
    for one in found.left_out:
        # Months of follow-up differ from one patient to the next; the reason is the same.
        why["followed for more than a month already" if one.why.startswith("followed") else one.why].append(
            one.patient_id
        )
    patients = tuple(entry.patient_id for entry in found.entries)
    return CardToLock(digest, words, patients, tuple((reason, tuple(who)) for reason, who in why.items()))


def _why_not(role: Role) -> str:
    if is_allowed(role, Operation.ASSESS):
        return ""
    return _("Predictions are locked by the statistician.")


def _calibration(found: Judged, words: str) -> Calibration:
    counts = _(
        "{locked} locked, {followed} followed since; {events} events by {months:g} months, the state of {settled} "
        "patients then is known."
    ).format(
        locked=found.n_locked, followed=found.n_followed, events=found.n_events, months=found.horizon_months,
        settled=found.n_settled,
    )  # fmt: skip
    large, c = found.in_the_large, found.c
    if large is None or c is None:
        early = _("Too early to judge: {needed} events and follow-up to the horizon are needed.")
        return Calibration(words, (counts, early.format(needed=ENOUGH_EVENTS)), ())
    ratio = _("Observed over expected events {ratio:.2f} (95 % {lower:.2f} to {upper:.2f}); 1 is right.").format(
        ratio=large.ratio, lower=large.lower, upper=large.upper
    )
    told = _("C-index {c:.3f} ({lower:.3f} to {upper:.3f}), on predictions made before the outcome.").format(
        c=c.c, lower=c.lower, upper=c.upper
    )
    groups = tuple(Group(one.n, one.predicted, one.observed, one.lower, one.upper) for one in found.groups)
    return Calibration(words, (counts, ratio, told), groups)

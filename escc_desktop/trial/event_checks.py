"""Adverse events against the laboratory values and against each other: what is missing, doubled or contradictory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.ctcae import Graded, Term, find_term, grade_lab, term_name, terms
from escc_desktop.trial.lab_rules import lab_words
from escc_desktop.trial.protocol import Protocol, load_protocol
from escc_desktop.trial.records import AdverseEvent, Lab, TrialRecord, VitalStatus

NEAR_DAYS: Final = 7
RELATED: Final = "related"
NOT_RELATED: Final = "not_related"
NOT_ASSESSED: Final = "not_assessed"

_RELATION_WORDS = {
    "related": RELATED,
    "definite": RELATED,
    "probable": RELATED,
    "possible": RELATED,
    "yes": RELATED,
    "肯定": RELATED,
    "很可能": RELATED,
    "可能": RELATED,
    "not related": NOT_RELATED,
    "unrelated": NOT_RELATED,
    "unlikely": NOT_RELATED,
    "no": NOT_RELATED,
    "无关": NOT_RELATED,
    "可能无关": NOT_RELATED,
}
_NOTHING = frozenset({"none", "no", "not related", "unrelated", "无关"})


@dataclass(frozen=True)
class Proposal:
    """A grade a laboratory value means that is not recorded so.

    Attributes
    ----------
    lab
        The worst value of the episode; `date` is the episode's first day.
    recorded
        The grade recorded for the same days, where it is a lower one; None where there is no event.
    """

    term: str
    grade: int
    lab: Lab
    date: date
    reason: str
    recorded: int | None = None


@dataclass(frozen=True)
class Ungraded:
    """A laboratory value whose grade cannot be said, and why."""

    term: str
    lab: Lab
    reason: str


@dataclass(frozen=True)
class EventQuestion:
    """Something about recorded events that does not fit: a stable word, a sentence, and the events."""

    code: str
    what: str
    events: tuple[AdverseEvent, ...]


@dataclass(frozen=True)
class Relation:
    """How an event was judged to be related to one drug: "related", "not_related" or "not_assessed"."""

    drug: str
    judged: str


def baseline_of(record: TrialRecord, analyte: str, within_days: int) -> Lab | None:
    """Return the last value of an analyte up to day 1 that is at most so many days older."""
    earliest = record.start_date - timedelta(days=within_days)
    found = [lab for lab in record.labs if lab.analyte == analyte and earliest <= lab.date <= record.start_date]
    return max(found, key=lambda lab: lab.date, default=None)


def proposals(record: TrialRecord, protocol: Protocol | None = None) -> tuple[Proposal, ...]:
    """Return what the laboratory values after day 1 mean and nobody recorded, by date.

    Values in a row that mean a grade of one term are one episode, which ends with a value that means none; it is
    proposed once, at its worst. A value no worse than the baseline's grade is no new event. An episode is recorded when
    an event of the same term lies within a week of its worst value at no lower grade. Grades that need a person's
    judgement are never proposed.
    """
    days = (protocol or load_protocol()).schedule.baseline_lab_days
    found = [one for term in _lab_terms() for one in _proposed(record, term, days)]
    return tuple(sorted(found, key=lambda one: (one.date, one.term)))


def ungraded(record: TrialRecord, protocol: Protocol | None = None) -> tuple[Ungraded, ...]:
    """Return the values after day 1 whose grade cannot be said, with what is missing."""
    days = (protocol or load_protocol()).schedule.baseline_lab_days
    return tuple(
        Ungraded(term.name, lab, graded.reason)
        for term in _lab_terms()
        for lab, graded in _graded(record, term, days)
        if graded.grade is None
    )


def _lab_terms() -> tuple[Term, ...]:
    return tuple(term for term in terms().values() if term.lab)


def _graded(record: TrialRecord, term: Term, within_days: int) -> list[tuple[Lab, Graded]]:
    """Return the values of a term after day 1 with their grades, by date."""
    if term.lab is None:
        return []
    baseline = baseline_of(record, term.lab.analyte, within_days)
    later = [lab for lab in record.labs if lab.analyte == term.lab.analyte and lab.date > record.start_date]
    return [(lab, grade_lab(term, lab, baseline)) for lab in sorted(later, key=lambda lab: lab.date)]


def _proposed(record: TrialRecord, term: Term, within_days: int) -> Iterator[Proposal]:
    before = _baseline_grade(record, term, within_days)
    for episode in _episodes(_graded(record, term, within_days), before):
        lab, graded = max(episode, key=lambda pair: pair[1].grade or 0)
        grade = graded.grade or 0
        recorded = _recorded(record.adverse_events, term.name, lab.date)
        if recorded is None or recorded < grade:
            words = f"{lab_words(lab)}: {graded.reason}"
            if before:
                words += "; " + _("grade {grade} already before day 1").format(grade=before)
            yield Proposal(term.name, grade, lab, episode[0][0].date, words, recorded)


def _baseline_grade(record: TrialRecord, term: Term, within_days: int) -> int:
    baseline = None if term.lab is None else baseline_of(record, term.lab.analyte, within_days)
    # By multiples of an abnormal baseline a grade is one beyond the baseline already.
    if baseline is None or (term.lab is not None and term.lab.from_baseline is not None):
        return 0
    return grade_lab(term, baseline, baseline).grade or 0


def _episodes(graded: Iterable[tuple[Lab, Graded]], before: int) -> Iterator[list[tuple[Lab, Graded]]]:
    episode: list[tuple[Lab, Graded]] = []
    for lab, found in graded:
        if found.grade is None:
            continue
        if found.grade > before:
            episode.append((lab, found))
        elif episode:
            yield episode
            episode = []
    if episode:
        yield episode


def _recorded(events: Sequence[AdverseEvent], name: str, day: date) -> int | None:
    """Return the worst grade recorded of a term around a day; None without an event."""
    near = timedelta(days=NEAR_DAYS)
    found = [
        event.grade
        for event in events
        if term_name(event.term) == name
        and event.start_date - near <= day
        and (event.end_date is None or day <= event.end_date + near)
    ]
    return max(found, default=None)


def event_questions(record: TrialRecord, protocol: Protocol | None = None) -> tuple[EventQuestion, ...]:
    """Return what does not fit among the recorded events: terms, double counting, grade 5, seriousness, drugs."""
    return (
        *_of_terms(record.adverse_events),
        *_doubled(record.adverse_events),
        *_fatal(record),
        *_serious(record.adverse_events),
        *_of_relations(record.adverse_events, protocol or load_protocol()),
    )


def _of_terms(events: Sequence[AdverseEvent]) -> Iterator[EventQuestion]:
    for event in events:
        term = find_term(event.term)
        if term is None:
            words = _("{term} is no term known here; use one of CTCAE v5.0.").format(term=event.term)
            yield EventQuestion("unknown_term", words, (event,))
        elif term.kind == "umbrella":
            words = f"{event.term}: {term.note} ({', '.join(term.stands_for)})"
            yield EventQuestion("umbrella", words, (event,))
        elif event.grade <= len(term.grades) and not term.grades[event.grade - 1]:
            words = _("{term} has no grade {grade}.").format(term=term.name, grade=event.grade)
            yield EventQuestion("no_grade", words, (event,))


def _doubled(events: Sequence[AdverseEvent]) -> Iterator[EventQuestion]:
    for one, other in combinations(events, 2):
        if not _overlap(one, other):
            continue
        first, second = term_name(one.term), term_name(other.term)
        if first == second:
            words = _("{term} is recorded twice for the same days.").format(term=first)
            yield EventQuestion("overlap", words, (one, other))
        elif second in _parts(one.term) or first in _parts(other.term):
            words = _("{one} and {other} on the same days count the same thing twice.").format(
                one=one.term, other=other.term
            )
            yield EventQuestion("double_count", words, (one, other))
        elif {first, second} == _COUNTED_WITHIN:
            words = _(
                "Neutrophils are part of the white cells: {one} and {other} on the same days are one drop."
            ).format(one=one.term, other=other.term)
            yield EventQuestion("part_of_count", words, (one, other))


_COUNTED_WITHIN = {"White blood cell decreased", "Neutrophil count decreased"}


def _parts(word: str) -> tuple[str, ...]:
    term = find_term(word)
    return term.stands_for if term else ()


def _overlap(one: AdverseEvent, other: AdverseEvent) -> bool:
    return one.start_date <= (other.end_date or date.max) and other.start_date <= (one.end_date or date.max)


def _fatal(record: TrialRecord) -> Iterator[EventQuestion]:
    survival = record.survival
    for event in record.adverse_events:
        if event.grade == 5 and survival.status is not VitalStatus.DEAD:
            words = _("{term} is grade 5 (death), but the patient is not recorded as dead.")
            yield EventQuestion("grade_5_alive", words.format(term=event.term), (event,))
        if event.grade == 5 and event.outcome not in {"", "fatal"}:
            words = _("{term} is grade 5 (death), but its outcome is {outcome}.")
            yield EventQuestion(
                "grade_5_outcome", words.format(term=event.term, outcome=event.outcome.replace("_", " ")), (event,)
            )
        if event.outcome == "fatal" and event.grade != 5:
            words = _("{term} was fatal, but its grade is {grade}, not 5.")
            yield EventQuestion("fatal_grade", words.format(term=event.term, grade=event.grade), (event,))
        if event.grade == 5 and event.end_date and survival.death_date and event.end_date != survival.death_date:
            words = _("{term} ended in death on {end}, but the death is recorded on {death}.").format(
                term=event.term, end=event.end_date, death=survival.death_date
            )
            yield EventQuestion("grade_5_date", words, (event,))


def _serious(events: Sequence[AdverseEvent]) -> Iterator[EventQuestion]:
    """Death and danger to life are serious by definition (ICH E2A); a blood count of grade 4 alone need not be."""
    for event in events:
        if event.serious:
            continue
        term = find_term(event.term)
        is_count = term is not None and term.lab is not None
        if event.grade == 5 or (event.grade == 4 and not is_count):
            words = _("{term} is grade {grade}, which is serious, but is not recorded as serious.")
            yield EventQuestion("serious", words.format(term=event.term, grade=event.grade), (event,))


def _of_relations(events: Sequence[AdverseEvent], protocol: Protocol) -> Iterator[EventQuestion]:
    for event in events:
        strange = [one.drug for one in read_relations(event.related_to) if one.drug not in protocol.drug_names]
        if strange:
            words = _("{term} is related to {drugs}, which the regimen does not have.").format(
                term=event.term, drugs=", ".join(strange)
            )
            yield EventQuestion("unknown_drug", words, (event,))
        said = {one.drug for one in read_relations(event.related_to) if one.judged == RELATED}
        immune = {drug.name for drug in protocol.drugs if drug.is_immune}
        if event.immune_related in {"confirmed", "suspected"} and event.related_to.strip() and not said & immune:
            words = _("{term} is recorded as immune-related ({judged}), but not as related to {drugs}.").format(
                term=event.term, judged=event.immune_related, drugs=", ".join(sorted(immune)) or _("an immune drug")
            )
            yield EventQuestion("immune_drug", words, (event,))


def read_relations(text: str) -> tuple[Relation, ...]:
    """Return what a text such as "camrelizumab; apatinib: unlikely" says of each drug it names.

    A drug named alone is related; possible, probable and definite are related, unlikely is not. "none" names no drug.
    """
    found = []
    for part in text.replace("；", ";").split(";"):  # the Chinese semicolon
        drug, _colon, word = part.replace("：", ":").partition(":")  # the Chinese colon
        name = drug.strip().casefold()
        if name and name not in _NOTHING:
            judged = _RELATION_WORDS.get(word.strip().casefold(), RELATED if not word.strip() else NOT_ASSESSED)
            found.append(Relation(name, judged))
    return tuple(found)

"""Adverse events by the worst grade of each patient: nobody counts twice in a row, however often an event came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from escc_desktop.trial.ctcae import find_term, term_name
from escc_desktop.trial.event_checks import RELATED, read_relations
from escc_desktop.trial.records import AdverseEvent, TrialRecord

GRADES = (1, 2, 3, 4, 5)
Choice = Callable[[AdverseEvent], bool]


@dataclass(frozen=True)
class GradeCounts:
    """How many patients had a term, by the worst grade of each.

    Attributes
    ----------
    by_grade
        (5,) patients whose worst grade was I, II, III, IV, V.
    """

    term: str
    by_grade: tuple[int, int, int, int, int]

    @property
    def any_grade(self) -> int:
        """Patients with the term."""
        return sum(self.by_grade)

    @property
    def mild(self) -> int:
        """Patients whose worst grade was I or II."""
        return self.by_grade[0] + self.by_grade[1]

    @property
    def severe(self) -> int:
        """Patients whose worst grade was III or IV."""
        return self.by_grade[2] + self.by_grade[3]

    @property
    def fatal(self) -> int:
        """Patients whose worst grade was V."""
        return self.by_grade[4]


def every_event(event: AdverseEvent) -> bool:
    """Choose every event."""
    return True


def worst_grades(record: TrialRecord, choice: Choice = every_event) -> dict[str, int]:
    """Return the worst grade of each adverse event term."""
    worst: dict[str, int] = {}
    for event in record.adverse_events:
        if choice(event):
            worst[event.term] = max(event.grade, worst.get(event.term, 0))
    return worst


def safety_table(records: Sequence[TrialRecord], choice: Choice = every_event) -> tuple[GradeCounts, ...]:
    """Return a row for each term, the most frequent first, then by severity and name.

    Words that mean one CTCAE term are one row: under the word recorded, or under the CTCAE name if several were.
    """
    counts: dict[str, list[int]] = {}
    used: dict[str, set[str]] = {}
    for record in records:
        worst: dict[str, int] = {}
        for word, grade in worst_grades(record, choice).items():
            name = term_name(word)
            used.setdefault(name, set()).add(word)
            worst[name] = max(grade, worst.get(name, 0))
        for name, grade in worst.items():
            counts.setdefault(name, [0] * len(GRADES))[grade - 1] += 1
    rows = [
        GradeCounts(next(iter(used[name])) if len(used[name]) == 1 else name, _five(found))
        for name, found in counts.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.any_grade, -row.severe - row.fatal, row.term)))


def any_event(records: Sequence[TrialRecord], choice: Choice = every_event, term: str = "") -> GradeCounts:
    """Return how many patients had any event, each by the worst grade of all of theirs."""
    found = [0] * len(GRADES)
    for record in records:
        worst = max(worst_grades(record, choice).values(), default=0)
        if worst:
            found[worst - 1] += 1
    return GradeCounts(term, _five(found))


def related_drugs(event: AdverseEvent) -> tuple[str, ...]:
    """Return the drugs an event was judged to be related to."""
    return tuple(one.drug for one in read_relations(event.related_to) if one.judged == RELATED)


def drugs_of(records: Sequence[TrialRecord]) -> tuple[str, ...]:
    """Return every drug that any event was related to, by name."""
    return tuple(sorted({drug for one in records for event in one.adverse_events for drug in related_drugs(event)}))


def related_to(drug: str) -> Choice:
    """Choose the events related to a drug; "" chooses those related to any."""
    return lambda event: drug in related_drugs(event) if drug else bool(related_drugs(event))


def immune_related(judged: str) -> Choice:
    """Choose the events judged so: "confirmed", "suspected", "no" or "not_assessed" (nothing recorded is that too)."""
    return lambda event: (event.immune_related or "not_assessed") == judged


def is_serious(event: AdverseEvent) -> bool:
    """Choose the serious adverse events."""
    return event.serious is True


def _five(counts: Sequence[int]) -> tuple[int, int, int, int, int]:
    one, two, three, four, five = counts
    return one, two, three, four, five


@dataclass(frozen=True)
class DoubleCount:
    """A term that stands for others, in a table that has those too.

    Attributes
    ----------
    covers
        The rows of the table it stands for.
    n, n_both
        Patients with the term, and those of them who also stand in a row it covers.
    """

    term: str
    covers: tuple[str, ...]
    n: int
    n_both: int


def double_counts(records: Sequence[TrialRecord]) -> tuple[DoubleCount, ...]:
    """Return the terms of these records that are none of CTCAE v5.0 and stand for others recorded beside them."""
    mine = [set(worst_grades(record)) for record in records]
    recorded = sorted(set().union(*mine)) if mine else []
    found = []
    for term in recorded:
        known = find_term(term)
        if known is None or known.kind != "umbrella":
            continue
        covers = tuple(other for other in recorded if other != term and term_name(other) in known.stands_for)
        with_it = [terms for terms in mine if term in terms]
        if not covers:
            continue
        found.append(DoubleCount(term, covers, len(with_it), sum(bool(terms & set(covers)) for terms in with_it)))
    return tuple(found)

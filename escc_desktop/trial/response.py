"""A record's responses from the source the rules name, and where what was entered and what was measured disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from escc_desktop.i18n import _
from escc_desktop.trial.recist import Assessed, TimePoint, assess
from escc_desktop.trial.recist_best import Best, Course, Seen, after_complete, best_overall, until_the_end
from escc_desktop.trial.records import Response, TrialRecord, Visit
from escc_desktop.trial.rules import FROM_MEASUREMENTS, Rules, load_rules


@dataclass(frozen=True)
class Disagreement:
    """A visit whose entered response is not what its lesions come to; the entered one stands until it is changed.

    Attributes
    ----------
    entered, computed
        None where there is none.
    reason
        How the computed one came about.
    """

    visit: int | None
    date: date
    entered: Response | None
    computed: Response | None
    reason: str


def assessed_visits(record: TrialRecord, rules: Rules | None = None) -> tuple[Visit, ...]:
    """Return the visits after day 1 with a response, by date, from the source the rules name.

    Disease after a CR counts as progression, also where it was entered as something else; see `after_complete`.
    """
    rules = rules or load_rules()
    if rules.response_source == FROM_MEASUREMENTS:
        return computed_visits(assess(record, rules))
    visits = _entered(record)
    counted = after_complete(seen_in(visits), rules)
    return tuple(replace(visit, response=seen.response) for visit, seen in zip(visits, counted, strict=True))


def computed_visits(assessed: Assessed) -> tuple[Visit, ...]:
    """Return the time points of the lesions as visits, numbered from 1."""
    return tuple(Visit(n + 1, point.on, point.response) for n, point in enumerate(assessed.points))


def _entered(record: TrialRecord) -> tuple[Visit, ...]:
    found = (visit for visit in record.visits if visit.response is not None and visit.date > record.start_date)
    return tuple(sorted(found, key=lambda visit: (visit.date, visit.number)))


def course_of(record: TrialRecord) -> Course:
    """Return what bounds a record's best response."""
    return Course(record.start_date, record.survival.next_therapy_date)


def seen_in(visits: Sequence[Visit]) -> tuple[Seen, ...]:
    """Return visits as time points; those without a response are left out."""
    return tuple(Seen(visit.date, visit.response) for visit in visits if visit.response is not None)


def best_of(record: TrialRecord, rules: Rules | None = None) -> Best:
    """Return the best overall response of a record and why, from the source the rules name."""
    rules = rules or load_rules()
    return best_overall(seen_in(assessed_visits(record, rules)), course_of(record), rules)


def counted_visits(record: TrialRecord, rules: Rules | None = None) -> tuple[Seen, ...]:
    """Return the time points up to and with progression, before any next therapy."""
    rules = rules or load_rules()
    return until_the_end(seen_in(assessed_visits(record, rules)), course_of(record), rules)


def disagreements(record: TrialRecord, rules: Rules | None = None) -> tuple[Disagreement, ...]:
    """Return where entered and computed responses differ, by date; nothing where no lesion was measured."""
    rules = rules or load_rules()
    points = assess(record, rules).points
    if not points:
        return ()
    matched: dict[date, Visit] = {}
    found = []
    for visit in _entered(record):
        point = _nearest(visit, points, rules)
        if point is not None:
            matched.setdefault(point.on, visit)
        if point is None and visit.response is not Response.NE:
            reason = _("no lesion was measured on this visit")
            found.append(Disagreement(visit.number, visit.date, visit.response, None, reason))
        elif point is not None and point.response is not visit.response:
            found.append(Disagreement(visit.number, visit.date, visit.response, point.response, point.reason))
    words = _("no response was entered; {why}")
    found += [
        Disagreement(None, point.on, None, point.response, words.format(why=point.reason))
        for point in points
        if point.on not in matched
    ]
    return tuple(sorted(found, key=lambda one: one.date))


def _nearest(visit: Visit, points: Sequence[TimePoint], rules: Rules) -> TimePoint | None:
    """Return the time point a visit is of: the one with the nearest scan, within the days of one time point."""

    def distance(point: TimePoint) -> int:
        return min(abs((visit.date - day).days) for day in point.days)

    nearest = min(points, key=distance)
    return nearest if distance(nearest) <= rules.time_point_days else None

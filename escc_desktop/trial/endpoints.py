"""Overall and progression-free survival of one patient, each with the reason why it ended.

What counts as progression-free survival is a named rule set (`resources/trial/censoring.toml`); every patient gets the
code of one reason, and the rule sets can be laid side by side.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from escc_desktop.resources import resource_path
from escc_desktop.trial.records import Response, TrialRecord, Visit, VitalStatus, months_between
from escc_desktop.trial.response import assessed_visits
from escc_desktop.trial.rules import Rules, load_rules

EVENT_REASONS = ("progression", "death", "next_therapy_counted")
CENSORED_REASONS = ("no_progression", "lost", "next_therapy", "missed_visits", "no_assessment")
DEFAULT_CENSORING = "default"


@dataclass(frozen=True)
class Censoring:
    """A named rule set for progression-free survival.

    Attributes
    ----------
    short
        The name in a word or two, for a legend.
    next_therapy
        What a next anticancer therapy before the event does: "censor" at the last adequate scan, "ignore", or "event"
        on its first day.
    missed_visits
        So many scans missed in a row just before the event censor it; 0: none do.
    dating
        The day of a progression: "scan" that showed it, "earliest" (the day after the last adequate scan), "midpoint"
        of the two, or "even" (the next day of an even schedule of `rules.schedule.then_every_days`).
    drops_lost
        Whether patients lost to follow-up without an event are left out instead of censored.
    """

    key: str
    name: str
    short: str
    definition: str
    next_therapy: str = "censor"
    missed_visits: int = 2
    dating: str = "scan"
    drops_lost: bool = False


@cache
def censoring_sets() -> Mapping[str, Censoring]:
    """Return the rule sets by key, the one in force first."""
    entries = tomllib.loads(resource_path("trial", "censoring.toml").read_text(encoding="utf-8"))
    return MappingProxyType({key: Censoring(key, **entry) for key, entry in entries.items()})


@dataclass(frozen=True)
class Outcome:
    """One endpoint of one patient.

    Attributes
    ----------
    reason
        Why it ended: one of `EVENT_REASONS` or `CENSORED_REASONS`; of overall survival "death", "alive" or "lost".
    """

    months: float
    is_event: bool
    date: date
    reason: str


def overall_survival(record: TrialRecord) -> Outcome:
    """Return the time from day 1 to death, or to the last contact."""
    survival = record.survival
    end = survival.death_date or survival.last_contact_date
    return Outcome(
        months_between(record.start_date, end),
        survival.death_date is not None,
        end,
        "death" if survival.death_date else survival.status.value,
    )


def progression_free_survival(
    record: TrialRecord, rules: Rules | None = None, censoring: Censoring | None = None
) -> Outcome:
    """Return the time from day 1 to progression or to death, censored by a rule set (by default the one in force).

    Censored at the last adequate assessment (day 1 if there is none) when a next therapy began before, when too many
    scans were missed just before, and when nothing happened.
    """
    rules, censoring = rules or load_rules(), censoring or censoring_sets()[DEFAULT_CENSORING]
    start, therapy = record.start_date, record.survival.next_therapy_date
    event_date, kind = _event(record, rules)
    comes_first = therapy is not None and (event_date is None or therapy < event_date)
    if therapy is not None and comes_first and censoring.next_therapy == "event":
        return Outcome(months_between(start, therapy), True, therapy, "next_therapy_counted")
    ends = therapy if comes_first and censoring.next_therapy == "censor" else event_date
    last = last_adequate(record, ends, rules)
    reason = _censored(record, ends, last, rules, censoring)
    if event_date is None or reason:
        return Outcome(months_between(start, last), False, last, reason)
    if kind == "progression":
        event_date = _dated(record, event_date, last, rules, censoring)
    return Outcome(months_between(start, event_date), True, event_date, kind)


def is_analysed(record: TrialRecord, censoring: Censoring) -> bool:
    """Tell whether a rule set keeps a patient: those who drop the lost keep only the lost who had an event."""
    if not censoring.drops_lost or record.survival.status is not VitalStatus.LOST:
        return True
    return progression_free_survival(record, censoring=censoring).is_event


def assessments(record: TrialRecord, rules: Rules | None = None) -> tuple[Visit, ...]:
    """Return the visits after day 1 that have a response, by date, from the source the rules name."""
    return assessed_visits(record, rules)


def last_adequate(record: TrialRecord, before: date | None, rules: Rules | None = None) -> date:
    """Return the last scan with a response other than NE before a day (None: of all); day 1 without one."""
    days = [visit.date for visit in assessments(record, rules) if visit.response is not Response.NE]
    return max((day for day in days if before is None or day < before), default=record.start_date)


def _event(record: TrialRecord, rules: Rules) -> tuple[date | None, str]:
    progression = next((visit.date for visit in assessments(record, rules) if visit.response is Response.PD), None)
    return (progression, "progression") if progression else (record.survival.death_date, "death")


def _censored(record: TrialRecord, ends: date | None, last: date, rules: Rules, censoring: Censoring) -> str:
    """Return why there is no event, or nothing if there is one."""
    event_date, _kind = _event(record, rules)
    if ends is not None and ends != event_date:
        return "next_therapy"
    if event_date is None:
        if last == record.start_date:
            return "no_assessment"
        return "lost" if record.survival.status is VitalStatus.LOST else "no_progression"
    if censoring.missed_visits and _n_missed(record.start_date, last, event_date, rules) >= censoring.missed_visits:
        return "no_assessment" if last == record.start_date else "missed_visits"
    return ""


def _dated(record: TrialRecord, scan: date, last: date, rules: Rules, censoring: Censoring) -> date:
    if censoring.dating == "earliest":
        return min(last + timedelta(days=1), scan)
    if censoring.dating == "midpoint":
        return last + (scan - last) / 2
    if censoring.dating == "even":
        steps = -(-(scan - record.start_date).days // rules.schedule.then_every_days)
        planned = record.start_date + timedelta(days=steps * rules.schedule.then_every_days)
        death = record.survival.death_date
        return planned if death is None else max(scan, min(planned, death))
    return scan


def _n_missed(start: date, last: date, event: date, rules: Rules) -> int:
    window = timedelta(days=rules.schedule.window_days)
    planned = (start + timedelta(days=day) for day in rules.schedule.planned_days((event - start).days))
    return sum(last + window < day < event - window for day in planned)

"""When synthetic patients progress and die, when they are scanned, and which best response they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from scipy.special import log_ndtr

from escc_desktop.trial.records import DAYS_PER_MONTH, Response, VitalStatus
from escc_desktop.trial.rules import load_rules
from escc_desktop.workflow.demo.records_numbers import (
    Floats,
    apportion,
    normal_scores,
    numbers,
    shuffled,
    uniform,
    whole,
)
from escc_desktop.workflow.demo.records_people import Person

_EARLIEST_DAY = 5
_SCANS_OF_A_COMPLETE_RESPONSE = 8
_SCANS_OF_A_RESPONSE = 5


@dataclass(frozen=True)
class Course:
    """One patient's course in days after day 1 (day 1 itself is 0).

    Attributes
    ----------
    os_months, pfs_months
        Uncensored times; progression as it happens, before a scan shows it.
    last_day
        Death, loss or the last contact before the cut-off.
    best
        The best response the scans are to show.
    first_response
        Number of the scan that first shows a PR, 0 without one.
    change
        The best change of the target sum the scans are to show, as a fraction.
    scans
        Days of the scans after the baseline, up to the one that shows progression.
    shown_by
        Index of that scan, or None.
    """

    start: date
    os_months: float
    pfs_months: float
    status: VitalStatus
    last_day: int
    best: Response = Response.SD
    first_response: int = 0
    change: float = 0.0
    scans: tuple[int, ...] = ()
    shown_by: int | None = None

    def on(self, day: int) -> date:
        """Return the date of a day."""
        return self.start + timedelta(days=day)

    @property
    def n_before_progression(self) -> int:
        """Scans before the one that shows progression."""
        return len(self.scans) if self.shown_by is None else self.shown_by

    @property
    def treated_until(self) -> int:
        """The day treatment stops: progression is seen, or the last contact."""
        return self.last_day if self.shown_by is None else self.scans[self.shown_by]


def survival_at(linear_predictor: float, months: float) -> float:
    """Return the true S(t | LP)."""
    entry = numbers()["os"]
    return float(np.exp(-((months / entry["scale_months"]) ** entry["shape"]) * np.exp(linear_predictor)))


def draw_courses(people: Sequence[Person], rng: np.random.Generator) -> tuple[Course, ...]:
    """Draw the course of each patient; best responses are those of the study's tables, scaled."""
    followed = _follow(people, rng)
    best = _unseen_and_progressing(followed)
    courses = [_scan(replace(course, best=best[index]), rng) for index, course in enumerate(followed)]
    _choose_responders(courses, rng)
    return tuple(_choose_changes(courses, rng))


def _follow(people: Sequence[Person], rng: np.random.Generator) -> list[Course]:
    """Draw times of death and progression, entry into the study, loss and the cut-off."""
    study, pfs, n = numbers()["study"], numbers()["pfs"], len(people)
    predictor = np.array([person.linear_predictor for person in people])
    first, noise = rng.standard_normal(n), rng.standard_normal(n)
    second = pfs["copula"] * first + np.sqrt(1.0 - pfs["copula"] ** 2) * noise
    death = _weibull(first, predictor, numbers()["os"])
    progression = _weibull(second, predictor + rng.normal(0.0, pfs["frailty_sd"], n), pfs) - pfs["earlier_months"]
    entry = np.sort(rng.uniform(0.0, study["accrual_months"], n))
    loss = rng.exponential(1.0 / study["loss_per_month"], n)
    return [
        _ended(float(death[index]), max(float(progression[index]), 0.1), _day(entry[index]), _day(loss[index]), rng)
        for index in range(n)
    ]


def _weibull(scores: Floats, predictor: Floats, entry: Mapping[str, float]) -> Floats:
    """Return times (n,) in months with S(t) = exp(-(t / scale)^shape exp(predictor)) at S = 1 - Phi(score)."""
    hazard = -log_ndtr(-scores)
    times: Floats = entry["scale_months"] * (hazard * np.exp(-predictor)) ** (1.0 / entry["shape"])
    return times


def _day(months: float) -> int:
    return round(float(months) * DAYS_PER_MONTH)


def _ended(death: float, progression: float, entry: int, loss: int, rng: np.random.Generator) -> Course:
    study = numbers()["study"]
    start = study["first_start"] + timedelta(days=entry)
    start = workday(start, 1)
    until_cutoff = (study["first_start"] - start).days + _day(study["cutoff_months"])
    contact = until_cutoff - whole((0, 28), rng)
    death_day, loss_day = max(_day(death), _EARLIEST_DAY), max(loss, _EARLIEST_DAY)
    if death_day <= min(loss_day, until_cutoff):
        return Course(start, death, progression, VitalStatus.DEAD, death_day)
    if loss_day < contact:
        return Course(start, death, progression, VitalStatus.LOST, loss_day)
    return Course(start, death, progression, VitalStatus.ALIVE, contact)


def workday(day: date, step: int) -> date:
    """Return a day, or the first one from Monday to Friday after it (step 1) or before it (step -1)."""
    while day.weekday() > 4:
        day += timedelta(days=step)
    return day


def _best_counts(n: int) -> dict[Response, int]:
    best = numbers()["response"]["best"]
    return {Response(key): count for key, count in zip(best, apportion(list(best.values()), n), strict=True)}


def _unseen_and_progressing(courses: Sequence[Course]) -> list[Response]:
    """Those who leave first are never evaluated; of the others those who progress first are PD."""
    counts, best = _best_counts(len(courses)), [Response.SD] * len(courses)
    by_end = sorted(range(len(courses)), key=lambda index: courses[index].last_day)
    unseen = by_end[: counts[Response.NE]]
    seen = sorted(by_end[counts[Response.NE] :], key=lambda index: courses[index].pfs_months)
    for index in unseen:
        best[index] = Response.NE
    for index in seen[: counts[Response.PD]]:
        best[index] = Response.PD
    return best


def _scan(course: Course, rng: np.random.Generator) -> Course:
    """Place the scans; PD is shown by one of the first two, every other progression later."""
    scans = _planned_scans(course, rng)
    if course.best is Response.NE or not scans:
        return replace(course, best=Response.NE, scans=tuple(scans[:2]))
    second = scans[min(1, len(scans) - 1)]
    day = _day(course.pfs_months)
    day = min(day, second) if course.best is Response.PD else max(day, second + 1)
    scans = _unscheduled(scans, day, course.last_day, rng)
    shown_by = next((index for index, scan in enumerate(scans) if scan >= day), None)
    happened = course.pfs_months if day == _day(course.pfs_months) else day / DAYS_PER_MONTH
    return replace(
        course,
        pfs_months=happened,
        scans=tuple(scans if shown_by is None else scans[: shown_by + 1]),
        shown_by=shown_by,
    )


def _planned_scans(course: Course, rng: np.random.Generator) -> list[int]:
    visits = numbers()["visits"]
    limit = visits["largest_jitter_days"]
    planned = load_rules().schedule.planned_days(course.last_day + limit)
    jitter = np.clip(rng.normal(0.0, visits["jitter_days"], len(planned)).round(), -limit, limit)
    days = [day + int(shift) for day, shift in zip(planned, jitter, strict=True)]
    days = [(workday(course.on(day), 1 if course.on(day).weekday() == 6 else -1) - course.start).days for day in days]
    return [day for day in days if day < course.last_day]


def _unscheduled(scans: list[int], progression: int, last_day: int, rng: np.random.Generator) -> list[int]:
    """Symptoms of progression bring some patients to a scan before the next planned one."""
    entry = numbers()["visits"]["unscheduled"]
    is_early, day = float(rng.uniform()) < entry["share"], progression + whole(entry["after_days"], rng)
    if not is_early or progression <= entry["from_day"] or day >= last_day:
        return scans
    upcoming = [scan for scan in scans if scan >= progression]
    if upcoming and upcoming[0] <= day:
        return scans
    return sorted([*scans, day])


def _choose_responders(courses: list[Course], rng: np.random.Generator) -> None:
    """Turn stable courses that last into CR and PR; late progression makes them likelier."""
    counts, entry = _best_counts(len(courses)), numbers()["response"]
    scores = normal_scores(np.array([course.pfs_months for course in courses]))
    weight = entry["pfs_weight"] * scores + rng.gumbel(size=len(courses))
    stable = [index for index, course in enumerate(courses) if course.best is Response.SD]
    stable.sort(key=lambda index: (courses[index].n_before_progression < _SCANS_OF_A_RESPONSE, -weight[index]))
    for index in sorted(stable, key=lambda index: -courses[index].n_before_progression)[: counts[Response.CR]]:
        if courses[index].n_before_progression >= _SCANS_OF_A_COMPLETE_RESPONSE:
            scans = courses[index].scans
            moved = (*scans[:6], entry["complete_day"], *scans[7:])
            courses[index] = replace(courses[index], best=Response.CR, first_response=2, scans=moved)
            stable.remove(index)
    first = entry["first_visit"]
    visits = shuffled([int(visit) for visit in first], list(first.values()), max(counts[Response.PR], 1), rng)
    for index, visit in zip(stable[: counts[Response.PR]], visits, strict=False):
        latest = courses[index].n_before_progression - 2
        if latest >= 1:
            courses[index] = replace(courses[index], best=Response.PR, first_response=min(visit, latest))


def _choose_changes(courses: list[Course], rng: np.random.Generator) -> list[Course]:
    """Give every course the best change of its target sum."""
    entry = numbers()["response"]
    n_stable = sum(course.best is Response.SD for course in courses)
    shrinking = entry["shrinking_sd"]
    kinds = shuffled(
        ["SD_shrinking", "SD_growing"], [shrinking, entry["best"]["SD"] - shrinking], max(n_stable, 1), rng
    )
    stable = iter(kinds)
    changed = []
    for course in courses:
        kind = next(stable) if course.best is Response.SD else course.best.value
        limits = entry["depth"].get("PR" if kind == "CR" else kind, (0.0, 0.0))
        changed.append(replace(course, change=uniform(limits, rng)))
    return changed

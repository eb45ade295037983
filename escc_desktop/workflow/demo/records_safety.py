"""Doses, adverse events and the blood values that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from escc_desktop.trial.columns import analytes
from escc_desktop.trial.records import AdverseEvent, Lab, Treatment
from escc_desktop.workflow.demo.records_course import Course, workday
from escc_desktop.workflow.demo.records_numbers import Floats, apportion, numbers, scaled, whole
from escc_desktop.workflow.demo.records_people import Person

_BLOOD = "Leukopenia"
_WITH_LEUKOPENIA = {"Neutropenia": 8.0, "Lymphopenia": 4.0, "Myelosuppression": 4.0}


@dataclass(frozen=True)
class Planned:
    """One adverse event before it has a date: its line of the table, grade 1 to 4, and the patient's index."""

    entry: Mapping[str, Any]
    grade: int
    patient: int

    @property
    def term(self) -> str:
        """The term of the table."""
        return str(self.entry["term"])


def limits(analyte: str) -> tuple[float | None, float | None]:
    """Return the lower and upper limit of normal of the study's laboratory."""
    entry = {**numbers()["labs"], **numbers()["lab_sums"]}[analyte]
    return entry.get("lln"), entry.get("uln")


def plan_events(people: Sequence[Person], courses: Sequence[Course], rng: np.random.Generator) -> list[Planned]:
    """Give the events of the study's table to patients: each term once a patient, the severe ones to few patients.

    Events a laboratory value grades go to patients whose baseline was within the limits of normal.
    """
    n = len(people)
    exposure = np.array([max(course.treated_until, 1) for course in courses], dtype=np.float64)
    enough = np.flatnonzero(exposure >= min(np.median(exposure), 60.0))
    n_severe = max(1, scaled(numbers()["adverse_events"]["severe_patients"], n))
    severe = rng.permutation(enough)[:n_severe]
    planned: list[Planned] = []
    for entry, grade, count in sorted(_table(n), key=lambda line: -line[1]):
        for _ in range(min(count, n)):
            weight = _weights(entry, grade, planned, exposure, severe)
            weight *= [_is_normal(person, entry.get("analyte")) for person in people]
            if weight.sum() > 0.0:
                planned.append(Planned(entry, grade, _pick(weight, grade, planned, rng)))
    return planned


def _table(n: int) -> list[tuple[Mapping[str, Any], int, int]]:
    """Return (entry, grade, patients) of the study's table, scaled as a whole."""
    terms = numbers()["adverse_events"]["terms"]
    lines = [(entry, grade, count) for entry in terms for grade, count in enumerate(entry["grades"], start=1)]
    counts = [count for _, _, count in lines]
    shares = apportion(counts, scaled(sum(counts), n))
    return [(entry, grade, share) for (entry, grade, _), share in zip(lines, shares, strict=True)]


def _weights(
    entry: Mapping[str, Any], grade: int, planned: Sequence[Planned], exposure: Floats, severe: Floats
) -> Floats:
    weight = np.sqrt(exposure)
    if grade >= 3:
        weight = np.where(np.isin(np.arange(len(exposure)), severe), weight, 0.0)
    for event in planned:
        if event.term == entry["term"]:
            weight[event.patient] = 0.0
        elif event.term == _BLOOD and entry["term"] in _WITH_LEUKOPENIA:
            weight[event.patient] *= _WITH_LEUKOPENIA[entry["term"]]
    return weight


def _pick(weight: Floats, grade: int, planned: Sequence[Planned], rng: np.random.Generator) -> int:
    """Draw a patient; a severe event goes to one of those with the fewest, so that all of them get one."""
    if grade >= 3:
        had = np.bincount([event.patient for event in planned], minlength=len(weight))
        weight = np.where(had == had[weight > 0.0].min(), weight, 0.0)
    return int(rng.choice(len(weight), p=weight / weight.sum()))


def _is_normal(person: Person, analyte: str | None) -> bool:
    if analyte is None:
        return True
    low, high = limits(analyte)
    return (low is None or person.labs[analyte] >= low) and (high is None or person.labs[analyte] <= high)


def date_events(
    course: Course, planned: Sequence[Planned], rng: np.random.Generator
) -> tuple[tuple[AdverseEvent, ...], tuple[Lab, ...]]:
    """Return one patient's events with dates, and the value that grades each event a laboratory value grades.

    No two of those values come from one day: a patient's neutrophils never exceed his white cells.
    """
    entry, events, labs = numbers()["adverse_events"], [], []
    latest = min(entry["first_days"][1], course.treated_until - 1)
    days = _apart(len(planned), min(entry["first_days"][0], latest), latest, rng)
    for event, day in zip(planned, days, strict=True):
        end = day + whole(entry["duration_days"], rng)
        drugs = "apatinib" if event.term == "Hand-foot skin reaction" else "camrelizumab; irinotecan; apatinib"
        events.append(
            AdverseEvent(
                event.term,
                event.grade,
                course.on(day),
                end_date=course.on(end) if end < course.last_day else None,
                serious=event.grade == 4,
                immune_related=event.entry.get("immune", "no"),
                related_to="camrelizumab" if event.entry.get("immune") == "confirmed" else drugs,
                action="dose reduced" if event.grade >= 3 else "none",
            )
        )
        if "analyte" in event.entry:
            labs.append(_grading_lab(event, course, day, rng))
    return tuple(events), tuple(labs)


def _apart(n: int, first: int, last: int, rng: np.random.Generator) -> list[int]:
    """Return `n` days, different ones where there are enough."""
    span = max(last - max(first, 1) + 1, 1)
    return (max(first, 1) + rng.choice(span, n, replace=n > span)).tolist() if n else []


def grade_range(analyte: str, grade: int) -> tuple[float, float]:
    """Return the values (above, up to) of a CTCAE v5.0 grade 1 to 4 at a normal baseline."""
    low, high = limits(analyte)
    below, above = numbers()["ctcae"]["low"], numbers()["ctcae"]["high"]
    if analyte in below:
        bounds = [low, *below[analyte], 0.0]
        return bounds[grade], bounds[grade - 1]
    bounds = [1.0, *above[analyte]]
    return high * bounds[grade - 1], high * bounds[grade]


def _grading_lab(event: Planned, course: Course, day: int, rng: np.random.Generator) -> Lab:
    """Draw a value well inside the grade, so that rounding cannot move it out."""
    analyte = event.entry["analyte"]
    low, high = grade_range(analyte, event.grade)
    low = max(low, analytes()[analyte].plausible[0])
    decimals = {**numbers()["labs"], **numbers()["lab_sums"]}[analyte]["decimals"]
    value = round(low + (high - low) * float(rng.uniform(0.2, 0.8)), decimals)
    return lab(analyte, value, course, day)


def lab(analyte: str, value: float, course: Course, day: int) -> Lab:
    """Return a value as the study's laboratory reports it."""
    low, high = limits(analyte)
    method = numbers()["labs"].get(analyte, {}).get("method", "")
    return Lab(course.on(day), analyte, value, analytes()[analyte].unit, lln=low, uln=high, method=method)


def draw_treatments(
    person: Person, course: Course, events: Sequence[AdverseEvent], rng: np.random.Generator
) -> tuple[Treatment, ...]:
    """Return the doses up to progression: all three drugs for four to six cycles, then two."""
    entry, doses = numbers()["treatment"], []
    n_irinotecan = whole(entry["irinotecan_cycles"], rng)
    height = person.baseline.height_cm or 0.0
    surface = float(np.sqrt(height * person.weight_kg / 3600.0))
    severe = [event.start_date for event in events if event.grade >= 3]
    cycle, day = 1, 0
    while day < course.treated_until:
        is_reduced = any(start < course.on(day) for start in severe)
        doses += _cycle(course, cycle, day, surface if cycle <= n_irinotecan else 0.0, is_reduced=is_reduced)
        later = course.on(day + entry["cycle_days"] + whole(entry["delay_days"], rng))
        cycle, day = cycle + 1, (workday(later, 1) - course.start).days
    return tuple(dose for dose in doses if dose.start_date <= course.on(course.last_day))


def _cycle(course: Course, cycle: int, day: int, surface: float, *, is_reduced: bool) -> list[Treatment]:
    entry, start = numbers()["treatment"], course.on(day)
    last = min(day + entry["cycle_days"] - 1, course.last_day)
    doses = [
        Treatment(cycle, "camrelizumab", start, None, entry["camrelizumab_mg"], "mg", "given"),
        Treatment(cycle, "apatinib", start, course.on(last), entry["apatinib_mg_per_day"], "mg_per_day", "given"),
    ]
    if surface:
        factor, action, reason = (entry["reduced_to"], "reduced", "toxicity") if is_reduced else (1.0, "given", "")
        dose = float(round(factor * entry["irinotecan_mg_per_m2"] * surface))
        doses += [
            Treatment(cycle, "irinotecan", start + timedelta(days=later), None, dose, "mg", action, reason)
            for later in (0, 7)
        ]
    return doses

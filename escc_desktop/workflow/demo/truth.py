"""What is true of each patient of the synthetic study, and what the trial recorded of it.

The default seed was chosen among others because its 59 patients come close to the stated figures: see
`docs/decisions/0062-demo-seed.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from escc_desktop.trial.records import Survival, TrialRecord, VitalStatus
from escc_desktop.workflow.demo.records_course import Course, draw_courses, survival_at, workday
from escc_desktop.workflow.demo.records_lesions import draw_scans
from escc_desktop.workflow.demo.records_numbers import numbers, scaled, whole
from escc_desktop.workflow.demo.records_people import Person, draw_people
from escc_desktop.workflow.demo.records_safety import Planned, date_events, draw_treatments, lab, plan_events

LABEL = "Synthetic: computed from published summary figures and a random seed; no person stands behind it."
_BIOCHEMISTRY = ("cea", "tbil", "dbil", "ibil", "alt", "ast", "alp", "ggt", "ldh", "alb", "bun", "cr", "ua")
_TRAP_RANGE_UMOL_PER_L = (4.0, 14.0)
_UMOL_PER_L_IN_MG_PER_DL = 17.104


@dataclass(frozen=True)
class PatientTruth(Person):
    """One synthetic patient: what the CT is made from (see `Person`), the true outcome, and the record.

    Attributes
    ----------
    survival_12
        The true S(12 months).
    os_months, pfs_months
        Uncensored times; progression as it happens, before a scan shows it.
    record
        What the trial recorded: visits, doses, events, censoring, missing values and traps included.
    """

    survival_12: float
    os_months: float
    pfs_months: float
    record: TrialRecord


def default_seed() -> int:
    """Return the seed of the study as it is shown."""
    return int(numbers()["study"]["seed"])


def draw_truth(n: int | None = None, seed: int | None = None) -> tuple[PatientTruth, ...]:
    """Draw a synthetic study.

    Parameters
    ----------
    n
        Number of patients; 59 by default. Counts of other sizes keep the proportions.
    seed
        The same seed gives the same patients; `default_seed()` by default.
    """
    n = n or int(numbers()["study"]["n_patients"])
    streams = [np.random.default_rng([default_seed() if seed is None else seed, part]) for part in range(5)]
    people = draw_people(n, streams[0])
    courses = draw_courses(people, streams[1])
    planned = plan_events(people, courses, streams[2])
    records = [
        _record(person, courses[index], [event for event in planned if event.patient == index], streams[3])
        for index, person in enumerate(people)
    ]
    records = _with_gaps_and_traps(people, records, streams[4])
    return tuple(_truth(*parts) for parts in zip(people, courses, records, strict=True))


def _truth(person: Person, course: Course, record: TrialRecord) -> PatientTruth:
    return PatientTruth(
        **{field.name: getattr(person, field.name) for field in fields(Person)},
        survival_12=survival_at(person.linear_predictor, numbers()["truth"]["horizon_months"]),
        os_months=course.os_months,
        pfs_months=course.pfs_months,
        record=record,
    )


def _record(person: Person, course: Course, planned: Sequence[Planned], rng: np.random.Generator) -> TrialRecord:
    visits, lesions = draw_scans(person, course, rng)
    events, graded = date_events(course, planned, rng)
    drawn = workday(course.on(-whole(numbers()["visits"]["labs_days"], rng)), -1)
    day = (drawn - course.start).days
    baseline = [lab(code, value, course, day) for code, value in person.labs.items()]
    return TrialRecord(
        person.patient_id,
        course.start,
        person.baseline,
        _survival(course, rng),
        labs=tuple(sorted([*baseline, *graded], key=lambda value: value.date)),
        treatments=tuple(sorted(draw_treatments(person, course, events, rng), key=lambda dose: dose.start_date)),
        visits=visits,
        lesions=lesions,
        adverse_events=tuple(sorted(events, key=lambda event: event.start_date)),
    )


def _survival(course: Course, rng: np.random.Generator) -> Survival:
    entry = numbers()["response"]["next_therapy"]
    wanted, later = float(rng.uniform()) < entry["share"], whole(entry["after_days"], rng)
    next_day = course.treated_until + later
    has_next = wanted and course.shown_by is not None and next_day < course.last_day
    last = course.on(course.last_day)
    return Survival(
        course.status,
        last,
        death_date=last if course.status is VitalStatus.DEAD else None,
        next_therapy_date=course.on(next_day) if has_next else None,
        next_therapy="further systemic therapy" if has_next else "",
    )


def _with_gaps_and_traps(
    people: Sequence[Person], records: Sequence[TrialRecord], rng: np.random.Generator
) -> list[TrialRecord]:
    """Leave out some baseline values and enter two in another unit; the showcase patient is spared."""
    study = numbers()["study"]
    spared = [index for index, person in enumerate(people) if not person.is_showcase]
    changed = dict(enumerate(records))
    trapped = set()
    for code in study["traps"][: scaled(len(study["traps"]), len(people))]:
        low, high = _TRAP_RANGE_UMOL_PER_L
        likely = [index for index in spared if low <= people[index].labs[code] <= high and index not in trapped]
        if not likely:
            continue
        index = likely[int(rng.integers(len(likely)))]
        trapped.add(index)
        changed[index] = _entered_in_mg_per_dl(changed[index], code)
    cells = [(index, code) for index in spared if index not in trapped for code in _BIOCHEMISTRY]
    n_missing = min(round(study["missing_fraction"] * len(people) * len(_BIOCHEMISTRY)), len(cells))
    for cell in sorted(rng.choice(len(cells), n_missing, replace=False).tolist()):
        index, code = cells[cell]
        changed[index] = _without(changed[index], code)
    return [changed[index] for index in range(len(records))]


def _entered_in_mg_per_dl(record: TrialRecord, code: str) -> TrialRecord:
    labs = tuple(
        replace(value, value=round(value.value / _UMOL_PER_L_IN_MG_PER_DL, 2))
        if value.analyte == code and value.date < record.start_date
        else value
        for value in record.labs
    )
    return replace(record, labs=labs)


def _without(record: TrialRecord, code: str) -> TrialRecord:
    kept = (value for value in record.labs if value.analyte != code or value.date >= record.start_date)
    return replace(record, labs=tuple(kept))


def expected_concordance(linear_predictors: Sequence[float]) -> float:
    """Return the concordance the true LP has for uncensored times under proportional hazards.

    The mean over pairs of 1 / (1 + exp(-|difference|)) (Gonen and Heller, Biometrika 2005).
    """
    predictor = np.array(linear_predictors)
    upper = np.triu_indices(len(predictor), k=1)
    return float(np.mean(1.0 / (1.0 + np.exp(-np.abs(predictor[:, None] - predictor[None, :])[upper]))))


def truth_document(truth: Sequence[PatientTruth], seed: int | None = None) -> dict[str, object]:
    """Return the content of `truth.json`: the linear predictor, C, S(12) of each patient, the lesion site."""
    return {
        "label": LABEL,
        "is_synthetic": True,
        "seed": default_seed() if seed is None else seed,
        "horizon_months": numbers()["truth"]["horizon_months"],
        "c_index": expected_concordance([patient.linear_predictor for patient in truth]),
        "linear_predictor_terms": numbers()["truth"],
        "patients": [
            {
                "patient_id": patient.patient_id,
                "is_showcase": patient.is_showcase,
                "site": patient.site,
                "linear_predictor": patient.linear_predictor,
                "survival_12": patient.survival_12,
                "os_months": patient.os_months,
                "pfs_months": patient.pfs_months,
                "z_texture": patient.z_texture,
                "z_necrosis": patient.z_necrosis,
                "texture_amplitude_hu": patient.texture_amplitude_hu,
                "necrotic_fraction": patient.necrotic_fraction,
                "axial_diameter_mm": patient.axial_diameter_mm,
                "labs": dict(patient.labs),
            }
            for patient in truth
        ],
    }

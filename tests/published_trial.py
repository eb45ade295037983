"""Trial records that carry every count the trial published; nobody in them is real.

59 enrolled of 64, responses CR 1, PR 19, SD 25, PD 8 and six without, Tables 1 and 2, and times that give the printed
PFS rates. What the paper leaves open is chosen: who had what, dates, single values within the quartiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from scipy.stats import norm

from escc_desktop.trial.columns import analytes
from escc_desktop.trial.records import (
    AdverseEvent,
    Baseline,
    Lab,
    LesionMeasurement,
    Response,
    Screening,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
    VitalStatus,
)

ENROLLED, ASSESSED = 59, 53
START = date(2020, 1, 6)
# Table 2: term, patients by worst grade I, II, III, IV.
ADVERSE_EVENTS = (
    ("Leukopenia", 11, 14, 3, 3),
    ("Fatigue", 12, 2, 1, 0),
    ("Anemia", 10, 4, 0, 0),
    ("Thrombocytopenia", 8, 4, 2, 0),
    ("Neutropenia", 6, 5, 1, 1),
    ("Hypoalbuminemia", 13, 0, 0, 0),
    ("Myelosuppression", 1, 9, 0, 2),
    ("Loss of appetite", 6, 3, 1, 0),
    ("Erythropenia", 5, 3, 0, 2),
    ("Digestive tract reaction", 6, 2, 0, 0),
    ("Increased TBIL", 6, 2, 0, 0),
    ("Diarrhea", 3, 2, 3, 0),
    ("Liver dysfunction", 4, 3, 0, 0),
    ("Increased AST", 4, 2, 0, 0),
    ("RCCEP", 5, 0, 0, 0),
    ("Increased ALT", 4, 1, 0, 0),
    ("Lymphopenia", 4, 1, 0, 0),
    ("Weight loss", 4, 1, 0, 0),
    ("Increased blood pressure", 2, 2, 0, 0),
    ("Hand-foot skin reaction", 2, 1, 1, 0),
    ("Nausea and vomiting", 1, 2, 0, 0),
    ("Increased Cr", 3, 0, 0, 0),
    ("Hypocalcemia", 2, 0, 0, 0),
    ("Hypothyroidism", 1, 1, 0, 0),
    ("Fever", 2, 0, 0, 0),
    ("Sore throat", 1, 0, 0, 0),
    ("Gastrointestinal bleeding", 0, 2, 0, 0),
    ("Hemoptysis", 1, 0, 0, 0),
    ("Oral mucosal inflammation", 0, 1, 0, 0),
    ("Immune enteritis", 0, 1, 0, 0),
    ("Pain", 0, 1, 0, 0),
    ("Atrial fibrillation", 0, 0, 1, 0),
)
SEVERE_PATIENTS = 12
# Days of the PFS event of the 53: 27, 9, 3, 3, 2 and 1 of them lie beyond 6, 12, 18, 24, 30 and 36 months.
PFS_DAYS = (
    *[28] * 8,
    *[84] * 6,
    *[112] * 4,
    *[140] * 4,
    *[168] * 4,
    *[252] * 10,
    *[336] * 8,
    *[420] * 4,
    *[504] * 2,
    756,
    924,
    1176,
)
# First confirmed PR of the 19, days: the quartiles are 1.6, 1.9 and 2.4 months.
FIRST_PR_DAYS = (45, 46, 47, 48, 49, 50, 52, 54, 56, 58, 60, 63, 66, 70, 73, 76, 80, 82, 84)
CR_PATIENT_PR_DAY, CR_DAY = 56, 234
# Quartiles of Table 1, and means with standard deviations.
MEDIANS = {
    "cea": (2.8, 1.8, 4.7),
    "tbil": (8.5, 6.8, 12.9),
    "dbil": (3.9, 2.9, 4.9),
    "ibil": (5.0, 3.8, 8.2),
    "alt": (12.5, 9.0, 18.3),
    "ast": (17.5, 14.0, 23.0),
    "alp": (89.0, 68.8, 110.3),
    "ggt": (24.0, 16.0, 39.0),
    "ldh": (181.0, 153.3, 219.5),
    "bun": (5.4, 4.4, 6.5),
}
MEANS = {"alb": (39.3, 4.6), "cr": (73.1, 16.0), "ua": (325.7, 100.6)}


def published_records(*, is_ongoing: bool = False) -> tuple[TrialRecord, ...]:
    """Return the records of the 59; the last patient progresses, or is still followed without progression."""
    baselines = _baselines()
    labs = _labs()
    events = _events()
    courses = [_course(place, is_ongoing=is_ongoing) for place in range(ENROLLED)]
    return tuple(
        TrialRecord(
            f"P{place + 1:02d}",
            START,
            baselines[place],
            survival,
            labs=labs[place],
            treatments=(Treatment(1, "camrelizumab", START, None, 200.0, "mg", "given"),),
            visits=visits,
            lesions=lesions,
            adverse_events=events[place],
        )
        for place, (visits, lesions, survival) in enumerate(courses)
    )


def published_screening() -> tuple[Screening, ...]:
    """Return the 64 people looked at."""
    out = ["not treated as specified", *["incomplete baseline CT"] * 4]
    screened = [Screening(f"P{place + 1:02d}", START, "enrolled") for place in range(ENROLLED)]
    return (*screened, *(Screening(f"S{place}", START, "not_enrolled", why) for place, why in enumerate(out, 1)))


def _on(day: int) -> date:
    return START + timedelta(days=day)


def _course(place: int, *, is_ongoing: bool) -> tuple[tuple[Visit, ...], tuple[LesionMeasurement, ...], Survival]:
    if place >= ASSESSED:
        return (), (), Survival(VitalStatus.LOST, _on(40))
    day, is_last = PFS_DAYS[place], place == ASSESSED - 1
    scans = _scans(place, day)
    if is_last and is_ongoing:
        scans[day] = Response.CR
    visits = tuple(Visit(n, _on(at), response) for n, (at, response) in enumerate(sorted(scans.items()), 1))
    lesions = [LesionMeasurement("L1", _on(-7), "liver", "target", "long", 30.0)]
    lesions += [
        LesionMeasurement("L1", _on(at), "liver", "target", "long", _diameter(place, response))
        for at, response in sorted(scans.items())
    ]
    is_dead = place < 43
    end = _on(day + 120 if place < 52 else 1670)
    survival = Survival(VitalStatus.DEAD if is_dead else VitalStatus.ALIVE, end, end if is_dead else None)
    return visits, tuple(lesions), survival


def _scans(place: int, day: int) -> dict[int, Response]:
    planned = (28, 56, 84, 112, 140, 168, *range(252, day, 84))
    scans = {at: Response.SD for at in planned if at < day}
    best, first = _best(place)
    if best in {Response.PR, Response.CR}:
        start = CR_PATIENT_PR_DAY if best is Response.CR else first
        scans = {at: Response.SD for at in (28,) if at < start} | {start: Response.PR}
        scans |= {at: Response.PR for at in (*planned, start + 28) if start + 27 < at < day}
    if best is Response.CR:
        scans |= {at: Response.CR for at in scans if at > CR_DAY} | {CR_DAY: Response.CR, CR_DAY + 28: Response.CR}
    return scans | {day: Response.PD}


def _best(place: int) -> tuple[Response, int]:
    """Return the best response of one of the 53, and the day of the first PR."""
    if place < 8:
        return Response.PD, 0
    if place == ASSESSED - 1:
        return Response.CR, CR_PATIENT_PR_DAY
    if place >= ASSESSED - 20:
        return Response.PR, FIRST_PR_DAYS[place - (ASSESSED - 20)]
    return Response.SD, 0


def _diameter(place: int, response: Response) -> float:
    if response is Response.CR:
        return 0.0
    if response is Response.PR:
        return 18.0
    if response is Response.PD:
        return 39.0 if place < 8 else 40.0
    is_smaller = 8 <= place < 21 or place >= ASSESSED - 20
    return 25.5 if is_smaller else 33.0


def _quartiled(median: float, low: float, high: float, decimals: int = 1) -> list[float]:
    """Return 59 values with these quartiles (SPSS: the 15th, 30th and 45th) and a long upper tail."""
    values = [
        *np.linspace(low * 0.75, low * 0.98, 14),
        low,
        *np.linspace(low, median, 14),
        median,
        *np.linspace(median, high, 14),
        high,
        *(high * 1.02 + (high - low) * np.geomspace(0.1, 4.0, 14)),
    ]
    return [round(float(value), decimals) for value in values]


def _normal(mean: float, sd: float) -> np.ndarray:
    scores = norm.ppf((np.arange(ENROLLED) + 0.5) / ENROLLED)
    return mean + sd * scores / scores.std(ddof=1)


def _ages() -> list[int]:
    return [
        *[38, 40, 41, 43, 44, 46, 47, 49, 50, 52, 54, 55, 57, 58],
        *[59, 60, 61, 62, 63, 64, 64],
        *[65] * 4,
        *[66] * 4,
        *[67] * 6,
        *[68] * 4,
        *[69, 69, 70, 70, 71, 71],
        *[71, 71, 72, 72, 72, 72, 73, 73, 73, 74, 74, 75, 75, 76],
    ]


def _runs(*runs: tuple[object, int]) -> list[object]:
    return [value for value, count in runs for _ in range(count)]


def _baselines() -> list[Baseline]:
    bmi, sizes, ages = _normal(21.1, 3.3), _quartiled(30.0, 19.0, 43.0), _ages()
    # "Other" is nine patients, one of them with two organs: 86 sites by number and by location, 85 marks in the table.
    sites = _runs((1, 39), (2, 15), (3, 3), (4, 2))
    columns = {
        "sex": _runs(("female", 8), ("male", 51)),
        "ecog": _runs((1, 55), (0, 4)),
        "tumor_location": _runs(("cervical", 8), ("thoracic", 48), ("abdominal", 3)),
        "differentiation": _runs(
            ("well", 1), ("moderate", 27), ("moderate_to_poor", 3), ("poor", 19), ("undifferentiated", 9)
        ),
        "n_metastatic_sites": sites,
        "metastasis_liver": [place >= 44 for place in range(ENROLLED)],
        "metastasis_lung": [place >= 51 for place in range(ENROLLED)],
        "metastasis_lymph_node": [place >= 6 for place in range(ENROLLED)],
        "metastasis_other_sites": _runs((1, 6), (0, 50), (1, 2), (2, 1)),
        "distant_metastasis": [place >= 12 for place in range(ENROLLED)],
        "prior_surgery": [place < 32 for place in range(ENROLLED)],
        "prior_radiotherapy": [place < 23 for place in range(ENROLLED)],
        "prior_targeted_therapy": [place < 4 for place in range(ENROLLED)],
    }
    return [
        Baseline(
            age_years=ages[place],
            height_cm=165.0,
            weight_kg=float(bmi[place] * 1.65**2),
            tumor_size_mm=sizes[place],
            stage="IV",
            prior_chemotherapy=True,
            prior_immunotherapy=False,
            **{name: values[place] for name, values in columns.items()},  # type: ignore[arg-type]
        )
        for place in range(ENROLLED)
    ]


def _labs() -> list[tuple[Lab, ...]]:
    values: dict[str, Sequence[float]] = {code: _quartiled(*found) for code, found in MEDIANS.items()}
    values |= {code: [float(value) for value in _normal(*found)] for code, found in MEANS.items()}
    return [
        tuple(Lab(_on(-3), code, found[place], analytes()[code].unit) for code, found in values.items())
        for place in range(ENROLLED)
    ]


def _events() -> list[tuple[AdverseEvent, ...]]:
    """Put the 21 events of grade III and IV into 12 patients, and the others where there is room."""
    found: list[list[AdverseEvent]] = [[] for _ in range(ENROLLED)]
    severe_at = mild_at = 0
    for term, one, two, three, four in ADVERSE_EVENTS:
        taken = set()
        for grade in (*[4] * four, *[3] * three):
            taken.add(severe_at)
            found[severe_at].append(AdverseEvent(term, grade, _on(14)))
            severe_at = (severe_at + 1) % SEVERE_PATIENTS
        for grade in (*[2] * two, *[1] * one):
            while mild_at in taken:
                mild_at = (mild_at + 1) % ENROLLED
            taken.add(mild_at)
            found[mild_at].append(AdverseEvent(term, grade, _on(10)))
            # A second, lighter time: it must not count again.
            found[mild_at].append(AdverseEvent(term, 1, _on(30)))
    confirmed = {"RCCEP", "Immune enteritis"}
    return [
        tuple(
            AdverseEvent(
                event.term,
                event.grade,
                event.start_date,
                immune_related="confirmed" if event.term in confirmed else "not_assessed",
            )
            for event in events
        )
        for events in found
    ]

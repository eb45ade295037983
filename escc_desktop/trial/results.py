"""What a trial record amounts to: best response, the two endpoints with their reasons, worst grades, CLINICAL.csv."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from escc_desktop.resources import resource_path
from escc_desktop.trial.columns import analytes, table_specs
from escc_desktop.trial.records import Response, TrialRecord, Visit, VitalStatus, months_between


@dataclass(frozen=True)
class Rules:
    """A named rule set for response and progression (`resources/trial/rules.toml`)."""

    name: str
    confirmation_days: int
    minimum_sd_days: int
    missed_visits: int
    schedule_days: tuple[int, ...]
    then_every_days: int
    window_days: int
    baseline_lab_days: int

    def planned_days(self, until: int) -> tuple[int, ...]:
        """Return the planned days of scans up to a day."""
        later = range(self.schedule_days[-1] + self.then_every_days, until + 1, self.then_every_days)
        return (*(day for day in self.schedule_days if day <= until), *later)


@cache
def load_rules(key: str = "default") -> Rules:
    """Return a rule set by its key."""
    entry = tomllib.loads(resource_path("trial", "rules.toml").read_text(encoding="utf-8"))[key]
    return Rules(**{**entry, "schedule_days": tuple(entry["schedule_days"])})


@dataclass(frozen=True)
class Outcome:
    """One endpoint of one patient.

    Attributes
    ----------
    reason
        Why it ended: "progression", "death", "alive", "lost", "next_therapy", "missed_visits", "no_assessment",
        "no_progression".
    """

    months: float
    is_event: bool
    date: date
    reason: str


@dataclass(frozen=True)
class ResponseCounts:
    """Best responses of a cohort; the evaluable are those not NE."""

    counts: Mapping[Response, int]

    @property
    def n_evaluable(self) -> int:
        """Patients with a best response other than NE."""
        return sum(self.counts.values()) - self.counts[Response.NE]

    @property
    def n_objective(self) -> int:
        """CR + PR."""
        return self.counts[Response.CR] + self.counts[Response.PR]

    @property
    def n_controlled(self) -> int:
        """CR + PR + SD."""
        return self.n_objective + self.counts[Response.SD] + self.counts[Response.NON_CR_NON_PD]


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


def progression_free_survival(record: TrialRecord, rules: Rules | None = None) -> Outcome:
    """Return the time from day 1 to the scan that shows progression or to death, censored by the rules.

    Censored at the last adequate assessment (day 1 if there is none) when a next therapy began before, when
    `rules.missed_visits` or more scans were missed just before, and when nothing happened.
    """
    rules = rules or load_rules()
    progression = next((visit.date for visit in _assessments(record) if visit.response is Response.PD), None)
    event_date, kind = (progression, "progression") if progression else (record.survival.death_date, "death")
    last = _last_adequate(record, event_date)
    reason = _censoring(record, event_date, last, rules)
    if event_date is None or reason:
        return Outcome(months_between(record.start_date, last), False, last, reason)
    return Outcome(months_between(record.start_date, event_date), True, event_date, kind)


def _censoring(record: TrialRecord, event_date: date | None, last: date, rules: Rules) -> str:
    """Return why there is no event, or nothing if there is one."""
    therapy = record.survival.next_therapy_date
    if therapy and (event_date is None or therapy < event_date):
        return "next_therapy"
    if event_date is None:
        if last == record.start_date:
            return "no_assessment"
        return "lost" if record.survival.status is VitalStatus.LOST else "no_progression"
    if _n_missed(record.start_date, last, event_date, rules) >= rules.missed_visits:
        return "no_assessment" if last == record.start_date else "missed_visits"
    return ""


def _last_adequate(record: TrialRecord, event_date: date | None) -> date:
    """Return the last scan with a response before the event and before any next therapy; day 1 without one."""
    ends = [day for day in (event_date, record.survival.next_therapy_date) if day]
    days = [
        visit.date
        for visit in _assessments(record)
        if visit.response is not Response.NE and all(visit.date < end for end in ends)
    ]
    return max(days, default=record.start_date)


def _n_missed(start: date, last: date, event: date, rules: Rules) -> int:
    window = timedelta(days=rules.window_days)
    planned = (start + timedelta(days=day) for day in rules.planned_days((event - start).days))
    return sum(last + window < day < event - window for day in planned)


def _assessments(record: TrialRecord) -> tuple[Visit, ...]:
    return tuple(visit for visit in record.visits if visit.response is not None and visit.date > record.start_date)


def best_response(record: TrialRecord, rules: Rules | None = None) -> Response:
    """Return the best overall response up to progression or the next anticancer therapy (RECIST 1.1).

    CR and PR need confirmation, SD its minimum time; an unconfirmed response counts as SD.
    """
    rules = rules or load_rules()
    visits = _before_the_end(record)
    for response in (Response.CR, Response.PR):
        if first_confirmed(record, response, rules):
            return response
    stable = (Response.CR, Response.PR, Response.SD, Response.NON_CR_NON_PD)
    lasting = [v for v in visits if v.response in stable and _days(record, v) >= rules.minimum_sd_days]
    if lasting:
        only_non_target = all(visit.response is Response.NON_CR_NON_PD for visit in lasting)
        return Response.NON_CR_NON_PD if only_non_target else Response.SD
    return Response.PD if any(visit.response is Response.PD for visit in visits) else Response.NE


def first_confirmed(record: TrialRecord, response: Response, rules: Rules | None = None) -> date | None:
    """Return the date a CR (or a PR or better) was first seen that a later scan confirmed; None without one."""
    rules = rules or load_rules()
    enough = (Response.CR,) if response is Response.CR else (Response.CR, Response.PR)
    seen = [visit for visit in _before_the_end(record) if visit.response in enough]
    for index, visit in enumerate(seen):
        if any((later.date - visit.date).days >= rules.confirmation_days for later in seen[index + 1 :]):
            return visit.date
    return None


def _before_the_end(record: TrialRecord) -> tuple[Visit, ...]:
    """Return the assessments up to and with progression, before any next therapy."""
    therapy = record.survival.next_therapy_date
    visits = []
    for visit in _assessments(record):
        if therapy and visit.date >= therapy:
            break
        visits.append(visit)
        if visit.response is Response.PD:
            break
    return tuple(visits)


def _days(record: TrialRecord, visit: Visit) -> int:
    return (visit.date - record.start_date).days


def response_counts(records: Sequence[TrialRecord], rules: Rules | None = None) -> ResponseCounts:
    """Count best responses."""
    found = Counter(best_response(record, rules) for record in records)
    return ResponseCounts({response: found[response] for response in Response})


def best_change(record: TrialRecord) -> float | None:
    """Return the largest decrease (or smallest increase) of the target sum from baseline, as a fraction.

    Scans on which a target lesion was not measured are left out; None without a baseline or a later scan.
    """
    sums: dict[date, list[float | None]] = {}
    for lesion in record.lesions:
        if lesion.role == "target":
            sums.setdefault(lesion.date, []).append(lesion.diameter_mm)
    days = sorted(sums)
    if not days or days[0] > record.start_date:
        return None
    baseline = sums[days[0]]
    total = sum(value for value in baseline if value is not None)
    end = _end_of_response(record)
    later = [
        sum(value for value in sums[day] if value is not None)
        for day in days[1:]
        if len(sums[day]) == len(baseline) and None not in sums[day] and day <= end
    ]
    return min(later) / total - 1.0 if later and total > 0.0 else None


def _end_of_response(record: TrialRecord) -> date:
    visits = _before_the_end(record)
    return visits[-1].date if visits else record.start_date


def worst_grades(record: TrialRecord) -> dict[str, int]:
    """Return the worst grade of each adverse event term."""
    worst: dict[str, int] = {}
    for event in record.adverse_events:
        worst[event.term] = max(event.grade, worst.get(event.term, 0))
    return worst


def n_severe(records: Sequence[TrialRecord]) -> int:
    """Count the patients with any event of grade III or IV."""
    return sum(any(grade in {3, 4} for grade in worst_grades(record).values()) for record in records)


_COVARIATES = (
    "age_years",
    "sex",
    "ecog",
    "bmi_kg_per_m2",
    "tumor_location",
    "tumor_size_mm",
    "differentiation",
    "n_metastatic_sites",
    "metastasis_liver",
    "metastasis_lung",
    "metastasis_lymph_node",
    "distant_metastasis",
    "prior_surgery",
    "prior_radiotherapy",
    "prior_chemotherapy",
    "prior_targeted_therapy",
    "prior_immunotherapy",
)


def clinical_rows(
    records: Sequence[TrialRecord], rules: Rules | None = None
) -> tuple[tuple[str, ...], tuple[tuple[object, ...], ...]]:
    """Return the header and rows of CLINICAL.csv: endpoints in months, then baseline covariates, units in their names.

    Flags are 1 and 0, missing values None; laboratory columns nobody has a value in are left out, and `regimen` where
    no drug is recorded. A laboratory value
    is the last one up to day 1 within `rules.baseline_lab_days`, in the unit its column names; where only a detection
    limit was reported it is the limit; one with an open question is missing.
    """
    rules = rules or load_rules()
    endpoints = ("os_months", "os_event", "pfs_months", "pfs_event")
    labs = {code: [baseline_lab(record, code, rules) for record in records] for code in analytes()}
    known = [code for code, values in labs.items() if any(value is not None for value in values)]
    regimens = [regimen(record) for record in records]
    own = ("regimen",) if any(regimens) else ()
    header = ("patient_id", *endpoints, *_COVARIATES, *own, *(analytes()[code].clinical for code in known))
    return header, tuple(
        (
            *_clinical_cells(record, rules),
            *(_plain(regimens[index]) for _ in own),
            *(labs[code][index] for code in known),
        )
        for index, record in enumerate(records)
    )


def regimen(record: TrialRecord) -> str:
    """Return the drugs of cycle 1 in the order of the trial's table, "camrelizumab+apatinib+irinotecan"; "" without.

    A drug that was planned and held counts: the regimen is what was begun, not what was tolerated.
    """
    begun = {treatment.drug for treatment in record.treatments if treatment.cycle == 1}
    drugs = next(column.values for column in table_specs()["treatments"].columns if column.name == "drug")
    return "+".join(drug for drug in drugs if drug in begun)


def _clinical_cells(record: TrialRecord, rules: Rules) -> tuple[object, ...]:
    survival, progression = overall_survival(record), progression_free_survival(record, rules)
    endpoints = (survival.months, int(survival.is_event), progression.months, int(progression.is_event))
    return (record.patient_id, *endpoints, *(_plain(getattr(record.baseline, name)) for name in _COVARIATES))


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return None if value == "" else value


def baseline_lab(record: TrialRecord, analyte: str, rules: Rules | None = None) -> float | None:
    """Return a baseline laboratory value in the analyte's own unit; None if missing or questioned."""
    rules = rules or load_rules()
    earliest = record.start_date - timedelta(days=rules.baseline_lab_days)
    found = [lab for lab in record.labs if lab.analyte == analyte and earliest <= lab.date <= record.start_date]
    if not found or found[-1].question:
        return None
    return analytes()[analyte].convert(found[-1].value, found[-1].unit)

"""What a trial record amounts to: best response, change of the target lesions, CLINICAL.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from escc_desktop.trial.columns import analytes, table_specs
from escc_desktop.trial.endpoints import assessments, overall_survival, progression_free_survival
from escc_desktop.trial.records import Response, TrialRecord, Visit
from escc_desktop.trial.rules import Rules, load_rules


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
    for visit in assessments(record):
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

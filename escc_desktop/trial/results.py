"""What a trial record amounts to: best response, change of the target lesions, CLINICAL.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from escc_desktop.trial.columns import analytes, table_specs
from escc_desktop.trial.endpoints import overall_survival, progression_free_survival
from escc_desktop.trial.recist import assess
from escc_desktop.trial.recist_best import confirmed
from escc_desktop.trial.records import Response, TrialRecord
from escc_desktop.trial.response import best_of, counted_visits
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

    CR and PR need confirmation, SD its minimum time; an unconfirmed response counts as SD. Whose responses they are,
    `rules.response_source` says.
    """
    return best_of(record, rules).response


def first_confirmed(record: TrialRecord, response: Response, rules: Rules | None = None) -> date | None:
    """Return the date a CR (or a PR or better) was first seen that a later scan confirmed; None without one."""
    rules = rules or load_rules()
    days = confirmed(counted_visits(record, rules), response, rules)
    return None if days is None else days[0]


def response_counts(records: Sequence[TrialRecord], rules: Rules | None = None) -> ResponseCounts:
    """Count best responses."""
    found = Counter(best_response(record, rules) for record in records)
    return ResponseCounts({response: found[response] for response in Response})


def best_change(record: TrialRecord, rules: Rules | None = None) -> float | None:
    """Return the largest decrease (or smallest increase) of the target sum from baseline, as a fraction.

    Scans on which a target lesion was not measured are left out, and those after progression or in a next therapy;
    None without a baseline or a later scan.
    """
    rules = rules or load_rules()
    visits = counted_visits(record, rules)
    if not visits:
        return None
    end = visits[-1].date + timedelta(days=rules.time_point_days)
    points = [point for point in assess(record, rules).points if point.days[0] <= end]
    return min((point.change for point in points if point.change is not None), default=None)


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
    is the last one up to day 1 within the schedule's `baseline_lab_days`, in the unit its column names; where only a
    detection limit was reported it is the limit; one with an open question is missing.
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
    earliest = record.start_date - timedelta(days=rules.schedule.baseline_lab_days)
    found = [lab for lab in record.labs if lab.analyte == analyte and earliest <= lab.date <= record.start_date]
    if not found or found[-1].question:
        return None
    return analytes()[analyte].convert(found[-1].value, found[-1].unit)

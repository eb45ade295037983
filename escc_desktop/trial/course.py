"""What a patient's course comes to, reckoned once: response, changes, both endpoints, how long a response held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from escc_desktop.trial.endpoints import Outcome, overall_survival, progression_free_survival
from escc_desktop.trial.recist import assess
from escc_desktop.trial.records import Response, TrialRecord, VitalStatus, months_between
from escc_desktop.trial.response import best_of, counted_visits
from escc_desktop.trial.results import best_change, first_confirmed
from escc_desktop.trial.rules import Rules, load_rules

CONTROLLED = frozenset({Response.CR, Response.PR, Response.SD, Response.NON_CR_NON_PD})


@dataclass(frozen=True)
class PatientCourse:
    """One patient; all times in months from day 1.

    Attributes
    ----------
    best_reason
        How the best response came about.
    best_change, changes
        Of the sum of the target lesions from the baseline, as fractions: the largest decrease, and (month, change) of
        each time point up to progression.
    pr_months, cr_months
        When the first confirmed PR or better, and the first confirmed CR, was first seen; None without one.
    response_months
        How long the response held: from the first confirmed PR or CR to the end of progression-free survival, an
        event as that is one; None without a response.
    treatment_months
        From day 1 to the last dose.
    next_therapy_months
        None without a next anticancer therapy.
    """

    patient_id: str
    best: Response
    best_reason: str
    best_change: float | None
    changes: tuple[tuple[float, float], ...]
    pr_months: float | None
    cr_months: float | None
    os: Outcome
    pfs: Outcome
    treatment_months: float
    next_therapy_months: float | None
    is_alive: bool

    @property
    def response_months(self) -> float | None:
        """How long the confirmed response held."""
        if self.best not in {Response.CR, Response.PR} or self.pr_months is None:
            return None
        return max(self.pfs.months - self.pr_months, 0.0)

    @property
    def is_controlled(self) -> bool:
        """Whether the disease was controlled: best response CR, PR, SD or non-CR/non-PD."""
        return self.best in CONTROLLED

    @property
    def progression_months(self) -> float | None:
        """When a scan showed progression."""
        return self.pfs.months if self.pfs.reason == "progression" else None


def patient_course(record: TrialRecord, rules: Rules | None = None) -> PatientCourse:
    """Return what a record comes to."""
    rules = rules or load_rules()
    best, os = best_of(record, rules), overall_survival(record)
    doses = [dose.end_date or dose.start_date for dose in record.treatments]
    therapy = record.survival.next_therapy_date
    return PatientCourse(
        patient_id=record.patient_id,
        best=best.response,
        best_reason=best.reason,
        best_change=best_change(record, rules),
        changes=_changes(record, rules),
        pr_months=_first(record, Response.PR, rules),
        cr_months=_first(record, Response.CR, rules),
        os=os,
        pfs=progression_free_survival(record, rules),
        treatment_months=min(months_between(record.start_date, max(doses)), os.months) if doses else 0.0,
        next_therapy_months=None if therapy is None else months_between(record.start_date, therapy),
        is_alive=record.survival.status is VitalStatus.ALIVE,
    )


def _first(record: TrialRecord, response: Response, rules: Rules) -> float | None:
    day = first_confirmed(record, response, rules)
    return None if day is None else months_between(record.start_date, day)


def _changes(record: TrialRecord, rules: Rules) -> tuple[tuple[float, float], ...]:
    visits = counted_visits(record, rules)
    if not visits:
        return ()
    end = visits[-1].date + timedelta(days=rules.time_point_days)
    points = (point for point in assess(record, rules).points if point.days[0] <= end)
    return tuple(
        (months_between(record.start_date, point.on), point.change) for point in points if point.change is not None
    )

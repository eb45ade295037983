"""What the trial knows of one patient: baseline, labs, doses, visits, lesions, adverse events, survival.

Dates are stored, months are derived: one month is 30.4375 days. Labs keep the unit, method and reference limits
they were reported with; nothing is converted when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# Within a class, a field named `date` hides the type.
_Day = date
DAYS_PER_MONTH = 30.4375


def months_between(start: date, end: date) -> float:
    """Return the months from `start` to `end`, one month being 30.4375 days."""
    return (end - start).days / DAYS_PER_MONTH


class Response(StrEnum):
    """Response of one visit, or the best one, after RECIST 1.1."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    NON_CR_NON_PD = "NON_CR_NON_PD"
    PD = "PD"
    NE = "NE"


class VitalStatus(StrEnum):
    """What is known of a patient at the last contact."""

    ALIVE = "alive"
    DEAD = "dead"
    LOST = "lost"


@dataclass(frozen=True)
class Baseline:
    """A patient before the first dose.

    `metastasis_other_sites` counts organs, so that the sites by location add up to `n_metastatic_sites`.
    """

    sex: str
    age_years: int | None
    ecog: int | None
    height_cm: float | None = None
    weight_kg: float | None = None
    tumor_location: str = ""
    tumor_size_mm: float | None = None
    differentiation: str = ""
    stage: str = ""
    n_metastatic_sites: int | None = None
    metastasis_liver: bool | None = None
    metastasis_lung: bool | None = None
    metastasis_lymph_node: bool | None = None
    metastasis_other_sites: int | None = None
    distant_metastasis: bool | None = None
    prior_surgery: bool | None = None
    prior_radiotherapy: bool | None = None
    prior_chemotherapy: bool | None = None
    prior_targeted_therapy: bool | None = None
    prior_immunotherapy: bool | None = None
    t_stage: str = ""
    n_stage: str = ""
    m_stage: str = ""
    ugt1a1: str = ""

    @property
    def bmi_kg_per_m2(self) -> float | None:
        """Body mass index, or None without height and weight."""
        if self.height_cm is None or self.weight_kg is None:
            return None
        return self.weight_kg / (self.height_cm / 100.0) ** 2


@dataclass(frozen=True)
class Lab:
    """One reported laboratory value, as reported.

    `limit` is "<" or ">" where only a detection limit was reported. `question` is the code of an open question about
    the value ("unit", "implausible"); such a value stays out of the models until the file answers it.
    """

    date: date
    analyte: str
    value: float
    unit: str
    limit: str = ""
    lln: float | None = None
    uln: float | None = None
    method: str = ""
    confirmed: bool = False
    question: str = ""


@dataclass(frozen=True)
class Treatment:
    """One drug given, or held, on one day of a cycle, or daily from one day on.

    Attributes
    ----------
    day
        The planned day of the cycle, such as 8 for the second irinotecan; None where it was not recorded.
    planned_dose
        What the protocol asked for that day, in `dose_unit`.
    weight_kg
        The weight the dose was calculated with.
    """

    cycle: int
    drug: str
    start_date: date
    end_date: date | None
    dose: float
    dose_unit: str
    action: str = ""
    reason: str = ""
    day: int | None = None
    planned_dose: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True)
class Visit:
    """One response assessment; number 0 is the baseline and has no response."""

    number: int
    date: date
    response: Response | None


@dataclass(frozen=True)
class LesionMeasurement:
    """One lesion on one day; `axis` is "short" for nodes and "long" for everything else.

    Attributes
    ----------
    state
        What a number alone does not say: "too_small", "absent", "not_evaluable", "present", "progressed"
        (unequivocally), "equivocal" (perhaps new, or perhaps progressed), "merged" or "split"; empty for a plain
        measurement.
    joined_to
        The lesion it merged into, or split from.
    slice_thickness_mm
        Of the scan it was measured on.
    session_id
        The reading it was measured in, through which its slices are found again.
    """

    lesion_id: str
    date: date
    site: str
    role: str
    axis: str
    diameter_mm: float | None
    irradiated: bool | None = None
    organ: str = ""
    state: str = ""
    joined_to: str = ""
    slice_thickness_mm: float | None = None
    session_id: str = ""


@dataclass(frozen=True)
class AdverseEvent:
    """One adverse event at its worst grade (CTCAE v5.0)."""

    term: str
    grade: int
    start_date: date
    end_date: date | None = None
    serious: bool | None = None
    immune_related: str = ""
    related_to: str = ""
    action: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class EligibilityAnswer:
    """How one criterion of the trial was answered for a patient; `criterion` is its code in the trial's protocol.

    Attributes
    ----------
    answer
        "met", "not_met" or "unknown"; for an exclusion criterion, "met" means that it excludes.
    value
        The code of the option chosen where the criterion has options, such as the NYHA class.
    """

    criterion: str
    answer: str
    date: _Day | None = None
    comment: str = ""
    value: str = ""


@dataclass(frozen=True)
class Screening:
    """A person looked at for the trial; `reason` says why one was not enrolled, or not analysed."""

    patient_id: str
    date: date
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Survival:
    """Last contact, death and the next anticancer therapy."""

    status: VitalStatus
    last_contact_date: date
    death_date: date | None = None
    next_therapy_date: date | None = None
    next_therapy: str = ""


@dataclass(frozen=True)
class TrialRecord:
    """Everything the trial recorded of one patient; `start_date` is day 1 of cycle 1. Sequences are ordered by date."""

    patient_id: str
    start_date: date
    baseline: Baseline
    survival: Survival
    labs: tuple[Lab, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    visits: tuple[Visit, ...] = ()
    lesions: tuple[LesionMeasurement, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    eligibility: tuple[EligibilityAnswer, ...] = ()

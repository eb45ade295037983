"""What was given of each drug against what was planned: cumulative dose, dose intensity, delays, reductions.

Dose intensity is the dose given per week of treatment; relative dose intensity divides it by that of the full dose on
time (Hryniuk and Bush, J Clin Oncol 1984;2:1281). Treatment lasts from the first day 1 of the drug to the last one plus
a cycle, so that a delay lowers the intensity and a cycle cut short by the end of follow-up does not lengthen it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from escc_desktop.trial.protocol import Drug, Protocol, load_protocol
from escc_desktop.trial.records import Treatment, TrialRecord
from escc_desktop.trial.regimen import is_given, planned_dose, relative_dose

LARGE_REDUCTION = 0.30
SURFACE_TOLERANCE = 0.05
FLAT_TOLERANCE = 0.005


@dataclass(frozen=True)
class Change:
    """A dose that was not given as planned: "reduced", "delayed", "held" or "stopped".

    Attributes
    ----------
    amount
        Fraction taken off for a reduction, days for a delay, otherwise 0.
    """

    drug: str
    cycle: int
    day: date
    kind: str
    amount: float
    reason: str


@dataclass(frozen=True)
class DoseSummary:
    """What was given of one drug to one patient.

    Attributes
    ----------
    n_doses
        Doses given; days of a drug taken daily.
    cumulative_mg, planned_mg
        Given, and asked for at the full dose on time over the same weeks; None where it cannot be computed.
    weeks
        From the first day 1 of the drug to the last one plus a cycle.
    """

    drug: str
    n_cycles: int
    n_doses: int
    cumulative_mg: float
    planned_mg: float | None
    weeks: float
    changes: tuple[Change, ...]

    @property
    def mg_per_week(self) -> float:
        """Dose intensity."""
        return self.cumulative_mg / self.weeks

    @property
    def relative_intensity(self) -> float | None:
        """Relative dose intensity: 1.0 for every dose in full and on time."""
        return None if not self.planned_mg else self.cumulative_mg / self.planned_mg

    @property
    def largest_reduction(self) -> float:
        """The largest fraction taken off a dose that was given."""
        return max((change.amount for change in self.changes if change.kind == "reduced"), default=0.0)

    @property
    def n_delays(self) -> int:
        """Cycles that began later than the protocol's window allows."""
        return sum(change.kind == "delayed" for change in self.changes)


def dose_summaries(record: TrialRecord, protocol: Protocol | None = None) -> tuple[DoseSummary, ...]:
    """Return what was given of each drug of the protocol a patient had, in the protocol's order."""
    protocol = protocol or load_protocol()
    found = (_summary(record, drug, protocol) for drug in protocol.drugs)
    return tuple(one for one in found if one is not None)


def _summary(record: TrialRecord, drug: Drug, protocol: Protocol) -> DoseSummary | None:
    doses = sorted((one for one in record.treatments if one.drug == drug.name), key=lambda one: one.start_date)
    given = [dose for dose in doses if is_given(dose)]
    if not given:
        return None
    starts = _cycle_starts(doses)
    days = (max(starts.values()) - min(starts.values())).days + protocol.cycle.days
    asked = planned_dose(drug, record, given[0].start_date, protocol=protocol).dose_mg
    asked = asked or given[0].planned_dose
    planned = None if asked is None else asked * len(drug.days) * days / protocol.cycle.days
    return DoseSummary(
        drug.name,
        n_cycles=len({dose.cycle for dose in given}),
        n_doses=sum(_n_days(dose, drug, record, protocol) for dose in given),
        cumulative_mg=sum(dose.dose * _n_days(dose, drug, record, protocol) for dose in given),
        planned_mg=planned,
        weeks=days / 7.0,
        changes=tuple(_changes(doses, drug, record, protocol)),
    )


def _cycle_starts(doses: Sequence[Treatment]) -> Mapping[int, date]:
    starts: dict[int, date] = {}
    for dose in doses:
        starts[dose.cycle] = min(dose.start_date, starts.get(dose.cycle, dose.start_date))
    return starts


def _n_days(dose: Treatment, drug: Drug, record: TrialRecord, protocol: Protocol) -> int:
    """Return how often a row's dose was taken: once, or daily up to its end.

    Without an end a daily drug counts up to the last planned day, the next row of the drug or the last contact.
    """
    if not drug.is_daily:
        return 1
    if dose.end_date is not None:
        return (dose.end_date - dose.start_date).days + 1
    ends = [dose.start_date + timedelta(days=len(drug.days) - 1), record.survival.last_contact_date]
    ends += [
        one.start_date - timedelta(days=1)
        for one in record.treatments
        if one.drug == dose.drug and one.start_date > dose.start_date
    ]
    return max((min(ends) - dose.start_date).days + 1, 0)


def _changes(doses: Sequence[Treatment], drug: Drug, record: TrialRecord, protocol: Protocol) -> Iterator[Change]:
    yield from _delays(doses, protocol)
    for dose in doses:
        share = relative_dose(dose, drug, record, protocol) if is_given(dose) else None
        if not is_given(dose):
            kind = "stopped" if dose.action == "stopped" else "held"
            yield Change(dose.drug, dose.cycle, dose.start_date, kind, 0.0, dose.reason)
        elif dose.action == "reduced" or (share is not None and share < 1.0 - _tolerance(drug, dose)):
            amount = 0.0 if share is None else max(1.0 - share, 0.0)
            yield Change(dose.drug, dose.cycle, dose.start_date, "reduced", amount, dose.reason)


def _tolerance(drug: Drug, dose: Treatment) -> float:
    """Return what rounding, or another formula of the body surface, may take off without being a reduction."""
    return max(SURFACE_TOLERANCE, drug.round_mg / dose.dose) if drug.per == "m2" else FLAT_TOLERANCE


def _delays(doses: Sequence[Treatment], protocol: Protocol) -> Iterator[Change]:
    starts = sorted(_cycle_starts(doses).items())
    for (cycle, begun), (following, then) in pairwise(starts):
        late = (then - begun).days - protocol.cycle.days * (following - cycle)
        if late > protocol.cycle.window_days:
            reason = next((one.reason for one in doses if one.cycle == following and one.reason), "")
            yield Change(doses[0].drug, following, then, "delayed", float(late), reason)


@dataclass(frozen=True)
class ReductionCounts:
    """Patients treated, with any dose reduction, with one of at least 30 %, with a delay, with a dose held."""

    n: int
    n_reduced: int
    n_reduced_30: int
    n_delayed: int
    n_held: int


def reduction_counts(
    records: Sequence[TrialRecord], drug: str = "", protocol: Protocol | None = None
) -> ReductionCounts:
    """Count patients by what happened to the doses of one drug, or of any."""
    treated = [[one for one in dose_summaries(record, protocol) if drug in {"", one.drug}] for record in records]
    treated = [summaries for summaries in treated if summaries]
    kinds = [{change.kind for one in summaries for change in one.changes} for summaries in treated]
    largest = [max(one.largest_reduction for one in summaries) for summaries in treated]
    return ReductionCounts(
        len(treated),
        sum("reduced" in kind for kind in kinds),
        sum(amount >= LARGE_REDUCTION - 1e-9 for amount in largest),
        sum("delayed" in kind for kind in kinds),
        sum(bool(kind & {"held", "stopped"}) for kind in kinds),
    )

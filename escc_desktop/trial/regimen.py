"""What the protocol asks to be given: dose by surface and level, the next doses, and what must hold before them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from escc_desktop.i18n import _
from escc_desktop.trial.ctcae import term_name
from escc_desktop.trial.lab_rules import Judged, judge_lab
from escc_desktop.trial.protocol import Drug, Hold, Phase, Protocol, is_stated, load_protocol
from escc_desktop.trial.records import AdverseEvent, Treatment, TrialRecord
from escc_desktop.trial.surface import FORMULAS, surface_m2

NOT_GIVEN = frozenset({"held", "stopped"})


@dataclass(frozen=True)
class PlannedDose:
    """One dose as the protocol asks for it.

    Attributes
    ----------
    dose_mg
        Rounded; for a drug taken daily the dose of one day. None where the body surface is not known.
    exact_mg
        Before rounding.
    level
        Fraction of the full dose.
    surface_m2, weight_kg, formula
        What a dose by surface was computed with.
    reason
        How the number came about, or why there is none.
    """

    drug: str
    dose_mg: float | None
    dose_unit: str
    level: float
    reason: str
    exact_mg: float | None = None
    surface_m2: float | None = None
    weight_kg: float | None = None
    formula: str = ""


@dataclass(frozen=True)
class HoldFinding:
    """One condition before a dose: whether it holds (None: not known) and why."""

    hold: Hold
    found: Judged

    @property
    def is_to_confirm(self) -> bool:
        """Whether the condition is not the trial's own word."""
        return not is_stated(self.hold.source)


@dataclass(frozen=True)
class NextDose:
    """The next dose of one drug: cycle, day of the cycle, the day it is planned for, and the dose."""

    cycle: int
    day: int
    planned: date
    dose: PlannedDose
    holds: tuple[HoldFinding, ...] = ()


def phase_of(record: TrialRecord, cycle: int, protocol: Protocol) -> Phase:
    """Return the phase a cycle belongs to.

    Maintenance begins after the most cycles of the combination, or once a cycle after the fewest was given without a
    drug of the combination alone.
    """
    fewest, most = protocol.cycle.combination_cycles
    if cycle > most:
        return "maintenance"
    only = {drug.name for drug in protocol.drugs if "maintenance" not in drug.phases}
    given = {dose.cycle for dose in record.treatments if dose.drug in only}
    before = {dose.cycle for dose in record.treatments if dose.cycle < cycle and dose.cycle > fewest}
    return "maintenance" if before - given else "combination"


def weight_on(record: TrialRecord, day: date) -> float | None:
    """Return the last weight recorded with a dose up to a day, or that of the baseline."""
    weighed = [dose for dose in record.treatments if dose.weight_kg is not None and dose.start_date <= day]
    if weighed:
        return max(weighed, key=lambda dose: dose.start_date).weight_kg
    return record.baseline.weight_kg


def planned_dose(
    drug: Drug, record: TrialRecord, day: date, level: float = 1.0, protocol: Protocol | None = None
) -> PlannedDose:
    """Return the dose of a drug on a day at a level (a fraction of the full dose), rounded as the protocol has it."""
    protocol = protocol or load_protocol()
    if drug.per != "m2":
        exact = drug.dose_mg * level
        dose, rounding = rounded(exact, drug.round_mg)
        full = _("{mg} mg flat").format(mg=f"{drug.dose_mg:g}")
        return PlannedDose(drug.name, dose, drug.dose_unit, level, full + _share(level) + rounding + ".", exact)
    height, weight = record.baseline.height_cm, weight_on(record, day)
    if height is None or weight is None:
        reason = _("Height or weight is not recorded, so there is no body surface.")
        return PlannedDose(drug.name, None, drug.dose_unit, level, reason)
    formula = protocol.surface.formula
    area = surface_m2(height, weight, formula)
    if protocol.surface.cap_m2:
        area = min(area, protocol.surface.cap_m2)
    exact = drug.dose_mg * area * level
    dose, rounding = rounded(exact, drug.round_mg)
    reason = _("{mg} mg/m2 x {area} m2 ({formula}, {height} cm, {weight} kg)").format(
        mg=f"{drug.dose_mg:g}",
        area=f"{area:.2f}",
        formula=FORMULAS[formula].name,
        height=f"{height:g}",
        weight=f"{weight:g}",
    )
    return PlannedDose(
        drug.name, dose, drug.dose_unit, level, reason + _share(level) + rounding + ".", exact, area, weight, formula
    )


def rounded(exact_mg: float, to_mg: float) -> tuple[float, str]:
    """Return a dose rounded to the nearest multiple (halves upwards) and how, in words; 0 rounds nothing."""
    if not to_mg:
        return exact_mg, ""
    dose = math.floor(exact_mg / to_mg + 0.5) * to_mg
    return dose, _(" = {exact} mg, rounded to {to} mg").format(exact=f"{exact_mg:.1f}", to=f"{to_mg:g}")


def _share(level: float) -> str:
    return "" if level == 1.0 else f" x {level * 100:g} %"


def level_given(record: TrialRecord, drug: Drug, protocol: Protocol | None = None) -> float:
    """Return the level the last dose of a drug was given at: the nearest of the protocol's levels, 1.0 before any.

    A dose once reduced is not raised again by the program; a person may.
    """
    doses = [dose for dose in record.treatments if dose.drug == drug.name and is_given(dose)]
    for dose in sorted(doses, key=lambda one: one.start_date, reverse=True):
        share = relative_dose(dose, drug, record, protocol)
        if share is not None:
            return min(drug.levels, key=lambda level: abs(level - share))
    return 1.0


def is_given(dose: Treatment) -> bool:
    """Tell whether a dose was taken at all."""
    return dose.action not in NOT_GIVEN and dose.dose > 0.0


def relative_dose(dose: Treatment, drug: Drug, record: TrialRecord, protocol: Protocol | None = None) -> float | None:
    """Return a dose as a fraction of the full one, computed; where that cannot be, of the planned one recorded.

    The planned dose of a row may be a reduced one already, so it does not come first.
    """
    full = planned_dose(drug, record, dose.start_date, protocol=protocol).dose_mg or dose.planned_dose
    return None if not full else dose.dose / full


def next_doses(record: TrialRecord, as_of: date, protocol: Protocol | None = None) -> tuple[NextDose, ...]:
    """Return the next dose of every drug that is still to be given, as of a day, with what must hold before it.

    Within the running cycle, the days after the first that were neither given nor held, until the next cycle is due;
    else day 1 of the next cycle, one cycle length after the last day 1. Nothing recorded after that day is looked at.
    Whether the patient is still treated is the caller's to know: progression, another therapy and death end nothing
    here.
    """
    protocol = protocol or load_protocol()
    known = replace(
        record,
        treatments=tuple(dose for dose in record.treatments if dose.start_date <= as_of),
        labs=tuple(lab for lab in record.labs if lab.date <= as_of),
        adverse_events=tuple(event for event in record.adverse_events if event.start_date <= as_of),
    )
    stopped = {dose.drug for dose in known.treatments if dose.action == "stopped"}
    drugs = [drug for drug in protocol.drugs if drug.name not in stopped]
    cycle = max((dose.cycle for dose in known.treatments), default=0)
    if not cycle:
        return tuple(_next(known, drug, 1, drug.days[0], record.start_date, protocol) for drug in drugs)
    return tuple(_upcoming(known, drugs, cycle, as_of, protocol))


def _upcoming(
    record: TrialRecord, drugs: Sequence[Drug], cycle: int, as_of: date, protocol: Protocol
) -> Iterator[NextDose]:
    begun = [dose for dose in record.treatments if dose.cycle == cycle]
    first = min(dose.start_date for dose in begun)
    following = first + timedelta(days=protocol.cycle.days)
    for drug in drugs:
        left = _left(drug, begun, first, protocol)
        if left and as_of < following and phase_of(record, cycle, protocol) in drug.phases:
            yield _next(record, drug, cycle, left, first + timedelta(days=left - 1), protocol)
        elif phase_of(record, cycle + 1, protocol) in drug.phases:
            planned = following + timedelta(days=drug.days[0] - 1)
            yield _next(record, drug, cycle + 1, drug.days[0], planned, protocol)


def _left(drug: Drug, begun: Sequence[Treatment], first: date, protocol: Protocol) -> int:
    """Return the first later day of a running cycle that waits for a drug; 0 where none does.

    A drug of day 1 that the cycle was begun without is not taken up in the middle of it.
    """
    done = [day_of(dose, first) for dose in begun if dose.drug == drug.name]
    if drug.is_daily or (drug.days[0] == 1 and not done):
        return 0
    window = protocol.cycle.window_days
    return next((day for day in drug.days if day > 1 and all(abs(day - one) > window for one in done)), 0)


def _next(record: TrialRecord, drug: Drug, cycle: int, day: int, planned: date, protocol: Protocol) -> NextDose:
    dose = planned_dose(drug, record, planned, level_given(record, drug, protocol), protocol)
    return NextDose(cycle, day, planned, dose, holds_before(record, drug.name, day, planned, protocol))


def day_of(dose: Treatment, first: date) -> int:
    """Return the day of the cycle a dose belongs to: as recorded, else counted from day 1 of the cycle."""
    return dose.day if dose.day is not None else (dose.start_date - first).days + 1


def holds_before(
    record: TrialRecord, drug: str, day: int, on: date, protocol: Protocol | None = None
) -> tuple[HoldFinding, ...]:
    """Return what must hold before a drug is given on a day of the cycle, and whether it does on a date.

    Values and adverse events after that date are not looked at.
    """
    protocol = protocol or load_protocol()
    wanted = (hold for hold in protocol.holds if hold.day == day and drug in hold.drugs)
    return tuple(HoldFinding(hold, _judge(hold, record, on)) for hold in wanted)


def _judge(hold: Hold, record: TrialRecord, on: date) -> Judged:
    if hold.lab is not None:
        return judge_lab(hold.lab, record.labs, on, hold.within_days)
    name = term_name(hold.term)
    open_then = [one for one in record.adverse_events if term_name(one.term) == name and _is_open(one, on)]
    worst = max((event.grade for event in open_then), default=0)
    words = _("{term} grade {worst} on {day}, at most grade {most} allowed.").format(
        term=hold.term, worst=worst, day=on, most=hold.worst_grade
    )
    if not open_then:
        words = _("No open {term} is recorded on {day}.").format(term=hold.term, day=on)
    return Judged(worst <= hold.worst_grade, words)


def _is_open(event: AdverseEvent, on: date) -> bool:
    return event.start_date <= on and (event.end_date is None or event.end_date >= on)

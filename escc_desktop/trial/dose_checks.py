"""Recorded doses against the protocol: what it does not ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.protocol import Drug, Protocol, load_protocol
from escc_desktop.trial.records import Treatment, TrialRecord
from escc_desktop.trial.regimen import is_given, planned_dose, relative_dose

TOO_HIGH: Final = 1.1
NOT_IN_FULL: Final = 0.95


@dataclass(frozen=True)
class DoseQuestion:
    """Something about a recorded dose that the protocol does not ask for: a stable word and a sentence."""

    code: str
    what: str
    dose: Treatment


def dose_questions(record: TrialRecord, protocol: Protocol | None = None) -> tuple[DoseQuestion, ...]:
    """Return the doses that do not fit the protocol: reduced where it has no reduction, too high, early, unplanned."""
    protocol = protocol or load_protocol()
    drugs = {drug.name: drug for drug in protocol.drugs}
    found = [
        question
        for dose in record.treatments
        if dose.drug in drugs
        for question in _of_dose(dose, drugs[dose.drug], record, protocol)
    ]
    return (*found, *_too_early(record, protocol))


def _of_dose(dose: Treatment, drug: Drug, record: TrialRecord, protocol: Protocol) -> Iterator[DoseQuestion]:
    if dose.day is not None and dose.day not in drug.days:
        what = _("{drug} is not given on day {day} of a cycle.").format(drug=drug.name, day=dose.day)
        yield DoseQuestion("day", what, dose)
    if not is_given(dose):
        return
    if dose.dose_unit != drug.dose_unit:
        what = _("The dose of {drug} is in {stated}; the protocol has it in {asked}.").format(
            drug=drug.name, stated=_unit(dose.dose_unit), asked=_unit(drug.dose_unit)
        )
        yield DoseQuestion("dose_unit", what, dose)
        return
    full = planned_dose(drug, record, dose.start_date, protocol=protocol)
    share = relative_dose(dose, drug, record, protocol)
    if share is not None and share > TOO_HIGH:
        what = _("{dose} mg of {drug} is {share} % of the full dose: {reason}").format(
            dose=f"{dose.dose:g}", drug=drug.name, share=f"{share * 100:.0f}", reason=full.reason
        )
        yield DoseQuestion("too_high", what, dose)
    is_reduced = dose.action == "reduced" or (share is not None and share < NOT_IN_FULL)
    if is_reduced and not drug.is_reducible:
        what = _("{drug} is delayed, never reduced, by the protocol.").format(drug=drug.name)
        yield DoseQuestion("not_reducible", what, dose)


def _unit(unit: str) -> str:
    return unit.replace("_per_", "/")


def _too_early(record: TrialRecord, protocol: Protocol) -> Iterator[DoseQuestion]:
    first: dict[int, Treatment] = {}
    for dose in sorted(record.treatments, key=lambda one: (one.start_date, one.drug)):
        first.setdefault(dose.cycle, dose)
    earliest = protocol.cycle.days - protocol.cycle.window_days
    for (cycle, dose), (following, later) in pairwise(sorted(first.items())):
        days = (later.start_date - dose.start_date).days
        if days < earliest * (following - cycle):
            what = _("Cycle {cycle} begins {days} days after cycle {before}; a cycle has {length} days.").format(
                cycle=following, days=days, before=cycle, length=protocol.cycle.days
            )
            yield DoseQuestion("too_early", what, later)

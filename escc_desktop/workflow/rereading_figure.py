"""The figure of what another reading would change, from the results of a development."""

from __future__ import annotations

from escc_desktop.figures.rereading import Reread, risk_by_reading
from escc_desktop.figures.style import Figure
from escc_desktop.figures.words import Interval
from escc_desktop.prognosis.card import CardKind
from escc_desktop.prognosis.results import Results

_NAMES = {"intra": "The same reader again", "inter": "The other reader"}
# The fullest model with an image in it comes first.
_KINDS: tuple[CardKind, ...] = ("combined", "radiomics", "radscore")


def rereading_figures(results: Results) -> dict[str, Figure]:
    """Return `reader_interval`, or nothing where no lesion was read twice."""
    found = results.readers
    if found is None:
        return {}
    survival = {one.patient_id: one.survival for one in results.patients}
    rereads: dict[str, list[Reread]] = {_NAMES[one.comparison]: [] for one in found.comparisons}
    for patient in found.patients:
        for kind in _KINDS:
            low, high = patient.survival_lower.get(kind), patient.survival_upper.get(kind)
            value = survival[patient.patient_id].get(kind)
            if value is not None and low is not None and high is not None:
                one = Reread(Interval(value, low, high), patient.flip)
                rereads[_NAMES[patient.comparison]].append(one)
                break
    return {"reader_interval": risk_by_reading(rereads, results.horizon_months, found.label)}

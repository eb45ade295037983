"""Survival of the patients a card calls LOW and HIGH, as steps to paint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ClinicalTable, take_endpoint
from escc_desktop.prognosis.score import Assessment
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.survival import Endpoint, KaplanMeier, kaplan_meier, log_rank


@dataclass(frozen=True, eq=False)
class Steps:
    """A Kaplan-Meier estimate as (n,) arrays that begin at month 0 with survival 1.

    Attributes
    ----------
    lower, upper
        95 % limits, NaN where there are none.
    censored_months
        Months at which somebody left follow-up.
    months, n_events
        Follow-up of each patient, ascending, and how many had the event.
    """

    time: FloatArray
    survival: FloatArray
    lower: FloatArray
    upper: FloatArray
    censored_months: FloatArray
    months: FloatArray
    n_events: int
    median: float

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.months)

    def at_risk(self, month: float) -> int:
        """Return how many were followed up to a month or longer."""
        return int(np.sum(self.months >= month))

    def at(self, month: float) -> tuple[float, float, float]:
        """Return the estimate at a month with its limits."""
        place = int(np.searchsorted(self.time, month, side="right")) - 1
        return float(self.survival[place]), float(self.lower[place]), float(self.upper[place])


@dataclass(frozen=True, eq=False)
class GroupCurve:
    """The curve of one risk group."""

    group: str
    steps: Steps

    @property
    def n(self) -> int:
        """Patients."""
        return self.steps.n


def steps_of(endpoint: Endpoint, curve: KaplanMeier | None = None) -> Steps:
    """Return the estimate of an endpoint as steps."""
    curve = curve or kaplan_meier(endpoint)
    low, high = curve.limits()
    return Steps(
        time=np.append(0.0, curve.time),
        survival=np.append(1.0, curve.survival),
        lower=np.append(1.0, low),
        upper=np.append(1.0, high),
        censored_months=curve.time[curve.n_censor > 0],
        months=np.sort(endpoint.time_months),
        n_events=endpoint.n_events,
        median=curve.median().value,
    )


def group_curves(
    card: ModelCard, verdicts: Mapping[str, Assessment], clinical: ClinicalTable | None
) -> tuple[tuple[GroupCurve, ...], float | None]:
    """Return the curves of LOW and HIGH as the assessments have them, and the log-rank P between the two.

    A patient who trained the card is in the group that models without that patient gave.
    """
    if clinical is None:
        return (), None
    time, event = clinical.endpoint_rows(card.endpoint)
    rows: dict[str, list[int]] = {"LOW": [], "HIGH": []}
    for row, patient in enumerate(clinical.patients):
        verdict = verdicts.get(patient)
        if (
            verdict is not None
            and verdict.risk_group is not None
            and np.isfinite(time[row])
            and np.isfinite(event[row])
        ):
            rows[verdict.risk_group].append(row)
    endpoints = {group: take_endpoint((time, event), chosen) for group, chosen in rows.items() if chosen}
    curves = tuple(GroupCurve(group, steps_of(endpoint)) for group, endpoint in endpoints.items())
    if len(curves) < 2 or not any(endpoint.n_events for endpoint in endpoints.values()):
        return curves, None
    chosen = [*rows["LOW"], *rows["HIGH"]]
    groups = ["LOW"] * len(rows["LOW"]) + ["HIGH"] * len(rows["HIGH"])
    return curves, float(log_rank(take_endpoint((time, event), chosen), groups).p)

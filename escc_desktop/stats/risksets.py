"""Who is at risk when: the sums over risk sets that Cox models are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.survival import Endpoint

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, eq=False)
class RiskSets:
    """The order of a follow-up: patients by falling time, so that a risk set is a beginning of the list.

    For each of D deaths: `risk_end` (patients at risk), `tie_start` and `tie_end` (the block of deaths at its
    time among the deaths) and `fraction` (Efron's l/d, 0 under Breslow). Deaths stand in the same order.
    """

    order: IntArray
    deaths: IntArray
    risk_end: IntArray
    tie_of_death: IntArray
    tie_start: IntArray
    fraction: FloatArray
    event_times: FloatArray
    first_death_at_risk: IntArray

    @classmethod
    def of(cls, endpoint: Endpoint, ties: Ties) -> RiskSets:
        """Order the patients of an endpoint."""
        # At equal times the deaths come first only to have one order; risk sets include the whole tie.
        order = np.lexsort((~endpoint.event, -endpoint.time_months))
        time, event = endpoint.time_months[order], endpoint.event[order]
        deaths = np.flatnonzero(event)
        times = time[deaths]
        tie_start = np.flatnonzero(np.append(True, np.diff(times) != 0))
        sizes = np.diff(np.append(tie_start, deaths.size))
        tie_of_death = np.repeat(np.arange(tie_start.size), sizes)
        rank_in_tie = np.arange(deaths.size) - tie_start[tie_of_death]
        fraction = rank_in_tie / sizes[tie_of_death] if ties == "efron" else np.zeros(deaths.size)
        return cls(
            order=order,
            deaths=deaths,
            risk_end=np.searchsorted(-time, -times, side="right"),
            tie_of_death=tie_of_death,
            tie_start=tie_start,
            fraction=fraction,
            event_times=times[tie_start],
            first_death_at_risk=np.searchsorted(-times, -time, side="left"),
        )

    def totals(self, values: FloatArray) -> FloatArray:
        """Sum `values` (n, ...) over each death's risk set, less Efron's share of its tied deaths: (D, ...)."""
        at_risk = np.cumsum(values, axis=0)[self.risk_end - 1]
        if not self.fraction.any():
            return at_risk
        tied = np.add.reduceat(values[self.deaths], self.tie_start, axis=0)[self.tie_of_death]
        fraction = self.fraction if values.ndim == 1 else self.fraction[:, None]
        return at_risk - fraction * tied

    def exposure(self, increments: FloatArray) -> FloatArray:
        """Return, per patient, the sum of the deaths' `increments` (D,) while at risk, Efron's share taken off."""
        later = np.append(np.cumsum(increments[::-1])[::-1], 0.0)
        total = later[self.first_death_at_risk]
        if self.fraction.any():
            share = np.add.reduceat(increments * self.fraction, self.tie_start)
            total[self.deaths] -= share[self.tie_of_death]
        return total

"""How well a model does, never the apparent figure alone."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.figures.words import Interval


@dataclass(frozen=True)
class PerformanceRow:
    """One measure of one model: apparent, corrected for optimism, and what noise alone would reach.

    `noise` is the benchmark's median with its 5 to 95 % range, for the same n, events and number of features.
    """

    model: str
    measure: str
    apparent: Interval
    corrected: Interval | None = None
    noise: Interval | None = None

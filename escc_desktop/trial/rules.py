"""The named rule sets by which response and progression are read (`resources/trial/rules.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Final

from escc_desktop.resources import resource_path

FROM_RECORD: Final = "record"
FROM_MEASUREMENTS: Final = "measurements"
AS_PROGRESSION: Final = "progression"


@dataclass(frozen=True)
class Rules:
    """A named rule set for response and progression.

    Attributes
    ----------
    response_source
        Whose responses the results rest on: "record", those entered with the visits, or "measurements", those computed
        from the lesions.
    needs_confirmation
        Whether CR and PR count only once a later scan has confirmed them.
    disease_after_cr
        What disease seen after a CR means: "progression", or "response" where the CR is taken to have been a PR.
    time_point_days
        Scans this near to the first of them belong to one time point.
    baseline_scan_days
        The baseline scan is at most this long before day 1.
    immune_days
        From when and until when after iUPD a scan confirms it (iRECIST).
    """

    name: str
    response_source: str
    needs_confirmation: bool
    confirmation_days: int
    minimum_sd_days: int
    disease_after_cr: str
    missed_visits: int
    schedule_days: tuple[int, ...]
    then_every_days: int
    window_days: int
    time_point_days: int
    baseline_scan_days: int
    baseline_lab_days: int
    immune_days: tuple[int, int]

    def planned_days(self, until: int) -> tuple[int, ...]:
        """Return the planned days of scans up to a day."""
        later = range(self.schedule_days[-1] + self.then_every_days, until + 1, self.then_every_days)
        return (*(day for day in self.schedule_days if day <= until), *later)


@cache
def load_rules(key: str = "default") -> Rules:
    """Return a rule set by its key."""
    entry = tomllib.loads(resource_path("trial", "rules.toml").read_text(encoding="utf-8"))[key]
    first, last = entry["immune_days"]
    return Rules(**{**entry, "schedule_days": tuple(entry["schedule_days"]), "immune_days": (first, last)})

"""The named rule sets by which response and progression are read (`resources/trial/rules.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Final

from escc_desktop.resources import resource_path
from escc_desktop.trial.protocol import Schedule, load_protocol

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
    schedule
        Of the trial's protocol: when scans are planned, and how old the baseline may be.
    time_point_days
        Scans this near to the first of them belong to one time point.
    immune_days
        From when and until when after iUPD a scan confirms it (iRECIST).
    """

    name: str
    response_source: str
    needs_confirmation: bool
    confirmation_days: int
    minimum_sd_days: int
    disease_after_cr: str
    schedule: Schedule
    time_point_days: int
    immune_days: tuple[int, int]


def load_rules(key: str = "default") -> Rules:
    """Return a rule set by its key, with the schedule of the trial in force."""
    return _rules(key, load_protocol().schedule)


@cache
def _rules(key: str, schedule: Schedule) -> Rules:
    entry = tomllib.loads(resource_path("trial", "rules.toml").read_text(encoding="utf-8"))[key]
    first, last = entry.pop("immune_days")
    return Rules(**entry, schedule=schedule, immune_days=(first, last))

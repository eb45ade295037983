"""Records made of lesion rows, for the tests of the response engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from escc_desktop.trial.records import (
    Baseline,
    LesionMeasurement,
    Response,
    Survival,
    TrialRecord,
    Visit,
    VitalStatus,
)

START = date(2021, 1, 4)
BASELINE = -7


def on(day: int) -> date:
    """Return a date by days after day 1."""
    return START + timedelta(days=day)


def lesion(
    name: str, day: int, size: float | None, site: str = "liver", role: str = "target", **more: object
) -> LesionMeasurement:
    """Return one row; nodes have their short axis."""
    axis = "short" if site.endswith("node") else "long"
    return LesionMeasurement(name, on(day), site, role, axis, size, **more)  # type: ignore[arg-type]


def record_of(
    lesions: Iterable[LesionMeasurement],
    visits: Iterable[tuple[int, str]] = (),
    therapy: int | None = None,
) -> TrialRecord:
    """Return a record with lesions, visits (day, response) and perhaps a next therapy."""
    survival = Survival(VitalStatus.ALIVE, on(700), None, None if therapy is None else on(therapy))
    seen = tuple(Visit(n + 1, on(day), Response(response)) for n, (day, response) in enumerate(visits))
    return TrialRecord("P1", START, Baseline("male", 60, 1), survival, visits=seen, lesions=tuple(lesions))

"""iRECIST by worked examples (Seymour et al., Lancet Oncol 2017; 18: e143-152)."""

from __future__ import annotations

import pytest
from lesion_rows import BASELINE, lesion, on, record_of

from escc_desktop.trial.irecist import ImmunePoint, immune_course, sizes_of_new
from escc_desktop.trial.recist import assess
from escc_desktop.trial.records import LesionMeasurement


def immune(*rows: LesionMeasurement) -> tuple[ImmunePoint, ...]:
    record = record_of(rows)
    points = assess(record).points
    diameters = {(row.lesion_id, row.date): row.diameter_mm for row in rows if row.diameter_mm is not None}
    return immune_course(assess(record), sizes_of_new(points, diameters))


def sizes(*later: float | None, every: int = 28) -> list[LesionMeasurement]:
    """Return one target of 50 mm and what follows."""
    return [lesion("L1", BASELINE, 50.0), *(lesion("L1", every * (n + 1), mm) for n, mm in enumerate(later))]


def new(name: str, day: int, mm: float) -> LesionMeasurement:
    return lesion(name, day, mm, "lung", "new")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (sizes(45.0, 30.0, 0.0), "iSD iPR iCR"),
        (sizes(65.0, 70.0), "iUPD iCPD"),  # 5 mm more
        (sizes(65.0, 69.0), "iUPD iUPD"),  # worse than the baseline still, but no 5 mm more
        (sizes(65.0, 69.0, 71.0), "iUPD iUPD iCPD"),
        (sizes(65.0, 45.0), "iUPD iSD"),  # reset
        (sizes(65.0, 34.0, 60.0, 66.0), "iUPD iPR iUPD iCPD"),  # reset: it must come and be confirmed again
        (sizes(65.0, None, 70.0), "iUPD NE iCPD"),
        (sizes(65.0, 70.0, every=21), "iUPD iUPD"),  # three weeks are too soon
        (sizes(65.0, 70.0, 20.0), "iUPD iCPD"),  # it ends with confirmation
        ([*sizes(50.0, 50.0), new("X", 28, 10.0), new("Y", 56, 8.0)], "iUPD iCPD"),
        ([*sizes(50.0, 50.0), new("X", 28, 10.0), new("X", 56, 15.0)], "iUPD iCPD"),
        ([*sizes(50.0, 50.0), new("X", 28, 10.0), new("X", 56, 14.0)], "iUPD iUPD"),
        ([*sizes(50.0, 30.0), new("X", 28, 10.0)], "iUPD iUPD"),  # the new lesion is still there
        ([*sizes(50.0, 62.0), new("X", 28, 10.0)], "iUPD iCPD"),  # now by the targets
        ([*sizes(50.0, 30.0), new("X", 28, 10.0), new("X", 56, 0.0)], "iUPD iPR"),
    ],
)
def test_that_progression_must_be_confirmed(rows: list[LesionMeasurement], expected: str) -> None:
    found = immune(*rows)
    assert " ".join(point.response for point in found) == expected
    assert all(point.reason for point in found)


def test_that_confirmed_progression_dates_from_when_it_was_first_seen() -> None:
    assert immune(*sizes(65.0, 69.0, 71.0))[-1].since == on(28)
    assert immune(*sizes(65.0, 34.0, 60.0, 66.0))[-1].since == on(84)


def test_that_confirmation_after_eight_weeks_is_said_to_be_late() -> None:
    late = immune(lesion("L1", BASELINE, 50.0), lesion("L1", 28, 65.0), lesion("L1", 112, 75.0))[-1]
    assert late.response == "iCPD"
    assert "84 days later" in late.reason


def test_that_non_targets_that_progress_confirm_it() -> None:
    def other(day: int, state: str) -> LesionMeasurement:
        return lesion("N1", day, None, "other", "non_target", state=state)

    rows = [*sizes(65.0, 65.0), other(BASELINE, "present"), other(28, "present"), other(56, "progressed")]
    assert [point.response for point in immune(*rows)] == ["iUPD", "iCPD"]

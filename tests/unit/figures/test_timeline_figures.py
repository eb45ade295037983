from __future__ import annotations

from datetime import date

import pytest

from escc_desktop.figures.timeline import patient_timeline
from escc_desktop.trial.timeline import TimelineEvent

DAY = date(2021, 3, 1)


def event(day: int, kind: str, label: str, detail: str = "", end_day: int | None = None) -> TimelineEvent:
    return TimelineEvent(day, DAY, kind, label, detail, end_day)


EVENTS = [
    event(-12, "scan", "Baseline scan"),
    event(1, "start", "Day 1 of cycle 1"),
    event(1, "dose", "Cycle 1: camrelizumab 200 mg"),
    event(1, "dose", "Cycle 1: apatinib 250 mg", "", 21),
    event(8, "dose", "Cycle 1: irinotecan 60 mg/m2"),
    event(-3, "lab", "12 laboratory values"),
    event(40, "lab", "12 laboratory values", "AST 44 u_per_l high"),
    event(45, "adverse_event", "Fatigue, grade 1", "", 90),
    event(46, "adverse_event", "Neutropenia, grade 3", "", 52),
    event(60, "scan", "Scan 1: PR"),
    event(300, "death", "Death"),
]


def marks(figure, gid):
    return [line for line in figure.axes[0].lines if line.get_gid() == gid]


def test_that_days_lie_from_the_first_dose_without_a_day_zero() -> None:
    figure = patient_timeline(EVENTS)
    assert float(marks(figure, "start")[0].get_xdata()[0]) == 0
    assert sorted(float(line.get_xdata()[0]) for line in marks(figure, "scan")) == [-12, 59]


def test_that_what_is_out_of_range_or_severe_has_its_own_shape() -> None:
    figure = patient_timeline(EVENTS)
    assert [float(line.get_xdata()[0]) for line in marks(figure, "abnormal")] == [39]
    assert [float(line.get_xdata()[0]) for line in marks(figure, "severe")] == [45]
    assert marks(figure, "severe")[0].get_marker() != marks(figure, "adverse_event")[0].get_marker()


def test_that_the_worse_of_two_colliding_labels_is_written(read, cut_texts) -> None:
    figure = patient_timeline(EVENTS)
    shown = read(figure)
    assert "Neutropenia G3" in shown
    assert "Fatigue G1" not in shown
    assert {"PR", "Death", "scans", "doses by cycle", "laboratory", "adverse events", "course"} <= set(shown)
    assert not cut_texts(figure)


def test_that_a_cycle_is_numbered_once() -> None:
    figure = patient_timeline(EVENTS)
    cycles = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "label doses by cycle"]
    assert cycles == ["1"]


def test_that_lanes_without_entries_are_left_out(read) -> None:
    shown = read(patient_timeline([event(1, "start", "Day 1 of cycle 1")]))
    assert "course" in shown
    assert "laboratory" not in shown


def test_that_an_empty_record_is_a_sentence(read) -> None:
    assert "Nothing has been recorded for this patient." in read(patient_timeline([]))


@pytest.mark.parametrize("last", [2, 30, 400, 2000])
def test_that_every_length_of_follow_up_fits(last: int, cut_texts) -> None:
    assert not cut_texts(patient_timeline([*EVENTS[:6], event(last, "last_contact", "Alive at the last contact")]))

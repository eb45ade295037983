from __future__ import annotations

import threading

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.progress import Cancelled, Pace, Progress
from escc_desktop.workflow.jobs import Advanced, Failed, Finished, JobEvent, Jobs, Started, Stopped


def count(upto: int, progress: Progress) -> int:
    for done in range(1, upto + 1):
        progress.advance(done, upto, f"step {done}")
    return upto


def test_that_a_job_tells_its_life_in_order() -> None:
    events: list[JobEvent] = []
    jobs = Jobs(events.append)
    assert jobs.start("counting", count, 4).result() == 4
    jobs.close()
    assert isinstance(events[0], Started)
    assert [event.fraction for event in events if isinstance(event, Advanced)] == [0.25, 0.5, 0.75, 1.0]
    assert events[-1] == Finished(1, 4)


def test_that_a_cancelled_job_stops_at_its_next_step() -> None:
    events: list[JobEvent] = []
    entered, cancelled = threading.Event(), threading.Event()

    def wait_and_count(progress: Progress) -> None:
        progress.advance(0, 2)
        entered.set()
        cancelled.wait(10)
        progress.advance(1, 2)
        raise AssertionError("went on after cancel")

    jobs = Jobs(events.append)
    job = jobs.start("waiting", wait_and_count)
    entered.wait(10)
    job.cancel()
    cancelled.set()
    with pytest.raises(Cancelled):
        job.result()
    jobs.close()
    assert events[-1] == Stopped(job.job_id)


def test_that_a_failing_job_says_why_and_spares_the_next() -> None:
    events: list[JobEvent] = []

    def refuse(progress: Progress) -> None:
        raise EsccError("The mask is empty.", "Draw a lesion.")

    jobs = Jobs(events.append, workers=1)
    with pytest.raises(EsccError):
        jobs.start("refusing", refuse).result()
    assert jobs.start("counting", count, 1).result() == 1
    jobs.close()
    failed = [event for event in events if isinstance(event, Failed)]
    assert [str(event.error) for event in failed] == ["The mask is empty. Draw a lesion."]


def test_that_a_part_of_progress_maps_onto_its_share() -> None:
    seen: list[float] = []
    count(2, Progress(lambda fraction, _note: seen.append(fraction)).part(0.5, 1.0))
    assert seen == [0.75, 1.0]


def test_that_the_time_left_follows_the_pace_after_the_first_part() -> None:
    pace = Pace()
    assert pace.left_seconds(0.0, 100.0) is None
    assert pace.left_seconds(0.4, 130.0) is None  # found finished, or the start of processes: no pace yet
    assert pace.left_seconds(0.6, 140.0) == pytest.approx(20.0)
    assert pace.left_seconds(1.0, 160.0) == 0.0

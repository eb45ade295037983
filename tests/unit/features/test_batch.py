"""A batch: order, memory, what is known already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.features.batch import BatchOptions, Outcome, _Child, _left, _Supervisor, extract_many
from escc_desktop.features.memory import MIB, _from_meminfo, available_bytes, needed_bytes
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.features.worker import Failure, Job, Loaded, Step, Task
from escc_desktop.progress import Progress


def task(number: int) -> Task:
    return Task(RoiKey(f"P{number}", "", "", "A", "first"), number, None)


class FakeConnection:
    """Keeps what is sent to a child."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: object) -> None:
        self.sent.append(message)


def supervisor_of(params: ExtractionParams, needs: list[int], budget: int) -> _Supervisor:
    """A supervisor whose children have loaded regions that need so much memory."""
    tasks = [task(number) for number in range(len(needs))]
    job = Job(lambda _task: pytest.fail("loads in the child"), params, "pyradiomics", frozenset())
    supervisor = _Supervisor(tasks, job, BatchOptions(len(needs), memory_bytes=budget), lambda _outcome: None)
    for index, need in enumerate(needs):
        child = _Child(None, FakeConnection(), index)  # type: ignore[arg-type]
        supervisor._children.append(child)
        supervisor._take(child, Loaded("identity", 83_886_080, need))
    return supervisor


def computing(supervisor: _Supervisor) -> list[_Child]:
    return [child for child in supervisor._children if child.reserved_bytes]


@given(st.lists(st.integers(1, 120), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_that_the_regions_computed_together_never_need_more_than_there_is(
    params: ExtractionParams, needs: list[int], random: Any
) -> None:
    supervisor = supervisor_of(params, needs, budget=100)
    for _ in range(len(needs) + 1):
        supervisor._admit()
        running = computing(supervisor)
        assert sum(child.reserved_bytes for child in running) <= 100
        if running:
            supervisor._take(random.choice(running), Failure("done", ""))
    failed = [outcome.failure.what for _, outcome in sorted(supervisor.outcomes.items()) if outcome.failure]
    assert len(failed) == len(needs)
    assert [what != "done" for what in failed] == [need > 100 for need in needs]


def test_that_a_region_larger_than_the_memory_is_refused_with_numbers(params: ExtractionParams) -> None:
    need = needed_bytes(512 * 512 * 320, 30_000)
    supervisor = supervisor_of(params, [need], budget=2 * 2**30)
    failure = supervisor.outcomes[0].failure
    assert failure is not None
    assert "84 million voxels" in failure.what
    assert "3.7 GiB" in failure.what
    assert "2.0 GiB are free" in failure.what


@pytest.mark.parametrize(
    # Peaks in MB: small images and large regions with plain PyRadiomics, the last two with cropped short filters.
    ("size", "mask_voxels", "peak_mb"),
    [
        ((136, 134, 47), 5_564, 344),
        ((204, 201, 60), 125_256, 880),
        ((219, 232, 54), 262_362, 1_561),
        ((256, 256, 64), 3_308, 394),
        ((512, 512, 320), 15_710, 3_513),
    ],
)
def test_that_the_memory_foreseen_covers_the_measured_peak(
    size: tuple[int, int, int], mask_voxels: int, peak_mb: float
) -> None:
    foreseen = needed_bytes(int(np.prod(size)), mask_voxels) / 1e6
    assert peak_mb < foreseen < 1.6 * peak_mb


def test_that_free_memory_is_read_from_the_system(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       24000000 kB\nMemAvailable:   12345 kB\n", encoding="ascii")
    assert _from_meminfo(meminfo) == 12345 * 1024
    assert _from_meminfo(tmp_path / "nothing") is None
    assert 10 * MIB < available_bytes() < 2**50


def test_that_what_is_known_is_not_computed_again(params: ExtractionParams) -> None:
    vector = FeatureVector(np.zeros(1), ("x",), {})
    settled: list[Outcome] = []
    options = BatchOptions(known={"identity": vector}.get)
    job = Job(lambda _task: pytest.fail("loads in the child"), params, "pyradiomics", frozenset())
    supervisor = _Supervisor([task(0)], job, options, settled.append)
    connection = FakeConnection()
    child = _Child(None, connection, 0)  # type: ignore[arg-type]
    supervisor._children.append(child)
    supervisor._take(child, Loaded("identity", 10, 10))
    assert connection.sent == [False]
    assert settled[0].vector is vector
    assert settled[0].is_reused
    assert child.index is None


def test_that_silence_is_measured_by_the_size_of_the_image() -> None:
    child = _Child(None, FakeConnection(), 0, heard_at=-1e9)  # type: ignore[arg-type]
    assert child.is_hanging(600)
    child.waiting_bytes = 5
    assert not child.is_hanging(600)
    child.release()
    assert not child.is_hanging(600)


def test_that_progress_counts_the_running_regions_too(params: ExtractionParams) -> None:
    supervisor = supervisor_of(params, [1, 1], budget=100)
    supervisor._take(supervisor._children[0], Step(0.5, "wavelet-LLH, glcm"))
    heard: list[tuple[float, str]] = []
    supervisor._report(Progress(lambda fraction, note: heard.append((fraction, note))))
    assert heard == [(0.25, "0 of 2 done")]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(20, "less than a minute left"), (170, "about 3 min left"), (8000, "about 2 h left")],
)
def test_that_the_time_left_is_said_in_words(seconds: float, said: str) -> None:
    assert _left(seconds) == said


def test_that_no_tasks_give_no_outcomes(params: ExtractionParams) -> None:
    assert extract_many([], len, params, BatchOptions(), pytest.fail, Progress()) == ()  # type: ignore[arg-type]

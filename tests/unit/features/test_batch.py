"""A batch: order, memory, what is known already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.features.batch import BatchOptions, Count, extract_many
from escc_desktop.features.cost import needed_bytes, patience_s
from escc_desktop.features.memory import MIB, Budget, _from_meminfo, available_bytes
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.supervisor import Child, Children, Outcome, Rules, Supervisor
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


def supervisor_of(params: ExtractionParams, needs: list[int], budget: int) -> Supervisor:
    """A supervisor whose children have loaded regions that need so much memory."""
    tasks = [task(number) for number in range(len(needs))]
    job = Job(lambda _task: pytest.fail("loads in the child"), params, "pyradiomics", frozenset())
    supervisor = Supervisor(tasks, Children(job, len(needs)), Budget(budget), Rules(), lambda _outcome: None)
    for index, need in enumerate(needs):
        child = Child(None, FakeConnection(), index)  # type: ignore[arg-type]
        supervisor.children.all.append(child)
        supervisor._take(child, Loaded("identity", 83_886_080, need, 60.0))
    return supervisor


def computing(supervisor: Supervisor) -> list[Child]:
    return [child for child in supervisor.children.all if child.index is not None and child.waiting_bytes is None]


@given(st.lists(st.integers(1, 120), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_that_the_regions_computed_together_never_need_more_than_there_is(
    params: ExtractionParams, needs: list[int], random: Any
) -> None:
    supervisor = supervisor_of(params, needs, budget=100)
    for _ in range(len(needs) + 1):
        supervisor._admit()
        running = computing(supervisor)
        assert sum(supervisor.budget._held.values()) <= 100
        assert set(supervisor.budget._held) == set(running)
        if running:
            supervisor._take(random.choice(running), Failure("done", ""))
    failed = [outcome.failure.what for _, outcome in sorted(supervisor.outcomes.items()) if outcome.failure]
    assert len(failed) == len(needs)
    assert [what != "done" for what in failed] == [need > 100 for need in needs]


def test_that_a_region_larger_than_the_memory_is_refused_with_numbers(params: ExtractionParams) -> None:
    need = needed_bytes("pyradiomics", 512 * 512 * 320, 2 * 512 * 512 * 320, 30_000)
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
    voxels = int(np.prod(size))
    foreseen = needed_bytes("pyradiomics", voxels, 2 * voxels, mask_voxels) / 1e6
    assert peak_mb < foreseen < 1.6 * peak_mb


@pytest.mark.parametrize(
    # Peaks in MB of a process with one thread, its libraries included.
    ("size", "item_bytes", "mask_voxels", "peak_mb"),
    [
        ((136, 134, 47), 4, 5_564, 200),
        ((185, 164, 59), 4, 58_608, 213),
        ((204, 201, 60), 4, 125_256, 229),
        ((256, 256, 150), 2, 25_022, 252),
        ((512, 512, 300), 2, 25_022, 564),
        ((512, 512, 300), 2, 678_264, 581),
    ],
)
def test_that_the_memory_foreseen_for_the_fast_engine_covers_the_measured_peak(
    size: tuple[int, int, int], item_bytes: int, mask_voxels: int, peak_mb: float
) -> None:
    voxels = int(np.prod(size))
    foreseen = needed_bytes("fast", voxels, item_bytes * voxels, mask_voxels) / 1e6
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
    job = Job(lambda _task: pytest.fail("loads in the child"), params, "pyradiomics", frozenset())
    rules = Rules(known={"identity": vector})
    supervisor = Supervisor([task(0)], Children(job, 1), Budget(100), rules, settled.append)
    connection = FakeConnection()
    child = Child(None, connection, 0)  # type: ignore[arg-type]
    supervisor.children.all.append(child)
    supervisor._take(child, Loaded("identity", 10, 10, 60.0))
    assert connection.sent == [False]
    assert settled[0].vector is vector
    assert settled[0].is_reused
    assert child.index is None


def test_that_a_busy_child_may_be_silent_only_so_long_and_a_waiting_one_for_ever() -> None:
    child = Child(None, FakeConnection(), 0)  # type: ignore[arg-type]
    child.heard()
    assert not child.is_hanging()
    child.heard_at = -1e9
    assert child.is_hanging()
    child.waiting_bytes = 5
    assert not child.is_hanging()
    child.index, child.waiting_bytes = None, None
    assert not child.is_hanging()


def test_that_the_fast_engine_is_given_up_after_seconds_and_pyradiomics_after_minutes() -> None:
    assert 30 <= patience_s("fast", 10_000_000, 20_000) < 60
    assert patience_s("fast", 78_643_200, 262_000) < 120
    assert patience_s("pyradiomics", 78_643_200, 25_318) > 600


def test_that_progress_counts_the_running_regions_too(params: ExtractionParams) -> None:
    supervisor = supervisor_of(params, [1, 1], budget=100)
    supervisor._take(supervisor.children.all[0], Step(0.5, "wavelet-LLH, glcm"))
    heard: list[tuple[float, str]] = []
    Count(2).report(Progress(lambda *told: heard.append(told)), 0, supervisor._fraction())
    assert heard == [(0.25, "0 of 2 done")]


def test_that_a_child_goes_on_with_the_image_it_has_and_leaves_the_others_theirs(params: ExtractionParams) -> None:
    tasks = [replace(task(number), image=image) for number, image in enumerate("aabbc")]
    job = Job(lambda _task: pytest.fail("loads in the child"), params, "pyradiomics", frozenset())
    supervisor = Supervisor(tasks, Children(job, 2), Budget(100), Rules(), lambda _outcome: None)
    supervisor.children.all += [Child(None, FakeConnection()), Child(None, FakeConnection())]  # type: ignore[arg-type]
    one, other = supervisor.children.all
    supervisor._hand_out()
    assert (one.index, other.index) == (0, 2)
    for child, expected in ((other, 3), (one, 1), (one, 4)):
        supervisor._take(child, Failure("done", ""))
        supervisor._hand_out()
        assert child.index == expected


def test_that_no_tasks_give_no_outcomes(params: ExtractionParams) -> None:
    assert extract_many([], len, params, BatchOptions(), pytest.fail, Progress()) == ()  # type: ignore[arg-type]

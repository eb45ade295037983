"""Children of a batch that are killed, hang, or are told to stop."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import EsccError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.params import load_params
from escc_desktop.features.roi_files import FileLoader, RoiFiles, file_task
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import RoiKey
from escc_desktop.features.worker import Task
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.cohort import CohortOptions, extract_manifest
from escc_desktop.workflow.extraction import ExtractionChoice
from escc_desktop.workflow.partial import partial_path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals to children")]


def write_roi(folder: Path, number: int) -> RoiFiles:
    rng = np.random.default_rng(number)
    hu = np.full((10, 16, 18), -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    image = sitk.GetImageFromArray((hu + rng.normal(0, 20, hu.shape)).round().astype(np.int16))
    voxels = np.zeros(hu.shape, dtype=np.uint8)
    voxels[3:8, 5:11, 6:12] = 1
    mask = sitk.GetImageFromArray(voxels)
    files = RoiFiles(folder / f"image{number}.nii.gz", folder / f"mask{number}.nii.gz")
    for grid, path in ((image, files.image), (mask, files.mask)):
        grid.SetSpacing((1.0, 1.0, 3.0))
        sitk.WriteImage(grid, str(path))
    return files


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    return [file_task(RoiKey(f"P{number}", "", "", "A", "first"), write_roi(tmp_path, number)) for number in range(3)]


def run(tasks: list[Task], options: BatchOptions, progress: Progress) -> tuple[Outcome, ...]:
    return extract_many(tasks, FileLoader(), load_params("ct_arterial"), options, lambda _outcome: None, progress)


def values(outcomes: tuple[Outcome, ...]) -> list[bytes]:
    return [outcome.vector.values.tobytes() for outcome in outcomes if outcome.vector is not None]


def send_once(number: int, times: int = 1) -> tuple[Progress, list[int]]:
    """A progress that sends a signal to the first child it sees, so many times."""
    sent: list[int] = []

    def listener(_fraction: float, _note: str) -> None:
        children = [child.pid for child in multiprocessing.active_children() if child.pid not in sent]
        if children and children[0] is not None and len(sent) < times:
            os.kill(children[0], number)
            sent.append(children[0])

    return Progress(listener), sent


@pytest.fixture
def undisturbed(tasks: list[Task]) -> list[bytes]:
    return values(run(tasks, BatchOptions(jobs=1), Progress()))


def test_that_a_killed_child_loses_nothing(tasks: list[Task], undisturbed: list[bytes]) -> None:
    progress, sent = send_once(signal.SIGKILL)
    outcomes = run(tasks, BatchOptions(jobs=2), progress)
    assert len(sent) == 1
    assert values(outcomes) == undisturbed
    assert [outcome.task for outcome in outcomes] == tasks


def test_that_a_child_that_falls_silent_is_replaced(tasks: list[Task], undisturbed: list[bytes]) -> None:
    sent: list[int] = []

    def listener(fraction: float, _note: str) -> None:
        children = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
        if fraction > 0 and not sent:
            os.kill(children[0], signal.SIGSTOP)
            sent.append(children[0])

    outcomes = run(tasks, BatchOptions(jobs=1, stall_s=5.0), Progress(listener))
    assert len(sent) == 1
    assert values(outcomes) == undisturbed


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of loaders, where the child process finds it too."""
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)
    yield import_module("poison")
    sys.modules.pop("poison", None)


@pytest.mark.parametrize(
    ("what", "how"), [("kills every time", "ended unexpectedly (code -9)"), ("hangs", "fell silent")]
)
def test_that_a_region_that_costs_its_process_three_times_is_quarantined_and_the_others_are_kept(
    tasks: list[Task], undisturbed: list[bytes], poison: ModuleType, tmp_path: Path, what: str, how: str
) -> None:
    spoilt = [replace(tasks[0], key=replace(tasks[0].key, lesion_id=what)), *tasks[1:]]
    log = tmp_path / "log"
    outcomes = extract_many(
        spoilt,
        poison.PoisonLoader(log),
        load_params("ct_arterial"),
        BatchOptions(jobs=2, stall_s=5.0),
        lambda _outcome: None,
        Progress(),
    )
    failure = outcomes[0].failure
    assert failure is not None
    assert failure.is_quarantined
    assert failure.what == f"The extraction process {how}, 3 times: the lesion is quarantined."
    assert values(outcomes) == undisturbed[1:]
    assert [line.split()[0] for line in log.read_text(encoding="ascii").splitlines()].count("P0") == 3


def test_that_several_regions_of_one_image_are_read_by_one_child_and_come_out_as_alone(
    tasks: list[Task], poison: ModuleType, tmp_path: Path
) -> None:
    files = tasks[0].volume_ref
    shared = [replace(task, volume_ref=replace(files, mask=task.volume_ref.mask), image="one") for task in tasks[:2]]
    log = tmp_path / "log"
    loader, params = poison.PoisonLoader(log), load_params("ct_arterial")
    together = extract_many(shared, loader, params, BatchOptions(jobs=1), lambda _outcome: None, Progress())
    assert len({line.split()[1] for line in log.read_text(encoding="ascii").splitlines()}) == 1
    assert values(together)[0] == values(together)[1] == values(run(tasks[:1], BatchOptions(), Progress()))[0]


@pytest.mark.parametrize("is_stopped", [False, True])
def test_that_cancelling_ends_every_child(tasks: list[Task], is_stopped: bool) -> None:
    seen: list[int] = []

    def listener(_fraction: float, _note: str) -> None:
        seen[:] = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
        if is_stopped and seen:
            os.kill(seen[0], signal.SIGSTOP)

    with pytest.raises(Cancelled):
        run(tasks, BatchOptions(jobs=2), Progress(listener, lambda: len(seen) == 2))
    assert multiprocessing.active_children() == []
    for pid in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_that_a_failing_sink_ends_every_child(tasks: list[Task]) -> None:
    def refuse(_outcome: Outcome) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        extract_many(tasks, FileLoader(), load_params("ct_arterial"), BatchOptions(jobs=2), refuse, Progress())
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda files: files.mask.unlink(), "no such file"),
        (lambda files: files.image.write_bytes(files.image.read_bytes()[:200]), "image1"),
        (lambda files: files.image.write_bytes(b""), "image1"),
    ],
)
def test_that_a_spoilt_file_fails_alone(tasks: list[Task], spoil: Callable[[RoiFiles], object], said: str) -> None:
    spoil(tasks[1].volume_ref)
    outcomes = run(tasks, BatchOptions(jobs=1), Progress())
    assert [outcome.vector is None for outcome in outcomes] == [False, True, False]
    assert outcomes[1].failure is not None
    assert said in outcomes[1].failure.what


def test_that_a_defect_fails_alone_and_says_where(tasks: list[Task]) -> None:
    spoilt = [tasks[0], Task(tasks[1].key, "no files", None), tasks[2]]
    outcomes = run(spoilt, BatchOptions(jobs=1), Progress())
    assert [outcome.vector is None for outcome in outcomes] == [False, True, False]
    failure = outcomes[1].failure
    assert failure is not None
    assert failure.is_defect
    assert failure.what.startswith("A defect of this program (AttributeError in roi_files.py, line ")


@pytest.fixture
def manifest(tmp_path: Path, tasks: list[Task]) -> Path:
    path = tmp_path / "manifest.csv"
    rows = [f"{task.key.patient_id},A,first,image{n}.nii.gz,mask{n}.nii.gz\n" for n, task in enumerate(tasks)]
    path.write_text("patient_id,reader,occasion,image,mask\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_that_a_full_disk_stops_a_cohort_with_a_sentence_and_leaves_nothing_half_written(manifest: Path) -> None:
    out = manifest.with_name("features.csv")
    out.with_name("features.csv.partial").symlink_to("/dev/full")
    with pytest.raises(EsccError, match=r"Cannot write features\.csv\.partial: No space left on device"):
        extract_manifest(manifest, out, ExtractionChoice(), CohortOptions(jobs=2), Progress())
    assert multiprocessing.active_children() == []
    assert not out.exists()
    assert not out.with_name("features.csv.json").exists()


def test_that_a_program_killed_in_the_middle_of_a_cohort_takes_its_children_along_and_can_go_on(manifest: Path) -> None:
    out = manifest.with_name("features.csv")
    slow = ["--engine", "pyradiomics"]
    command = [sys.executable, "-m", "escc_desktop", "extract-all", str(manifest), "-o", str(out), *slow]
    program = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    partial = partial_path(out)
    while not (partial.exists() and partial.stat().st_size):
        assert program.poll() is None
        time.sleep(0.02)
    children = [
        int(pid)
        for path in Path(f"/proc/{program.pid}/task").glob("*/children")
        for pid in path.read_text(encoding="ascii").split()
    ]
    program.kill()
    program.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{pid}").exists() for pid in children):
            break
        time.sleep(0.05)
    assert children
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not out.exists()
    choice = ExtractionChoice(engine="pyradiomics")
    result = extract_manifest(manifest, out, choice, CohortOptions(resume=True), Progress())
    assert result.n_reused >= 1
    assert [key.patient_id for key in result.table.keys] == ["P0", "P1", "P2"]

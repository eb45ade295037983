"""A cluster on this machine: killed and hanging workers, other files, other versions, other certificates."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.params import load_params
from escc_desktop.features.roi_files import FileLoader, RoiFiles, file_task
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import RoiKey
from escc_desktop.features.worker import Task
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.certificates import write_certificates
from escc_desktop.workflow.cluster import cluster_runner

pytest.importorskip("distributed", reason="needs the optional part “cluster”")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals to workers")]

READY = re.compile(r"(?:Scheduler|Worker) at (tls://\S+)")
PATIENCE_S = 60
OTHER_VERSION = """
import sys
from escc_desktop.features.cluster import remote
remote.about = lambda engine: {"program": "escc-desktop 0.0.9", "engine": engine + " 0.9"}
from escc_desktop.cli.app import run
sys.argv[0] = "escc"
run()
"""


def write_roi(folder: Path, number: int) -> RoiFiles:
    rng = np.random.default_rng(number)
    hu = np.full((10, 16, 18), -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    voxels = np.zeros(hu.shape, dtype=np.uint8)
    voxels[3:8, 5:11, 6:12] = 1
    files = RoiFiles(folder / f"image{number}.nii.gz", folder / f"mask{number}.nii.gz")
    for array, path in (
        ((hu + rng.normal(0, 20, hu.shape)).round().astype(np.int16), files.image),
        (voxels, files.mask),
    ):
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing((1.0, 1.0, 3.0))
        sitk.WriteImage(grid, str(path))
    return files


class Node:
    """A scheduler or a worker in a process of its own."""

    def __init__(self, *arguments: str, program: tuple[str, ...] = ("-m", "escc_desktop")) -> None:
        command = [sys.executable, *program, "cluster", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
        self.said = ""

    def address(self) -> str:
        """Wait until it is ready."""
        assert self.process.stderr is not None
        while (found := READY.search(self.said)) is None:
            ready, _, _ = select.select([self.process.stderr], [], [], PATIENCE_S)
            piece = os.read(self.process.stderr.fileno(), 65536).decode() if ready else ""
            assert piece, f"not ready: {self.said}"
            self.said += piece
        return found[1]

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()


@dataclass
class Running:
    """A scheduler with its folders."""

    tls: Path
    asking: Path
    serving: Path
    address: str = ""
    nodes: list[Node] = field(default_factory=list)

    def start(self, *arguments: str, **options: tuple[str, ...]) -> Node:
        self.nodes.append(Node(*arguments, **options))
        return self.nodes[-1]

    def worker(self, *, jobs: int = 1, **options: tuple[str, ...]) -> Node:
        tls, images = str(self.tls / "worker"), str(self.serving)
        return self.start(
            "worker", self.address, "--images", images, "--tls-folder", tls, "--jobs", str(jobs), **options
        )

    def cohort(self, name: str, count: int) -> list[Task]:
        """Write regions where the asking side has them and where the workers find them."""
        (self.asking / name).mkdir()
        tasks = [
            file_task(RoiKey(f"P{number}", "", "", "A", "first"), write_roi(self.asking / name, number))
            for number in range(count)
        ]
        shutil.copytree(self.asking / name, self.serving / name)
        return tasks

    def run(
        self, tasks: list[Task], options: BatchOptions | None = None, progress: Progress | None = None
    ) -> tuple[Outcome, ...]:
        runner = cluster_runner(self.address, self.tls / "client", self.asking)
        params = load_params("ct_arterial")
        return runner(tasks, params, options or BatchOptions(), lambda _outcome: None, progress or Progress())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_scheduler(folder: Path) -> Running:
    running = Running(folder / "tls", folder / "asking", folder / "serving")
    running.asking.mkdir()
    running.serving.mkdir()
    write_certificates(running.tls)
    tls = str(running.tls / "scheduler")
    running.address = running.start("scheduler", "--port", str(free_port()), "--tls-folder", tls).address()
    return running


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start_scheduler(tmp_path_factory.mktemp("bare"))
    yield running
    for node in running.nodes:
        node.end()


@pytest.fixture
def scheduler(bare: Running) -> Iterator[Running]:
    """A scheduler without workers."""
    yield bare
    while len(bare.nodes) > 1:
        bare.nodes.pop().end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A scheduler and a worker with two lanes."""
    running = start_scheduler(tmp_path_factory.mktemp("cluster"))
    running.worker(jobs=2).address()
    yield running
    for node in running.nodes:
        node.end()


def here(tasks: list[Task]) -> list[bytes]:
    params = load_params("ct_arterial")
    return values(extract_many(tasks, FileLoader(), params, BatchOptions(), lambda _outcome: None, Progress()))


def values(outcomes: tuple[Outcome, ...]) -> list[bytes]:
    return [outcome.vector.values.tobytes() for outcome in outcomes if outcome.vector is not None]


def problem(outcome: Outcome) -> str:
    assert outcome.failure is not None
    return outcome.failure.what


def once_done(number: int, act: Callable[[], object]) -> Progress:
    """A progress that acts once when so many tasks are done."""
    acted: list[object] = []

    def listener(_fraction: float, note: str) -> None:
        found = re.match(r"(\d+) of", note)
        if found is not None and int(found[1]) >= number and not acted:
            acted.append(None)
            act()

    return Progress(listener)


def test_that_a_worker_killed_in_the_middle_costs_nothing_and_the_values_are_those_of_one_machine(
    scheduler: Running,
) -> None:
    workers = [scheduler.worker(), scheduler.worker()]
    for worker in workers:
        worker.address()
    tasks = scheduler.cohort("killed", 6)
    outcomes = scheduler.run(tasks, progress=once_done(1, workers[0].kill))
    assert workers[0].process.wait(PATIENCE_S) == -signal.SIGKILL
    assert values(outcomes) == here(tasks)
    assert [outcome.task for outcome in outcomes] == tasks
    assert {outcome.vector.provenance["engine"] for outcome in outcomes if outcome.vector} == {"fast 1.0"}


def test_that_a_task_that_hangs_is_quarantined_and_the_others_are_computed(cluster: Running) -> None:
    tasks = cluster.cohort("hangs", 3)
    (cluster.serving / "hangs" / "image1.nii.gz").unlink()
    os.mkfifo(cluster.serving / "hangs" / "image1.nii.gz")
    outcomes = cluster.run(tasks, BatchOptions(attempts=1, stall_s=5.0))
    failure = outcomes[1].failure
    assert failure is not None
    assert failure.is_quarantined
    assert failure.what == "The extraction process fell silent, 1 times: the lesion is quarantined."
    assert values(outcomes) == here([tasks[0], tasks[2]])


def test_that_a_task_that_costs_three_workers_is_quarantined(scheduler: Running) -> None:
    (task,) = scheduler.cohort("deadly", 1)
    (scheduler.serving / "deadly" / "image0.nii.gz").unlink()
    os.mkfifo(scheduler.serving / "deadly" / "image0.nii.gz")
    workers = [scheduler.worker()]
    workers[0].address()

    def replace_worker(_fraction: float, _note: str) -> None:
        # The child process of the task is there: the worker has it.
        children = Path(f"/proc/{workers[-1].process.pid}/task").glob("*/children")
        if any(path.read_text(encoding="ascii").split()[1:] for path in children):
            workers[-1].kill()
            if len(workers) < 3:
                workers.append(scheduler.worker())

    (outcome,) = scheduler.run([task], progress=Progress(replace_worker))
    assert len(workers) == 3
    assert problem(outcome) == "The extraction process was lost with its worker, 3 times: the lesion is quarantined."


def test_that_files_are_checked_before_use_and_found_by_content_too(cluster: Running) -> None:
    tasks = cluster.cohort("files", 4)
    there = cluster.serving / "files"
    write_roi(there, 1)
    (there / "image1.nii.gz").write_bytes((there / "image0.nii.gz").read_bytes())
    (there / "mask2.nii.gz").unlink()
    expected = here([tasks[0], tasks[3]])
    by_digest = cluster.serving / "sha256"
    by_digest.mkdir()
    from escc_desktop.features.cluster.shared import content_digest  # noqa: PLC0415  # needs the extra

    (there / "image3.nii.gz").rename(by_digest / f"{content_digest(there / 'image3.nii.gz')}.nii.gz")
    outcomes = cluster.run(tasks)
    assert values(outcomes) == expected
    assert problem(outcomes[1]) == "image1.nii.gz on the worker is another than the one meant (its SHA-256 differs)."
    assert problem(outcomes[2]) == "mask2.nii.gz is not on the worker, neither by its path nor by its SHA-256."
    assert not any(outcome.failure and outcome.failure.is_quarantined for outcome in outcomes)


def test_that_a_file_missing_here_fails_alone_and_what_is_known_is_not_computed_again(cluster: Running) -> None:
    tasks = cluster.cohort("known", 2)
    first = cluster.run(tasks[:1])[0].vector
    assert first is not None
    Path(tasks[1].volume_ref.mask).unlink()
    outcomes = cluster.run(tasks, BatchOptions(known={first.provenance["identity"]: first}))
    assert outcomes[0].vector is first
    assert outcomes[0].is_reused
    assert "mask1.nii.gz" in problem(outcomes[1])


def test_that_a_cancelled_cohort_leaves_the_workers_free(cluster: Running) -> None:
    tasks = cluster.cohort("cancelled", 4)
    for number in (0, 1):
        image = cluster.serving / "cancelled" / f"image{number}.nii.gz"
        image.unlink()
        os.mkfifo(image)
    asked: list[int] = []
    with pytest.raises(Cancelled):
        cluster.run(tasks, progress=Progress(is_cancelled=lambda: asked.append(0) is None and len(asked) > 40))
    assert values(cluster.run(tasks[2:])) == here(tasks[2:])


def test_that_a_worker_with_another_version_is_refused_in_a_sentence(scheduler: Running) -> None:
    scheduler.worker(program=("-c", OTHER_VERSION)).address()
    with pytest.raises(EsccError, match=r"has escc-desktop 0\.0\.9 with engine fast 0\.9; the computer that asks has"):
        scheduler.run(scheduler.cohort("version", 1))


def test_that_a_cluster_without_workers_or_scheduler_is_said_at_once(scheduler: Running) -> None:
    tasks = scheduler.cohort("nobody", 1)
    with pytest.raises(EsccError, match="No worker has joined"):
        scheduler.run(tasks)
    nobody = replace(scheduler, address=f"tls://127.0.0.1:{free_port()}")
    with pytest.raises(EsccError, match="No scheduler answers at tls://127"):
        nobody.run(tasks)


def test_that_other_certificates_and_plain_connections_are_refused(cluster: Running, tmp_path: Path) -> None:
    tasks = cluster.cohort("strangers", 1)
    write_certificates(tmp_path / "other")
    write_certificates(tmp_path / "old", valid_days=0)
    with pytest.raises(EsccError, match=r"certificate of tls://.* is not accepted"):
        replace(cluster, tls=tmp_path / "other").run(tasks)
    for mixed, authority in (("mixed", "other"), ("expired", "old")):
        # Trusts the cluster, but shows a certificate that the cluster does not trust.
        shutil.copytree(tmp_path / authority / "client", tmp_path / mixed / "client")
        shutil.copy(cluster.tls / "client" / "ca.pem", tmp_path / mixed / "client")
        with pytest.raises(EsccError, match="does not accept the certificate"):
            replace(cluster, tls=tmp_path / mixed).run(tasks)
    with pytest.raises(EsccError, match=r"has no ca\.pem and no certificate\.pem and no key\.pem"):
        replace(cluster, tls=tmp_path).run(tasks)
    with pytest.raises(UsageError, match="is not encrypted"):
        replace(cluster, address=cluster.address.replace("tls:", "tcp:")).run(tasks)
    with pytest.raises(UsageError, match="is no address"):
        replace(cluster, address="tls://somewhere").run(tasks)
    host, port = cluster.address.removeprefix("tls://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as plain:
        plain.sendall(b"\x00" * 64)
        with suppress(ConnectionResetError):
            assert plain.recv(64)[:1] in {b"", b"\x15"}  # closed, or TLS's own alert

"""A hundred regions: one worker against two, and two workers of a cluster of which one is killed in the middle.

Usage: python benchmarks/cohort.py [REGIONS]

CPU seconds of all processes, wall seconds, and whether the tables are the same to the last byte. Wall times mean
something only where two cores are free: the load of the machine is printed.
"""

from __future__ import annotations

import contextlib
import csv
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import SimpleITK as sitk  # noqa: N813
from thorax import lesion_ball, thorax, write

ESCC = str(shutil.which("escc", path=Path(sys.executable).parent))
SIZE, SPACING = (512, 512, 60), (0.75, 0.75, 5.0)
LESIONS_MM = (26.0, 30.0, 34.0, 38.0, 42.0)
COLUMNS = ("patient_id", "reader", "occasion", "lesion_id", "image", "mask")


def cohort(folder: Path, n: int) -> Path:
    """Write images with several regions each and their manifest; return it."""
    rows = []
    for number in range(n):
        patient, lesion = divmod(number, len(LESIONS_MM))
        home = folder / f"P{patient:03d}"
        if not lesion:
            home.mkdir()
            image, _ = write(home, *thorax(SIZE, SPACING, max(LESIONS_MM), seed=patient), SPACING)
        mask = home / f"L{lesion}.nii.gz"
        region = sitk.GetImageFromArray(lesion_ball(SIZE, SPACING, LESIONS_MM[lesion]))
        region.SetSpacing(SPACING)
        sitk.WriteImage(region, str(mask))
        rows.append((home.name, "A", "first", f"L{lesion}", image.relative_to(folder), mask.relative_to(folder)))
    manifest = folder / "manifest.csv"
    with manifest.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return manifest


def timed(command: list[str]) -> tuple[float, float]:
    """Run a command; return CPU seconds with all its children's, and wall seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, end - start


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers on this computer; yield the address and the workers."""
    subprocess.run([ESCC, "cluster", "certificates", str(folder / "tls")], check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tls://127.0.0.1:{port}"
    tls = {role: ["--tls-folder", str(folder / "tls" / role)] for role in ("scheduler", "worker")}
    worker = [ESCC, "cluster", "worker", address, "--images", str(folder), "--jobs", "1", *tls["worker"]]
    started = [subprocess.Popen([ESCC, "cluster", "scheduler", "--port", str(port), *tls["scheduler"]])]
    try:
        time.sleep(5)
        started += [subprocess.Popen(worker) for _ in range(2)]
        time.sleep(5)
        yield address, started[1:]
    finally:
        for process in started:
            process.terminate()
            process.wait()


def main() -> None:
    """Measure and print."""
    n = int(sys.argv[1]) if sys.argv[1:] else 100
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = cohort(folder, n)
        print(f"{n} regions in images of {SIZE}, load {os.getloadavg()[0]:.1f}")
        tables, spent = [], []
        for jobs in (1, 2):
            tables.append(folder / f"jobs{jobs}.csv")
            spent.append(timed([ESCC, "extract-all", str(manifest), "-o", str(tables[-1]), "--jobs", str(jobs)]))
            print(f"{jobs} workers: {spent[-1][0]:.1f} CPU s, {spent[-1][1]:.1f} s wall", flush=True)
        (cpu1, wall1), (cpu2, wall2) = spent
        print(f"two against one: CPU {cpu2 / cpu1 - 1:+.1%}, wall {wall1 / wall2:.2f} times quicker")
        with cluster(folder) as (address, workers):
            tables.append(folder / "cluster.csv")
            command = [ESCC, "extract-all", str(manifest), "-o", str(tables[-1]), "--scheduler", address]
            running = subprocess.Popen(
                [*command, "--tls-folder", str(folder / "tls" / "client")], stderr=subprocess.DEVNULL
            )
            time.sleep(min(wall2 / 2, 20))
            is_in_the_middle = running.poll() is None
            workers[0].kill()
            code = running.wait()
        print(f"cluster, one of two workers killed {'in the middle' if is_in_the_middle else 'too late'}: exit {code}")
        same = len({table.read_bytes() for table in tables if table.exists()}) == 1
        print("all three tables are the same to the last byte" if same else "THE TABLES DIFFER")


if __name__ == "__main__":
    main()

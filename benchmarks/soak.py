"""Eight hours of reading in short: strokes by mouse, series opened and closed; does anything grow?

Usage: python benchmarks/soak.py [--openings 400] [--strokes 20000] [--size COLUMNS ROWS SLICES]

Resident memory, open files, threads and Qt's widgets are read with a reading open, every tenth of the way, once the
hand has rested for a third of a second: by then the program has given back what opening needed for a while. What is
there after the first tenth is the base: growth is that of the last against it. Memory in use by Python's allocator and
pages the C library keeps count too. Every opening is of another reading: one that is gone on with holds more each time,
for what was drawn can be undone. Linux only.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from escc_desktop.gui.app import make_application

make_application()  # as the program does: its pages are imported afterwards

import numpy as np  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402
from workbench import Workbench, paint_what_changed, phantom  # noqa: E402

from escc_desktop.imaging.volume import Geometry  # noqa: E402

LIMIT, REST_MS = 0.05, 350


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    memory_mb: float
    files: int
    threads: int
    widgets: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        files = len(list(Path("/proc/self/fd").iterdir()))
        widgets = len(QApplication.allWidgets())
        return cls(int(status["VmRSS"].split()[0]) / 1024, files, int(status["Threads"]), widgets)

    def words(self) -> str:
        return f"{self.memory_mb:7.0f} MB, {self.files} files, {self.threads} threads, {self.widgets} widgets"


def draw(bench: Workbench, strokes: int, rng: np.random.Generator) -> None:
    """Draw strokes of the brush on some slices, undo one in ten."""
    board = bench.board
    board.hand.hold("brush")
    board.hand.options.set_diameter(int(rng.integers(3, 20)))
    slices, rows, columns = board.planes.geometry.shape
    for number in range(strokes):
        if number % 5 == 0:
            bench.view.set_index(int(rng.integers(slices // 4, 3 * slices // 4)))
        row, column = rng.uniform(0.4, 0.6) * rows, rng.uniform(0.4, 0.6) * columns
        bench.press(row, column)
        for step in range(1, 6):
            bench.move(row + step, column + 2 * step)
            paint_what_changed(bench.view)
        bench.release(row + 5, column + 10)
        if number % 10 == 9:
            board.undo()
            QTest.qWait(1)
    bench.until(lambda: board.reading.is_saved)


def main() -> None:
    """Print what is held every tenth of the way; fail where it grows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--openings", type=int, default=400)
    parser.add_argument("--strokes", type=int, default=20_000)
    parser.add_argument("--size", type=int, nargs=3, default=(512, 512, 400))
    asked = parser.parse_args()
    geometry = Geometry(tuple(asked.size), (0.74, 0.74, 1.0), (-190.0, -190.0, 0.0))
    rng = np.random.default_rng(8)
    with tempfile.TemporaryDirectory() as made:
        bench = Workbench(Path(made), phantom(geometry), geometry, asked.openings)
        held: list[Held] = []
        for number in range(asked.openings):
            bench.open(f"P{number + 1}/L1/A/first")
            draw(bench, round(asked.strokes / asked.openings), rng)
            if (number + 1) % max(asked.openings // 10, 1) == 0:
                QTest.qWait(REST_MS)
                held.append(Held.now())
                print(f"{number + 1:5d} of {asked.openings}: {held[-1].words()}", flush=True)
            bench.close_reading()
            QTest.qWait(5)
        bench.close()
    first, last = held[0], held[-1]
    growth = last.memory_mb / first.memory_mb - 1
    print(f"memory grew by {growth:.1%} (wanted {LIMIT:.0%}) from {first.words()} to {last.words()}")
    has_leak = last.files > first.files or last.threads > first.threads or last.widgets > first.widgets
    print("holds" if growth <= LIMIT and not has_leak else "DOES NOT HOLD")
    if growth > LIMIT or has_leak:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

"""What the window holds with one large series open for reading. Linux only.

Usage: python benchmarks/memory.py

Wanted: resident memory of the process, the libraries' files included, of at most 2.2 times the voxels (int16) and
300 MB. Private memory is printed too: it is the program's own, which no other process shares.
"""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from escc_desktop.gui.app import make_application

make_application()  # as the program does: its pages are imported afterwards

from PySide6.QtTest import QTest  # noqa: E402
from workbench import GRID, Workbench, phantom  # noqa: E402

MB = 1 << 20


def held() -> tuple[float, float]:
    """Return private and resident memory in MB."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["RssAnon"].split()[0]) / 1024, int(status["VmRSS"].split()[0]) / 1024


def main() -> None:
    """Print what is held before, with the series open and drawn on, and after."""
    voxels_mb = 2 * GRID.size[0] * GRID.size[1] * GRID.size[2] / MB
    limit_mb = 2.2 * voxels_mb + 300
    with tempfile.TemporaryDirectory() as made:
        bench = Workbench(Path(made), phantom())
        before = held()
        bench.open()
        bench.board.hand.hold("brush")
        bench.board.hand.options.set_diameter(21)
        for number in range(20):
            bench.press(200, 200 + number)
            bench.move(210, 220)
            bench.release(210, 220)
        QTest.qWait(500)
        opened = held()
        bench.close_reading()
        QTest.qWait(500)
        after = held()
        bench.close()
    print(f"voxels {voxels_mb:.0f} MB; wanted resident at most {limit_mb:.0f} MB")
    for name, (private, resident) in (("before", before), ("open", opened), ("closed", after)):
        print(f"{name:8s} private {private:5.0f} MB, resident {resident:5.0f} MB")
    print(f"the series costs {(opened[0] - before[0]) / voxels_mb:.2f} times its voxels")
    print("holds" if opened[1] <= limit_mb else "DOES NOT HOLD")
    if opened[1] > limit_mb:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

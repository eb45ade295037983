"""The viewer against a pair of pyqtgraph ImageItems (picture and region), in the same run, offscreen.

Usage: python benchmarks/viewer.py [COLUMNS ROWS SLICES [VIEW_PX ...]]

CPU milliseconds of the program from the setter to painted pixels: the change, then `repaint`, both by turns.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from escc_desktop.gui.app import make_application
from escc_desktop.gui.theme import apply_theme
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

Runners = dict[str, Callable[[int], None]]
FRAME_MS = 1000 / 60
STROKE = 10  # radius in voxels
ROUNDS = 120
WARM_UP = 5


@dataclass
class Peer:
    """What people build first: two ImageItems in a ViewBox, the region as a second picture with a lookup table."""

    widget: pg.GraphicsLayoutWidget
    picture: pg.ImageItem
    region: pg.ImageItem

    @classmethod
    def of(cls, side: int) -> Peer:
        """Return one on screen."""
        pg.setConfigOptions(imageAxisOrder="row-major")
        widget = pg.GraphicsLayoutWidget()
        box = widget.addViewBox(lockAspect=True, invertY=True, enableMenu=False)
        picture, region = pg.ImageItem(), pg.ImageItem()
        region.setLookupTable(np.array([[0, 0, 0, 0], [230, 159, 0, 64]], dtype=np.uint8))
        box.addItem(picture)
        box.addItem(region)
        widget.resize(side, side)
        widget.show()
        return cls(widget, picture, region)

    def show(self, hu: NDArray[np.int16], mask: NDArray[np.bool_], width: float, level: float) -> None:
        """Show a slice."""
        self.picture.setImage(hu, autoLevels=False, levels=(level - width / 2, level + width / 2))
        self.region.setImage(mask.view(np.uint8), autoLevels=False, levels=(0, 1))

    def repaint(self) -> None:
        """Paint now."""
        self.widget.viewport().repaint()


def scene(size: tuple[int, int, int]) -> tuple[Volume, NDArray[np.bool_]]:
    """Return noise of a chest CT's range, no two slices alike, and a ball of 30 voxels in the middle."""
    geometry = Geometry(size, (0.74, 0.74, 1.0), (0.0, 0.0, 0.0))
    base = np.random.default_rng(1).normal(0, 300, geometry.shape[1:]).astype(np.int16)
    hu = np.stack([np.roll(base, 7 * z, axis=1) for z in range(size[2])])
    z, y, x = np.ix_(*(np.arange(n) - n / 2 for n in geometry.shape))
    return Volume(hu, geometry), x**2 + y**2 + z**2 <= 30**2


def paint_what_changed(widget: QWidget) -> None:
    """Paint now what is marked as changed, and no more; Qt would do so at the next chance."""
    QApplication.sendEvent(widget.window(), QEvent(QEvent.Type.UpdateRequest))


def race(name: str, **runners: Callable[[int], object]) -> dict[str, float]:
    """Run each in turn and print the median and 95th percentile of every one, in ms; return the medians."""
    times: dict[str, list[float]] = {key: [] for key in runners}
    for turn in range(ROUNDS + WARM_UP):
        for key, run in runners.items():
            start = time.process_time()
            run(turn)
            times[key].append((time.process_time() - start) * 1000)
    middle = {key: float(np.median(values[WARM_UP:])) for key, values in times.items()}
    said = [f"{key} {middle[key]:6.2f} / {np.percentile(values[WARM_UP:], 95):6.2f}" for key, values in times.items()]
    ratio = f"   ratio {middle['peer'] / middle['ours']:.1f}" if "peer" in middle else ""
    print(f"{name:40s} {'   '.join(said)}{ratio}")
    return middle


def compare(planes: VolumePlanes, mask: NDArray[np.bool_], side: int) -> list[dict[str, float]]:
    """Race slice step in three planes, window and stroke in one view."""
    found = []
    for plane in Plane:
        view, peer = SliceView(plane), Peer.of(side)
        view.resize(side, side)
        view.show()
        view.set_volume(planes)
        view.set_mask(mask)
        QApplication.processEvents()
        found.append(race(f"slice step, {plane}", **_steps(view, peer, planes, mask)))
        if plane is Plane.AXIAL:
            found.append(race("window and level", **_windows(view, peer, planes, mask)))
            found.append(race(f"stroke, disc of {STROKE} voxels", **_strokes(view, peer, planes, mask)))
        view.close()
        peer.widget.close()
    return found


def _steps(view: SliceView, peer: Peer, planes: VolumePlanes, mask: NDArray[np.bool_]) -> Runners:
    start = planes.size(view.plane) // 2 - 30

    def ours(turn: int) -> None:
        view.set_index(start + turn % 60)
        view.repaint()

    def theirs(turn: int) -> None:
        index = start + turn % 60
        section = planes.section(view.plane, index, planes.hu), planes.section(view.plane, index, mask)
        peer.show(section[0], section[1], 350, 40)
        peer.repaint()

    return {"ours": ours, "peer": theirs}


def _windows(view: SliceView, peer: Peer, planes: VolumePlanes, mask: NDArray[np.bool_]) -> Runners:
    def ours(turn: int) -> None:
        view.set_window(350 + turn, 40)
        view.repaint()

    def theirs(turn: int) -> None:
        peer.picture.setLevels((-135 - turn / 2, 215 + turn / 2))
        peer.repaint()

    return {"ours": ours, "peer": theirs}


def _strokes(view: SliceView, peer: Peer, planes: VolumePlanes, mask: NDArray[np.bool_]) -> Runners:
    index = planes.size(Plane.AXIAL) // 2
    view.set_index(index)
    view.repaint()
    y, x = np.ogrid[-STROKE : STROKE + 1, -STROKE : STROKE + 1]
    disc = x**2 + y**2 <= STROKE**2

    def dab(turn: int) -> tuple[slice, slice, slice]:
        row, column = 150 % mask.shape[1] + turn % 60, 120 % mask.shape[2] + 2 * (turn % 60)
        region = slice(index, index + 1), slice(row, row + disc.shape[0]), slice(column, column + disc.shape[1])
        mask[region] |= disc
        return region

    def ours(turn: int) -> None:
        view.mask_changed(dab(turn))
        paint_what_changed(view)

    def theirs(turn: int) -> None:
        dab(turn + 1)
        peer.region.setImage(mask[index].view(np.uint8), autoLevels=False, levels=(0, 1))
        peer.repaint()

    return {"ours": ours, "peer": theirs}


def linked(planes: VolumePlanes, mask: NDArray[np.bool_]) -> dict[str, float]:
    """Time the three views together, 1600 x 960: crosshair drag and stroke."""
    views = LinkedViews()
    views.resize(1600, 960)
    views.show()
    views.set_volume(planes)
    views.set_mask(mask)
    QApplication.processEvents()
    middle = tuple(n // 2 for n in planes.geometry.size)

    def drag(turn: int) -> None:
        by = turn % 40
        views.set_point((middle[0] + by, middle[1] - by, middle[2] + by))
        paint_what_changed(views)

    return race("crosshair drag, three views, 1600 x 960", ours=drag)


def main() -> None:
    """Print what was measured; fail where anything takes longer than a frame."""
    numbers = [int(word) for word in sys.argv[1:]]
    size = (numbers[0], numbers[1], numbers[2]) if len(numbers) > 2 else (512, 512, 320)
    sides = numbers[3:] or [800, 1600]
    apply_theme(make_application(), "dark")
    volume, mask = scene(size)
    start = time.process_time()
    planes = VolumePlanes.of(volume, Progress())
    print(f"{size}, ms CPU p50 / p95; made ready in {time.process_time() - start:.2f} s")
    slowest = 0.0
    for side in sides:
        print(f"one view of {side} px")
        slowest = max(slowest, *(one["ours"] for one in compare(planes, mask, side)))
    slowest = max(slowest, linked(planes, mask)["ours"])
    print(f"slowest median {slowest:.1f} ms of a frame's {FRAME_MS:.1f}")
    if slowest > FRAME_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

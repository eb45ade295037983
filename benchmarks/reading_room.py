"""The reading room's figures: each line with its peer in the same run, by turns.

Usage: python benchmarks/reading_room.py [--repeats N] [--json FILE]      offscreen
       xvfb-run -a python benchmarks/reading_room.py --xcb [...]           on Xvfb

Volume 512 x 512 x 400, int16, with a ball of 30 voxels as region. Milliseconds from the event to painted pixels. Moves
of a stroke and of a livewire come in bursts, ours and the peer's by turns (decision 0183). The livewire's peer looks
for the way through the whole slice at every move, as one writes it first; the mouse goes round the last click at the
reach of the wire (96 voxels).
"""

from __future__ import annotations

import os
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if "--xcb" in sys.argv else "offscreen")

import numpy as np
from contest import Line, Wanted, json_path, race, write_lines
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from scipy import ndimage
from skimage.graph import route_through_array
from viewer import Peer
from workbench import GRID, NONE, Workbench, paint_what_changed, phantom

from escc_desktop.gui.app import make_application
from escc_desktop.gui.theme import apply_theme
from escc_desktop.gui.tools.livewire import LivewireTool
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.interpolation import interpolate
from escc_desktop.imaging.livewire import REACH, edge_cost
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

MIDDLE = 200
PYQTGRAPH = "pyqtgraph"
SIZE = 1600, 960
# Moves of the mouse in a row before it is the peer's turn: a quarter of a second of a hand at work.
MOVES = 20


def ball(shape: tuple[int, int, int], radius: int = 30) -> np.ndarray:
    """Return a ball in the middle of a grid."""
    z, y, x = np.ix_(*(np.arange(n) - n / 2 for n in shape))
    return x**2 + y**2 + z**2 <= radius**2


def wait_until_seen(widget: QWidget) -> None:
    """Wait until a window is on screen: before that, nothing is painted, in no time."""
    if not QTest.qWaitForWindowExposed(widget):
        raise SystemExit("a window does not come on screen")
    QApplication.processEvents()


class Viewing:
    """Slice step, window and crosshair."""

    def __init__(self, hu: np.ndarray, repeats: int) -> None:
        self.planes = VolumePlanes.of(Volume(hu, GRID), Progress())
        self.mask = ball(GRID.shape)
        self.repeats = repeats

    def lines(self) -> list[Line]:
        found = []
        for side, ratio, p95 in ((800, 0.5, 8.0), (1600, 0.35, 12.0)):
            peer, view = Peer.of(side), self._view(side)
            wait_until_seen(peer.widget)
            found.append(self._step(view, peer, side, Wanted(ratio, p95)))
            if side == 800:
                found.append(self._window(view, peer))
            view.close()
            peer.widget.close()
        return [*found, self._crosshair()]

    def _view(self, side: int) -> SliceView:
        view = SliceView(Plane.AXIAL)
        view.resize(side, side)
        view.show()
        view.set_volume(self.planes)
        view.set_mask(self.mask)
        wait_until_seen(view)
        return view

    def _step(self, view: SliceView, peer: Peer, side: int, wanted: Wanted) -> Line:
        def ours(turn: int) -> None:
            view.set_index(MIDDLE - 25 + turn % 50)
            view.repaint()

        def theirs(turn: int) -> None:
            index = MIDDLE - 25 + turn % 50
            peer.show(self.planes.hu[index], self.mask[index], 350, 40)
            peer.repaint()

        return race(f"slice step with mask, {side} px", ours, {PYQTGRAPH: theirs}, wanted, self.repeats)

    def _window(self, view: SliceView, peer: Peer) -> Line:
        def ours(turn: int) -> None:
            view.set_window(350 + turn, 40)
            view.repaint()

        def theirs(turn: int) -> None:
            peer.picture.setLevels((-135 - turn / 2, 215 + turn / 2))
            peer.repaint()

        return race("window/level move, 800 px", ours, {PYQTGRAPH: theirs}, Wanted(1.0, 8.0), self.repeats)

    def _crosshair(self) -> Line:
        views = LinkedViews()
        views.resize(1600, 960)
        views.show()
        views.set_volume(self.planes)
        views.set_mask(self.mask)
        wait_until_seen(views)
        sizes = {view.plane: min(view.width(), view.height()) for view in (views.axial, views.coronal, views.sagittal)}
        peers = {plane: Peer.of(side) for plane, side in sizes.items()}
        for peer in peers.values():
            wait_until_seen(peer.widget)

        def ours(turn: int) -> None:
            by = turn % 40
            views.set_point((256 + by, 256 - by, MIDDLE + by))
            paint_what_changed(views)

        def theirs(turn: int) -> None:
            by = turn % 40
            at = {Plane.AXIAL: MIDDLE + by, Plane.CORONAL: 256 - by, Plane.SAGITTAL: 256 + by}
            for plane, peer in peers.items():
                hu, mask = (self.planes.section(plane, at[plane], array) for array in (self.planes.hu, self.mask))
                peer.show(hu, mask, 350, 40)
                peer.repaint()

        line = race("crosshair, three linked views", ours, {f"3 {PYQTGRAPH}": theirs}, Wanted(0.5, 16.0), self.repeats)
        views.close()
        for peer in peers.values():
            peer.widget.close()
        return line


class Drawing:
    """Strokes, undo, polygon and livewire in an open reading, by mouse events."""

    def __init__(self, bench: Workbench, repeats: int) -> None:
        self.bench, self.repeats = bench, repeats
        self.board = bench.board
        self.peer = Peer.of(800)
        QApplication.processEvents()

    def lines(self) -> list[Line]:
        self.bench.view.repaint()
        found = [
            self._stroke(10, False, Wanted(0.05, 4.0, burst=MOVES)),
            self._stroke(30, True, Wanted(0.1, 8.0, burst=MOVES)),
        ]
        return [*found, *self._undo(), self._polygon(), *self._livewire()]

    def _stroke(self, radius: int, is_ball: bool, wanted: Wanted) -> Line:
        bench, options = self.bench, self.board.hand.options
        self.board.hand.hold("brush")
        options.set_diameter(2 * radius + 1)
        if options.is_ball != is_ball:
            options.set_ball(is_ball)
        hu, mask = self.board.planes.hu, np.zeros(GRID.shape, dtype=np.bool_)
        index = bench.view.index
        dab = (
            ball((2 * radius + 1,) * 3, radius) if is_ball else ball((2 * radius + 1,) * 3, radius)[radius : radius + 1]
        )
        bench.press(200, 150)

        def place(turn: int) -> tuple[int, int]:
            return 200 + 20 * (turn // 60 % 4), 150 + 3 * (turn % 60)

        def ours(turn: int) -> None:
            bench.move(*place(turn))
            paint_what_changed(bench.view)

        def theirs(turn: int) -> None:
            row, column = place(turn)
            deep = dab.shape[0] // 2
            mask[
                index - deep : index + deep + 1,
                row - radius : row + radius + 1,
                column - radius : column + radius + 1,
            ] |= dab
            self.peer.show(hu[index], mask[index], 350, 40)
            self.peer.repaint()

        kind = "3D" if is_ball else "2D"
        name = f"stroke event to ink, {kind} r{radius}"
        line = race(name, ours, {PYQTGRAPH: theirs}, wanted, self.repeats)
        bench.release(*place(self.repeats))
        QTest.qWait(50)
        return line

    def _undo(self) -> list[Line]:
        board, view = self.board, self.bench.view

        def undo_redo(name: str, turn: int) -> None:
            getattr(board, name)()
            paint_what_changed(view)

        board.hand.options.set_diameter(21)
        for turn in range(self.repeats + 10):
            self.bench.press(150 + turn % 50, 200)
            self.bench.move(180, 220 + turn % 80)
            self.bench.release(180, 220 + turn % 80)
        wanted = Wanted(p95_ms=15.0)
        repeats = self.repeats
        return [
            race("undo with repaint", lambda turn: undo_redo("undo", turn), {}, wanted, repeats),
            race("redo with repaint", lambda turn: undo_redo("redo", turn), {}, wanted, repeats),
        ]

    def _polygon(self) -> Line:
        bench, board = self.bench, self.board
        board.hand.hold("polygon")
        angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        view = bench.view

        def outline(turn: int) -> None:
            reach = 50 + turn % 20 + 8 * np.sin(5 * angles)
            for row, column in zip(256 + reach * np.sin(angles), 256 + reach * np.cos(angles), strict=True):
                point = bench.at(float(row), float(column))
                QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
            QTest.keyClick(view, Qt.Key.Key_Return)

        def accept(turn: int) -> None:
            QTest.keyClick(view, Qt.Key.Key_Return)
            paint_what_changed(view)

        return race(
            "polygon accept, 200 vertices", accept, {}, Wanted(p95_ms=30.0), min(self.repeats, 40), before=outline
        )

    def _livewire(self) -> list[Line]:
        bench, board = self.bench, self.board
        board.hand.finish()
        tool = board.hand.tool_of("polygon")
        tool.drop()
        board.hand.hold("livewire")
        wire = board.hand.tool
        assert isinstance(wire, LivewireTool)
        view = bench.view
        hu = board.planes.image(Plane.AXIAL, view.index)
        cost = edge_cost(hu, (GRID.spacing_mm[1], GRID.spacing_mm[0]))
        start = (256, 226)

        def click(turn: int) -> None:
            point = bench.at(start[0] + turn % 20, start[1])
            QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
            bench.move(start[0] + turn % 20 + 3, start[1] + 5, NONE)
            paint_what_changed(view)

        def again(turn: int) -> None:
            wire.drop()
            paint_what_changed(view)

        click_line = race("livewire click", click, {}, Wanted(p95_ms=100.0), self.repeats, before=again)
        wire.drop()
        click(0)

        def move(turn: int) -> None:
            bench.move(*target(turn), NONE)
            paint_what_changed(view)

        def target(turn: int) -> tuple[int, int]:
            angle = turn / 10
            return round(start[0] + REACH * np.sin(angle)), round(start[1] + REACH * np.cos(angle))

        def naive(turn: int) -> None:
            # What one writes first: for every move, the way from the last click to the mouse through the whole slice.
            route_through_array(cost, start, target(turn), fully_connected=True, geometric=True)

        peers = {"route_through_array": naive}
        move_line = race("livewire move", move, peers, Wanted(0.02, 5.0, burst=MOVES), min(self.repeats, 60))
        wire.drop()
        return [move_line, click_line]


def between_by_scipy(drawn: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Interpolate signed distances of whole slices, as one writes it down first."""
    distances = {
        index: ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
        for index, mask in drawn.items()
    }
    keys = sorted(drawn)
    found = {}
    for low, high in pairwise(keys):
        for index in range(low + 1, high):
            share = (index - low) / (high - low)
            found[index] = (1 - share) * distances[low] + share * distances[high] >= 0
    return found


def interpolation(repeats: int) -> Line:
    """Seven key slices to 35 more."""
    y, x = np.ogrid[:512, :512]
    drawn = {
        7 * key: ((x - 250 - 3 * key) / (30 + 3 * key)) ** 2 + ((y - 260) / (40 - 2 * key)) ** 2 <= 1
        for key in range(7)
    }
    return race(
        "interpolation, 7 key slices",
        lambda _turn: interpolate(drawn, (0.74, 0.74), Progress()),
        {"scipy distances": lambda _turn: between_by_scipy(drawn)},
        Wanted(1.0, 100.0),
        min(repeats, 60),
    )


def main() -> None:
    """Print all lines."""
    words = sys.argv[1:]
    repeats = int(words[words.index("--repeats") + 1]) if "--repeats" in words else 200
    apply_theme(make_application(), "dark")
    hu = phantom()
    lines = [interpolation(repeats), *Viewing(hu, repeats).lines()]
    with tempfile.TemporaryDirectory() as made:
        bench = Workbench(Path(made), hu)
        bench.open()
        # The platform without a screen begins with a small one: a view as large as the peer's is compared.
        bench.window.resize(*SIZE)
        QTest.qWait(200)
        lines += Drawing(bench, repeats).lines()
        bench.close()
    write_lines(lines, json_path())


if __name__ == "__main__":
    main()

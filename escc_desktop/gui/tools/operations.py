"""What is done to the region drawn now as a whole, in a job, as one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from escc_desktop.gui.latest import Latest
from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.imaging.morphology import Spacing, room
from escc_desktop.progress import Progress
from escc_desktop.reading.protocol import Protocol

_AGAIN_MS: Final = 100


@dataclass(frozen=True, eq=False)
class Operation:
    """One thing to do.

    Attributes
    ----------
    label
        What its step is called (`reading.tools.TOOL_KINDS`).
    change
        From a box of the region, and that box of the other region where there is one, to what the box holds after;
        told where the box begins (z, y, x).
    room_mm
        How much room it needs around the region.
    other
        The layer of another region that it needs.
    unchanged
        What to say where it changes nothing.
    """

    label: str
    change: Callable[[BoolArray, BoolArray, tuple[int, int, int]], BoolArray]
    unchanged: str
    room_mm: float = 0.0
    other: int | None = None


class Operations(QObject):
    """Does operations one at a time; what is drawn meanwhile is taken into account.

    Signals
    -------
    changed
        An operation began or ended.
    """

    changed = Signal()

    def __init__(self, canvas: Canvas, tasks: Tasks, protocol: Protocol, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._protocol = canvas, protocol
        self._latest: Latest[tuple[Region, BoolArray]] = Latest(tasks, _("Changing the region"), self._show, self._fail)
        self._operation: Operation | None = None
        self._at = 0
        self._layer = 0
        canvas.stepped.connect(self._on_step)

    def why_not(self, label: str) -> str:
        """Say why an operation cannot be done now; "" when it can."""
        if not self._protocol.allows(label):
            return _("The protocol of this study forbids this in readings.")
        if not self._canvas.n_voxels:
            return _("Nothing is drawn in this region yet.")
        if self.is_busy:
            return _("The region is being changed: wait until that is done.")
        return self._canvas.why_not_draw()

    def do(self, operation: Operation, at: int) -> None:
        """Begin an operation, as a step named after the slice (z) looked at; or say why it cannot be done."""
        why_not = self.why_not(operation.label)
        if why_not:
            self._canvas.said.emit(why_not)
            return
        self._operation, self._at, self._layer = operation, at, self._canvas.layer
        self._ask()
        self.changed.emit()

    def stop(self) -> None:
        """Let go of what runs."""
        self._operation = None
        self._latest.stop()

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way."""
        return self._operation is not None

    def _ask(self) -> None:
        canvas, operation = self._canvas, self._operation
        if operation is None:
            return
        x, y, z = canvas.planes.geometry.spacing_mm
        drawn = np.flatnonzero(canvas.slice_voxels)
        if not drawn.size:
            self.stop()
            self.changed.emit()
            return
        other = None if operation.other is None else canvas.voxels(operation.other)
        if other is not None:
            drawn = np.union1d(drawn, np.flatnonzero(other.any(axis=(1, 2))))
        reach = int(np.ceil(operation.room_mm / z)) + 1
        part = slice(max(int(drawn[0]) - reach, 0), min(int(drawn[-1]) + 1 + reach, len(canvas.shown)))
        beside = np.zeros_like(canvas.shown[part]) if other is None else other[part].copy()
        self._latest.ask(changed_box, operation, canvas.shown[part].copy(), beside, part.start, (z, y, x))

    def _on_step(self) -> None:
        """Begin again with what is drawn now: a stroke must not be lost. Who goes to another region gives it up."""
        if self._operation is None:
            return
        if self._canvas.layer == self._layer:
            self._ask()
        else:
            self.stop()
            self.changed.emit()

    def _show(self, found: tuple[Region, BoolArray]) -> None:
        canvas = self._canvas
        if canvas.is_stroking:  # with what the stroke adds, when it has ended
            QTimer.singleShot(_AGAIN_MS, self, self._ask)
            return
        operation, self._operation = self._operation, None
        if operation is not None and canvas.may_draw():
            box, voxels = found
            canvas.shown[box] = voxels
            canvas.show(box)
            if not canvas.take(operation.label, self._at, box):
                canvas.said.emit(operation.unchanged)
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self._operation = None
        self._canvas.said.emit(str(error))
        self.changed.emit()


def changed_box(
    operation: Operation, voxels: BoolArray, other: BoolArray, start: int, spacing_mm: Spacing, progress: Progress
) -> tuple[Region, BoolArray]:
    """Return the box (z, y, x) an operation works in, and what it holds after.

    Parameters
    ----------
    voxels, other
        The slices from `start` on that hold the region and the other one.
    """
    progress.advance(0, 1)
    z, y, x = room(voxels | other, spacing_mm, operation.room_mm)
    made = operation.change(voxels[z, y, x], other[z, y, x], (start + z.start, y.start, x.start))
    return (slice(start + z.start, start + z.stop), y, x), made

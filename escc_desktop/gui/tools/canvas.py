"""The region under a reader's hands: what he sees at once, and the named steps it becomes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from escc_desktop.errors import EsccError
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, MaskEdit, Region
from escc_desktop.reading.history import History

PAINTED, ERASED, FILLED, CUT_OUT = "brush", "eraser", "polygon", "polygon cut"


def tool_name(label: str) -> str:
    """Return the label of an edit in the user's language."""
    names = {PAINTED: _("brush"), ERASED: _("eraser"), FILLED: _("polygon"), CUT_OUT: _("polygon cut")}
    return names.get(label, label)


def step_name(edit: MaskEdit) -> str:
    """Return an edit as the history shows it: "brush, slice 84", counted from 1 as in the views."""
    return _("{tool}, slice {slice}").format(tool=tool_name(edit.label), slice=edit.slice_index + 1)


class Drawing(Protocol):
    """What is drawn on a canvas: an open reading, or a copy to try contours on."""

    @property
    def history(self) -> History:
        """Its edits, and the voxels they lead to."""

    @property
    def acknowledged(self) -> int:
        """How many steps are stored."""

    def edit(self, label: str, slice_index: int, change: MaskEdit) -> None:
        """Change the region by one named edit."""

    def undo(self) -> MaskEdit:
        """Take back the last edit and return it."""

    def redo(self) -> MaskEdit:
        """Do the last undone edit again and return it."""


class Canvas(QObject):
    """What tools draw on.

    A stroke writes into `shown` while it is drawn and becomes one step of the reading when it ends; the reading
    journals it in its own thread.

    Signals
    -------
    touched
        A box (z, y, x) in which `shown` changed.
    stepped
        A step was taken, undone or redone.
    said
        A sentence for the reader.

    Attributes
    ----------
    shown
        Boolean (z, y, x): the region as the reader sees it.
    planes
        The volume it is drawn on.
    slice_voxels
        Number of voxels of every slice (z), as of the last step.
    why_locked
        Why nothing can be drawn now; "" when it can.
    """

    touched = Signal(object)
    stepped = Signal()
    said = Signal(str)

    def __init__(
        self,
        reading: Drawing,
        planes: VolumePlanes,
        shown: BoolArray,
        slice_voxels: NDArray[np.intp],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.reading = reading
        self.planes = planes
        self.shown = shown
        self.slice_voxels = slice_voxels
        self.why_locked = ""
        self.is_stroking = False
        self._steps_before = reading.acknowledged
        self._steps = 0
        self.changed_slices: set[int] = set()

    def may_draw(self) -> bool:
        """Return whether something can be drawn now; if not, say why."""
        if self.why_locked:
            self.said.emit(self.why_locked)
        return not self.why_locked

    def show(self, region: Region | None) -> None:
        """Have what was written into `shown` painted."""
        if region is not None:
            self.touched.emit(region)

    def take(self, label: str, slice_index: int, region: Region | None) -> bool:
        """Make what was written into a box of `shown` a step of the reading.

        Returns
        -------
        Whether anything changed.
        """
        if region is None:
            return False
        before = self.reading.history.voxels
        edit = MaskEdit.between(before, self.shown, label, slice_index, region)
        if edit.is_empty:
            return False
        try:
            self.reading.edit(label, slice_index, edit)
        except EsccError as error:  # signed or closed meanwhile
            self.shown[region] = before[region]
            self.touched.emit(region)
            self.said.emit(str(error))
            return False
        self._stepped(edit)
        return True

    def undo(self) -> MaskEdit | None:
        """Take back the last step; None where there is nothing to take back."""
        if not self.can_undo or not self.may_draw():
            return None
        return self._copy_back(self.reading.undo())

    def redo(self) -> MaskEdit | None:
        """Do the last undone step again; None where there is none."""
        if not self.can_redo or not self.may_draw():
            return None
        return self._copy_back(self.reading.redo())

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self.reading.history.cursor > 0 and not self.is_stroking

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step."""
        history = self.reading.history
        return history.cursor < len(history.edits) and not self.is_stroking

    @property
    def next_undo(self) -> MaskEdit | None:
        """The step that undo would take back."""
        history = self.reading.history
        return history.edits[history.cursor - 1] if history.cursor else None

    @property
    def next_redo(self) -> MaskEdit | None:
        """The step that redo would do again."""
        history = self.reading.history
        return history.edits[history.cursor] if history.cursor < len(history.edits) else None

    @property
    def n_unsaved(self) -> int:
        """How many steps are not on disk yet."""
        return self._steps_before + self._steps - self.reading.acknowledged

    @property
    def n_voxels(self) -> int:
        """Number of voxels of the region, as of the last step."""
        return int(self.slice_voxels.sum())

    @property
    def volume_mm3(self) -> float:
        """Volume of the region, as of the last step."""
        return self.n_voxels * self.planes.geometry.voxel_volume_mm3

    @property
    def n_slices(self) -> int:
        """Number of slices with at least one voxel."""
        return int(np.count_nonzero(self.slice_voxels))

    def missing_slices(self) -> tuple[int, ...]:
        """Return the empty slices between drawn ones."""
        drawn = np.flatnonzero(self.slice_voxels)
        if not drawn.size:
            return ()
        between = np.arange(drawn[0], drawn[-1] + 1)
        return tuple(int(index) for index in between[self.slice_voxels[between] == 0])

    def _copy_back(self, edit: MaskEdit) -> MaskEdit:
        self.shown[edit.region] = self.reading.history.voxels[edit.region]
        self.touched.emit(edit.region)
        self._stepped(edit)
        return edit

    def _stepped(self, edit: MaskEdit) -> None:
        self._steps += 1
        slices = edit.region[0]
        self.slice_voxels[slices] = np.count_nonzero(self.shown[slices], axis=(1, 2))
        self.changed_slices.update(range(slices.start, slices.stop))
        self.stepped.emit()

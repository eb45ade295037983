"""The region under a reader's hands: what he sees at once, and the named steps it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from escc_desktop.errors import EsccError
from escc_desktop.gui.viewer.look import roi_color
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, MaskEdit, Region
from escc_desktop.reading.history import History
from escc_desktop.reading.tools import ROIS

PAINTED, ERASED, FILLED, CUT_OUT = "brush", "eraser", "polygon", "polygon cut"
HuRange = tuple[int, int]


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

    def note(self, name: str, value: object) -> None:
        """Note something beside the voxels."""

    def undo(self) -> MaskEdit:
        """Take back the last edit and return it."""

    def redo(self) -> MaskEdit:
        """Do the last undone edit again and return it."""


@dataclass(frozen=True)
class RoiEntry:
    """A region of the reading: the lesion (layer 0), or one drawn beside it.

    Attributes
    ----------
    is_locked
        Nothing is drawn into it, and no other region takes its voxels.
    color
        As #rrggbb; "" for the usual one of its layer.
    """

    layer: int
    name: str
    is_locked: bool = False
    is_shown: bool = True
    color: str = ""


_LESION_ALONE: Final = (RoiEntry(0, ""),)


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
    noted
        The name of a note that was written.
    rois_changed
        Regions were added, renamed, locked, shown, hidden, or another one is drawn now.
    suggested
        There is another suggestion, or none.
    limited
        The least and most HU that may change from now on, or None for all.
    said
        A sentence for the reader.

    Attributes
    ----------
    layer
        The region drawn now: 0 is the lesion.
    planes
        The volume it is drawn on.
    hu_range
        Least and most HU of the voxels that may change; None for all.
    suggestion
        What a tool proposes (z, y, x) for the region drawn now; no part of it until it is confirmed.
    suggestion_label, suggestion_box
        What the step is called that confirms it, and the box that holds it.
    why_locked
        Why nothing can be drawn now; "" when it can.
    """

    touched = Signal(object)
    stepped = Signal()
    noted = Signal(str)
    rois_changed = Signal()
    suggested = Signal()
    limited = Signal(object)
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
        self.layer = 0
        self._shown = {0: shown}
        self._slice_voxels = {0: slice_voxels}
        self.hu_range: HuRange | None = None
        self.suggestion: BoolArray | None = None
        self.suggestion_label = ""
        self.suggestion_box: Region | None = None
        self.why_locked = ""
        self.is_stroking = False
        self._rois: tuple[object, tuple[RoiEntry, ...]] = (None, _LESION_ALONE)
        self._steps_before = reading.acknowledged
        self._steps = 0

    @property
    def shown(self) -> BoolArray:
        """Boolean (z, y, x): the region drawn now as the reader sees it."""
        return self.voxels(self.layer)

    @property
    def slice_voxels(self) -> NDArray[np.intp]:
        """Number of voxels of the region drawn now in every slice (z), as of the last step."""
        self.voxels(self.layer)
        return self._slice_voxels[self.layer]

    def voxels(self, layer: int) -> BoolArray:
        """Return a region as the reader sees it (z, y, x)."""
        if layer not in self._shown:
            before, shown = self.reading.history.layer(layer), np.zeros(self.planes.hu.shape, dtype=np.bool_)
            for edit in self.reading.history.done:
                if edit.layer == layer:
                    shown[edit.region] = before[edit.region]
            self._shown[layer] = shown
            self._slice_voxels[layer] = np.count_nonzero(shown, axis=(1, 2)).astype(np.intp)
        return self._shown[layer]

    def is_empty(self, layer: int) -> bool:
        """Return whether nothing is drawn in a region, as of the last step."""
        self.voxels(layer)
        return not self._slice_voxels[layer].any()

    # The regions of the reading

    @property
    def rois(self) -> tuple[RoiEntry, ...]:
        """The regions, the lesion first."""
        known = self.reading.history.notes.get(ROIS)
        if known is not self._rois[0]:
            entries = known if isinstance(known, list) else []
            self._rois = known, tuple(RoiEntry(**entry) for entry in entries) or _LESION_ALONE
        return self._rois[1]

    @property
    def roi(self) -> RoiEntry:
        """The region drawn now."""
        return next((entry for entry in self.rois if entry.layer == self.layer), RoiEntry(self.layer, ""))

    @property
    def color(self) -> str:
        """Colour of the region drawn now, as #rrggbb."""
        return self.roi.color or roi_color(self.layer)

    def set_rois(self, entries: Sequence[RoiEntry]) -> None:
        """Keep the list of regions; layers are never used twice."""
        if self.note(ROIS, [asdict(entry) for entry in entries]):
            self.rois_changed.emit()

    def draw_on(self, layer: int) -> None:
        """Draw on another region from now on."""
        if layer != self.layer and not self.is_stroking:
            self.suggest(None)
            self.layer = layer
            self.rois_changed.emit()
            self.stepped.emit()

    def note(self, name: str, value: object) -> bool:
        """Note something beside the voxels, in the reading's journal.

        Returns
        -------
        Whether it is noted now; what stands in the way is said.
        """
        if self.reading.history.notes.get(name) == value:
            return True
        if not self._may_step():
            return False
        try:
            self.reading.note(name, value)
        except EsccError as error:  # signed or closed meanwhile
            self.said.emit(str(error))
            return False
        self._steps += 1
        self.noted.emit(name)
        return True

    def suggest(self, voxels: BoolArray | None, label: str = "", box: Region | None = None) -> None:
        """Show what a tool proposes, or nothing; `label` names the step that confirms it, `box` holds it all."""
        if voxels is not None or self.suggestion is not None:
            self.suggestion, self.suggestion_label, self.suggestion_box = voxels, label, box
            self.suggested.emit()

    # Drawing

    def why_not_draw(self) -> str:
        """Say why nothing can be drawn now; "" when it can."""
        if not self.why_locked and self.roi.is_locked:
            return _("This region is locked. Unlock it in the list of regions to draw in it.")
        return self.why_locked

    def may_draw(self) -> bool:
        """Return whether something can be drawn now; if not, say why."""
        why_not = self.why_not_draw()
        if why_not:
            self.said.emit(why_not)
        return not why_not

    def show(self, region: Region | None) -> None:
        """Have what was written into `shown` painted, but for voxels that may not change."""
        if region is not None:
            self._guard(region)
            self.touched.emit(region)

    def limit(self, hu_range: HuRange | None) -> None:
        """Let only voxels in a range of HU change from now on; None for all."""
        if hu_range != self.hu_range:
            self.hu_range = hu_range
            self.limited.emit(hu_range)

    def fixed(self, region: Region) -> BoolArray | None:
        """Return the voxels of a box that may not change: of locked regions, or outside the range; None for none."""
        locked = [entry.layer for entry in self.rois if entry.is_locked and entry.layer != self.layer]
        if not locked and self.hu_range is None:
            return None
        fixed = np.zeros(self.shown[region].shape, dtype=np.bool_)
        for layer in locked:
            fixed |= self.voxels(layer)[region]
        if self.hu_range is not None:
            hu = self.planes.hu[region]
            fixed |= (hu < self.hu_range[0]) | (hu > self.hu_range[1])
        return fixed

    def _guard(self, region: Region) -> None:
        """Take back changes of voxels that may not change."""
        fixed = self.fixed(region)
        if fixed is not None:
            before = self.reading.history.layer(self.layer)[region]
            np.copyto(self.shown[region], before, where=fixed)

    def take(self, label: str, slice_index: int, region: Region | None) -> bool:
        """Make what was written into a box of `shown` a step of the reading.

        Returns
        -------
        Whether anything changed.
        """
        if region is None:
            return False
        self._guard(region)
        before = self.reading.history.layer(self.layer)
        edit = MaskEdit.between(before, self.shown, label, slice_index, region, self.layer)
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
        if not self.can_undo or not self._may_step():
            return None
        return self._copy_back(self.reading.undo())

    def redo(self) -> MaskEdit | None:
        """Do the last undone step again; None where there is none."""
        if not self.can_redo or not self._may_step():
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
        """Number of voxels of the region drawn now, as of the last step."""
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
        if edit.layer != self.layer:
            self.draw_on(edit.layer)
        self.shown[edit.region] = self.reading.history.layer(edit.layer)[edit.region]
        self.touched.emit(edit.region)
        self._stepped(edit)
        return edit

    def _may_step(self) -> bool:
        if self.why_locked:
            self.said.emit(self.why_locked)
        return not self.why_locked

    def _stepped(self, edit: MaskEdit) -> None:
        self._steps += 1
        slices = edit.region[0]
        self.slice_voxels[slices] = np.count_nonzero(self.shown[slices], axis=(1, 2))
        self.stepped.emit()

"""A contour to try on: drawn like a reading, and stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.imaging.mask import BoolArray, Mask, MaskEdit, Region
from escc_desktop.reading.history import History, Note, Step, StepKind


@dataclass(frozen=True, eq=False)
class Patch:
    """A region as it was at a moment: its voxels (z, y, x) on a box; there are none outside."""

    box: Region
    voxels: BoolArray


class TriedContour:
    """The copy under somebody's hands: steps that can be undone, in memory and nowhere else.

    Attributes
    ----------
    history
        Its edits; `history.voxels` is the live region, not to be written to.
    """

    def __init__(self, mask: Mask) -> None:
        self.history = History(mask.voxels.copy())
        self._reach = mask.bounding_box

    @property
    def acknowledged(self) -> int:
        """How many steps are stored: none, ever."""
        return 0

    def edit(self, label: str, slice_index: int, change: MaskEdit) -> None:
        """Change the region by one edit, which is named after the tool and the slice."""
        if not change.is_empty:
            self.history.do(change)
            if change.layer == 0:
                self._reach = _around(self._reach, change.region)

    def note(self, name: str, value: object) -> None:
        """Note something beside the voxels."""
        self.history.take(Step(StepKind.NOTE, note=Note(name, value)))

    def undo(self) -> MaskEdit:
        """Take back the last edit and return it."""
        return self.history.undo()

    def redo(self) -> MaskEdit:
        """Do the last undone edit again and return it."""
        return self.history.redo()

    def snapshot(self) -> Patch:
        """Return the region as it is now, for another thread."""
        return Patch(self._reach, self.history.voxels[self._reach].copy())


def _around(one: Region, other: Region) -> Region:
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return z, y, x

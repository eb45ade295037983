"""Undo and redo: one list of edits, one cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import MaskEdit


class StepKind(IntEnum):
    """What a reader did; the number is what the journal holds."""

    EDIT = 1
    UNDO = 2
    REDO = 3


@dataclass(frozen=True)
class Step:
    """One step of a reading, as it is journalled: an edit, an undo or a redo."""

    kind: StepKind
    edit: MaskEdit | None = None

    def __post_init__(self) -> None:
        if (self.kind is StepKind.EDIT) != (self.edit is not None):
            raise ValueError("an edit step, and no other, carries an edit")

    def to_bytes(self) -> bytes:
        """Return the journal entry."""
        return bytes([self.kind]) + (b"" if self.edit is None else self.edit.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Step:
        """Read a journal entry."""
        try:
            kind = StepKind(data[0])
            return cls(kind, MaskEdit.from_bytes(data[1:]) if kind is StepKind.EDIT else None)
        except (IndexError, ValueError) as error:
            raise EsccError("An entry of the reading's journal cannot be read.", "Restore the project.") from error


class History:
    """The edits of one reading and the voxels they lead to.

    Parameters
    ----------
    voxels
        Boolean (z, y, x); changed in place by every step.

    Attributes
    ----------
    cursor
        How many of `edits` are in the voxels; the rest can be redone.
    """

    def __init__(self, voxels: NDArray[np.bool_]) -> None:
        self.voxels = voxels
        self.edits: list[MaskEdit] = []
        self.cursor = 0

    def do(self, edit: MaskEdit) -> None:
        """Apply a new edit; what had been undone is gone."""
        edit.apply(self.voxels)
        del self.edits[self.cursor :]
        self.edits.append(edit)
        self.cursor += 1

    def undo(self) -> MaskEdit:
        """Take back the last edit and return it."""
        if not self.cursor:
            raise EsccError("There is nothing to undo.")
        self.cursor -= 1
        edit = self.edits[self.cursor]
        edit.apply(self.voxels)
        return edit

    def redo(self) -> MaskEdit:
        """Apply the last undone edit again and return it."""
        if self.cursor == len(self.edits):
            raise EsccError("There is nothing to redo.")
        edit = self.edits[self.cursor]
        edit.apply(self.voxels)
        self.cursor += 1
        return edit

    def take(self, step: Step) -> None:
        """Do what a journalled step says."""
        if step.edit is not None:
            self.do(step.edit)
        elif step.kind is StepKind.UNDO:
            self.undo()
        else:
            self.redo()

    def replay(self, steps: Iterable[Step]) -> None:
        """Take all steps in order."""
        for step in steps:
            self.take(step)

    @property
    def undo_name(self) -> str | None:
        """What undo would take back ("Undo brush, slice 84"); None where there is nothing."""
        return f"Undo {_name(self.edits[self.cursor - 1])}" if self.cursor else None

    @property
    def redo_name(self) -> str | None:
        """What redo would do again; None where there is nothing."""
        return f"Redo {_name(self.edits[self.cursor])}" if self.cursor < len(self.edits) else None

    @property
    def names(self) -> tuple[str, ...]:
        """All edits by name, done and undone, oldest first."""
        return tuple(_name(edit) for edit in self.edits)


def _name(edit: MaskEdit) -> str:
    return f"{edit.label}, slice {edit.slice_index}"

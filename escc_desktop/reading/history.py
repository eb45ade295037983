"""Undo and redo: one list of edits, one cursor; and what the reader notes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, parse_json
from escc_desktop.imaging.mask import MaskEdit


class StepKind(IntEnum):
    """What a reader did; the number is what the journal holds."""

    EDIT = 1
    UNDO = 2
    REDO = 3
    NOTE = 4


@dataclass(frozen=True)
class Note:
    """Something the reader noted that is no voxel: the last one of a name holds, and undo leaves it alone.

    Attributes
    ----------
    name
        One of `NOTES`.
    value
        Of JSON's types; None forgets the note.
    """

    name: str
    value: object


@dataclass(frozen=True)
class Step:
    """One step of a reading, as it is journalled: an edit, an undo, a redo or a note."""

    kind: StepKind
    edit: MaskEdit | None = None
    note: Note | None = None

    def __post_init__(self) -> None:
        if (self.kind is StepKind.EDIT) != (self.edit is not None):
            raise ValueError("an edit step, and no other, carries an edit")
        if (self.kind is StepKind.NOTE) != (self.note is not None):
            raise ValueError("a note step, and no other, carries a note")

    def to_bytes(self) -> bytes:
        """Return the journal entry."""
        content = b""
        if self.edit is not None:
            content = self.edit.to_bytes()
        elif self.note is not None:
            content = canonical_json([self.note.name, self.note.value])
        return bytes([self.kind]) + content

    @classmethod
    def from_bytes(cls, data: bytes) -> Step:
        """Read a journal entry."""
        try:
            kind = StepKind(data[0])
            if kind is StepKind.NOTE:
                return cls(kind, note=_note_of(parse_json(data[1:], "The reading's journal")))
            return cls(kind, MaskEdit.from_bytes(data[1:]) if kind is StepKind.EDIT else None)
        except (IndexError, TypeError, ValueError) as error:
            raise EsccError("An entry of the reading's journal cannot be read.", "Restore the project.") from error


def _note_of(pair: object) -> Note:
    if not isinstance(pair, list):
        raise TypeError("a note is a name and a value")
    name, value = pair
    return Note(str(name), value)


class History:
    """The edits of one reading, the voxels they lead to, and its notes.

    Parameters
    ----------
    voxels
        Boolean (z, y, x) of the lesion; changed in place by every step.

    Attributes
    ----------
    cursor
        How many of `edits` are in the voxels; the rest can be redone.
    notes
        The last value of every note by its name.
    """

    def __init__(self, voxels: NDArray[np.bool_]) -> None:
        self.voxels = voxels
        self.edits: list[MaskEdit] = []
        self.cursor = 0
        self.notes: dict[str, object] = {}
        self._beside: dict[int, NDArray[np.bool_]] = {}

    @property
    def done(self) -> list[MaskEdit]:
        """The edits that are in the voxels, oldest first."""
        return self.edits[: self.cursor]

    def layer(self, number: int) -> NDArray[np.bool_]:
        """Return the voxels of a region: 0 is the lesion, others are drawn beside it. Not to be written to."""
        if number == 0:
            return self.voxels
        if number not in self._beside:
            # Zeros that nobody touches take no memory.
            self._beside[number] = np.zeros(self.voxels.shape, dtype=np.bool_)
        return self._beside[number]

    def tools_by_slice(self, layer: int = 0) -> Mapping[int, tuple[str, ...]]:
        """Return the labels of the edits that touched each slice (z) of a region, in order of first use."""
        found: dict[int, dict[str, None]] = {}
        for edit in self.done:
            if edit.layer == layer:
                for index in edit.slices:
                    found.setdefault(index, {})[edit.label] = None
        return {index: tuple(found[index]) for index in sorted(found)}

    def do(self, edit: MaskEdit) -> None:
        """Apply a new edit; what had been undone is gone."""
        edit.apply(self.layer(edit.layer))
        del self.edits[self.cursor :]
        self.edits.append(edit)
        self.cursor += 1

    def undo(self) -> MaskEdit:
        """Take back the last edit and return it."""
        if not self.cursor:
            raise EsccError("There is nothing to undo.")
        self.cursor -= 1
        edit = self.edits[self.cursor]
        edit.apply(self.layer(edit.layer))
        return edit

    def redo(self) -> MaskEdit:
        """Apply the last undone edit again and return it."""
        if self.cursor == len(self.edits):
            raise EsccError("There is nothing to redo.")
        edit = self.edits[self.cursor]
        edit.apply(self.layer(edit.layer))
        self.cursor += 1
        return edit

    def take(self, step: Step) -> None:
        """Do what a journalled step says."""
        if step.edit is not None:
            self.do(step.edit)
        elif step.note is not None:
            self._note(step.note)
        elif step.kind is StepKind.UNDO:
            self.undo()
        else:
            self.redo()

    def replay(self, steps: Iterable[Step]) -> None:
        """Take all steps in order."""
        for step in steps:
            self.take(step)

    def _note(self, note: Note) -> None:
        self.notes.pop(note.name, None)
        if note.value is not None:
            self.notes[note.name] = note.value

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

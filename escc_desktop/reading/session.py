"""Readers, occasions, reading sessions and what they end in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import Mask
from escc_desktop.reading.lesion import LesionSite
from escc_desktop.reading.tools import is_assisted

NO_NOTES: Final = "{}"


class Reader(StrEnum):
    """The two radiologists of the agreement design."""

    A = "A"
    B = "B"


class Occasion(StrEnum):
    """Whether a reader sees the lesion for the first time or again."""

    FIRST = "first"
    REPEAT = "repeat"


class SessionState(StrEnum):
    """A session is open until it is signed, and signed for ever."""

    OPEN = "open"
    SIGNED = "signed"


@dataclass(frozen=True)
class ReadingSession:
    """One reader, one lesion on one series, one occasion."""

    session_id: str
    patient_id: str
    lesion_id: str
    series_uid: str
    reader: Reader
    occasion: Occasion
    state: SessionState = SessionState.OPEN
    signed_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.state is SessionState.SIGNED) != (self.signed_at is not None):
            raise ValueError("a session has a time of signing exactly when it is signed")
        if self.signed_at is not None and self.signed_at.utcoffset() is None:
            raise ValueError("signed_at must carry its time zone")

    @property
    def is_signed(self) -> bool:
        """Whether the session is final."""
        return self.state is SessionState.SIGNED

    def sign(self, at: datetime) -> ReadingSession:
        """Return the signed session; a signed session cannot be signed again."""
        if self.is_signed:
            raise EsccError(f"Reading {self.session_id} is already signed.", "A signed reading is final.")
        return replace(self, state=SessionState.SIGNED, signed_at=at)


@dataclass(frozen=True)
class Signature:
    """Who signed a reading, when and as what, bound to its content.

    Attributes
    ----------
    content
        Digests of all that was signed: mask, volume, edits, params; and the version of the program.
    value
        Ed25519 signature (hex) over the canonical JSON of all other fields.
    """

    account_id: str
    name: str
    at: datetime
    meaning: str
    content: tuple[tuple[str, str], ...]
    value: str = ""

    def statement(self) -> dict[str, object]:
        """Return what is signed, for `files.canonical_json`."""
        return {
            "account_id": self.account_id,
            "at": self.at.isoformat(),
            "content": dict(self.content),
            "meaning": self.meaning,
            "name": self.name,
        }


@dataclass(frozen=True, eq=False)
class Roi:
    """The mask one reader drew of one lesion, with its origin.

    Attributes
    ----------
    volume_digest
        Digest of the volume it was drawn on.
    tools
        Labels of the edits it is the fold of, in order of first use.
    slice_tools
        For each slice (z) that an edit touched, the labels of those edits; empty in readings signed by programs
        that did not keep it.
    notes
        What the reader noted beside the voxels (`reading.tools.NOTES`), as canonical JSON.
    """

    mask: Mask
    patient_id: str
    lesion_id: str
    site: LesionSite
    reader: Reader
    occasion: Occasion
    session_id: str
    series_uid: str
    volume_digest: str
    tools: tuple[str, ...] = ()
    slice_tools: tuple[tuple[int, tuple[str, ...]], ...] = ()
    notes: str = NO_NOTES
    signature: Signature | None = None

    @property
    def assisted_slices(self) -> tuple[int, ...]:
        """The slices (z) that an assisted tool touched."""
        return tuple(index for index, labels in self.slice_tools if any(map(is_assisted, labels)))

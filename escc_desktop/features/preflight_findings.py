"""What a look at an image and a region can find, in sentences: what, where, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from escc_desktop.imaging.volume import Geometry


class Severity(StrEnum):
    """What a finding asks for: a note is kept on record only."""

    REFUSE = "refuse"
    ASK = "ask"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing to know about an image and a region before features are computed.

    Attributes
    ----------
    message
        What it is and where.
    hint
        What to do about it.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def refusal(code: str, message: str, hint: str) -> Finding:
    """Return a finding without which no valid value is possible."""
    return Finding(code, Severity.REFUSE, message, hint)


def warning(code: str, message: str, hint: str) -> Finding:
    """Return a finding that is odd but can be computed."""
    return Finding(code, Severity.WARN, message, hint)


@dataclass(frozen=True)
class Place:
    """A voxel of a grid.

    Attributes
    ----------
    index_xyz
        Column, row and slice, counted from 0.
    position_mm
        x, y, z of its centre (LPS).
    """

    index_xyz: tuple[int, int, int]
    position_mm: tuple[float, float, float]

    @classmethod
    def at(cls, geometry: Geometry, position: int) -> Place:
        """Return the voxel at a position in C order of the (z, y, x) array."""
        z, y, x = (int(index) for index in np.unravel_index(position, geometry.shape))
        mm = geometry.to_mm(np.array([[x, y, z]]))[0]
        return cls((x, y, z), (float(mm[0]), float(mm[1]), float(mm[2])))

    def __str__(self) -> str:
        """Say where, counted from 1 as on screen."""
        x, y, z = (index + 1 for index in self.index_xyz)
        return f"column {x}, row {y}, slice {z} ({', '.join(f'{mm:.1f}' for mm in self.position_mm)} mm)"


# The two ends of each axis of the patient, x to the left, y to the back, z to the head.
_ENDS = (("right", "left"), ("front", "back"), ("lower", "upper"))
_PLANES = ("sagittal", "coronal", "axial")


def side_name(geometry: Geometry, axis: int, *, is_end: bool) -> str:
    """Return which side of the patient the first or last voxels along an index axis (0 for x) lie on."""
    along = geometry.axes[:, axis]
    nearest = int(np.abs(along).argmax())
    return _ENDS[nearest][int(is_end == (along[nearest] > 0))]


def plane_name(geometry: Geometry, axis: int) -> str:
    """Return the plane that lies across an index axis (0 for x)."""
    return _PLANES[int(np.abs(geometry.axes[:, axis]).argmax())]


def listed(words: Sequence[str]) -> str:
    """Return words as in a sentence: a, b and c."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)

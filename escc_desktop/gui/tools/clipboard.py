"""The contour that can be pasted on another slice."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.imaging.outlines import Vertex


@dataclass(frozen=True)
class Contour:
    """A contour that was copied.

    Attributes
    ----------
    plane, index
        The plane and the slice it comes from.
    loops
        Its loops of vertices (row, column).
    """

    plane: Plane
    index: int
    loops: tuple[tuple[Vertex, ...], ...]


@dataclass
class Clipboard:
    """Holds the contour copied or accepted last, for all tools of a bench."""

    contour: Contour | None = None

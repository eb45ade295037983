"""The picture of one slice: its HU and their colours, kept to be stretched to the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escc_desktop.gui.viewer._color import color


class Picture:
    """The colours (RGB32) of a slice in the orientation of the screen, of which any box can be made anew.

    Parameters
    ----------
    shape
        Rows and columns of the plane.
    down, right
        What row and column do down and to the right of the screen, +1 or -1.
    """

    def __init__(self, shape: tuple[int, int], down: int, right: int) -> None:
        self.shape = shape
        self.colors = np.zeros(shape, dtype=np.uint32)
        self._upright = self.colors[::down, ::right]
        self._hu: NDArray[np.int16] | None = None

    def take_voxels(self, hu: NDArray[np.int16]) -> None:
        """Take the HU of a slice, not copied."""
        self._hu = hu

    def color(self, table: NDArray[np.uint32], rows: slice, columns: slice) -> None:
        """Make the colours of a box anew, by a table of all HU (`lut.fused_table`)."""
        if self._hu is not None:
            color(self._hu[rows, columns], table, self._upright[rows, columns])

    def tint(self, table: NDArray[np.uint32], mask: NDArray[np.bool_], rows: slice, columns: slice) -> None:
        """Make those colours of a box anew whose voxels are in a mask of the slice."""
        if self._hu is not None:
            color(self._hu[rows, columns], table, self._upright[rows, columns], mask[rows, columns])

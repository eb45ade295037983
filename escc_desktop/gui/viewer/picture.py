"""The picture of one slice: HU and labels, and their colours, kept to be stretched to the screen."""

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
        self._labels = np.zeros(shape, dtype=np.uint8)

    def take_voxels(self, hu: NDArray[np.int16]) -> None:
        """Take the HU of a slice, not copied."""
        self._hu = hu

    def clear_labels(self, rows: slice, columns: slice) -> None:
        """Take all labels from a box."""
        self._labels[rows, columns] = 0

    def take_labels(self, mask: NDArray[np.bool_], rows: slice, columns: slice, label: int) -> None:
        """Give a label to the voxels of a box of the slice; it replaces an earlier one."""
        np.copyto(self._labels[rows, columns], np.uint8(label), where=mask[rows, columns])

    def color(self, table: NDArray[np.uint32], rows: slice, columns: slice) -> None:
        """Make the colours of a box anew."""
        if self._hu is not None:
            box = rows, columns
            color(self._hu[box], self._labels[box], table, self._upright[box])

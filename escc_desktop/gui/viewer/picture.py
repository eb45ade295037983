"""The picture of one slice: HU and label fused to codes, codes to colours, kept to be stretched to the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escc_desktop.gui.viewer.lut import CODES, LABEL_SHIFT


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
        self._codes = np.zeros(shape, dtype=np.intp)
        self.colors = np.zeros(shape, dtype=np.uint32)
        self._down, self._right = down, right
        self._n_labels = 0

    def take_voxels(self, hu: NDArray[np.int16], rows: slice, columns: slice) -> None:
        """Take the HU of a box of the slice; it holds no label then."""
        self._codes[:: self._down, :: self._right][rows, columns] = hu.view(np.uint16)[rows, columns]
        self._n_labels = 0

    def take_labels(self, mask: NDArray[np.bool_], rows: slice, columns: slice, *, label: int = 1) -> None:
        """Give a label to the voxels of a box of the slice whose HU were just taken; it replaces an earlier one."""
        codes = self._codes[:: self._down, :: self._right][rows, columns]
        inside = mask[rows, columns]
        if label == 1 and self._n_labels == 0:
            codes += inside.astype(np.intp) << LABEL_SHIFT
        else:
            np.copyto(codes, (codes & (CODES - 1)) | (label << LABEL_SHIFT), where=inside)
        self._n_labels += 1

    def color(self, table: NDArray[np.uint32], rows: slice, columns: slice) -> None:
        """Make the colours of a box anew."""
        y, x = self._on_screen(rows, 0, self._down), self._on_screen(columns, 1, self._right)
        table.take(self._codes[y, x], out=self.colors[y, x], mode="wrap")

    def _on_screen(self, part: slice, axis: int, sign: int) -> slice:
        length = self._codes.shape[axis]
        return part if sign > 0 else slice(length - part.stop, length - part.start)

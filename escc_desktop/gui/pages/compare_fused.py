"""Two CTs on one grid as one picture: one fading into the other, or both as a checkerboard."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes

_WHOLE: Final = 256


class FusedPlanes(VolumePlanes):
    """Two volumes on the grid of the first; HU under the cursor are those of the first.

    Attributes
    ----------
    share
        How much of the second is shown, 0 to 1.
    square_mm
        Side of the squares of a checkerboard; None fades.
    """

    def __init__(self, first: VolumePlanes, second: VolumePlanes) -> None:
        if first.geometry.difference(second.geometry) is not None:
            raise ValueError("two volumes that lie on two grids")
        # Its slices along x come from the two volumes: it needs no copy of its own.
        super().__init__(first.hu, np.empty((0, 0, 0), dtype=np.int16), first.geometry)
        self._first, self._second = first, second
        self._limits = (0, 0)
        self.share = 0.5
        self.square_mm: float | None = None
        self.take_look(Look())

    def take_look(self, look: Look) -> None:
        """Mix within another window: beyond it there is no more than black and white to be mixed."""
        self._limits = int(np.floor(look.level - look.width / 2)) - 1, int(np.ceil(look.level + look.width / 2)) + 1

    def image(self, plane: Plane, index: int) -> NDArray[np.int16]:
        """Return a slice (rows, columns) of both."""
        one, other = self._first.image(plane, index), self._second.image(plane, index)
        if self.square_mm is not None:
            return np.where(self._board(plane, one.shape, self.square_mm), other, one)
        weight = round(self.share * _WHOLE)
        if weight in {0, _WHOLE}:
            return other if weight else one
        low, high = (np.clip(part, *self._limits).astype(np.int32) for part in (one, other))
        mixed: NDArray[np.int16] = ((low * (_WHOLE - weight) + high * weight) // _WHOLE).astype(np.int16)
        return mixed

    def _board(self, plane: Plane, shape: tuple[int, ...], square_mm: float) -> NDArray[np.bool_]:
        axes, spacing = self.axes(plane), self.geometry.spacing_mm
        rows = (np.arange(shape[0]) * spacing[axes.row] // square_mm).astype(np.intp)
        columns = (np.arange(shape[1]) * spacing[axes.column] // square_mm).astype(np.intp)
        board: NDArray[np.bool_] = (rows[:, None] + columns[None]) % 2 == 1
        return board

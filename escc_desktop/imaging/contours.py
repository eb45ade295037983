"""Planar contours to masks and back.

A voxel is inside when its centre is; contours of one slice combine by exclusive or, so that a contour within another
is a hole. Centres that lie exactly on a contour belong to it on its low-index side only, as in scan conversion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import BoolArray, Mask
from escc_desktop.imaging.volume import Geometry

_PLANE_TOLERANCE: Final = 0.1  # of the distance between slices


def rasterise(contours: Sequence[NDArray[np.float64]], geometry: Geometry) -> Mask:
    """Return the mask of the voxels whose centres lie inside closed planar contours.

    Parameters
    ----------
    contours
        Arrays (n, 3) of LPS points in mm, each contour in one plane of the grid.
    geometry
        The grid of the volume.

    Raises
    ------
    EsccError
        A contour lies outside the grid, between its slices, or across them.
    """
    nz, ny, nx = geometry.shape
    flips = np.zeros((nz, ny, nx + 1), dtype=np.bool_)
    for number, points in enumerate(contours, start=1):
        if len(points) < 3:
            continue  # a point or a line encloses nothing
        indices = geometry.to_index(points)
        _flip(flips[_slice_of(indices, geometry, number)], indices[:, :2])
    inside: BoolArray = np.logical_xor.accumulate(flips, axis=2)[:, :, :nx]
    return Mask(np.ascontiguousarray(inside), geometry)


def _slice_of(indices: NDArray[np.float64], geometry: Geometry, number: int) -> int:
    (width, height, n_slices), heights = geometry.size, indices[:, 2]
    place = round(float(heights.mean()))
    if np.abs(heights - place).max() > _PLANE_TOLERANCE:
        raise EsccError(f"Contour {number} does not lie in a slice of the image.", "Use the series it was drawn on.")
    low, high = indices[:, :2].min(axis=0), indices[:, :2].max(axis=0)
    if not 0 <= place < n_slices or (high < -0.5).any() or low[0] > width - 0.5 or low[1] > height - 0.5:
        raise EsccError(f"Contour {number} lies outside the image.", "Use the series it was drawn on.")
    return place


def fill_polygon(corners: NDArray[np.float64], height: int, width: int) -> BoolArray:
    """Return which pixels (height, width) have their centres inside a closed polygon of corners (n, 2) as (x, y).

    Unlike contours that combine, one outline that crosses itself keeps what it goes round in either direction
    (non-zero rule): a hand that overshoots its beginning cuts no notch. Centres on the outline count as in `rasterise`.
    """
    turns = np.zeros((height, width + 1), dtype=np.int32)
    if len(corners) >= 3:
        rows, columns, directions = _crossings(corners, height, width)
        np.add.at(turns, (rows, columns), directions)
    inside: BoolArray = np.cumsum(turns, axis=1)[:, :width] != 0
    return inside


def _flip(plane: BoolArray, corners: NDArray[np.float64]) -> None:
    """Toggle, in each row, the first pixel right of every crossing of the outline with the row of pixel centres."""
    rows, columns, _ = _crossings(corners, plane.shape[0], plane.shape[1] - 1)
    np.logical_xor.at(plane, (rows, columns), True)


def _crossings(
    corners: NDArray[np.float64], ny: int, nx: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return, for each crossing of the outline with a row of pixel centres: row, first pixel right of it, direction."""
    start, end = corners, np.roll(corners, -1, axis=0)
    is_down = start[:, 1] <= end[:, 1]
    upper = np.where(is_down[:, None], start, end)
    lower = np.where(is_down[:, None], end, start)
    # Half-open: a row through a corner counts the one edge that begins there.
    first = np.clip(np.ceil(upper[:, 1]), 0, ny).astype(np.intp)
    last = np.clip(np.ceil(lower[:, 1]), 0, ny).astype(np.intp)
    counts = last - first
    edge = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    share = (rows - upper[edge, 1]) / (lower[edge, 1] - upper[edge, 1])
    crossings = upper[edge, 0] + share * (lower[edge, 0] - upper[edge, 0])
    columns = np.clip(np.ceil(crossings), 0, nx).astype(np.intp)
    return rows.astype(np.intp), columns, np.where(is_down, 1, -1).astype(np.intp)[edge]


def trace(mask: Mask) -> list[NDArray[np.float64]]:
    """Return the outlines of a mask along its voxel edges: closed contours (n, 3) in LPS mm, slice by slice.

    Outer outlines and holes are contours of their own; no corner lies on a voxel centre, so every reader that
    combines them by exclusive or gets the same mask back.
    """
    contours = []
    z, y, x = mask.bounding_box
    for place in range(z.start, z.stop):
        for loop in _loops(mask.voxels[place, y, x]):
            indices = np.column_stack([loop + np.array([x.start - 0.5, y.start - 0.5]), np.full(len(loop), place)])
            contours.append(mask.geometry.to_mm(indices))
    return contours


_Corner = tuple[int, int]


def _loops(plane: BoolArray) -> list[NDArray[Any]]:
    """Chain the pixel edges between inside and outside into closed loops of corners (x, y)."""
    ahead = _directed_edges(plane)
    loops = []
    while ahead:
        first = next(iter(ahead))
        loop, corner = [first], ahead[first].pop()
        while corner != first:
            loop.append(corner)
            corner = _next(ahead, loop[-2], corner)
        for visited in loop:
            if visited in ahead and not ahead[visited]:
                del ahead[visited]
        loops.append(_without_straight(np.array(loop)))
    return loops


def _directed_edges(plane: BoolArray) -> dict[_Corner, list[_Corner]]:
    """Map each corner to the corners its edges lead to, the inside always on the right hand."""
    padded = np.pad(plane, 1).astype(np.int8)
    ahead: dict[_Corner, list[_Corner]] = {}
    down = np.diff(padded, axis=0)  # 1: inside begins below this horizontal edge
    for row, column in np.argwhere(down[:, 1:-1]).tolist():
        ends = ((column, row), (column + 1, row))
        start, end = ends if down[row, column + 1] > 0 else ends[::-1]
        ahead.setdefault(start, []).append(end)
    right = np.diff(padded, axis=1)
    for row, column in np.argwhere(right[1:-1]).tolist():
        ends = ((column, row), (column, row + 1))
        end, start = ends if right[row + 1, column] > 0 else ends[::-1]
        ahead.setdefault(start, []).append(end)
    return ahead


def _next(ahead: dict[_Corner, list[_Corner]], before: _Corner, corner: _Corner) -> _Corner:
    """Leave a corner; where two pixels touch only there, turn so that each keeps its own loop."""
    ways = ahead[corner]
    if len(ways) == 1:
        return ways.pop()
    step = (corner[0] - before[0], corner[1] - before[1])
    turn = (corner[0] - step[1], corner[1] + step[0])
    way = turn if turn in ways else ways[0]
    ways.remove(way)
    return way


def _without_straight(loop: NDArray[Any]) -> NDArray[Any]:
    """Keep only the corners where the outline turns."""
    turns = (np.roll(loop, 1, axis=0) - loop) + (np.roll(loop, -1, axis=0) - loop)
    corners: NDArray[Any] = loop[turns.any(axis=1)]
    return corners

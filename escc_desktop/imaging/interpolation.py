"""What lies between drawn slices, from their signed distances: arrays in, slices out; no window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.mask import BoolArray
from escc_desktop.progress import Progress

_Box = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class _Pair:
    """What belongs together on two drawn slices, and how far it has moved from one to the other (rows, columns)."""

    first: BoolArray
    last: BoolArray
    move: tuple[int, int]


def interpolate(
    drawn: Mapping[int, BoolArray], spacing_mm: tuple[float, float], progress: Progress
) -> dict[int, BoolArray]:
    """Return the slices between drawn ones; drawn slices are not among them, nor those that would be empty.

    Parameters
    ----------
    drawn
        Boolean (rows, columns) by the index of its slice, none empty.
    spacing_mm
        Distance between voxel centres along rows and columns.
    """
    gaps = [(first, last) for first, last in pairwise(sorted(drawn)) if last - first > 1]
    boxes = {index: _box(drawn[index]) for gap in gaps for index in gap}
    found: dict[int, BoolArray] = {}
    for done, gap in enumerate(gaps):
        progress.advance(done, len(gaps))
        box = _union(boxes[gap[0]], boxes[gap[1]])
        for pair in _pairs(drawn[gap[0]][box], drawn[gap[1]][box], spacing_mm):
            for index, (inside, place) in _between(pair, gap, spacing_mm).items():
                plane = found.setdefault(index, np.zeros_like(drawn[gap[0]]))
                _add(plane, inside, _moved(place, (box[0].start, box[1].start)))
    return {index: plane for index, plane in found.items() if plane.any()}


def _pairs(first: BoolArray, last: BoolArray, spacing_mm: tuple[float, float]) -> list[_Pair]:
    """Return what belongs together: islands that overlap; of the rest, those that lie nearest to each other.

    What is one island here and several there is taken together, so that branches part and join.
    """
    (ones, n_ones), (others, n_others) = (ndimage.label(plane, np.ones((3, 3))) for plane in (first, last))
    if n_ones == n_others == 1:
        return [_Pair(first, last, _move(first, last))]
    links = set(zip(*(side[first & last].tolist() for side in (ones, others)), strict=True))
    links |= _nearest(ones, others, links, spacing_mm)
    pairs = []
    for group in _groups(links):
        here = {one for one, _other in group}
        there = {other for _one, other in group}
        one, other = np.isin(ones, list(here)), np.isin(others, list(there))
        move = _move(one, other) if len(here) == len(there) == 1 else (0, 0)
        pairs.append(_Pair(one, other, move))
    return pairs


def _nearest(
    ones: NDArray[Any], others: NDArray[Any], links: set[tuple[int, int]], spacing_mm: tuple[float, float]
) -> set[tuple[int, int]]:
    """Link islands that overlap nothing, nearest first, where they are no further apart than the larger is wide."""
    free_ones = sorted(set(range(1, int(ones.max()) + 1)) - {one for one, _other in links})
    free_others = sorted(set(range(1, int(others.max()) + 1)) - {other for _one, other in links})
    ways = []
    for one in free_ones:
        for other in free_others:
            a, b = ones == one, others == other
            way = (np.array(_centre(a)) - _centre(b)) * spacing_mm
            area = max(np.count_nonzero(a), np.count_nonzero(b)) * spacing_mm[0] * spacing_mm[1]
            distance = float(np.hypot(*way))
            if distance <= 2 * np.sqrt(area / np.pi):
                ways.append((distance, one, other))
    found: set[tuple[int, int]] = set()
    for _distance, one, other in sorted(ways):
        if one not in {a for a, _b in found} and other not in {b for _a, b in found}:
            found.add((one, other))
    return found


def _groups(links: set[tuple[int, int]]) -> list[set[tuple[int, int]]]:
    """Put links that share an island together."""
    groups: list[set[tuple[int, int]]] = []
    for link in sorted(links):
        shared = [group for group in groups if any(link[0] == a or link[1] == b for a, b in group)]
        groups = [group for group in groups if group not in shared]
        groups.append({link}.union(*shared))
    return groups


def _between(pair: _Pair, ends: tuple[int, int], spacing_mm: tuple[float, float]) -> dict[int, tuple[BoolArray, _Box]]:
    """Return what lies on the slices between two, and where: the sign of their distances' weighted mean.

    The two are laid over each other by their centres first: what runs obliquely through the slices would otherwise
    shrink between them, or vanish.
    """
    rows, columns = pair.move
    box = _union(_box(pair.first), _moved(_box(pair.last), (-rows, -columns)))
    start = _distance(_cut(pair.first, box), spacing_mm)
    end = _distance(_cut(pair.last, _moved(box, pair.move)), spacing_mm)
    slices = {}
    for index in range(ends[0] + 1, ends[1]):
        share = (index - ends[0]) / (ends[1] - ends[0])
        inside = start + np.float32(share) * (end - start) >= 0
        slices[index] = inside, _moved(box, (round(share * rows), round(share * columns)))
    return slices


def _distance(inside: BoolArray, spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    """Return how far in (positive) or out (negative) each voxel lies."""
    padded = np.pad(inside, 1)  # beyond the box nothing is drawn
    depth = ndimage.distance_transform_edt(padded, spacing_mm)
    height = ndimage.distance_transform_edt(~padded, spacing_mm)
    signed: NDArray[np.float32] = (depth - height)[1:-1, 1:-1].astype(np.float32)
    return signed


def _centre(inside: BoolArray) -> tuple[float, float]:
    rows, columns = np.nonzero(inside)
    return float(rows.mean()), float(columns.mean())


def _move(first: BoolArray, last: BoolArray) -> tuple[int, int]:
    (row, column), (to_row, to_column) = _centre(first), _centre(last)
    return round(to_row - row), round(to_column - column)


def _box(inside: BoolArray) -> _Box:
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _moved(box: _Box, by: tuple[int, int]) -> _Box:
    rows, columns = (slice(part.start + step, part.stop + step) for part, step in zip(box, by, strict=True))
    return rows, columns


def _union(one: _Box, other: _Box) -> _Box:
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def _cut(plane: BoolArray, box: _Box) -> BoolArray:
    """Return a box of a plane, empty where it goes beyond."""
    made = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), dtype=np.bool_)
    on_plane, in_box = _overlap(plane.shape, box)
    made[in_box] = plane[on_plane]
    return made


def _add(plane: BoolArray, inside: BoolArray, box: _Box) -> None:
    """Add a box to a plane, but for what goes beyond."""
    on_plane, in_box = _overlap(plane.shape, box)
    plane[on_plane] |= inside[in_box]


def _overlap(shape: tuple[int, ...], box: _Box) -> tuple[_Box, _Box]:
    on_plane, in_box = [], []
    for length, part in zip(shape, box, strict=True):
        low, high = max(part.start, 0), min(part.stop, length)
        on_plane.append(slice(low, max(high, low)))
        in_box.append(slice(low - part.start, max(high, low) - part.start))
    return (on_plane[0], on_plane[1]), (in_box[0], in_box[1])

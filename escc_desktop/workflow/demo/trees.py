"""Vessels of the lungs: trees grown towards scattered points."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.workflow.demo import _paint
from escc_desktop.workflow.demo.canvas import FloatArray, Lattice

LEAF_RADIUS_MM = 0.55
MURRAY = 2.6
PIECE_MM = 9.0
DETOUR = 0.45
SAG = 0.05
MOST_PIECES = 64


def grow_tree(
    lung: FloatArray, lattice: Lattice, roots: NDArray[np.float64], side: float, leaves: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the branches of a vessel tree as straight pieces (n, 2, 4) of x, y, z, radius (mm) at either end.

    Each leaf joins the tree where the way back to the root is short; radii follow Murray's law.

    Parameters
    ----------
    lung
        Distance to the lungs on the coarse lattice, negative inside.
    roots
        Rows of x, y, z at the hilum.
    side
        1 for the left lung, -1 for the right.
    """
    targets = _scatter(lung, lattice, side, leaves, rng)
    order = np.argsort(np.linalg.norm(targets[:, None] - roots[None], axis=2).min(axis=1))
    points = np.empty((len(roots) + leaves * MOST_PIECES, 3))
    parent = np.full(len(points), -1)
    way = np.zeros(len(points))
    points[: len(roots)] = roots
    sags = rng.standard_normal(targets.shape)
    ends = np.empty(len(targets), dtype=np.intp)
    rules = np.array([PIECE_MM, DETOUR, SAG])
    count = _paint.grow(points, parent, way, len(roots), targets[order], sags, rules, _sines(), ends)
    return _branches(points[:count], parent[:count], ends)


@cache
def _sines() -> NDArray[np.float64]:
    """Return sin(pi k / n) in row n, column k."""
    pieces = np.arange(MOST_PIECES)
    return np.asarray(np.sin(np.pi * (pieces[None, :] / np.maximum(pieces, 1)[:, None])))


def _scatter(
    lung: FloatArray, lattice: Lattice, side: float, leaves: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    low = np.array([lattice.x[0], lattice.y[0], lattice.z[0]])
    high = np.array([lattice.x[-1], lattice.y[-1], lattice.z[-1]])
    points = rng.uniform(low, high, size=(leaves * 40, 3))
    step = float(lattice.x[1] - lattice.x[0])
    index = ((points - low) / step)[:, ::-1].T
    depth = ndimage.map_coordinates(lung, index, order=1)
    inside = points[(depth < -4.0) & (points[:, 0] * side > 0)]
    return np.asarray(inside[:leaves])


def _branches(points: NDArray[np.float64], parent: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.float64]:
    loads = [0.0] * len(points)
    for node in ends.tolist():
        loads[node] = 1.0
    parents = parent.tolist()
    for node in range(len(points) - 1, -1, -1):
        if parents[node] >= 0:
            loads[parents[node]] += loads[node]
    radius = LEAF_RADIUS_MM * np.array(loads) ** (1.0 / MURRAY)
    children = np.flatnonzero(parent >= 0)
    starts = np.column_stack([points[parent[children]], radius[children]])
    return np.stack([starts, np.column_stack([points, radius])[children]], axis=1)

"""The counts behind the texture features: one pass over the grey levels of a region.

Pairs (GLCM), dependences (GLDM), runs (GLRLM), zones (GLSZM) and neighbourhood differences (NGTDM) as PyRadiomics
3.0.1 defines them, for distance 1, 26 neighbours and 13 directions. Only entries that are not zero are kept, so that
thousands of grey levels need no more memory than the region has neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features import _textures

Values = NDArray[np.float64]

TEXTURE_FAMILIES: Final = frozenset({"glcm", "gldm", "glrlm", "glszm", "ngtdm"})
# Where logarithms and divisors must not meet zero PyRadiomics adds it.
EPSILON: Final = float(np.spacing(1))
_BITS: Final = {"glcm": 1, "gldm": 2, "glrlm": 4, "glszm": 8, "ngtdm": 16}


@dataclass(frozen=True, eq=False)
class Entries:
    """The entries of a matrix that are not zero, direction by direction, row by row.

    Attributes
    ----------
    starts
        int64 (directions + 1,): those of direction a stand from ``starts[a]`` to ``starts[a + 1]``; directions
        without entries are left out.
    row
        int32, index of the grey level.
    column
        int32, rising in each row: index of the other grey level, or length, size or dependence from 1.
    count
        int32.
    """

    starts: NDArray[np.int64]
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    count: NDArray[np.int32]

    @classmethod
    def of(cls, parts: tuple[bytes, bytes, bytes, bytes]) -> Self:
        """Return the entries that `_textures.count` gave as bytes."""
        starts = np.unique(np.frombuffer(parts[0], np.int64))
        row, column, count = (np.frombuffer(part, np.int32) for part in parts[1:])
        return cls(starts, row, column, count)


@dataclass(frozen=True, eq=False)
class TextureCounts:
    """What the texture features of one region are computed from.

    Attributes
    ----------
    families
        Those counted; what belongs to others is empty.
    levels
        int32 (n,): the grey levels present, rising.
    voxels
        int64 (n,): voxels of each level.
    pairs, runs, zones, dependences
        Of GLCM (symmetric), GLRLM, GLSZM, GLDM.
    differences
        float64 (n,): sum over the voxels of a level of its distance from the mean of the neighbours, of NGTDM.
    """

    families: frozenset[str]
    levels: NDArray[np.int32]
    voxels: NDArray[np.int64]
    pairs: Entries
    runs: Entries
    zones: Entries
    dependences: Entries
    differences: Values


def count(levels_box: NDArray[np.int32], families: frozenset[str] = TEXTURE_FAMILIES) -> TextureCounts:
    """Count pairs, dependences, runs, zones and differences of grey levels.

    Parameters
    ----------
    levels_box
        int32 (z, y, x): grey levels from 1 inside the region, 0 outside.
    families
        Of ``glcm gldm glrlm glszm ngtdm``: what to count.

    Raises
    ------
    ValueError
        The box has no region, negative levels, more than 65,535 different ones, or another dtype or number of axes.
    """
    if levels_box.dtype != np.int32 or levels_box.ndim != 3:
        raise ValueError("levels must be int32 (z, y, x)")
    depth, height, width = levels_box.shape
    levels, bounds, pairs, runs, zones, dependences, differences = _textures.count(
        (depth, height, width), np.ascontiguousarray(levels_box), sum(_BITS[family] for family in families)
    )
    return TextureCounts(
        families,
        np.frombuffer(levels, np.int32),
        np.diff(np.frombuffer(bounds, np.intp)).astype(np.int64),
        Entries.of(pairs),
        Entries.of(runs),
        Entries.of(zones),
        Entries.of(dependences),
        np.frombuffer(differences, np.float64),
    )


def add_by_index(index: NDArray[np.integer], values: Values, n: int) -> Values:
    """Return n sums: of the values at each index, added one after the other."""
    sums: Values = np.bincount(index, values, n).astype(np.float64, copy=False)
    return sums

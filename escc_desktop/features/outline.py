"""Another outline of the same lesion: grown, shrunk, or drawn along supervoxels by chance."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import slic

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Spacing = tuple[float, float, float]

SUPERVOXEL_MM3: Final = 500.0
FEWEST_VOXELS: Final = 20
# So many supervoxels at least share a lesion: otherwise a small one is in or out as a whole.
LESION_PARTS: Final = 10
ALWAYS_IN: Final = 0.9
ALWAYS_OUT: Final = 0.2
_COMPACTNESS: Final = 0.05
_WIDE_SD: Final = 3.0


def resized(voxels: BoolArray, n_change: int, spacing_mm: Spacing, rng: np.random.Generator) -> BoolArray:
    """Return a mask with exactly so many voxels more, or less, along its whole surface.

    Voxels come and go by their distance (mm) to the surface; of equally distant ones chance takes some.

    Parameters
    ----------
    voxels
        (z, y, x) with enough room around the mask.
    n_change
        Voxels to add (positive) or to take away; no more than there are.
    spacing_mm
        Along x, y, z.
    """
    if n_change == 0:
        return voxels.copy()
    candidates = ~voxels if n_change > 0 else voxels
    place = np.flatnonzero(candidates)
    distance = ndimage.distance_transform_edt(candidates, spacing_mm[::-1]).ravel()[place]
    # Rounded, so that rounding errors do not decide between equally distant voxels.
    order = np.lexsort((rng.random(place.size), np.round(distance, 6)))
    changed = voxels.copy()
    changed.ravel()[place[order[: abs(n_change)]]] = n_change > 0
    return changed


def supervoxels(values: FloatArray, voxels: BoolArray, spacing_mm: Spacing) -> NDArray[np.int64]:
    """Divide an image into supervoxels (SLIC, Achanta 2012) of 500 mm3, smaller for a small lesion.

    Parameters
    ----------
    values, voxels
        HU and the lesion, (z, y, x); the contrast is that of the lesion, three standard deviations beyond its range.
    spacing_mm
        Along x, y, z.

    Returns
    -------
    ndarray
        Number of the supervoxel of each voxel, from 1.
    """
    inside = values[voxels]
    wide = _WIDE_SD * float(inside.std())
    low, high = float(inside.min()) - wide, float(inside.max()) + wide
    scaled = (np.clip(values, low, high) - low) / (high - low) if high > low else np.zeros(values.shape)
    voxel_mm3 = float(np.prod(spacing_mm))
    size = max(min(SUPERVOXEL_MM3 / voxel_mm3, inside.size / LESION_PARTS), FEWEST_VOXELS)
    found: NDArray[Any] = slic(
        scaled,
        n_segments=max(int(values.size / size), 1),
        compactness=_COMPACTNESS,
        sigma=min(spacing_mm),
        spacing=spacing_mm[::-1],
        start_label=1,
        channel_axis=None,
    )
    return found.astype(np.int64)


def redrawn(segments: NDArray[np.int64], voxels: BoolArray, rng: np.random.Generator) -> BoolArray:
    """Return a mask made of supervoxels, each taken with the probability of its share in the lesion.

    From nine tenths on a supervoxel is always in, below a fifth never; the one with the largest share is always in;
    gaps of one voxel are closed (Zwanenburg 2019).
    """
    size = np.bincount(segments.ravel())
    share = np.bincount(segments.ravel(), weights=voxels.ravel()) / np.maximum(size, 1)
    share[share.argmax()] = 1.0
    probability = np.where(share >= ALWAYS_IN, 1.0, np.where(share < ALWAYS_OUT, 0.0, share))
    taken = rng.random(probability.size) < probability
    chosen = taken[segments]
    closed: BoolArray = ndimage.binary_closing(np.pad(chosen, 1))[1:-1, 1:-1, 1:-1]
    return closed

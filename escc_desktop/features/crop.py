"""The part of an image that a short-reaching filter needs, cut out so that not a bit of its result changes."""

from __future__ import annotations

from typing import Final

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.imaging.mask import bounding_box

# Voxels: the coif1 wavelet reaches 3, gradient and LBP reach 1 (measured: one voxel less changes values).
MARGIN: Final = 4


def crop_around(image: sitk.Image, region: sitk.Image, mask: NDArray[np.bool_]) -> tuple[sitk.Image, sitk.Image]:
    """Cut image and region down to the mask's bounding box and `MARGIN` voxels around it.

    An axis on which this would reach the border stays whole, for there filters wrap or mirror; the others get an even
    size, so that the wavelet transform need not pad them.

    Parameters
    ----------
    mask
        (z, y, x) the region as an array; not empty.
    """
    box = bounding_box(mask)
    starts, sizes = [], []
    for axis, whole in zip(reversed(box), image.GetSize(), strict=True):
        start, end = axis.start - MARGIN, axis.stop + MARGIN
        end += (end - start) % 2
        is_inside = start >= 0 and end <= whole
        starts.append(start if is_inside else 0)
        sizes.append(end - start if is_inside else whole)
    return sitk.RegionOfInterest(image, sizes, starts), sitk.RegionOfInterest(region, sizes, starts)

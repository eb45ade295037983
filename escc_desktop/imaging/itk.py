"""The one way from volumes and masks to SimpleITK images and back."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume


def to_itk(grid: Volume | Mask) -> sitk.Image:
    """Return the volume (type kept) or the mask (uint8, 1 inside) as a SimpleITK image."""
    array = grid.hu if isinstance(grid, Volume) else grid.voxels.view(np.uint8)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(grid.geometry.spacing_mm)
    image.SetOrigin(grid.geometry.origin_mm)
    image.SetDirection(grid.geometry.direction)
    return image


def from_itk(image: sitk.Image) -> Volume:
    """Return a three-dimensional scalar SimpleITK image as a volume (type kept).

    Raises
    ------
    EsccError
        The image is no three-dimensional image of single numbers.
    """
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise EsccError("The image is not three-dimensional with one number a voxel.", "Export it as a single volume.")
    nx, ny, nz = image.GetSize()
    geometry = Geometry((nx, ny, nz), image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    return Volume(sitk.GetArrayFromImage(image), geometry)

"""The length of the gradient on a part of an image, with the values of the whole: ITK's, as in PyRadiomics 3.0.1."""

from __future__ import annotations

from typing import Any

import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Region


def gradient_magnitude(hu: NDArray[Any], spacing_mm: tuple[float, float, float], box: Region) -> NDArray[Any]:
    """Return the length of the gradient, HU per mm, from each voxel's two neighbours along each axis.

    Parameters
    ----------
    hu
        (z, y, x) the whole image; at its ends a voxel is its own neighbour.
    spacing_mm
        Along x, y, z.
    box
        Where the values are wanted; not empty.

    Returns
    -------
    NDArray
        float32, on the box.
    """
    wide = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)
    image = sitk.GetImageFromArray(hu[wide])
    image.SetSpacing(spacing_mm)
    gradient = sitk.GradientMagnitudeImageFilter()
    gradient.SetNumberOfWorkUnits(1)
    values: NDArray[Any] = sitk.GetArrayFromImage(gradient.Execute(image))
    starts = [part.start - around.start for part, around in zip(box, wide, strict=True)]
    return values[tuple(slice(start, start + part.stop - part.start) for start, part in zip(starts, box, strict=True))]

"""The length of the gradient on a part of an image, with the values of the whole: ITK's, as in PyRadiomics 3.0.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Region

# No more are filtered between two checks: some hundredths of a second.
_CHUNK_VOXELS: Final = 1_000_000


def gradient_magnitude(
    hu: NDArray[Any],
    spacing_mm: tuple[float, float, float],
    box: Region,
    progress_check: Callable[[], None],
) -> NDArray[np.float32]:
    """Return the length of the gradient, HU per mm, from each voxel's two neighbours along each axis.

    Parameters
    ----------
    hu
        (z, y, x) the whole image; at its ends a voxel is its own neighbour.
    spacing_mm
        Along x, y, z.
    box
        Where the values are wanted; not empty.
    progress_check
        Called every few hundredths of a second; may raise to stop.
    """
    depth, rows, columns = box
    result = np.empty([part.stop - part.start for part in box], dtype=np.float32)
    slices = max(1, _CHUNK_VOXELS // result[0].size)
    for start in range(depth.start, depth.stop, slices):
        progress_check()
        stop = min(start + slices, depth.stop)
        result[start - depth.start : stop - depth.start] = _gradient(
            hu, spacing_mm, (slice(start, stop), rows, columns)
        )
    return result


def _gradient(hu: NDArray[Any], spacing_mm: tuple[float, float, float], box: Region) -> NDArray[Any]:
    wide = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)
    image = sitk.GetImageFromArray(hu[wide])
    image.SetSpacing(spacing_mm)
    gradient = sitk.GradientMagnitudeImageFilter()
    gradient.SetNumberOfWorkUnits(1)
    values: NDArray[Any] = sitk.GetArrayFromImage(gradient.Execute(image))
    starts = [part.start - around.start for part, around in zip(box, wide, strict=True)]
    return values[tuple(slice(start, start + part.stop - part.start) for start, part in zip(starts, box, strict=True))]

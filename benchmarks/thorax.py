"""A synthetic chest CT with one lesion, the same for everybody who asks for it with the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray
from scipy import ndimage

SEED = 20261122
AIR, LUNG, SOFT, BONE, AORTA, LESION = -1000.0, -820.0, 45.0, 600.0, 300.0, 85.0


def _ellipsoid(
    grid: tuple[NDArray[np.float32], ...], centre: tuple[float, ...], half: tuple[float, ...]
) -> NDArray[np.bool_]:
    return sum(((axis - c) / h) ** 2 for axis, c, h in zip(grid, centre, half, strict=True)) <= 1.0


def thorax(
    size: tuple[int, int, int] = (512, 512, 300),
    spacing_mm: tuple[float, float, float] = (0.75, 0.75, 1.0),
    lesion_mm: float = 30.0,
    seed: int = SEED,
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Return HU and region, both (z, y, x).

    Body, lungs, aorta, spine and a ball of `lesion_mm` with texture of its own and air in its lumen, under noise
    that is correlated over a millimetre or so, as a soft kernel leaves it. The chest is 330 mm wide; smaller images
    show its middle.
    """
    rng = np.random.default_rng(seed)
    z, y, x = _axes(size, spacing_mm)
    hu = np.full(np.broadcast_shapes(z.shape, y.shape, x.shape), AIR, dtype=np.float32)
    tall = 1e4
    grid = (z, y, x)
    hu[_ellipsoid(grid, (0, 0, 0), (tall, 115, 165))] = SOFT
    for side in (-1, 1):
        hu[_ellipsoid(grid, (0, -10, side * 85), (tall, 80, 62))] = LUNG
    hu[_ellipsoid(grid, (0, 80, 0), (tall, 20, 20))] = BONE
    hu[_ellipsoid(grid, (0, 45, 22), (tall, 12, 12))] = AORTA
    lesion = lesion_ball(size, spacing_mm, lesion_mm) > 0
    hu[lesion] = LESION
    hu[_ellipsoid(grid, (0, 34, 2), (tall, 3, 5))] = AIR
    for part in np.array_split(np.arange(hu.shape[0]), max(hu.shape[0] // 32, 1)):
        noise = rng.standard_normal((part.size, *hu.shape[1:]), dtype=np.float32)
        hu[part[0] : part[-1] + 1] += 90 * ndimage.gaussian_filter(noise, 0.8)
    box = ndimage.find_objects(lesion.astype(np.int8))[0]
    texture = ndimage.gaussian_filter(rng.standard_normal(hu[box].shape, dtype=np.float32), 2.5)
    hu[box] += np.where(lesion[box], 400 * texture, 0)
    return np.clip(np.rint(hu), -1024, 1500).astype(np.int16), lesion.astype(np.uint8)


def lesion_ball(
    size: tuple[int, int, int], spacing_mm: tuple[float, float, float], lesion_mm: float
) -> NDArray[np.uint8]:
    """Return the region (z, y, x) of a lesion of another size at the same place."""
    return _ellipsoid(_axes(size, spacing_mm), (0, 30, -4), (lesion_mm / 2,) * 3).astype(np.uint8)


def _axes(size: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> tuple[NDArray[np.float32], ...]:
    centred = [(np.arange(n, dtype=np.float32) - n / 2) * step for n, step in zip(size, spacing_mm, strict=True)]
    return np.ix_(*reversed(centred))


def write(
    folder: Path,
    hu: NDArray[np.int16],
    region: NDArray[np.uint8],
    spacing_mm: tuple[float, float, float],
) -> tuple[Path, Path]:
    """Write image and mask as NIfTI without compression; return their paths."""
    paths = folder / "image.nii", folder / "mask.nii"
    for array, path in zip((hu, region), paths, strict=True):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing_mm)
        sitk.WriteImage(image, str(path), useCompression=False)
    return paths

"""Laying one CT of a patient over another: a rigid motion found by mutual information, and resampling by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.volume import IDENTITY, Geometry, Vector, Volume
from escc_desktop.progress import Cancelled, Progress

AIR_HU: Final = -1024
_COARSE_MM: Final = 8.0
_FINE_MM: Final = 2.5
_START_EVERY_MM: Final = 16.0
_LEAST_OVERLAP: Final = 0.4
_FOLLOWED: Final = 3
_ITERATIONS: Final = 100
_FIRST_STEP_MM: Final = 4.0
_LAST_STEP_MM: Final = 0.02
_BINS: Final = 32
_SAMPLED: Final = 0.3
_SEED: Final = 7
# Bone stays bright and air dark, so that neither metal nor the table's edge decides.
_WINDOW_HU: Final = (-200.0, 600.0)


@dataclass(frozen=True)
class RigidMotion:
    """How a point of one CT lies in another: turned, then moved.

    Attributes
    ----------
    rotation
        Nine numbers, row-major.
    shift_mm
        Added after turning.
    """

    rotation: tuple[float, ...] = IDENTITY
    shift_mm: Vector = (0.0, 0.0, 0.0)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The rotation as (3, 3)."""
        return np.array(self.rotation, dtype=np.float64).reshape(3, 3)

    @property
    def angle_deg(self) -> float:
        """By how much it turns, about whatever axis."""
        cosine = (np.trace(self.matrix) - 1) / 2
        return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))

    def apply(self, points_mm: NDArray[Any]) -> NDArray[np.float64]:
        """Return where (n, 3) points in mm lie in the other CT."""
        moved = np.asarray(points_mm, dtype=np.float64) @ self.matrix.T + np.array(self.shift_mm)
        return np.asarray(moved, dtype=np.float64)

    def shift_of(self, grid: Geometry) -> Vector:
        """Return by how much the middle of a grid is moved, mm: the shift alone depends on where the axes meet."""
        middle = grid.to_mm((np.array([grid.size]) - 1) / 2)
        x, y, z = (self.apply(middle) - middle)[0].tolist()
        return x, y, z

    def inverse(self) -> RigidMotion:
        """Return the motion back."""
        turned = self.matrix.T
        return _motion(turned, -turned @ np.array(self.shift_mm))


STILL: Final = RigidMotion()


def register(fixed: Volume, moving: Volume, progress: Progress) -> RigidMotion:
    """Find the rigid motion from points of one CT to those of another of the same patient.

    The scans may cover different lengths of the body: starts all along it are tried on coarse images, the best are
    followed, and the best of these to the end on finer ones.

    Raises
    ------
    EsccError
        The two have too little in common.
    Cancelled
        From `progress`.
    """
    progress.advance(0, 10, "coarse images")
    coarse = _coarsened(fixed, _COARSE_MM), _coarsened(moving, _COARSE_MM)
    progress.advance(1, 10, "looking for a start")
    judged = sorted(((_measure(coarse, start), start) for start in _starts(*coarse)), key=lambda one: one[0])
    found = []
    for number, (_value, start) in enumerate(judged[:_FOLLOWED]):
        found.append(_Search(coarse, progress.part(0.2 + 0.1 * number, 0.3 + 0.1 * number)).run(start))
    best = min(found, key=lambda one: one[1], default=(sitk.Transform(), np.inf))
    progress.advance(5, 10, "finer images")
    fine = _coarsened(fixed, _FINE_MM), _coarsened(moving, _FINE_MM)
    turned, value = _Search(fine, progress.part(0.6, 1)).run(best[0])
    if not np.isfinite(value):
        raise EsccError(
            "The two series cannot be laid over each other: they show too little of the same.",
            "Compare them side by side without a link.",
        )
    return _motion_of(turned)


def resample(moving: Volume, grid: Geometry, motion: RigidMotion, progress: Progress) -> Volume:
    """Return a CT on another's grid, trilinear; `motion` leads from points of the grid into the CT.

    What lies outside becomes air.
    """
    result = np.empty(grid.shape, dtype=np.int16)
    image = to_itk(moving)
    # In slabs, so that it can be stopped.
    depth = max(1, grid.shape[0] // 16)
    for first in range(0, grid.shape[0], depth):
        progress.advance(first, grid.shape[0], "second series")
        part = result[first : first + depth]
        corner = grid.to_mm(np.array([[0, 0, first]]))[0]
        part[:] = sitk.GetArrayFromImage(
            sitk.Resample(
                image,
                (grid.size[0], grid.size[1], len(part)),
                _transform(motion),
                sitk.sitkLinear,
                corner.tolist(),
                grid.spacing_mm,
                grid.direction,
                AIR_HU,
                sitk.sitkInt16,
            )
        )
    return Volume(result, grid)


class _Search:
    """A descent from one start; it can be stopped."""

    def __init__(self, images: tuple[sitk.Image, sitk.Image], progress: Progress) -> None:
        self._images, self._progress = images, progress
        self._stopped: Cancelled | None = None
        self._method = _method()
        self._method.SetOptimizerAsRegularStepGradientDescent(_FIRST_STEP_MM, _LAST_STEP_MM, _ITERATIONS)
        self._method.SetOptimizerScalesFromPhysicalShift()
        self._method.AddCommand(sitk.sitkIterationEvent, self._advance)

    def run(self, start: sitk.Transform) -> tuple[sitk.Transform, float]:
        """Return where it ends, and the measure there: less is better, infinite where nothing overlaps."""
        self._method.SetInitialTransform(start, inPlace=False)
        try:
            found, value = self._method.Execute(*self._images), float(self._method.GetMetricValue())
        except RuntimeError:  # ITK's word for: all samples lie outside
            found, value = start, np.inf
        if self._stopped is not None:
            raise self._stopped
        return found, value

    def _advance(self) -> None:
        # An exception must not run through ITK: it is kept, and the search told to end.
        try:
            self._progress.advance(self._method.GetOptimizerIteration(), _ITERATIONS, "registering")
        except Cancelled as stopped:
            self._stopped = stopped
            self._method.StopRegistration()


def _method() -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(_SAMPLED, _SEED)
    method.SetInterpolator(sitk.sitkLinear)
    return method


def _measure(images: tuple[sitk.Image, sitk.Image], start: sitk.Transform) -> float:
    method = _method()
    method.SetInitialTransform(start)
    try:
        return float(method.MetricEvaluate(*images))
    except RuntimeError:
        return np.inf


def _coarsened(volume: Volume, spacing_mm: float) -> sitk.Image:
    """Return a CT with limited HU, averaged to voxels of about this size."""
    limited = sitk.Clamp(to_itk(volume), sitk.sitkFloat32, *_WINDOW_HU)
    grid = volume.geometry
    factors = [min(n, max(1, round(spacing_mm / own))) for n, own in zip(grid.size, grid.spacing_mm, strict=True)]
    return sitk.BinShrink(limited, factors)


def _starts(fixed: sitk.Image, moving: sitk.Image) -> Iterator[sitk.Transform]:
    """Return motions to begin with: none, and the bodies' middles over each other in many places along them."""
    (fixed_middle, fixed_ends), (moving_middle, moving_ends) = _body(fixed), _body(moving)
    turning = sitk.Euler3DTransform()
    turning.SetCenter(fixed_middle.tolist())
    yield sitk.Euler3DTransform(turning)
    across = moving_middle - fixed_middle
    overlap = _LEAST_OVERLAP * min(fixed_ends[1] - fixed_ends[0], moving_ends[1] - moving_ends[0])
    first, last = moving_ends[0] - fixed_ends[1] + overlap, moving_ends[1] - fixed_ends[0] - overlap
    for along in np.linspace(first, last, 1 + int((last - first) / _START_EVERY_MM)):
        turning.SetTranslation((float(across[0]), float(across[1]), float(along)))
        yield sitk.Euler3DTransform(turning)


def _body(image: sitk.Image) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Return the middle of what is no air, and the least and largest z of the scan; mm."""
    inside = np.argwhere(sitk.GetArrayViewFromImage(image) > _WINDOW_HU[0] + 1)[:, ::-1]
    if not len(inside):
        raise EsccError("One of the series shows nothing but air.", "Choose another series.")
    size = np.array(image.GetSize())
    corners = [
        image.TransformIndexToPhysicalPoint([int(n) for n in (size - 1) * side])[2] for side in np.ndindex(2, 2, 2)
    ]
    middle = np.array(image.TransformContinuousIndexToPhysicalPoint(inside.mean(axis=0).tolist()))
    return middle, (min(corners), max(corners))


def _transform(motion: RigidMotion) -> sitk.Transform:
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(motion.rotation)
    transform.SetTranslation(motion.shift_mm)
    return transform


def _motion_of(transform: sitk.Transform) -> RigidMotion:
    """Return a motion by where it takes the origin and the three axes."""
    zero = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    ends = [np.array(transform.TransformPoint(row)) for row in np.eye(3).tolist()]
    return _motion(np.array(ends).T - zero[:, None], zero)


def _motion(rotation: NDArray[np.float64], shift: NDArray[np.float64]) -> RigidMotion:
    x, y, z = (float(number) for number in shift)
    return RigidMotion(tuple(float(number) for number in rotation.ravel()), (x, y, z))

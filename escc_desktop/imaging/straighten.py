"""A tube laid straight: a spline through clicked points, the picture along it, the thickness of its wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import CubicSpline

from escc_desktop.errors import EsccError
from escc_desktop.imaging.composition import AIR_FAT_BELOW_HU, VESSEL_ABOVE_HU
from escc_desktop.imaging.mask import BoolArray
from escc_desktop.imaging.volume import Geometry
from escc_desktop.progress import Progress

Floats = NDArray[np.float64]
STEP_MM: Final = 1.0
ACROSS_MM: Final = 80.0
PIXEL_MM: Final = 0.5
RAYS: Final = 72
RAY_STEP_MM: Final = 0.5
REACH_MM: Final = 30.0
# Halfway between air and tissue: where the border of a lumen lies however wide the blur.
LUMEN_BELOW_HU: Final = -475
OUTSIDE_HU: Final = -1024
_FINE_MM: Final = 0.1
_NEAR_MM: Final = 0.5
_STATIONS_A_STEP: Final = 32
_GAP: Final = 4
_BLUR_MM: Final = 3.0


@dataclass(frozen=True, eq=False)
class Centreline:
    """A smooth way from head to feet, with a frame that does not twist about it.

    Attributes
    ----------
    points_mm
        (n, 3) in LPS, `STEP_MM` apart along the way.
    side, back
        (n, 3) unit vectors across it: near the patient's left, and near his back.
    """

    points_mm: Floats
    side: Floats
    back: Floats

    @property
    def n_stations(self) -> int:
        """How many points it has."""
        return len(self.points_mm)

    @property
    def length_mm(self) -> float:
        """How long it is."""
        return (self.n_stations - 1) * STEP_MM

    def across(self, angle: Any) -> Floats:
        """Return the directions (n, 3) at an angle (radians) from the patient's left towards his back."""
        return np.asarray(np.cos(angle) * self.side + np.sin(angle) * self.back, dtype=np.float64)

    def nearest(self, point_mm: NDArray[Any]) -> int:
        """Return the station nearest to a point."""
        return int(np.argmin(np.linalg.norm(self.points_mm - point_mm, axis=1)))


def sort_clicks(points_mm: NDArray[Any]) -> Floats:
    """Return points (n, 3) from head to feet, those within half a millimetre of a slice's height once."""
    points = np.asarray(points_mm, dtype=np.float64).reshape(-1, 3)
    points = points[np.argsort(-points[:, 2], kind="stable")]
    is_apart = np.ones(len(points), dtype=np.bool_)
    is_apart[1:] = -np.diff(points[:, 2]) >= _NEAR_MM
    apart: Floats = points[is_apart]
    return apart


def centreline(clicks_mm: NDArray[Any]) -> Centreline:
    """Return the way through clicked points (n, 3) in LPS, in whatever order they were clicked.

    A natural cubic spline by length of chord; two points give a straight line.

    Raises
    ------
    EsccError
        Fewer than two points at different heights.
    """
    clicks = sort_clicks(clicks_mm)
    if len(clicks) < 2:
        raise EsccError(
            "A course needs points on at least two slices.", "Click the middle of the esophagus on another slice."
        )
    chords = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(clicks, axis=0), axis=1))])
    fine = np.linspace(0, chords[-1], int(np.ceil(chords[-1] / _FINE_MM)) + 2)
    way: Floats = CubicSpline(chords, clicks, bc_type="natural")(fine)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    stations = np.arange(0.0, lengths[-1], STEP_MM)
    if len(stations) < 2:
        stations = np.array([0.0, STEP_MM])
    points = np.column_stack([np.interp(stations, lengths, way[:, axis]) for axis in range(3)])
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = _untwisted(points, tangents)
    return Centreline(points, side, np.cross(side, tangents))


def _untwisted(points: Floats, tangents: Floats) -> Floats:
    """Return unit vectors across a curve that turn about it as little as can be (Wang 2008, double reflection)."""
    left = np.array([1.0, 0.0, 0.0]) if abs(tangents[0, 0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    vector = left - (left @ tangents[0]) * tangents[0]
    found = np.empty_like(points)
    found[0] = vector / np.linalg.norm(vector)
    for i in range(len(points) - 1):
        step = points[i + 1] - points[i]
        squared = float(step @ step)
        reflected = found[i] - 2 / squared * (step @ found[i]) * step
        tangent = tangents[i] - 2 / squared * (step @ tangents[i]) * step
        other = tangents[i + 1] - tangent
        length = float(other @ other)
        turned = reflected - 2 / length * (other @ reflected) * other if length > 0 else reflected
        found[i + 1] = turned / np.linalg.norm(turned)
    return found


@dataclass(frozen=True, eq=False)
class Straightened:
    """The picture in a plane that contains the centreline, laid straight.

    Attributes
    ----------
    hu
        (stations, pixels across), int16: `STEP_MM` and `PIXEL_MM` apart; the middle column is the centreline.
    region
        Which of them lie in the region.
    points_mm
        (stations, pixels across, 3): where they lie.
    """

    hu: NDArray[np.int16]
    region: BoolArray
    points_mm: Floats


def straighten(
    hu: NDArray[np.int16], region: BoolArray, geometry: Geometry, line: Centreline, angle: float
) -> Straightened:
    """Return the curved reformation along a centreline.

    Parameters
    ----------
    hu, region
        Arrays (z, y, x) on the grid.
    angle
        Of the plane about the centreline, in radians: 0 from the patient's right to his left, as a coronal slice;
        a quarter turn from front to back, as a sagittal one.
    """
    half = round(ACROSS_MM / 2 / PIXEL_MM)
    offsets = np.arange(-half, half + 1) * PIXEL_MM
    points = line.points_mm[:, None, :] + offsets[:, None] * line.across(angle)[:, None, :]
    values = _sample(hu, geometry, points)
    return Straightened(np.rint(values).astype(np.int16), _holds(region, geometry, points), points)


@dataclass(frozen=True, eq=False)
class WallMap:
    """How thick the wall is in every direction, station by station.

    Attributes
    ----------
    thickness_mm
        (stations, `RAYS`): NaN where no wall ends within `REACH_MM`. Ray 0 points to the patient's left, a quarter
        of them on to his back.
    lumen_mm
        (stations, `RAYS`): where the wall begins; 0 where there is no air at the centreline.
    is_outlined
        Per station: the wall ends at the region; elsewhere where the HU leave those of soft tissue.
    """

    thickness_mm: Floats
    lumen_mm: Floats
    is_outlined: BoolArray


def wall_map(
    hu: NDArray[np.int16], region: BoolArray, geometry: Geometry, line: Centreline, progress: Progress
) -> WallMap:
    """Measure the wall along rays from the centreline, across it."""
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    radii = np.arange(0, REACH_MM + RAY_STEP_MM / 2, RAY_STEP_MM)
    thickness, lumen = (np.empty((line.n_stations, RAYS)) for _ in range(2))
    is_outlined = np.zeros(line.n_stations, dtype=np.bool_)
    for start in range(0, line.n_stations, _STATIONS_A_STEP):
        progress.advance(start, line.n_stations)
        part = slice(start, start + _STATIONS_A_STEP)
        rays = (
            np.cos(angles)[None, :, None] * line.side[part, None, :]
            + np.sin(angles)[None, :, None] * line.back[part, None, :]
        )
        points = line.points_mm[part, None, None, :] + radii[:, None] * rays[:, :, None, :]
        values, inside = _sample(hu, geometry, points), _holds(region, geometry, points)
        is_outlined[part] = inside.any(axis=(1, 2))
        drawn, found = _outlined_wall(values, inside), _tissue_wall(values)
        for both, result in zip(zip(drawn, found, strict=True), (thickness, lumen), strict=True):
            result[part] = np.where(is_outlined[part, None], *both)
    progress.advance(line.n_stations, line.n_stations)
    return WallMap(thickness, lumen, is_outlined)


def _outlined_wall(values: Floats, inside: BoolArray) -> tuple[Floats, Floats]:
    """Return thickness and beginning of the wall on rays through a region: from its last air to its end.

    A ray counts as long as it goes through the region or the air of the lumen, but for gaps as wide as a blur.
    """
    is_air = values < LUMEN_BELOW_HU
    is_kept = ndimage.binary_closing(np.pad(inside | is_air, _GAP, "edge"), np.ones((1, 1, _GAP + 1)))
    is_kept = is_kept[_GAP:-_GAP, _GAP:-_GAP, _GAP:-_GAP]
    # The course need not run in the very middle of the lumen: it may lie in the blur at its edge.
    first = np.argmax(is_kept, axis=-1)
    is_kept |= (np.arange(is_kept.shape[-1]) < first[..., None]) & (first * RAY_STEP_MM <= _BLUR_MM)[..., None]
    is_wall = inside & ~is_air & np.logical_and.accumulate(is_kept, axis=-1)
    n = values.shape[-1]
    order = np.arange(n)
    ends = _last(is_wall) + 1
    air_until = _last(is_air & (order < ends[..., None]))
    begins = np.argmax(is_wall & (order > air_until[..., None]), axis=-1)
    # A border lies between two samples: halfway is where it is looked for.
    lumen = np.maximum(begins - 0.5, 0.0) * RAY_STEP_MM
    is_known = (ends > 0) & (ends < n)
    return np.where(is_known, (ends - 0.5) * RAY_STEP_MM - lumen, np.nan), np.where(is_known, lumen, 0.0)


def _last(found: BoolArray) -> NDArray[np.intp]:
    """Return the last index along the last axis where something holds; -1 where it never does."""
    n = found.shape[-1]
    return np.where(found.any(axis=-1), n - 1 - np.argmax(found[..., ::-1], axis=-1), -1)


def _tissue_wall(values: Floats) -> tuple[Floats, Floats]:
    """Return thickness and beginning of the soft tissue that follows the air at the centreline, if any."""
    n = values.shape[-1]
    begins = np.argmin(values < LUMEN_BELOW_HU, axis=-1)
    is_tissue = (values >= AIR_FAT_BELOW_HU) & (values <= VESSEL_ABOVE_HU)
    # Between air and tissue the blur passes the HU of fat: what counts is where tissue is reached.
    reached = is_tissue & (np.arange(n) >= begins[..., None])
    first = np.argmax(reached, axis=-1)
    left = ~is_tissue & (np.arange(n) > first[..., None])
    ends = np.argmax(left, axis=-1)
    lumen = np.where(begins > 0, _crossing(values, begins, LUMEN_BELOW_HU), 0.0)
    is_bright = np.take_along_axis(values, ends[..., None], -1)[..., 0] > VESSEL_ABOVE_HU
    limit = np.where(is_bright, VESSEL_ABOVE_HU, AIR_FAT_BELOW_HU)
    outer = _crossing(values, np.maximum(ends, 1), limit)
    is_known = reached.any(axis=-1) & left.any(axis=-1) & ((first - begins) * RAY_STEP_MM <= _BLUR_MM)
    return np.where(is_known, outer - lumen, np.nan), lumen


def _crossing(values: Floats, at: NDArray[np.intp], level: Any) -> Floats:
    """Return the radius at which rays cross a level just before a sample."""
    after = np.take_along_axis(values, at[..., None], -1)[..., 0]
    before = np.take_along_axis(values, np.maximum(at - 1, 0)[..., None], -1)[..., 0]
    span = after - before
    share = np.where(span != 0, (level - before) / np.where(span != 0, span, 1), 0.5)
    return np.asarray((at - 1 + np.clip(share, 0, 1)) * RAY_STEP_MM, dtype=np.float64)


def _indices(geometry: Geometry, points: Floats) -> Floats:
    """Return places (z, y, x), the axis first, of points (..., 3) in mm."""
    indices = geometry.to_index(points.reshape(-1, 3))[:, ::-1]
    return np.moveaxis(indices.reshape(points.shape), -1, 0)


def _sample(hu: NDArray[np.int16], geometry: Geometry, points: Floats) -> Floats:
    places = _indices(geometry, points)
    values: Floats = ndimage.map_coordinates(hu, places, output=np.float64, order=1, cval=OUTSIDE_HU)
    return values


def _holds(region: BoolArray, geometry: Geometry, points: Floats) -> BoolArray:
    """Return which points lie in a voxel of a region."""
    places = np.floor(_indices(geometry, points) + 0.5).astype(np.intp)
    is_in = np.ones(points.shape[:-1], dtype=np.bool_)
    for place, length in zip(places, region.shape, strict=True):
        is_in &= (place >= 0) & (place < length)
    clipped = [np.clip(place, 0, length - 1) for place, length in zip(places, region.shape, strict=True)]
    return np.asarray(is_in & region[tuple(clipped)], dtype=np.bool_)

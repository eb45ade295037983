"""Whether an image can be what it should be: a whole CT in HU, without metal or padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.preflight_findings import Finding, Place, listed, refusal, warning
from escc_desktop.imaging.volume import Volume

CT_LOWEST_HU: Final = -1024.0
CT_HIGHEST_HU: Final = 3071.0
# Cortical bone stays below; teeth, dense contrast and metal do not.
METAL_HU: Final = 2500.0
NO_AIR_ABOVE_HU: Final = -500.0
AIR_HU: Final = -1000.0
# Where the most frequent tissue of a body lies: fat at -100, muscle at 50.
TISSUE_PEAK_HU: Final = (-200.0, 200.0)
TISSUE_FROM_HU: Final = -300.0
LESION_HU: Final = (-200.0, 400.0)
# Stored values begin at 0 where the rescale intercept, -1024 on nearly all scanners, was left out.
SHIFT_HU: Final = 1024
# A CT of an adult's chest is wider and longer than this.
WHOLE_WIDTH_MM: Final = 250.0
WHOLE_LENGTH_MM: Final = 100.0
BODY_FROM_HU: Final = -500.0
# Share of tissue on the four sides of the slices; beside a whole body lies air.
CUT_SHARE: Final = 0.3
_PEAK_BIN_HU: Final = 10
_PEAK_SAMPLES: Final = 1_000_000
_SCALED: Final = "the square, square root, logarithm and exponential features"


@dataclass(frozen=True)
class Extreme:
    """The voxel with the largest absolute value: four filtered images are scaled by it."""

    hu: float
    place: Place

    @property
    def index_xyz(self) -> tuple[int, int, int]:
        """Its column, row and slice, counted from 0."""
        return self.place.index_xyz


@dataclass(frozen=True)
class Extent:
    """The range of an image's values."""

    lowest: float
    highest: float
    extreme: Extreme


def blocking_findings(volume: Volume) -> Iterator[Finding]:
    """Yield what makes every value of the image useless: voxels that are no numbers, no contrast."""
    lowest, highest = float(volume.hu.min()), float(volume.hu.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        n, first = _not_finite(volume.hu)
        yield refusal(
            "non_finite",
            f"{_voxels(n)} of the image {'is no number' if n == 1 else 'are no numbers'},"
            f" the first at {Place.at(volume.geometry, first)}.",
            "Export the image again, with air or padding as a number such as -1024.",
        )
    elif lowest == highest:
        yield refusal(
            "flat_image", f"The image has no contrast: every voxel is {lowest:g}.", "Export the CT images again."
        )


def _not_finite(hu: NDArray[Any]) -> tuple[int, int]:
    """Return how many voxels are no finite number and the position of the first, slice by slice."""
    n, first, size = 0, 0, hu[0].size
    for z, plane in enumerate(hu):
        positions = np.flatnonzero(~np.isfinite(plane))
        if positions.size and not n:
            first = z * size + int(positions[0])
        n += positions.size
    return n, first


def extent_of(volume: Volume) -> Extent:
    """Return the range of the values of an image without voxels that are no numbers."""
    lowest, highest = float(volume.hu.min()), float(volume.hu.max())
    hu = lowest if -lowest > highest else highest
    return Extent(lowest, highest, Extreme(hu, Place.at(volume.geometry, _first_of(volume.hu, hu))))


def _first_of(hu: NDArray[Any], value: float) -> int:
    """Return the position of a value that is there; numpy's argmax would take a copy of the image."""
    for z, plane in enumerate(hu):
        positions = np.flatnonzero(plane == value)
        if positions.size:
            return z * int(plane.size) + int(positions[0])
    raise ValueError(f"{value} is not in the image")


def image_findings(
    volume: Volume, extent: Extent, lesion_median: float, *, is_resampled: bool = False
) -> Iterator[Finding]:
    """Yield what is odd about an image that can be computed; resampling makes int16 of every type."""
    if not is_resampled:
        yield from _of_pixel_type(volume)
    yield from _of_scale(volume, extent, lesion_median)
    yield from _of_outliers(volume, extent)
    yield from _of_cut(volume)


def _of_pixel_type(volume: Volume) -> Iterator[Finding]:
    if np.issubdtype(volume.hu.dtype, np.floating):
        yield warning(
            "pixel_type",
            f"The image is stored as {volume.hu.dtype}: up to 119 features, mostly lbp-3D, differ by up to 39 % from"
            " those of the same HU as int16.",
            "Use int16 for every image of a study, as from DICOM.",
        )


def _of_scale(volume: Volume, extent: Extent, lesion_median: float) -> Iterator[Finding]:
    """Yield why the values may be no HU, the plainest reason only."""
    if extent.lowest > NO_AIR_ABOVE_HU:
        if LESION_HU[0] <= lesion_median - SHIFT_HU <= LESION_HU[1]:
            yield warning(
                "shifted",
                f"The values seem shifted by +{SHIFT_HU}: the lowest is {extent.lowest:g} (air is about {AIR_HU:g} HU),"
                f" the middle one of the lesion {lesion_median:g}.",
                "Export the image again with its rescale intercept applied.",
            )
            return
        yield warning(
            "no_air",
            f"There is no air in the image: the lowest value is {extent.lowest:g}, air is about {AIR_HU:g} HU.",
            "Check that the values are HU and that the image was not cut out of a larger one.",
        )
        return
    peak = _tissue_peak(volume.hu)
    if peak is not None and not TISSUE_PEAK_HU[0] <= peak <= TISSUE_PEAK_HU[1]:
        yield warning(
            "no_tissue_peak",
            f"Beside air and lung the most frequent value is about {peak:g}, where fat (-100) or muscle (50) should"
            " be: the values may be no HU.",
            "Check how the image was exported.",
        )


def _tissue_peak(hu: NDArray[Any]) -> float | None:
    """Return the most frequent value above that of lung, to 10 HU, from a sample of the voxels; None without any."""
    step = max(1, int((hu.size / _PEAK_SAMPLES) ** (1 / 3)))
    sample = hu[::step, ::step, ::step]
    tissue = sample[(sample > TISSUE_FROM_HU) & (sample < CT_HIGHEST_HU)]
    if not tissue.size:
        return None
    bins = np.floor(tissue.astype(np.float64) / _PEAK_BIN_HU).astype(np.int64)
    low = int(bins.min())
    return float((np.bincount(bins - low).argmax() + low + 0.5) * _PEAK_BIN_HU)


def _of_outliers(volume: Volume, extent: Extent) -> Iterator[Finding]:
    cases = (
        ("metal", extent.highest > METAL_HU, extent.highest, f"above {METAL_HU:g} HU, as metal is, up"),
        ("padding", extent.lowest < CT_LOWEST_HU, extent.lowest, f"below {CT_LOWEST_HU:g} HU, as padding is, down"),
    )
    for code, is_there, value, words in cases:
        if not is_there:
            continue
        n = _count_beyond(volume.hu, METAL_HU if code == "metal" else CT_LOWEST_HU, is_above=code == "metal")
        scales = f" The voxel at {extent.extreme.place} scales {_SCALED}." if value == extent.extreme.hu else ""
        yield warning(
            code,
            f"{_voxels(n)} of the scan {'lies' if n == 1 else 'lie'} {words} to {value:g}.{scales}",
            "See what a Rad-score is without it: escc preflight --card, or Try a contour on the patient's page.",
        )


def _count_beyond(hu: NDArray[Any], limit: float, *, is_above: bool) -> int:
    return sum(int(np.count_nonzero(plane > limit if is_above else plane < limit)) for plane in hu)


def _of_cut(volume: Volume) -> Iterator[Finding]:
    reasons = list(_signs_of_cut(volume))
    if reasons:
        yield warning(
            "cropped",
            f"The image seems cut out of a larger scan: {listed(reasons)}. Four filters are scaled by the largest"
            f" value of the whole scan, so {_SCALED} cannot be compared with those of whole scans.",
            "Use the whole series.",
        )


def _signs_of_cut(volume: Volume) -> Iterator[str]:
    geometry = volume.geometry
    extents = np.array(geometry.size) * np.array(geometry.spacing_mm)
    # Which of the three axes runs along the body, whatever the order of the slices.
    along = int(np.abs(geometry.axes[2]).argmax())
    length, widths = float(extents[along]), np.delete(extents, along)
    if widths.min() < WHOLE_WIDTH_MM:
        yield f"it is {widths[0]:.0f} x {widths[1]:.0f} mm wide (a chest needs {WHOLE_WIDTH_MM:g})"
    if length < WHOLE_LENGTH_MM:
        yield f"it covers {length:.0f} mm of the body's length"
    share = _tissue_at_sides(volume.hu, 2 - along)
    if share > CUT_SHARE:
        yield f"{100 * share:.0f} % of its sides is tissue, where air should lie around the body"


def _tissue_at_sides(hu: NDArray[Any], along: int) -> float:
    """Return the share of tissue on the four faces that run along an array axis."""
    faces = [np.take(hu, end, axis=axis) for axis in range(3) if axis != along for end in (0, -1)]
    tissue = sum(int(np.count_nonzero(face > BODY_FROM_HU)) for face in faces)
    return float(tissue / sum(face.size for face in faces))


def _voxels(n: int) -> str:
    return "1 voxel" if n == 1 else f"{n:,} voxels"

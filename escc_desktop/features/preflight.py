"""What would make the values wrong or the extraction endless, said before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.features.params import ExtractionParams
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

MIN_VOXELS: Final = 8
SMALL_VOXELS: Final = 64
MANY_LEVELS: Final = 512
AIR_HU: Final = -1000.0
CT_LOWEST_HU: Final = -1024.0
CT_HIGHEST_HU: Final = 3071.0
MIN_LOG_SLICES: Final = 4
# Three low passes of coif1 amplify by sqrt(2) each; measured on eight CTs: 2.6.
LOW_PASS_GAIN: Final = 2.0**1.5


class Severity(StrEnum):
    """What a finding asks for."""

    REFUSE = "refuse"
    ASK = "ask"
    WARN = "warn"


@dataclass(frozen=True)
class Finding:
    """One thing to know about an image and a region before features are computed."""

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True)
class Extreme:
    """The voxel with the largest absolute value: four filtered images are scaled by it.

    Attributes
    ----------
    hu
        Its value.
    index_xyz
        Column, row and slice, counted from 0.
    """

    hu: float
    index_xyz: tuple[int, int, int]


@dataclass(frozen=True)
class Preflight:
    """The findings, and the facts they rest on.

    Attributes
    ----------
    levels
        Predicted number of grey levels by image, for the images whose range follows from the voxels of the region.
    """

    findings: tuple[Finding, ...]
    extreme: Extreme | None
    levels: dict[str, int]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The messages to keep with the values."""
        return tuple(finding.message for finding in self.findings)

    def check(self, accept: frozenset[str] = frozenset()) -> None:
        """Refuse what must be refused.

        Parameters
        ----------
        accept
            Codes of findings that ask and were answered with yes.

        Raises
        ------
        FaultsError
            The input cannot give valid values, or a question was not answered.
        """
        refused = [f for f in self.findings if f.severity is Severity.REFUSE]
        asked = [f for f in self.findings if f.severity is Severity.ASK and f.code not in accept]
        if refused:
            raise _fault(refused, "Mend the image or the mask and try again.")
        if asked:
            codes = ", ".join(finding.code for finding in asked)
            raise _fault(asked, f"Accept it explicitly ({codes}) to go on.")


def _fault(findings: list[Finding], hint: str) -> EsccError:
    faults = [Fault(finding.code, finding.message) for finding in findings]
    return FaultsError(" ".join(finding.message for finding in findings), faults, hint)


def inspect(volume: Volume, mask: Mask, params: ExtractionParams) -> Preflight:
    """Look at an image and a region before features are computed.

    Findings that refuse come first; where the grids differ or the region is empty nothing else can be said.
    """
    blocking = tuple(_blocking(volume, mask, params))
    if blocking:
        return Preflight(blocking, None, {})
    extreme = _extreme(volume)
    inside = volume.hu[mask.voxels].astype(np.float64)
    levels = _levels(inside, abs(extreme.hu), params.bin_width_hu)
    findings = (*_of_range(volume, inside, params), *_of_levels(levels), *_of_scan(volume, extreme), *_of_region(mask))
    flat = (
        [Finding("flat_region", Severity.WARN, "The lesion has one single HU value: its texture is constant.")]
        if inside.min() == inside.max()
        else []
    )
    ordered = sorted((*findings, *flat), key=lambda finding: finding.severity is not Severity.REFUSE)
    return Preflight(tuple(ordered), extreme, levels)


def _blocking(volume: Volume, mask: Mask, params: ExtractionParams) -> Iterator[Finding]:
    difference = volume.geometry.difference(mask.geometry)
    if difference:
        yield _refuse("geometry", f"The mask lies on another grid than the image: {difference}.")
        return
    if mask.is_empty:
        yield _refuse("empty_mask", "The mask is empty: draw or load a lesion.")
        return
    if not np.issubdtype(volume.hu.dtype, np.integer):
        bad = np.argwhere(~np.isfinite(volume.hu))
        if bad.size:
            z, y, x = bad[0]
            place = f"the first at column {x}, row {y}, slice {z}"
            yield _refuse("non_finite", f"{len(bad)} voxels of the image are no numbers, {place}.")
            return
    if volume.hu.min() == volume.hu.max():
        yield _refuse("flat_image", f"The image has no contrast: every voxel is {float(volume.hu.flat[0]):g}.")
    yield from _too_small(volume, mask, params)


def _too_small(volume: Volume, mask: Mask, params: ExtractionParams) -> Iterator[Finding]:
    extents = [part.stop - part.start for part in mask.bounding_box]
    if mask.n_voxels < MIN_VOXELS or sum(extent > 1 for extent in extents) < 2:
        yield _refuse(
            "too_small",
            f"The lesion has {mask.n_voxels} voxels ({mask.volume_mm3:.3g} mm3); at least 2 x 2 x 2 are needed.",
        )
    if mask.n_voxels == mask.voxels.size:
        yield _refuse("whole_image", "The mask covers the whole image, so it delineates nothing.")
    sizes = np.array(volume.geometry.size)
    needed = np.maximum(np.ceil(params.log_sigma_mm[-1] / np.array(volume.geometry.spacing_mm)) + 1, MIN_LOG_SLICES)
    if (sizes < needed).any():
        yield _refuse(
            "image_too_small",
            f"The image has {_words(sizes)} voxels; the {params.log_sigma_mm[-1]:g} mm filter needs {_words(needed)}.",
        )


def _words(numbers: NDArray[Any]) -> str:
    return " x ".join(f"{number:.0f}" for number in numbers)


def _refuse(code: str, message: str) -> Finding:
    return Finding(code, Severity.REFUSE, message)


def _warn(code: str, message: str) -> Finding:
    return Finding(code, Severity.WARN, message)


def _extreme(volume: Volume) -> Extreme:
    low, high = int(volume.hu.argmin()), int(volume.hu.argmax())
    lowest, highest = float(volume.hu.flat[low]), float(volume.hu.flat[high])
    position, hu = (low, lowest) if -lowest > highest else (high, highest)
    z, y, x = np.unravel_index(position, volume.hu.shape)
    return Extreme(hu, (int(x), int(y), int(z)))


def _levels(inside: NDArray[np.float64], scale: float, bin_width_hu: float) -> dict[str, int]:
    """Return the number of bins between lowest and highest value, exact but for the wavelet."""
    ends = np.array([inside.min(), inside.max()])
    magnitude = np.abs(ends)
    images = {
        "original": ends,
        "wavelet-LLL": ends * LOW_PASS_GAIN,
        "squareroot": np.sign(ends) * np.sqrt(magnitude * scale),
        "logarithm": np.sign(ends) * np.log1p(magnitude) * scale / np.log1p(scale),
    }
    return {name: int(high // bin_width_hu - low // bin_width_hu) + 1 for name, (low, high) in images.items()}


def _of_range(volume: Volume, inside: NDArray[np.float64], params: ExtractionParams) -> Iterator[Finding]:
    if not np.issubdtype(volume.hu.dtype, np.integer):
        return
    limits = np.iinfo(volume.hu.dtype)
    margin = 2 * params.bin_width_hu
    if inside.max() > limits.max - margin or inside.min() < limits.min + (margin if limits.min < 0 else 0):
        yield _refuse(
            "metal_in_lesion",
            f"The lesion holds values from {inside.min():.0f} to {inside.max():.0f}, at the end of what"
            f" {volume.hu.dtype} can hold: metal or padding. Take it out of the mask.",
        )


def _of_levels(levels: dict[str, int]) -> Iterator[Finding]:
    name = max(levels, key=lambda image: levels[image])
    if levels[name] > MANY_LEVELS:
        yield Finding(
            "many_grey_levels",
            Severity.ASK,
            f"The image {name} would have about {levels[name]} grey levels (up to {MANY_LEVELS} is usual): metal or"
            " padding in the scan or a small bin width. It may take hours and much memory.",
        )


def _of_scan(volume: Volume, extreme: Extreme) -> Iterator[Finding]:
    lowest, highest = float(volume.hu.min()), float(volume.hu.max())
    if lowest >= 0:
        yield _warn("no_air", f"The lowest value is {lowest:g}: these seem no HU, where air is about {AIR_HU:g}.")
    if highest > CT_HIGHEST_HU or lowest < CT_LOWEST_HU:
        x, y, z = extreme.index_xyz
        yield _warn(
            "outlying_values",
            f"The scan runs from {lowest:g} to {highest:g} HU (usual: {CT_LOWEST_HU:g} to {CT_HIGHEST_HU:g}). The voxel"
            f" of {extreme.hu:g} at column {x}, row {y}, slice {z} scales the square, square root, logarithm and"
            " exponential features.",
        )


def _of_region(mask: Mask) -> Iterator[Finding]:
    if mask.n_voxels < SMALL_VOXELS:
        yield _warn("small", f"The lesion has only {mask.n_voxels} voxels ({mask.volume_mm3:.3g} mm3): unreliable.")
    if any(part.stop - part.start == 1 for part in mask.bounding_box):
        yield _warn("single_slice", "The lesion lies in one single slice: its shape in 3D says little.")
    pieces = _pieces(mask)
    if len(pieces) > 1:
        sizes = ", ".join(f"{size:.3g}" for size in pieces[:5])
        yield _warn("components", f"The lesion has {len(pieces)} separate pieces ({sizes} mm3): all are used together.")
    if _touches_border(mask):
        yield _warn("border", "The lesion touches the edge of the scan: it may be cut off, and wavelets wrap around.")


def _pieces(mask: Mask) -> list[float]:
    labels, count = ndimage.label(mask.voxels[mask.bounding_box], structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return sorted((float(size) * mask.geometry.voxel_volume_mm3 for size in sizes), reverse=True)


def _touches_border(mask: Mask) -> bool:
    ends = zip(mask.bounding_box, mask.voxels.shape, strict=True)
    return any(part.start == 0 or part.stop == length for part, length in ends)

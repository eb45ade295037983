"""Whether features of a region can be computed, and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight_findings import (
    Finding,
    Severity,
    listed,
    plane_name,
    refusal,
    side_name,
    warning,
)
from escc_desktop.features.preflight_image import CT_LOWEST_HU
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume

# With two voxels the robust mean absolute deviation is no number; with three all 1,874 values are finite.
MIN_VOXELS: Final = 3
BLOCK_VOXELS: Final = 8
SMALL_VOXELS: Final = 64
DENSE_HU: Final = 1500.0
MIN_LOG_SLICES: Final = 4
# Beyond, exp(-1.39 spacing / sigma) vanishes in double precision, and ITK's recursive Gaussian is no number.
MAX_SPACING_WIDTHS: Final = 500.0
_SHOWN_PIECES: Final = 5
_NEIGHBOURS: Final = np.ones((3, 3, 3), dtype=bool)


def grid_findings(volume: Geometry, mask: Geometry) -> Iterator[Finding]:
    """Yield how the grid of a mask differs from that of its image."""
    difference = volume.difference(mask)
    if difference:
        yield refusal(
            "geometry",
            f"The mask lies on another grid than the image: {difference}.",
            "Export the mask on the grid of this image.",
        )
    elif volume != mask:
        yield Finding(
            "geometry_rounding",
            Severity.NOTE,
            "The grids of mask and image differ by less than 0.001 mm; that of the image is used.",
        )


def blocking_findings(mask: Mask, params: ExtractionParams) -> Iterator[Finding]:
    """Yield why no value can be computed of this region."""
    if mask.is_empty:
        yield refusal("empty_mask", "The mask is empty.", "Draw or load a lesion.")
        return
    if mask.n_voxels == mask.voxels.size:
        yield refusal(
            "whole_image", "The mask covers the whole image, so it delineates nothing.", "Draw or load a lesion."
        )
    yield from size_findings(mask)
    if params.resampled_spacing_mm is None:
        yield from image_size_findings(mask.geometry, params)


def image_size_findings(geometry: Geometry, params: ExtractionParams) -> Iterator[Finding]:
    """Yield why a filter does not fit into an image."""
    sizes, spacing = np.array(geometry.size), np.array(geometry.spacing_mm)
    needed = np.maximum(np.ceil(params.log_sigma_mm[-1] / spacing) + 1, MIN_LOG_SLICES)
    if (sizes < needed).any():
        yield refusal(
            "image_too_small",
            f"The image has {_times(sizes)} voxels; the {params.log_sigma_mm[-1]:g} mm filter needs {_times(needed)}.",
            "Use the whole series.",
        )
    if spacing.max() > MAX_SPACING_WIDTHS * params.log_sigma_mm[0]:
        yield refusal(
            "voxels_too_large",
            f"The voxels measure {' x '.join(f'{each:g}' for each in spacing)} mm; the {params.log_sigma_mm[0]:g} mm"
            " filter cannot be computed on them.",
            "Check the spacing of the image: its unit may be another than mm.",
        )


def size_findings(mask: Mask) -> Iterator[Finding]:
    """Yield why a region that is not empty has too few voxels, or none that touch."""
    spread = sum(part.stop - part.start > 1 for part in mask.bounding_box)
    hint = f"Draw a larger lesion; below {SMALL_VOXELS} voxels features are unreliable."
    if mask.n_voxels < MIN_VOXELS or spread < 2:
        lying = " in one line" if mask.n_voxels >= MIN_VOXELS else ""
        yield refusal(
            "too_small",
            f"The lesion has {_voxels(mask)}{lying}; at least {MIN_VOXELS} that lie not in one line are needed.",
            hint,
        )
    elif not _has_neighbours(mask):
        yield refusal("scattered", f"No two of the lesion's {_voxels(mask)} touch: there is no texture.", hint)


def _has_neighbours(mask: Mask) -> bool:
    labels, pieces = ndimage.label(mask.voxels[mask.bounding_box], structure=_NEIGHBOURS)
    return bool(pieces < np.count_nonzero(labels))


def region_findings(volume: Volume, mask: Mask, inside: NDArray[np.float64]) -> Iterator[Finding]:
    """Yield what is odd about a region that can be computed.

    Parameters
    ----------
    inside
        (n,) the HU of its voxels in C order.
    """
    if mask.n_voxels < SMALL_VOXELS:
        yield warning(
            "small",
            f"The lesion has only {_voxels(mask)}: its features are unreliable.",
            "Check that it was outlined in every slice it is seen on.",
        )
    yield from _of_extent(mask)
    yield from _of_pieces(mask)
    yield from _of_values(volume, mask, inside)


def _of_extent(mask: Mask) -> Iterator[Finding]:
    geometry = mask.geometry
    axes = list(zip(range(3), reversed(mask.bounding_box), geometry.size, strict=True))
    flat = [plane_name(geometry, axis) for axis, part, _ in axes if part.stop - part.start == 1]
    if flat:
        yield warning(
            "single_slice",
            f"The lesion lies in one single {flat[0]} slice: its shape in 3D says little.",
            "Outline it in the neighbouring slices too, if it is seen there.",
        )
    touched = [
        side_name(geometry, axis, is_end=is_end)
        for axis, part, size in axes
        for is_end in (False, True)
        if (part.stop == size if is_end else part.start == 0)
    ]
    if touched:
        yield warning(
            "border",
            f"The lesion touches the {listed(touched)} edge of the image: it may be cut off, and wavelets wrap around"
            " to the opposite edge.",
            "Use the whole series.",
        )


def _of_pieces(mask: Mask) -> Iterator[Finding]:
    labels, count = ndimage.label(mask.voxels[mask.bounding_box], structure=_NEIGHBOURS)
    if count == 1:
        return
    sizes = np.sort(np.bincount(labels.ravel(), minlength=count + 1)[1:])[::-1] * mask.geometry.voxel_volume_mm3
    shown = ", ".join(f"{size:.3g}" for size in sizes[:_SHOWN_PIECES])
    more = ", …" if count > _SHOWN_PIECES else ""
    yield warning(
        "components",
        f"The lesion has {count} separate pieces ({shown}{more} mm3): all are used together.",
        "Delete stray pieces, or mark lesions that are apart as lesions of their own.",
    )


def _of_values(volume: Volume, mask: Mask, inside: NDArray[np.float64]) -> Iterator[Finding]:
    lowest, highest = inside.min(), inside.max()
    if lowest == highest:
        yield warning(
            "flat_region",
            f"The lesion has one single value, {lowest:g} HU: its texture is constant.",
            "Check that mask and image belong together.",
        )
    for code, is_there, words in (
        ("metal_in_lesion", highest > DENSE_HU, f"above {DENSE_HU:g} HU, as metal or dense calcium is, up"),
        ("padding_in_lesion", lowest < CT_LOWEST_HU, f"below {CT_LOWEST_HU:g} HU, as padding is, down"),
    ):
        if is_there:
            odd = inside > DENSE_HU if code == "metal_in_lesion" else inside < CT_LOWEST_HU
            value = highest if code == "metal_in_lesion" else lowest
            yield warning(
                code,
                f"{np.count_nonzero(odd):,} of the lesion's {mask.n_voxels:,} voxels lie {words} to {value:g}, in"
                f" slice {_slice_of(mask, odd)}.",
                "Take them out of the mask.",
            )


def _slice_of(mask: Mask, chosen: NDArray[np.bool_]) -> int:
    """Return the number (from 1) of the slice most of the chosen voxels of a mask lie in."""
    start: int = mask.bounding_box[0].start
    z = np.nonzero(mask.voxels[mask.bounding_box])[0][chosen]
    return int(np.bincount(z).argmax()) + start + 1


def _voxels(mask: Mask) -> str:
    return f"{mask.n_voxels} voxel{'s' if mask.n_voxels != 1 else ''} ({mask.volume_mm3:.3g} mm3)"


def _times(numbers: NDArray[Any]) -> str:
    return " x ".join(f"{number:.0f}" for number in numbers)

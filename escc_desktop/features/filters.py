"""The original image and the 19 filtered ones, on the box that is asked for and nowhere else.

Within the box each image is what PyRadiomics 3.0.1 (`radiomics.imageoperations`, BSD-3) gives there on the whole scan,
in its pixel type: bit by bit but for the Laplacian of Gaussian, of which one voxel in a million may differ by the last
place of float32, and lbp-3D.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.gradient import gradient_magnitude
from escc_desktop.features.intensity import INTENSITY
from escc_desktop.features.laplacian import laplacian_of_gaussian
from escc_desktop.features.lbp_2d import lbp_2d
from escc_desktop.features.lbp_3d import lbp_3d
from escc_desktop.features.names import log_filter
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.slabs import by_slabs
from escc_desktop.features.wavelet import wavelet_bands
from escc_desktop.imaging.mask import Region
from escc_desktop.imaging.volume import Volume

Images = Iterator[tuple[str, NDArray[Any]]]

_WAVELET: Final = "wavelet-"
_OWN: Final = -1.0


@dataclass(frozen=True, eq=False)
class Scan:
    """A volume with what four of the filters need to know of all of it.

    Attributes
    ----------
    volume
        HU.
    scale
        The largest absolute HU; another one may be given, to see what comes of it.
    """

    volume: Volume
    scale: float = _OWN

    def __post_init__(self) -> None:
        if self.scale != _OWN:
            return
        # Not of the absolute values: they would be a second volume, and that of int16's lowest is itself.
        lowest, highest = float(self.volume.hu.min()), float(self.volume.hu.max())
        object.__setattr__(self, "scale", max(-lowest, highest))


@dataclass(frozen=True)
class Group:
    """Images that are computed together, apart from the others.

    Attributes
    ----------
    name
        Such as ``lbp-3D``.
    images
        The names of those wanted.
    sigma_mm
        Width of the Gaussian; 0 where there is none.
    """

    name: str
    images: tuple[str, ...]
    sigma_mm: float = 0.0


def groups(params: ExtractionParams, names: Collection[str]) -> tuple[Group, ...]:
    """Return the jobs that give the images named, the longest first.

    Parameters
    ----------
    names
        Of images, such as ``wavelet-LLH``.
    """
    every = (
        Group("lbp-3D", _named("lbp-3D", params)),
        *(Group(f"log {sigma:g}", (log_filter(sigma),), sigma) for sigma in sorted(params.log_sigma_mm, reverse=True)),
        Group("wavelet", _named(_WAVELET, params)),
        Group("lbp-2D", ("lbp-2D",)),
        Group("intensity", ("original", *INTENSITY)),
        Group("gradient", ("gradient",)),
    )
    wanted = (replace(group, images=tuple(image for image in group.images if image in names)) for group in every)
    return tuple(group for group in wanted if group.images)


def _named(prefix: str, params: ExtractionParams) -> tuple[str, ...]:
    return tuple(image for image in params.filters if image.startswith(prefix))


def filtered(
    scan: Scan,
    box: Region,
    voxels: NDArray[np.bool_],
    params: ExtractionParams,
    group: Group,
    progress_check: Callable[[], None] = lambda: None,
) -> Images:
    """Give the images of a group on a box.

    Parameters
    ----------
    scan
        The whole scan; at least four voxels along each axis for the Laplacian of Gaussian.
    box
        Where the values are wanted; not empty.
    voxels
        (z, y, x) which voxels of the box: lbp-3D is worked out for these only and 0 elsewhere.
    params
        The settings of the filters.
    group
        From `groups`.
    progress_check
        Called often; may raise to stop.

    Yields
    ------
    tuple
        Name of an image, and its values on the box in the pixel type PyRadiomics gives it.
    """
    yield from _FILTERS[group.name.split()[0]](_Job(scan, box, voxels, params, group, progress_check))


@dataclass(frozen=True, eq=False)
class _Job:
    scan: Scan
    box: Region
    voxels: NDArray[np.bool_]
    params: ExtractionParams
    group: Group
    progress_check: Callable[[], None]

    @property
    def hu(self) -> NDArray[Any]:
        return self.scan.volume.hu


def _of_intensity(job: _Job) -> Images:
    for image in job.group.images:
        yield image, job.hu[job.box] if image == "original" else _intensity(job, INTENSITY[image])


def _intensity(job: _Job, function: Callable[[NDArray[np.float64], float], NDArray[np.float64]]) -> NDArray[Any]:
    def values(part: Region) -> NDArray[np.float64]:
        return function(job.hu[part].astype(np.float64, order="C"), job.scan.scale)

    return by_slabs(job.box, np.float64, values, job.progress_check)


def _of_wavelet(job: _Job) -> Images:
    bands = [image.removeprefix(_WAVELET) for image in job.group.images]
    for band, values in wavelet_bands(job.hu, job.box, job.params.wavelet, bands, job.progress_check):
        yield _WAVELET + band, values


def _of_log(job: _Job) -> Images:
    spacing, sigma = job.scan.volume.geometry.spacing_mm, job.group.sigma_mm
    yield job.group.images[0], laplacian_of_gaussian(job.hu, spacing, sigma, job.box, job.progress_check)


def _of_gradient(job: _Job) -> Images:
    spacing = job.scan.volume.geometry.spacing_mm
    values = partial(gradient_magnitude, job.hu, spacing)
    yield "gradient", by_slabs(job.box, np.float32, values, job.progress_check)


def _of_lbp_2d(job: _Job) -> Images:
    pattern = job.params.lbp_2d

    def values(part: Region) -> NDArray[Any]:
        return lbp_2d(job.hu, part, pattern.radius, pattern.samples)

    # PyRadiomics writes the patterns into a copy of the image, so they have its type.
    yield "lbp-2D", by_slabs(job.box, job.hu.dtype, values, job.progress_check)


def _of_lbp_3d(job: _Job) -> Images:
    images = lbp_3d(job.hu, job.box, job.voxels, job.progress_check)
    yield from ((image, images[image]) for image in job.group.images)


_FILTERS: Final[dict[str, Callable[[_Job], Images]]] = {
    "lbp-3D": _of_lbp_3d,
    "log": _of_log,
    "wavelet": _of_wavelet,
    "lbp-2D": _of_lbp_2d,
    "intensity": _of_intensity,
    "gradient": _of_gradient,
}

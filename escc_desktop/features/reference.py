"""PyRadiomics 3.0.1 itself as an engine: the only module that knows it.

PyRadiomics is driven image by image and family by family through its own functions, so that the values are its own
to the last bit while progress is real and a cancelled extraction ends at the next step. Filters that reach only a few
voxels get only that much of the image: the values stay the same to the last bit, time and memory do not.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import scipy.special
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import EsccError
from escc_desktop.features.crop import crop_around
from escc_desktop.features.discretise import discretise
from escc_desktop.features.engine import Computed, features_by_image, image_facts, shape_wanted
from escc_desktop.features.filters import Scan
from escc_desktop.features.names import FAMILIES
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.mask import Mask
from escc_desktop.progress import Progress

LIBRARIES: Final = ("pyradiomics", "numpy", "scipy", "SimpleITK", "PyWavelets", "scikit-image", "trimesh")
_IMAGE_TYPES: Final = (
    "Original",
    "LoG",
    "Wavelet",
    "Square",
    "SquareRoot",
    "Logarithm",
    "Exponential",
    "Gradient",
    "LBP2D",
    "LBP3D",
)
# What these filters give at a voxel depends on its near neighbours only.
_SHORT_REACHING: Final = ("Wavelet", "Gradient", "LBP2D")
_KNOWN_WARNINGS: Final = (
    ("Please import `map_coordinates` from", DeprecationWarning),
    ("`scipy.special.sph_harm` is deprecated", DeprecationWarning),
    ("Applying `local_binary_pattern` to floating-point", UserWarning),
    ("invalid value encountered", RuntimeWarning),
    ("divide by zero encountered", RuntimeWarning),
    ("Precision loss occurred in moment calculation", RuntimeWarning),
)
_INSTALL: Final = 'Install the optional part "reference": pyradiomics 3.0.1, PyWavelets, scikit-image, trimesh.'


class PyRadiomics:
    """The engine, ready to run.

    Raises
    ------
    EsccError
        PyRadiomics is not installed, or the scipy beside it would silently drop 279 features.
    """

    name: Final = "pyradiomics"

    def __init__(self) -> None:
        if not hasattr(scipy.special, "sph_harm"):
            raise EsccError(
                f"PyRadiomics cannot compute the 279 lbp-3D features with scipy {version('scipy')}.",
                "Install scipy below 1.17.",
            )
        try:
            # Optional, and slow to import.
            import skimage.feature  # noqa: PLC0415, F401
            import trimesh  # noqa: PLC0415, F401
            from radiomics import featureextractor, imageoperations  # noqa: PLC0415
        except ImportError as error:
            raise EsccError(f"PyRadiomics cannot be used: {error.name} is not installed.", _INSTALL) from None
        self._extractor = featureextractor.RadiomicsFeatureExtractor
        self._operations = imageoperations

    @property
    def version(self) -> str:
        """Version of PyRadiomics."""
        return version("pyradiomics")

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of the packages that decide the values."""
        return {name: version(name) for name in sorted(LIBRARIES)}

    def compute(
        self, scene: Scene, params: ExtractionParams, progress: Progress, only: frozenset[str] | None = None
    ) -> Computed:
        """Return the features named, or all of them, in PyRadiomics' order.

        Raises
        ------
        EsccError
            PyRadiomics gives up on this input, or cannot do what the settings ask for.
        Cancelled
            From `progress`.
        """
        if scene.first_edge_hu is not None:
            raise EsccError(
                f"PyRadiomics cannot start its grey levels at {scene.first_edge_hu:g} HU, as {params.name} asks.",
                "Use the engine fast for these settings.",
            )
        try:
            with _quiet():
                return self._compute(scene, params, progress, only)
        except (ValueError, IndexError, RuntimeError, ZeroDivisionError, AssertionError) as error:
            raise EsccError(
                "PyRadiomics gave up on this lesion.",
                "Look at image and mask: metal, padding or a region without contrast are the usual reasons.",
                detail=f"{type(error).__name__}: {error}",
            ) from error

    def _compute(
        self, scene: Scene, params: ExtractionParams, progress: Progress, only: frozenset[str] | None
    ) -> Computed:
        values: dict[str, float] = {}
        facts: dict[str, dict[str, Any]] = {}
        wanted = features_by_image(params, only)
        steps = 1 + len(params.filters) * len(FAMILIES)
        progress.advance(0, steps, "shape")
        settings = _settings(params)
        extractor = self._extractor(**settings)
        if shape_wanted(only):
            extractor.enabledFeatures = {"shape": []}
            shaped = self._source(to_itk(scene.volume), _region(scene.region), settings)
            values.update(_numbers(extractor.computeShape(shaped.image, shaped.region, shaped.box, **settings)))
        scale_hu = Scan(scene.volume).scale
        for done, (name, image, region, arguments) in enumerate(self._images(scene, settings)):
            families = {item.partition("_")[0] for item in wanted[name]}
            for step, family in enumerate(FAMILIES):
                progress.advance(1 + done * len(FAMILIES) + step, steps, f"{name}, {family}")
                if family in families:
                    extractor.enabledFeatures = {family: []}
                    values.update(_numbers(extractor.computeFeatures(image, region, name, **arguments)))
            inside = sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(region) == 1]
            levels = discretise(inside, params.bin_width_hu)
            facts[name] = image_facts(name, params, scale_hu, inside.dtype.name, levels)
        return Computed({key: value for key, value in values.items() if only is None or key in only}, facts)

    def _images(
        self, scene: Scene, settings: dict[str, Any]
    ) -> Iterator[tuple[str, sitk.Image, sitk.Image, dict[str, Any]]]:
        """Yield name, image and region of every filter, cropped to the region, and PyRadiomics' own arguments."""
        image, region = to_itk(scene.volume), _region(scene.inside)
        whole = self._source(image, region, settings)
        near = self._source(*crop_around(image, region, scene.inside.voxels), settings)
        for image_type in _IMAGE_TYPES:
            source = near if image_type in _SHORT_REACHING else whole
            make = getattr(self._operations, f"get{image_type}Image")
            for filtered, name, arguments in make(source.image, source.region, **settings):
                yield name, *self._operations.cropToTumorMask(filtered, source.region, source.box), arguments

    def _source(self, image: sitk.Image, region: sitk.Image, settings: dict[str, Any]) -> _Source:
        box, _ = self._operations.checkMask(image, region, **settings)
        return _Source(image, region, box)


@dataclass(frozen=True)
class _Source:
    """What a filter is given: an image, the region on its grid, the region's bounding box as PyRadiomics has it."""

    image: sitk.Image
    region: sitk.Image
    box: Any


def _region(mask: Mask) -> sitk.Image:
    return sitk.Cast(to_itk(mask), sitk.sitkUInt32)


def _numbers(values: dict[str, Any]) -> Iterator[tuple[str, float]]:
    # From numpy 2.5 on, eigenvalues are complex even where they are real, and with them GLCM's MCC.
    return ((name, float(np.real(value))) for name, value in values.items())


def _settings(params: ExtractionParams) -> dict[str, Any]:
    return {
        "additionalInfo": False,
        "label": 1,
        "binWidth": params.bin_width_hu,
        "sigma": params.log_sigma_mm,
        "wavelet": params.wavelet,
        "level": params.wavelet_level,
        "start_level": params.wavelet_start_level,
        "lbp2DRadius": params.lbp_2d.radius,
        "lbp2DSamples": params.lbp_2d.samples,
        "lbp2DMethod": params.lbp_2d.method,
        "lbp3DLevels": params.lbp_3d.levels,
        "lbp3DIcosphereRadius": params.lbp_3d.icosphere_radius,
        "lbp3DIcosphereSubdivision": params.lbp_3d.icosphere_subdivision,
        "normalize": params.normalize,
        "resampledPixelSpacing": params.resampled_spacing_mm,
        "force2D": params.force_2d,
        "distances": [params.neighbour_distance],
        "symmetricalGLCM": params.glcm_symmetrical,
        "weightingNorm": params.glcm_weighting,
        "gldm_a": params.gldm_alpha,
        "voxelArrayShift": params.voxel_array_shift,
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyRadiomics' log and the warnings it is known for to itself; what they mean is checked on the values."""
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            for message, category in _KNOWN_WARNINGS:
                warnings.filterwarnings("ignore", message, category)
            yield
    finally:
        logger.setLevel(level)

"""What computes the values of a scene, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from escc_desktop.features.discretise import Levels
from escc_desktop.features.names import FAMILIES, SHAPE, log_filter, parse_feature_name
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.scene import Scene
from escc_desktop.progress import Progress

DEFAULT_ENGINE: Final = "fast"
_SCALED: Final = ("square", "squareroot", "logarithm", "exponential")


@dataclass(frozen=True)
class Computed:
    """Values and the images they were taken from.

    Attributes
    ----------
    values
        By feature name, without phase.
    images
        By image name: filter settings, pixel type and discretisation (see `image_facts`); JSON types only.
    """

    values: Mapping[str, float]
    images: Mapping[str, Mapping[str, Any]]


class Engine(Protocol):
    """What computes the values."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version: another one may give other values."""

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of the packages that decide the values."""

    def compute(
        self, scene: Scene, params: ExtractionParams, progress: Progress, only: frozenset[str] | None = None
    ) -> Computed:
        """Return the features named, or all of them."""


def features_by_image(params: ExtractionParams, only: frozenset[str] | None) -> dict[str, frozenset[str]]:
    """Return what is wanted of each image, as ``family_feature``, shape left out; images with nothing wanted too.

    Parameters
    ----------
    only
        Names of features without phase; None for all.
    """
    if only is None:
        every = frozenset(f"{family}_{feature}" for family, features in FAMILIES.items() for feature in features)
        return dict.fromkeys(params.filters, every)
    parsed = [parse_feature_name(name) for name in only]
    return {
        image: frozenset(f"{name.family}_{name.feature}" for name in parsed if _is_of(image, name.filter, name.family))
        for image in params.filters
    }


def _is_of(image: str, other: str, family: str) -> bool:
    return image == other and family != "shape"


def shape_wanted(only: frozenset[str] | None) -> bool:
    """Return whether features of shape are among those wanted."""
    return only is None or any(f"original_shape_{feature}" in only for feature in SHAPE)


def image_facts(
    image: str, params: ExtractionParams, scale_hu: float, pixel_type: str, levels: Levels
) -> dict[str, Any]:
    """Return what the 93 values of an image rest on.

    Parameters
    ----------
    image
        Its name, such as ``wavelet-LLH``.
    scale_hu
        The largest absolute value of the whole scan, which four images are scaled by.
    pixel_type
        Of the filtered image.
    levels
        Its discretisation.
    """
    return {
        "settings": _filter_settings(image, params, scale_hu),
        "pixel_type": pixel_type,
        "bin_width": params.bin_width_hu,
        "first_edge": levels.first_edge if math.isfinite(levels.first_edge) else None,
        "grey_levels": levels.n_levels,
    }


def _filter_settings(image: str, params: ExtractionParams, scale_hu: float) -> dict[str, Any]:
    if image in _SCALED:
        return {"scale_hu": scale_hu}
    if image.startswith("wavelet"):
        return {"wavelet": params.wavelet, "level": params.wavelet_level}
    if image == "lbp-2D":
        return params.lbp_2d.model_dump()
    if image.startswith("lbp-3D"):
        return params.lbp_3d.model_dump()
    return next(({"sigma_mm": sigma} for sigma in params.log_sigma_mm if image == log_filter(sigma)), {})

"""What the Image Biomarker Standardisation Initiative (IBSI) published, and how our unfiltered values compare.

Sources: Zwanenburg et al., The Image Biomarker Standardization Initiative, Radiology 295 (2020) 328-338, reference
values of the digital phantom and of the CT phantom in configuration C with their tolerances; codes and definitions in
the IBSI reference manual, arXiv:1612.07003v11. The digital phantom (A. Zwanenburg, CC BY 4.0) is entered here as
numbers, from the manual's chapter on reference data.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np

from escc_desktop.features.engine import Engine
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.resample import prepare
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.resources import resource_path

SOURCE: Final = "IBSI reference values (Zwanenburg et al., Radiology 295 (2020) 328-338), codes of arXiv:1612.07003v11"
SPACING_MM: Final = 2.0
# [slice][row][column], and the six voxels (slice, row, column) that are not of the region.
GREY_LEVELS: Final = (
    ((1, 4, 4, 1, 1), (1, 4, 6, 1, 1), (4, 1, 6, 4, 1), (4, 4, 6, 4, 1)),
    ((1, 4, 4, 1, 1), (1, 1, 6, 1, 1), (1, 1, 3, 1, 1), (4, 4, 6, 1, 1)),
    ((1, 4, 4, 1, 1), (1, 1, 1, 1, 1), (1, 1, 9, 1, 1), (1, 1, 6, 1, 1)),
    ((1, 4, 4, 1, 1), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1, 1, 6, 1, 1)),
)
OUTSIDE: Final = ((1, 2, 0), (2, 0, 3), (2, 0, 4), (2, 2, 2), (3, 0, 3), (3, 0, 4))
# Filters need surroundings; the unfiltered values do not see them.
_RIM: Final = 4
_AXES: Final = frozenset({"original_shape_MinorAxisLength", "original_shape_LeastAxisLength"})
_KURTOSIS: Final = "original_firstorder_Kurtosis"
AXES_REASON: Final = (
    "PyRadiomics divides the covariance of the voxel positions by N, the reference values by N - 1: times"
    " sqrt(N / (N - 1)) it is the reference value. Seen on tiny lesions only."
)
KURTOSIS_REASON: Final = "PyRadiomics gives the fourth standardised moment, IBSI the excess over 3: 3 was subtracted."


class Phantom(StrEnum):
    """An image with published values."""

    DIGITAL = "digital phantom"
    CONFIGURATION_C = "CT phantom, configuration C"


@dataclass(frozen=True)
class Published:
    """A reference value and how far off a conforming one may be."""

    value: float
    tolerance: float

    @property
    def allowed(self) -> float:
        """The tolerance, or what rounding to the three published digits hides, if that is more."""
        digits = math.floor(math.log10(abs(self.value))) if self.value else 0
        return max(self.tolerance, 0.5 * 10.0 ** (digits - 2) * (1 + 1e-9))


@dataclass(frozen=True)
class Standard:
    """A feature of the unfiltered image and what IBSI says of it.

    Attributes
    ----------
    name
        Such as ``original_glcm_Idm``.
    code
        Its permanent code, such as ``WF0Z``; empty where IBSI has no such feature.
    published
        By phantom; empty where IBSI has no such feature.
    """

    name: str
    code: str
    published: Mapping[Phantom, Published]


@dataclass(frozen=True)
class Comparison:
    """One value beside the published one.

    Attributes
    ----------
    value
        Ours, in the unit of IBSI.
    is_match
        Whether it is within the tolerance.
    explained
        The value after the documented conversion, where one applies to a feature that does not match; None else.
    note
        Which difference of definition applies.
    """

    standard: Standard
    published: Published
    value: float
    is_match: bool
    explained: float | None = None
    note: str = ""

    @property
    def deviation(self) -> float:
        """How far the value, after a documented conversion, is off."""
        return abs((self.value if self.explained is None else self.explained) - self.published.value)

    @property
    def is_as_documented(self) -> bool:
        """Whether it matches, if need be after the documented conversion."""
        return self.deviation <= self.published.allowed


@cache
def standards() -> tuple[Standard, ...]:
    """Return the 107 features of shape and of the unfiltered image, 102 of them with published values."""
    with resource_path("extraction", "ibsi1.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(_standard(row) for row in csv.DictReader(stream))


def _standard(row: Mapping[str, str]) -> Standard:
    columns = {Phantom.DIGITAL: "digital", Phantom.CONFIGURATION_C: "ct_c"}
    published = {
        phantom: Published(float(row[f"{column}_value"]), float(row[f"{column}_tolerance"]))
        for phantom, column in columns.items()
        if row["ibsi_code"]
    }
    return Standard(row["feature"], row["ibsi_code"], published)


def compare(values: Mapping[str, float], phantom: Phantom, n_voxels: int) -> tuple[Comparison, ...]:
    """Compare values with the published ones.

    Parameters
    ----------
    values
        By feature name, all those that have a published value.
    phantom
        What they were measured on.
    n_voxels
        Voxels of the region.
    """
    rows = (each for each in standards() if each.published)
    return tuple(_comparison(each, each.published[phantom], values[each.name], n_voxels) for each in rows)


def _comparison(standard: Standard, published: Published, value: float, n_voxels: int) -> Comparison:
    if standard.name == _KURTOSIS:
        value -= 3
        return Comparison(standard, published, value, _is_near(value, published), note=KURTOSIS_REASON)
    if standard.name in _AXES and not _is_near(value, published):
        explained = value * math.sqrt(n_voxels / (n_voxels - 1))
        return Comparison(standard, published, value, False, explained, AXES_REASON)
    return Comparison(standard, published, value, _is_near(value, published))


def _is_near(value: float, published: Published) -> bool:
    return abs(value - published.value) <= published.allowed


def digital_phantom() -> Scene:
    """Return the digital phantom with a rim of zeros around it."""
    levels = np.array(GREY_LEVELS, dtype=np.int16)
    inside = np.ones(levels.shape, dtype=np.bool_)
    inside[tuple(np.transpose(OUTSIDE))] = False
    levels, inside = np.pad(levels, _RIM), np.pad(inside, _RIM)
    nz, ny, nx = levels.shape
    geometry = Geometry((nx, ny, nz), (SPACING_MM,) * 3, (0.0, 0.0, 0.0))
    return Scene.of(Volume(levels, geometry), Mask(inside, geometry))


def measure_digital_phantom(engine: Engine, progress: Progress) -> tuple[Comparison, ...]:
    """Compute the digital phantom's values, one grey level a bin, and compare them."""
    params = load_params("ct_arterial").model_dump() | {"name": "ibsi_digital", "bin_width_hu": 1.0}
    return _measure(digital_phantom(), ExtractionParams.model_validate(params), Phantom.DIGITAL, engine, progress)


def measure_configuration_c(volume: Volume, mask: Mask, engine: Engine, progress: Progress) -> tuple[Comparison, ...]:
    """Compute the CT phantom's values in configuration C and compare them.

    Parameters
    ----------
    volume, mask
        IBSI's CT phantom and its gross tumour volume.
    """
    params = load_params("ibsi_ct_c")
    return _measure(prepare(volume, mask, params), params, Phantom.CONFIGURATION_C, engine, progress)


def _measure(
    scene: Scene, params: ExtractionParams, phantom: Phantom, engine: Engine, progress: Progress
) -> tuple[Comparison, ...]:
    wanted = frozenset(each.name for each in standards() if each.published)
    values = engine.compute(scene, params, progress, wanted).values
    return compare(values, phantom, scene.region.n_voxels)


def n_matching(comparisons: Sequence[Comparison]) -> int:
    """Return how many values match as they are (kurtosis after the subtraction of 3)."""
    return sum(each.is_match for each in comparisons)

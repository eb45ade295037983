"""The names of the 1,874 features, in the one order every table and file uses.

The names are PyRadiomics' own (van Griethuysen et al. 2017): filter, family and feature joined by underscores,
``wavelet-LLH_glcm_Idm``. In tables of several phases a letter goes before: ``A_`` for arterial.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from escc_desktop.errors import EsccError

PHASE_PREFIX: Final = "A_"
PHASES: Final = ("A",)
LOG_SIGMA_MM: Final = (3.0, 5.0)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SHAPE: Final = _words(
    """
    Elongation Flatness LeastAxisLength MajorAxisLength Maximum2DDiameterColumn Maximum2DDiameterRow
    Maximum2DDiameterSlice Maximum3DDiameter MeshVolume MinorAxisLength Sphericity SurfaceArea SurfaceVolumeRatio
    VoxelVolume
    """
)
FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "firstorder": _words(
        """
        10Percentile 90Percentile Energy Entropy InterquartileRange Kurtosis Maximum MeanAbsoluteDeviation Mean Median
        Minimum Range RobustMeanAbsoluteDeviation RootMeanSquared Skewness TotalEnergy Uniformity Variance
        """
    ),
    "glcm": _words(
        """
        Autocorrelation ClusterProminence ClusterShade ClusterTendency Contrast Correlation DifferenceAverage
        DifferenceEntropy DifferenceVariance Id Idm Idmn Idn Imc1 Imc2 InverseVariance JointAverage JointEnergy
        JointEntropy MCC MaximumProbability SumAverage SumEntropy SumSquares
        """
    ),
    "gldm": _words(
        """
        DependenceEntropy DependenceNonUniformity DependenceNonUniformityNormalized DependenceVariance
        GrayLevelNonUniformity GrayLevelVariance HighGrayLevelEmphasis LargeDependenceEmphasis
        LargeDependenceHighGrayLevelEmphasis LargeDependenceLowGrayLevelEmphasis LowGrayLevelEmphasis
        SmallDependenceEmphasis SmallDependenceHighGrayLevelEmphasis SmallDependenceLowGrayLevelEmphasis
        """
    ),
    "glrlm": _words(
        """
        GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance HighGrayLevelRunEmphasis
        LongRunEmphasis LongRunHighGrayLevelEmphasis LongRunLowGrayLevelEmphasis LowGrayLevelRunEmphasis RunEntropy
        RunLengthNonUniformity RunLengthNonUniformityNormalized RunPercentage RunVariance ShortRunEmphasis
        ShortRunHighGrayLevelEmphasis ShortRunLowGrayLevelEmphasis
        """
    ),
    "glszm": _words(
        """
        GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance HighGrayLevelZoneEmphasis
        LargeAreaEmphasis LargeAreaHighGrayLevelEmphasis LargeAreaLowGrayLevelEmphasis LowGrayLevelZoneEmphasis
        SizeZoneNonUniformity SizeZoneNonUniformityNormalized SmallAreaEmphasis SmallAreaHighGrayLevelEmphasis
        SmallAreaLowGrayLevelEmphasis ZoneEntropy ZonePercentage ZoneVariance
        """
    ),
    "ngtdm": ("Busyness", "Coarseness", "Complexity", "Contrast", "Strength"),
}


def log_filter(sigma_mm: float) -> str:
    """Return the name of the Laplacian of Gaussian of one width, such as ``log-sigma-3-0-mm-3D``."""
    return f"log-sigma-{str(float(sigma_mm)).replace('.', '-')}-mm-3D"


def filter_names(log_sigma_mm: Sequence[float] = LOG_SIGMA_MM) -> tuple[str, ...]:
    """Return the names of the original and the filtered images, in order (20 for two LoG widths)."""
    wavelets = ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")
    return (
        "original",
        *(log_filter(sigma) for sigma in log_sigma_mm),
        *(f"wavelet-{bands}" for bands in wavelets),
        *("square", "squareroot", "logarithm", "exponential", "gradient"),
        *("lbp-2D", "lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k"),
    )


def feature_names(log_sigma_mm: Sequence[float] = LOG_SIGMA_MM) -> tuple[str, ...]:
    """Return the feature names without phase, in order: 14 of shape, then 93 for each image."""
    return (
        *(f"original_shape_{feature}" for feature in SHAPE),
        *(
            f"{image}_{family}_{feature}"
            for image in filter_names(log_sigma_mm)
            for family, features in FAMILIES.items()
            for feature in features
        ),
    )


FILTERS: Final = filter_names()
FEATURE_NAMES: Final = feature_names()
_LOG_FILTER: Final = re.compile(r"log-sigma-\d{1,2}-\d{1,4}-mm-3D")


@dataclass(frozen=True)
class FeatureName:
    """A feature's name in its parts.

    Attributes
    ----------
    phase
        Letter of the contrast phase, or empty.
    filter, family, feature
        Such as ``wavelet-LLH``, ``glcm``, ``Idm``.
    """

    phase: str
    filter: str
    family: str
    feature: str

    def __str__(self) -> str:
        name = f"{self.filter}_{self.family}_{self.feature}"
        return f"{self.phase}_{name}" if self.phase else name


def parse_feature_name(name: str) -> FeatureName:
    """Split a feature's name, with or without phase, into its parts.

    Raises
    ------
    EsccError
        No feature is called so.
    """
    phase, rest = (name[0], name[2:]) if name[:1] in PHASES and name[1:2] == "_" else ("", name)
    parts = rest.split("_")
    if len(parts) == 3 and _is_known(*parts):
        return FeatureName(phase, *parts)
    raise EsccError(
        f"{name!r} is the name of no feature.",
        "A name reads like A_wavelet-LLH_glcm_Idm: phase, filter, family, feature.",
    )


def _is_known(image: str, family: str, feature: str) -> bool:
    if family == "shape":
        return image == "original" and feature in SHAPE
    has_filter = image in FILTERS or _LOG_FILTER.fullmatch(image) is not None
    return has_filter and feature in FAMILIES.get(family, ())

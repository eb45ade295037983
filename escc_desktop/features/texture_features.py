"""The 75 texture features of one image, from its counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from escc_desktop.features import texture_features_ngtdm as ngtdm
from escc_desktop.features import texture_features_sizes as sizes
from escc_desktop.features.names import FAMILIES
from escc_desktop.features.texture_features_glcm import FORMULAS as GLCM
from escc_desktop.features.texture_features_glcm import PairMatrix
from escc_desktop.features.texture_features_mcc import maximal_correlation
from escc_desktop.features.textures import TEXTURE_FAMILIES, Entries, TextureCounts, Values

_SIZE_MATRICES: Final[dict[str, Callable[[TextureCounts], Entries]]] = {
    "gldm": lambda counts: counts.dependences,
    "glrlm": lambda counts: counts.runs,
    "glszm": lambda counts: counts.zones,
}


def texture_names(families: frozenset[str] = TEXTURE_FAMILIES) -> tuple[str, ...]:
    """Return the names of the features of some families, such as ``glcm_Idm``, in the order of every table."""
    return tuple(f"{family}_{name}" for family in FAMILIES if family in families for name in FAMILIES[family])


def texture_features(counts: TextureCounts, wanted: frozenset[str] | None = None) -> dict[str, float]:
    """Compute texture features.

    Parameters
    ----------
    counts
        Of `textures.count`; must hold the families wanted.
    wanted
        Names such as ``glcm_Idm``; None for all of the families counted.

    Returns
    -------
    dict
        By name, in the order of every table. GLCM and GLRLM: means over the directions that have a value; NaN where
        none has (a region of which no two voxels lie in line).

    Raises
    ------
    ValueError
        A family is wanted that was not counted.
    """
    names = [name for name in texture_names() if name in (texture_names(counts.families) if wanted is None else wanted)]
    missing = {name.split("_")[0] for name in names} - counts.families
    if missing:
        raise ValueError(f"{' '.join(sorted(missing))} was not counted")
    with np.errstate(invalid="ignore", divide="ignore"):
        values = dict(_values(counts, names))
    return {name: values[name] for name in names}


def _values(counts: TextureCounts, names: list[str]) -> Iterator[tuple[str, float]]:
    by_family: dict[str, list[str]] = {}
    for name in names:
        family, feature = name.split("_")
        by_family.setdefault(family, []).append(feature)
    for family, features in by_family.items():
        if family == "glcm":
            values = _cooccurrence(counts, features)
        elif family == "ngtdm":
            differences = ngtdm.DifferenceMatrix(counts.levels, counts.voxels, counts.differences)
            values = [ngtdm.FORMULAS[feature](differences) for feature in features]
        else:
            matrix = sizes.SizeMatrix(_SIZE_MATRICES[family](counts), counts.levels)
            values = [_mean(sizes.FORMULAS[family][feature](matrix)) for feature in features]
        yield from ((f"{family}_{feature}", value) for feature, value in zip(features, values, strict=True))


def _cooccurrence(counts: TextureCounts, features: list[str]) -> list[float]:
    pairs, levels = counts.pairs, counts.levels
    matrices = [PairMatrix(pairs, direction, levels) for direction in range(len(pairs.starts) - 1)]
    return [
        _mean(maximal_correlation(pairs, len(levels)))
        if feature == "MCC"
        else _mean(np.array([GLCM[feature](matrix) for matrix in matrices]))
        for feature in features
    ]


def _mean(values: Values) -> float:
    """Return the mean over directions of what is not NaN."""
    known = ~np.isnan(values)
    return float(np.where(known, values, 0).sum() / known.sum())

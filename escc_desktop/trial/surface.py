"""Body surface area from height and weight: each formula by its name, with its source."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from escc_desktop.errors import EsccError


@dataclass(frozen=True)
class SurfaceFormula:
    """One formula: its name, how it is written, where it was published, and itself (cm, kg) -> m2."""

    key: str
    name: str
    text: str
    source: str
    area_m2: Callable[[float, float], float]


_ALL = (
    SurfaceFormula(
        "mosteller",
        "Mosteller",
        "sqrt(height x weight / 3600)",
        "Mosteller, N Engl J Med 1987;317:1098",
        lambda height, weight: math.sqrt(height * weight / 3600.0),
    ),
    SurfaceFormula(
        "dubois",
        "Du Bois",
        "0.007184 x height^0.725 x weight^0.425",
        "Du Bois and Du Bois, Arch Intern Med 1916;17:863",
        lambda height, weight: 0.007184 * height**0.725 * weight**0.425,
    ),
    SurfaceFormula(
        "stevenson",
        "Stevenson",
        "0.0061 x height + 0.0128 x weight - 0.1529",
        "Stevenson, Chin J Physiol 1937;12:327",
        lambda height, weight: 0.0061 * height + 0.0128 * weight - 0.1529,
    ),
    SurfaceFormula(
        "xu",
        "Xu",
        "0.0061 x height + 0.0124 x weight - 0.0099",
        "Xu Wensheng, formula in use in China",
        lambda height, weight: 0.0061 * height + 0.0124 * weight - 0.0099,
    ),
)
FORMULAS: Mapping[str, SurfaceFormula] = MappingProxyType({one.key: one for one in _ALL})


def surface_m2(height_cm: float, weight_kg: float, formula: str = "mosteller") -> float:
    """Return the body surface in m2.

    Raises
    ------
    EsccError
        Height or weight is none of a person, or no formula has this name.
    """
    if not 50.0 <= height_cm <= 250.0 or not 10.0 <= weight_kg <= 350.0:
        raise EsccError(
            f"A height of {height_cm:g} cm with a weight of {weight_kg:g} kg gives no body surface.",
            "Correct height and weight.",
        )
    if formula not in FORMULAS:
        raise EsccError(f"No formula of the body surface is called {formula}.", f"Use {', '.join(FORMULAS)}.")
    return FORMULAS[formula].area_m2(height_cm, weight_kg)

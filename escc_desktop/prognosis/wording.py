"""Terms of models as they stand in a sentence."""

from __future__ import annotations

import re

from escc_desktop.figures.words import quantity
from escc_desktop.trial.columns import analytes

_UNIT = re.compile(r" \([^)]*\)$")


def in_words(label: str, *, with_scale: bool = True) -> str:
    """Return a term's label in words: "log2(tbil_umol_per_l)" is "total bilirubin, per doubling".

    Parameters
    ----------
    with_scale
        Whether doubling, or the levels compared, are said; without, only the covariate is named.

    Names of features stay what they are.
    """
    doubled = re.fullmatch(r"log2\((\w+)\)", label)
    column, sign, levels = (doubled[1] if doubled else label).partition(": ")
    name = column if column.startswith("A_") else _name(column)
    if doubled and with_scale:
        return f"{name}, per doubling"
    return f"{name} ({levels})" if sign and with_scale else name


def _name(column: str) -> str:
    """Return the quantity without its unit, laboratory values by their full name."""
    full = {analyte.clinical: analyte.name for analyte in analytes().values()}
    return full.get(column) or _UNIT.sub("", quantity(column))

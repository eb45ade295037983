"""What the values of a feature in a file rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escc_desktop.errors import EsccError
from escc_desktop.features.names import PHASE_PREFIX, FeatureName, parse_feature_name
from escc_desktop.features.origin import Origin, origin_of
from escc_desktop.files import read_json


@dataclass(frozen=True)
class Explanation:
    """A feature of a file.

    Attributes
    ----------
    engine, params
        Name and version of what computed it, name of the settings.
    is_constant
        Whether it has the same value in every row.
    origin
        None for features of shape.
    """

    name: FeatureName
    engine: str
    params: str
    is_constant: bool
    origin: Origin | None


def explain_feature(table: Path, feature: str) -> Explanation:
    """Read from the sidecar of a file of features what a feature's values rest on.

    Raises
    ------
    EsccError
        No feature is called so, or the sidecar is missing, damaged, or of an older version that did not keep it.
    """
    name = parse_feature_name(feature)
    sidecar = table.with_name(f"{table.name}.json")
    if not sidecar.exists():
        if not table.exists():
            raise EsccError(f"{table.name} does not exist.", "Check the path.")
        raise EsccError(f"{table.name} has no {sidecar.name} beside it.", "Keep both files together.")
    document = read_json(sidecar)
    old = EsccError(f"{sidecar.name} does not say what the values rest on.", "Extract the features again.")
    if not isinstance(document, dict) or not isinstance(document.get("engine"), str):
        raise old
    try:
        origin = origin_of(name, _rows(document))
        str(origin)  # numbers that are none show here
        constant = {str(each).removeprefix(PHASE_PREFIX) for each in document.get("constant", ())}
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        raise old from None
    if origin is None and name.family != "shape":
        raise old
    is_constant = str(name).removeprefix(PHASE_PREFIX) in constant
    return Explanation(name, document["engine"], str(document.get("params")), is_constant, origin)


def _rows(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = document.get("rows")
    return rows if isinstance(rows, list) else [document]

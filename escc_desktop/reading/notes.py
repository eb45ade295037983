"""What the notes of a reading must be: a journal is read back, and what it holds is painted without further ado."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.imaging.volume import Geometry
from escc_desktop.reading.measurements import kept_measurements
from escc_desktop.reading.tools import CENTRELINE, LIMITS, MEASUREMENTS, ROIS, TAGS

_COLOR: Final = re.compile(r"(#[0-9a-fA-F]{6})?")
_ROI: Final = {"layer": int, "name": str, "is_locked": bool, "is_shown": bool, "color": str}
_LIMIT_NAMES: Final = {"cranial", "caudal"}


def check_notes(notes: Mapping[str, object], geometry: Geometry) -> None:
    """Refuse notes of a reading on a grid that this program cannot have written.

    Raises
    ------
    EsccError
        One of them is damaged.
    """
    for name, note in notes.items():
        check = _CHECKS.get(name)
        if check is not None and not check(note, geometry):
            raise EsccError(f"The note “{name}” of the reading is damaged.", "Restore the project from a backup.")
    kept_measurements(notes.get(MEASUREMENTS))


def _are_rois(note: Any, _geometry: Geometry) -> bool:
    if not isinstance(note, list) or not all(isinstance(entry, dict) for entry in note):
        return False
    layers = [entry.get("layer") for entry in note]
    return all(map(_is_roi, note)) and len(set(layers)) == len(layers)


def _is_roi(entry: dict[str, Any]) -> bool:
    has_kinds = entry.keys() == _ROI.keys() and all(type(entry[name]) is kind for name, kind in _ROI.items())
    return has_kinds and entry["layer"] >= 0 and _COLOR.fullmatch(entry["color"]) is not None


def _are_tags(note: Any, _geometry: Geometry) -> bool:
    return isinstance(note, list) and all(isinstance(tag, str) for tag in note)


def _are_limits(note: Any, geometry: Geometry) -> bool:
    if not isinstance(note, dict) or note.keys() != _LIMIT_NAMES:
        return False
    # Slices of whichever axis is the axial one.
    return all(type(index) is int and 0 <= index < max(geometry.size) for index in note.values())


def _is_course(note: Any, geometry: Geometry) -> bool:
    is_list = isinstance(note, list) and all(isinstance(point, list) and len(point) == 3 for point in note)
    if not is_list or not all(type(part) in {int, float} and abs(part) < 1e6 for point in note for part in point):
        return False
    # It runs inside the image, but for the rounding of what is noted: else no picture of it fits into memory.
    indices = geometry.to_index(np.array(note, dtype=np.float64).reshape(-1, 3))
    return bool(np.all((indices > -1) & (indices < geometry.size)))


def _are_measurements(note: Any, _geometry: Geometry) -> bool:
    return isinstance(note, list)


_CHECKS: Final[Mapping[str, Callable[[Any, Geometry], bool]]] = MappingProxyType(
    {
        ROIS: _are_rois,
        MEASUREMENTS: _are_measurements,
        TAGS: _are_tags,
        LIMITS: _are_limits,
        CENTRELINE: _is_course,
    }
)

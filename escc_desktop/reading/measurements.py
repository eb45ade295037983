"""Measurements that stay with a reading: what was measured, where in the patient, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import Any, Final

from escc_desktop.errors import EsccError
from escc_desktop.imaging.measure import HuFigures, angle_deg, distance_mm
from escc_desktop.imaging.volume import Vector


class MeasurementKind(StrEnum):
    """What can be measured; the value is part of signed readings."""

    LENGTH = "length"
    AXES = "axes"
    ANGLE = "angle"
    VALUES = "values"


# Length: both ends. Axes: both ends of the longest diameter, then of the one at right angles. Angle: one arm's end,
# the vertex, the other's end. Values: opposite corners of the rectangle that the ellipse fills.
POINTS: Final = MappingProxyType(
    {
        MeasurementKind.LENGTH: 2,
        MeasurementKind.AXES: 4,
        MeasurementKind.ANGLE: 3,
        MeasurementKind.VALUES: 2,
    }
)
_DECIMALS: Final = 3
AXIAL: Final = "axial"
_PLANES: Final = frozenset({AXIAL, "coronal", "sagittal"})


@dataclass(frozen=True)
class Measurement:
    """One measurement.

    Attributes
    ----------
    plane
        The plane it lies in: "axial", "coronal" or "sagittal".
    points_mm
        Its points in the patient, LPS; `POINTS` says which they are.
    values
        What lies in the ellipse; of measurements of values, and of no other.
    of_region
        Whether the program took it from the outline.
    """

    kind: MeasurementKind
    plane: str
    points_mm: tuple[Vector, ...]
    values: HuFigures | None = None
    of_region: bool = False

    def __post_init__(self) -> None:
        if len(self.points_mm) != POINTS[self.kind]:
            raise ValueError(f"a measurement of kind {self.kind} with {len(self.points_mm)} points")
        if (self.values is not None) != (self.kind is MeasurementKind.VALUES):
            raise ValueError("a measurement of values, and no other, carries them")
        if self.plane not in _PLANES or not all(isfinite(x) for point in self.points_mm for x in point):
            raise ValueError("a measurement that lies nowhere")
        if self.values is not None and self.values.count < 1:
            raise ValueError("values of no voxel")
        if self.kind is MeasurementKind.AXES and self.plane != AXIAL:
            raise ValueError("long and short axes lie in the axial plane")
        rounded = tuple((round(x, _DECIMALS), round(y, _DECIMALS), round(z, _DECIMALS)) for x, y, z in self.points_mm)
        object.__setattr__(self, "points_mm", rounded)

    @property
    def length_mm(self) -> float:
        """The length, or the longest diameter."""
        return distance_mm(self.points_mm[0], self.points_mm[1])

    @property
    def short_mm(self) -> float:
        """The short axis, at right angles to the longest diameter; only of axes."""
        # Drawn by hand, the one at right angles may be the longer one: the short axis is the smaller of both.
        return min(self.length_mm, distance_mm(self.points_mm[2], self.points_mm[3]))

    @property
    def long_mm(self) -> float:
        """The long axis; only of axes."""
        return max(self.length_mm, distance_mm(self.points_mm[2], self.points_mm[3]))

    @property
    def angle_deg(self) -> float:
        """The angle; only of angles."""
        return angle_deg(*self.points_mm)

    def to_json(self) -> dict[str, object]:
        """Return the measurement as a reading keeps it."""
        content: dict[str, object] = {
            "kind": self.kind.value,
            "plane": self.plane,
            "points_mm": [list(point) for point in self.points_mm],
        }
        if self.values is not None:
            figures = self.values
            content["values"] = [figures.count, figures.total, figures.squares, figures.low, figures.high]
        if self.of_region:
            content["of_region"] = True
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Measurement:
        """Read what `to_json` wrote."""
        values = content.get("values")
        return cls(
            MeasurementKind(content["kind"]),
            str(content["plane"]),
            tuple((float(x), float(y), float(z)) for x, y, z in content["points_mm"]),
            None if values is None else HuFigures(*map(int, values)),
            bool(content.get("of_region", False)),
        )


def kept_measurements(note: object) -> tuple[Measurement, ...]:
    """Return the measurements that the note of that name holds, oldest first.

    Raises
    ------
    EsccError
        The note is damaged.
    """
    try:
        return tuple(map(Measurement.from_json, note)) if isinstance(note, list) else ()
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise EsccError("A measurement of the reading is damaged.", "Restore the project from a backup.") from error


def measurements_note(measurements: Sequence[Measurement]) -> list[dict[str, object]] | None:
    """Return measurements as a note; None for none."""
    return [one.to_json() for one in measurements] or None

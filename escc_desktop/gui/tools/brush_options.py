"""Size, shape and reach of the brushes, and the HU they may paint; shared by all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import LARGEST, SMALLEST, Point, Stamp, make_stamp, spread_axes
from escc_desktop.reading.protocol import FREE, Protocol

LIMITED: Final = "brush in HU range"
"""The label of steps made while only voxels in a range of HU are painted."""
LEAST_HU, MOST_HU = -1024, 3071
USUAL_LIMIT: Final = (-30, 200)
"""Above fat and air, below vessel, calcium and contrast: the bounds by which an outline of the esophagus is trimmed."""
SMALLEST_MM, LARGEST_MM = 1.0, 60.0
_STEP_MM: Final = 1.0
_LIGHTEST: Final = 0.2
"""Share of the size that a pen paints when it barely touches."""


@dataclass(frozen=True)
class BrushShape:
    """What a brush is like.

    Attributes
    ----------
    diameter
        In voxels of the finest axis, unless the size is kept in mm.
    diameter_mm
        The size while it is kept in mm, whatever the voxels of a series are like; None while it is kept in voxels.
    is_ball
        Whether it reaches into neighbouring slices.
    is_square
        Whether it is a square (a cube) instead of round.
    is_isotropic
        Whether it is as large in mm along every axis; else it holds as many voxels along every axis.
    has_pressure
        Whether a pen that presses lightly paints with less than the whole size.
    """

    diameter: int = 8
    diameter_mm: float | None = None
    is_ball: bool = False
    is_square: bool = False
    is_isotropic: bool = True
    has_pressure: bool = False

    def voxels(self, finest_mm: float, pressure: float = 1.0) -> int:
        """Return the size in voxels where the finest of them is so large and a pen presses so hard (0 to 1)."""
        voxels = float(self.diameter) if self.diameter_mm is None else self.diameter_mm / finest_mm
        if self.has_pressure:
            voxels *= _LIGHTEST + (1 - _LIGHTEST) * min(max(pressure, 0.0), 1.0)
        return min(max(round(voxels), SMALLEST), LARGEST)

    def voxels_across(self, spacing_mm: Point, normal: int, pressure: float = 1.0) -> int:
        """Return the size in voxels on a grid (z, y, x) for a plane across `normal`."""
        return self.voxels(min(spacing_mm[axis] for axis in spread_axes(normal, is_ball=self.is_ball)), pressure)

    def stamp(self, spacing_mm: Point, normal: int, voxels: int) -> Stamp:
        """Return the brush of so many voxels on a grid (z, y, x) for a plane across `normal`."""
        grid = spacing_mm if self.is_isotropic else (1.0, 1.0, 1.0)
        return make_stamp(voxels, grid, normal, is_ball=self.is_ball, is_square=self.is_square)


class BrushOptions(QObject):
    """What the reader chose for the brushes.

    Signals
    -------
    changed
        Something of it was changed.

    Parameters
    ----------
    protocol
        What the study allows: it may forbid painting in a range of HU.
    """

    changed = Signal()

    def __init__(self, protocol: Protocol = FREE, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._protocol = protocol
        self.shape = BrushShape()
        self.is_limited = False
        self.limit = USUAL_LIMIT
        self.tolerance_hu = 40

    # From one reading to the next

    def kept(self) -> dict[str, Any]:
        """Return what is chosen, as JSON, for the next time; a limit is chosen anew each time."""
        return {**asdict(self.shape), "limit": list(self.limit), "tolerance_hu": self.tolerance_hu}

    def restore(self, kept: object) -> None:
        """Choose what `kept` returned; what is not understood stays as it is."""
        known = kept if isinstance(kept, dict) else {}
        choices: tuple[tuple[str, type, Callable[[Any], object]], ...] = (
            ("diameter", int, self.set_diameter),
            ("diameter_mm", float, self.set_diameter_mm),
            ("is_ball", bool, self.set_ball),
            ("is_square", bool, self.set_square),
            ("is_isotropic", bool, self.set_isotropic),
            ("has_pressure", bool, self.set_pressure),
            ("tolerance_hu", int, self.set_tolerance),
        )
        for name, kind, choose in choices:
            if type(known.get(name)) is kind:
                choose(known[name])
        match known.get("limit"):
            case [int(least), int(most)]:
                self.set_limit(least, most)

    # Size and shape

    @property
    def diameter(self) -> int:
        """The size in voxels while it is kept in voxels."""
        return self.shape.diameter

    @property
    def is_ball(self) -> bool:
        """Whether brushes reach into neighbouring slices."""
        return self.shape.is_ball

    def set_diameter(self, voxels: int) -> None:
        """Choose a size in voxels; beyond the limits the smallest or largest."""
        self._reshape(diameter=min(max(voxels, SMALLEST), LARGEST), diameter_mm=None)

    def set_diameter_mm(self, millimetres: float) -> None:
        """Choose a size in mm; beyond the limits the smallest or largest."""
        self._reshape(diameter_mm=min(max(millimetres, SMALLEST_MM), LARGEST_MM))

    def resize(self, steps: int) -> None:
        """Make the brush larger by so many voxels, or mm if its size is kept in mm."""
        if self.shape.diameter_mm is None:
            self.set_diameter(self.shape.diameter + steps)
        else:
            self.set_diameter_mm(self.shape.diameter_mm + steps * _STEP_MM)

    def keep_in_mm(self, is_kept: bool, finest_mm: float) -> None:
        """Keep the size in mm from now on, or in voxels; it stays about as large on a grid as fine as this."""
        if is_kept == (self.shape.diameter_mm is not None):
            return
        if is_kept:
            self.set_diameter_mm(float(round(self.shape.diameter * finest_mm)))
        else:
            self.set_diameter(self.shape.voxels(finest_mm))

    def set_ball(self, is_ball: bool) -> None:
        """Choose whether brushes reach into neighbouring slices."""
        self._reshape(is_ball=is_ball)

    def set_square(self, is_square: bool) -> None:
        """Choose between square and round."""
        self._reshape(is_square=is_square)

    def set_isotropic(self, is_isotropic: bool) -> None:
        """Choose whether a brush is as large in mm along every axis, or in voxels."""
        self._reshape(is_isotropic=is_isotropic)

    def set_pressure(self, has_pressure: bool) -> None:
        """Choose whether a pen's pressure changes the size."""
        self._reshape(has_pressure=has_pressure)

    def _reshape(self, **chosen: Any) -> None:
        shape = replace(self.shape, **chosen)
        if shape != self.shape:
            self.shape = shape
            self.changed.emit()

    # What they may paint

    @property
    def range_now(self) -> tuple[int, int] | None:
        """Least and most HU that may be painted; None for all."""
        return self.limit if self.is_limited else None

    @property
    def why_no_limit(self) -> str:
        """Why painting cannot be limited to a range of HU; "" when it can."""
        if self._protocol.allows(LIMITED):
            return ""
        return _("The protocol of this study forbids painting in a range of HU in readings.")

    def set_limited(self, is_limited: bool) -> None:
        """Choose whether only voxels in a range of HU are painted."""
        is_limited = is_limited and not self.why_no_limit
        if is_limited != self.is_limited:
            self.is_limited = is_limited
            self.changed.emit()

    def set_limit(self, least: int, most: int) -> None:
        """Choose the range; its ends may be told either way round."""
        low, high = sorted(min(max(hu, LEAST_HU), MOST_HU) for hu in (least, most))
        if (low, high) != self.limit:
            self.limit = low, high
            self.changed.emit()

    def set_tolerance(self, hu: int) -> None:
        """Choose how far from the tissue it began on, in HU, the adaptive brush goes."""
        hu = min(max(hu, 1), 500)
        if hu != self.tolerance_hu:
            self.tolerance_hu = hu
            self.changed.emit()

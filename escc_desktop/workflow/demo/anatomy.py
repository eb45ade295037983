"""A body painted from `resources/demo/anatomy.toml`: which organ lies where, and how dense it is.

Organs are painted from the outside in and from the back to the front of importance: what comes later covers what
came before, as an airway covers the lung around it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from escc_desktop.resources import resource_path
from escc_desktop.workflow.demo import _paint
from escc_desktop.workflow.demo.canvas import FAR_MM, Box, Canvas, FloatArray, single, smoothed
from escc_desktop.workflow.demo.shapes import Curve, Loft, Points, add_tube

SIDES = (("left", 1.0), ("right", -1.0))


@cache
def anatomy_data() -> Mapping[str, Any]:
    """Return the shapes of `anatomy.toml`."""
    return tomllib.loads(resource_path("demo", "anatomy.toml").read_text("utf-8"))


@cache
def tissue_hu(phase: str) -> Mapping[str, float]:
    """Return the HU of each tissue in a phase: "arterial", "venous" or "plain"."""
    data = tomllib.loads(resource_path("demo", "tissues.toml").read_text("utf-8"))
    column = data["phases"]["order"].index(phase)
    return {name: float(values[column]) for name, values in data["hu"].items()}


@dataclass(frozen=True)
class Body:
    """What differs between bodies besides their tissues.

    Attributes
    ----------
    seed
        Of everything random in the anatomy: lung vessels, mottling.
    fat_mm
        Thickness of the subcutaneous fat.
    has_conduit
        Whether the esophagus was resected and the stomach drawn up.
    injected_side
        "left" or "right" arm.
    table_mm
        Distance of the table from its usual place.
    """

    seed: tuple[int, ...]
    fat_mm: float = 9.0
    has_conduit: bool = False
    injected_side: str = "left"
    table_mm: float = 0.0


@dataclass
class Painter:
    """Paints one body on one canvas."""

    canvas: Canvas
    body: Body
    hu: Mapping[str, float]
    fields: dict[str, FloatArray] = field(default_factory=dict)

    def loft(self, name: str, mirror: bool = False) -> FloatArray:
        """Return the coarse distance to a loft of the data file."""
        return loft(name, mirror).distance(self.canvas.coarse)

    def tubes(self, *names: str, mirror: bool = False, grow_mm: float = 0.0, flatten: float = 1.0) -> None:
        """Add tubes of the data file to the scratch field, widened by `grow_mm`."""
        for name in names:
            path = tube_path(name, mirror, self.canvas.pixel_mm)
            path[:, 3] += grow_mm
            add_tube(self.canvas.fine, self.scratch, path, flatten)

    @property
    def scratch(self) -> FloatArray:
        """The fine field that tubes are gathered in before they are painted."""
        if "scratch" not in self.fields:
            self.fields["scratch"] = np.full(self.canvas.fine.shape, FAR_MM, dtype=np.float32)
        return self.fields["scratch"]

    def fill(self, hu: float | FloatArray, box: Box | None = None) -> None:
        """Paint the scratch field, then clear it."""
        scratch = self.scratch
        box = box or near_fine(scratch)
        if box is not None:
            part = scratch[box]
            self.canvas.blend(box, self.canvas.cover(part.copy()), hu)
            part[...] = FAR_MM

    def tube(self, name: str, hu: float, mirror: bool = False, grow_mm: float = 0.0) -> None:
        """Paint one tube."""
        path = tube_path(name, mirror, self.canvas.pixel_mm)
        path[:, 3] += grow_mm
        self.fill_path(path, hu)

    def fill_path(self, path: Points, hu: float) -> None:
        """Paint one tube along rows of x, y, z, radius."""
        box = around(self.canvas, path)
        if all(span.start < span.stop for span in box):
            add_tube(self.canvas.fine, self.scratch, path)
            self.fill(hu, box)

    def pour(self, name: str, grow_mm: float, below: float, level_y_mm: float) -> None:
        """Fill a hollow organ: gas in front of a level, the rest behind it (the patient lies on the back)."""
        path = tube_path(name, False, self.canvas.pixel_mm)
        path[:, 3] += grow_mm
        box = around(self.canvas, path)
        if any(span.start >= span.stop for span in box):
            return
        add_tube(self.canvas.fine, self.scratch, path)
        _z, y, _x = self.canvas.fine.open(box)
        share = self.canvas.cover((level_y_mm - y).astype(np.float32))
        self.fill(below + (1.0 - share) * (self.hu["air"] - below), box)


@cache
def loft(name: str, mirror: bool = False) -> Loft:
    """Return a loft of the data file, or its mirror image."""
    data = anatomy_data()["lofts"][name]
    shape = Loft(np.array(data["knots"], dtype=np.float64), data.get("power", 2.0), data.get("turn_deg", 0.0))
    return shape.mirrored() if mirror else shape


@cache
def _tube(name: str) -> Curve:
    return Curve(np.array(anatomy_data()["tubes"][name]["points"], dtype=np.float64))


def tube_path(name: str, mirror: bool, pixel_mm: float) -> Points:
    """Return a tube of the data file as a fine path of x, y, z, radius."""
    path = _tube(name).sampled(4.0 * max(pixel_mm, 0.7))
    if mirror:
        path[:, 0] *= -1.0
    return path


def smooth_noise(canvas: Canvas, seed: tuple[int, ...], sd: float, length_mm: float) -> FloatArray:
    """Return a coarse random field with a standard deviation and a correlation length."""
    white = np.random.default_rng(list(seed)).standard_normal(canvas.coarse.shape, dtype=np.float32)
    step = float(canvas.coarse.x[1] - canvas.coarse.x[0])
    field = smoothed(white, (0.5 * length_mm / step,) * 3, wraps=True)
    return single(field * np.float32(sd / max(float(field.std()), 1e-6)))


def around(canvas: Canvas, path: Points) -> Box:
    """Return the fine box around a tube."""
    reach = path[:, 3].max() + 3.0
    return canvas.fine.box(path[:, :3].min(axis=0) - reach, path[:, :3].max(axis=0) + reach)


def near_fine(distance: FloatArray) -> Box | None:
    """Return the fine box around all that is nearer than 3 mm; None where nothing is."""
    planes, rows, columns = distance.shape
    found = _paint.extent(distance, (planes, rows, columns), 3.0)
    if found is None:
        return None
    z, y, x = (slice(first, last + 1) for first, last in found)
    return z, y, x

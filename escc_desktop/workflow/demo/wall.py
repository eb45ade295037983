"""What surrounds the organs: table, skin, fat and muscles of the trunk."""

from __future__ import annotations

import numpy as np

from escc_desktop.workflow.demo.anatomy import (
    SIDES,
    Painter,
    anatomy_data,
    smooth_noise,
)
from escc_desktop.workflow.demo.shapes import smooth_union


def paint_table(painter: Painter) -> None:
    """Paint the curved table: a thin shell around foam."""
    low = int(np.searchsorted(painter.canvas.fine.y, 85.0 + painter.body.table_mm))
    box = (slice(0, painter.canvas.fine.shape[0]), slice(low, painter.canvas.fine.shape[1]), slice(None))
    if low >= painter.canvas.fine.shape[1]:
        return
    _z, y, x = painter.canvas.fine.open(box)
    middle = np.float32(125.0 + painter.body.table_mm) - (x / 190.0) ** 2 * 22.0
    for hu, thickness in ((painter.hu["table"], 24.0), (painter.hu["foam"], 21.0)):
        distance = (np.abs(y - middle) - thickness / 2.0).astype(np.float32)
        painter.canvas.blend(box, painter.canvas.cover(distance), hu)


def paint_wall(painter: Painter) -> None:
    """Paint skin, fat and the muscle around the cavity; leaves the fields of body and cavity."""
    body = painter.loft("body") - np.float32(painter.body.fat_mm - 9.0)
    for _side, sign in SIDES:
        body = smooth_union(body, painter.loft("shoulder", sign < 0), 14.0)
    body += smooth_noise(painter.canvas, (*painter.body.seed, 7), 1.3, 70.0)
    painter.fields["body"] = body
    painter.canvas.paint(body, painter.hu["skin"])
    painter.canvas.paint(body + anatomy_data()["wall_mm"]["skin"], painter.hu["fat"])
    cavity = painter.loft("cavity") + smooth_noise(painter.canvas, (*painter.body.seed, 8), 1.1, 45.0)
    z, _y, _x = painter.canvas.coarse.open()
    wall = anatomy_data()["wall_mm"]
    share = 1.0 / (1.0 + np.exp((z + 150.0) / 12.0))
    # Above the second rib the muscles are painted one by one.
    upper = 1.0 / (1.0 + np.exp((z - 80.0) / 4.0))
    thick = (wall["muscle"] * (1.0 - share) + wall["abdominal"] * share) * upper
    painter.canvas.paint(np.maximum(cavity - thick, body + 5.0), painter.hu["muscle"])
    painter.fields["cavity"] = cavity


def paint_wall_muscles(painter: Painter) -> None:
    """Paint the muscles of breast, back and shoulders."""
    limit = painter.fields["body"] + 4.0
    for name in ("pectoral", "latissimus", "trapezius", "erector"):
        for _side, sign in SIDES:
            shape = np.maximum(painter.loft(name, sign < 0), limit)
            outside = np.maximum(shape, 2.0 - painter.fields["cavity"]) if name != "erector" else shape
            painter.canvas.paint(outside - 1.6, painter.hu["fat"])
            painter.canvas.paint(outside, painter.hu["muscle"])
    for _side, sign in SIDES:
        shoulder = np.maximum(painter.loft("shoulder", sign < 0) + painter.body.fat_mm + 3.0, limit)
        painter.canvas.paint(np.maximum(shoulder, 6.0 - painter.fields["cavity"]), painter.hu["muscle"])

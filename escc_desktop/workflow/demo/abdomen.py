"""Liver, spleen, kidneys, stomach, bowel and what lies between them."""

from __future__ import annotations

import numpy as np

from escc_desktop.workflow.demo.anatomy import (
    SIDES,
    Painter,
    anatomy_data,
    loft,
    smooth_noise,
)
from escc_desktop.workflow.demo.canvas import Box, FloatArray, single
from escc_desktop.workflow.demo.shapes import smooth_maximum, smooth_union


def paint_abdomen(painter: Painter) -> None:
    """Paint the organs below the diaphragm; needs the fields of wall and lungs."""
    inside = np.maximum(painter.fields["cavity"] + 3.0, painter.fields["below"] + 3.0)
    painter.fields["abdomen"] = inside
    for _side, sign in SIDES:
        painter.canvas.paint(painter.loft("psoas", sign < 0), painter.hu["muscle"])
    _paint_bowel(painter)
    _paint_kidneys(painter)
    liver = smooth_union(painter.loft("liver_right"), painter.loft("liver_left"), 10.0)
    liver = smooth_maximum(smooth_union(liver, painter.loft("caudate"), 5.0), inside, 4.0)
    painter.fields["liver"] = liver
    texture = smooth_noise(painter.canvas, (*painter.body.seed, 2), 3.0, 12.0)
    painter.canvas.paint(liver, lambda box: painter.hu["liver"] + painter.canvas.refine(texture, box))
    painter.canvas.paint(smooth_maximum(painter.loft("spleen"), inside, 4.0), lambda box: _spleen_hu(painter, box))
    painter.canvas.paint(painter.loft("gallbladder"), painter.hu["fluid"])
    for name in ("hepatic_vein_right", "hepatic_vein_middle", "hepatic_vein_left"):
        painter.tube(name, painter.hu["hepatic_vein"])
    for name in ("crus_left", "crus_right"):
        painter.tube(name, painter.hu["muscle"])
    for name in ("adrenal_left", "adrenal_right"):
        painter.tube(name, painter.hu["adrenal"])


def _spleen_hu(painter: Painter, box: Box) -> FloatArray:
    """Moire bands of the arterial phase; even later."""
    z, y, x = painter.canvas.fine.open(box)
    warp = painter.canvas.refine(smooth_noise(painter.canvas, (*painter.body.seed, 9), 2.4, 22.0), box)
    wave = np.sin(0.24 * y + 0.1 * x + 0.08 * z + warp)
    strength = 30.0 if painter.hu["aorta"] > 200.0 else 2.0
    return single(painter.hu["spleen"] + strength * wave)


def _paint_kidneys(painter: Painter) -> None:
    for _side, sign in SIDES:
        shift = 0.0 if sign > 0 else 14.0
        shape = loft("kidney", sign < 0).moved(-shift).distance(painter.canvas.coarse)
        centre = (sign * 58.0, 45.0)
        painter.canvas.paint(shape, painter.hu["kidney_cortex"])

        def medulla(box: Box, centre: tuple[float, float] = centre, shift: float = shift) -> FloatArray:
            z, y, x = painter.canvas.fine.open(box)
            angle = np.arctan2(y - centre[1], x - centre[0])
            columns = np.cos(5.0 * angle + 1.0) + np.cos((z + shift) * 0.33) > 0.55
            return single(np.where(columns, painter.hu["kidney_cortex"], painter.hu["kidney_medulla"]))

        painter.canvas.paint(shape + 6.5, medulla)
        painter.canvas.paint(shape + 15.5, painter.hu["kidney_sinus"])
        painter.fill_path(
            np.array([[sign * 40.0, 40.0, -200.0 - shift, 6.0], [sign * 58.0, 45.0, -203.0 - shift, 4.0]]),
            painter.hu["kidney_sinus"],
        )


def _paint_bowel(painter: Painter) -> None:
    wall = anatomy_data()["wall_mm"]
    painter.tube("duodenum", painter.hu["bowel_wall"])
    painter.tube("duodenum", painter.hu["fluid"], grow_mm=-wall["bowel"])
    painter.tube("bowel", painter.hu["bowel_wall"])
    painter.tube("bowel", painter.hu["fluid"], grow_mm=-wall["bowel"] - 1.0)
    for name in ("colon_left", "colon_right"):
        painter.tube(name, painter.hu["bowel_wall"])
        painter.pour(name, -wall["bowel"], painter.hu["stool"], 18.0)
    painter.tube("pancreas", painter.hu["pancreas"])
    if not painter.body.has_conduit:
        painter.tube("stomach", painter.hu["stomach_wall"])
        painter.pour("stomach", -wall["stomach"], painter.hu["fluid"], -18.0)

"""Lungs with their vessels, heart, great vessels and airways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from escc_desktop.workflow.demo.anatomy import (
    SIDES,
    Painter,
    anatomy_data,
    near_fine,
    smooth_noise,
    tube_path,
)
from escc_desktop.workflow.demo.bones import spine_at
from escc_desktop.workflow.demo.canvas import FAR_MM, Box, FloatArray, single
from escc_desktop.workflow.demo.shapes import add_pieces, smooth_maximum, smooth_union
from escc_desktop.workflow.demo.trees import grow_tree


def paint_lungs(painter: Painter) -> None:
    """Paint the fat inside the chest wall, the diaphragm and the lungs; leaves the fields of cavity, heart and lung."""
    coarse = painter.canvas.coarse
    z, _y, _x = coarse.open()
    cavity = painter.fields["cavity"]
    strands = smooth_noise(painter.canvas, (*painter.body.seed, 10), 9.0, 8.0)
    painter.canvas.paint(cavity, lambda box: painter.hu["fat"] + painter.canvas.refine(strands, box))
    floor = diaphragm(coarse.y, coarse.x)
    slope = np.sqrt(1.0 + sum(g**2 for g in np.gradient(floor, 5.0)))
    below = (z - floor) / slope
    painter.fields["below"] = single(below)
    heart = painter.loft("heart")
    painter.fields["heart"] = heart
    middle = np.minimum(painter.loft("mediastinum"), heart - 4.0)
    spine = np.minimum(
        _spine_distance(painter, 10.0), np.minimum(painter.loft("erector"), painter.loft("erector", mirror=True)) - 3.0
    )
    lung = smooth_maximum(cavity + 2.0, -np.minimum(middle, spine), 3.0)
    lung = smooth_maximum(lung, 2.5 - below, 2.0)
    painter.fields["lung"] = lung
    front, back = painter.hu["lung_front"], painter.hu["lung_back"]
    mottle = smooth_noise(painter.canvas, (*painter.body.seed, 1), 9.0, 16.0)

    def parenchyma(box: Box) -> FloatArray:
        _z, y_fine, _x = painter.canvas.fine.open(box)
        depth = np.clip((y_fine + 80.0) / 160.0, 0.0, 1.0)
        return single(front + (back - front) * depth + painter.canvas.refine(mottle, box))

    muscle = np.maximum(np.abs(below + 1.0) - 1.8, cavity)
    painter.canvas.paint(muscle.astype(np.float32), painter.hu["muscle"])
    painter.canvas.paint(lung, parenchyma)


def _spine_distance(painter: Painter, grow_mm: float) -> FloatArray:
    z, y, x = painter.canvas.coarse.open()
    middle, half_width, half_depth = (single(v)[:, None, None] for v in spine_at(painter.canvas.coarse.z))
    k = np.sqrt((x / (half_width + grow_mm)) ** 2 + ((y - middle) / (half_depth + 4.0)) ** 2)
    return single((k - 1.0) * half_depth + 0.0 * z)


def paint_lung_trees(painter: Painter) -> None:
    """Paint the arteries and veins inside the lungs."""
    hila = anatomy_data()["hila"]
    rng = np.random.default_rng([*painter.body.seed, 5])
    lung, coarse = painter.fields["lung"], painter.canvas.coarse
    scratch = painter.scratch
    for side, sign in SIDES:
        for kind, leaves in (("arteries", 450), ("veins", 260)):
            roots = np.array(hila[f"{kind}_{side}"], dtype=np.float64)
            add_pieces(painter.canvas.fine, scratch, grow_tree(lung, coarse, roots, sign, leaves, rng))
    box = near_fine(scratch)
    if box is not None:
        part = scratch[box]
        # A vessel thinner than a voxel fills only its own share of it.
        share = painter.canvas.cover(part.copy()) * np.float32(0.92)
        painter.canvas.blend(box, share, 0.93 * painter.hu["pulmonary"])
        part[...] = FAR_MM


def paint_small_nodes(painter: Painter) -> None:
    """Paint the small nodes everybody has, and the scalene and strap muscles at the inlet."""
    rng = np.random.default_rng([*painter.body.seed, 12])
    for x, y, z in anatomy_data()["small_nodes"]["places"]:
        radius = rng.uniform(1.6, 3.4)
        at = np.array([x, y, z]) + rng.normal(0.0, 2.0, 3)
        end = at + rng.normal(0.0, 1.6, 3)
        painter.fill_path(np.array([[*at, radius], [*end, radius]]), painter.hu["node"])
    for _side, sign in SIDES:
        for name in ("scalene", "sternomastoid", "longus"):
            painter.canvas.paint(painter.loft(name, sign < 0), painter.hu["muscle"])


def paint_heart(painter: Painter) -> None:
    """Paint pericardial fat, myocardium, chambers and coronary grooves."""
    hu = painter.hu
    painter.canvas.paint(painter.fields["heart"], hu["fat"])
    muscle = single(np.minimum(painter.loft("right_ventricle") - 3.0, painter.loft("left_ventricle") - 9.0))
    atria = single(np.minimum(painter.loft("right_atrium"), painter.loft("left_atrium")) - 2.0)
    wall = smooth_union(smooth_union(muscle, atria, 8.0), single(painter.fields["heart"] + 9.0), 3.0)
    painter.canvas.paint(np.maximum(wall, painter.fields["heart"] + 2.0), hu["myocardium"])
    for name in ("groove_right", "groove_front", "groove_left"):
        painter.tube(name, hu["fat"])
        path = tube_path(name, False, painter.canvas.pixel_mm)
        path[:, 3] = 1.7
        painter.fill_path(path, 0.8 * hu["aorta"])
    painter.canvas.paint(painter.loft("right_atrium"), hu["right_heart"])
    painter.canvas.paint(painter.loft("right_ventricle"), _ventricle(painter, hu["right_heart"], 3))
    painter.fields["left_atrium"] = painter.loft("left_atrium")
    painter.canvas.paint(painter.fields["left_atrium"], hu["left_heart"])
    painter.canvas.paint(painter.loft("left_ventricle"), _ventricle(painter, hu["left_heart"], 4))


def _ventricle(painter: Painter, blood: float, stream: int) -> Callable[[Box], FloatArray]:
    """Blood with trabeculae and papillary muscles."""
    noise = smooth_noise(painter.canvas, (*painter.body.seed, stream), 1.0, 7.0)

    def tissue(box: Box) -> FloatArray:
        share = np.clip((painter.canvas.refine(noise, box) - 1.35) * 2.0, 0.0, 1.0)
        return single(blood + share * (painter.hu["myocardium"] - blood))

    return tissue


def paint_vessels(painter: Painter) -> None:
    """Paint veins and arteries in the order of the data file, the aorta with its wall, and the thyroid."""
    hu = painter.hu
    for side, _sign in SIDES:
        is_injected = side == painter.body.injected_side
        painter.tube(f"brachiocephalic_vein_{side}", hu["cava_superior" if is_injected else "vein_idle"])
    for tissue, names in anatomy_data()["vessels"]["order"]:
        for name in names:
            painter.tube(name, hu[tissue])
    painter.tube("aorta", hu["muscle"], grow_mm=anatomy_data()["wall_mm"]["vessel"])
    painter.tube("aorta", hu["aorta"])
    _paint_plaques(painter)
    for _side, sign in SIDES:
        painter.canvas.paint(painter.loft("thyroid", sign < 0), hu["thyroid"])


def _paint_plaques(painter: Painter) -> None:
    """Paint a few calcified plaques in the wall of the arch and the descending aorta."""
    rng = np.random.default_rng([*painter.body.seed, 13])
    path = tube_path("aorta", False, painter.canvas.pixel_mm)
    for _plaque in range(int(rng.integers(0, 6))):
        x, y, z, radius = path[int(rng.integers(len(path) // 4, len(path) - 2))]
        angle = rng.uniform(0.0, 2.0 * np.pi)
        at = np.array([x + radius * np.cos(angle), y + radius * np.sin(angle), z])
        along = rng.normal(0.0, 2.0, 3)
        painter.fill_path(np.array([[*at, 1.1], [*(at + along), 1.1]]), painter.hu["plaque"])


def paint_airways(painter: Painter) -> None:
    """Paint trachea and bronchi."""
    names = anatomy_data()["airways"]["names"]
    painter.tubes(*names, grow_mm=anatomy_data()["wall_mm"]["bronchus"])
    painter.fill(painter.hu["muscle"])
    painter.tubes(*names)
    painter.fill(painter.hu["air"])


def diaphragm(y: FloatArray, x: FloatArray) -> FloatArray:
    """Return z of the diaphragm over (y, x)."""
    data = anatomy_data()["diaphragm"]
    heights = []
    for side in ("left", "right"):
        d = data[side]
        q2 = (((x[None, :] - d["x"]) / d["reach_x"]) ** 2 + ((y[:, None] - d["y"]) / d["reach_y"]) ** 2) ** 2
        heights.append(d["top"] - d["depth"] * q2 / (1.0 + d["bend"] * q2))
    return smooth_maximum(heights[0], heights[1], 8.0)

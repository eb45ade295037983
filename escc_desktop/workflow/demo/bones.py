"""Ribs, spine, shoulder girdle, breastbone and jaw."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escc_desktop.workflow.demo.anatomy import (
    SIDES,
    Painter,
    anatomy_data,
    loft,
    near_fine,
    smooth_noise,
)
from escc_desktop.workflow.demo.canvas import FAR_MM, Box, FloatArray, single
from escc_desktop.workflow.demo.shapes import Curve, Loft, Points, add_tube


def paint_bones(painter: Painter) -> None:
    """Paint ribs and cartilages, shoulder girdle, breastbone and spine."""
    bones, cartilages = rib_paths(painter.canvas.pixel_mm)
    flatten = anatomy_data()["ribs"]["flatten"]
    for path in cartilages:
        add_tube(painter.canvas.fine, painter.scratch, path, flatten)
    painter.fill(painter.hu["cartilage"])
    wall = anatomy_data()["wall_mm"]["cortex"]
    spongy = painter.hu["marrow"]
    for path in bones:
        add_tube(painter.canvas.fine, painter.scratch, path, flatten)
    for mirror in (False, True):
        painter.tubes("clavicle", "scapular_spine", "glenoid", "humerus", mirror=mirror)
    scratch = painter.scratch
    box = near_fine(scratch)
    if box is not None:
        _blend_bone(painter, box, scratch[box], wall, spongy + 60.0)
        scratch[box] = FAR_MM
    flat = [painter.loft("manubrium")]
    flat += [np.maximum(painter.loft("scapula", sign < 0), 2.0 - painter.fields["cavity"]) for _s, sign in SIDES]
    for shape in flat:
        near = painter.canvas.near(shape)
        if near is not None:
            _blend_bone(painter, near, painter.canvas.refine(shape, near), 1.2, spongy + 20.0)
    _paint_spine(painter)


def _blend_bone(painter: Painter, box: Box, distance: FloatArray, cortex_mm: float, marrow: float) -> None:
    painter.canvas.blend(box, painter.canvas.cover(distance.copy()), painter.hu["cortex"])
    painter.canvas.blend(box, painter.canvas.cover(distance + np.float32(cortex_mm)), marrow)


def _paint_spine(painter: Painter) -> None:
    canvas, data = painter.canvas, anatomy_data()["vertebrae"]
    z_axis = canvas.fine.z
    middle, width, depth = spine_at(z_axis)
    box = canvas.fine.box((-46.0, 10.0, z_axis[0] - 1.0), (46.0, 104.0, z_axis[-1] + 1.0))
    _z, y, x = canvas.fine.open(box)
    phase, is_disc = vertebra_phase(z_axis, np.array(data["middles"]), data["disc_mm"])
    c, w, d = (single(v)[:, None, None] for v in (middle, width, depth))
    waist = single(1.0 - 0.1 * np.cos(np.clip(phase, -0.5, 0.5) * np.pi) ** 2)[:, None, None]
    dy = y - c
    notch = 1.0 - 0.16 * np.exp(-((x / 9.0) ** 2)) * (dy > 0)
    k = np.sqrt((x / (w * waist)) ** 2 + (dy / (d * waist * notch)) ** 2)
    body = ((k - 1.0) * d).astype(np.float32)
    grain = smooth_noise(canvas, (*painter.body.seed, 6), 14.0, 6.0)
    marrow = painter.hu["marrow"] + canvas.refine(grain, box)
    canal = (np.sqrt((x / 10.5) ** 2 + ((dy - d - 7.5) / 8.0) ** 2) - 1.0) * 8.5
    for shape, shown in _posterior_parts(x, dy - d, phase):
        rows = np.flatnonzero(shown)
        for start, stop in _runs(rows):
            part = (slice(start, stop), box[1], box[2])
            _blend_bone(painter, part, np.ascontiguousarray(shape[start:stop]), 1.1, painter.hu["marrow"] + 60.0)
    painter.canvas.blend(box, canvas.cover(canal.astype(np.float32)), painter.hu["canal"])
    edge = np.where(is_disc, 0.0, 1.0)[:, None, None].astype(np.float32)
    tissue = painter.hu["disc"] + edge * (painter.hu["cortex"] - painter.hu["disc"])
    canvas.blend(box, canvas.cover(body.copy()), tissue.astype(np.float32))
    plate = single(np.clip((np.abs(phase) - 0.40) / 0.02, 0.0, 1.0) * ~is_disc)[:, None, None]
    inner = marrow + plate * 260.0
    canvas.blend(box, canvas.cover(body + np.float32(1.0)), inner * edge + painter.hu["disc"] * (1.0 - edge))


def paint_jaw(painter: Painter) -> None:
    """Paint lower jaw and teeth with a metal bridge: streaks follow from it."""
    painter.tube("jaw", painter.hu["cortex"])
    painter.tube("jaw", painter.hu["marrow"] + 60.0, grow_mm=-2.0)
    painter.tube("teeth", 1500.0)
    painter.tube("tooth_metal", 3071.0)


def _posterior_parts(x: FloatArray, behind: FloatArray, phase: NDArray[np.float64]) -> list[tuple[FloatArray, Any]]:
    """Return arch, pedicles, transverse and spinous processes with the slices they show on."""
    arch = np.abs(np.sqrt((x / 14.0) ** 2 + ((behind - 7.5) / 11.5) ** 2) - 1.0) * 12.0 - 2.4
    arch = np.where(behind < 4.0, np.float32(FAR_MM), arch)
    pedicle = np.maximum(np.abs(np.abs(x) - 12.0) - 3.6, np.abs(behind - 3.0) - 7.0)
    spinous = np.maximum(np.abs(x) - 2.6, np.abs(behind - 24.0) - 11.0)
    out = np.abs(x)
    transverse = np.maximum(np.abs(behind - 10.0 - 0.42 * (out - 14.0)) - 4.2, np.abs(out - 22.0) - 12.0)
    shape = np.broadcast_shapes(arch.shape, (phase.size, 1, 1))
    full = [np.broadcast_to(p.astype(np.float32), shape) for p in (arch, spinous, pedicle, transverse)]
    shown = (np.abs(phase) < 0.38, phase < 0.12, (phase > -0.02) & (phase < 0.36), (phase > -0.02) & (phase < 0.3))
    return list(zip(full, shown, strict=True))


def _runs(rows: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers as (start, stop)."""
    if rows.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(rows, breaks)]


@cache
def _ribs() -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    data, vertebrae = anatomy_data()["ribs"], anatomy_data()["vertebrae"]
    cavity = loft("cavity")
    bones, cartilages = [], []
    for number, (end_deg, drop) in enumerate(data["ends"]):
        top = vertebrae["middles"][vertebrae["first_rib"] + number] + 5.0
        front = 172.0 if number < data["cartilages"] else end_deg + 14.0
        angle = np.radians(np.linspace(14.0, front, 60))
        z = top - drop * np.clip(np.degrees(angle) / end_deg, 0.0, 1.0) ** 1.15
        past = np.clip((np.degrees(angle) - end_deg) / 40.0, 0.0, 1.0)
        z += past * drop * (0.2 + 0.11 * number)
        path = _on_wall(cavity, angle, z, anatomy_data()["wall_mm"]["rib_depth"])
        path = np.column_stack([path, np.full(len(path), data["radius_mm"])])
        head = np.array([[15.0, spine_at(single([top]))[0][0] + 10.0, top, data["radius_mm"]]])
        is_bone = np.degrees(angle) <= end_deg
        bone = np.concatenate([head, path[is_bone]])
        for sign in (1.0, -1.0):
            mirror = np.array([sign, 1.0, 1.0, 1.0])
            bones.append(Curve(bone * mirror))
            if front > end_deg:
                cartilages.append(Curve(path[~is_bone] * mirror))
    return tuple(bones), tuple(cartilages)


def rib_paths(pixel_mm: float) -> tuple[list[Points], list[Points]]:
    """Return the paths of the bones and of the cartilages of all ribs."""
    bones, cartilages = ([rib.sampled(6.0 * max(pixel_mm, 0.9)) for rib in ribs] for ribs in _ribs())
    return bones, cartilages


def _on_wall(cavity: Loft, angle: NDArray[np.float64], z: NDArray[np.float64], depth_mm: float) -> Points:
    """Return points on the chest wall; angle 0 is the back, 90 degrees the left side."""
    cx, cy, left, _right, front, back = (c.astype(np.float64) for c in cavity.at(single(z)))
    power = 2.0 / cavity.power
    x = cx + (left + depth_mm) * np.sin(angle) ** power
    cosine = np.cos(angle)
    y = cy + np.where(cosine > 0, back + depth_mm, front + depth_mm) * np.sign(cosine) * np.abs(cosine) ** power
    return np.column_stack([x, y, z])


def spine_at(z: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return y of the middle, half width and half depth of the vertebral bodies at each z."""
    data = anatomy_data()["vertebrae"]
    centre = np.array(sorted(data["centre"]))
    radii = np.array(sorted(data["radii"]))
    return (
        np.interp(z, centre[:, 0], centre[:, 1]),
        np.interp(z, radii[:, 0], radii[:, 1]),
        np.interp(z, radii[:, 0], radii[:, 2]),
    )


def vertebra_phase(
    z: FloatArray, middles: NDArray[np.float64], disc_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the height within the vertebra (-0.5 at its lower end, 0.5 at its upper) and whether z is in a disc."""
    bounds = (middles[:-1] + middles[1:]) / 2.0
    which = np.searchsorted(-bounds, -z)
    heights = np.abs(np.gradient(middles))
    phase = (z - middles[which]) / heights[which]
    return phase, np.abs(phase) * heights[which] > (heights[which] - disc_mm) / 2.0

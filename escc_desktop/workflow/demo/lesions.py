"""Esophagus, conduit and the lesion a patient is followed by, painted with the planted texture.

The lesion's own texture carries the truth: its standard deviation is the patient's texture amplitude, its share of
necrosis the patient's necrotic fraction, both measured on the slices and before noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.workflow.demo.anatomy import Painter, anatomy_data, tube_path
from escc_desktop.workflow.demo.bones import spine_at
from escc_desktop.workflow.demo.canvas import FAR_MM, Box, FloatArray, Lattice, single, smoothed

WALLED_SITES = ("primary", "anastomotic")
ARCH_VESSELS = ("brachiocephalic_artery", "carotid_left", "subclavian_artery_left", "brachiocephalic_vein_left")
TEXTURE_SIGMA_MM = 2.6
NECROSIS_SIGMA_MM = 4.0
NORMAL_WALL_MM = 3.0
THIN_SIDE_MM = 3.5
STENT_MM = 15.0
VIABLE_HU = (8.0, 165.0)
DEAD_HU = (2.0, 60.0)


@dataclass(frozen=True)
class LesionShape:
    """What the lesion of one patient looks like; lengths in mm, HU in the phase that is painted.

    Attributes
    ----------
    site
        A value of `reading.plan.LesionSite`.
    region
        "cervical", "thoracic" or "abdominal": where along the esophagus.
    diameter_mm, short_axis_mm, length_mm, thickness_mm
        Axial longest diameter, the diameter across it, extent along z, and greatest wall thickness.
    lumen
        "air", "fluid" or "collapsed".
    tissue_hu
        Mean of the viable tissue.
    texture_sd_hu, necrotic_fraction
        The planted texture.
    keeps_fat_plane
        Whether fat shows between the lesion and the aorta.
    has_stent
        Whether a metal stent holds the lumen open.
    seed
        Of place and texture.
    """

    site: str
    region: str
    diameter_mm: float
    short_axis_mm: float
    length_mm: float
    thickness_mm: float
    lumen: str
    tissue_hu: float
    texture_sd_hu: float
    necrotic_fraction: float
    keeps_fat_plane: bool
    has_stent: bool
    seed: tuple[int, ...]


def paint_gullet(painter: Painter, shape: LesionShape) -> None:
    """Paint the esophagus, or what is left of it and the conduit, without the lesion."""
    hu, pixel = painter.hu, painter.canvas.pixel_mm
    path = tube_path("esophagus", False, pixel)
    if painter.body.has_conduit:
        path = path[path[:, 2] > 56.0]
        painter.tube("conduit", hu["stomach_wall"])
        painter.pour("conduit", -3.6, hu["fluid"], 24.0)
    _paint_flat_tube(painter, path, 8.0, 5.4, hu["esophagus"])
    if shape.has_stent and shape.site not in WALLED_SITES:
        _paint_stent_of_conduit(painter)
    lumen = {"air": hu["air"], "fluid": hu["fluid"]}.get(shape.lumen)
    if lumen is not None:
        wide = 0.55 if shape.site == "primary" else 0.4
        # Gas and fluid come in pockets: elsewhere the wall is collapsed.
        pockets = path[np.sin(path[:, 2] / 11.0 + shape.seed[-2] % 7) > -0.1]
        for part in np.split(pockets, np.flatnonzero(np.abs(np.diff(pockets[:, 2])) > 12.0) + 1):
            if len(part) > 1:
                _paint_flat_tube(painter, part, 8.0 * wide, 5.4 * wide * 0.8, lumen, ends_mm=0.0)


def _paint_stent_of_conduit(painter: Painter) -> None:
    """Paint a stent through the anastomosis."""
    canvas = painter.canvas
    path = tube_path("conduit", False, canvas.pixel_mm)
    cx, cy, _z, _r = path[np.argmin(np.abs(path[:, 2] - 46.0))]
    box = canvas.fine.box((cx - 14.0, cy - 14.0, 22.0), (cx + 14.0, cy + 14.0, 62.0))
    if any(span.start >= span.stop for span in box):
        return
    z, y, x = canvas.fine.open(box)
    lumen = (np.hypot(x - cx, y - cy) - STENT_MM / 2.0 + 0.0 * z).astype(np.float32)
    _paint_stent(painter, box, lumen, np.ones_like(lumen))


def _paint_flat_tube(
    painter: Painter, path: NDArray[np.float64], rx: float, ry: float, hu: float, ends_mm: float = 14.0
) -> None:
    canvas = painter.canvas
    low, high = path[:, :3].min(axis=0) - (14.0, 14.0, ends_mm), path[:, :3].max(axis=0) + np.array([14.0, 14.0, 1.0])
    box = canvas.fine.box(low, high)
    if any(span.start >= span.stop for span in box):
        return
    cx, cy = _centre(path, canvas.fine.z[box[0]])
    _z, y, x = canvas.fine.open(box)
    distance = (np.hypot((x - cx) / rx, (y - cy) / ry) - 1.0) * ry
    canvas.blend(box, canvas.cover(distance.astype(np.float32)), hu)


def _centre(path: NDArray[np.float64], z: FloatArray) -> tuple[FloatArray, FloatArray]:
    order = np.argsort(path[:, 2])
    columns = [np.interp(z, path[order, 2], path[order, axis]).astype(np.float32) for axis in (0, 1)]
    return columns[0][:, None, None], columns[1][:, None, None]


def paint_lesion(painter: Painter, shape: LesionShape) -> None:
    """Paint the lesion and start tracking its share of each voxel on the canvas."""
    if shape.site in WALLED_SITES:
        _paint_wall_lesion(painter, shape)
    else:
        _paint_round_lesion(painter, shape)


# Lesions of the wall


def _paint_wall_lesion(painter: Painter, shape: LesionShape) -> None:
    canvas, rng = painter.canvas, np.random.default_rng([*shape.seed, 1])
    half = shape.length_mm / 2.0
    middle = _height(shape, canvas.fine.z, rng)
    path = tube_path("esophagus", False, canvas.pixel_mm)
    reach = shape.diameter_mm / 2.0 + 16.0
    at = np.array([*(float(c[0, 0, 0]) for c in _centre(path, single([middle]))), middle])
    corner = np.array([reach, reach, half + 3.0])
    box = canvas.whole_slices(canvas.fine.box(at - corner, at + corner))
    place = _least_displacing(painter, shape, at, rng)
    z, y, x = canvas.fine.open(box)
    t = np.clip(np.abs(z - middle) / half, 0.0, 1.0)
    bulge = np.sqrt(np.clip(1.0 - t**2.4, 0.0, 1.0)).astype(np.float32)
    cx, cy = _centre(path, canvas.fine.z[box[0]])
    turn = place[2]
    dx, dy = x - (cx + bulge * place[0]), y - (cy + bulge * place[1])
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    a, b = shape.diameter_mm / 2.0 * bulge + 0.2, shape.short_axis_mm / 2.0 * bulge + 0.2
    bumps = _local_noise(canvas.fine, box, rng, 6.0) * np.float32(0.8)
    k1 = np.hypot(u / a, v / b)
    slope = np.sqrt((u / a**2) ** 2 + (v / b**2) ** 2) / np.maximum(k1, 1e-3)
    outer = np.clip((k1 - 1.0) / np.maximum(slope, 1e-3), -FAR_MM, FAR_MM) + bumps * bulge
    outer = np.maximum(outer, np.abs(z - middle) - half).astype(np.float32)
    lumen = _lumen(shape, u, v, bulge) + _local_noise(canvas.fine, box, rng, 5.0) * np.float32(0.9)
    _fill_lesion(painter, shape, box, outer, np.minimum(-outer, lumen + 0.0 * outer))
    _fill_lumen(painter, shape, box, lumen + 0.0 * outer, bulge)


def _height(shape: LesionShape, z: FloatArray, rng: np.random.Generator) -> float:
    ranges = {"cervical": (60.0, 80.0), "thoracic": (-62.0, 25.0), "abdominal": (-104.0, -92.0)}
    low, high = (58.0, 62.0) if shape.site == "anastomotic" else ranges[shape.region]
    reach = shape.length_mm / 2.0 + 8.0
    return float(np.clip(rng.uniform(low, high), max(z[0] + reach, -118.0 + shape.length_mm / 2.0), z[-1] - reach))


def _least_displacing(
    painter: Painter, shape: LesionShape, at: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return shift in x and y and turn for which the lesion overlaps its neighbours least."""
    grid = np.arange(-40.0, 41.0, 2.0)
    x, y = at[0] + grid[None, :], at[1] + grid[:, None]
    solid = np.zeros((grid.size, grid.size), dtype=bool)
    for name in ("aorta", "trachea", "bronchus_left", "bronchus_right", "azygos", "pulmonary_right", *ARCH_VESSELS):
        for px, py, pz, radius in tube_path(name, False, painter.canvas.pixel_mm):
            if abs(pz - at[2]) < radius:
                solid |= np.hypot(x - px, y - py) < radius + 2.0
    spine, width, depth = (float(v[0]) for v in spine_at(single([at[2]])))
    solid |= np.hypot(x / (width + 2.0), (y - spine) / (depth + 2.0)) < 1.0
    chamber = painter.fields["left_atrium"]
    coarse = painter.canvas.coarse
    row = int(np.argmin(np.abs(coarse.z - at[2])))
    index = np.array(np.meshgrid((y.ravel() - coarse.y[0]) / 5.0, (x.ravel() - coarse.x[0]) / 5.0, indexing="ij"))
    solid |= ndimage.map_coordinates(chamber[row], index, order=1, mode="nearest") < 0.0
    best: tuple[float, tuple[float, float, float]] = (np.inf, (0.0, 0.0, 0.0))
    a, b = shape.diameter_mm / 2.0, shape.short_axis_mm / 2.0
    for sx in (-12.0, -8.0, -4.0, 0.0, 4.0, 8.0):
        for sy in (-10.0, -6.0, -3.0, 0.0, 3.0):
            for turn in np.radians((0.0, 30.0, 60.0, 90.0, 120.0, 150.0)):
                dx, dy = x - at[0] - sx, y - at[1] - sy
                u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
                cost = 4.0 * np.count_nonzero(solid & (np.hypot(u / a, v / b) < 1.0)) + sx**2 / 20 + sy**2 / 20
                cost += rng.uniform(0.0, 2.0)
                best = min(best, (float(cost), (sx, sy, float(turn))))
    return best[1]


def _lumen(shape: LesionShape, u: FloatArray, v: FloatArray, bulge: FloatArray) -> FloatArray:
    """Return the distance to the lumen: off centre, so that the thick side is as thick as it should be."""
    room = shape.diameter_mm - shape.thickness_mm - THIN_SIDE_MM
    across = STENT_MM if shape.has_stent else float(np.clip(room, 2.5, 13.0))
    thick = float(np.clip(shape.thickness_mm, 4.0, shape.diameter_mm - across - THIN_SIDE_MM))
    offset = (shape.diameter_mm / 2.0 - thick - across / 2.0) * bulge
    high = min(across / 2.0, shape.short_axis_mm / 2.0 - THIN_SIDE_MM)
    high = max(high, 1.0)
    return single((np.hypot((u + offset) / (across / 2.0), v / high) - 1.0) * high)


def _fill_lumen(painter: Painter, shape: LesionShape, box: Box, lumen: FloatArray, bulge: FloatArray) -> None:
    canvas, hu = painter.canvas, painter.hu
    shown = (bulge > 0.15).astype(np.float32)
    if shape.has_stent:
        _paint_stent(painter, box, lumen, shown)
        return
    content = {"air": hu["air"], "fluid": hu["fluid"]}.get(shape.lumen)
    if content is None:  # collapsed: only a thread of mucus between the walls
        canvas.blend(box, canvas.cover(np.abs(lumen + np.float32(1.5)) - np.float32(0.4)) * shown * 0.3, hu["fluid"])
    else:
        canvas.blend(box, canvas.cover(lumen) * shown, content)


def _paint_stent(painter: Painter, box: Box, lumen: FloatArray, shown: FloatArray) -> None:
    canvas = painter.canvas
    z, y, x = canvas.fine.open(box)
    angle = np.arctan2(y - y.mean(), x - x.mean())
    struts = np.maximum(np.abs(np.sin(6.0 * angle + 0.5 * z)), np.abs(np.sin(6.0 * angle - 0.5 * z))) > 0.8
    metal = canvas.cover(np.abs(lumen) - np.float32(0.5)) * struts * shown * np.float32(0.8)
    canvas.blend(box, metal, 3071.0)
    canvas.blend(box, canvas.cover(lumen + np.float32(0.6)) * shown, painter.hu["air"])


# Nodes and metastases


def _paint_round_lesion(painter: Painter, shape: LesionShape) -> None:
    canvas, rng = painter.canvas, np.random.default_rng([*shape.seed, 2])
    at = _spot(painter, shape, rng)
    a, b, c = shape.diameter_mm / 2.0, shape.short_axis_mm / 2.0, max(shape.length_mm / 2.0, 5.0)
    turn = rng.uniform(0.0, np.pi)
    reach = np.array([a, a, c]) + 8.0
    box = canvas.whole_slices(canvas.fine.box(at - reach, at + reach))
    z, y, x = (axis - np.float32(o) for axis, o in zip(canvas.fine.open(box), at[::-1], strict=True))
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    k = np.sqrt((u / a) ** 2 + (v / b) ** 2 + (z / c) ** 2)
    slope = np.sqrt((u / a**2) ** 2 + (v / b**2) ** 2 + (z / c**2) ** 2) / np.maximum(k, 1e-3)
    distance = (k - 1.0) / np.maximum(slope, 1e-2) + _local_noise(canvas.fine, box, rng, 6.0) * np.float32(0.7)
    distance = distance.astype(np.float32)
    _fill_lesion(painter, shape, box, distance, -distance)


def _spot(painter: Painter, shape: LesionShape, rng: np.random.Generator) -> NDArray[np.float64]:
    spots = anatomy_data()["spots"].get(shape.site)
    if spots is not None:
        at = np.array(spots[int(rng.integers(len(spots)))], dtype=np.float64) + rng.normal(0.0, 1.5, 3)
        z, reach = painter.canvas.fine.z, shape.length_mm / 2.0 + 8.0
        at[2] = np.clip(at[2], z[0] + reach, z[-1] - reach)
        return at
    organ, coarse = painter.fields[shape.site], painter.canvas.coarse
    margin = shape.diameter_mm / 2.0 + 3.0
    ends = shape.length_mm / 2.0 + 8.0
    deep = organ < max(-margin, float(organ.min()) * 0.9)
    deep &= ((coarse.z > coarse.z[0] + ends + 5.0) & (coarse.z < coarse.z[-1] - ends - 5.0))[:, None, None]
    index = np.argwhere(deep)
    z, y, x = index[int(rng.integers(len(index)))]
    return np.array([coarse.x[x], coarse.y[y], coarse.z[z]], dtype=np.float64)


# Texture


def _fill_lesion(painter: Painter, shape: LesionShape, box: Box, distance: FloatArray, depth: FloatArray) -> None:
    canvas, rng = painter.canvas, np.random.default_rng([*shape.seed, 3])
    inside = distance < 0.0
    if not inside.any():
        return
    texture = _local_noise(canvas.fine, box, rng, TEXTURE_SIGMA_MM)
    texture = _standardise(texture, inside, canvas.sub)
    pattern = _local_noise(canvas.fine, box, rng, NECROSIS_SIGMA_MM) + np.float32(0.22) * np.clip(depth, 0.0, 6.0)
    viable = np.clip(shape.tissue_hu + np.float32(shape.texture_sd_hu) * texture, *VIABLE_HU)
    level = np.quantile(pattern[inside], 1.0 - min(shape.necrotic_fraction, 0.9))
    share = np.clip((pattern - level) / 0.3 + 0.5, 0.0, 1.0)
    dead = np.clip(painter.hu["necrosis"] + np.float32(0.25 * shape.texture_sd_hu) * texture, *DEAD_HU)
    canvas.track(box)
    canvas.blend(box, canvas.cover(distance.copy()), viable + share * (dead - viable), is_tracked=True)


def _standardise(texture: FloatArray, inside: NDArray[np.bool_], sub: int) -> FloatArray:
    """Scale to mean 0 and standard deviation 1 of what the slices will show inside."""
    whole = len(texture) // sub * sub
    slices = texture[:whole].reshape(-1, sub, *texture.shape[1:]).mean(axis=1)
    within = inside[:whole].reshape(-1, sub, *texture.shape[1:]).all(axis=1)
    shown = slices[within] if np.count_nonzero(within) > 50 else texture[inside]
    return single((texture - shown.mean()) / max(float(shown.std()), 1e-3))


def _local_noise(lattice: Lattice, box: Box, rng: np.random.Generator, sigma_mm: float) -> FloatArray:
    z, y, x = lattice.open(box)
    steps = [float(axis.ravel()[1] - axis.ravel()[0]) if axis.size > 1 else 1.0 for axis in (z, y, x)]
    white = rng.standard_normal((z.size, y.size, x.size), dtype=np.float32)
    smooth = smoothed(white, [sigma_mm / step for step in steps], 3.0)
    return single(smooth / max(float(smooth.std()), 1e-6))

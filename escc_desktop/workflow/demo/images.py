"""CT of the synthetic patients: what is true of a patient becomes a body, a scan of it, and a true mask."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.workflow.demo.abdomen import paint_abdomen
from escc_desktop.workflow.demo.anatomy import Body, Painter, anatomy_data, tissue_hu
from escc_desktop.workflow.demo.bones import paint_bones, paint_jaw
from escc_desktop.workflow.demo.canvas import FAR_MM, Canvas, FloatArray, Lattice, single
from escc_desktop.workflow.demo.chest import (
    paint_airways,
    paint_heart,
    paint_lung_trees,
    paint_lungs,
    paint_small_nodes,
    paint_vessels,
)
from escc_desktop.workflow.demo.lesions import LesionShape, paint_gullet, paint_lesion
from escc_desktop.workflow.demo.scanner import (
    SOFT,
    Kernel,
    Streaks,
    add_streaks,
    blur,
    correlated_noise,
    digitise,
    noise_level,
    sharpen,
    slices_of,
)
from escc_desktop.workflow.demo.truth import PatientTruth
from escc_desktop.workflow.demo.wall import paint_table, paint_wall, paint_wall_muscles

BLUR_FWHM_MM = 1.0
NOISE_AT_5_MM, NOISE_AT_1_MM = 11.0, 22.0
LESION_SHARE = 0.6
LOWEST_VEIN_MM = -45.0
METAL_HU = 1600.0
TISSUE_HU = (-10.0, 170.0)
TOP_MM, TOP_WITH_JAW_MM = 95.0, 166.0


@dataclass(frozen=True)
class Grid:
    """Voxels of a scan: columns, rows, slices and their size in mm."""

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    @property
    def sub(self) -> int:
        """Sub-slices painted for each slice, at most about 2.5 mm thick."""
        return max(1, round(self.spacing_mm[2] / 2.5))


SMALL = Grid((256, 256, 64), (1.4, 1.4, 5.0))
LARGE = Grid((512, 512, 320), (0.74, 0.74, 1.0))


@dataclass(frozen=True)
class Scene:
    """A painted patient before the scanner.

    Attributes
    ----------
    slices
        HU without noise (z, y, x).
    lesion
        The lesion's share of each voxel, 0 to 1.
    geometry
        Where the slices lie in the scanner.
    body
        Where they lie in the body of the data files.
    """

    slices: FloatArray
    lesion: FloatArray
    geometry: Geometry
    body: Lattice
    streaks: tuple[Streaks, ...]


def patient_seed(seed: int, patient_id: str) -> tuple[int, ...]:
    """Return the seed of everything random in one patient's images."""
    return seed, zlib.crc32(patient_id.encode())


def grid_of(truth: PatientTruth) -> Grid:
    """Return the grid of a patient's arterial series."""
    return LARGE if truth.is_showcase else SMALL


def paint_scene(truth: PatientTruth, seed: int, grid: Grid, phase: str = "arterial") -> Scene:
    """Paint one patient in one contrast phase: "arterial", "venous" or "plain"."""
    base = patient_seed(seed, truth.patient_id)
    scale, shift, body = _vary(truth, base)
    has_jaw = truth.artefact == "dental"
    canvas, geometry = _canvas(grid, scale, shift, TOP_WITH_JAW_MM if has_jaw else TOP_MM)
    hu = patient_hu(truth, phase)
    painter = Painter(canvas, body, hu)
    shape = _shape(truth, base, scale, hu, phase)
    _paint_behind(painter)
    if has_jaw:
        paint_jaw(painter)
    paint_gullet(painter, shape)
    paint_lesion(painter, shape)
    _paint_before(painter, shape.keeps_fat_plane)
    lesion = np.zeros(geometry.shape, dtype=np.float32)
    if canvas.tracked is not None:
        (bz, by, bx), share = canvas.tracked
        lesion[bz.start // grid.sub : bz.stop // grid.sub, by, bx] = slices_of(share, grid.sub)
    slices = slices_of(canvas.hu, grid.sub)
    body_lattice = Lattice(_slice_z(canvas), canvas.fine.y, canvas.fine.x)
    return Scene(slices, lesion, geometry, body_lattice, _streaks(truth, body_lattice, slices, phase))


def _vary(truth: PatientTruth, base: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64], Body]:
    """Return the size of a body along x, y, z, where it lies on the table, and the rest that differs."""
    rng = np.random.default_rng([*base, 0])
    data = anatomy_data()["variation"]
    scale = np.array([1.0 + data[name] * rng.standard_normal() for name in ("size", "depth", "height")])
    if truth.sex == "female":
        scale *= data["female"]
    shift = rng.normal(0.0, data["shift_mm"], 2)
    fat_mm = data["fat_mm"] + data["fat_mm_per_kg"] * (truth.weight_kg - data["weight_kg"]) + rng.normal(0.0, 1.0)
    body = Body(
        seed=base,
        fat_mm=float(np.clip(fat_mm, *data["fat_range_mm"])),
        has_conduit=truth.site != "primary",
        injected_side="left" if rng.random() < 0.5 else "right",
        table_mm=float(rng.normal(0.0, data["table_mm"])),
    )
    return scale, shift, body


def _paint_behind(painter: Painter) -> None:
    """Paint all that lies behind the gullet and its lesion."""
    paint_table(painter)
    paint_wall(painter)
    paint_lungs(painter)
    paint_lung_trees(painter)
    paint_wall_muscles(painter)
    paint_abdomen(painter)
    paint_small_nodes(painter)
    paint_heart(painter)
    paint_bones(painter)


def _paint_before(painter: Painter, keeps_fat_plane: bool) -> None:
    """Paint what covers the gullet and its lesion: vessels and airways."""
    if keeps_fat_plane and painter.canvas.tracked is not None:
        painter.tubes("aorta", grow_mm=3.2)
        painter.fill(painter.hu["fat"], painter.canvas.tracked[0])
        painter.scratch[...] = FAR_MM
    paint_vessels(painter)
    paint_airways(painter)


def patient_hu(truth: PatientTruth, phase: str) -> dict[str, float]:
    """Return the HU of each tissue of a patient in a phase."""
    hu = dict(tissue_hu(phase))
    hu["marrow"] += truth.marrow_hu - tissue_hu("arterial")["marrow"]
    if phase == "arterial":
        ratio = truth.aorta_hu / hu["aorta"]
        for name in ("aorta", "left_heart", "pulmonary", "right_heart"):
            hu[name] *= ratio
        hu["cava_superior"] = truth.svc_hu
        hu["tumor"] = hu["esophagus"] + truth.enhancement_hu
    if truth.site == "liver":  # metastases of squamous carcinoma take up less than the liver
        hu["tumor"] = hu["liver"] - (26.0 - 0.4 * truth.enhancement_hu)
        hu["necrosis"] -= 14.0
    return hu


def _shape(
    truth: PatientTruth, base: tuple[int, ...], scale: NDArray[np.float64], hu: dict[str, float], phase: str
) -> LesionShape:
    across = float(np.sqrt(scale[0] * scale[1]))
    contrast = 1.0 if phase == "arterial" else 0.5
    return LesionShape(
        site=truth.site,
        region=truth.tumor_location,
        diameter_mm=truth.axial_diameter_mm / across,
        short_axis_mm=truth.short_axis_mm / across,
        length_mm=truth.length_mm / float(scale[2]),
        thickness_mm=truth.thickness_mm / across,
        lumen=truth.lumen,
        tissue_hu=hu["tumor"],
        texture_sd_hu=truth.texture_amplitude_hu * contrast,
        necrotic_fraction=truth.necrotic_fraction,
        keeps_fat_plane=not truth.fat_plane_lost,
        has_stent=truth.artefact == "stent",
        seed=(*base, 77),
    )


def _canvas(
    grid: Grid, scale: NDArray[np.float64], shift_mm: NDArray[np.float64], top_mm: float
) -> tuple[Canvas, Geometry]:
    (nx, ny, nz), (dx, dy, dz) = grid.size, grid.spacing_mm
    x = (np.arange(nx) - (nx - 1) / 2.0) * dx
    y = (np.arange(ny) - (ny - 1) / 2.0) * dy
    thin = dz / grid.sub
    z = top_mm - nz * dz + (np.arange(nz * grid.sub) + 0.5) * thin
    sx, sy, sz = scale
    fine = Lattice(
        (z / sz).astype(np.float32),
        ((y + shift_mm[1] + 6.0) / sy).astype(np.float32),
        ((x + shift_mm[0]) / sx).astype(np.float32),
    )
    origin = (round(float(x[0]), 3), round(float(y[0]) - 160.0, 3), round(float(z[: grid.sub].mean()) - 900.0, 3))
    return Canvas(fine, grid.sub), Geometry(grid.size, grid.spacing_mm, origin)


def _slice_z(canvas: Canvas) -> FloatArray:
    return single(canvas.fine.z.reshape(-1, canvas.sub).mean(axis=1))


def _streaks(truth: PatientTruth, body: Lattice, slices: FloatArray, phase: str) -> tuple[Streaks, ...]:
    found = []
    if phase == "arterial":
        above = 0.8 * truth.svc_hu
        found.append(_streaks_from(slices, np.flatnonzero(body.z > LOWEST_VEIN_MM), above, 0.04 * truth.svc_hu))
    if truth.artefact in {"stent", "dental"}:
        found.append(_streaks_from(slices, np.arange(len(slices)), METAL_HU, 110.0))
    return tuple(streaks for streaks in found if len(streaks.points))


def _streaks_from(slices: FloatArray, which: NDArray[np.intp], above_hu: float, strength_hu: float) -> Streaks:
    top = slices.shape[1] // 4
    points = []
    for index in which:
        rows, columns = np.nonzero(slices[index, top : slices.shape[1] * 5 // 8] > above_hu)
        if len(rows) > 6:
            points.append((float(index), float(rows.mean()) + top, float(columns.mean())))
    return Streaks(np.array(points, dtype=np.float64).reshape(-1, 3), strength_hu)


def scan(scene: Scene, seed: tuple[int, ...], kernel: Kernel = SOFT) -> Volume:
    """Scan a scene: blur, streaks, noise of the kernel, whole numbers."""
    rng = np.random.default_rng([*seed, 11])
    pixel, thickness = scene.geometry.spacing_mm[0], scene.geometry.spacing_mm[2]
    slices = sharpen(blur(scene.slices, pixel, BLUR_FWHM_MM), pixel, kernel)
    for streaks in scene.streaks:
        add_streaks(slices, streaks, pixel, rng)
    noise = correlated_noise(slices.shape, pixel, kernel.noise_peak_per_mm, rng)
    sd_hu = noise_sd_hu(thickness) * kernel.noise_factor
    along, across = noise_level(scene.body.z, slices.shape[1], slices.shape[2], sd_hu)
    for index, level in enumerate(along):
        noise[index] *= level * across
        slices[index] += noise[index]
    return Volume(digitise(slices), scene.geometry)


def noise_sd_hu(thickness_mm: float) -> float:
    """Return the noise in the body: 22 HU at 1 mm, 11 HU at 5 mm, a power of the thickness between."""
    power = np.log(NOISE_AT_5_MM / NOISE_AT_1_MM) / np.log(5.0)
    return float(NOISE_AT_1_MM * thickness_mm**power)


def true_mask(scene: Scene) -> Mask:
    """Return the voxels that are mostly lesion and that look like tissue, not like air, fat or blood.

    Where the voxels are so coarse that none is mostly lesion, those with the largest share count.
    """
    low, high = TISSUE_HU
    voxels = (scene.lesion >= LESION_SHARE) & (scene.slices > low) & (scene.slices < high)
    if not voxels.any():
        voxels = scene.lesion >= 0.8 * scene.lesion.max()
    return Mask(voxels, scene.geometry)


def lesion_point_mm(mask: Mask) -> tuple[float, float, float]:
    """Return a point inside the lesion: the voxel nearest its centre of mass, LPS."""
    index = np.argwhere(mask.voxels)
    nearest = index[np.argmin(((index - index.mean(axis=0)) ** 2).sum(axis=1))]
    x, y, z = mask.geometry.to_mm(nearest[None, ::-1])[0]
    return float(x), float(y), float(z)

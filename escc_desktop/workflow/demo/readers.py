"""Readings of a lesion as two radiologists would have drawn them, slice by slice.

A reading is the true surface moved by a smooth random field, with the ends a slice off now and then, and then drawn
back to what the eye sees as lesion: contours stop at fat, air and the aorta.
"""

from __future__ import annotations

import tomllib
import zlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.mask import BoolArray, Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.resources import resource_path

MARGIN_MM = 12.0


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resource_path("demo", "readers.toml").read_text("utf-8"))


def simulate_reading(volume: Volume, true_mask: Mask, reader: str, occasion: str, seed: tuple[int, ...]) -> Mask:
    """Return the mask that a reader drew on an occasion.

    Parameters
    ----------
    volume
        The series that was read.
    true_mask
        The lesion on the same grid.
    reader, occasion
        "A" or "B"; "first" or "repeat".
    seed
        Of the patient; the same seed gives the same reading, readers and occasions differ by themselves.
    """
    data = _data()
    spacing = np.array(volume.geometry.spacing_mm[::-1])
    box = _box(true_mask, spacing)
    inside = true_mask.voxels[box]
    distance = _signed_distance(inside, spacing)
    own = _rng(seed, reader, "reader")
    now = _rng(seed, reader, occasion)
    between, within = data["surface"]["between_sd_mm"], data["surface"]["within_sd_mm"]
    own_sd = np.sqrt(max(between**2 - within**2, 0.0))
    length = data["surface"]["correlation_mm"]
    strayed = own_sd * _smooth_field(inside.shape, spacing, length, own)
    strayed += within * _smooth_field(inside.shape, spacing, length, now)
    outward = data["surface"]["outward_mm"].get(reader, 0.0)
    drawn = distance < strayed + outward
    drawn = _ends(drawn, inside, _ends_off(reader, own, now))
    eye = data["eye"]
    low_hu = (
        eye["low_hu"] + eye["low_reader_sd"] * own.standard_normal() + eye["low_occasion_sd"] * now.standard_normal()
    )
    tissue, solid = _seen(volume.hu[box], spacing, low_hu)
    # Inside, a dark or bright patch stays in; at the edge it is taken for fat or a vessel.
    drawn &= tissue | (solid & (distance < -eye["edge_mm"]))
    drawn = _tidy(drawn, inside)
    voxels = np.zeros(true_mask.voxels.shape, dtype=bool)
    voxels[box] = drawn
    return Mask(voxels, volume.geometry)


def _rng(seed: tuple[int, ...], reader: str, occasion: str) -> np.random.Generator:
    return np.random.default_rng([*seed, zlib.crc32(f"{reader}/{occasion}".encode())])


def _box(mask: Mask, spacing: NDArray[np.float64]) -> tuple[slice, slice, slice]:
    spans = []
    for span, step, size in zip(mask.bounding_box, spacing, mask.voxels.shape, strict=True):
        margin = max(int(np.ceil(MARGIN_MM / step)), 2)
        spans.append(slice(max(span.start - margin, 0), min(span.stop + margin, size)))
    return spans[0], spans[1], spans[2]


def _signed_distance(inside: BoolArray, spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance to the surface in the plane of each slice, which is where contours are drawn; negative inside."""
    result = np.full(inside.shape, 99.0)
    for index, plane in enumerate(inside):
        if plane.any():
            outer = ndimage.distance_transform_edt(~plane, spacing[1:])
            inner = ndimage.distance_transform_edt(plane, spacing[1:])
            result[index] = outer - inner + np.where(plane, 0.5, -0.5) * spacing[1]
    return result


def _smooth_field(
    shape: tuple[int, ...], spacing: NDArray[np.float64], length_mm: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return a field of standard deviation 1 whose correlation falls to 1/e over a length."""
    sigma = length_mm / 2.0 / spacing
    pad = np.ceil(3.0 * sigma).astype(int)
    white = rng.standard_normal(tuple(n + 2 * p for n, p in zip(shape, pad, strict=True)))
    smooth = ndimage.gaussian_filter(white, sigma, mode="wrap", truncate=3.0)
    smooth /= smooth.std()
    inner = tuple(slice(p, p + n) for n, p in zip(shape, pad, strict=True))
    return np.asarray(smooth[inner])


def _ends_off(reader: str, own: np.random.Generator, now: np.random.Generator) -> tuple[int, int]:
    """Return by how many slices the lower and the upper end are longer (1) or shorter (-1)."""
    data = _data()["ends"]
    off = []
    for _end in range(2):
        habit = own.random() < data["between"] / 2.0
        slip = now.random() < data["within"] / 2.0
        step = int(own.choice((-1, 1))) * habit + int(now.choice((-1, 1))) * slip
        off.append(int(np.clip(step, -1, 1)))
    return off[0], off[1]


def _ends(drawn: BoolArray, inside: BoolArray, off: tuple[int, int]) -> BoolArray:
    drawn = drawn.copy()
    used = np.flatnonzero(inside.any(axis=(1, 2)))
    thick = len(used) > 3
    for end, step, way in ((used[0], off[0], -1), (used[-1], off[1], 1)):
        if step > 0 and 0 <= end + way < len(drawn):
            drawn[end + way] = ndimage.binary_erosion(drawn[end])
        elif step < 0 and thick:
            drawn[end] = False
    return drawn


def _seen(hu: NDArray[Any], spacing: NDArray[np.float64], low_hu: float) -> tuple[BoolArray, BoolArray]:
    """Return which voxels look like lesion in a smoothed picture, and which are neither air nor blood."""
    eye = _data()["eye"]
    sigma = (0.0, eye["smooth_mm"] / spacing[1], eye["smooth_mm"] / spacing[2])
    seen = ndimage.gaussian_filter(np.clip(hu, -300, 400).astype(np.float32), sigma)
    solid = (hu > eye["air_hu"]) & (hu < eye["blood_hu"])
    return np.asarray(solid & (seen > low_hu) & (seen < eye["high_hu"])), np.asarray(solid)


def _tidy(drawn: BoolArray, inside: BoolArray) -> BoolArray:
    """Keep what hangs together with the lesion, and close small holes in each slice."""
    filled = drawn.copy()
    for index, plane in enumerate(drawn):
        if plane.any():
            holes = ndimage.binary_fill_holes(plane) & ~plane
            labels, count = ndimage.label(holes)
            sizes = np.bincount(labels.ravel(), minlength=count + 1)
            filled[index] = ndimage.binary_opening(plane | (holes & (sizes[labels] <= 5))) | (plane & inside[index])
    labels, count = ndimage.label(filled, structure=np.ones((3, 3, 3)))
    if count < 2:
        return filled
    overlap = np.bincount(labels[inside], minlength=count + 1)
    overlap[0] = 0
    return np.asarray(labels == int(np.argmax(overlap)))

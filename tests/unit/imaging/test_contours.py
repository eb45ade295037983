"""Contours to masks and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.path import Path as Outline

from escc_desktop.errors import EsccError
from escc_desktop.imaging.contours import rasterise, trace
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.surface import stl, triangles
from escc_desktop.imaging.volume import Geometry

GRID = Geometry((12, 10, 3), (0.7, 0.9, 2.5), (1.0, -2.0, 3.0))
OBLIQUE = Geometry((12, 10, 3), (0.7, 0.9, 2.5), (1, -2, 3), (1, 0, 0, 0, 0.8, -0.6, 0, 0.6, 0.8))
masks = arrays(np.bool_, GRID.shape)


@given(masks, st.sampled_from([GRID, OBLIQUE]))
def test_that_traced_contours_give_the_mask_back(voxels: np.ndarray, grid: Geometry) -> None:
    mask = Mask(voxels, grid)
    assert np.array_equal(rasterise(trace(mask), grid).voxels, voxels)


@given(masks)
def test_that_the_area_within_traced_contours_is_that_of_the_voxels(voxels: np.ndarray) -> None:
    # Green's theorem: holes run the other way round and subtract.
    area = 0.0
    for points in trace(Mask(voxels, GRID)):
        x, y = points[:, 0], points[:, 1]
        area += float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
    assert math.isclose(area, voxels.sum() * 0.7 * 0.9, abs_tol=1e-9)


@given(arrays(np.float64, (7, 2), elements=st.floats(-1, 11).map(lambda value: round(value, 3) + 1e-4)))
def test_that_voxel_centres_inside_a_polygon_are_in_the_mask(corners: np.ndarray) -> None:
    points = GRID.to_mm(np.column_stack([corners, np.ones(len(corners))]))
    try:
        inside = rasterise([points], GRID).voxels[1]
    except EsccError:
        assert corners.max() < -0.5 or corners.min() > 9
        return
    clear = _distance_to_outline(corners) > 1e-6
    assert np.array_equal(inside[clear], _crossings_are_odd(corners)[clear])


def _distance_to_outline(corners: np.ndarray) -> np.ndarray:
    columns, rows = np.meshgrid(np.arange(12.0), np.arange(10.0))
    centres = np.stack([columns, rows], axis=-1)
    nearest = np.full(columns.shape, np.inf)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = max(float((end - start) @ (end - start)), 1e-30)
        share = np.clip((centres - start) @ (end - start) / length, 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(centres - start - share[..., None] * (end - start), axis=-1))
    return nearest


def _crossings_are_odd(corners: np.ndarray) -> np.ndarray:
    """Even-odd rule pixel by pixel, with rays towards +y instead of along the rows."""
    inside = np.zeros(GRID.shape[1:], bool)
    for row in range(inside.shape[0]):
        for column in range(inside.shape[1]):
            crossings = 0
            for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                if (x0 <= column) != (x1 <= column):
                    crossings += y0 + (column - x0) * (y1 - y0) / (x1 - x0) > row
            inside[row, column] = crossings % 2
    return inside


def test_that_a_convex_contour_agrees_with_matplotlib() -> None:
    angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    corners = np.column_stack([5.3 + 4.1 * np.cos(angle), 4.6 + 3.3 * np.sin(angle)])
    mask = rasterise([GRID.to_mm(np.column_stack([corners, np.full(50, 2.0)]))], GRID)
    columns, rows = np.meshgrid(np.arange(12), np.arange(10))
    expected = Outline(corners).contains_points(np.column_stack([columns.ravel(), rows.ravel()])).reshape(10, 12)
    assert np.array_equal(mask.voxels[2], expected)
    assert not mask.voxels[:2].any()


def test_that_a_contour_within_a_contour_is_a_hole() -> None:
    def square(low: float, high: float) -> np.ndarray:
        return GRID.to_mm(np.array([[low, low, 1], [high, low, 1], [high, high, 1], [low, high, 1]]))

    mask = rasterise([square(0.5, 8.5), square(2.5, 5.5)], GRID)
    assert mask.n_voxels == 64 - 9


@pytest.mark.parametrize("place", [0.5, -1.0, 3.0, 7.0])
def test_that_contours_between_or_beyond_the_slices_are_refused(place: float) -> None:
    corners = np.array([[1, 1, place], [5, 1, place], [5, 5, place]])
    with pytest.raises(EsccError, match="Contour 1"):
        rasterise([GRID.to_mm(corners)], GRID)


@given(masks.filter(lambda voxels: voxels.any()), st.sampled_from([GRID, OBLIQUE]))
def test_that_the_surface_encloses_the_volume_of_the_mask(voxels: np.ndarray, grid: Geometry) -> None:
    # Divergence theorem: the sum of signed tetrahedra to any point.
    corners = triangles(Mask(voxels, grid))
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert math.isclose(volume, voxels.sum() * grid.voxel_volume_mm3, rel_tol=1e-9)


def test_that_an_stl_file_has_the_size_its_count_says() -> None:
    data = stl(Mask(np.ones(GRID.shape, bool), GRID))
    n_faces = 2 * (12 * 10 + 12 * 3 + 10 * 3)
    assert len(data) == 84 + 50 * 2 * n_faces
    assert int.from_bytes(data[80:84], "little") == 2 * n_faces

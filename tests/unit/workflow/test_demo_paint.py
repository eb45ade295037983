"""The C part of the painter against the same formulas in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.workflow.demo import _paint
from escc_desktop.workflow.demo.anatomy import near_fine
from escc_desktop.workflow.demo.canvas import Canvas, Lattice, single, smoothed
from escc_desktop.workflow.demo.shapes import add_tube
from escc_desktop.workflow.demo.trees import grow_tree


def lattice(*shape: int) -> Lattice:
    z, y, x = (single(np.linspace(-40.0, 40.0, n)) for n in shape)
    return Lattice(z, y, x)


def catmull_rom(values: NDArray[np.float64], coarse: NDArray[np.float64], at: float) -> float:
    """One value between regular points, the ends repeated."""
    step = coarse[1] - coarse[0]
    place = np.clip((at - coarse[0]) / step, 0, len(coarse) - 1)
    left = min(int(place), len(coarse) - 2)
    t = place - left
    p = [values[np.clip(left + k, 0, len(coarse) - 1)] for k in (-1, 0, 1, 2)]
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
    return float(sum(w * v for w, v in zip(weights, p, strict=True)) / 2)


def test_that_a_tube_is_as_far_as_its_axis_less_its_radius() -> None:
    body = lattice(20, 30, 40)
    distance = np.full(body.shape, 60.0, dtype=np.float32)
    add_tube(body, distance, np.array([[-10.0, 2.0, -5.0, 3.0], [12.0, -6.0, 9.0, 5.0]]))
    start, way = np.array([-10.0, 2.0, -5.0]), np.array([22.0, -8.0, 14.0])
    z, y, x = np.meshgrid(body.z, body.y, body.x, indexing="ij")
    points = np.stack([x, y, z], axis=-1).astype(np.float64)
    along = np.clip((points - start) @ way / (way @ way), 0.0, 1.0)
    expected = np.linalg.norm(points - start - along[..., None] * way, axis=-1) - (3.0 + 2.0 * along)
    near = expected < 3.0
    np.testing.assert_allclose(distance[near], expected[near], atol=1e-4)
    assert (distance[~near] >= 3.0 - 1e-4).all()


def test_that_a_tube_outside_the_body_changes_nothing() -> None:
    body = lattice(4, 5, 6)
    distance = np.full(body.shape, 60.0, dtype=np.float32)
    add_tube(body, distance, np.array([[400.0, 0.0, 0.0, 3.0], [500.0, 0.0, 0.0, 3.0]]))
    add_tube(body, distance, np.zeros((1, 4)))
    assert (distance == 60.0).all()


def test_that_refining_is_cubic_along_each_axis() -> None:
    canvas = Canvas(lattice(9, 11, 13), 1)
    field = single(np.random.default_rng(3).standard_normal(canvas.coarse.shape))
    box = (slice(2, 7), slice(0, 11), slice(5, 13))
    fine = canvas.refine(field, box)
    assert fine.shape == (5, 11, 8)
    axes = [axis.astype(np.float64) for axis in (canvas.coarse.z, canvas.coarse.y, canvas.coarse.x)]
    for k, j, i in ((0, 0, 0), (4, 10, 7), (2, 5, 3), (3, 9, 6)):
        z, y, x = canvas.fine.z[box[0]][k], canvas.fine.y[j], canvas.fine.x[box[2]][i]
        lines = np.array([[catmull_rom(row, axes[2], float(x)) for row in plane] for plane in field.astype(np.float64)])
        plane = np.array([catmull_rom(line, axes[1], float(y)) for line in lines])
        assert fine[k, j, i] == pytest.approx(catmull_rom(plane, axes[0], float(z)), abs=1e-5)


def test_that_a_share_moves_a_voxel_that_far() -> None:
    canvas = Canvas(lattice(6, 7, 8), 1)
    box = (slice(1, 4), slice(2, 7), slice(0, 5))
    rng = np.random.default_rng(5)
    share, hu = single(rng.uniform(0.0, 1.0, (3, 5, 5))), single(rng.normal(0.0, 50.0, (3, 1, 5)))
    canvas.blend(box, share, 40.0)
    np.testing.assert_allclose(canvas.hu[box], -1000.0 + share * 1040.0, rtol=1e-6)
    before = canvas.hu[box].copy()
    canvas.blend(box, share[:, :, :1].repeat(5, axis=2), hu)
    np.testing.assert_allclose(canvas.hu[box], before + share[:, :, :1] * (hu - before), rtol=1e-5, atol=1e-3)
    assert (canvas.hu[4:] == -1000.0).all()


def test_that_a_surface_covers_half_of_a_voxel_it_halves() -> None:
    canvas = Canvas(lattice(6, 7, 81), 1)
    np.testing.assert_allclose(canvas.cover(single([-9.0, -0.25, 0.0, 0.25, 9.0])), [1.0, 0.75, 0.5, 0.25, 0.0])


def test_that_arrays_of_another_size_are_refused() -> None:
    body = lattice(4, 5, 6)
    distance, piece = np.zeros(body.shape, dtype=np.float32), np.zeros((1, 2, 4))
    with pytest.raises(ValueError, match="distance has 480 bytes, expected 1920"):
        _paint.tubes(distance, (16, 5, 6), body.z, body.y, body.x, piece, 1.0)
    with pytest.raises(ValueError, match="axis has 16 bytes"):
        _paint.tubes(distance, (4, 5, 6), body.z, body.z, body.x, piece, 1.0)
    with pytest.raises(ValueError, match="one shape"):
        _paint.blend(distance, distance[1:], distance)
    with pytest.raises(ValueError, match="float32"):
        _paint.blend(distance, distance, np.zeros(body.shape))
    ends, one = np.array([0, 1], dtype=np.intc), np.array([9], dtype=np.intc)
    taps = ends, one, np.ones(1, dtype=np.float32)
    with pytest.raises(ValueError, match="outside the coarse field"):
        _paint.refine(distance, (4, 5, 6), taps, taps, taps, distance)


@pytest.mark.parametrize("shape", [(20, 41, 33), (7, 3, 70), (4, 65, 1)])
@pytest.mark.parametrize("wraps", [True, False])
def test_that_smoothing_is_that_of_scipy_to_the_last_bit(shape: tuple[int, int, int], wraps: bool) -> None:
    field = single(np.random.default_rng(7).standard_normal(shape))
    sigma = (0.0, 3.3, 0.8)
    expected = ndimage.gaussian_filter(field, sigma, mode="wrap" if wraps else "reflect", truncate=3.0)
    np.testing.assert_array_equal(smoothed(field, sigma, 3.0, wraps), expected)


def test_that_the_box_around_what_is_near_holds_all_of_it_and_no_more() -> None:
    distance = np.full((6, 7, 8), 60.0, dtype=np.float32)
    assert near_fine(distance) is None
    distance[1, 5, 3] = distance[4, 2, 3] = distance[2, 3, 7] = -1.0
    assert near_fine(distance) == (slice(1, 5), slice(2, 6), slice(3, 8))


def test_that_a_tree_is_one_piece_that_thins_from_its_root() -> None:
    body = lattice(17, 17, 17)
    lung = np.full(body.shape, -20.0, dtype=np.float32)
    pieces = grow_tree(lung, body, np.array([[1.0, 0.0, 0.0]]), 1.0, 60, np.random.default_rng(2))
    nodes = {tuple(end[:3]): end[3] for end in pieces[:, 1]}
    for start, end in pieces:
        assert np.linalg.norm(end[:3] - start[:3]) < 2 * 9.0
        if tuple(start[:3]) != (1.0, 0.0, 0.0):
            assert nodes[tuple(start[:3])] >= end[3]


def test_that_a_tree_does_not_outgrow_its_arrays() -> None:
    points, way, sines = np.zeros((3, 3)), np.zeros(3), np.zeros((9, 9))
    parent, ends = np.full(3, -1), np.empty(1, dtype=np.intp)
    rules = np.array([9.0, 0.45, 0.05])
    for far in (40.0, 900.0):
        with pytest.raises(ValueError, match="outgrows"):
            _paint.grow(points, parent, way, 1, np.array([[far, 0.0, 0.0]]), np.zeros((1, 3)), rules, sines, ends)

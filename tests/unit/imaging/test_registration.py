"""Registration against motions that were applied, and resampling against where points go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.imaging.registration import AIR_HU, STILL, RigidMotion, register, resample
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled, Progress

GRID = Geometry((80, 64, 40), (4.0, 4.0, 6.0), (-160.0, -128.0, -300.0))
MIDDLE = GRID.to_mm((np.array([GRID.size]) - 1) / 2)[0]


def _about(angles_deg, shift, middle=MIDDLE):
    """Return a motion that turns about x, then y, then z through a point, and moves."""
    rotation = np.eye(3)
    for axis, angle in enumerate(np.radians(angles_deg)):
        turn = np.eye(3)
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = turn @ rotation
    moved = middle - rotation @ middle + np.array(shift)
    return RigidMotion(tuple(rotation.ravel().tolist()), tuple(moved.tolist()))


def _body(grid, motion=STILL, contrast=0.0):
    """Return a trunk with spine, aorta, lungs and ribs as it lies after a motion; analytic, so never resampled."""
    z, y, x = np.indices(grid.shape, dtype=float)
    points = grid.to_mm(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1))
    x, y, z = (motion.inverse().apply(points) - MIDDLE).T
    hu = np.full(x.shape, -1000.0)
    hu[(x / 130) ** 2 + (y / 95) ** 2 < 1] = 40
    for side in (-60, 60):
        hu[((x - side) / 45) ** 2 + (y / 60) ** 2 + ((z - 40) / 90) ** 2 < 1] = -850
    spine = (x / 20) ** 2 + ((y - 60) / 20) ** 2 < 1
    hu[spine] = 400
    hu[spine & (np.abs(z) % 30 < 6)] = 100
    hu[((x - 25) / 12) ** 2 + ((y - 30) / 12) ** 2 < 1] = 60 + contrast
    hu[((x + 40) / 50) ** 2 + ((y + 10) / 40) ** 2 + ((z + 90) / 40) ** 2 < 1] = 110 + contrast / 4
    noise = np.random.default_rng(1).normal(0, 10, hu.shape)
    return Volume((hu + noise).round().astype(np.int16).reshape(grid.shape), grid)


@pytest.mark.parametrize(
    ("angles", "shift"),
    [((0, 0, 0), (0, 0, 0)), ((0, 0, 3), (12, -8, 15)), ((2, -3, 4), (-20, 10, 30)), ((0, 2, 0), (200, -300, 900))],
)
def test_that_a_motion_is_found_within_two_mm_whatever_the_contrast(angles, shift):
    true = _about(angles, shift)
    corner = true.apply(np.array([GRID.origin_mm]))[0]
    other = Geometry(GRID.size, GRID.spacing_mm, tuple((corner + 3).tolist()))
    found = register(_body(GRID), _body(other, true, contrast=220), Progress())
    points = MIDDLE + np.array(list(np.ndindex(3, 3, 3))) * (40, 40, 40) - 40
    assert np.linalg.norm(found.apply(points) - true.apply(points), axis=1).max() < 2


def test_that_scans_of_other_lengths_are_laid_over_each_other():
    true = _about((0, 0, 2), (5, -5, 400))
    low = true.apply(GRID.to_mm(np.array([[0, 0, 14]])))[0]
    other = Geometry((80, 64, 26), GRID.spacing_mm, tuple(low.tolist()))
    found = register(_body(GRID), _body(other, true), Progress())
    assert np.linalg.norm(found.apply(MIDDLE[None]) - true.apply(MIDDLE[None])) < 2


def test_that_a_registration_can_be_stopped_and_air_is_refused():
    stopped = []

    def listen(fraction, _note):
        stopped.append(fraction)

    with pytest.raises(Cancelled):
        register(_body(GRID), _body(GRID), Progress(listen, lambda: len(stopped) > 8))
    assert max(stopped) < 1
    air = Volume(np.full(GRID.shape, AIR_HU, dtype=np.int16), GRID)
    with pytest.raises(EsccError, match="air"):
        register(_body(GRID), air, Progress())


@given(st.tuples(*[st.floats(-40, 40)] * 3), st.tuples(*[st.floats(-200, 200)] * 3))
def test_that_a_motion_and_its_inverse_leave_every_point_where_it_was(angles, shift):
    motion = _about(angles, shift)
    points = np.array([[0.0, 0, 0], [100, -50, 30], [-300, 200, 900]])
    assert np.allclose(motion.inverse().apply(motion.apply(points)), points, atol=1e-6)
    # Trace and axis of the matrix: the angle of a rotation is what its eigenvalues say.
    expected = np.degrees(np.abs(np.angle(np.linalg.eigvals(motion.matrix))).max())
    assert motion.angle_deg == pytest.approx(expected, abs=1e-4)


def test_that_resampling_puts_every_voxel_where_the_motion_says():
    hu = np.full(GRID.shape, -1000, dtype=np.int16)
    hu[20, 30, 40] = 900
    moving = Volume(hu, GRID)
    motion = RigidMotion(shift_mm=(8.0, -4.0, 12.0))  # two, one and two voxels
    over = resample(moving, GRID, motion, Progress())
    assert np.argwhere(over.hu == 900).tolist() == [[18, 31, 38]]
    assert over.hu[-1].max() == AIR_HU, "beyond the other scan is air"
    assert np.array_equal(resample(moving, GRID, STILL, Progress()).hu, hu)


def test_that_one_slice_is_laid_over_but_not_registered():
    flat = Geometry((80, 64, 1), GRID.spacing_mm, tuple(GRID.to_mm(np.array([[0, 0, 20]]))[0].tolist()))
    volume = _body(flat)
    assert np.array_equal(resample(volume, flat, STILL, Progress()).hu, volume.hu)
    with pytest.raises(EsccError, match="too little of the same"):
        register(volume, volume, Progress())

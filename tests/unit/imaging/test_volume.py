"""Grids: index to patient and back, and what makes two of them different."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from escc_desktop.errors import EsccError
from escc_desktop.imaging.itk import from_itk, to_itk
from escc_desktop.imaging.volume import Geometry, Volume

mm = st.floats(-500, 500)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    angles = draw(st.tuples(*[st.floats(-math.pi, math.pi)] * 3))
    size = draw(st.tuples(*[st.integers(1, 600)] * 3))
    spacing = draw(st.tuples(*[st.floats(0.2, 6)] * 3))
    axes = Rotation.from_euler("xyz", angles).as_matrix()
    return Geometry(size, spacing, draw(st.tuples(mm, mm, mm)), tuple(axes.ravel().tolist()))


@given(geometries(), arrays(np.float64, (5, 3), elements=st.floats(-600, 600)))
def test_that_to_index_undoes_to_mm(geometry: Geometry, indices: np.ndarray) -> None:
    assert np.allclose(geometry.to_index(geometry.to_mm(indices)), indices, atol=1e-6)


@given(geometries())
def test_that_the_affine_agrees_with_itk(geometry: Geometry) -> None:
    small = Geometry((3, 2, 4), geometry.spacing_mm, geometry.origin_mm, geometry.direction)
    image = to_itk(Volume(np.zeros(small.shape, np.int16), small))
    corner = image.TransformIndexToPhysicalPoint((2, 1, 3))
    assert np.allclose(small.to_mm(np.array([[2, 1, 3]]))[0], corner, atol=1e-6)
    assert from_itk(image).geometry.difference(small) is None


@given(geometries())
def test_that_the_voxel_volume_is_the_determinant_of_the_affine(geometry: Geometry) -> None:
    assert math.isclose(geometry.voxel_volume_mm3, np.linalg.det(geometry.affine[:3, :3]), rel_tol=1e-9)


BASE = Geometry((512, 512, 100), (0.8, 0.8, 2.0), (-200.0, -200.0, -100.0))


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (Geometry((512, 512, 99), BASE.spacing_mm, BASE.origin_mm), "size"),
        (Geometry(BASE.size, (0.8, 0.8, 2.25), BASE.origin_mm), "spacing"),
        (Geometry(BASE.size, BASE.spacing_mm, (-200.0, -199.9, -100.0)), "origin"),
        (Geometry(BASE.size, BASE.spacing_mm, BASE.origin_mm, (0, 1, 0, -1, 0, 0, 0, 0, 1)), "direction"),
    ],
)
def test_that_a_difference_names_what_differs(other: Geometry, word: str) -> None:
    assert word in str(BASE.difference(other))


def test_that_rounding_of_float32_headers_is_no_difference() -> None:
    spacing = tuple(float(np.float32(value)) for value in BASE.spacing_mm)
    origin = tuple(float(np.float32(value + 1e-5)) for value in BASE.origin_mm)
    assert BASE.difference(Geometry(BASE.size, spacing, origin)) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ((0, 1, 1), (1, 1, 1), (0, 0, 0)),
        ((1, 1, 1), (1, 0, 1), (0, 0, 0)),
        ((1, 1, 1), (1, 1, math.nan), (0, 0, 0)),
        ((1, 1, 1), (1, 1, 1), (0, 0, math.inf)),
        ((1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 0.5, 0, 0, 1, 0, 0, 0, 1)),
    ],
)
def test_that_no_grid_is_made_of_impossible_numbers(arguments: tuple) -> None:
    with pytest.raises(EsccError):
        Geometry(*arguments)


def test_that_a_digest_depends_on_type_grid_and_voxels_and_on_nothing_else() -> None:
    grid = Geometry((3, 2, 4), (1, 1, 1), (0.0, 0, 0))
    shifted = Geometry((3, 2, 4), (1, 1, 1), (0.0, 0, 1))
    minus_zero = Geometry((3, 2, 4), (1, 1, 1), (-0.0, 0, 0))
    voxels = np.arange(24, dtype=np.int16).reshape(grid.shape)
    digest = Volume(voxels, grid).digest
    assert Volume(np.asfortranarray(voxels), grid).digest == digest
    assert Volume(voxels.astype(">i2"), minus_zero).digest == digest
    others = {Volume(voxels.astype(np.int32), grid).digest, Volume(voxels, shifted).digest}
    others.add(Volume(voxels + np.int16(1), grid).digest)
    assert len(others | {digest}) == 4


def test_that_the_voxels_of_a_volume_cannot_be_changed() -> None:
    volume = Volume(np.zeros((4, 2, 3), np.int16), Geometry((3, 2, 4), (1, 1, 1), (0, 0, 0)))
    with pytest.raises(ValueError, match="read-only"):
        volume.hu[0, 0, 0] = 1

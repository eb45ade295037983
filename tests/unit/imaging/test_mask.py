"""Masks, their edits, and the distances between two of them."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis.extra.numpy import arrays

from escc_desktop.errors import EsccError
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.mask import Mask, MaskEdit, dice, surface_distances
from escc_desktop.imaging.volume import Geometry

SHAPE = (4, 6, 7)
GRID = Geometry((7, 6, 4), (0.7, 0.9, 2.5), (1.0, -2.0, 3.0))
voxels = arrays(np.bool_, SHAPE)


@given(voxels, voxels)
def test_that_an_edit_leads_there_and_back(before: np.ndarray, after: np.ndarray) -> None:
    edit = MaskEdit.between(before, after, "brush", 2)
    work = before.copy()
    edit.apply(work)
    assert np.array_equal(work, after)
    edit.apply(work)
    assert np.array_equal(work, before)


@given(voxels, voxels)
def test_that_an_edit_survives_being_written(before: np.ndarray, after: np.ndarray) -> None:
    edit = MaskEdit.between(before, after, "Pinsel 画笔", 3)
    assert MaskEdit.from_bytes(edit.to_bytes()) == edit


@given(voxels, arrays(np.bool_, (2, 3, 2)))
def test_that_an_edit_within_a_region_is_the_edit(before: np.ndarray, patch: np.ndarray) -> None:
    region = (slice(1, 3), slice(2, 5), slice(4, 6))
    after = before.copy()
    after[region] = patch
    assert MaskEdit.between(before, after, "x", 0, region) == MaskEdit.between(before, after, "x", 0)


def test_that_damaged_bytes_of_an_edit_are_refused() -> None:
    before, after = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    data = MaskEdit.between(before, after, "brush", 1).to_bytes()
    for damaged in (b"", data[:20], data[:-3], b"XXXX" + data[4:], data[:12] + b"\xff" * 8 + data[20:]):
        with pytest.raises(EsccError, match="damaged"):
            MaskEdit.from_bytes(damaged)


def test_that_a_stroke_on_a_full_size_mask_is_fast_and_small() -> None:
    before = np.zeros((160, 512, 512), bool)
    y, x = np.ogrid[-12:13, -12:13]
    region = (slice(80, 81), slice(200, 225), slice(300, 325))
    after = before.copy()
    after[region] = (x**2 + y**2 <= 144)[None]
    started = time.perf_counter()
    for _ in range(20):
        edit = MaskEdit.between(before, after, "brush", 80, region)
        edit.apply(before)
        edit.apply(before)
    assert (time.perf_counter() - started) / 20 < 0.02
    assert len(edit.to_bytes()) < 200


@given(voxels)
def test_that_counts_and_box_agree_with_itk(array: np.ndarray) -> None:
    mask = Mask(array, GRID)
    assert mask.is_empty == (not array.any())
    if mask.is_empty:
        assert all(part.stop == 0 for part in mask.bounding_box)
        return
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(to_itk(mask))
    assert mask.n_voxels == statistics.GetNumberOfPixels(1)
    assert math.isclose(mask.volume_mm3, statistics.GetPhysicalSize(1), rel_tol=1e-9)
    x, y, z, nx, ny, nz = statistics.GetBoundingBox(1)
    assert mask.bounding_box == (slice(z, z + nz), slice(y, y + ny), slice(x, x + nx))


@given(voxels, voxels)
def test_that_dice_agrees_with_itk(a: np.ndarray, b: np.ndarray) -> None:
    if not (a.any() or b.any()):
        assert dice(Mask(a, GRID), Mask(b, GRID)) == 1
        return
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(to_itk(Mask(a, GRID)), to_itk(Mask(b, GRID)))
    assert math.isclose(dice(Mask(a, GRID), Mask(b, GRID)), overlap.GetDiceCoefficient(), abs_tol=1e-12)


def box(x: slice, y: slice, z: slice) -> Mask:
    array = np.zeros((20, 30, 30), bool)
    array[z, y, x] = True
    return Mask(array, Geometry((30, 30, 20), (1.0, 1.0, 2.0), (0, 0, 0)))


def test_that_distances_of_shifted_slabs_are_the_shift() -> None:
    # One-slice slabs are all surface: every voxel of one lies the shift away from the other.
    a = box(slice(5, 20), slice(5, 20), slice(3, 4))
    b = box(slice(5, 20), slice(5, 20), slice(6, 7))
    assert surface_distances(a, b) == (6.0, 6.0)
    assert surface_distances(a, a) == (0.0, 0.0)


def test_that_distances_are_symmetric_and_need_two_surfaces() -> None:
    a, b = box(slice(5, 20), slice(5, 20), slice(3, 9)), box(slice(7, 25), slice(4, 22), slice(2, 9))
    assert surface_distances(a, b) == pytest.approx(surface_distances(b, a))
    with pytest.raises(EsccError, match="empty"):
        surface_distances(a, box(slice(0, 0), slice(0, 0), slice(0, 0)))
    with pytest.raises(EsccError, match="grids"):
        dice(a, Mask(np.zeros(SHAPE, bool), GRID))

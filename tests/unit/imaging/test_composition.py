"""What a region is made of, and what trimming leaves: truth from counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from escc_desktop.imaging.composition import Composition, Part, belongs_to, count_slices, trim
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.progress import Progress

SHAPE = (4, 6, 5)
HU = arrays.arrays(np.int16, SHAPE, elements=st.sampled_from([-1000, -31, -30, 0, 60, 200, 201, 900]))
REGION = arrays.arrays(np.bool_, SHAPE)


@given(HU, REGION)
def test_that_shares_count_voxels_below_minus_30_and_above_200(hu: np.ndarray, region: np.ndarray) -> None:
    found = Composition.of_slices(count_slices(hu, region, range(SHAPE[0]), Progress()).values())
    inside = hu[region].tolist()
    assert found.n_voxels == len(inside)
    assert found.count(Part.AIR_FAT) == sum(value < -30 for value in inside)
    assert found.count(Part.VESSEL_CALCIUM) == sum(value > 200 for value in inside)
    assert found.share(Part.AIR_FAT) == pytest.approx(sum(value < -30 for value in inside) / max(len(inside), 1))


@given(HU, REGION, st.sampled_from(Part))
def test_that_trimming_takes_out_the_part_and_nothing_else(hu: np.ndarray, region: np.ndarray, part: Part) -> None:
    box, left = trim(hu, region, part, with_rim=False)
    after = region.copy()
    after[box] = left
    assert np.array_equal(after, region & ~belongs_to(hu, part))


@given(HU, REGION, st.sampled_from(Part))
def test_that_the_rim_is_what_touches_it_in_its_slice(hu: np.ndarray, region: np.ndarray, part: Part) -> None:
    box, left = trim(hu, region, part, with_rim=True)
    after = region.copy()
    after[box] = left
    unwanted = region & belongs_to(hu, part)
    expected = region.copy()
    for z, y, x in np.argwhere(unwanted):
        for row, column in ((y, x), (y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= row < SHAPE[1] and 0 <= column < SHAPE[2]:
                expected[z, row, column] = False
    assert np.array_equal(after, expected)


def test_that_an_empty_region_has_no_share_and_nothing_to_trim() -> None:
    hu, region = np.zeros(SHAPE, np.int16), np.zeros(SHAPE, np.bool_)
    assert Composition.of_slices([]).share(Part.AIR_FAT) == 0.0
    _box, left = trim(hu, region, Part.AIR_FAT, with_rim=True)
    assert not left.any()


@given(HU, REGION, st.sampled_from(Part), st.booleans())
def test_that_a_trim_as_a_step_touches_only_slices_with_the_part_and_undoes_itself(
    hu: np.ndarray, region: np.ndarray, part: Part, with_rim: bool
) -> None:
    box, left = trim(hu, region, part, with_rim=with_rim)
    after = region.copy()
    after[box] = left
    edit = MaskEdit.between(region, after, "trim", 0)
    unwanted = region & belongs_to(hu, part)
    assert edit.slices == tuple(np.flatnonzero(unwanted.any(axis=(1, 2))).tolist())
    voxels = region.copy()
    edit.apply(voxels)
    assert np.array_equal(voxels, after)
    edit.apply(voxels)
    assert np.array_equal(voxels, region)

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.features import reference
from escc_desktop.features.crop import MARGIN, crop_around
from escc_desktop.features.params import load_params
from escc_desktop.features.resample import prepare
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress


def scene(
    size: tuple[int, int, int], corner: tuple[int, int, int], extent: tuple[int, int, int]
) -> tuple[Volume, Mask]:
    geometry = Geometry(size, (0.9, 0.9, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    rng = np.random.default_rng([*size, *corner])
    hu = rng.normal(40, 120, geometry.shape).astype(np.int16)
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    z, y, x = (slice(start, start + length) for start, length in zip(corner, extent, strict=True))
    voxels[z, y, x] = rng.random(extent) < 0.9
    return Volume(hu, geometry), Mask(voxels, geometry)


@pytest.mark.slow
@pytest.mark.parametrize("corner", [(8, 12, 15), (0, 12, 20), (3, 2, 29), (17, 0, 0)], ids=str)
def test_that_the_crop_changes_no_value_in_the_middle_or_at_a_border(
    corner: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    volume, mask = scene((41, 38, 24), corner, (6, 7, 9))
    params, engine = load_params("ct_arterial"), reference.PyRadiomics()
    prepared = prepare(volume, mask, params)
    cropped = engine.compute(prepared, params, Progress())
    monkeypatch.setattr(reference, "_SHORT_REACHING", ())
    assert cropped.values == engine.compute(prepared, params, Progress()).values


@settings(max_examples=60)
@given(st.data())
def test_that_every_axis_is_whole_or_even_with_a_margin(data: st.DataObject) -> None:
    size = tuple(data.draw(st.integers(5, 40)) for _ in range(3))
    corner = tuple(data.draw(st.integers(0, n - 3)) for n in size)
    voxels = np.zeros(size, dtype=np.bool_)
    voxels[tuple(slice(start, start + 3) for start in corner)] = True
    image = sitk.GetImageFromArray(voxels.astype(np.uint8))
    cropped, region = crop_around(image, image, voxels)
    assert sitk.GetArrayViewFromImage(region).sum() == 27
    starts = image.TransformPhysicalPointToIndex(cropped.GetOrigin())
    for start, length, whole, first in zip(starts, cropped.GetSize(), image.GetSize(), reversed(corner), strict=True):
        if length < whole:
            assert length % 2 == 0
            assert start == first - MARGIN
            assert start + length >= first + 3 + MARGIN

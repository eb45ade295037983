from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from radiomics import imageoperations

from escc_desktop.features.filters import Group, Scan, filtered, groups
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.mask import Region
from escc_desktop.imaging.volume import Geometry, Volume

KINDS = ("Original", "LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D")
PIXEL_TYPES = (np.int16, np.uint8, np.uint16, np.int32, np.float32, np.float64)
OBLIQUE = (np.cos(0.3), -np.sin(0.3), 0.0, np.sin(0.3), np.cos(0.3), 0.0, 0.0, 0.0, 1.0)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Applying `local_binary_pattern` to floating-point", UserWarning)
        yield
    logger.setLevel(level)


def by_pyradiomics(volume: Volume, *kinds: str) -> dict[str, NDArray]:
    image = to_itk(volume)
    return {
        name: sitk.GetArrayFromImage(made)
        for kind in kinds
        for made, name, _ in getattr(imageoperations, f"get{kind}Image")(image, None, sigma=[3.0, 5.0])
    }


def by_us(volume: Volume, params: ExtractionParams, box: Region, names: set[str]) -> dict[str, NDArray]:
    scan, voxels = Scan(volume), np.ones([part.stop - part.start for part in box], dtype=np.bool_)
    return {
        name: values
        for group in groups(params, names)
        for name, values in filtered(scan, box, voxels, params, group, lambda: None)
    }


def noise(size: tuple[int, int, int], dtype: type = np.int16, spacing=(0.7, 0.7, 5.0), seed: int = 3) -> Volume:
    rng = np.random.default_rng(seed)
    geometry = Geometry(size, spacing, (-20.0, 7.0, 100.0), OBLIQUE)
    hu = rng.normal(0, 400, geometry.shape)
    hu[1:4, 2:6, 1:6] = -1000  # flat, so that LBP compares equal values
    if np.issubdtype(dtype, np.unsignedinteger):
        hu = np.abs(hu).clip(0, 255)
    return Volume(hu.astype(dtype) if np.issubdtype(dtype, np.floating) else hu.round().astype(dtype), geometry)


def places(shape: tuple[int, ...]) -> list[Region]:
    """The whole, the corner of the first and of the last voxels, nearly the whole, the middle, one voxel."""
    ends = [[(0, n), (0, 3), (n - 3, n), (1, n - 2), (n // 2 - 2, n // 2 + 1), (n // 3, n // 3 + 1)] for n in shape]
    return [tuple(slice(*part) for part in parts) for parts in zip(*ends, strict=True)]


@pytest.mark.parametrize("size", [(19, 24, 9), (26, 15, 12)], ids=["odd", "even"])
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_that_every_image_is_pyradiomics_own_on_any_box(
    dtype: type, size: tuple[int, int, int], params: ExtractionParams
) -> None:
    volume = noise(size, dtype)
    expected = by_pyradiomics(volume, *KINDS)
    assert len(expected) == 17
    for box in places(volume.hu.shape):
        images = by_us(volume, params, box, set(expected))
        assert images.keys() == expected.keys()
        for name, values in images.items():
            assert values.dtype == expected[name].dtype, name
            np.testing.assert_array_equal(values, expected[name][box], err_msg=f"{name} {box}")


def test_that_lbp_3d_is_worked_out_for_the_voxels_given(params: ExtractionParams) -> None:
    volume = noise((19, 24, 15), spacing=(1, 1, 1))
    box = (slice(3, 9), slice(5, 14), slice(0, 8))
    voxels = np.random.default_rng(1).random((6, 9, 8)) < 0.6
    mask = np.zeros(volume.hu.shape, dtype=np.uint8)
    mask[box] = voxels
    region = sitk.GetImageFromArray(mask)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            name: sitk.GetArrayFromImage(made)[box][voxels]
            for made, name, _ in imageoperations.getLBP3DImage(to_itk(volume), region)
        }
    (group,) = groups(params, expected)
    images = dict(filtered(Scan(volume), box, voxels, params, group, lambda: None))
    assert images.keys() == expected.keys() == {"lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k"}
    for name, values in images.items():
        np.testing.assert_allclose(values[voxels], expected[name], rtol=1e-12)
        assert not values[~voxels].any()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_that_short_reaching_filters_are_pyradiomics_own_at_any_size_and_place(data: st.DataObject) -> None:
    size = tuple(data.draw(st.integers(1, 17)) for _ in range(3))
    starts = [data.draw(st.integers(0, n - 1)) for n in size]
    box = tuple(slice(start, data.draw(st.integers(start + 1, n))) for start, n in zip(starts, size, strict=True))
    hu = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-9, 9, size).astype(np.int16)
    volume = Volume(hu, Geometry(size[::-1], (0.9, 1.0, 1.1), (0.0, 0.0, 0.0)))
    expected = by_pyradiomics(volume, "Wavelet", "Gradient", "LBP2D")
    for name, values in by_us(volume, load_params("ct_arterial"), box, set(expected)).items():
        np.testing.assert_array_equal(values, expected[name][box], err_msg=name)


def test_that_equal_neighbours_are_told_from_unequal_ones_as_in_the_whole_slice(params: ExtractionParams) -> None:
    # Interpolated between equal values, rounding decides, and it depends on the position in the slice.
    rng = np.random.default_rng(0)
    hu = (rng.integers(-3, 4, (1, 300, 300)) * 117 + 0.1).astype(np.float64)
    volume = Volume(hu, Geometry((300, 300, 1), (1, 1, 1), (0, 0, 0)))
    box = (slice(0, 1), slice(200, 290), slice(250, 299))
    expected = by_pyradiomics(volume, "LBP2D")["lbp-2D"]
    np.testing.assert_array_equal(by_us(volume, params, box, {"lbp-2D"})["lbp-2D"], expected[box])


@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_that_the_lowest_value_of_int16_scales_like_any_other(dtype: type, params: ExtractionParams) -> None:
    hu = np.zeros((5, 5, 5), dtype=dtype)
    hu[0, 0, 0], hu[2, 2, 2] = -32768, 900
    volume = Volume(hu, Geometry((5, 5, 5), (1, 1, 1), (0, 0, 0)))
    assert Scan(volume).scale == 32768
    expected = by_pyradiomics(volume, "Square", "SquareRoot", "Logarithm", "Exponential")
    box = (slice(1, 4),) * 3
    for name, values in by_us(volume, params, box, set(expected)).items():
        np.testing.assert_array_equal(values, expected[name][box])


def test_that_every_image_has_one_group_and_only_groups_that_are_wanted_are_given(params: ExtractionParams) -> None:
    every = groups(params, params.filters)
    assert [group.name for group in every] == [
        *("lbp-3D", "log 5", "log 3", "wavelet", "lbp-2D", "intensity", "gradient")
    ]
    assert sorted(image for group in every for image in group.images) == sorted(params.filters)
    wanted = groups(params, {"wavelet-HLL", "original", "exponential"})
    assert wanted == (Group("wavelet", ("wavelet-HLL",)), Group("intensity", ("original", "exponential")))


def test_that_only_the_bands_wanted_are_given(params: ExtractionParams) -> None:
    volume = noise((20, 21, 10))
    box = (slice(2, 7),) * 3
    assert by_us(volume, params, box, {"wavelet-LHL", "wavelet-LLL"}).keys() == {"wavelet-LHL", "wavelet-LLL"}


@pytest.mark.parametrize("name", ["lbp-2D", "gradient", "square", "wavelet-LLL", "log-sigma-3-0-mm-3D"])
def test_that_every_filter_can_be_stopped(name: str, params: ExtractionParams) -> None:
    def stop() -> None:
        raise InterruptedError

    volume = noise((20, 21, 10))
    (group,) = groups(params, {name})
    box = (slice(0, 10), slice(0, 21), slice(0, 20))
    with pytest.raises(InterruptedError):
        list(filtered(Scan(volume), box, np.ones((10, 21, 20), dtype=np.bool_), params, group, stop))


def test_that_images_made_side_by_side_are_the_same(params: ExtractionParams) -> None:
    volume = noise((30, 28, 16), spacing=(1, 1, 1))
    scan, box = Scan(volume), (slice(2, 14), slice(3, 20), slice(5, 29))
    voxels = np.ones((12, 17, 24), dtype=np.bool_)

    def make(group: Group) -> dict[str, NDArray]:
        return dict(filtered(scan, box, voxels, params, group, lambda: None))

    every = groups(params, params.filters)
    alone = [make(group) for group in every]
    with ThreadPoolExecutor(6) as pool:
        for images, expected in zip(pool.map(make, every * 3), alone * 3, strict=True):
            assert images.keys() == expected.keys()
            for name, values in images.items():
                np.testing.assert_array_equal(values, expected[name])

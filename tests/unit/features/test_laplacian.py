from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from escc_desktop.features._gaussian import filter_lines
from escc_desktop.features.deriche import curvature_coefficients, smoothing_coefficients
from escc_desktop.features.laplacian import laplacian_of_gaussian
from escc_desktop.imaging.mask import Region

ITK_TYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def by_itk(hu: NDArray, spacing_mm: tuple[float, float, float], sigma_mm: float) -> NDArray[np.float32]:
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(spacing_mm)
    laplacian = sitk.LaplacianRecursiveGaussianImageFilter()
    laplacian.SetNormalizeAcrossScale(True)
    laplacian.SetSigma(sigma_mm)
    return sitk.GetArrayFromImage(laplacian.Execute(image))


def box(*ends: tuple[int, int]) -> Region:
    return tuple(slice(*pair) for pair in ends)


def whole(hu: NDArray) -> Region:
    return tuple(slice(0, size) for size in hu.shape)


@pytest.mark.parametrize("dtype", ITK_TYPES)
def test_that_a_whole_image_is_itks_to_the_last_bit_in_every_pixel_type(dtype: type, rng: np.random.Generator) -> None:
    hu = rng.normal(60, 20, (9, 17, 35)).clip(0, 120).astype(dtype)
    values = laplacian_of_gaussian(hu, (0.7, 0.8, 5.0), 3.0, whole(hu))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, by_itk(hu, (0.7, 0.8, 5.0), 3.0))


@pytest.mark.parametrize("sigma_mm", [0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("shape", [(4, 4, 4), (5, 19, 7), (33, 4, 50)], ids=str)
def test_that_narrow_and_wide_gaussians_are_itks(
    shape: tuple[int, int, int], sigma_mm: float, rng: np.random.Generator
) -> None:
    hu = rng.integers(-1000, 3000, shape).astype(np.int16)
    expected = by_itk(hu, (0.93, 1.0, 1.25), sigma_mm)
    np.testing.assert_array_equal(laplacian_of_gaussian(hu, (0.93, 1.0, 1.25), sigma_mm, whole(hu)), expected)


@pytest.mark.parametrize(
    "place",
    [
        box((40, 48), (30, 41), (33, 40)),
        box((0, 3), (40, 50), (0, 9)),
        box((86, 90), (35, 36), (64, 70)),
        box((0, 90), (30, 33), (69, 70)),
    ],
    ids=["inside", "first_borders", "last_borders", "through"],
)
def test_that_a_part_of_an_image_has_the_values_of_the_whole(place: Region, rng: np.random.Generator) -> None:
    hu = (40 + 200 * (rng.random((90, 80, 70)) < 0.1) - 1000 * (rng.random((90, 1, 1)) < 0.3)).astype(np.int16)
    expected = by_itk(hu, (1.0, 0.9, 0.8), 1.1)[place]
    values = laplacian_of_gaussian(hu, (1.0, 0.9, 0.8), 1.1, place)
    assert np.mean(values != expected) < 1e-3
    np.testing.assert_allclose(values, expected, rtol=0, atol=2e-7 * np.abs(expected).max())


def test_that_an_image_of_another_byte_order_or_layout_gives_the_same(rng: np.random.Generator) -> None:
    hu = rng.integers(-1000, 1000, (8, 9, 10)).astype(np.int16)
    expected = laplacian_of_gaussian(hu, (1, 1, 1), 2.0, whole(hu))
    for same in (hu.astype(">i2"), np.asfortranarray(hu), hu[::-1, ::-1].copy()[::-1, ::-1]):
        np.testing.assert_array_equal(laplacian_of_gaussian(same, (1, 1, 1), 2.0, whole(hu)), expected)


def test_that_it_can_be_stopped_between_its_passes() -> None:
    checks = []

    def stop_at_third() -> None:
        checks.append(len(checks))
        if len(checks) == 3:
            raise InterruptedError

    hu = np.zeros((20, 20, 20), dtype=np.int16)
    with pytest.raises(InterruptedError):
        laplacian_of_gaussian(hu, (1, 1, 1), 2.0, whole(hu), stop_at_third)
    assert len(checks) == 3


def test_that_the_kernels_have_the_moments_of_a_gaussian_and_its_second_derivative() -> None:
    line, response = np.zeros((1, 1, 401)), np.empty((1, 1, 401), dtype=np.float32)
    line[0, 0, 200] = 1
    x = np.arange(-200, 201) * 0.5
    filter_lines(line, response, 2, 0, smoothing_coefficients(4.0, 0.5))
    assert response.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    # Deriche's approximation is a little narrower than the Gaussian.
    assert np.sqrt(response[0, 0] @ x**2) == pytest.approx(4, rel=0.04)
    filter_lines(line, response, 2, 0, curvature_coefficients(4.0, 0.5))
    assert response.sum(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    # Times the square of its width; of voxels, which the Laplacian divides by their squared distance.
    assert response[0, 0] @ x**2 == pytest.approx(2 * 16 * 0.25, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"axis": 3}, "axis must be"),
        ({"axis": -1}, "axis must be"),
        ({"source": np.zeros((3, 5, 6, 1), np.int16)}, "three dimensions"),
        ({"source": np.zeros((3, 5, 6), np.complex64)}, "type uint8"),
        ({"source": np.zeros((3, 5, 6), ">i2")}, "type uint8"),
        ({"target": np.zeros((3, 5, 6))}, "aligned float32"),
        (
            {"target": np.frombuffer(bytearray(3 * 5 * 6 * 4 + 1), np.float32, offset=1, count=90).reshape(3, 5, 6)},
            "aligned",
        ),
        ({"axis": 0}, "four values or more"),
        ({"start": 1}, "within the lines"),
        ({"start": -1}, "within the lines"),
        ({"start": 7}, "within the lines"),
        ({"target": np.zeros((3, 4, 6), np.float32)}, "same lines"),
        ({"coefficients": np.zeros(19)}, "20 coefficients"),
    ],
)
def test_that_arrays_that_do_not_fit_are_refused(change: dict, words: str) -> None:
    arguments = {
        "source": np.zeros((3, 5, 6), np.int16),
        "target": np.zeros((3, 5, 6), np.float32),
        "axis": 2,
        "start": 0,
        "coefficients": np.zeros(20),
    }
    with pytest.raises(ValueError, match=words):
        filter_lines(*(arguments | change).values())


def test_that_a_target_that_must_not_be_written_is_refused() -> None:
    target = np.zeros((3, 5, 6), np.float32)
    target.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        filter_lines(np.zeros((3, 5, 6), np.int16), target, 2, 0, np.zeros(20))

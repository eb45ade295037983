"""PyRadiomics itself as the witness: what it computes is allowed, what it cannot is refused with a reason."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray
from radiomics import featureextractor

from escc_desktop.features.names import feature_names
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight import Severity, inspect
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume

SHAPE, SPACING = (12, 20, 22), (1.0, 1.0, 3.0)
FILTERS = ("Original", "LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient")
s = np.s_


def body(dtype: type = np.int16, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.generic]:
    rng = np.random.default_rng(1)
    hu = np.full(shape, -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    hu += rng.normal(0, 20, shape)
    return np.clip(hu.round(), -1024, 3071).astype(dtype)


def region(*boxes: object, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.bool_]:
    voxels = np.zeros(shape, dtype=bool)
    for box in boxes:
        voxels[box] = True  # type: ignore[index]
    return voxels


LESION = region(s[3:8, 5:11, 6:12])


def put(value: float, place: tuple[int, int, int] = (4, 7, 8), dtype: type = np.int16) -> NDArray[np.generic]:
    hu = body(dtype)
    hu[place] = value
    return hu


def air_block() -> NDArray[np.generic]:
    """Clipped air: 3 x 3 x 3 neighbourhoods of one value, whose lbp-3D-k is no number."""
    hu = body()
    hu[3:7, 5:9, 6:10] = -1000
    return hu


ALLOWED = {
    "three voxels in an L": (body(), region(s[4, 6, 6:8], s[4, 7, 6])),
    "three equal voxels": (
        np.where(region(s[4, 6, 6:8], s[4, 7, 6]), 40, body()).astype(np.int16),
        region(s[4, 6, 6:8], s[4, 7, 6]),
    ),
    "two touching voxels and one apart": (body(), region(s[4, 6, 6:8], s[8, 12, 12])),
    "2 x 2 x 1": (body(), region(s[4, 6:8, 6:8])),
    "2 x 2 x 2": (body(), region(s[4:6, 6:8, 6:8])),
    "one slice": (body(), region(s[4, 4:12, 4:14])),
    "one sagittal plane": (body(), region(s[2:9, 4:12, 6])),
    "two components": (body(), region(s[2:4, 4:9, 4:9], s[6:8, 4:9, 4:9])),
    "three borders": (body(), region(s[0:4, 0:6, 0:5])),
    "one single value": (np.where(LESION, 40, body()).astype(np.int16), LESION),
    "one single fraction": (np.where(LESION, 40.5, body(np.float32)).astype(np.float32), LESION),
    "no numbers in lbp-3D-k": (air_block(), region(s[3:8, 3:11, 4:12])),
    "no number first in lbp-3D-k": (air_block(), region(s[5:8, 6:11, 7:12])),
    "metal within": (put(3000), LESION),
    "metal far away": (put(32767, (0, 0, 0)), LESION),
    "padding far away": (put(-32768, (0, 0, 0)), LESION),
    "the largest int16 within": (put(32767), LESION),
    "uint16 shifted by 1024": ((body(np.int32) + 1024).astype(np.uint16), LESION),
    "uint8 at its end": (np.clip(body() / 8 + 215, 0, 255).astype(np.uint8), LESION),
    "int8": (np.clip(body(), -128, 127).astype(np.int8), LESION),
    "int32": (body(np.int32), LESION),
    "float32": (body(np.float32), LESION),
    "float64 with fractions": (body(np.float64) + 0.5, LESION),
    "four slices": (body(shape=(4, 20, 22)), region(s[1:3, 5:11, 6:12], shape=(4, 20, 22))),
}
REFUSED = {
    "empty": (body(), region()),
    "one voxel": (body(), region(s[4, 6, 6])),
    "two voxels in line": (body(), region(s[4, 6, 6:8])),
    "twelve voxels in line": (body(), region(s[4, 6, 6:18])),
    "two voxels across": (body(), region(s[4, 6, 6], s[5, 7, 7])),
    "three voxels apart": (body(), region(s[4, 6, 6], s[6, 9, 9], s[8, 12, 14])),
    "four voxels apart": (body(), region(s[4, 6, 6], s[4, 8, 8], s[4, 6, 8], s[4, 8, 6])),
    "the whole image": (body(), region(s[:, :, :])),
    "a constant image": (np.full_like(body(), 7), LESION),
    "an image of zeros": (np.zeros_like(body()), LESION),
    "a NaN outside": (put(np.nan, (0, 0, 0), np.float32), LESION),
    "an infinite voxel outside": (put(np.inf, (0, 0, 0), np.float64), LESION),
    "a NaN within": (put(np.nan, dtype=np.float32), LESION),
    "three slices": (body(shape=(3, 20, 22)), region(s[0:2, 5:11, 6:12], shape=(3, 20, 22))),
    "five rows": (body(shape=(12, 5, 22)), region(s[1:5, 1:4, 6:12], shape=(12, 5, 22))),
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logger.setLevel(level)


def computed(hu: NDArray[np.generic], mask: NDArray[np.bool_]) -> bool:
    """Whether plain PyRadiomics gives every value, and finite."""
    image, label = sitk.GetImageFromArray(hu), sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(SPACING)
    label.SetSpacing(SPACING)
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=25.0, additionalInfo=False)
    for name in (*FILTERS, "LBP2D", "LBP3D"):
        extractor.enableImageTypeByName(name, customArgs={"sigma": [3.0, 5.0]} if name == "LoG" else None)
    try:
        values = extractor.execute(image, label)
    except (ValueError, IndexError, RuntimeError):
        return False
    numbers = np.array([float(np.real(value)) for value in values.values()])
    return len(numbers) == len(feature_names([3.0, 5.0])) and bool(np.isfinite(numbers).all())


def is_refused(hu: NDArray[np.generic], mask: NDArray[np.bool_], params: ExtractionParams) -> bool:
    z, y, x = hu.shape
    geometry = Geometry((x, y, z), SPACING, (0.0, 0.0, 0.0))
    preflight = inspect(Volume(hu, geometry), Mask(mask, geometry), params)
    assert all(finding.message.endswith(".") for finding in preflight.findings)
    assert all(finding.hint for finding in preflight.findings if finding.severity is not Severity.NOTE)
    return any(finding.severity is Severity.REFUSE for finding in preflight.findings)


@pytest.mark.parametrize("name", ALLOWED)
def test_that_what_pyradiomics_computes_is_allowed(name: str, params: ExtractionParams) -> None:
    assert computed(*ALLOWED[name])
    assert not is_refused(*ALLOWED[name], params)


@pytest.mark.parametrize("name", REFUSED)
def test_that_what_pyradiomics_cannot_compute_is_refused(name: str, params: ExtractionParams) -> None:
    assert not computed(*REFUSED[name])
    assert is_refused(*REFUSED[name], params)


def test_that_for_any_handful_of_voxels_refusal_and_pyradiomics_agree(params: ExtractionParams) -> None:
    rng = np.random.default_rng(3)
    hu = body()
    for _ in range(12):
        n, reach = int(rng.integers(2, 9)), rng.integers(1, 5, 3)
        z, y, x = (start + rng.integers(0, size, n) for start, size in zip((3, 5, 6), reach, strict=True))
        mask = region((z, y, x))
        assert is_refused(hu, mask, params) != computed(hu, mask), np.argwhere(mask)

"""Small synthetic CTs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume

GEOMETRY = Geometry((18, 16, 10), (1.0, 1.0, 3.0), (-9.0, -8.0, 100.0))
Roi = tuple[Volume, Mask]


def make_roi(seed: int = 1, dtype: type = np.int16) -> Roi:
    """A noisy block of tissue in air, and a lesion of 5 x 6 x 6 voxels inside it."""
    rng = np.random.default_rng(seed)
    hu = np.full(GEOMETRY.shape, -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    hu += rng.normal(0, 20, GEOMETRY.shape)
    voxels = np.zeros(GEOMETRY.shape, dtype=bool)
    voxels[3:8, 5:11, 6:12] = True
    return Volume(np.clip(hu.round(), -1024, 3071).astype(dtype), GEOMETRY), Mask(voxels, GEOMETRY)


@pytest.fixture
def roi() -> Roi:
    return make_roi()


@pytest.fixture
def roi_of() -> Callable[..., Roi]:
    return make_roi


@pytest.fixture(scope="session")
def params() -> ExtractionParams:
    return load_params("ct_arterial")

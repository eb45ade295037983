"""Features of a region while it is edited."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from escc_desktop.errors import EsccError
from escc_desktop.features import live as live_module
from escc_desktop.features.extract import extract
from escc_desktop.features.live import Ground, LiveFeatures
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled, Progress

GEOMETRY = Geometry((40, 36, 24), (0.8, 0.9, 2.0), (0.0, 0.0, 0.0))


def scan() -> Volume:
    rng = np.random.default_rng(2)
    hu = np.where(rng.random(GEOMETRY.shape) < 0.02, -700, 60) + rng.normal(0, 30, GEOMETRY.shape)
    return Volume(hu.round().astype(np.int16), GEOMETRY)


def ball(centre: tuple[float, float, float] = (8, 12, 14), radius: float = 5.0) -> Mask:
    z, y, x = np.indices(GEOMETRY.shape)
    place = zip((z, y, x), centre, (2.0, 1.0, 1.0), strict=True)
    return Mask(sum(((axis - at) * step) ** 2 for axis, at, step in place) <= radius**2, GEOMETRY)


def live_of(volume: Volume, params: ExtractionParams, names: Iterable[str]) -> LiveFeatures:
    return LiveFeatures(Ground.of(volume, params, Progress()), params, frozenset(names))


def stroke(mask: Mask, rng: np.random.Generator) -> Mask:
    """Paint or erase a small block somewhere at the region."""
    voxels = mask.voxels.copy()
    z, y, x = np.argwhere(voxels)[rng.integers(mask.n_voxels)]
    voxels[z : z + rng.integers(1, 3), y : y + rng.integers(1, 5), x : x + rng.integers(1, 5)] = rng.random() < 0.7
    return Mask(voxels, GEOMETRY)


@pytest.mark.parametrize("preset", ["ct_arterial", "ct_arterial_iso", "ibsi_ct_c"])
def test_that_every_edit_gives_what_an_extraction_of_the_region_gives(preset: str) -> None:
    volume, params, rng = scan(), load_params(preset), np.random.default_rng(5)
    live = live_of(volume, params, params.feature_names)
    mask = ball()
    for _ in range(3):
        mask = stroke(mask, rng)
        found = live.features(mask, Progress())
        expected = extract(volume, mask, params, Progress())
        assert_array_equal([found[name] for name in expected.names], expected.values)


def test_that_a_region_that_leaves_what_was_filtered_has_it_filtered_anew(
    params: ExtractionParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    filtered = live_module.filtered
    monkeypatch.setattr(live_module, "filtered", lambda *args: asked.append(args[1]) or filtered(*args))
    names = frozenset({"wavelet-HLL_glcm_Idm"})
    live = live_of(scan(), params, names)
    live.features(ball(), Progress())
    live.features(ball((8, 13, 15)), Progress())
    assert len(asked) == 1
    found = live.features(ball((15, 22, 30)), Progress())
    assert len(asked) == 2
    expected = extract(scan(), ball((15, 22, 30)), params, Progress())
    assert found == {name: expected.values[expected.names.index(name)] for name in names}


def test_that_only_what_is_wanted_is_filtered_and_given(params: ExtractionParams) -> None:
    names = frozenset({"original_shape_MeshVolume", "exponential_firstorder_Maximum"})
    live = live_of(scan(), params, names)
    assert live.features(ball(), Progress()).keys() == names
    values, places = live.values_of(live.scene(ball()), "exponential", Progress())
    assert len(values) == len(places) == ball().n_voxels
    assert ball().voxels[tuple(places.T)].all()


def test_that_another_largest_hu_gives_what_a_scan_with_such_a_voxel_gives(params: ExtractionParams) -> None:
    names = frozenset(f"{image}_firstorder_Median" for image in ("square", "squareroot", "logarithm", "exponential"))
    hu = scan().hu.copy()
    hu[-1, -1, -1] = 3071
    ground = Ground.of(scan(), params, Progress())
    imposed = LiveFeatures(ground, params, names, 3071.0).features(ball(), Progress())
    assert LiveFeatures(ground, params, names).largest_hu == abs(scan().hu.astype(float)).max()
    real = live_of(Volume(hu, GEOMETRY), params, names).features(ball(), Progress())
    assert imposed == real


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (Mask(np.zeros(GEOMETRY.shape, dtype=bool), GEOMETRY), "The contour is empty"),
        (ball(radius=0.5), "at least 3"),
    ],
)
def test_that_what_has_no_features_is_refused_with_a_sentence(params: ExtractionParams, mask: Mask, words: str) -> None:
    live = live_of(scan(), params, frozenset({"original_glcm_Idm"}))
    with pytest.raises(EsccError, match=words):
        live.features(mask, Progress())


def test_that_it_stops_when_it_is_told_to(params: ExtractionParams) -> None:
    live = live_of(scan(), params, params.feature_names)
    with pytest.raises(Cancelled):
        live.features(ball(), Progress(is_cancelled=lambda: True))
    assert live.features(ball(), Progress())

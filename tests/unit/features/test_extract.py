"""One region to its values and what they rest on."""

from __future__ import annotations

import builtins
import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import scipy.special

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.engine import Computed
from escc_desktop.features.extract import ENGINES, PROVENANCE_KEYS, extract, identity
from escc_desktop.features.fast import ENGINE_VERSION, THREADS_VARIABLE, Fast
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.reference import PyRadiomics
from escc_desktop.features.scene import Scene
from escc_desktop.features.table import FeatureVector
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Cancelled, Progress

Roi = tuple[Volume, Mask]


def values_of(vector: FeatureVector) -> Mapping[str, float]:
    return dict(zip(vector.names, vector.values.tolist(), strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_that_1874_finite_values_come_in_order_with_progress(roi: Roi, params: ExtractionParams, engine: str) -> None:
    heard: list[tuple[float, str]] = []
    vector = extract(*roi, params, Progress(lambda fraction, note: heard.append((fraction, note))), engine)
    assert vector.names == FEATURE_NAMES
    assert np.isfinite(vector.values).all()
    fractions = [fraction for fraction, _ in heard]
    assert len(heard) > 1
    assert fractions == sorted(fractions)


def test_that_both_engines_tell_the_same_of_every_image(roi: Roi, params: ExtractionParams) -> None:
    fast, slow = (extract(*roi, params, Progress(), engine).provenance["images"] for engine in ENGINES)
    for image in params.filters:
        assert slow[image] == {key: value for key, value in fast[image].items() if key != "same_levels_as"}
    assert fast["log-sigma-3-0-mm-3D"]["settings"] == {"sigma_mm": 3.0}
    assert fast["square"]["settings"] == {"scale_hu": float(np.abs(roi[0].hu.astype(float)).max())}
    assert fast["wavelet-LLH"]["settings"] == {"wavelet": "coif1", "level": 1}


def test_that_the_number_of_threads_changes_no_bit(roi: Roi, params: ExtractionParams) -> None:
    scene = Scene.of(*roi)
    one, many = (Fast(threads).compute(scene, params, Progress()) for threads in (1, 4))
    assert one == many


def test_that_only_the_features_asked_for_are_computed(roi: Roi, params: ExtractionParams) -> None:
    wanted = frozenset({"original_shape_Elongation", "wavelet-HHL_glcm_Idm", "lbp-3D-k_firstorder_Skewness"})
    scene = Scene.of(*roi)
    for engine in (Fast(), PyRadiomics()):
        everything = engine.compute(scene, params, Progress()).values
        assert engine.compute(scene, params, Progress(), wanted).values == {name: everything[name] for name in wanted}


def test_that_the_environment_limits_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    assert Fast().threads == 3
    monkeypatch.setenv(THREADS_VARIABLE, "many")
    assert 1 <= Fast().threads <= (os.cpu_count() or 1)


def test_that_first_order_values_follow_from_the_voxels(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    values = values_of(extract(volume, mask, params, Progress()))
    inside = volume.hu[mask.voxels].astype(float)
    assert values["original_firstorder_Mean"] == pytest.approx(inside.mean(), rel=1e-12)
    assert values["original_firstorder_Variance"] == pytest.approx(inside.var(), rel=1e-12)
    assert values["original_firstorder_90Percentile"] == pytest.approx(np.percentile(inside, 90), rel=1e-12)
    assert values["original_shape_VoxelVolume"] == pytest.approx(mask.volume_mm3, rel=1e-12)
    scale = np.abs(volume.hu.astype(float)).max()
    assert values["square_firstorder_Mean"] == pytest.approx((inside**2 / scale).mean(), rel=1e-12)


def test_that_provenance_says_what_the_values_rest_on(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    provenance = extract(volume, mask, params, Progress()).provenance
    assert tuple(provenance) == PROVENANCE_KEYS
    assert provenance["pixel_type"] == "int16"
    assert provenance["engine"] == f"fast {ENGINE_VERSION}"
    assert provenance["params_digest"] == params.digest
    assert (provenance["volume_digest"], provenance["mask_digest"]) == (volume.digest, mask.digest)
    assert json.loads(json.dumps(provenance, allow_nan=False)) == provenance


def test_that_warnings_go_along_with_the_values(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    voxels = np.zeros(mask.geometry.shape, dtype=bool)
    voxels[4:6, 6:8, 6:8] = True
    vector = extract(volume, Mask(voxels, mask.geometry), params, Progress())
    assert "only 8 voxels" in vector.provenance["warnings"][0]


def test_that_identity_changes_with_every_parent() -> None:
    first = identity("v", "m", "p", "pyradiomics 3.0.1")
    others = {
        identity("w", "m", "p", "pyradiomics 3.0.1"),
        identity("v", "n", "p", "pyradiomics 3.0.1"),
        identity("v", "m", "q", "pyradiomics 3.0.1"),
        identity("v", "m", "p", "pyradiomics 3.0.2"),
    }
    assert len(others | {first}) == 5


def test_that_the_pixel_type_is_part_of_the_identity(roi_of: Callable[..., Roi], params: ExtractionParams) -> None:
    digests = {roi_of(dtype=dtype)[0].digest for dtype in (np.int16, np.float32, np.float64)}
    assert len(digests) == 3


@pytest.mark.parametrize(("engine", "after"), [("fast", 0), ("fast", 1), ("pyradiomics", 0), ("pyradiomics", 30)])
def test_that_cancelling_ends_it_at_the_next_step(roi: Roi, params: ExtractionParams, engine: str, after: int) -> None:
    heard: list[str] = []
    progress = Progress(lambda _fraction, note: heard.append(note), lambda: len(heard) >= after)
    with pytest.raises(Cancelled):
        extract(*roi, params, progress, engine)
    assert len(heard) == after


def test_that_an_engine_that_is_not_there_is_wrong_usage(roi: Roi, params: ExtractionParams) -> None:
    with pytest.raises(UsageError, match="choose fast or pyradiomics"):
        extract(*roi, params, Progress(), engine="cuda")


def test_that_scipy_without_sph_harm_is_refused(
    roi: Roi, params: ExtractionParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(scipy.special, "sph_harm")
    with pytest.raises(EsccError, match=r"scipy below 1\.17"):
        extract(*roi, params, Progress(), "pyradiomics")
    assert len(extract(*roi, params, Progress(), "fast").values) == 1874


@pytest.mark.parametrize("module", ["radiomics", "trimesh", "skimage.feature"])
def test_that_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == module:
            raise ImportError(name=module)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(EsccError) as caught:
        PyRadiomics()
    assert f'{module} is not installed. Install the optional part "reference"' in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values.pop("original_glcm_Idm"), "1873 features instead of 1874; original_glcm_Idm"),
        (lambda values: values.update(extra=1.0), "1875 features"),
        (lambda values: values.update(original_glcm_Idm=float("nan")), "1 features have no finite value"),
    ],
)
def test_that_an_engine_that_gives_other_than_1874_finite_values_is_refused(
    roi: Roi,
    params: ExtractionParams,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, float]], object],
    said: str,
) -> None:
    values = dict.fromkeys(FEATURE_NAMES, 1.0)
    change(values)
    monkeypatch.setattr(Fast, "compute", lambda *_arguments: Computed(values, {}))
    with pytest.raises(EsccError, match=said):
        extract(*roi, params, Progress())


def test_that_a_region_pyradiomics_gives_up_on_is_refused(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    hu = np.full_like(volume.hu, 40)
    hu[7, 10, 11] = 80  # far from the first voxel of the region, whose surroundings are constant: NaN in lbp-3D-k
    with pytest.raises(EsccError, match="gave up") as caught:
        extract(Volume(hu, volume.geometry), mask, params, Progress(), "pyradiomics")
    assert "ValueError" in caught.value.detail


def test_that_where_the_patient_lies_does_not_matter(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    elsewhere = dataclasses.replace(volume.geometry, origin_mm=(100.0, -250.0, 1000.0))
    here = extract(volume, mask, params, Progress())
    there = extract(Volume(volume.hu, elsewhere), Mask(mask.voxels, elsewhere), params, Progress())
    np.testing.assert_allclose(there.values, here.values, rtol=1e-9)
    assert there.provenance["identity"] != here.provenance["identity"]


def test_that_the_original_image_counts_inside_the_region_only(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    rng = np.random.default_rng(9)
    noise = rng.integers(-900, 900, volume.hu.shape, dtype=np.int16)
    changed = Volume(np.where(mask.voxels, volume.hu, noise).astype(np.int16), volume.geometry)
    before = values_of(extract(volume, mask, params, Progress()))
    after = values_of(extract(changed, mask, params, Progress()))
    original = [name for name in FEATURE_NAMES if name.startswith("original_")]
    assert {name: after[name] for name in original} == {name: before[name] for name in original}
    assert after["wavelet-HHH_firstorder_Energy"] != before["wavelet-HHH_firstorder_Energy"]


def test_that_twice_the_spacing_gives_eight_times_the_volume(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    double = dataclasses.replace(volume.geometry, spacing_mm=(2.0, 2.0, 6.0))
    before = values_of(extract(volume, mask, params, Progress()))
    after = values_of(extract(Volume(volume.hu, double), Mask(mask.voxels, double), params, Progress()))
    assert after["original_shape_MeshVolume"] == pytest.approx(8 * before["original_shape_MeshVolume"], rel=1e-9)
    assert after["original_shape_SurfaceArea"] == pytest.approx(4 * before["original_shape_SurfaceArea"], rel=1e-9)
    assert after["original_shape_Sphericity"] == pytest.approx(before["original_shape_Sphericity"], rel=1e-9)
    assert after["original_glcm_Idm"] == before["original_glcm_Idm"]

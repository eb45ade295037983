"""One region to its values and what they rest on."""

from __future__ import annotations

import builtins
import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import scipy.special

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.extract import PROVENANCE_KEYS, extract, identity
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.reference import PyRadiomics
from escc_desktop.features.table import FeatureVector
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Cancelled, Progress

Roi = tuple[Volume, Mask]


def values_of(vector: FeatureVector) -> Mapping[str, float]:
    return dict(zip(vector.names, vector.values.tolist(), strict=True))


def test_that_1874_finite_values_come_in_order_with_progress(roi: Roi, params: ExtractionParams) -> None:
    heard: list[tuple[float, str]] = []
    vector = extract(*roi, params, Progress(lambda fraction, note: heard.append((fraction, note))))
    assert vector.names == FEATURE_NAMES
    assert np.isfinite(vector.values).all()
    fractions = [fraction for fraction, _ in heard]
    assert len(heard) > 100
    assert fractions == sorted(fractions)


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
    assert provenance["engine"] == "pyradiomics 3.0.1"
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


@pytest.mark.parametrize("after", [0, 1, 30])
def test_that_cancelling_ends_it_at_the_next_step(roi: Roi, params: ExtractionParams, after: int) -> None:
    heard: list[str] = []
    progress = Progress(lambda _fraction, note: heard.append(note), lambda: len(heard) >= after)
    with pytest.raises(Cancelled):
        extract(*roi, params, progress)
    assert len(heard) == after


def test_that_an_engine_that_is_not_there_is_wrong_usage(roi: Roi, params: ExtractionParams) -> None:
    with pytest.raises(UsageError, match="fast"):
        extract(*roi, params, Progress(), engine="fast")


def test_that_scipy_without_sph_harm_is_refused(
    roi: Roi, params: ExtractionParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(scipy.special, "sph_harm")
    with pytest.raises(EsccError, match=r"scipy below 1\.17"):
        extract(*roi, params, Progress())


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
    monkeypatch.setattr(PyRadiomics, "compute", lambda *_arguments: values)
    with pytest.raises(EsccError, match=said):
        extract(*roi, params, Progress())


def test_that_a_region_pyradiomics_gives_up_on_is_refused(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    hu = np.full_like(volume.hu, 40)
    hu[7, 10, 11] = 80  # far from the first voxel of the region, whose surroundings are constant: NaN in lbp-3D-k
    with pytest.raises(EsccError, match="gave up") as caught:
        extract(Volume(hu, volume.geometry), mask, params, Progress())
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

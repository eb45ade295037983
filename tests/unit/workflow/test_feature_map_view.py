"""Who sees a feature map, of what, and where on the CT it lies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError
from escc_desktop.features.maps import map_of
from escc_desktop.features.params import load_params
from escc_desktop.features.resample import prepare
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.store import kinds
from escc_desktop.workflow.access import View
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.feature_map import MapSource, feature_words, mappable, open_maps
from escc_desktop.workflow.views.lesion import LesionView, lesion_view

SESSION = "P1/L1/A/first"


@pytest.fixture
def study(small_study, tmp_path):
    study = small_study.build(tmp_path / "project")
    yield study
    study.store.close()


def test_that_only_the_oncologist_opens_maps_and_only_of_signed_readings(study):
    with study.desk("A").open(SESSION) as reading:
        reading.edit("brush", 1, np.ones((12, 10), dtype=bool))
    for person in study.people.values():
        with pytest.raises(AccessDeniedError):
            View(study.store, person).map_settings(SESSION)
    study.sign(SESSION)
    assert View(study.store, study.people["oncologist"]).map_settings(SESSION) is None
    for name in ("A", "B", "coordinator", "statistician", "admin"):
        with pytest.raises(AccessDeniedError, match="may not view feature maps"):
            View(study.store, study.people[name]).map_settings(SESSION)


def test_that_a_map_rests_on_the_settings_the_features_were_extracted_with(study):
    study.sign(SESSION)
    params = load_params("ct_arterial").model_copy(update={"log_sigma_mm": [2.0, 4.0]})
    vector = FeatureVector(np.ones(1), ("original_firstorder_Mean",), {"settings": params.model_dump()})
    features = kinds.RoiFeatures(SESSION, RoiKey("P1", "L1", "primary", "A", "first"), vector)
    study.store.put(study.people["coordinator"], kinds.FEATURES, features)
    project = Project(study.store, study.people["oncologist"])
    lesion = lesion_view(project, "P1", Progress())
    assert isinstance(lesion, LesionView)
    assert lesion.session_id == SESSION
    assert lesion.may_map
    source = open_maps(project, lesion, Progress())
    assert source.images == params.filters
    assert "log-sigma-2-0-mm-3D" in source.images


@pytest.fixture
def lesion_on() -> Callable[[tuple[float, float, float]], LesionView]:
    def made(spacing: tuple[float, float, float]) -> LesionView:
        rng = np.random.default_rng(4)
        geometry = Geometry((24, 22, 12), spacing, (-10.0, 4.0, 30.0))
        hu = rng.normal(20, 80, geometry.shape).astype(np.int16)
        voxels = np.zeros(geometry.shape, dtype=bool)
        voxels[3:8, 6:14, 7:17] = True
        mask = Mask(voxels, geometry)
        return LesionView(SESSION, Volume(hu, geometry), voxels, mask.bounding_box, (12, 10, 5), "", "", True)

    return made


def test_that_a_map_on_resampled_voxels_is_shown_on_those_of_the_ct(lesion_on):
    lesion, params = lesion_on((0.8, 0.8, 2.0)), load_params("ct_arterial_iso")
    found = MapSource(lesion, params).view("original_firstorder_Mean", Progress())
    scene = prepare(lesion.volume, Mask(lesion.voxels, lesion.volume.geometry), params)
    resampled = map_of(scene, params, "original_firstorder_Mean", Progress())
    assert scene.volume.geometry != lesion.volume.geometry
    assert found.box == lesion.box
    for voxel in ((7, 6, 3), (12, 10, 5), (16, 13, 7)):
        x, y, z = np.rint(scene.volume.geometry.to_index(lesion.volume.geometry.to_mm(np.array([voxel])))[0]).astype(
            int
        )
        start = [part.start for part in resampled.box]
        assert found.value_at(voxel) == resampled.values[z - start[0], y - start[1], x - start[2]]
    assert np.isnan(found.value_at((6, 6, 3)))
    assert np.isnan(found.value_at((23, 21, 11)))


def test_that_a_map_says_its_unit_its_range_and_what_has_no_value(lesion_on):
    lesion, params = lesion_on((1.0, 1.0, 1.0)), load_params("ct_arterial")
    lesion.voxels[10, 20, 20] = True
    whole = Mask(lesion.voxels, lesion.volume.geometry)
    alone = LesionView(SESSION, lesion.volume, lesion.voxels, whole.bounding_box, lesion.centre, "", "", True)
    source = MapSource(alone, params)
    mean = source.view("A_original_firstorder_Mean", Progress())
    assert (mean.title, mean.family, mean.unit, mean.note) == ("Mean", "original · firstorder", "HU", "")
    assert mean.lowest <= mean.low < mean.high <= mean.highest
    assert mean.region_value == pytest.approx(float(lesion.volume.hu[lesion.voxels].mean()), rel=1e-12)
    texture = source.view("wavelet-LLL_glcm_Idm", Progress())
    assert (texture.unit, texture.note) == ("", "1 voxel alone has no value.")
    assert source.view("original_firstorder_Mean", Progress()) is mean


def test_that_shapes_have_no_map():
    names = ("A_original_shape_Sphericity", "A_gradient_glcm_Idm")
    assert mappable(names) == names[1:]
    assert feature_words(names[1]) == feature_words("gradient_glcm_Idm") == ("Idm", "gradient · glcm")

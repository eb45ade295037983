"""What the agreement page is told, by whom it may be asked, and R's word on its numbers."""

from __future__ import annotations

import csv
import dataclasses
import json
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binom

from escc_desktop.errors import AccessDeniedError
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.table import FeatureVector
from escc_desktop.imaging.mask import dice, surface_distances
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import FEATURES, RESULT
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.agreement import agreement_view, feature_detail


def _view(project):
    return agreement_view(project, Progress())


def test_that_the_arm_is_counted_and_nothing_waits_when_all_is_signed(studied_project):
    view = _view(studied_project("statistician"))
    assert [(arm.comparison, arm.planned, arm.done) for arm in view.arms] == [("intra", 15, 15), ("inter", 15, 15)]
    assert view.waiting == ()
    assert (view.n_signed, view.n_without_features) == (60, 0)


def test_that_the_wall_holds_every_feature_and_marks_the_constant_one(studied_project):
    view = _view(studied_project("statistician"))
    assert [f"{name.filter}_{name.family}_{name.feature}" for name in view.names] == list(FEATURE_NAMES)
    for compared in view.compared:
        constant = np.flatnonzero(compared.is_constant)
        assert [FEATURE_NAMES[k] for k in constant] == ["logarithm_firstorder_Minimum"]
        assert np.isnan(compared.icc[constant]).all()
        assert not compared.passed[constant].any()
        assert compared.share.n_constant == 1


@pytest.mark.parametrize("feature", [0, 1, 13, 14, 700, 1872, 1873])
def test_that_each_icc_is_that_of_its_own_feature(studied_project, feature):
    view = _view(studied_project("statistician"))
    for compared in view.compared:
        ratings = np.stack([compared.first[:, feature], compared.second[:, feature]], axis=1)
        assert compared.icc[feature] == pytest.approx(_icc2(ratings))


def test_that_counts_are_those_of_the_stored_development(studied_project):
    project = studied_project("statistician")
    view, (document,) = _view(project), [*project.view.all(RESULT)]
    stored = {one["comparison"]: one["n_passed"] for one in document.content["agreement"]["comparisons"]}
    assert {compared.comparison: compared.share.n_passed for compared in view.compared} == stored
    assert view.n_stable == document.content["agreement"]["n_stable"]


def test_that_the_interval_of_the_share_is_clopper_and_pearson_s(studied_project):
    share = _view(studied_project("statistician")).compared[0].share
    # At the exact limits the count lies just in the tail of 2.5 %.

    assert binom.sf(share.n_passed - 1, share.n_features, share.lower) == pytest.approx(0.025, rel=1e-6)
    assert binom.cdf(share.n_passed, share.n_features, share.upper) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.reference
def test_that_icc_and_bounds_on_the_page_equal_r(studied_project, reference_dir):
    folder = reference_dir / "reference" / "statistics" / "icc" / "a"
    expected = json.loads((folder / "expected.json").read_text())["features"]
    with (folder / "input.csv").open() as file:
        ratings = {(row["feature"], int(row["subject"])): row for row in csv.DictReader(file)}
    project = studied_project("statistician")
    _plant(project, ratings, sorted(expected))
    view = _view(project)
    for compared, comparison in zip(view.compared, ("intra_A1_A2", "inter_A1_B"), strict=True):
        for column, feature in enumerate(sorted(expected)):
            told, r = feature_detail(view, compared, column), expected[feature][comparison]["ICC2"]
            assert (told.icc, told.lower, told.upper) == pytest.approx((r["icc"], r["lower"], r["upper"]), abs=1e-9)


def _plant(project, ratings, features):
    """Put R's ratings in place of the first features of the patients read twice."""
    subjects = {patient: number for number, patient in enumerate(project.plan().repeat_patients, start=1)}
    column = {("A", "first"): "A1", ("A", "repeat"): "A2", ("B", "first"): "B"}
    with project._store.write(project.principal, "plant ratings") as writing:
        for item in project.features():
            if item.key.patient_id not in subjects:
                continue
            values = item.vector.values.copy()
            for place, feature in enumerate(features):
                row = ratings[feature, subjects[item.key.patient_id]]
                values[place] = float(row[column[item.key.reader, item.key.occasion]])
            vector = FeatureVector(values, item.vector.names, item.vector.provenance)
            writing.put(FEATURES, dataclasses.replace(item, vector=vector))


def test_that_drivers_are_the_largest_differences_and_say_what_the_icc_would_be_without(studied_project):
    view = _view(studied_project("statistician"))
    compared = view.compared[1]
    detail = feature_detail(view, compared, 34)
    difference = np.abs(detail.second - detail.first)
    assert [driver.patient_id for driver in detail.drivers] == [detail.patients[k] for k in np.argsort(-difference)[:3]]
    first = detail.drivers[0]
    rest = [k for k, patient in enumerate(detail.patients) if patient != first.patient_id]
    assert first.icc_without == pytest.approx(_icc2(np.stack([detail.first[rest], detail.second[rest]], axis=1)))


def _icc2(ratings):
    """Shrout and Fleiss 1979, ICC(2,1), from the two-way table by hand."""
    n, k = ratings.shape
    grand = ratings.mean()
    rows = k * ((ratings.mean(axis=1) - grand) ** 2).sum() / (n - 1)
    columns = n * ((ratings.mean(axis=0) - grand) ** 2).sum() / (k - 1)
    rest = ((ratings - grand) ** 2).sum() - rows * (n - 1) - columns * (k - 1)
    error = rest / ((n - 1) * (k - 1))
    return (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)


def test_that_pairs_carry_overlap_distance_and_both_outlines(studied_project):
    project = studied_project("statistician")
    view = _view(project)
    rois = {roi.session_id: roi for roi in project.rois()}
    assert len(view.pairs) == 30
    pair = next(pair for pair in view.pairs if pair.comparison == "inter")
    one, other = (rois[f"{pair.patient_id}/L1/{reader}/first"].mask for reader in "AB")
    assert pair.dice == dice(one, other)
    assert (pair.hd95_mm, pair.assd_mm) == surface_distances(one, other)
    assert (pair.first.sum(), pair.second.sum()) == (one.n_voxels, other.n_voxels)
    assert (pair.first_mm3, pair.second_mm3) == (one.volume_mm3, other.volume_mm3)
    assert (one.voxels[pair.first_slice] | other.voxels[pair.first_slice]).any()


@pytest.mark.parametrize("name", ["A", "B", "coordinator", "oncologist", "admin"])
def test_that_nobody_but_the_statistician_learns_of_agreement(studied_project, name):
    with pytest.raises(AccessDeniedError):
        _view(studied_project(name))


def test_that_before_the_readings_it_says_who_still_has_to_read(small_study: ModuleType, tmp_path):
    study = small_study.build(tmp_path / "project")
    view = _view(Project(study.store, study.people["statistician"]))
    study.store.close()
    assert [(arm.planned, arm.done) for arm in view.arms] == [(2, 0), (2, 0)]
    assert len(view.waiting) == 6
    assert {(one.reader, one.is_repeat) for one in view.waiting} == {("A", False), ("A", True), ("B", False)}
    assert view.compared == view.pairs == view.names == ()


def test_that_signed_readings_without_features_are_counted(small_study: ModuleType, tmp_path):
    study = small_study.build(tmp_path / "project")
    study.sign(small_study.session_id("P1", "A"))
    view = _view(Project(study.store, study.people["statistician"]))
    study.store.close()
    assert (view.n_signed, view.n_without_features) == (1, 1)
    assert view.compared == ()


def test_that_patients_with_an_assisted_slice_are_left_out_of_a_second_comparison(studied_project, monkeypatch):
    project = studied_project("statistician")
    assert _view(project).assisted == ()
    again = sorted({pair.patient_id for pair in _view(project).pairs})
    of_repeat = f"{again[2]}/L1/A/repeat"
    monkeypatch.setattr(
        "escc_desktop.workflow.assistance.assisted_slices",
        lambda roi: frozenset({6}) if roi.session_id == of_repeat else frozenset(),
    )
    view = _view(project)
    assert view.assisted == (again[2],)
    for with_all, without in zip(view.compared, view.by_hand, strict=True):
        assert set(with_all.patients) - set(without.patients) == {again[2]}
        feature = 14
        ratings = np.stack([without.first[:, feature], without.second[:, feature]], axis=1)
        assert without.icc[feature] == pytest.approx(_icc2(ratings))
    (touched,) = [pair for pair in view.pairs if max(pair.assisted) > 0]
    assert (touched.comparison, touched.patient_id) == ("intra", again[2])
    assert touched.assisted[0] == 0

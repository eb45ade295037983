"""The structured report of a region, read back by highdicom."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import highdicom as hd
import numpy as np
import pydicom
import pytest

from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.measurement_report import MeasuredRegion, measurement_report
from escc_desktop.imaging.volume import Geometry

GEOMETRY = Geometry((10, 12, 6), (0.8, 0.8, 2.0), (-4.0, -5.0, 100.0))


def region() -> MeasuredRegion:
    voxels = np.zeros(GEOMETRY.shape, dtype=np.bool_)
    voxels[1:4, 3:8, 2:7] = True
    return MeasuredRegion(
        mask=Mask(voxels, GEOMETRY),
        patient="T01",
        study_uid="2.25.1",
        series_uid="2.25.2",
        frame_uid="2.25.3",
        site="primary",
        tracking="T01/L1/A/first",
        long_mm=5.1,
        short_mm=4.2,
        at=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        version="0.1.0",
        rad_score=0.42,
        risk_group="HIGH",
        card="Combined model " + "a" * 64,
    )


def test_that_the_report_reads_back_with_values_units_outline_and_series() -> None:
    document = hd.sr.srread(io.BytesIO(measurement_report(region())))
    assert document.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    assert document.ContentSequence[0].ConceptNameCodeSequence[0].CodeValue
    assert document.content[0].ConceptNameCodeSequence[0].CodeValue == "126000"
    (group,) = document.content.get_volumetric_roi_measurement_groups()
    values = {one.name.value: (one.value, one.unit.value) for one in group.get_measurements()}
    assert values["103339001"] == (5.1, "mm")
    assert values["103340004"] == (4.2, "mm")
    assert values["118565006"] == (pytest.approx(3 * 5 * 5 * 0.8 * 0.8 * 2.0), "mm3")
    assert values["RADSCORE"] == (0.42, "1")
    evaluated = {one.name.value: one.value.value for one in group.get_qualitative_evaluations()}
    assert evaluated["RISKGROUP"] == "HIGH"
    assert "RESEARCHONLY" in evaluated
    outline = [item for item in group.roi if item.ValueType == "SCOORD3D"]
    assert len(outline) == 3
    assert {item.ReferencedFrameOfReferenceUID for item in outline} == {"2.25.3"}
    corners = np.concatenate([np.array(item.GraphicData).reshape(-1, 3) for item in outline])
    assert corners.min(axis=0) == pytest.approx([-4.0 + 1.5 * 0.8, -5.0 + 2.5 * 0.8, 102.0], abs=1e-4)
    assert corners.max(axis=0) == pytest.approx([-4.0 + 6.5 * 0.8, -5.0 + 7.5 * 0.8, 106.0], abs=1e-4)
    assert [item.UID for item in group.roi if item.ValueType == "UIDREF"] == ["2.25.2"]


def test_that_the_report_is_of_a_pseudonym_and_the_same_bytes_each_time() -> None:
    first, second = measurement_report(region()), measurement_report(region())
    assert first == second
    document = pydicom.dcmread(io.BytesIO(first))
    assert document.PatientID == "T01"
    assert not document.PatientName
    assert not document.PatientBirthDate
    assert document.PatientIdentityRemoved == "YES"
    assert document.StudyInstanceUID == "2.25.1"
    assert (document.ContentDate, document.ContentTime) == ("20240102", "030405")


def test_that_a_region_without_a_score_says_none() -> None:
    unscored = replace(region(), rad_score=None, risk_group="", card="", site="other")
    (group,) = hd.sr.srread(io.BytesIO(measurement_report(unscored))).content.get_volumetric_roi_measurement_groups()
    assert {one.name.value for one in group.get_measurements()} == {"103339001", "103340004", "118565006"}
    assert [one.name.value for one in group.get_qualitative_evaluations()] == ["RESEARCHONLY"]

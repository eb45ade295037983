"""Measurements from signed readings into the record and back, the passport, and what blinding keeps apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import LesionSite
from escc_desktop.reading.measurements import Measurement, MeasurementKind
from escc_desktop.reading.tools import MEASUREMENTS
from escc_desktop.store.kinds import ROI, SERIES, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.trial.rules import load_rules
from escc_desktop.workflow.access import View
from escc_desktop.workflow.passport import OUTLINED, PLAIN, PROPOSED, Passport, open_passport, propose
from escc_desktop.workflow.passport_report import passport_report, write_passport
from escc_desktop.workflow.passport_words import entry_lines
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.recist_measures import Measured, measured_in, offered, take, why_blinded
from escc_desktop.workflow.records_lock import RecordState
from escc_desktop.workflow.views.recist import recist_view, view_of

Studied = Callable[[str], Project]
PATIENT, LESION = "P001", "L1"
SHIFT_MM = (6.0, -4.0, 10.0)


def of_outline(project: Project) -> Measured:
    return next(one for one in offered(project, PATIENT, Progress()) if not one.by_hand)


def add_follow_up(project: Project) -> None:
    """Store the patient's CT once more, moved, as a study of two months later."""
    series = next(one for one in project.series() if one.content["patient_id"] == PATIENT)
    before: Volume = project.volume(series.document_id)
    grid = before.geometry
    x, y, z = (float(a + b) for a, b in zip(grid.origin_mm, SHIFT_MM, strict=True))
    after = Volume(before.hu, Geometry(grid.size, grid.spacing_mm, (x, y, z), grid.direction))
    content = {**series.content, "volume": after.digest, "study_uid": "1.9.1", "study_date": "20290502"}
    with project._store.write(project.principal, "a later CT") as writing:  # past the DICOM import
        writing.put(VOLUME, after)
        writing.put(SERIES, Document("1.9.2", content))


def test_that_the_outlines_longest_axial_diameter_is_offered(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    one = of_outline(project)
    voxels = project.view.get(ROI, one.session_id).mask.voxels
    series = project.view.get(SERIES, project.view.get(ROI, one.session_id).series_uid)
    assert f"{one.date:%Y%m%d}" == series.content["study_date"]
    assert one.slice_thickness_mm == 5.0
    longest = 0.0
    for section in voxels:  # the farthest pixel centres, in plane; the outline runs at most a pixel further out
        places = np.argwhere(section) * 2.0
        if len(places):
            longest = max(longest, float(np.linalg.norm(places[:, None] - places[None], axis=2).max()))
    assert one.diameter_mm <= longest + 2 * np.sqrt(8.0)
    assert one.axis == "short" or one.diameter_mm > longest
    assert voxels[one.slice_number - 1].any()


def test_that_a_measurement_is_taken_into_the_record_with_its_way_back(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    one = of_outline(project)
    take(project, one, Progress())
    record = next(record for record in project.records() if record.patient_id == PATIENT)
    row = next(row for row in record.lesions if (row.lesion_id, row.date) == (LESION, one.date))
    assert (row.diameter_mm, row.session_id) == (round(one.diameter_mm, 1), one.session_id)
    assert (row.slice_thickness_mm, row.role, row.axis) == (5.0, "target", one.axis)
    passport = open_passport(project, PATIENT, LESION, Progress())
    entry = next(entry for entry in passport.entries if entry.kind == OUTLINED)
    assert entry.session_id == row.session_id
    assert entry.size is not None
    assert entry.size.slice_number == one.slice_number
    assert entry.recorded == row
    assert not any(not offer.by_hand for offer in entry.offers)  # it is in the record already
    studied_project("coordinator").record_book().set_state(PATIENT, RecordState.LOCKED, "analysis")
    with pytest.raises(EsccError, match="locked"):
        take(project, replace(one, diameter_mm=one.diameter_mm + 1.0), Progress())


@pytest.mark.parametrize("name", ["A", "coordinator", "statistician"])
def test_that_who_sees_no_response_or_no_outline_takes_and_sees_nothing(studied_project: Studied, name: str) -> None:
    one = of_outline(studied_project("oncologist"))
    with pytest.raises(AccessDeniedError):
        take(studied_project(name), one, Progress())
    with pytest.raises(AccessDeniedError):
        open_passport(studied_project(name), PATIENT, LESION, Progress())


def test_that_a_reader_sees_no_lesion_table(studied_project: Studied) -> None:
    with pytest.raises(AccessDeniedError):
        recist_view(studied_project("A"), PATIENT, Progress())


def test_that_readings_give_nothing_before_all_are_signed(
    studied_project: Studied, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = studied_project("oncologist")
    one, passport = of_outline(project), open_passport(project, PATIENT, LESION, Progress())
    monkeypatch.setattr(View, "are_readings_over", lambda self: False)
    assert why_blinded(project)
    for call in (
        lambda: offered(project, PATIENT, Progress()),
        lambda: take(project, one, Progress()),
        lambda: open_passport(project, PATIENT, LESION, Progress()),
        lambda: propose(project, passport, one.session_id, Progress()),
    ):
        with pytest.raises(AccessDeniedError, match="every planned one is signed"):
            call()


def test_that_the_passport_goes_from_the_baseline_through_the_record(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    record = next(record for record in project.records() if record.patient_id == PATIENT)
    passport = open_passport(project, PATIENT, LESION, Progress())
    own = [row.date for row in record.lesions if row.lesion_id == LESION]
    assert sorted(entry.recorded.date for entry in passport.entries if entry.recorded) == sorted(own)
    assert [entry.day for entry in passport.entries] == sorted(entry.day or date.max for entry in passport.entries)
    assert sum(entry.kind == OUTLINED for entry in passport.entries) == 1
    assert all(entry_lines(entry) for entry in passport.entries)


def proposed(project: Project) -> tuple[Passport, str]:
    passport = open_passport(project, PATIENT, LESION, Progress())
    later = next(entry for entry in passport.entries if entry.series_uid == "1.9.2")
    assert (later.kind, later.crop) == (PLAIN, None)
    return passport.with_proposal(propose(project, passport, later.series_uid, Progress())), later.series_uid


def test_that_an_outline_is_proposed_on_a_follow_up_where_the_lesion_moved(studied_project: Studied) -> None:
    add_follow_up(studied_project("coordinator"))
    project = studied_project("oncologist")
    sessions = project.view.readable()
    passport, uid = proposed(project)
    entry = next(one for one in passport.entries if one.series_uid == uid)
    drawn = next(one for one in passport.entries if one.kind == OUTLINED)
    assert entry.kind == PROPOSED
    assert "not drawn by anyone" in entry.note.lower()
    assert entry.size is not None
    assert drawn.size is not None
    assert entry.size.volume_mm3 == pytest.approx(drawn.size.volume_mm3, rel=0.1)
    assert entry.size.long_mm == pytest.approx(drawn.size.long_mm, rel=0.1)
    assert not entry.offers  # a proposal is no measurement
    assert project.view.readable() == sessions  # nor a reading


def test_that_the_passport_is_printed_with_its_json(studied_project: Studied, tmp_path: Path) -> None:
    add_follow_up(studied_project("coordinator"))
    project = studied_project("oncologist")
    passport, _uid = proposed(project)
    path = write_passport(project, passport, tmp_path / "passport.pdf", True, Progress())
    assert path.read_bytes().startswith(b"%PDF")
    content = json.loads((tmp_path / "passport.pdf.json").read_text(encoding="utf-8"))
    report = passport_report(passport)
    assert content["content"]["title"] == report.title
    assert len(report.sections[0].tables[0].rows) == len(passport.entries)
    assert any("proposal" in warning.lower() for warning in report.warnings)


def test_that_the_table_of_lesions_agrees_with_the_record(studied_project: Studied) -> None:
    project = studied_project("statistician")
    view = recist_view(project, PATIENT, Progress())
    record = next(record for record in project.records() if record.patient_id == view.patient_id)
    rows = {row.lesion_id: row for row in view.rows if row.kind == "lesion"}
    assert set(rows) == {lesion.lesion_id for lesion in record.lesions}
    assert all(len(row.cells) == len(view.columns) == len(view.days) for row in view.rows)
    assert not view.may_enter


def test_that_every_synthetic_patient_was_given_the_response_its_lesions_come_to(studied_project: Studied) -> None:
    differing = [
        (record.patient_id, view.disagreements)
        for record in studied_project("statistician").records()
        if (view := view_of(record, load_rules())).disagreements
    ]
    assert differing == []


def test_that_what_was_measured_by_hand_counts_in_the_axial_plane_only(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    roi = project.view.get(ROI, of_outline(project).session_id)
    series = project.view.get(SERIES, roi.series_uid)
    x, y, z = (float(one) for one in roi.mask.geometry.to_mm(np.array([[10, 10, 4]]))[0])

    def measured(kind: MeasurementKind, plane: str, *ends: tuple[float, float, float]) -> dict[str, object]:
        return Measurement(kind, plane, tuple((x + a, y + b, z + c) for a, b, c in ends)).to_json()

    axes = measured(MeasurementKind.AXES, "axial", (0, 0, 0), (24, 0, 0), (12, -5, 0), (12, 5, 0))
    length = measured(MeasurementKind.LENGTH, "axial", (0, 0, 0), (0, 30, 0))
    upright = measured(MeasurementKind.LENGTH, "coronal", (0, 0, 0), (0, 0, 40))
    noted = json.dumps({MEASUREMENTS: [axes, length, upright]})

    def by_hand(site: LesionSite) -> list[tuple[str, float, int]]:
        found = measured_in(replace(roi, site=site, notes=noted), series)
        return [(one.axis, round(one.diameter_mm, 3), one.slice_number) for one in found if one.by_hand]

    assert by_hand(LesionSite.LIVER) == [("long", 24.0, 5), ("long", 30.0, 5)]  # never craniocaudally
    assert by_hand(LesionSite.DISTANT_NODE) == [("short", 10.0, 5)]  # a length alone is no short axis

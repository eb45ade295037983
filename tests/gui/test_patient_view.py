"""What the patient page is given: the stored assessment, the record, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from escc_desktop.errors import AccessDeniedError
from escc_desktop.files import read_json
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Occasion, Reader
from escc_desktop.store.kinds import RESULT, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.trial.records import months_between
from escc_desktop.workflow.clinical_data import record_of
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.lesion import LesionView, lesion_view
from escc_desktop.workflow.views.patient import CohortView, PatientView, cohort_view, patient_view, write_report
from escc_desktop.workflow.views.words import caution_words

Studied = Callable[[str], Project]


def views(project: Project, cohort: CohortView) -> dict[str, PatientView]:
    return {row.patient_id: patient_view(project, cohort.basis, row.patient_id, Progress()) for row in cohort.rows}


def test_that_the_page_shows_what_is_stored_and_the_course_as_recorded(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    cohort = cohort_view(project, "", Progress())
    card = next(card for card in project.cards() if card.kind == "combined")
    assert cohort.basis.card.digest == card.digest
    stored = {verdict.patient_id: verdict for verdict in project.assessments(card)}
    records = {record.patient_id: record for record in project.records()}
    assert [row.patient_id for row in cohort.rows] == sorted(stored) == sorted(records)
    n_withheld = 0
    for patient_id, view in views(project, cohort).items():
        verdict, record = stored[patient_id], records[patient_id]
        assert view.group == (verdict.risk_group or "")
        assert (view.survival.value if view.survival else None) == verdict.survival
        assert view.strip.score == verdict.rad_score
        assert {caution_words(one) for one in verdict.cautions} <= {one.text for one in view.cautions}
        assert view.is_trained
        n_withheld += bool(view.withheld)
        assert bool(view.withheld) == (verdict.survival is None)
        scans = [event for event in view.events if event.kind == "scan"]
        assert [event.start_day for event in scans] == [
            (visit.date - record.start_date).days for visit in record.visits
        ]
        assert sum(event.lane.startswith("dose:") for event in view.events) == len(record.treatments)
        assert sum(event.kind == "adverse_event" for event in view.events) == len(record.adverse_events)
        severe = [event for event in view.events if event.kind == "adverse_event" and event.is_alarming]
        assert len(severe) == sum(event.grade >= 3 for event in record.adverse_events)
        died = record.survival.death_date
        if died:
            assert f"{months_between(record.start_date, died):.1f} months" in view.status
            assert [e.start_day for e in view.events if e.kind == "death"] == [(died - record.start_date).days]
    assert n_withheld > 0


def test_that_a_withheld_probability_cannot_be_read_off_the_ruler(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    cohort = cohort_view(project, "", Progress())
    withheld = [view for view in views(project, cohort).values() if view.withheld]
    for view in withheld:
        assert view.estimate_points is None
        assert view.ruler.total is None
        missing = [axis.label for axis in view.ruler.axes if axis.points is None]
        assert missing
        assert all(label in " ".join(view.withheld) for label in missing)


def test_that_curves_are_those_of_groups_by_models_that_never_saw_the_patient(studied_project: Studied) -> None:
    project = studied_project("statistician")
    cohort = cohort_view(project, "", Progress())
    stored = project.view.all(RESULT)[0].content["groups_out_of_fold"]
    low, high = (curve.steps for curve in cohort.basis.curves)
    assert (low.n, low.n_events) == (stored["n_low"], stored["events_low"])
    assert (high.n, high.n_events) == (stored["n_high"], stored["events_high"])
    horizon = cohort.basis.card.horizon_months
    assert low.at(horizon)[0] == pytest.approx(stored["survival_low"])
    assert high.at(horizon)[0] == pytest.approx(stored["survival_high"])
    assert cohort.basis.separation.log_rank_p == pytest.approx(stored["log_rank_p"])


def test_that_the_points_of_the_terms_add_up_to_the_cards_nomogram(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    cohort = cohort_view(project, "", Progress())
    card = cohort.basis.card
    first = next(view for view in views(project, cohort).values() if view.ruler.total is not None)
    features = cohort.basis.table.select(reader="A", occasion="first")
    row = next(k for k, key in enumerate(features.keys) if key.patient_id == first.patient_id)
    clinical = cohort.basis.clinical
    lp = 0.0
    for term in card.model_terms:
        if term.source == "feature":
            raw = features.values[row][features.names.index(term.name)]
            lp += term.coefficient * (raw - term.scaling.mean) / term.scaling.sd
        else:
            value = clinical.covariates[term.name].value(clinical.patients.index(first.patient_id))
            if term.contrast is None and term.transform == "log2":
                value = math.log2(value)
            lp += term.coefficient * value
    expected = (lp - card.model.points.lowest) * card.model.points.per_lp
    assert first.ruler.total == pytest.approx(expected)


def test_that_a_new_patient_has_an_interval_and_a_group_of_the_card_itself(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    basis = cohort_view(project, "", Progress()).basis
    patient_id, verdict = next(iter(basis.verdicts.items()))
    known = {"survival": 0.41, "lower": 0.22, "upper": 0.63, "cautions": (), "readings": ()}
    new = replace(verdict, risk_group="HIGH", rad_score=9.0, **known)
    changed = replace(basis, verdicts={**basis.verdicts, patient_id: new})
    view = patient_view(project, changed, patient_id, Progress())
    assert (view.survival.value, view.survival.lower, view.survival.upper) == (0.41, 0.22, 0.63)
    assert not view.is_trained
    assert view.certainty == "likely"
    assert "above every cut-off" in view.grounds[0]


def test_that_a_changed_record_makes_the_assessment_stale(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    before = cohort_view(project, "", Progress())
    name = next(term.name for term in before.basis.card.model_terms if term.source == "covariate")
    patient_id = next(one.patient_id for one in before.basis.verdicts.values() if one.survival is not None)
    assert not any("Stale" in one.text for one in patient_view(project, before.basis, patient_id, Progress()).cautions)
    document = next(one for one in project.view.all(TRIAL_RECORD) if one.document_id == patient_id)
    labs = [lab for lab in document.content["labs"] if lab["analyte"] != name.partition("_")[0]]
    assert len(labs) < len(document.content["labs"])
    changed = Document(patient_id, {**document.content, "labs": labs})
    record_of(changed)
    project._store.put(project.principal, TRIAL_RECORD, changed, "a value was withdrawn")
    after = cohort_view(project, "", Progress())
    cautions = patient_view(project, after.basis, patient_id, Progress()).cautions
    assert any("Stale" in one.text for one in cautions)


def test_that_a_value_nobody_has_any_more_is_said_and_breaks_nothing(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    before = cohort_view(project, "", Progress()).basis
    name = next(term.name for term in before.card.model_terms if term.source == "covariate")
    for document in project.view.all(TRIAL_RECORD):
        labs = [lab for lab in document.content["labs"] if lab["analyte"] != name.partition("_")[0]]
        changed = Document(document.document_id, {**document.content, "labs": labs})
        project._store.put(project.principal, TRIAL_RECORD, changed, "withdrawn")
    after = cohort_view(project, "", Progress())
    assert name in after.basis.trouble
    view = patient_view(project, after.basis, after.rows[0].patient_id, Progress())
    assert name in " ".join(one.text for one in view.cautions)
    assert not view.is_stale


def test_that_the_lesion_is_reader_as_first_outline_and_hidden_from_who_sees_no_images(
    studied_project: Studied,
) -> None:
    project = studied_project("oncologist")
    found = lesion_view(project, "P003", Progress())
    assert isinstance(found, LesionView)
    first = next(
        roi
        for roi in project.rois()
        if (roi.patient_id, roi.reader, roi.occasion) == ("P003", Reader.A, Occasion.FIRST)
    )
    assert (found.voxels == first.mask.voxels).all()
    assert found.voxels[found.centre[2]].sum() == found.voxels.sum(axis=(1, 2)).max()
    assert lesion_view(studied_project("statistician"), "P003", Progress()) == "Your role does not see images."
    assert lesion_view(project, "P999", Progress()) == "No first reading of Reader A is signed."


@pytest.mark.parametrize("name", ["A", "coordinator", "admin"])
def test_that_readers_coordinators_and_administrators_get_no_assessments(studied_project: Studied, name: str) -> None:
    with pytest.raises(AccessDeniedError):
        cohort_view(studied_project(name), "", Progress())


def test_that_the_printed_report_holds_the_stored_numbers(studied_project: Studied, tmp_path: Path) -> None:
    project = studied_project("oncologist")
    basis = cohort_view(project, "", Progress()).basis
    verdict = next(one for one in basis.verdicts.values() if one.risk_group and one.survival is not None)
    path = write_report(project, basis, verdict.patient_id, tmp_path / "one.pdf", True, Progress())
    assert path.read_bytes().startswith(b"%PDF")
    content = read_json(tmp_path / "one.pdf.json")["content"]
    assert content["survival"]["value"] == verdict.survival
    assert content["risk_group"] == verdict.risk_group.lower()
    assert content["is_synthetic"] is True
    shown = patient_view(project, basis, verdict.patient_id, Progress())
    assert shown.certainty is not None
    assert content["certainty"] == shown.certainty.value
    assert tuple(content["grounds"]) == shown.grounds

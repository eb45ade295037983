"""What the patient page warns of: the scored image is not the record's baseline, a laboratory value does not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from escc_desktop.prognosis.card import ModelCard, SurvivalModel, Term, finished
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.trial.records import (
    Baseline,
    Lab,
    LesionMeasurement,
    Response,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
    VitalStatus,
)  # fmt: skip
from escc_desktop.workflow.views.baseline import Images, Scan, image_remarks, lab_remarks
from escc_desktop.workflow.views.course import course

DAY_1 = date(2024, 3, 1)
BASELINE = date(2024, 2, 20)
LESION = Lesion("L1", "P1", LesionSite.LIVER, LesionRole.TARGET, False, (0.0, 0.0, 0.0), "1.2.3")


def _card() -> ModelCard:
    terms = (
        Term(source="feature", name="A_original_firstorder_Mean", coefficient=0.1),
        Term(source="covariate", name="ldh_u_per_l", coefficient=0.1),
    )
    content: dict[str, object] = {name: one.get_default() for name, one in ModelCard.model_fields.items()}
    content.update(
        kind="combined", name="Made up", usage="patient", source="a test", patient_value="largest", endpoint="os",
        horizon_months=12.0,
        model=SurvivalModel(terms=terms),
    )  # fmt: skip
    del content["digest"]
    return finished(**content)


def _record(*labs: Lab) -> TrialRecord:
    lesion = LesionMeasurement("L1", BASELINE, "liver", "target", "long", 30.0)
    survival = Survival(VitalStatus.ALIVE, date(2025, 1, 1))
    visits = (Visit(0, BASELINE, None), Visit(1, date(2024, 4, 1), Response.SD))
    return TrialRecord("P1", DAY_1, Baseline("male", 60, 1), survival, labs, visits=visits, lesions=(lesion,))


def _images(day: date | None, phase: str = "arterial", lesion: Lesion = LESION) -> Images:
    return Images((Scan("1.2.3", day, phase),), (lesion,))


def test_that_the_records_baseline_scan_brings_no_warning() -> None:
    assert image_remarks(_card(), _record(), _images(BASELINE)) == ()


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (_images(date(2024, 4, 1)), ["31 days after the first dose", "baseline scan of 2024-02-20"]),
        (_images(DAY_1 - timedelta(days=40)), ["40 days before the first dose", "baseline scan of 2024-02-20"]),
        (_images(None), ["does not say when"]),
        (_images(BASELINE, "unknown"), ["phase of the scored CT is not known"]),
        (_images(BASELINE, lesion=replace(LESION, lesion_id="L9")), ["L9 is not among"]),
        (_images(BASELINE, lesion=replace(LESION, site=LesionSite.LUNG)), ["lung metastasis in the reading"]),
    ],
)
def test_that_another_image_or_lesion_than_the_records_baseline_is_warned_of(images: Images, words: list[str]) -> None:
    told = image_remarks(_card(), _record(), images)
    assert len(told) == len(words)
    assert all(word in one for word, one in zip(words, told, strict=True))


@pytest.mark.parametrize(
    ("lab", "words"),
    [
        (Lab(DAY_1 - timedelta(days=14), "ldh", 200.0, "U/L", uln=250.0), ""),
        (Lab(DAY_1 - timedelta(days=15), "ldh", 200.0, "U/L", uln=250.0), "stale"),
        (Lab(DAY_1, "ldh", 200.0, "U/L"), "upper limit"),
        (Lab(DAY_1, "ldh", 200.0, "U/L", uln=250.0, question="unit"), "questioned (unit)"),
        (Lab(DAY_1 + timedelta(days=1), "ldh", 200.0, "U/L", uln=250.0), "not measured before"),
    ],
)
def test_that_a_laboratory_value_that_does_not_count_is_named_with_its_reason(lab: Lab, words: str) -> None:
    told = lab_remarks(_card(), _record(lab))
    assert len(told) == bool(words)
    assert not words or words in told[0]


def test_that_every_entry_of_the_record_is_a_mark_of_the_course_once_and_bars_in_a_row_do_not_meet() -> None:
    doses = tuple(
        Treatment(cycle, "irinotecan", DAY_1 + timedelta(days=21 * (cycle - 1)), None, dose, "mg", action)
        for cycle, dose, action in ((1, 100.0, "given"), (2, 80.0, "reduced"), (3, 0.0, "held"))
    )
    record = replace(_record(Lab(DAY_1, "ldh", 900.0, "U/L", uln=250.0)), treatments=doses)
    shown = course(record, (Scan("1.2.3", BASELINE, ""), Scan("1.2.4", date(2024, 5, 5), "")))
    assert len({event.key for event in shown.events}) == len(shown.events)
    assert [one.kind for one in shown.events if one.lane == "dose:irinotecan"] == ["given", "reduced", "held"]
    scans = {event.start_day: event.series_uid for event in shown.events if event.lane == "scan"}
    assert scans == {-10: "1.2.3", 31: "", 65: "1.2.4"}
    lab = next(event for event in shown.events if event.lane == "lab")
    assert (lab.level, lab.is_alarming, lab.table) == (1, True, "labs")

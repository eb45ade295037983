from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, read_json
from escc_desktop.trial.importing import read_records
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_trial import TrialResults, summarise, trial_document, trial_figures, trial_record


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> TrialResults:
    folder = tmp_path_factory.mktemp("records")
    write_records(draw_truth(), folder)
    return summarise(read_records(folder).records, null_rate=0.346)


def test_that_rates_are_the_trials_own_exact_figures(results: TrialResults) -> None:
    # ORR 20/53 and DCR 45/53 with Clopper-Pearson limits, as published and recomputed in R.
    evaluable, enrolled = results.rates["Objective response rate"]
    assert (evaluable.x, evaluable.n, enrolled.n) == (20, 53, 59)
    assert [round(100 * x, 1) for x in (evaluable.exact_lower, evaluable.exact_upper)] == [24.8, 52.1]
    controlled = results.rates["Disease control rate"][0]
    assert (controlled.x, round(100 * controlled.exact_lower, 1), round(100 * controlled.exact_upper, 1)) == (
        45,
        72.4,
        93.3,
    )
    assert results.null_test is not None
    assert round(results.null_test.p_greater, 3) == 0.364


def test_that_every_patient_is_followed_and_every_end_has_a_reason(results: TrialResults) -> None:
    for found in (results.os, results.pfs):
        assert found.endpoint.n == 59
        assert sum(found.reasons.values()) == 59
    assert results.os.reasons["death"] == results.os.endpoint.n_events


def test_that_adverse_events_are_counted_by_patient_and_worst_grade(results: TrialResults) -> None:
    assert results.n_severe == 12
    for term, count, severe in results.adverse_events:
        patients = [
            max(event.grade for event in record.adverse_events if event.term == term)
            for record in results.records
            if any(event.term == term for event in record.adverse_events)
        ]
        assert (count, severe) == (len(patients), sum(grade >= 3 for grade in patients))
    counts = [count for _, count, _ in results.adverse_events]
    assert counts == sorted(counts, reverse=True)


def test_that_the_report_holds_rates_verdict_and_events(results: TrialResults, tmp_path: Path) -> None:
    figures = trial_figures(results)
    assert set(figures) == {"kaplan_meier_os", "kaplan_meier_pfs", "response", "waterfall", "swimmer"}
    study_report(trial_record(results, figures, is_synthetic=True), tmp_path / "trial.pdf")
    told = read_json(tmp_path / "trial.pdf.json")
    assert isinstance(told, dict)
    sections = {section["title"]: section for section in told["content"]["sections"]}
    assert sections["Response"]["tables"][0]["rows"][0] == [
        "Objective response rate",
        "with a response assessment",
        "20 of 53",
        "37.7 % (24.8 to 52.1)",
    ]
    assert "is not rejected at 5 %: exact one-sided P = 0.36." in sections["Response"]["sentences"][0]
    assert sections["Safety"]["sentences"] == ["12 (20.3 %) of 59 patients had an event of grade 3 or 4."]
    assert told["content"]["is_synthetic"] is True


def test_that_the_document_is_plain_json(results: TrialResults) -> None:
    document = trial_document(results)
    assert canonical_json(document)
    assert document["n_patients"] == 59


def test_that_one_patient_without_any_assessment_is_reported(results: TrialResults, tmp_path: Path) -> None:
    record = results.records[0]
    bare = dataclasses.replace(record, visits=(), lesions=(), treatments=(), adverse_events=())
    alone = summarise([bare], null_rate=0.346)
    study_report(trial_record(alone, trial_figures(alone)), tmp_path / "one.pdf")
    assert canonical_json(trial_document(alone))


def test_that_no_patient_is_refused() -> None:
    with pytest.raises(EsccError, match="no patient"):
        summarise([])

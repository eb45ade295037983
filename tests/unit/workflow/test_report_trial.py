from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.files import canonical_json, read_json
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.trial.importing import read_records
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_baseline import baseline_rows
from escc_desktop.workflow.report_trial import TrialResults, summarise, trial_document, trial_figures, trial_record
from escc_desktop.workflow.report_trial_files import trial_files


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


def test_that_the_baseline_table_has_the_published_counts(results: TrialResults) -> None:
    # Table 1 of the trial: 8 women, 51 men, ECOG 0 in 4, prior radiotherapy in 23.
    rows = {(variable, level): value for variable, level, _, value in baseline_rows(results.records)}
    assert rows["sex", "female"] == "8 (13.6 %)"
    assert rows["sex", "male"] == "51 (86.4 %)"
    assert rows["ECOG", "0"] == "4 (6.8 %)"
    assert rows["prior radiotherapy", "yes"] == "23 (39.0 %)"
    assert rows["age (years)", ""].startswith(("mean", "median"))


def test_that_a_folder_of_records_becomes_results_tables_figures_and_report(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    write_records(draw_truth(20), tmp_path / "records")
    out = tmp_path / "out"
    notes: list[str] = []
    progress = Progress(lambda _fraction, note: notes.append(note))
    with pytest.raises(FaultsError, match="questions open"):
        trial_files(tmp_path / "records", out, null_rate=0.346, is_synthetic=False, progress=progress)
    assert not out.exists()
    results, remarks = trial_files(
        tmp_path / "records", out, null_rate=0.346, is_synthetic=False, accept=frozenset({"unit"}), progress=progress
    )
    told = read_json(out / "results.json")
    assert isinstance(told, dict)
    assert told["provenance"]["is_synthetic"] is True
    assert told["n_patients"] == 20 == len(results.records)
    assert "patients.csv" in told["provenance"]["inputs"]
    assert {path.name for path in out.iterdir() if path.suffix == ".csv"} == {
        "adverse_events.csv",
        "baseline.csv",
        "patients.csv",
    }
    assert len((out / "patients.csv").read_text(encoding="utf-8").splitlines()) == 21
    assert len(list((out / "figures").glob("*.svg"))) == len(list((out / "figures").glob("*.png"))) == 5
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert notes[-1] == "Written"
    assert isinstance(remarks, tuple)


def test_that_a_stopped_run_writes_no_report(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    write_records(draw_truth(12), tmp_path / "records")
    with pytest.raises(Cancelled):
        trial_files(
            tmp_path / "records",
            tmp_path / "out",
            null_rate=None,
            is_synthetic=True,
            progress=Progress(is_cancelled=lambda: True),
        )
    assert not (tmp_path / "out").exists()

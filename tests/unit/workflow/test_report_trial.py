from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.files import canonical_json, read_json
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.trial.importing import read_records
from escc_desktop.trial.safety import any_event, safety_table
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_trial import draw_figures, trial_document, trial_exhibits, trial_record
from escc_desktop.workflow.report_trial_files import save_exhibit, trial_files
from escc_desktop.workflow.trial_results import TrialResults, summarise

FIGURES = {
    *("flow", "response", "waterfall", "spider", "swimmer"),
    *("kaplan_meier_os", "kaplan_meier_pfs", "pfs_rule_sets", "response_duration", "control_duration"),
}
TABLES = {
    *("baseline", "rates", "survival_rates", "patients", "response_times", "safety_summary", "adverse_events"),
    *("double_counting", "dose_reductions", "design", "published_arms", "beside_publication"),
}


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
    assert any_event(results.records).severe == 12
    rows = safety_table(results.records)
    for row in rows:
        patients = [
            max(event.grade for event in record.adverse_events if event.term == row.term)
            for record in results.records
            if any(event.term == row.term for event in record.adverse_events)
        ]
        assert (row.any_grade, row.severe) == (len(patients), sum(grade in {3, 4} for grade in patients))
    counts = [row.any_grade for row in rows]
    assert counts == sorted(counts, reverse=True)


def test_that_the_report_holds_rates_verdict_and_events(results: TrialResults, tmp_path: Path) -> None:
    exhibits = trial_exhibits(results)
    figures = draw_figures(exhibits)
    assert set(figures) == FIGURES
    study_report(trial_record(results, exhibits, figures, is_synthetic=True), tmp_path / "trial.pdf")
    told = read_json(tmp_path / "trial.pdf.json")
    assert isinstance(told, dict)
    sections = {section["title"]: section for section in told["content"]["sections"]}
    assert sections["Response"]["tables"][0]["rows"][0] == [
        "Objective response",
        "with a best response",
        "20 / 53",
        "37.7 %",
        "24.8 % to 52.1 %",
    ]
    assert "is not rejected at 5 %: exact one-sided P = 0.36." in sections["Response"]["sentences"][0]
    assert "12 (20.3 %) of 59 patients" in sections["Safety"]["sentences"][0]
    assert told["content"]["is_synthetic"] is True


def test_that_the_document_is_plain_json(results: TrialResults) -> None:
    document = trial_document(results, trial_exhibits(results))
    assert canonical_json(document)
    assert document["n_patients"] == 59


def test_that_one_patient_without_any_assessment_is_reported(results: TrialResults, tmp_path: Path) -> None:
    record = results.records[0]
    bare = dataclasses.replace(record, visits=(), lesions=(), treatments=(), adverse_events=())
    alone = summarise([bare], null_rate=0.346)
    exhibits = trial_exhibits(alone)
    study_report(trial_record(alone, exhibits, draw_figures(exhibits)), tmp_path / "one.pdf")
    assert canonical_json(trial_document(alone, exhibits))


def test_that_no_patient_is_refused() -> None:
    with pytest.raises(EsccError, match="no patient"):
        summarise([])


def test_that_a_table_is_saved_as_numbers_only_and_a_figure_as_both(results: TrialResults, tmp_path: Path) -> None:
    exhibits = trial_exhibits(results)
    save_exhibit(exhibits["waterfall"], tmp_path / "w.csv")
    assert len((tmp_path / "w.csv").read_text(encoding="utf-8").splitlines()) == 60
    save_exhibit(exhibits["response"], tmp_path / "r.svg")
    assert (tmp_path / "r.svg").read_bytes().startswith(b"<?xml")
    with pytest.raises(EsccError, match="is a table"):
        save_exhibit(exhibits["rates"], tmp_path / "t.png")
    assert not (tmp_path / "t.png").exists()


def test_that_a_folder_of_records_becomes_results_tables_figures_and_report(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    write_records(draw_truth(20), tmp_path / "records")
    out = tmp_path / "out"
    notes: list[str] = []
    progress = Progress(lambda _fraction, note: notes.append(note))
    with pytest.raises(FaultsError, match="1 question open"):
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
    assert {path.stem for path in out.iterdir() if path.suffix == ".csv"} >= TABLES
    assert set(told["tables"]) >= TABLES | FIGURES
    assert len((out / "patients.csv").read_text(encoding="utf-8").splitlines()) == 21
    for suffix in (".svg", ".png", ".csv"):
        assert {path.stem for path in (out / "figures").glob(f"*{suffix}")} == FIGURES
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

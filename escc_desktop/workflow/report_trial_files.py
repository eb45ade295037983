"""`escc trial`: a folder of records in; results, tables, figures and report out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from escc_desktop import version
from escc_desktop.figures import style
from escc_desktop.files import canonical_json, digest, read_bytes, read_json, write_csv, write_json
from escc_desktop.progress import Progress
from escc_desktop.trial.checks import Remark
from escc_desktop.trial.endpoints import overall_survival, progression_free_survival
from escc_desktop.trial.importing import read_records, refuse_open_questions
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.results import (
    best_change,
    best_response,
    clinical_rows,
)
from escc_desktop.workflow.folders import check_folder, whole_folder
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_baseline import BASELINE_HEADER, baseline_rows
from escc_desktop.workflow.report_trial import TrialResults, summarise, trial_document, trial_figures, trial_record


def trial_files(
    folder: Path,
    out: Path,
    *,
    null_rate: float | None,
    is_synthetic: bool,
    accept: frozenset[str] = frozenset(),
    progress: Progress,
) -> tuple[TrialResults, tuple[Remark, ...]]:
    """Read trial records; write results.json, tables, figures and report.pdf into `out`, whole or not at all.

    Parameters
    ----------
    null_rate
        Response rate the trial had to beat; None leaves the test out.
    is_synthetic
        Whether nobody in the records is real; what their sidecars say counts too.
    accept
        Codes of the questions of the import that were looked at and confirmed.

    Returns
    -------
    TrialResults, Remarks
        The results, and what the import asks to be confirmed.

    Raises
    ------
    EsccError
        The records are at fault, or `out` cannot be written or holds other work.
    Cancelled
        Through `progress`.
    """
    check_folder(out, _MARKER)
    progress.advance(0, 1, "Reading records")
    found = read_records(folder)
    refuse_open_questions(found, folder, accept)
    is_synthetic = is_synthetic or _says_synthetic(folder)
    results = summarise(found.records, null_rate)
    provenance: dict[str, object] = {
        "software": f"ESCC Desktop {version()}",
        "inputs": {path.name: digest(read_bytes(path)) for path in sorted(folder.glob("*.csv"))},
        "is_synthetic": is_synthetic,
    }
    with whole_folder(out, _MARKER) as target:
        _fill(target, found.records, results, provenance, progress)
    progress.advance(1, 1, "Written")
    return results, found.warnings


def export_trial(records: Sequence[TrialRecord], out: Path, *, is_synthetic: bool, progress: Progress) -> None:
    """Write of records that are in a project what `trial_files` writes of a folder of them.

    Raises
    ------
    EsccError
        `out` cannot be written or holds other work.
    Cancelled
        Through `progress`.
    """
    check_folder(out, _MARKER)
    provenance: dict[str, object] = {
        "software": f"ESCC Desktop {version()}",
        "records": digest(canonical_json(clinical_rows(records))),
        "is_synthetic": is_synthetic,
    }
    with whole_folder(out, _MARKER) as target:
        _fill(target, records, summarise(records), provenance, progress)


def _says_synthetic(folder: Path) -> bool:
    sidecars = [read_json(path) for path in sorted(folder.glob("*.csv.json"))]
    return any(isinstance(each, dict) and each.get("is_synthetic") is True for each in sidecars)


def _fill(
    folder: Path,
    records: Sequence[TrialRecord],
    results: TrialResults,
    provenance: Mapping[str, object],
    progress: Progress,
) -> None:
    write_csv(folder / "baseline.csv", BASELINE_HEADER, baseline_rows(records), provenance)
    write_csv(folder / "patients.csv", _PATIENT_HEADER, [_patient_row(record) for record in records], provenance)
    header = ("term", "any_grade", "grade_3_or_more")
    write_csv(folder / _MARKER, header, results.adverse_events, provenance)
    figures = trial_figures(results)
    (folder / "figures").mkdir()
    for k, (name, figure) in enumerate(figures.items()):
        progress.advance(k + 1, len(figures) + 2, f"Figure {name}")
        for suffix in (".svg", ".png"):
            style.save(figure, folder / "figures" / f"{name}{suffix}")
    is_synthetic = provenance["is_synthetic"] is True
    study_report(trial_record(results, figures, is_synthetic=is_synthetic), folder / "report.pdf")
    write_json(folder / "results.json", {**trial_document(results), "provenance": provenance})


_MARKER = "adverse_events.csv"
_PATIENT_HEADER = (
    "patient_id",
    "best_response",
    "best_change_percent",
    "os_months",
    "os_event",
    "os_ended_by",
    "pfs_months",
    "pfs_event",
    "pfs_ended_by",
)


def _patient_row(record: TrialRecord) -> tuple[object, ...]:
    change, os, pfs = best_change(record), overall_survival(record), progression_free_survival(record)
    return (
        record.patient_id,
        str(best_response(record)),
        None if change is None else change * 100,
        *(os.months, int(os.is_event), os.reason),
        *(pfs.months, int(pfs.is_event), pfs.reason),
    )

"""`escc trial`: a folder of records in; results, tables, figures and report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.figures import style
from escc_desktop.figures.words import quantity
from escc_desktop.files import digest, read_bytes, write_csv, write_json
from escc_desktop.progress import Progress
from escc_desktop.stats.tables import normality, quantiles
from escc_desktop.trial.checks import Remark
from escc_desktop.trial.importing import read_records
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.results import (
    best_change,
    best_response,
    clinical_rows,
    overall_survival,
    progression_free_survival,
)
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_trial import TrialResults, summarise, trial_document, trial_figures, trial_record

BASELINE_HEADER = ("variable", "level", "n", "value")
_ENDPOINT_COLUMNS = 5
_FEW_LEVELS = 6
_FLAG_WORDS = {"0": "no", "1": "yes"}
_NORMAL_P = 0.05


def trial_files(
    folder: Path, out: Path, *, null_rate: float | None, is_synthetic: bool, progress: Progress
) -> tuple[TrialResults, tuple[Remark, ...]]:
    """Read trial records and write results.json, three tables, the figures and report.pdf into `out`.

    Parameters
    ----------
    null_rate
        Response rate the trial had to beat; None leaves the test out.

    Returns
    -------
    TrialResults, Remarks
        The results, and what the import asks to be confirmed.

    Raises
    ------
    EsccError
        The records are at fault, or `out` cannot be written.
    Cancelled
        Through `progress`.
    """
    progress.advance(0, 1, "Reading records")
    found = read_records(folder)
    results = summarise(found.records, null_rate)
    drawings = out / "figures"
    try:
        drawings.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EsccError(f"Cannot write {out}: {error.strerror}.", "Choose a folder you can write to.") from None
    provenance: dict[str, object] = {
        "software": f"ESCC Desktop {version()}",
        "inputs": {path.name: digest(read_bytes(path)) for path in sorted(folder.glob("*.csv"))},
        "is_synthetic": is_synthetic,
    }
    write_csv(out / "baseline.csv", BASELINE_HEADER, baseline_rows(found.records), provenance)
    write_csv(out / "patients.csv", _PATIENT_HEADER, [_patient_row(record) for record in found.records], provenance)
    header = ("term", "any_grade", "grade_3_or_more")
    write_csv(out / "adverse_events.csv", header, results.adverse_events, provenance)
    figures = trial_figures(results)
    for k, (name, figure) in enumerate(figures.items()):
        progress.advance(k + 1, len(figures) + 2, f"Figure {name}")
        for suffix in (".svg", ".png"):
            style.save(figure, drawings / f"{name}{suffix}")
    study_report(trial_record(results, figures, is_synthetic=is_synthetic), out / "report.pdf")
    write_json(out / "results.json", {**trial_document(results), "provenance": provenance})
    progress.advance(1, 1, "Written")
    return results, found.warnings


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


def baseline_rows(records: Sequence[TrialRecord]) -> list[tuple[str, str, int, str]]:
    """Return the baseline table: variable, level, patients with a value, and count or centre and spread.

    Normal variables (Lilliefors P above 0.05) give mean and standard deviation, others median and quartiles as SPSS
    reckons them; levels give count and percentage of the patients with a value.
    """
    header, rows = clinical_rows(records)
    table: list[tuple[str, str, int, str]] = []
    for index, name in enumerate(header[_ENDPOINT_COLUMNS:], start=_ENDPOINT_COLUMNS):
        values = [row[index] for row in rows if row[index] is not None]
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if len(numbers) == len(values) and len(set(numbers)) > _FEW_LEVELS:
            table.append((quantity(name), "", len(numbers), _centre(np.array(numbers))))
        else:
            table += _levels(quantity(name), [str(value) for value in values])
    return table


def _centre(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    if normality(values).lilliefors_p > _NORMAL_P:
        return f"mean {values.mean():.4g}, SD {values.std(ddof=1):.3g}"
    low, middle, high = quantiles(values, (0.25, 0.5, 0.75))
    return f"median {middle:.4g}, quartiles {low:.4g} to {high:.4g}"


def _levels(name: str, values: Sequence[str]) -> list[tuple[str, str, int, str]]:
    counts, n = Counter(values), len(values)
    is_flag = set(counts) <= set(_FLAG_WORDS) and name not in {"ecog", "n metastatic sites"}
    return [
        (name, _FLAG_WORDS[level] if is_flag else level, n, f"{count} ({count / n * 100:.1f} %)")
        for level, count in sorted(counts.items())
    ]

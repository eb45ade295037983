"""`escc trial`: a folder of records in; results, tables, figures and report out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.figures import style
from escc_desktop.files import (
    canonical_json,
    csv_text,
    digest,
    read_bytes,
    read_json,
    write_csv,
    write_json,
    write_whole,
)
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.trial.checks import Remark
from escc_desktop.trial.importing import read_records, refuse_open_questions
from escc_desktop.trial.results import clinical_rows
from escc_desktop.workflow.folders import check_folder, whole_folder
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_trial import draw_figures, trial_document, trial_exhibits, trial_record
from escc_desktop.workflow.trial_exhibits import Exhibit
from escc_desktop.workflow.trial_results import TrialResults, summarise

_MARKER = "adverse_events.csv"


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
        Response rate the trial had to beat; None takes that of the trial's design.
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
    results = summarise(found.records, found.screened, null_rate)
    provenance: dict[str, object] = {
        "software": f"ESCC Desktop {version()}",
        "inputs": {path.name: digest(read_bytes(path)) for path in sorted(folder.glob("*.csv"))},
        "is_synthetic": is_synthetic,
    }
    with whole_folder(out, _MARKER) as target:
        _fill(target, results, (), provenance, progress)
    progress.advance(1, 1, "Written")
    return results, found.warnings


def export_trial(
    results: TrialResults, further: Sequence[Exhibit], out: Path, *, is_synthetic: bool, progress: Progress
) -> None:
    """Write of results that are in a project what `trial_files` writes of a folder of records.

    Parameters
    ----------
    further
        Exhibits that rest on more than the records, such as Rad-scores.

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
        "records": digest(canonical_json(clinical_rows(results.records))),
        "is_synthetic": is_synthetic,
    }
    with whole_folder(out, _MARKER) as target:
        _fill(target, results, further, provenance, progress)


def save_exhibit(one: Exhibit, path: Path) -> None:
    """Write one figure (.svg, .png, .pdf) or the numbers behind it (.csv); the suffix decides.

    Raises
    ------
    EsccError
        It is a table and no figure, or the file cannot be written.
    """
    if path.suffix.lower() == ".csv":
        write_whole(path, csv_text(one.header, one.rows).encode("utf-8"))
    elif one.draw is None:
        raise EsccError(_("{title} is a table.").format(title=one.title), _("Save it as .csv."))
    else:
        style.save(one.draw(), path)


def _says_synthetic(folder: Path) -> bool:
    sidecars = [read_json(path) for path in sorted(folder.glob("*.csv.json"))]
    return any(isinstance(each, dict) and each.get("is_synthetic") is True for each in sidecars)


def _fill(
    folder: Path,
    results: TrialResults,
    further: Sequence[Exhibit],
    provenance: Mapping[str, object],
    progress: Progress,
) -> None:
    exhibits = trial_exhibits(results, further)
    figures = draw_figures(exhibits)
    (folder / "figures").mkdir()
    for k, (name, one) in enumerate(exhibits.items()):
        progress.advance(k + 1, len(exhibits) + 2, one.title)
        place = folder / "figures" if name in figures else folder
        write_csv(place / f"{name}.csv", one.header, one.rows, {**provenance, "definition": one.definition})
        if name in figures:
            for suffix in (".svg", ".png"):
                style.save(figures[name], place / f"{name}{suffix}")
    is_synthetic = provenance["is_synthetic"] is True
    study_report(trial_record(results, exhibits, figures, is_synthetic=is_synthetic), folder / "report.pdf")
    write_json(folder / "results.json", {**trial_document(results, exhibits), "provenance": provenance})

"""The synthetic study from nothing to its report: built once, conducted, analysed, exported."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.features.params import DEFAULT_PARAMS, load_params
from escc_desktop.features.table import FeatureTable, write_feature_table
from escc_desktop.files import canonical_json, digest, read_json, write_csv, write_json
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.score import Assessment
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import KeptFigure
from escc_desktop.workflow.analysis import Extraction
from escc_desktop.workflow.child_jobs import run_in_child
from escc_desktop.workflow.clinical_data import CLINICAL_NAME, clinical_csv
from escc_desktop.workflow.demo.claim import LOCK_FILE, claimed
from escc_desktop.workflow.demo.conduct import SyntheticStudy, hand_over, read_everything
from escc_desktop.workflow.demo.folder import BUILT, FULL_SIZE, SUMMARY, DemoChoice, DemoFolder, refuse_other_demo
from escc_desktop.workflow.demo.images import SMALL
from escc_desktop.workflow.demo.people import Keys, StudyClock, create_project, make_keys, read_keys
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.study import write_import_folder
from escc_desktop.workflow.demo.summary import summarise, write_tables
from escc_desktop.workflow.demo.truth import LABEL, default_seed, draw_truth, truth_document
from escc_desktop.workflow.images import ImagesImport
from escc_desktop.workflow.kept_figures import kept_figures
from escc_desktop.workflow.modelling import assess_files, icc_file, write_development
from escc_desktop.workflow.patient_report import write_patient_report
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.reading_report import write_reading_report
from escc_desktop.workflow.study_files import features_provenance

SHOWCASE = "P017"
SYNTHETIC = {"label": LABEL, "is_synthetic": True}


def build_demo(root: Path, choice: DemoChoice, progress: Progress) -> DemoFolder:
    """Write the study and conduct it up to the last signature; what was finished before is kept.

    Raises
    ------
    EsccError
        The folder holds something else, or a demo of another size.
    Cancelled
        From `progress`; the next call starts anew.
    """
    if choice.n_patients < 2 * choice.repeats:
        raise EsccError(f"{choice.n_patients} patients are too few for the demo.", "Ask for 8 or more.")
    folder = DemoFolder(root)
    if (root / BUILT).exists():
        refuse_other_demo(root, choice)
        return folder
    _refuse_foreign(root)
    with claimed(root):
        _build(folder, choice, progress)
    return folder


def _build(folder: DemoFolder, choice: DemoChoice, progress: Progress) -> None:
    for path in (folder.images, folder.records, folder.truth, folder.project, folder.results):
        shutil.rmtree(path, ignore_errors=True)
    truths = draw_truth(choice.n_patients)
    grid = choice.grid or (None if choice.n_patients >= FULL_SIZE else SMALL)
    images = write_import_folder(truths, folder.images, default_seed(), choice.jobs, progress.part(0, 0.5), grid)
    write_records(truths, folder.records)
    folder.truth.mkdir(exist_ok=True)
    write_json(folder.truth / "truth.json", truth_document(truths))
    study = SyntheticStudy(truths, images, folder.images, folder.records, default_seed(), choice.repeats)
    _conduct(folder, study, progress.part(0.5, 1))
    write_json(folder.root / BUILT, {**choice.document, "label": LABEL})


def _conduct(folder: DemoFolder, study: SyntheticStudy, progress: Progress) -> None:
    clock, keys = StudyClock(), make_keys(folder.root)
    with create_project(folder.project, keys, clock) as administrator:
        coordinator = administrator.log_in(keys.login("coordinator"))
        imported = hand_over(coordinator, study, progress.part(0, 0.65))
        write_json(folder.truth / "import.json", _import_document(imported))
        read_everything(administrator, study, keys, load_params(DEFAULT_PARAMS), clock, progress.part(0.65, 1))


def _import_document(imported: ImagesImport) -> dict[str, object]:
    return {**SYNTHETIC, "imported": len(imported.imported), "refused": [str(fault) for fault in imported.refused]}


def _refuse_foreign(root: Path) -> None:
    """Make the demo's folder; refuse one that holds something else than the rest of an unfinished demo."""
    own = {"import", "records", "truth", "project", "results", "practice", "accounts.json", LOCK_FILE}
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EsccError(f"Cannot write {root}: {error.strerror}.", "Name a new or an empty folder.") from None
    foreign = sorted(path.name for path in root.iterdir() if path.name not in own)
    if foreign:
        raise EsccError(f"{root} is not empty: it holds {foreign[0]}.", "Name a new or an empty folder.")


def run_demo(folder: DemoFolder, choice: DemoChoice, progress: Progress) -> dict[str, Any]:
    """Analyse a built study, export every table, write the reports; return the content of `summary.json`.

    Raises
    ------
    EsccError
        A step was refused.
    Cancelled
        From `progress`; features that are finished are kept.
    """
    keys = read_keys(folder.root)
    # Fewer repeats than a study asks for (decision 0252): the demo is there to be looked at soon.
    config = DevelopConfig(
        name="SYNTHETIC study:", workers=choice.jobs, resamples=30, noise_repeats=15, pdf_figures=False
    )
    folder.results.mkdir(exist_ok=True)
    with claimed(folder.root), Project.open(folder.project, keys.lock, keys.login("statistician")) as statistician:
        basis = _basis(statistician, config)
        finished = _finished(folder, basis)
        if finished is None:
            finished = {
                "basis": basis,
                "software": f"escc-desktop {version()}",
                **_analyse(folder, keys, statistician, config, progress),
            }
            write_json(folder.results / SUMMARY, finished)
    progress.advance(1, 1, "summary written")
    return finished


def _analyse(
    folder: DemoFolder, keys: Keys, statistician: Project, config: DevelopConfig, progress: Progress
) -> dict[str, Any]:
    extraction = statistician.extract(load_params(DEFAULT_PARAMS), progress.part(0, 0.25), config.workers)
    _refuse_failures(extraction)
    _export_inputs(folder.results, statistician, extraction)
    made = statistician.develop(extraction.table, config, progress.part(0.25, 0.9))
    kept = kept_figures(statistician.view, made.cards["combined"].digest)
    written = progress.part(0.9, 1)
    with ThreadPoolExecutor(1, "model") as aside:
        model = aside.submit(run_in_child, _write_model, made, folder.results / "model", kept, progress=written)
        verdicts = statistician.assess(made.cards["combined"], extraction.table)
        _write_reports(folder, keys, statistician, made, extraction.table)
        model.result()
    _assess_files(folder.results)
    write_tables(folder.results, made)
    return summarise(made, extraction.table, verdicts, folder.truth / "truth.json")


def _basis(project: Project, config: DevelopConfig) -> str:
    """Return the digest of all that the results depend on: what is signed and recorded, settings, program."""
    signed = [[session.session_id, str(session.signed_at)] for session in project.sessions() if session.is_signed]
    records = clinical_csv(project.records())
    parts = [signed, records.header, records.rows, load_params(DEFAULT_PARAMS).digest, config.digest, version()]
    return digest(canonical_json(parts))


def _finished(folder: DemoFolder, basis: str) -> dict[str, Any] | None:
    """Return the summary of an earlier run on the same basis; it is written last, so everything else is there."""
    path = folder.results / SUMMARY
    document = read_json(path) if path.exists() else None
    return document if isinstance(document, dict) and document.get("basis") == basis else None


def _refuse_failures(extraction: Extraction) -> None:
    if extraction.failures:
        key, failure = extraction.failures[0]
        raise EsccError(
            f"{len(extraction.failures)} readings gave no features, first {key.patient_id}: {failure.what}",
            failure.hint,
        )


def _export_inputs(results: Path, project: Project, extraction: Extraction) -> None:
    provenance = {**SYNTHETIC, "program": f"escc-desktop {version()}"}
    write_feature_table(results / "FEATURES.csv", extraction.table, {**provenance, **features_provenance(extraction)})
    clinical = clinical_csv(project.records())
    write_csv(results / CLINICAL_NAME, clinical.header, clinical.rows, provenance)
    icc_file(results / "FEATURES.csv", results / "ICC.csv", label=SYNTHETIC)


def _write_model(made: Development, out: Path, kept: Mapping[str, KeptFigure], progress: Progress) -> None:
    write_development(made, out, progress, kept=kept, is_synthetic=True)


def _assess_files(results: Path) -> None:
    card = results / "model" / "card_combined.json"
    assess_files(card, results / "FEATURES.csv", results / CLINICAL_NAME, results / "ASSESSMENTS.csv", SYNTHETIC)


def _write_reports(
    folder: DemoFolder, keys: Keys, statistician: Project, made: Development, table: FeatureTable
) -> None:
    """Write the report of the readings, and of the showcase patient and one more of each risk group."""
    agreements = made.found.problem.agreements
    if agreements is not None:
        write_reading_report(statistician.rois(), agreements, {}, folder.results / "readings.pdf", is_synthetic=True)
    oncologist = statistician.log_in(keys.login("oncologist"))
    reports = folder.results / "patients"
    reports.mkdir(exist_ok=True)
    card = made.cards["combined"]
    verdicts = oncologist.assessments(card)
    for verdict in _shown(verdicts):
        path = reports / f"{verdict.patient_id}.pdf"
        write_patient_report(oncologist, verdict, card, table, path, is_synthetic=True)


def _shown(verdicts: Sequence[Assessment]) -> list[Assessment]:
    shown = [verdict for verdict in verdicts if verdict.patient_id == SHOWCASE]
    for group in ("LOW", "HIGH"):
        shown += [verdict for verdict in verdicts if verdict.risk_group == group and verdict not in shown][:1]
    return shown


def told(folder: DemoFolder, summary: Mapping[str, Any]) -> str:
    """Return what to tell a person about a demo."""
    lines = [f"Synthetic study in {folder.root}: CT in import, trial records in records, project, truth."]
    icc = summary["icc"]
    counts = icc["intra"]["n_pass"], icc["inter"]["n_pass"], icc["n_stable"]
    lines += [
        f"{summary['patients']} patients, {summary['events']} deaths, {sum(summary['readings'].values())} readings.",
        f"{summary['features']} features, {summary['finite_values']} finite values.",
        f"ICC above {icc['threshold']}: intra {counts[0]}, inter {counts[1]}, both {counts[2]}.",
    ]
    for kind, measures in summary["performance"].items():
        c = measures["c_index"]
        noise = "-".join(f"{value:.3f}" for value in (c["noise"][0], c["noise"][2]))
        lines.append(f"{kind}: C-index {c['apparent']:.3f}, corrected {c['corrected']:.3f}, noise {noise}.")
    lines += [
        f"planted for {one['latent']}: {one['feature']} rank {one['rank']} of {one['of']}, "
        f"Spearman {one['spearman']:.2f}, {'stable' if one['is_stable'] else 'not stable'}"
        for one in summary["planted"]
    ]
    return "\n".join([*lines, f"Tables, cards and reports in {folder.results}."])

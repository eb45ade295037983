"""A practice project: three synthetic patients nobody has read yet, to try the window on from the first minute."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from escc_desktop import version
from escc_desktop.files import write_json
from escc_desktop.progress import Progress
from escc_desktop.store.audit import utc_now
from escc_desktop.workflow.demo.claim import claimed
from escc_desktop.workflow.demo.conduct import SyntheticStudy, hand_over
from escc_desktop.workflow.demo.folder import BUILT, DemoFolder
from escc_desktop.workflow.demo.people import create_project, make_keys
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.study import write_import_folder
from escc_desktop.workflow.demo.truth import LABEL, PatientTruth, default_seed, draw_truth

N_PATIENTS, REPEATS = 3, 1
_PARTS = ("import", "records", "truth", "project")


def build_practice(root: Path, jobs: int, progress: Progress) -> Path:
    """Make the practice project in a folder and return the project's own; a finished one is kept.

    Raises
    ------
    EsccError
        The folder cannot be written.
    Cancelled
        From `progress`; the next call starts anew.
    """
    folder = DemoFolder(root)
    if (root / BUILT).exists():
        return folder.project
    with claimed(root):
        _build(folder, jobs, progress)
    return folder.project


def _build(folder: DemoFolder, jobs: int, progress: Progress) -> None:
    root = folder.root
    for part in _PARTS:
        shutil.rmtree(root / part, ignore_errors=True)
    truths = practice_patients()
    images = write_import_folder(truths, folder.images, default_seed(), jobs, progress.part(0, 0.6))
    write_records(truths, folder.records)
    study = SyntheticStudy(truths, images, folder.images, folder.records, default_seed(), REPEATS)
    keys = make_keys(root)
    with create_project(folder.project, keys, utc_now) as administrator:
        hand_over(administrator.log_in(keys.login("coordinator")), study, progress.part(0.6, 1))
    write_json(root / BUILT, {"label": LABEL, "software": version(), "patients": N_PATIENTS})


def practice_patients() -> tuple[PatientTruth, ...]:
    """Return three patients of the synthetic study without artefacts, under codes of their own."""
    drawn = [truth for truth in draw_truth() if not truth.artefact and not truth.is_showcase]
    return tuple(_recoded(truth, f"T{number:02d}") for number, truth in enumerate(_spread(drawn), start=1))


def _spread(truths: Sequence[PatientTruth]) -> list[PatientTruth]:
    """Return the patients with the smallest, the middle and the largest lesion."""
    ordered = sorted(truths, key=lambda truth: truth.axial_diameter_mm)
    return [ordered[0], ordered[len(ordered) // 2], ordered[-1]]


def _recoded(truth: PatientTruth, code: str) -> PatientTruth:
    return replace(truth, patient_id=code, record=replace(truth.record, patient_id=code))

"""The synthetic study conducted: import, marking, plan, two readers, all through the project as a site would."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.params import ExtractionParams
from escc_desktop.imaging.exchange import read_mask
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.reading.session import Occasion, Reader, ReadingSession
from escc_desktop.resources import resource_path
from escc_desktop.workflow.demo.images import patient_seed
from escc_desktop.workflow.demo.people import Keys, StudyClock
from escc_desktop.workflow.demo.readers import simulate_reading
from escc_desktop.workflow.demo.study import PatientImages
from escc_desktop.workflow.demo.truth import PatientTruth
from escc_desktop.workflow.desk import Reading
from escc_desktop.workflow.images import ImagesImport, ImportChoice
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.reading_rules import protocol_of

LESION_ID = "L1"
READING_TAKES = timedelta(minutes=25)
NEXT_DAY_AFTER = 16
REPEAT_AFTER = timedelta(days=14)
SLIPS = 3


@dataclass(frozen=True)
class SyntheticStudy:
    """Everything the conduct needs to know of the study's making.

    Attributes
    ----------
    import_folder, records_folder
        What the site hands over.
    repeats
        How many patients are read again.
    """

    truths: tuple[PatientTruth, ...]
    images: tuple[PatientImages, ...]
    import_folder: Path
    records_folder: Path
    seed: int
    repeats: int


def study_numbers() -> Mapping[str, Any]:
    """Return how the study is conducted and looked at, from `resources/demo/study.toml`."""
    return tomllib.loads(resource_path("demo", "study.toml").read_text(encoding="utf-8"))


def hand_over(project: Project, study: SyntheticStudy, progress: Progress) -> ImagesImport:
    """Import images and records, mark the lesions, plan the readings; `project` is the coordinator's."""
    imported = project.import_images(study.import_folder, ImportChoice({}), progress)
    # Two values were entered in mg/dL on purpose; they stay questioned and out of the models.
    project.import_records(study.records_folder, frozenset({"unit"}))
    written = {images.patient_id: images for images in study.images}
    project.mark_lesions([_lesion(truth, written[truth.patient_id]) for truth in study.truths])
    rules = protocol_of(project, shows_study=True)
    project.plan_readings(study.repeats, study_numbers()["plan"]["seed"], protocol=rules)
    return imported


def _lesion(truth: PatientTruth, images: PatientImages) -> Lesion:
    return Lesion(
        lesion_id=LESION_ID,
        patient_id=truth.patient_id,
        site=LesionSite(truth.site),
        role=LesionRole.TARGET,
        irradiated=False,
        point_mm=images.point_mm,
        series_uid=images.series_uid,
    )


def read_everything(
    project: Project, study: SyntheticStudy, keys: Keys, params: ExtractionParams, clock: StudyClock, progress: Progress
) -> int:
    """Have both readers outline and sign every session of the plan; return how many there were."""
    masks = {images.patient_id: images.mask_path for images in study.images}
    sessions = project.log_in(keys.login("coordinator")).plan().sessions
    readers = {letter: project.log_in(keys.login(f"reader-{letter.lower()}")) for letter in Reader}
    desks = {letter: reader.desk(params) for letter, reader in readers.items()}
    signed_first: dict[str, datetime] = {}
    for done, session in enumerate(_in_order(sessions)):
        progress.advance(done, len(sessions), f"reading {done + 1} of {len(sessions)}")
        if session.occasion is Occasion.REPEAT:
            clock.forward_to(signed_first[session.patient_id] + REPEAT_AFTER)
        clock.forward_to(clock() + READING_TAKES)
        if done % NEXT_DAY_AFTER == NEXT_DAY_AFTER - 1:
            clock.forward_to(clock() + timedelta(hours=16))
        with desks[session.reader].open(session.session_id) as reading:
            _outline(reading, session, masks[session.patient_id], study.seed)
            password = keys.login(f"reader-{session.reader.lower()}").password
            reading.sign(password, "Outlined by me")
        if session.reader is Reader.A and session.occasion is Occasion.FIRST:
            signed_first[session.patient_id] = clock()
    return len(sessions)


def _in_order(sessions: Sequence[ReadingSession]) -> list[ReadingSession]:
    """Return the sessions as they are read: firsts as planned, repeats in the order of their firsts."""
    place = {
        session.patient_id: number
        for number, session in enumerate(sessions)
        if session.reader is Reader.A and session.occasion is Occasion.FIRST
    }
    firsts = [session for session in sessions if session.occasion is Occasion.FIRST]
    repeats = [session for session in sessions if session.occasion is Occasion.REPEAT]
    return firsts + sorted(repeats, key=lambda session: place[session.patient_id])


def _outline(reading: Reading, session: ReadingSession, true_mask: Path, seed: int) -> None:
    """Draw slice by slice; now and then a slip of the hand is taken back."""
    truth = read_mask(true_mask, reading.volume.geometry)
    base = patient_seed(seed, session.patient_id)
    drawn = simulate_reading(reading.volume, truth, session.reader, session.occasion, base)
    slices = np.flatnonzero(drawn.voxels.any(axis=(1, 2)))
    for number, index in enumerate(slices):
        plane = drawn.voxels[index]
        if number < SLIPS:
            reading.edit("brush", int(index), _slip(plane))
            reading.undo()
        reading.edit("polygon", int(index), plane)


def _slip(plane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the outline shifted by two voxels, as after a wrong first point."""
    return np.asarray(np.roll(plane, 2, axis=1))

"""DICOM of a few tiny patients as a site hands them over, and an empty project to take them into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series
from escc_desktop.reading.session import Reader
from escc_desktop.store.accounts import Role
from escc_desktop.workflow.project import Project

# x grows to the patient's left, y to the back, z to the head; odd numbers, so that no axis can stand in for another.
GEOMETRY = Geometry((24, 20, 9), (1.5, 2.0, 4.0), (-17.0, -19.0, 31.0))
ROLES = {
    "A": (Role.READER, Reader.A),
    "B": (Role.READER, Reader.B),
    "coordinator": (Role.COORDINATOR, None),
    "oncologist": (Role.ONCOLOGIST, None),
}


def phantom(seed: int) -> Volume:
    """A box of soft tissue with a bright voxel in the first slice, in air."""
    hu = np.full(GEOMETRY.shape, -1000, dtype=np.int16)
    hu[:, 4:16, 4:20] = 40 + np.random.default_rng(seed).integers(-9, 10, (9, 12, 16))
    return Volume(hu, GEOMETRY)


def series_uid(patient: str) -> str:
    return uid_from("worklist", patient)


def write_series(folder: Path, patient: str, missing: Iterable[int] = (), description: str = "C+ ART") -> Path:
    """Write a series; slices named by their place (0 at the feet) are left out."""
    attributes = {
        "PatientID": patient,
        "PatientName": f"TEST^{patient}",
        "StudyInstanceUID": uid_from("study", patient),
        "SeriesInstanceUID": series_uid(patient),
        "FrameOfReferenceUID": uid_from("frame", patient),
        "SeriesDescription": description,
        "StudyDate": "20240105",
    }
    paths = write_ct_series(phantom(sum(map(ord, patient))), folder / patient, attributes)
    for place in missing:
        paths[len(paths) - 1 - place].unlink()
    return folder / patient


@dataclass(frozen=True)
class Handover:
    """P1 and P2 are sound, one slice of P3 is missing, two places of P4; and a note that is no image."""

    folder: Path


def write_handover(folder: Path) -> Handover:
    write_series(folder, "P1")
    write_series(folder, "P2")
    write_series(folder, "P3", missing=[4])
    write_series(folder, "P4", missing=[2, 3, 6])
    (folder / "note.txt").write_text("no image")
    return Handover(folder)


class People:
    """A new project; called with a name, as that person sees it."""

    def __init__(self, folder: Path, small_study: ModuleType) -> None:
        self.clock = small_study.Clock()
        self.store, admin = small_study.empty_project(folder, self.clock)
        self.principals = {"admin": admin}
        for name, (role, reader) in ROLES.items():
            self.store.accounts.create(admin, name, small_study.PASSWORD, role, reader)
            self.principals[name] = self.store.accounts.log_in(name, small_study.PASSWORD)

    def __call__(self, name: str) -> Project:
        return Project(self.store, self.principals[name])

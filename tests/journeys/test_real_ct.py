"""Four real CT series through the whole chain: DICOM, RTSTRUCT, two readers, features, agreement, report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.features.params import load_params
from escc_desktop.features.table import FeatureTable
from escc_desktop.files import read_json
from escc_desktop.imaging.exchange import read_mask
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.reading.session import Occasion, Reader, ReadingSession
from escc_desktop.store.accounts import Role
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.store import Login
from escc_desktop.workflow.desk import Reading
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.reading_report import overlaps, write_reading_report

pytestmark = [pytest.mark.reference, pytest.mark.slow]
CHEAP = PasswordCost(memory_kib=8, time=1, lanes=1)
FOLDERS = {
    "R001": ("data/ibsi1_ct_phantom/dicom", "i16_phantom"),
    "R002": ("data/sts/STS_008/dicom", None),
    "R003": ("data/sts/STS_010/dicom", None),
    "R004": ("data/sts/STS_019/dicom", "i16_STS_019"),
}


class Codes(dict[str, str]):
    """Gives every series the same trial code, whatever its PatientID."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def get(self, _key: object, _default: object = None) -> str:  # type: ignore[override]
        return self._code


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def login(name: str) -> Login:
    return Login(name, f"password of {name}")


def perturbed(mask: NDArray[np.bool_], reader: Reader, occasion: Occasion) -> NDArray[np.bool_]:
    """A second opinion: B draws a voxel wider in the plane, A's repeat a voxel tighter in every third slice."""
    in_plane = np.zeros((3, 3, 3), dtype=bool)
    in_plane[1] = ndimage.generate_binary_structure(2, 1)
    if reader is Reader.B:
        return np.asarray(ndimage.binary_dilation(mask, in_plane))
    if occasion is Occasion.REPEAT:
        tighter = ndimage.binary_erosion(mask, in_plane)
        return np.where(np.arange(mask.shape[0])[:, None, None] % 3 == 0, tighter, mask)
    return mask


def outline(reading: Reading, drawn: NDArray[np.bool_]) -> None:
    for index in np.flatnonzero(drawn.any(axis=(1, 2))):
        reading.edit("polygon", int(index), drawn[index])


def reference_values(reference_dir: Path, case: str) -> NDArray[np.float64]:
    lines = (reference_dir / "reference" / "features" / f"{case}.csv").read_text().splitlines()[1:]
    return np.array([float(line.rsplit(",", 1)[1]) for line in lines])


def staffed(folder: Path, clock: Clock) -> tuple[Project, dict[str, Project]]:
    admin = Project.create(folder, Passphrase("a passphrase", CHEAP), login("admin"), clock=clock, cost=CHEAP).project
    roles = {"coordinator": Role.COORDINATOR, "statistician": Role.STATISTICIAN, "A": Role.READER, "B": Role.READER}
    for name, role in roles.items():
        admin.add_account(login(name), role, Reader(name) if role is Role.READER else None)
    return admin, {name: admin.log_in(login(name)) for name in roles}


def import_and_mark(coordinator: Project, reference_dir: Path) -> dict[str, Path]:
    """Import each patient's series under a trial code and mark the lesion at the middle of its contour."""
    masks = {}
    for code, (folder, _) in FOLDERS.items():
        imported = coordinator.import_images(
            reference_dir / folder / "image", ImportChoice(Codes(code)), Progress()
        ).imported
        masks[code] = reference_dir / folder / "mask"
        volume = coordinator.volume(imported[0])
        inside = np.argwhere(read_mask(masks[code], volume.geometry).voxels)
        point = volume.geometry.to_mm(inside[len(inside) // 2][::-1][None].astype(float))[0]
        place = (float(point[0]), float(point[1]), float(point[2]))
        coordinator.mark_lesions([Lesion("L1", code, LesionSite.OTHER, LesionRole.TARGET, False, place, imported[0])])
    return masks


def read(reader: Project, session: ReadingSession, contour: Path) -> None:
    with reader.desk(load_params("ct_arterial")).open(session.session_id) as reading:
        drawn = read_mask(contour, reading.volume.geometry).voxels
        outline(reading, perturbed(drawn, session.reader, session.occasion))
        reading.sign(login(session.reader).password, "Outlined by me")


def check_against_pyradiomics(table: FeatureTable, reference_dir: Path) -> int:
    """Reader A's first reading is the contour itself, so its features are the reference values."""
    first = table.select(reader="A", occasion="first")
    compared = 0
    for key, values in zip(first.keys, first.values, strict=True):
        case = FOLDERS[key.patient_id][1]
        if case is not None:
            expected = reference_values(reference_dir, case)
            apart = np.abs(values - expected) / np.maximum(np.abs(expected), 1e-12)
            apart[np.abs(values - expected) < 1e-12] = 0
            ill = [name.endswith("lbp-3D-m2_firstorder_RobustMeanAbsoluteDeviation") for name in first.names]
            assert np.all(apart < np.where(ill, 1e-3, 1e-6)), first.names[int(np.argmax(apart))]
            compared += 1
    return compared


def test_that_four_real_series_go_from_dicom_to_an_agreement_report(reference_dir: Path, tmp_path: Path) -> None:
    clock = Clock()
    admin, staff = staffed(tmp_path / "study", clock)
    with admin:
        contours = import_and_mark(staff["coordinator"], reference_dir)
        plan = staff["coordinator"].plan_readings(repeats=4, seed=7)
        for session in plan.sessions:
            if session.occasion is Occasion.REPEAT:
                clock.now = max(clock.now, datetime(2024, 1, 15, 9, tzinfo=UTC))
            read(staff[session.reader], session, contours[session.patient_id])
        extraction = staff["coordinator"].extract(load_params("ct_arterial"), Progress(), jobs=2)
        assert not extraction.failures
        assert extraction.table.values.shape == (12, 1874)
        print("equal to PyRadiomics:", check_against_pyradiomics(extraction.table, reference_dir), "regions")
        agreements = staff["statistician"].reproducibility(extraction.table, DevelopConfig())
        print("stable features:", len(agreements.stable_names), "of", len(agreements.names))
        rois = staff["statistician"].rois()
        assert len(overlaps(rois)) == 8
        assert all(0.7 < item.dice < 1 for item in overlaps(rois))
        volume = staff["coordinator"].volume(rois[0].series_uid)
        write_reading_report(rois, agreements, {volume.digest: volume}, tmp_path / "agreement.pdf")
        assert admin.verify() == ()
    assert (tmp_path / "agreement.pdf").read_bytes().startswith(b"%PDF-")
    report = read_json(tmp_path / "agreement.pdf.json")
    assert isinstance(report, dict)
    assert report["research_use_only"] is True

"""The synthetic study as a site would hand it over: folders of DICOM series, and the true masks beside them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from escc_desktop.imaging.exchange import write_mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series
from escc_desktop.progress import Progress, deaf_children
from escc_desktop.workflow.demo.images import (
    SMALL,
    Grid,
    Scene,
    grid_of,
    lesion_point_mm,
    paint_scene,
    patient_seed,
    scan,
    true_mask,
)
from escc_desktop.workflow.demo.scanner import LUNG, SOFT, Kernel
from escc_desktop.workflow.demo.truth import PatientTruth

LABEL = "SYNTHETIC: computed, no person stands behind it"
DESCRIPTIONS = ("动脉期", "C+ ART", "A 5mm", "", "Thorax C+ Art", "胸部增强 动脉期")
VENOUS = ("静脉期", "C+ VEN", "V 5mm", "Thorax C+ Portal")
PLAIN = ("平扫", "C-", "Thorax native")
SCANNERS = (
    ("SIEMENS", "SOMATOM Definition AS"),
    ("Philips", "Brilliance iCT"),
    ("GE MEDICAL SYSTEMS", "Revolution CT"),
)
VENOUS_DELAY_S, PLAIN_DELAY_S = 65.0, -90.0
PADDING = -2000
ACQUISITIONS = {"plain": 1, "arterial": 2, "venous": 3}


@dataclass(frozen=True)
class PatientImages:
    """What was written for one patient.

    Attributes
    ----------
    folder
        The patient's folder in the import folder.
    series_uid
        Of the arterial series.
    point_mm
        A point inside the lesion (x, y, z, LPS) by which it can be marked.
    mask_path
        The true mask on the arterial grid (NIfTI), outside the import folder.
    """

    patient_id: str
    folder: Path
    study_uid: str
    series_uid: str
    point_mm: tuple[float, float, float]
    mask_path: Path


@dataclass(frozen=True)
class _Series:
    kind: str
    phase: str
    description: str
    kernel: Kernel
    delay_s: float


def write_import_folder(
    truths: Sequence[PatientTruth], folder: Path, seed: int, jobs: int, progress: Progress, grid: Grid | None = None
) -> tuple[PatientImages, ...]:
    """Write the CT studies of the synthetic patients, and their true masks to `folder.parent / "truth" / "masks"`.

    Parameters
    ----------
    folder
        Becomes a tree of patient, study and series folders. The same seed gives the same bytes.
    seed
        Of everything random in the images.
    jobs
        Processes at work; 1 works in this one.
    grid
        Voxels of every series; by default 256 x 256 x 64, and 512 x 512 x 320 for the showcase patient.

    Returns
    -------
    What was written, in the order of `truths`.

    Raises
    ------
    Cancelled
        By `progress`, between patients.
    """
    work = partial(_write_patient, folder=folder, seed=seed, grid=grid)
    done: dict[str, PatientImages] = {}
    if jobs == 1 or len(truths) == 1:
        for truth in truths:
            done[truth.patient_id] = work(truth)
            progress.advance(len(done), len(truths), truth.patient_id)
    else:
        # The largest first: nobody waits for one patient at the end.
        order = sorted(truths, key=lambda truth: not truth.is_showcase)
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            with deaf_children():
                futures = [pool.submit(work, truth) for truth in order]
            try:
                for future in as_completed(futures):
                    written = future.result()
                    done[written.patient_id] = written
                    progress.advance(len(done), len(truths), written.patient_id)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    return tuple(done[truth.patient_id] for truth in truths)


def _write_patient(truth: PatientTruth, folder: Path, seed: int, grid: Grid | None) -> PatientImages:
    base = patient_seed(seed, truth.patient_id)
    rng = np.random.default_rng([*base, 21])
    study_uid = uid_from(seed, truth.patient_id, "study")
    home = folder / truth.patient_id / f"ST{truth.patient_id[1:]}"
    arterial = _Series("ART", "arterial", str(rng.choice(DESCRIPTIONS)), SOFT, truth.delay_s)
    number = int(truth.patient_id[1:])
    scene = paint_scene(truth, seed, grid or grid_of(truth))
    common = _common(truth, study_uid, seed)
    volume = scan(scene, (*base, 1))
    series_uid = _write(volume, home / "02_ART", common, arterial, 2, truth)
    extra = SMALL if grid is None else grid
    if number % 6 == 0:
        sharp = _Series("LUNG", "arterial", "LUNG 5mm B70f", LUNG, truth.delay_s)
        _write(scan(scene, (*base, 2), LUNG), home / "03_LUNG", common, sharp, 3, truth)
    if number % 10 == 7:
        venous = _Series("VEN", "venous", str(rng.choice(VENOUS)), SOFT, VENOUS_DELAY_S)
        _write(scan(paint_scene(truth, seed, extra, "venous"), (*base, 3)), home / "04_VEN", common, venous, 4, truth)
    if number % 10 in {3, 7}:
        plain = _Series("NC", "plain", str(rng.choice(PLAIN)), SOFT, PLAIN_DELAY_S)
        _write(scan(paint_scene(truth, seed, extra, "plain"), (*base, 4)), home / "01_NC", common, plain, 1, truth)
    if number % 4 == 1:
        _write_scout(scene, home / "00_SCOUT", common, truth)
    mask = true_mask(scene)
    mask_path = folder.parent / "truth" / "masks" / f"{truth.patient_id}.nii.gz"
    mask_path.parent.mkdir(parents=True, exist_ok=True)
    write_mask(mask_path, mask)
    return PatientImages(truth.patient_id, home.parent, study_uid, series_uid, lesion_point_mm(mask), mask_path)


def _common(truth: PatientTruth, study_uid: str, seed: int) -> dict[str, Any]:
    date = truth.record.visits[0].date.strftime("%Y%m%d")
    manufacturer, model = SCANNERS[int(truth.patient_id[1:]) % len(SCANNERS)]
    return {
        "PatientID": truth.patient_id,
        "PatientName": f"SYNTHETIC^{truth.patient_id}",
        "PatientSex": "F" if truth.sex == "female" else "M",
        "PatientAge": f"{truth.age_years:03d}Y",
        "PatientWeight": f"{truth.weight_kg:.1f}",
        "PatientComments": LABEL,
        "StudyInstanceUID": study_uid,
        "StudyID": truth.patient_id[1:],
        "StudyDate": date,
        "SeriesDate": date,
        "AcquisitionDate": date,
        "ContentDate": date,
        "StudyTime": "090000",
        "StudyDescription": "SYNTHETIC CT chest and upper abdomen",
        "AccessionNumber": f"SYN{truth.patient_id[1:]}",
        "FrameOfReferenceUID": uid_from(seed, truth.patient_id, "frame"),
        "InstitutionName": "SYNTHETIC HOSPITAL",
        "Manufacturer": manufacturer,
        "ManufacturerModelName": model,
        "SoftwareVersions": "synthetic",
        "BodyPartExamined": "CHEST",
        "ImageComments": LABEL,
        "KVP": str(truth.kvp),
        "XRayTubeCurrent": "240",
        "ExposureTime": "500",
        "GantryDetectorTilt": "0",
        "TableHeight": "160",
        "RotationDirection": "CW",
    }


def _write(
    volume: Volume, folder: Path, common: dict[str, Any], series: _Series, number: int, truth: PatientTruth
) -> str:
    uid = uid_from(common["StudyInstanceUID"], series.kind)
    start_s = 9 * 3600 + 10 * 60
    nx = volume.geometry.size[0] * volume.geometry.spacing_mm[0]
    attributes = common | {
        "SeriesInstanceUID": uid,
        "SeriesNumber": number,
        "AcquisitionNumber": ACQUISITIONS[series.phase],
        "SeriesDescription": series.description,
        "ProtocolName": "SYNTHETIC Thorax",
        "ConvolutionKernel": series.kernel.name,
        "SeriesTime": _clock(start_s + series.delay_s),
        "AcquisitionTime": _clock(start_s + series.delay_s),
        "ContentTime": _clock(start_s + series.delay_s + 20.0),
        "ReconstructionDiameter": f"{nx:.1f}",
        "DataCollectionDiameter": "500",
    }
    if series.kernel is LUNG:
        attributes |= {"WindowCenter": "-600", "WindowWidth": "1500"}
    if series.phase != "plain":
        attributes |= {
            "ContrastBolusAgent": "Iohexol 350",
            "ContrastBolusRoute": "IV",
            "ContrastBolusVolume": "80",
            "ContrastBolusStartTime": _clock(start_s),
            "ContrastFlowRate": "3",
        }
    if truth.artefact == "padding" and series.kind == "ART":
        volume = _padded(volume)
        attributes |= {"PixelPaddingValue": PADDING}
    write_ct_series(volume, folder, attributes)
    return uid


def _padded(volume: Volume) -> Volume:
    """Put the padding value outside the circle of reconstruction, as some scanners do."""
    hu = volume.hu.copy()
    y, x = (np.linspace(-1.0, 1.0, n) for n in hu.shape[1:])
    hu[:, np.hypot(y[:, None], x[None, :]) > 1.0] = PADDING - 1024
    return Volume(hu, volume.geometry)


def _write_scout(scene: Scene, folder: Path, common: dict[str, Any], truth: PatientTruth) -> None:
    """Write the frontal projection of the scan as a localizer."""
    geometry = scene.geometry
    (nx, ny, nz), (dx, dy, dz) = geometry.size, geometry.spacing_mm
    density = np.stack([np.clip(plane + 1000.0, 0.0, None).mean(axis=0) for plane in scene.slices[::-1]])
    rows = np.repeat(density, max(round(dz / dx), 1), axis=0)
    image = np.clip(rows / rows.max() * 1400.0 - 900.0, -1024, 3071).astype(np.int16)
    origin = (geometry.origin_mm[0], geometry.origin_mm[1] + ny * dy / 2.0, geometry.origin_mm[2] + (nz - 1) * dz)
    # Columns run to the feet: the axes are x, -z and their cross product y.
    frame = Geometry((nx, len(rows), 1), (dx, dz / max(round(dz / dx), 1), 1.0), origin, (1, 0, 0, 0, 0, 1, 0, -1, 0))
    attributes = common | {
        "SeriesInstanceUID": uid_from(common["StudyInstanceUID"], "SCOUT"),
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "SeriesNumber": 99,
        "AcquisitionNumber": 99,
        "SeriesDescription": "Scout",
        "ProtocolName": "SYNTHETIC Thorax",
        "ConvolutionKernel": "T20s",
        "SeriesTime": "090500",
        "AcquisitionTime": "090500",
        "ContentTime": "090500",
    }
    write_ct_series(Volume(image[None], frame), folder, attributes)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{round((seconds - whole) * 1e6):06d}"

"""A finished study of thirty small patients: readings, features, records, cards with figures, assessments.

Images and outlines are real (small) ones; the feature values are drawn, so that no extraction is needed: most agree
between readings, every fifth does not, two carry the outcome. Built once a test run, and copied for each test.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import load_params
from escc_desktop.features.table import FeatureVector
from escc_desktop.figures.style import Figure
from escc_desktop.files import read_csv
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.reading.plan import draw_plan
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.store.accounts import Principal, Role
from escc_desktop.store.kinds import FEATURES, LESION, PATIENT, PLAN, SERIES, SESSION, VOLUME, RoiFeatures
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.workflow import kept_figures
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import PatientTruth, draw_truth
from escc_desktop.workflow.model_figures import figure_groups
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.stored import feature_table, roi_key

PATIENTS, REPEATS = 30, 15
GEOMETRY = Geometry((40, 32, 12), (2.0, 2.0, 5.0), (-40.0, -32.0, 100.0))
CENTRE_MM = (4.0, -2.0, 130.0)
VOLUME_FEATURE = FEATURE_NAMES.index("original_shape_VoxelVolume")
SIGNAL = tuple(FEATURE_NAMES.index(f"wavelet-LLH_{name}") for name in ("glszm_ZoneEntropy", "firstorder_Median"))
CONSTANT = FEATURE_NAMES.index("logarithm_firstorder_Minimum")
# Of agreement, score and models.
KEPT_GROUPS = {0, 2, 3}
KEPT_FIGURES = ("icc_distribution", "km_apparent", "km_out_of_fold", "nomogram_combined")
CONFIG = DevelopConfig(
    name="Studied:", permutations=40, fold_draws=2, resamples=3, outer_folds=2, outer_repeats=1, noise_repeats=2
)
NAMES = {
    "A": (Role.READER, Reader.A),
    "B": (Role.READER, Reader.B),
    "coordinator": (Role.COORDINATOR, None),
    "statistician": (Role.STATISTICIAN, None),
    "oncologist": (Role.ONCOLOGIST, None),
}


def _small_study() -> ModuleType:
    if "small_study" not in sys.modules:
        spec = spec_from_file_location("small_study", Path(__file__).parents[1] / "small_study.py")
        assert spec
        assert spec.loader
        module = sys.modules["small_study"] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["small_study"]


def template(shared: Path) -> Path:
    """Return the built project folder, building it in `shared` unless another worker has or does."""
    folder, lock = shared / "studied", shared / "studied.lock"
    while not (folder / "done").exists():
        with suppress(FileExistsError):
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            shutil.rmtree(folder, ignore_errors=True)
            try:
                build(folder / "project")
                (folder / "done").touch()
                # What the building imported stays: looking through it again would count as the window's time.
                gc.collect()
                gc.freeze()
            finally:
                lock.unlink()
            break
        time.sleep(0.2)
    return folder / "project"


def open_copy(shared: Path, folder: Path) -> tuple[Store, dict[str, Principal]]:
    """Open a copy of the built project; with it everybody's principal by name."""
    small = _small_study()
    shutil.copytree(template(shared), folder)
    store = Store.open(folder, small.PASSPHRASE, cost=small.CHEAP)
    return store, {name: store.accounts.log_in(name, small.PASSWORD) for name in ("admin", *NAMES)}


def build(folder: Path, *, is_read: bool = True, is_extracted: bool = True, is_developed: bool = True) -> None:
    """Make the project and close it; `is_...` say how far the study has come."""
    small, clock = _small_study(), _small_study().Clock()
    truths = draw_truth(PATIENTS)
    store, admin = small.empty_project(folder, clock)
    people = {"admin": admin}
    for name, (role, reader) in NAMES.items():
        store.accounts.create(admin, name, small.PASSWORD, role, reader)
        people[name] = store.accounts.log_in(name, small.PASSWORD)
    write_records(truths, folder.parent / "records")
    _set_up(store, people["coordinator"], truths, _baseline_days(folder.parent / "records"))
    Project(store, people["coordinator"]).import_records(folder.parent / "records", frozenset({"unit"}))
    if is_read:
        _read(store, people, clock)
    if is_extracted:
        _keep_features(store, people["statistician"], truths)
    if is_developed:
        statistician = Project(store, people["statistician"])
        table = feature_table(list(statistician.features()))
        with mock.patch.object(kept_figures, "figure_groups", _some_figures):
            made = statistician.develop(table, CONFIG, Progress())
        for card in made.cards.values():
            statistician.assess(card, table)
    store.close()


def _some_figures(made: Development) -> tuple[Callable[[], dict[str, Figure]], ...]:
    """Return what draws the figures of `KEPT_FIGURES` only: all of them take longer than the whole study."""
    return tuple(partial(_kept_of, group) for place, group in enumerate(figure_groups(made)) if place in KEPT_GROUPS)


def _kept_of(group: Callable[[], dict[str, Figure]]) -> dict[str, Figure]:
    return {name: figure for name, figure in group().items() if name in KEPT_FIGURES}


def _baseline_days(records: Path) -> dict[str, str]:
    """Return the day of each patient's baseline scan, as DICOM writes it."""
    table = read_csv(records / "visits.csv")
    visits = zip(*(table.column(name) for name in ("patient_id", "visit", "date")), strict=True)
    return {patient_id: day.replace("-", "") for patient_id, number, day in visits if number == "0"}


def _set_up(store: Store, coordinator: Principal, truths: tuple[PatientTruth, ...], days: Mapping[str, str]) -> None:
    lesions = [
        Lesion(
            "L1",
            truth.patient_id,
            LesionSite(truth.site),
            LesionRole.TARGET,
            False,
            CENTRE_MM,
            f"1.2.{int(truth.patient_id[1:])}",
        )
        for truth in truths
    ]
    plan = draw_plan(lesions, REPEATS, seed=7)
    with store.write(coordinator, "set up") as writing:
        for number, lesion in enumerate(lesions, start=1):
            volume = _volume(number)
            writing.put(PATIENT, Document(lesion.patient_id, {}))
            writing.put(VOLUME, volume)
            writing.put(
                SERIES, Document(lesion.series_uid, _series(lesion.patient_id, volume.digest, days[lesion.patient_id]))
            )
            writing.put(LESION, lesion)
        writing.put(PLAN, plan)
        for session in plan.sessions:
            writing.put(SESSION, session)


def _series(patient_id: str, volume_digest: str, day: str) -> dict[str, object]:
    """Return what `workflow.images.series_document` keeps."""
    return {
        "patient_id": patient_id,
        "volume": volume_digest,
        "study_uid": f"1.3.{int(patient_id[1:])}",
        "modality": "CT",
        "description": "C+ ART",
        "study_date": day,
        "n_files": GEOMETRY.size[2],
        "phase": {"name": "arterial", "confidence": 0.9, "evidence": ["description"]},
        "acquisition": {
            "kvp": 120.0,
            "kernel": "B30f",
            "slice_thickness_mm": 5.0,
            "manufacturer": "SIEMENS",
            "model": "SOMATOM",
        },
        "verdict": "OK",
        "findings": [],
    }


def _distance(radius_mm: tuple[float, float, float]) -> np.ndarray:
    """Return (z, y, x) how far each voxel is from the lesion's centre, 1 on an ellipsoid."""
    z, y, x = np.indices(GEOMETRY.shape, dtype=float)
    place = [
        (index * step + start - centre) / radius
        for index, step, start, centre, radius in zip(
            (x, y, z), GEOMETRY.spacing_mm, GEOMETRY.origin_mm, CENTRE_MM, radius_mm, strict=True
        )
    ]
    return np.sqrt(sum(axis**2 for axis in place))


def _radius(number: int) -> tuple[float, float, float]:
    return 8.0 + number % 7, 7.0 + number % 5, 12.0 + number % 9


def _volume(number: int) -> Volume:
    rng = np.random.default_rng(number)
    _z, y, x = np.indices(GEOMETRY.shape, dtype=float)
    body = ((x - 19.5) / 18) ** 2 + ((y - 15.5) / 14) ** 2 < 1
    hu = np.where(body, 20.0, -1000.0)
    hu[_distance(_radius(number)) < 1] = 80.0
    return Volume((hu + rng.normal(0, 12, hu.shape)).round().astype(np.int16), GEOMETRY)


def _read(store: Store, people: dict[str, Principal], clock: Any) -> None:
    small = _small_study()
    plan = Project(store, people["coordinator"]).plan()
    params = load_params("ct_arterial")
    desks = {letter: Project(store, people[letter]).desk(params) for letter in ("A", "B")}
    for number, session in enumerate(sorted(plan.sessions, key=lambda one: one.occasion is Occasion.REPEAT)):
        if session.occasion is Occasion.REPEAT and clock.now == small.Clock.now:
            clock.forward(timedelta(days=14))
        rng = np.random.default_rng(number)
        scale = 1.0 if session.reader is Reader.A else 0.95
        first, second, third = (r * scale * rng.uniform(0.94, 1.06) for r in _radius(int(session.patient_id[1:])))
        with desks[session.reader].open(session.session_id) as reading:
            reading.edit("brush", 6, _distance((first, second, third)) < 1)
            reading.sign(small.PASSWORD, "outlined by me")


def _keep_features(store: Store, statistician: Principal, truths: tuple[PatientTruth, ...]) -> None:
    """Put drawn values in place of extracted ones, under the provenance an extraction would give them."""
    rng = np.random.default_rng(5)
    params = load_params("ct_arterial")
    base = rng.normal(50, 10, size=(len(truths), len(FEATURE_NAMES)))
    outcome = np.array([truth.linear_predictor for truth in truths])
    outcome = (outcome - outcome.mean()) / outcome.std()
    for column, sign in zip(SIGNAL, (1.0, -1.0), strict=True):
        base[:, column] = 50 + 10 * (sign * outcome + 0.35 * rng.normal(size=len(truths)))
    row = {truth.patient_id: number for number, truth in enumerate(truths)}
    error = np.where(np.arange(len(FEATURE_NAMES)) % 5 == 4, 15.0, 2.0)
    error[list(SIGNAL)] = 2.0
    rois: tuple[Roi, ...] = Project(store, statistician).rois()
    with store.write(statistician, "put features") as writing:
        for roi in rois:
            values = base[row[roi.patient_id]] + error * rng.normal(size=len(FEATURE_NAMES))
            values[VOLUME_FEATURE] = roi.mask.volume_mm3
            values[CONSTANT] = 0.0
            provenance = {
                "identity": f"drawn {roi.session_id}",
                "params_digest": params.digest,
                "engine": DEFAULT_ENGINE,
                "volume_digest": roi.volume_digest,
                "mask_digest": roi.mask.digest,
            }
            vector = FeatureVector(values, FEATURE_NAMES, provenance)
            writing.put(FEATURES, RoiFeatures(roi.session_id, roi_key(roi), vector))

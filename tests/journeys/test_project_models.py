"""Models of a project by commands alone: develop, assess, report; the features are put in, not extracted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.errors import EsccError
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.table import FeatureVector
from escc_desktop.imaging.volume import Volume
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.store.accounts import Role
from escc_desktop.store.kinds import FEATURES, SERIES, VOLUME, RoiFeatures
from escc_desktop.store.records import Document
from escc_desktop.store.store import Login
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.desk import ReadingDesk
from escc_desktop.workflow.project import Project, Reader
from escc_desktop.workflow.stored import roi_key

PATIENTS = 40
NAMES = FEATURE_NAMES[:30]
Command = Callable[..., tuple[int, str, str]]
QUICK = "resamples = 2\nnoise_repeats = 1\nfold_draws = 1\nouter_folds = 3\nouter_repeats = 1\npermutations = 50\n"


def project_with_features(folder: Path, tools: ModuleType) -> None:
    clock = tools.Clock()
    store, admin = tools.empty_project(folder / "study", clock)
    project = Project(store, admin)
    with project:
        staff = {}
        for name, role, reader in (
            ("A", Role.READER, Reader.A),
            ("coordinator", Role.COORDINATOR, None),
            ("statistician", Role.STATISTICIAN, None),
            ("oncologist", Role.ONCOLOGIST, None),
        ):
            project.add_account(Login(name, tools.PASSWORD), role, reader)
            staff[name] = project.log_in(Login(name, tools.PASSWORD))
        truths = draw_truth(PATIENTS)
        write_records(truths, folder / "records")
        staff["coordinator"].import_records(folder / "records", frozenset({"unit"}))
        mark(staff["coordinator"], tools, [truth.patient_id for truth in truths])
        plan = staff["coordinator"].plan_readings(repeats=0, seed=1)
        for number, session in enumerate(plan.sessions):
            clock.forward(timedelta(minutes=10))
            sign(staff["A"], session.session_id, tools)
            put_features(staff["statistician"], session.session_id, number)


def mark(coordinator: Project, tools: ModuleType, codes: list[str]) -> None:
    lesions = []
    with coordinator._store.write(coordinator.principal, "images") as writing:
        for number, code in enumerate(codes):
            hu = np.random.default_rng(number).integers(-100, 200, tools.GEOMETRY.shape).astype(np.int16)
            volume = Volume(hu, tools.GEOMETRY)
            writing.put(VOLUME, volume)
            writing.put(SERIES, Document(f"1.2.{number}", {"volume": volume.digest, "patient_id": code}))
            point = (0.0, 0.0, 104.0)
            lesions.append(Lesion("L1", code, LesionSite.PRIMARY, LesionRole.TARGET, False, point, f"1.2.{number}"))
    coordinator.mark_lesions(lesions)


def sign(reader: Project, session_id: str, tools: ModuleType) -> None:
    voxels = np.zeros(tools.GEOMETRY.shape, dtype=np.bool_)
    voxels[1:4, 4:9, 3:8] = True
    with ReadingDesk(reader._store, reader.principal, "f" * 64).open(session_id) as reading:
        reading.edit("brush", 2, voxels)
        reading.sign(tools.PASSWORD, "outlined by me")


def put_features(statistician: Project, session_id: str, number: int) -> None:
    roi = next(roi for roi in statistician.rois() if roi.session_id == session_id)
    values = np.random.default_rng(number).normal(size=len(NAMES)) + 5
    provenance = {"identity": f"{number:064}", "params_digest": "f" * 64, "engine": "pyradiomics"}
    item = RoiFeatures(session_id, roi_key(roi), FeatureVector(values, NAMES, provenance))
    statistician._store.put(statistician.principal, FEATURES, item)


@pytest.fixture
def project(
    small_study: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    project_with_features(tmp_path, small_study)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESCC_PASSPHRASE", small_study.PASSPHRASE.text)
    monkeypatch.setenv("ESCC_PASSWORD", small_study.PASSWORD)

    def run(name: str, *arguments: str, user: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            run_app(build(), ["project", name, "study", *arguments, "--user", user])
        shown = capsys.readouterr()
        return int(leaving.value.code or 0), shown.out, shown.err

    return run


def done(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


@pytest.mark.slow
def test_that_models_are_developed_applied_and_reported_by_commands(project: Command, tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text(QUICK, encoding="utf-8")
    developed = done(
        project("develop", "-o", "models", "--config", "quick.toml", "--seed", "3", "--json", user="statistician")
    )
    assert set(developed["cards"]) == {"radscore", "clinical", "radiomics", "combined"}
    on_disk = json.loads((tmp_path / "models" / "card_combined.json").read_text(encoding="utf-8"))
    assert on_disk["digest"] == developed["cards"]["combined"]

    code, _, err = project("report", "P001", "-o", "P001.pdf", user="oncologist")
    assert (code, "no assessment" in err) == (1, True)
    assessed = done(project("assess", "-o", "assessed.csv", "--json", user="statistician"))
    assert assessed["card"] == developed["cards"]["combined"]
    assert len(assessed["assessments"]) == PATIENTS
    assert (tmp_path / "assessed.csv").read_text(encoding="utf-8").count("\n") == PATIENTS + 1

    by_digest = ("--card", developed["cards"]["combined"][:10])
    done(project("report", "P001", "-o", "P001.pdf", *by_digest, "--json", user="oncologist"))
    assert (tmp_path / "P001.pdf").read_bytes().startswith(b"%PDF-")
    code, _, err = project("report", "P001", "-o", "again.pdf", user="statistician")
    assert (code, "may not view images" in err) == (1, True)
    code, _, err = project("assess", "--card", "nothing", user="statistician")
    assert (code, "No card is called nothing" in err) == (1, True)

    before = done(project("info", "--json", user="oncologist"))["cards"]
    config = ("--config", "quick.toml", "--seed", "4")
    done(project("develop", "-o", "models", *config, "--json", user="statistician"))
    assert done(project("info", "--json", user="oncologist"))["cards"] > before
    code, _, err = project("assess", user="statistician")
    assert (code, "2 cards are called combined" in err) == (1, True)


@pytest.mark.slow
def test_that_features_of_different_settings_are_not_mixed(small_study: ModuleType, tmp_path: Path) -> None:
    project_with_features(tmp_path, small_study)
    login = Login("statistician", small_study.PASSWORD)
    with Project.open(tmp_path / "study", small_study.PASSPHRASE, login) as statistician:
        found = statistician.features()
        assert len(found) == PATIENTS
        other = {**found[0].vector.provenance, "params_digest": "e" * 64}
        changed = FeatureVector(found[0].vector.values, NAMES, other)
        item = RoiFeatures(found[0].session_id, found[0].key, changed)
        statistician._store.put(statistician.principal, FEATURES, item)
        with pytest.raises(EsccError, match="different settings"):
            statistician.features()

from __future__ import annotations

import csv
import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from escc_desktop.cli.app import build
from escc_desktop.errors import UsageError
from escc_desktop.prognosis.card import load_card
from escc_desktop.prognosis.results import Results
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.modelling import DevelopConfig, config_of, develop_files

CHOICES = """
resamples = 2
outer_folds = 3
outer_repeats = 1
noise_repeats = 2
fold_draws = 1
permutations = 100
"""


@pytest.fixture(scope="module")
def simulated() -> ModuleType:
    path = Path(__file__).parents[2] / "simulated_cohort.py"
    spec = spec_from_file_location("simulated_cohort_files", path)
    assert spec
    assert spec.loader
    module = sys.modules["simulated_cohort_files"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, simulated: Any) -> Path:
    """Return a folder with both tables, the choices, and a development written by the command."""
    folder = tmp_path_factory.mktemp("study")
    simulated.simulate(n=50, p=24, seed=5).write(folder)
    (folder / "choices.toml").write_text(CHOICES, encoding="utf-8")
    done = _run(
        "develop", folder, "features.csv", "clinical.csv", "-o", "out", "--config", "choices.toml", "--seed", "7"
    )
    assert done.exit_code == 0, done.output
    return folder


def _run(command: str, folder: Path, *arguments: str) -> Any:
    names = {"features.csv", "clinical.csv", "out", "choices.toml", "icc.csv", "assessed.csv"}
    placed = [str(folder / one) if one.split("/")[0] in names else one for one in arguments]
    return CliRunner().invoke(build(), [command, *placed], catch_exceptions=False)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_that_a_development_is_a_folder_of_cards_results_figures_and_a_report(study: Path) -> None:
    out = study / "out"
    for kind in ("radscore", "clinical", "radiomics", "combined"):
        assert load_card(out / f"card_{kind}.json").kind == kind
    results = Results.model_validate_json((out / "results.json").read_text(encoding="utf-8"))
    assert results.seed == 7
    assert results.cohort.n_patients == 50
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    svg = {path.stem for path in (out / "figures").glob("*.svg")}
    assert svg == {path.stem for path in (out / "figures").glob("*.png")}
    assert {"nomogram_clinical", "nomogram_radiomics", "nomogram_combined", "km_apparent", "performance"} <= svg
    assert not [path for path in study.iterdir() if path.name.startswith(".out")]


def test_that_the_provenance_names_the_inputs(study: Path) -> None:
    provenance = json.loads((study / "out" / "results.json.provenance.json").read_text(encoding="utf-8"))
    assert provenance["inputs"]["features"]["name"] == "features.csv"
    assert len(provenance["inputs"]["clinical"]["sha256"]) == 64


def test_that_agreement_has_a_row_for_each_feature_and_comparison(study: Path) -> None:
    done = _run("icc", study, "features.csv", "-o", "icc.csv", "--json")
    assert done.exit_code == 0
    summary = json.loads(done.stdout)
    rows = _rows(study / "icc.csv")
    assert list(rows[0]) == ["feature", "comparison", "form", "icc", "lower", "upper", "n", "pass"]
    assert len(rows) == 48
    passed = {(row["feature"], row["comparison"]): row["pass"] == "true" for row in rows}
    stable = [name for name in {row["feature"] for row in rows} if passed[name, "intra"] and passed[name, "inter"]]
    assert len(stable) == summary["n_stable"]
    constant = [row for row in rows if not row["icc"]]
    assert len(constant) == 2
    assert all(row["pass"] == "false" for row in constant)
    assert (study / "icc.csv.json").is_file()


@pytest.mark.parametrize("kind", ["radscore", "clinical", "radiomics", "combined"])
def test_that_assessments_have_a_row_for_each_patient(study: Path, kind: str) -> None:
    done = _run(
        "assess", study, f"out/card_{kind}.json", "features.csv", "clinical.csv", "-o", "assessed.csv", "--json"
    )
    assert done.exit_code == 0
    rows = _rows(study / "assessed.csv")
    assert len(rows) == 50
    assert list(rows[0]) == [
        "patient_id",
        "rad_score",
        "risk_group",
        "points",
        "survival",
        "lower",
        "upper",
        "cautions",
    ]
    assert all("in_training" in row["cautions"] for row in rows)
    document = json.loads(done.stdout)
    assert [one["patient_id"] for one in document["assessments"]] == [row["patient_id"] for row in rows]
    sidecar = json.loads((study / "assessed.csv.json").read_text(encoding="utf-8"))
    assert sidecar["card"] == load_card(study / "out" / f"card_{kind}.json").digest


def test_that_a_cancelled_development_leaves_the_earlier_one(study: Path) -> None:
    before = {path.name: path.read_bytes() for path in (study / "out").iterdir() if path.is_file()}
    calls = iter(range(10_000))
    progress = Progress(is_cancelled=lambda: next(calls) > 12)
    config = config_of(study / "choices.toml")
    with pytest.raises(Cancelled):
        develop_files(study / "features.csv", study / "clinical.csv", study / "out", config, progress)
    assert {path.name: path.read_bytes() for path in (study / "out").iterdir() if path.is_file()} == before


def test_that_options_stand_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "choices.toml"
    path.write_text("seed = 3\nresamples = 9\n", encoding="utf-8")
    config = config_of(path, endpoint="pfs", horizon_months=6.0, seed=4)
    assert (config.seed, config.resamples, config.endpoint, config.horizon_months) == (4, 9, "pfs", 6.0)
    assert config_of(None) == DevelopConfig()


@pytest.mark.parametrize("given", [{"endpoint": "dfs"}, {"horizon_months": -1.0}, {"seed": -5}])
def test_that_options_out_of_bounds_are_wrong_usage(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        config_of(None, **given)

"""A development written up: tables, checklists, methods, Word, R."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.files import read_csv
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import develop
from escc_desktop.progress import Progress
from escc_desktop.resources import resource_path
from escc_desktop.workflow import modelling
from escc_desktop.workflow.checklists import COLUMNS, TO_AUTHORS, checklist
from escc_desktop.workflow.manuscript import read_development, write_manuscript
from escc_desktop.workflow.word_file import WordFile
from tests.simulated_cohort import simulate

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
QUICK = DevelopConfig(
    seed=3,
    resamples=2,
    fold_draws=2,
    noise_repeats=2,
    permutations=50,
    cut_resamples=20,
    outer_folds=3,
    outer_repeats=1,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manuscript")
    cohort = simulate(p=25)
    (folder / "models").mkdir()
    # What develop writes but its figures, which nothing here reads.
    modelling._fill(
        develop(cohort.table, cohort.clinical, QUICK, Progress()), folder / "models", {}, is_synthetic=False
    )
    write_manuscript(folder / "models", folder / "out")
    return folder


@pytest.mark.slow
def test_that_every_item_is_answered_by_the_program_or_left_to_the_authors(written: Path) -> None:
    told = read_development(written / "models")
    for key, n_items in (("tripod_ai", 52), ("clear", 58)):
        found = checklist(key, told)
        assert len(found.items) == n_items
        assert len({item.number for item in found.items}) == n_items
        assert 20 < found.n_answered < n_items
        assert all((item.where != "") == item.is_answered for item in found.items)
        table = read_csv(written / "out" / f"checklist_{key}.csv")
        assert table.header == COLUMNS
        assert table.column("answer").count(TO_AUTHORS) == n_items - found.n_answered


@pytest.mark.slow
def test_that_no_patient_is_named_in_what_leaves(written: Path) -> None:
    for path in (written / "out").rglob("*"):
        if path.suffix in {".csv", ".txt", ".R"}:
            assert "P001" not in path.read_text()
    with zipfile.ZipFile(written / "out" / "manuscript.docx") as archive:
        assert b"P001" not in archive.read("word/document.xml")


@pytest.mark.slow
def test_that_the_methods_say_the_rules_and_the_numbers_of_this_development(written: Path) -> None:
    text, told = (written / "out" / "methods.txt").read_text(), read_development(written / "models")
    assert "ICC(2,1)" in text
    assert f"{told.results.selection.n_after_correlation}." in text
    assert told.results.config_digest[:12] in text
    assert "no external evaluation" in text


@pytest.mark.slow
def test_that_the_same_development_is_written_the_same(written: Path, tmp_path: Path) -> None:
    write_manuscript(written / "models", tmp_path / "again")
    for path in (written / "out").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(written / "out")).read_bytes()


@pytest.mark.slow
def test_that_the_tables_behind_the_figures_hold_what_the_figures_show(written: Path) -> None:
    told, data = read_development(written / "models"), written / "out" / "data"
    counts = read_csv(data / "icc.csv")
    for one in told.results.agreement.comparisons:
        own = [int(n) for name, n in zip(counts.column("comparison"), counts.column("n_features"), strict=True)
               if name == one.comparison]  # fmt: skip
        assert sum(own) == told.results.selection.n_features - one.n_constant
    correlated = read_csv(data / "correlation.csv")
    assert correlated.header == told.results.selection.kept
    features = simulate(p=25).table
    rows = [row for row, key in enumerate(features.keys) if (key.reader, key.occasion) == ("A", "first")]
    first = np.corrcoef(np.column_stack([features.values[rows, features.names.index(name)]
                                         for name in correlated.header]), rowvar=False)  # fmt: skip
    printed = np.array([[float(cell) for cell in row] for row in correlated.rows])
    np.testing.assert_allclose(printed, first, atol=0.00501)
    walls = read_csv(data / "icc_features.csv")
    assert len(walls.rows) == sum(len(one.icc) for one in told.results.agreement.comparisons)
    hazards = read_csv(data / "hazards.csv")
    for one in told.results.curves.hazards:
        assert hazards.column("model").count(one.kind) == len(one.months) * len(one.terms)
    nomogram = read_csv(data / "nomogram_combined.csv")
    on_points = [float(x) for x, kind in zip(nomogram.column("points"), nomogram.column("ruler"), strict=True)
                 if kind == "points"]  # fmt: skip
    assert min(on_points) == pytest.approx(0.0, abs=1e-9)
    assert max(on_points) == pytest.approx(100.0)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R here")
def test_that_r_draws_the_figures_again(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written / "out", tmp_path / "copy")
    done = subprocess.run(["Rscript", "figures.R"], cwd=tmp_path / "copy", capture_output=True, text=True, check=False)
    if "there is no package called" in done.stderr:
        pytest.skip("R lacks survival or ggplot2")
    assert done.returncode == 0, done.stderr
    names = {path.stem for path in (tmp_path / "copy" / "redrawn").glob("*.pdf")}
    assert {"lasso_cv", "decision", "auc", "brier", "calibration_combined", "forest_univariable"} <= names
    told = read_development(written / "models")
    assert {f"hazards_{one.kind}" for one in told.results.curves.hazards if one.terms} <= names
    assert {"nomogram_combined", "icc_distribution", "icc_intra", "icc_inter"} <= names
    assert {"correlation", "cut_search", "score_bars", "performance", "selection_frequency", "differences"} <= names


def test_that_a_folder_without_a_development_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="holds no development"):
        write_manuscript(tmp_path, tmp_path / "out")


def test_that_a_word_file_holds_its_texts_and_cells_whatever_is_in_them(tmp_path: Path) -> None:
    word = WordFile()
    word.title("A < B & C")
    word.paragraph('食管癌 "quoted" \x01')
    word.table(("a", "b"), [("x", 0.123456), (None, 3)])
    word.save(tmp_path / "out.docx")
    with zipfile.ZipFile(tmp_path / "out.docx") as archive:
        assert archive.testzip() is None
        parts = {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}
    body = parts["word/document.xml"]
    assert [text.text or "" for text in body.iter(f"{W}t")][:2] == ["A < B & C", '食管癌 "quoted" ']
    cells = ["".join(text.text or "" for text in cell.iter(f"{W}t")) for cell in body.iter(f"{W}tc")]
    assert cells == ["a", "b", "x", "0.1235", "", "3"]


@pytest.mark.parametrize("key", ["tripod_ai", "clear"])
def test_that_the_shipped_checklists_name_their_source_and_known_answers(key: str) -> None:
    text = resource_path("reporting", f"{key}.toml").read_text()
    assert "source = " in text

"""Tables no model should be made of, through `escc develop`: one clear answer each, with everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.features.names import FEATURE_NAMES

QUICK = (
    "resamples = 1\nnoise_repeats = 0\nfold_draws = 0\nouter_folds = 2\nouter_repeats = 1\npermutations = 0\n"
    "cut_resamples = 0\n"
)
HEADER = ("patient_id", "os_months", "os_event", "sex", "age_years", "ldh_u_per_l", "ibil_umol_per_l")


class Tables:
    """Forty patients with twelve features; cells and rows can be spoilt before they are written."""

    def __init__(self) -> None:
        rng = np.random.default_rng(4)
        n = 40
        self.header = list(HEADER)
        self.features = rng.normal(50, 10, (n, 12)).round(3).astype(object)
        self.rows: list[list[Any]] = [
            [
                f"P{k:02d}",
                round(float(rng.exponential(18)) + 0.5, 2),
                int(rng.uniform() < 0.7),
                "male" if k % 3 else "female",
                int(rng.normal(65, 7)),
                round(float(rng.lognormal(5.2, 0.2)), 1),
                round(float(rng.lognormal(1.9, 0.3)), 1),
            ]
            for k in range(n)
        ]

    def set(self, column: str, values: Callable[[int], Any]) -> None:
        if column not in self.header:
            self.header.append(column)
            for row in self.rows:
                row.append("")
        place = self.header.index(column)
        for k, row in enumerate(self.rows):
            row[place] = values(k)

    def write(self, folder: Path) -> list[str]:
        names = [f"A_{name}" for name in FEATURE_NAMES[: self.features.shape[1]]]
        lines = [",".join(("patient_id,lesion_id,site,reader,occasion", *names))]
        for row, values in zip(self.rows, self.features, strict=True):
            lines.append(",".join((f"{row[0]},L1,primary,A,first", *map(str, values))))
        (folder / "features.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = [",".join(self.header), *(",".join(map(str, row)) for row in self.rows)]
        (folder / "clinical.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
        (folder / "quick.toml").write_text(QUICK, encoding="utf-8")
        return [
            "develop",
            *(str(folder / name) for name in ("features.csv", "clinical.csv")),
            "-o",
            str(folder / "models"),
            "--config",
            str(folder / "quick.toml"),
        ]


def _develop(tables: Tables, folder: Path, *more: str) -> int:
    arguments = [*tables.write(folder), *more]
    with pytest.raises(SystemExit) as left:
        run_app(build(arguments), arguments)
    assert isinstance(left.value.code, int)
    return left.value.code


def _refused(tables: Tables, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert _develop(tables, folder, *more) == 1
    said = capsys.readouterr()
    assert not said.out
    assert not (folder / "models").exists()
    assert "Traceback" not in said.err
    return said.err


def test_that_a_laboratory_column_without_a_unit_is_a_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = Tables()
    tables.header[5] = "ldh"
    tables.set("lymphocyte_share", lambda k: 0.2 + k / 100)
    said = _refused(tables, tmp_path, capsys)
    assert "leaves 2 questions open" in said
    assert (
        "column ldh: its name ends in no unit known for lactate dehydrogenase; in U/L it is called ldh_u_per_l" in said
    )
    assert "column lymphocyte_share: holds measured values" in said
    assert "--accept unit" in said


def test_that_values_of_another_unit_and_impossible_ages_are_questions_all_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = Tables()
    tables.rows[3][6] = 0.4
    tables.rows[9][4] = 999
    tables.rows[11][5] = 3.1
    said = _refused(tables, tmp_path, capsys)
    assert "leaves 3 questions open" in said
    assert (
        "row 5, column ibil_umol_per_l: 0.4 umol/L is hardly possible for indirect bilirubin; is it in mg/dL?" in said
    )
    assert "row 11, column age_years: 999 years lies outside the plausible 18 to 100" in said
    assert "row 13, column ldh_u_per_l: 3.1 U/L is hardly possible" in said
    assert "--accept implausible --accept unit" in said
    answered_half = _refused(tables, tmp_path, capsys, "--accept", "unit")
    assert "leaves 1 question open" in answered_half


def test_that_times_in_days_are_a_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = Tables()
    tables.set("os_months", lambda k: 400 + 10 * k)
    assert "days?" in _refused(tables, tmp_path, capsys)


def test_that_progress_after_death_is_a_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = Tables()
    tables.set("pfs_months", lambda k: float(tables.rows[k][1]) * (2 if k == 6 else 0.5))
    tables.set("pfs_event", lambda k: 1)
    said = _refused(tables, tmp_path, capsys)
    assert "row 8, column pfs_months" in said
    assert "--accept order" in said


def test_that_negative_times_and_nan_and_words_are_told_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = Tables()
    tables.rows[2][1] = -3
    tables.rows[5][5] = "NaN"
    tables.features[7, 4] = "NaN"
    said = _refused(tables, tmp_path, capsys)
    assert "row 4, column os_months: '-3' is negative" in said
    assert "row 7, column ldh_u_per_l: 'NaN' is no finite number" in said
    assert "features.csv, row 9" in said


@pytest.mark.parametrize(("n_events", "words"), [(0, "Only 0 events among 40"), (1, "Only 1 event among 40")])
def test_that_hardly_any_event_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], n_events: int, words: str
) -> None:
    tables = Tables()
    tables.set("os_event", lambda k: int(k < n_events))
    assert words in _refused(tables, tmp_path, capsys)


def test_that_a_horizon_nobody_reached_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = Tables()
    tables.set("os_months", lambda k: 1 + k / 5)
    tables.set("os_event", lambda k: k % 2)
    said = _refused(tables, tmp_path, capsys)
    assert "Nothing can be said at 12 months: nobody was followed beyond it" in said


def test_that_nobody_dying_by_the_horizon_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = Tables()
    tables.set("os_months", lambda k: 13 + k)
    assert "no event happened by then" in _refused(tables, tmp_path, capsys)


def test_that_three_patients_without_events_and_a_duplicate_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = Tables()
    tables.rows, tables.features = tables.rows[:3], tables.features[:3]
    tables.features[2] = tables.features[0]
    tables.set("os_event", lambda k: 0)
    said = _refused(tables, tmp_path, capsys)
    assert "Only 3 patients have both features" in said
    assert "Only 0 events among 3 patients" in said
    assert "P00 and P02 have the same values in all 12 features" in said


def test_that_a_patient_in_two_rows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = Tables()
    tables.rows[8][0] = tables.rows[4][0]
    said = _refused(tables, tmp_path, capsys)
    assert "the same patient stands in rows 6, 10" in said
    assert "features.csv" in said


def test_that_constant_and_separating_covariates_are_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Figures and report take their time and say nothing more.
    monkeypatch.setattr("escc_desktop.workflow.modelling.write_development", lambda *_, **__: None)
    tables = Tables()
    order = sorted(range(40), key=lambda k: tables.rows[k][1])
    tables.set("os_event", lambda k: 1 if k in order[:12] else tables.rows[k][2])
    tables.set("stent", lambda k: int(k in order[:12]))
    tables.set("height_cm", lambda k: 170)
    tables.features[:, 5] = 7.0
    assert _develop(tables, tmp_path) == 0
    said = capsys.readouterr().err
    assert "height is the same in every patient and is left out" in said
    assert "stent (1 against 0) alone could not be estimated: separation" in said

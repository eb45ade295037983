"""The specification curve."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.files import read_csv
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.specification import CUTS, OPEN_CHOICES, Choices, Option, specify
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.specification import MARKER, named_tables, specification_files, summary
from tests.simulated_cohort import simulate

FEW: Choices = {
    "ICC rule": OPEN_CHOICES["ICC rule"][:1],
    "correlation": (OPEN_CHOICES["correlation"][0], Option("impossible", {"icc_threshold": 0.9999})),
}
CONFIG = DevelopConfig(seed=3)


def test_that_every_combination_is_there_with_the_reference_first() -> None:
    cohort = simulate(p=25)
    choices: Choices = {name: options[: 1 + (name != "ICC rule")] for name, options in OPEN_CHOICES.items()}
    curve = specify({"a": cohort.table}, cohort.clinical, CONFIG, Progress(), choices)
    wanted = itertools.product(["a"], *([option.label for option in options] for options in choices.values()), CUTS)
    assert [tuple(one.labels.values()) for one in curve.specifications] == list(wanted)
    assert curve.flips(curve.reference) == 0
    assert len(curve.share_high) == len(curve.patients)
    assert ((curve.share_high >= 0) & (curve.share_high <= 1)).all()


def test_that_a_rule_nothing_passes_selects_nothing_and_counts_one_half() -> None:
    cohort = simulate(p=25)
    curve = specify({"a": cohort.table}, cohort.clinical, CONFIG, Progress(), FEW)
    empty = curve.specifications[len(CUTS)]
    assert (empty.n_selected, empty.apparent, empty.corrected, empty.high) == (0, 0.5, 0.5, None)
    assert np.isnan(curve.flips(empty))
    assert summary(curve)["n_without_signature"] == len(CUTS)


def test_that_on_a_planted_signal_the_folds_see_it_and_less_of_it_than_the_fit() -> None:
    cohort = simulate(n=150, p=25, beta=(1.4, -1.2))
    first = specify({"a": cohort.table}, cohort.clinical, CONFIG, Progress(), FEW).reference
    assert 0.62 < first.corrected < first.apparent


def test_that_tables_of_other_settings_stand_beside_each_other_on_the_same_patients() -> None:
    cohort, other = simulate(p=25), simulate(p=25)
    without = other.table.take([row for row, key in enumerate(other.table.keys) if key.patient_id != "P001"])
    curve = specify({"sigma 5": cohort.table, "sigma 4": without}, cohort.clinical, CONFIG, Progress(), FEW)
    assert "P001" not in curve.patients
    assert [one.labels["table"] for one in curve.specifications[:: 2 * len(CUTS)]] == ["sigma 5", "sigma 4"]
    assert curve.specifications[0].apparent == curve.specifications[2 * len(CUTS)].apparent


def test_that_it_can_be_stopped_and_leaves_nothing_behind(tmp_path: Path) -> None:
    features, clinical = simulate(p=25).write(tmp_path)
    with pytest.raises(Cancelled):
        specification_files({"a": features}, clinical, tmp_path / "out", CONFIG, Progress(is_cancelled=lambda: True))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_that_the_folder_holds_tables_that_can_be_read_again(tmp_path: Path) -> None:
    features, clinical = simulate(p=25).write(tmp_path)
    document = specification_files({"a": features}, clinical, tmp_path / "out", CONFIG, Progress())
    assert len(read_csv(tmp_path / "out" / MARKER).rows) == document["n_specifications"]
    assert len(read_csv(tmp_path / "out" / "patients.csv").rows) == document["n_patients"]


def test_that_two_tables_of_one_name_are_refused() -> None:
    assert named_tables(("x=a.csv", "b.csv")) == {"x": Path("a.csv"), "b": Path("b.csv")}
    with pytest.raises(EsccError, match="Two tables"):
        named_tables(("a.csv", "a=b.csv"))


def test_that_no_table_is_refused() -> None:
    with pytest.raises(EsccError, match="no feature table"):
        specify({}, simulate(p=25).clinical, CONFIG, Progress())

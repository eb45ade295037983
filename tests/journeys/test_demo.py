"""The synthetic study from nothing to its report, and every number of its summary computed again by other code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines.statistics import logrank_test
from lifelines.utils import concordance_index
from numpy.typing import NDArray
from scipy import stats

from escc_desktop.progress import Progress
from escc_desktop.workflow.demo.folder import DemoChoice
from escc_desktop.workflow.demo.images import Grid
from escc_desktop.workflow.demo.run import build_demo, run_demo

pytestmark = pytest.mark.slow
CHOICE = DemoChoice(n_patients=24, jobs=2, grid=Grid((144, 144, 48), (2.4, 2.4, 6.5)))
KINDS = ("radscore", "clinical", "radiomics", "combined")
KEYS = ["patient_id", "lesion_id", "site", "reader", "occasion"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "study"
    folder = build_demo(root, CHOICE, Progress())
    run_demo(folder, CHOICE, Progress())
    return folder.results


@pytest.fixture(scope="module")
def summary(results: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((results / "summary.json").read_text())
    return document


@pytest.fixture(scope="module")
def features(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "FEATURES.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def predictions(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "PREDICTIONS.csv")


def matrix(features: pd.DataFrame, reader: str, occasion: str, patients: list[str]) -> NDArray[np.float64]:
    chosen = features[(features.reader == reader) & (features.occasion == occasion)].set_index("patient_id")
    return chosen.loc[patients].drop(columns=KEYS[1:]).to_numpy(dtype=np.float64)


def icc_2_1(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Two-way random effects, absolute agreement, single reading (Shrout and Fleiss 1979, case 2)."""
    ratings = np.column_stack([first, second])
    n, k = ratings.shape
    rows, columns, mean = ratings.mean(axis=1), ratings.mean(axis=0), ratings.mean()
    between = k * ((rows - mean) ** 2).sum() / (n - 1)
    raters = n * ((columns - mean) ** 2).sum() / (k - 1)
    rest = ((ratings - rows[:, None] - columns[None] + mean) ** 2).sum() / ((n - 1) * (k - 1))
    return float((between - rest) / (between + (k - 1) * rest + k * (raters - rest) / n))


def point_632_plus(apparent: float, left_out: float) -> float:
    """The .632+ estimate of Efron and Tibshirani (1997), with C = 0.5 for a rule that knows nothing."""
    left_out = max(left_out, min(0.5, apparent))
    relative_overfitting = (apparent - left_out) / (apparent - 0.5) if apparent > 0.5 else 0.0
    weight = 0.632 / (1 - 0.368 * min(max(relative_overfitting, 0.0), 1.0))
    return (1 - weight) * apparent + weight * left_out


def test_that_every_reading_has_1874_finite_values(features: pd.DataFrame, summary: dict[str, Any]) -> None:
    values = features.drop(columns=KEYS).to_numpy(dtype=np.float64)
    assert values.shape == (sum(summary["readings"].values()), summary["features"]) == (36, 1874)
    assert summary["finite_values"] == int(np.isfinite(values).sum()) == 36 * 1874


def test_that_the_icc_counts_follow_from_the_features(
    features: pd.DataFrame, summary: dict[str, Any], results: Path
) -> None:
    table = pd.read_csv(results / "ICC.csv")
    repeated = sorted(features[features.reader == "B"].patient_id)
    first = matrix(features, "A", "first", repeated)
    passing = np.ones(1874, dtype=bool)
    for comparison, reader, occasion in (("intra", "A", "repeat"), ("inter", "B", "first")):
        second = matrix(features, reader, occasion, repeated)
        written = table[table.comparison == comparison]
        varies = np.ptp(np.hstack([first.T, second.T]), axis=1) > 1e-12
        recomputed = np.array([icc_2_1(a, b) for a, b in zip(first.T[varies], second.T[varies], strict=True)])
        np.testing.assert_allclose(written["icc"].to_numpy()[varies], recomputed, rtol=1e-6, atol=1e-9)
        assert summary["icc"][comparison]["n_pass"] == int((written["pass"].astype(str).str.lower() == "true").sum())
        passing &= (written["pass"].astype(str).str.lower() == "true").to_numpy()
        np.testing.assert_array_equal(passing[varies] <= (recomputed > 0.75), True)
    assert summary["icc"]["n_stable"] == int(passing.sum())
    print("stable features:", int(passing.sum()), "of 1874")


def test_that_the_rad_score_is_the_cards_sum_over_the_exported_features(
    features: pd.DataFrame, predictions: pd.DataFrame, results: Path, summary: dict[str, Any]
) -> None:
    card = json.loads((results / "model" / "card_radscore.json").read_text())
    first = features[(features.reader == "A") & (features.occasion == "first")].set_index("patient_id")
    score = pd.Series(0.0, index=predictions.patient_id)
    for term in card["rad_score"]["terms"]:
        column = first.loc[predictions.patient_id, term["name"]].astype(float)
        assert term["scaling"]["mean"] == pytest.approx(column.mean(), rel=1e-9)
        assert term["scaling"]["sd"] == pytest.approx(column.std(ddof=1), rel=1e-9)
        score += term["coefficient"] * (column - column.mean()) / column.std(ddof=1)
    np.testing.assert_allclose(predictions.rad_score, score, rtol=1e-8, atol=1e-9)
    assert [term["name"] for term in card["rad_score"]["terms"]] == summary["selected"]


@pytest.mark.parametrize("kind", KINDS)
def test_that_the_c_index_follows_from_the_predictions_and_the_resamples(
    predictions: pd.DataFrame, results: Path, summary: dict[str, Any], kind: str
) -> None:
    known = predictions.dropna(subset=[f"risk_{kind}"])
    told = summary["performance"][kind]["c_index"]
    apparent = concordance_index(known.time_months, -known[f"risk_{kind}"], known.event)
    assert told["apparent"] == pytest.approx(apparent, abs=1e-9)
    resamples = pd.read_csv(results / "RESAMPLES.csv")
    optimism = (resamples[f"{kind}_c_index_on_resample"] - resamples[f"{kind}_c_index_on_original"]).mean()
    assert told["harrell"] == pytest.approx(apparent - optimism, abs=1e-9)
    corrected = point_632_plus(apparent, float(resamples[f"{kind}_c_index_out_of_bag"].mean()))
    assert told["corrected"] == pytest.approx(corrected, abs=1e-9)
    print(kind, "C apparent", round(apparent, 3), "corrected", round(corrected, 3), "noise", told["noise"])


def test_that_the_intervals_of_the_models_hold_their_true_c(results: Path) -> None:
    """What the law behind the outcomes gives each model, nobody censored; no model of so few patients is the truth."""
    truth = json.loads((results.parent / "truth" / "truth.json").read_text())
    predictors = {patient["patient_id"]: patient["linear_predictor"] for patient in truth["patients"]}
    document = json.loads((results / "model" / "results.json").read_text())
    held = []
    for kind in KINDS:
        known = [one for one in document["patients"] if one["survival"][kind] is not None]
        risk = -np.array([one["survival"][kind] for one in known])
        lp = np.array([predictors[one["patient_id"]] for one in known])
        first = 1 / (1 + np.exp(lp[None, :] - lp[:, None]))
        np.fill_diagonal(first, 0.0)
        wins = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
        figure = document["models"][kind]["c_index"]
        held.append(figure["nested_lower"] <= (first * wins).sum() / first.sum() <= figure["nested_upper"])
        assert all(value is not None for value in figure["noise"])
    assert sum(held) >= len(KINDS) - 1
    assert held[KINDS.index("combined")]


def test_that_the_cut_off_maximises_the_log_rank_statistic(predictions: pd.DataFrame, summary: dict[str, Any]) -> None:
    if summary["cutoff"] is None:
        assert predictions.rad_score.nunique() == 1
        return

    def chisq(cut: float) -> float:
        high = predictions.rad_score > cut
        times, events = predictions.time_months, predictions.event
        return float(logrank_test(times[high], times[~high], events[high], events[~high]).test_statistic)

    scores = np.sort(predictions.rad_score.unique())
    allowed = [cut for cut in scores if 0.1 <= (predictions.rad_score <= cut).mean() <= 0.9]
    best = max(allowed, key=chisq)
    assert summary["cutoff"]["value"] == pytest.approx(best)
    assert summary["cutoff"]["chisq"] == pytest.approx(chisq(best), rel=1e-9)


def test_that_the_planted_features_rank_as_told(
    features: pd.DataFrame, predictions: pd.DataFrame, results: Path, summary: dict[str, Any]
) -> None:
    truth = json.loads((results.parent / "truth" / "truth.json").read_text())
    latent = pd.DataFrame(truth["patients"]).set_index("patient_id").loc[predictions.patient_id]
    first = features[(features.reader == "A") & (features.occasion == "first")].set_index("patient_id")
    values = first.loc[predictions.patient_id].drop(columns=KEYS[1:]).astype(float)
    away = {
        name: abs(concordance_index(predictions.time_months, -column, predictions.event) - 0.5)
        for name, column in values.items()
    }
    for planted in summary["planted"]:
        name = planted["feature"]
        rank = 1 + sum(other > away[name] + 1e-12 for other in away.values())
        assert rank <= planted["rank"] <= sum(other >= away[name] - 1e-12 for other in away.values())
        correlation = stats.spearmanr(latent[planted["latent"]], values[name]).statistic
        assert planted["spearman"] == pytest.approx(correlation, abs=1e-9)
        print(f"{planted['latent']}: {name} rank {planted['rank']} of {planted['of']}, Spearman {correlation:.2f}")


def test_that_each_patient_is_assessed_out_of_fold_and_cautioned(results: Path, summary: dict[str, Any]) -> None:
    table = pd.read_csv(results / "ASSESSMENTS.csv")
    assert list(table.patient_id) == [one["patient_id"] for one in summary["assessments"]]
    assert len(table) == 24
    assert table.cautions.str.contains("in_training").all()
    for row, told in zip(table.itertuples(), summary["assessments"], strict=True):
        assert told["rad_score"] == pytest.approx(row.rad_score)
        assert told["risk_group"] == (None if pd.isna(row.risk_group) else row.risk_group)


def test_that_everything_says_that_it_is_synthetic_and_for_research(results: Path, summary: dict[str, Any]) -> None:
    assert summary["is_synthetic"] is True
    reports = [results / "model" / "report.pdf", results / "readings.pdf", *(results / "patients").glob("*.pdf")]
    assert len(reports) >= 4
    for report in reports:
        beside = json.loads(report.with_name(f"{report.name}.json").read_text())
        assert beside["research_use_only"] is True
        assert beside["content"]["is_synthetic"] is True


def test_that_a_second_run_takes_what_is_there(results: Path, summary: dict[str, Any]) -> None:
    root, before = results.parent, (results / "FEATURES.csv").stat().st_mtime_ns
    assert run_demo(build_demo(root, CHOICE, Progress()), CHOICE, Progress()) == summary
    assert (results / "FEATURES.csv").stat().st_mtime_ns == before


def test_that_features_of_the_same_digests_are_not_computed_again(results: Path, summary: dict[str, Any]) -> None:
    before = (results / "FEATURES.csv").read_bytes()
    (results / "summary.json").unlink()
    steps: list[str] = []
    again = run_demo(
        build_demo(results.parent, CHOICE, Progress()), CHOICE, Progress(lambda _f, note: steps.append(note))
    )
    assert not any("wavelet" in step for step in steps)
    assert (results / "FEATURES.csv").read_bytes() == before
    assert again == summary

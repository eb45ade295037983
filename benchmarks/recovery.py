"""Whether intervals hold the truth: cohorts drawn from known numbers, and the synthetic study.

Usage: python benchmarks/recovery.py [--patients 600] [--features 200] [--seeds 20] [--demo FOLDER]

The truth of a model is its concordance with the law the outcomes were drawn from, not with the outcomes that trained
it: of two patients the one with linear predictor a has the event before the one with b with probability
e^a / (e^a + e^b). The long form of the tests of `tests/unit/prognosis/test_nested.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from escc_desktop.files import parse_json
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import develop
from escc_desktop.prognosis.results import Results
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import FloatArray

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from simulated_cohort import SIGNAL, simulate

MAX_BYTES = 2**28


def lawful_c(risk: FloatArray, truth: FloatArray) -> float:
    """Return the expected concordance of risks with outcomes of the true linear predictors, nobody censored."""
    first = 1 / (1 + np.exp(truth[None, :] - truth[:, None]))
    np.fill_diagonal(first, 0.0)
    wins = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    return float((first * wins).sum() / first.sum())


def judged(results: Results, truth: dict[str, float]) -> dict[str, tuple[float, bool]]:
    """Return by model the true C of what it says of patients it had seen, and whether the headline's limits hold it."""
    found = {}
    for kind, model in results.models.items():
        known = [one for one in results.patients if one.survival[kind] is not None]
        risk = np.array([-(one.survival[kind] or 0.0) for one in known])
        c = lawful_c(risk, np.array([truth[one.patient_id] for one in known]))
        figure = model.c_index
        is_held = (figure.nested_lower or 0.0) <= c <= (figure.nested_upper or 1.0)
        limits = f"{figure.nested_lower:.3f} to {figure.nested_upper:.3f}"
        print(
            f"  {kind:<10} true C {c:.3f}, nested {figure.cross_validated:.3f} ({limits}) {'' if is_held else 'MISSED'}"
        )
        found[kind] = (c, is_held)
    return found


def cohorts(n: int, p: int, seeds: int) -> None:
    """Develop on simulated cohorts and count what was found and held."""
    config = DevelopConfig(
        resamples=20, outer_repeats=2, noise_repeats=0, fold_draws=0, cut_resamples=0, permutations=0, entry_p=0.01
    )
    held = dict.fromkeys(CARD_KINDS, 0)
    recovered = 0
    for seed in range(seeds):
        drawn = simulate(n=n, p=p, seed=1000 + seed)
        made = develop(drawn.table, drawn.clinical, config, Progress())
        selected = {feature.name for feature in made.results.selection.features}
        recovered += {drawn.table.names[column] for column in SIGNAL} <= selected
        print(f"seed {seed}: {len(selected)} features selected")
        truth = {f"P{k + 1:03d}": float(value) for k, value in enumerate(drawn.risk)}
        for kind, (_, is_held) in judged(made.results, truth).items():
            held[kind] += is_held  # type: ignore[index]
    print(f"planted features selected in {recovered} of {seeds}; true C held: {held}")


def demo(folder: Path) -> None:
    """Judge the development of a synthetic study against its truth."""
    told = parse_json((folder / "truth" / "truth.json").read_bytes(), "truth.json", MAX_BYTES)
    truth = {one["patient_id"]: one["linear_predictor"] for one in told["patients"]}  # type: ignore[index, call-overload]
    document = (folder / "results" / "model" / "results.json").read_bytes()
    judged(Results.model_validate_json(document), truth)
    print(f"  the true linear predictor itself: {told['c_index']:.3f}")  # type: ignore[index, call-overload]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=600)
    parser.add_argument("--features", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--demo", type=Path)
    asked = parser.parse_args()
    if asked.demo:
        demo(asked.demo)
    cohorts(asked.patients, asked.features, asked.seeds)


if __name__ == "__main__":
    main()

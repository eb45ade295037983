"""What 200 bootstraps of the whole pipeline cost on 59 patients x 1,874 features, and where the time goes.

Usage: OPENBLAS_NUM_THREADS=1 python benchmarks/bootstrap.py [--resamples 200] [--workers 2] [--json FILE]

Features come in blocks of related ones, as real ones do, and each patient's lesion is read as in a study. The first
resamples run here and tell the CPU seconds of each step; then all of them run in worker processes with progress.
The aim is 5 minutes on two cores of its own; CPU seconds over cores is the figure where others use the machine.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import sys
import time
from pathlib import Path

import numpy as np

from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.files import csv_text, parse_csv
from escc_desktop.prognosis.clinical import parse_clinical
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.pipeline import Problem, fit_pipeline
from escc_desktop.prognosis.repeating import Runner, runner
from escc_desktop.prognosis.reproducibility import reproducibility
from escc_desktop.prognosis.terms import candidates
from escc_desktop.prognosis.validation import bootstrap_pipeline
from escc_desktop.progress import Progress

N_PATIENTS, N_REREAD, N_BLOCKS = 59, 15, 150
PROFILED = 10
STEPS = ("lasso_path", "cox_lasso_cv", "find_correlation", "correlation", "agreement_of_rows", "enter", "predict")


def study(resamples: int, workers: int) -> Problem:
    """Return a study of the size aimed at; three blocks of features carry the outcome."""
    rng = np.random.default_rng(1)
    p = len(FEATURE_NAMES)
    blocks = rng.normal(size=(N_PATIENTS, N_BLOCKS))
    block = rng.integers(0, N_BLOCKS, p)
    share = rng.uniform(0.3, 0.98, p)
    features = share * blocks[:, block] + np.sqrt(1 - share**2) * rng.normal(size=(N_PATIENTS, p))
    risk = blocks[:, :3] @ np.array([0.6, 0.5, -0.5])
    time_months = 20 * (-np.log(rng.uniform(size=N_PATIENTS)) * np.exp(-risk)) ** (1 / 1.6)
    censored = rng.uniform(12, 55, N_PATIENTS)
    again = rng.choice(N_PATIENTS, N_REREAD, replace=False)
    keys = [_key(k, "A", "first") for k in range(N_PATIENTS)]
    keys += [_key(k, "A", "repeat") for k in again] + [_key(k, "B", "first") for k in again]
    error = rng.uniform(0.1, 0.9, p)
    values = np.vstack([features, *(features[again] + error * rng.normal(size=(N_REREAD, p)) for _ in range(2))])
    table = FeatureTable(tuple(keys), tuple(f"A_{name}" for name in FEATURE_NAMES), values)
    labs = ("ldh_u_per_l", "ast_u_per_l", "alb_g_per_l", "cea_ng_per_ml", "bmi_kg_per_m2")
    measured = np.exp(rng.normal(3, 0.4, (N_PATIENTS, len(labs)))).round(3)
    rows = [
        [f"P{k + 1:03d}", min(time_months[k], censored[k]), int(time_months[k] <= censored[k]), *measured[k]]
        for k in range(N_PATIENTS)
    ]
    clinical = parse_clinical(parse_csv(csv_text(("patient_id", "os_months", "os_event", *labs), rows), "clinical.csv"))
    config = DevelopConfig(resamples=resamples, workers=workers)
    cohort = assemble(table, clinical, "os", "largest", config.horizon_months)
    usable = candidates(clinical, cohort, config).usable
    return Problem(cohort, cohort.endpoint, reproducibility(table), usable, config)


def _key(k: int, reader: str, occasion: str) -> RoiKey:
    return RoiKey(f"P{k + 1:03d}", "L1", "primary", reader, occasion)


def steps(problem: Problem) -> dict[str, float]:
    """Return the CPU seconds of one resample and of its steps, means of the first few."""
    few = Problem(
        problem.cohort,
        problem.endpoint,
        problem.agreements,
        problem.candidates,
        problem.config.model_copy(update={"resamples": PROFILED}),
    )
    fitted = fit_pipeline(problem, np.arange(N_PATIENTS), 1)
    start = time.process_time()
    bootstrap_pipeline(few, fitted, Progress(), Runner(few))
    found = {"resample": (time.process_time() - start) / PROFILED}
    profile = cProfile.Profile(time.process_time)
    profile.runcall(bootstrap_pipeline, few, fitted, Progress(), Runner(few))
    for (_, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        step = next((one for one in STEPS if name == one or name.endswith(f".{one}>")), None)
        if step:
            found[step] = found.get(step, 0.0) + cumulative / PROFILED
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    problem = study(asked.resamples, asked.workers)
    told = steps(problem)
    for name, seconds in told.items():
        print(f"{name:<20} {seconds:8.3f} CPU s, {seconds / told['resample']:4.0%}")
    fitted = fit_pipeline(problem, np.arange(N_PATIENTS), 1)
    start, before = time.perf_counter(), os.times()
    progress = Progress(lambda _fraction, note: print(f"\r{note}      ", end="", file=sys.stderr))
    with runner(problem, asked.workers) as run:
        bootstrap_pipeline(problem, fitted, progress, run)
    after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    told |= {"wall": time.perf_counter() - start, "cpu": spent, "cpu_per_core": spent / asked.workers}
    print(
        f"\n{asked.resamples} resamples: {told['wall']:.0f} s of the clock, {spent:.0f} CPU s, "
        f"{spent / asked.workers:.0f} s on each of {asked.workers} cores (aim: 300)"
    )
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

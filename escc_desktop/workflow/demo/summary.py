"""What the demo found, in one document, and the tables from which other code can compute it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from escc_desktop.features.table import FeatureTable
from escc_desktop.files import read_json, write_csv
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.score import Assessment
from escc_desktop.stats.performance import c_index
from escc_desktop.workflow.demo.conduct import study_numbers
from escc_desktop.workflow.demo.truth import LABEL
from escc_desktop.workflow.modelling import icc_summary

MEASURES = ("c_index", "auc")


def write_tables(results: Path, made: Development) -> None:
    """Write what every patient was predicted, and every resample of the optimism bootstrap."""
    label = {"label": LABEL, "is_synthetic": True, "software": made.results.software, "inputs": _inputs(made)}
    endpoint, predictions = made.found.problem.endpoint, made.found.predictions
    rows = [
        [
            patient,
            float(endpoint.time_months[k]),
            int(endpoint.event[k]),
            float(predictions.rad_score[k]),
            *(float(value) for value in predictions.risk[:, k]),
        ]
        for k, patient in enumerate(made.found.problem.cohort.patients)
    ]
    header = ("patient_id", "time_months", "event", "rad_score", *(f"risk_{kind}" for kind in CARD_KINDS))
    write_csv(results / "PREDICTIONS.csv", header, rows, label)
    columns = [f"{kind}_{measure}" for kind in CARD_KINDS for measure in MEASURES]
    header = (
        "resample",
        *(f"{name}_{where}" for where in ("on_resample", "on_original", "out_of_bag") for name in columns),
    )
    bootstrap = made.found.validation.bootstrap
    figures = np.hstack([bootstrap.optimism.on_resample, bootstrap.optimism.on_original, bootstrap.out_of_bag])
    write_csv(results / "RESAMPLES.csv", header, [[k, *map(float, row)] for k, row in enumerate(figures, 1)], label)


def _inputs(made: Development) -> dict[str, str]:
    results = made.results
    return {"features": results.features_digest, "clinical": results.clinical_digest, "config": results.config_digest}


def summarise(
    made: Development, table: FeatureTable, verdicts: Sequence[Assessment], truth_file: Path
) -> dict[str, Any]:
    """Return the content of `summary.json`."""
    agreements = made.found.problem.agreements
    return {
        "label": LABEL,
        "is_synthetic": True,
        "patients": made.results.cohort.n_patients,
        "events": made.results.cohort.n_events,
        "readings": {
            "A first": len(table.select("A", "first").keys),
            "A repeat": len(table.select("A", "repeat").keys),
            "B first": len(table.select("B", "first").keys),
        },
        "features": len(table.names),
        "finite_values": int(np.isfinite(table.values).sum()),
        "icc": None if agreements is None else _icc(icc_summary(agreements)),
        "selected": [feature.name for feature in made.results.selection.features],
        "cutoff": None if made.results.cutoff is None else made.results.cutoff.model_dump(mode="json"),
        "performance": {kind: _performance(made, kind) for kind in CARD_KINDS},
        "planted": planted(made, truth_file),
        "assessments": [_assessment(verdict) for verdict in verdicts],
        "warnings": list(made.results.warnings),
    }


def _icc(summary: dict[str, Any]) -> dict[str, Any]:
    counts = {name: {k: v for k, v in one.items() if k != "constant"} for name, one in summary["comparisons"].items()}
    return {**{name: summary[name] for name in ("form", "threshold", "n_features", "n_stable")}, **counts}


def _performance(made: Development, kind: str) -> dict[str, Any]:
    model = made.results.models[kind]  # type: ignore[index]
    return {name: getattr(model, name).model_dump(mode="json") for name in MEASURES}


def _assessment(verdict: Assessment) -> dict[str, Any]:
    return {
        "patient_id": verdict.patient_id,
        "rad_score": verdict.rad_score,
        "risk_group": verdict.risk_group,
        "points": verdict.points,
        "survival": verdict.survival,
        "cautions": [caution.code for caution in verdict.cautions],
    }


def planted(made: Development, truth_file: Path) -> list[dict[str, Any]]:
    """Return how the features that carry the planted truth came through.

    For each: Spearman's correlation with the latent value it was planted by, whether it is stable and selected, and
    its rank among all features by how far Harrell's C of the feature alone is from one half.
    """
    problem = made.found.problem
    cohort, agreements = problem.cohort, problem.agreements
    away = _away_from_chance(cohort.features, made)
    order = np.argsort(-away, kind="stable")
    rank = {cohort.names[column]: place for place, column in enumerate(order, start=1)}
    stable = set(agreements.stable_names) if agreements else set()
    chosen = {feature.name for feature in made.results.selection.features}
    latent = _latent(truth_file, cohort.patients)
    return [
        {
            "feature": name,
            "latent": axis,
            "spearman": float(stats.spearmanr(latent[axis], cohort.features[:, cohort.names.index(name)]).statistic),
            "is_stable": name in stable,
            "is_selected": name in chosen,
            "rank": rank[name],
            "of": len(rank),
        }
        for axis, names in study_numbers()["planted"].items()
        for name in names
    ]


def _away_from_chance(features: NDArray[np.float64], made: Development) -> NDArray[np.float64]:
    endpoint = made.found.problem.endpoint
    return np.array([abs(c_index(endpoint, column).c - 0.5) for column in features.T])


def _latent(truth_file: Path, patients: Sequence[str]) -> dict[str, list[float]]:
    document: Any = read_json(truth_file)
    by_patient = {entry["patient_id"]: entry for entry in document["patients"]}
    return {axis: [by_patient[patient][axis] for patient in patients] for axis in ("z_texture", "z_necrosis")}

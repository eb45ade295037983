"""A small synthetic cohort with known truth: features, repeated readings, endpoints, covariates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.table import FeatureTable, RoiKey, write_feature_table
from escc_desktop.files import CsvTable, csv_text, parse_csv
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical

SIGNAL = (3, 20)
COVARIATES = ("sex", "age_years", "ldh_u_per_l", "ast_u_per_l")


@dataclass(frozen=True, eq=False)
class Cohort:
    """`risk` is the true linear predictor; `true_c` its concordance with uncensored times of a large sample."""

    table: FeatureTable
    rows: list[list[object]]
    risk: np.ndarray

    @property
    def header(self) -> tuple[str, ...]:
        return ("patient_id", "os_months", "os_event", *COVARIATES)

    @property
    def csv(self) -> CsvTable:
        return parse_csv(csv_text(self.header, self.rows), "clinical.csv")

    @property
    def clinical(self) -> ClinicalTable:
        return parse_clinical(self.csv)

    def write(self, folder: Path) -> tuple[Path, Path]:
        features, clinical = folder / "features.csv", folder / "clinical.csv"
        write_feature_table(features, self.table, {})
        clinical.write_text(csv_text(self.header, self.rows), encoding="utf-8")
        return features, clinical


def simulate(
    n: int = 70,
    p: int = 45,
    seed: int = 1,
    beta: tuple[float, float] = (1.0, -0.8),
    ldh: float = 1.0,
    repeats: int = 15,
) -> Cohort:
    """Draw a cohort.

    Two of p features and log2(LDH) carry the outcome; every fifth feature is read badly and must fail the agreement
    rule; the last one is constant.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(50, 10, size=(n, p))
    features[:, 1] = features[:, 0] + rng.normal(0, 0.5, n)
    features[:, -1] = 7.0
    z = (features[:, list(SIGNAL)] - 50) / 10
    labs = np.exp(rng.normal(np.log(181), 0.27, n))
    ast = np.exp(rng.normal(np.log(17.5), 0.37, n))
    risk = z @ np.array(beta) + ldh * np.log2(labs / 181)
    time = 20 * (-np.log(rng.uniform(size=n)) * np.exp(-risk)) ** (1 / 1.6)
    censored = rng.uniform(15, 55, n)
    keys = [_key(k, "A", "first") for k in range(n)]
    values = [features]
    again = rng.choice(n, repeats, replace=False)
    error = np.where(np.arange(p) % 5 == 4, 15.0, 2.0)
    error[-1] = 0.0
    for reader, occasion in (("A", "repeat"), ("B", "first")):
        keys += [_key(k, reader, occasion) for k in again]
        values.append(features[again] + error * rng.normal(size=(repeats, p)))
    names = tuple(f"A_{name}" for name in FEATURE_NAMES[:p])
    rows: list[list[object]] = [
        [
            f"P{k + 1:03d}",
            round(float(min(time[k], censored[k])), 2),
            int(time[k] <= censored[k]),
            "male" if rng.uniform() < 0.8 else "female",
            int(rng.normal(65, 8)),
            round(float(labs[k]), 2),
            round(float(ast[k]), 2) if k % 29 else None,
        ]
        for k in range(n)
    ]
    return Cohort(FeatureTable(tuple(keys), names, np.vstack(values)), rows, risk)


def _key(k: int, reader: str, occasion: str) -> RoiKey:
    return RoiKey(f"P{k + 1:03d}", "L1", "primary", reader, occasion)

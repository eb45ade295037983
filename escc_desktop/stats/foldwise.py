"""Discrimination in repeated cross-validation: only patients whom the same model judged are compared.

Models of different folds have different scales; a pair across folds compares the models, not the patients. A model
that gives everyone the same risk ranks nobody, and each of its pairs counts one half.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray
from escc_desktop.stats.performance import horizon_weights
from escc_desktop.stats.survival import Endpoint


@dataclass(frozen=True)
class Foldwise:
    """A figure, or the difference of two, averaged over repeats, NaN where no fold held a pair.

    Attributes
    ----------
    se_patients
        From the influence of each patient, models being taken as they are.
    sd_models
        Standard deviation of the figure between folds, each of them another model on other patients.
    n_folds
        Folds that held a pair.
    test_share
        Patients tested over patients trained on, for one fold.
    """

    value: float
    se_patients: float
    sd_models: float
    n_folds: int
    test_share: float

    @property
    def se(self) -> float:
        """The larger of the patients' error and the corrected resampled error (Nadeau and Bengio 2003).

        The naive error of a mean over folds takes overlapping training sets for independent ones; the correction adds
        the share of patients tested.
        """
        if self.n_folds < 2:
            return self.se_patients
        resampled = self.sd_models * np.sqrt(1 / self.n_folds + self.test_share)
        return float(max(self.se_patients, resampled))

    def interval(self, model_sd: float | None = None, level: float = 0.95) -> tuple[float, float]:
        """Return the limits within [0, 1].

        Parameters
        ----------
        model_sd
            How far models of other samples scatter on the same patients, from a bootstrap of the whole pipeline; added
            to `se`, which alone covers too rarely where features are selected among many: the training sets of folds
            overlap too much to tell.
        """
        se = self.se if model_sd is None else float(np.hypot(self.se, model_sd))
        half = float(stats.norm.ppf((1 + level) / 2)) * se
        return float(np.clip(self.value - half, 0, 1)), float(np.clip(self.value + half, 0, 1))


def c_within(endpoint: Endpoint, risk: FloatArray, fold: IntArray) -> Foldwise:
    """Return Harrell's C within folds.

    Parameters
    ----------
    risk, fold
        (repeats, n) risks by the models that did not see the patient, NaN where there is none, and the folds.
    """
    return _averaged(_earlier_events(endpoint), map(_ranked, risk), fold)


def auc_within(endpoint: Endpoint, risk: FloatArray, fold: IntArray, horizon_months: float) -> Foldwise:
    """Return the time-dependent AUC within folds, weighted against censoring by the whole cohort."""
    return _averaged(_events_by(endpoint, horizon_months), map(_ranked, risk), fold)


def c_difference_within(endpoint: Endpoint, first: FloatArray, second: FloatArray, fold: IntArray) -> Foldwise:
    """Return Harrell's C of the second model less that of the first, on pairs within folds; shapes as `c_within`."""
    return _averaged(_earlier_events(endpoint), map(_ranked_apart, first, second), fold)


def auc_difference_within(
    endpoint: Endpoint, first: FloatArray, second: FloatArray, fold: IntArray, horizon_months: float
) -> Foldwise:
    """Return the AUC of the second model less that of the first, on pairs within folds; shapes as `c_within`."""
    return _averaged(_events_by(endpoint, horizon_months), map(_ranked_apart, first, second), fold)


def _earlier_events(endpoint: Endpoint) -> FloatArray:
    """Return 1 where the row's patient had the event before the column's patient was last known free of it."""
    time, event = endpoint.time_months, endpoint.event
    later = (time[None, :] > time[:, None]) | ((time[None, :] == time[:, None]) & ~event[None, :])
    pairs = np.asarray(event[:, None] & later, dtype=np.float64)
    np.fill_diagonal(pairs, 0.0)
    return pairs


def _events_by(endpoint: Endpoint, horizon_months: float) -> FloatArray:
    """Return the weights of pairs of a patient with the event by the horizon and one without."""
    weights = horizon_weights(endpoint, horizon_months)
    return np.zeros((endpoint.n, endpoint.n)) if weights is None else np.asarray(np.outer(*weights))


def _ranked(risk: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return what each pair scores, 1 where the row has the higher risk and 1/2 where they tie, and who is judged."""
    wins = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    return np.asarray(wins), np.isfinite(risk)


def _ranked_apart(first: FloatArray, second: FloatArray) -> tuple[FloatArray, BoolArray]:
    (one, knows_one), (two, knows_two) = _ranked(first), _ranked(second)
    return two - one, knows_one & knows_two


def _averaged(pairs: FloatArray, scored: Iterable[tuple[FloatArray, BoolArray]], fold: IntArray) -> Foldwise:
    """Average sum(weight x score) / sum(weight) over repeats; rows of `pairs` are the earlier events."""
    values, influences, by_fold, shares = [], [], [], []
    for (wins, known), own_fold in zip(scored, fold, strict=True):
        together = (own_fold[:, None] == own_fold[None, :]) & known[:, None] & known[None, :]
        weight = pairs * together
        total, score = weight.sum(), weight * wins
        if total == 0:
            continue
        value = float(score.sum() / total)
        own = score.sum(axis=0) + score.sum(axis=1) - value * (weight.sum(axis=0) + weight.sum(axis=1))
        values.append(value)
        influences.append(own / total)
        for label in np.unique(own_fold):
            rows = own_fold == label
            held = weight[rows].sum()
            if held > 0:
                by_fold.append(float(score[rows].sum() / held))
                shares.append(rows.sum() / max((~rows).sum(), 1))
    if not values:
        return Foldwise(np.nan, np.nan, np.nan, 0, np.nan)
    influence = np.mean(influences, axis=0)
    spread = float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else 0.0
    return Foldwise(
        value=float(np.mean(values)),
        se_patients=float(np.sqrt(np.sum(influence**2))),
        sd_models=spread,
        n_folds=len(by_fold),
        test_share=float(np.mean(shares)),
    )

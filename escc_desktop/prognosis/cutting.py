"""The cut-off of the Rad-score: its search, what of it is chance, how firmly it is placed, and three groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis import results as doc
from escc_desktop.prognosis.carding import corrected_p
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.cutpoint import (
    Cutpoint,
    ThreeGroups,
    bootstrap_cuts,
    maximally_selected_log_rank,
    three_groups_permuted,
)
from escc_desktop.stats.survival import Endpoint, kaplan_meier

_BANDS: Final[tuple[Literal["low", "middle", "high"], ...]] = ("low", "middle", "high")


@dataclass(frozen=True, eq=False)
class Cutting:
    """What the search gave.

    Attributes
    ----------
    cutpoint
        With permutations; None where no cut leaves enough patients on either side.
    bootstrap
        Cuts of resamples of the patients, their scores staying what they are.
    three
        None unless asked for and possible.
    """

    cutpoint: Cutpoint | None
    bootstrap: FloatArray
    three: ThreeGroups | None


def cut_score(endpoint: Endpoint, scores: FloatArray, config: DevelopConfig, progress: Progress) -> Cutting:
    """Search the cut-off with permutations, for the P that knows of the search, and again in resamples."""
    share, seed = config.min_fraction, config.seed
    try:
        found = maximally_selected_log_rank(endpoint, scores, share, config.permutations, seed, progress)
    except EsccError:  # the score has too few distinct values: nobody gets a group, and the results say so
        return Cutting(None, np.zeros(0), None)
    cuts = bootstrap_cuts(endpoint, scores, share, config.cut_resamples, seed)
    return Cutting(found, cuts, _three(endpoint, scores, config) if config.groups == len(_BANDS) else None)


def _three(endpoint: Endpoint, scores: FloatArray, config: DevelopConfig) -> ThreeGroups | None:
    try:
        return three_groups_permuted(endpoint, scores, config.min_fraction, config.permutations, config.seed)
    except EsccError:  # too few patients for three groups: there are two then
        return None


def cutoff_result(
    cutting: Cutting, resample_cuts: FloatArray, endpoint: Endpoint, scores: FloatArray, horizon_months: float
) -> doc.CutoffResult | None:
    """Return the cut-off with its corrected P and the spread of the cuts that resamples found."""
    cut = cutting.cutpoint
    if cut is None:
        return None
    of_resamples, of_scores = _limits(resample_cuts), _limits(cutting.bootstrap)
    three = cutting.three
    return doc.CutoffResult(
        value=cut.cut,
        chisq=cut.chisq,
        naive_p=cut.naive_p,
        corrected_p=corrected_p(cut),
        miller_siegmund_p=cut.miller_siegmund_p,
        permutation_p=cut.permutation_p,
        resample_lower=of_resamples[0],
        resample_upper=of_resamples[1],
        n_low=cut.n_low,
        n_high=cut.n_high,
        bootstrap_lower=of_scores[0],
        bootstrap_upper=of_scores[1],
        three=None if three is None else _three_result(three, endpoint, scores, horizon_months),
    )


def _limits(cuts: FloatArray) -> tuple[float, float] | tuple[None, None]:
    if not len(cuts):
        return None, None
    lower, upper = np.quantile(cuts, (0.025, 0.975))
    return float(lower), float(upper)


def _three_result(
    three: ThreeGroups, endpoint: Endpoint, scores: FloatArray, horizon_months: float
) -> doc.ThreeGroupsResult:
    group = np.searchsorted([three.low_cut, three.high_cut], scores, side="left")
    n = three.n_permutations
    low, middle, high = (
        _band(name, endpoint.take(np.flatnonzero(group == k)), horizon_months) for k, name in enumerate(_BANDS)
    )
    return doc.ThreeGroupsResult(
        low_cut=three.low_cut,
        high_cut=three.high_cut,
        chisq=three.chisq,
        naive_p=three.naive_p,
        corrected_p=(three.permutation_p * n + 1) / (n + 1) if n else None,
        bands=(low, middle, high),
    )


def _band(name: Literal["low", "middle", "high"], outcome: Endpoint, horizon_months: float) -> doc.RiskBand:
    curve = kaplan_meier(outcome)
    return doc.RiskBand(
        name=name,
        n=outcome.n,
        n_events=outcome.n_events,
        survival=float(curve.at(horizon_months).survival[0]),
        median_months=curve.median().value,
    )

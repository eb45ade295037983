"""Models compared two by two: on the patients they were fitted to, and on patients they had not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy import special, stats

from escc_desktop.errors import EsccError
from escc_desktop.prognosis import results as doc
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.summary import Found
from escc_desktop.stats.foldwise import Foldwise, auc_difference_within, c_difference_within
from escc_desktop.stats.performance import Difference, auc_at, c_index, compare

COMPARED: Final[tuple[tuple[CardKind, CardKind], ...]] = (
    ("clinical", "radiomics"),
    ("clinical", "combined"),
    ("radiomics", "combined"),
)
_MEASURES: Final = ("c_index", "auc")


def differences(found: Found) -> tuple[doc.DifferenceResult, ...]:
    """Compare the models on the training patients both can judge, by their joint influence."""
    told = []
    for first, second in COMPARED:
        one, two = (found.predictions.risk[CARD_KINDS.index(kind)] for kind in (first, second))
        known = np.isfinite(one) & np.isfinite(two)
        outcome, horizon = found.problem.endpoint.take(known), found.problem.config.horizon_months
        try:
            pair = (
                compare(c_index(outcome, one[known]), c_index(outcome, two[known])),
                compare(auc_at(outcome, one[known], horizon), auc_at(outcome, two[known], horizon)),
            )
        except EsccError:  # no two patients can be compared: there is no difference to tell
            continue
        told += [
            _told(first, second, measure, one_of, "on the training patients")
            for measure, one_of in zip(_MEASURES, pair, strict=True)
        ]
    return tuple(told)


def differences_out_of_fold(found: Found) -> tuple[doc.DifferenceResult, ...]:
    """Compare the models on patients they had not seen, on pairs that the same models judged.

    The error is that of the nested figures (decision 0200): the models are not taken as given.
    """
    return tuple(_nested(found))


def _nested(found: Found) -> Iterator[doc.DifferenceResult]:
    out, endpoint = found.validation.out_of_fold, found.problem.endpoint
    optimism = found.validation.bootstrap.optimism
    for first, second in COMPARED:
        places = CARD_KINDS.index(first), CARD_KINDS.index(second)
        one, two = (out.risk_by_repeat[:, place] for place in places)
        pair = (
            c_difference_within(endpoint, one, two, out.fold),
            auc_difference_within(endpoint, one, two, out.fold, found.problem.config.horizon_months),
        )
        for j, (measure, figure) in enumerate(zip(_MEASURES, pair, strict=True)):
            if not np.isfinite(figure.value):
                continue
            apart = optimism.on_original[:, 2 * places[1] + j] - optimism.on_original[:, 2 * places[0] + j]
            yield _told(first, second, measure, _difference(figure, apart[np.isfinite(apart)]), "out of fold")


def _difference(figure: Foldwise, of_resamples: np.ndarray) -> Difference:
    """Return a difference with the error of its patients, its folds and, where there are resamples, its models."""
    model_sd = float(np.std(of_resamples, ddof=1)) if len(of_resamples) > 1 else 0.0
    se = float(np.hypot(figure.se, model_sd))
    half = float(stats.norm.ppf(0.975)) * se
    p = float(2 * special.ndtr(-abs(figure.value) / se)) if se > 0 else 1.0
    return Difference(figure.value, se, max(figure.value - half, -1.0), min(figure.value + half, 1.0), p)


def _told(first: CardKind, second: CardKind, measure: str, difference: Difference, whose: str) -> doc.DifferenceResult:
    return doc.DifferenceResult(
        first=first,
        second=second,
        measure="c_index" if measure == "c_index" else "auc",
        difference=difference.difference,
        lower=difference.lower,
        upper=difference.upper,
        p=difference.p,
        words=f"a difference is shown {whose}" if difference.p < 0.05 else "no difference shown",
    )

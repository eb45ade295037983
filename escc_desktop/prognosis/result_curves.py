"""The curves of a development, as `results.json` holds them: what figures over time and thresholds are drawn from."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from escc_desktop.prognosis.card import CardKind


def _missing(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_missing)]
# Predictions for the patients who trained the model, or by models that never saw the patient.
Basis = Literal["apparent", "out_of_fold"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RocResult(_Part):
    """ROC curve at the horizon from (0, 0) to (1, 1), with its area."""

    kind: CardKind
    basis: Basis
    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]
    auc: Number
    lower: Number
    upper: Number


class AucCurve(_Part):
    """Time-dependent AUC at each month of the grid, with pointwise 95 % limits; None where it is undefined."""

    kind: CardKind
    basis: Basis
    auc: tuple[Number, ...]
    lower: tuple[Number, ...]
    upper: tuple[Number, ...]


class BrierCurve(_Part):
    """Prediction error at each month of the grid, and its integral up to `integrated_to_months` over that time.

    The model "kaplan_meier" gives everybody the survival of the cohort: what a useful model has to beat.
    """

    kind: CardKind | Literal["kaplan_meier"]
    basis: Basis
    brier: tuple[Number, ...]
    integrated: Number
    integrated_to_months: Number


class CalibrationGroupResult(_Part):
    """Patients of similar predicted survival: mean prediction, Kaplan-Meier estimate with limits.

    `corrected` is the observed survival less the optimism of the resamples (None without resamples).
    """

    n: int
    predicted: float
    observed: Number
    lower: Number
    upper: Number
    corrected: Number


class CalibrationResult(_Part):
    """Calibration at the horizon, apparent and corrected by resamples of the whole pipeline.

    `error` and `corrected_error` are the mean absolute distances of observed from predicted survival.
    """

    kind: CardKind
    groups: tuple[CalibrationGroupResult, ...]
    error: Number
    corrected_error: Number
    resamples: int


class NetBenefitCurve(_Part):
    """Net benefit of acting by a model at each threshold."""

    kind: CardKind
    basis: Basis
    net_benefit: tuple[Number, ...]


class DecisionCurves(_Part):
    """Net benefit over threshold probabilities; of acting on nobody it is 0.

    `action`, `lowest` and `highest` are None where nobody said what would be decided.
    """

    action: str | None
    lowest: Number
    highest: Number
    thresholds: tuple[float, ...]
    treat_all: tuple[Number, ...]
    models: tuple[NetBenefitCurve, ...]


class HazardTerm(_Part):
    """Whether one effect changes with time: test, scaled Schoenfeld residuals, smooth curve with limits.

    `residual` has a value for each death; `smooth`, `lower` and `upper` one for each point of the model's `grid`.
    """

    label: str
    coefficient: float
    chisq: Number
    p: Number
    residual: tuple[float, ...]
    smooth: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


class HazardsResult(_Part):
    """Test of proportional hazards (cox.zph) of one model on a time scale; each term has one degree of freedom.

    `months` and `at` are the deaths and their place on the scale; `grid` the places of the smooth curves. `why` says
    why there is no test.
    """

    kind: CardKind
    scale: str = "km"
    months: tuple[float, ...] = ()
    at: tuple[float, ...] = ()
    grid: tuple[float, ...] = ()
    terms: tuple[HazardTerm, ...] = ()
    global_chisq: Number = None
    global_df: int = 0
    global_p: Number = None
    why: str = ""


class Curves(_Part):
    """Every curve; `months` is the grid of those over time."""

    months: tuple[float, ...]
    roc: tuple[RocResult, ...]
    auc: tuple[AucCurve, ...]
    brier: tuple[BrierCurve, ...]
    calibration: tuple[CalibrationResult, ...]
    decision: DecisionCurves
    hazards: tuple[HazardsResult, ...]

"""What a development found, as the document `results.json` holds."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from escc_desktop.prognosis.card import CardKind, Contrast
from escc_desktop.prognosis.result_curves import Curves
from escc_desktop.prognosis.validity import Appraisal, ReaderResult, Validity


def _missing(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_missing)]
Group = Literal["LOW", "HIGH"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Left(_Part):
    """Data left out."""

    what: str
    n: int
    why: str


class CohortResult(_Part):
    """Who is in the analysis."""

    n_patients: int
    n_events: int
    n_events_by_horizon: int
    median_follow_up_months: Number
    survival_at_horizon: Number
    sites: dict[str, int]
    dropped: tuple[Left, ...]


class ComparisonResult(_Part):
    """Agreement of one pair of readings over all features.

    `icc_counts` says how many features lie in each of 50 classes of ICC from -0.25 to 1, lower ones in the first;
    `icc` and `lower` are the estimate and its lower limit of each feature the agreement names, to four decimals.
    """

    comparison: Literal["intra", "inter"]
    n_lesions: int
    n_passed: int
    n_constant: int
    icc_quartiles: tuple[Number, Number, Number]
    icc_counts: tuple[int, ...] = ()
    icc: tuple[Number, ...] = ()
    lower: tuple[Number, ...] = ()


class AgreementResult(_Part):
    """The agreement rule and what it let through."""

    form: str
    threshold: float
    comparisons: tuple[ComparisonResult, ...]
    n_stable: int
    features: tuple[str, ...] = ()


class SelectedFeature(_Part):
    """A feature of the signature; shares are of resamples and of other draws of the folds."""

    name: str
    coefficient: float
    mean: float
    sd: float
    resample_share: Number
    fold_draw_share: Number


class FeatureShare(_Part):
    """How often a feature was selected again in the resamples."""

    name: str
    share: float


class PathResult(_Part):
    """The coefficient of a feature of the signature at each penalty."""

    name: str
    coefficients: tuple[float, ...]


class SelectionResult(_Part):
    """From all features to the signature.

    `selected_again` is how often resamples selected a feature, `drawn_again` how often other draws of the folds did;
    `semantics` names whose rules the LASSO follows; `kkt_residual` says how far its coefficients are from the optimum,
    as a share of the penalty. `kept` are the features the LASSO chose from and `correlation` theirs, in percent: below
    the diagonal, row by row, and none where they are more than 600. `path` holds the features of the signature.
    """

    n_features: int
    n_stable: int
    constant: tuple[str, ...]
    n_after_correlation: int
    lambdas: tuple[float, ...]
    cvm: tuple[Number, ...]
    cvsd: tuple[Number, ...]
    n_nonzero: tuple[int, ...]
    lambda_min: Number
    features: tuple[SelectedFeature, ...]
    selected_again: tuple[FeatureShare, ...]
    fold_draws: int
    fold_draw_lambda_min: tuple[Number, ...]
    fold_draw_n_selected: tuple[int, ...]
    lambda_1se: Number = None
    penalty: Literal["lambda.min", "lambda.1se"] = "lambda.min"
    semantics: str = ""
    kkt_residual: Number = None
    drawn_again: tuple[FeatureShare, ...] = ()
    kept: tuple[str, ...] = ()
    correlation: tuple[int, ...] = ()
    path: tuple[PathResult, ...] = ()


class RiskBand(_Part):
    """One of three groups by Rad-score."""

    name: Literal["low", "middle", "high"]
    n: int
    n_events: int
    survival: Number
    median_months: Number


class ThreeGroupsResult(_Part):
    """Low, middle and high risk by two cut-offs, searched together; only the corrected P knows of the search."""

    low_cut: float
    high_cut: float
    chisq: float
    naive_p: float
    corrected_p: Number
    bands: tuple[RiskBand, RiskBand, RiskBand]

    @property
    def is_in_order(self) -> bool:
        """Whether survival at the horizon falls from low over middle to high risk; the search does not see to it."""
        low, middle, high = (band.survival for band in self.bands)
        return low is not None and middle is not None and high is not None and low > middle > high


class CutoffResult(_Part):
    """The cut-off of the Rad-score; only the corrected P values know that it was searched for.

    `resample_lower` and `_upper` hold 95 % of the cuts of resamples that repeat the whole pipeline, each with its own
    Rad-score; `bootstrap_lower` and `_upper` of resamples of the patients with the scores they have.
    """

    value: float
    chisq: float
    naive_p: float
    corrected_p: float
    miller_siegmund_p: Number
    permutation_p: Number
    resample_lower: Number
    resample_upper: Number
    n_low: int
    n_high: int
    bootstrap_lower: Number = None
    bootstrap_upper: Number = None
    three: ThreeGroupsResult | None = None


class GroupSurvival(_Part):
    """Low and high risk compared."""

    n_low: int
    n_high: int
    events_low: int
    events_high: int
    survival_low: Number
    survival_high: Number
    median_low_months: Number
    median_high_months: Number
    log_rank_chisq: Number
    log_rank_p: Number
    note: str


class TermResult(_Part):
    """One coefficient; hazard ratio per SD of a feature, per doubling, per unit or against the reference level.

    `known_on_day` is the trial day on which a covariate is known, day 1 being the first of treatment.
    """

    label: str
    name: str
    coefficient: Number
    std_error: Number
    hazard_ratio: Number
    lower: Number
    upper: Number
    p: Number
    n: int
    n_events: int
    contrast: Contrast | None = None
    note: str = ""
    known_on_day: int | None = None


class FigureResult(_Part):
    """One measure: in nested folds (the headline), apparent, corrected for optimism, and what noise reaches.

    `cross_validated` is the repeated nested cross-validation, with `nested_lower` and `nested_upper`; `corrected` the
    .632+ figure of the whole-pipeline bootstrap; `harrell` the apparent one less Harrell's optimism; `noise` the 5, 50
    and 95 % points on permuted outcomes.
    """

    apparent: Number
    apparent_lower: Number
    apparent_upper: Number
    corrected: Number
    corrected_lower: Number
    corrected_upper: Number
    harrell: Number
    cross_validated: Number
    nested_lower: Number = None
    nested_upper: Number = None
    noise: tuple[Number, Number, Number]


class ModelResult(_Part):
    """One Cox model; `entry` says how its terms came in and what that does to their P values."""

    terms: tuple[TermResult, ...]
    n: int
    n_events: int
    lr_chisq: Number
    lr_df: int
    c_index: FigureResult
    auc: FigureResult
    brier: Number
    dropped: tuple[str, ...]
    entry: str = ""


class DifferenceResult(_Part):
    """Two models on the same patients; P two-sided."""

    first: CardKind
    second: CardKind
    measure: Literal["c_index", "auc"]
    difference: Number
    lower: Number
    upper: Number
    p: Number
    words: str


class PatientResult(_Part):
    """One training patient: apparent and out-of-fold; `fold` is the one of the LASSO's cross-validation."""

    patient_id: str
    time_months: float
    event: int
    rad_score: float
    risk_group: Group | None
    rad_score_out_of_fold: Number
    risk_group_out_of_fold: Group | None
    survival: dict[str, Number]
    survival_out_of_fold: dict[str, Number]
    fold: int | None = None


class Repeats(_Part):
    """How often the pipeline was repeated, and how often it could not be fitted."""

    resamples: int
    resamples_failed: int
    outer_folds: int
    outer_repeats: int
    folds_failed: int
    noise: int
    noise_failed: int


class AcquisitionField(_Part):
    """One field of how the images were made: what it is in how many patients, and how many features follow it.

    `n_associated` counts features at a false discovery rate of 5 % (ranks); None where the field does not vary.
    """

    field: str
    levels: dict[str, int]
    n: int
    n_associated: int | None


class SignatureDependence(_Part):
    """A feature of the signature against a field: share of the variance of its ranks, false discovery rate."""

    name: str
    field: str
    explained: Number
    q: Number


class AcquisitionResult(_Part):
    """How far features follow the way the images were made."""

    fields: tuple[AcquisitionField, ...]
    n_features: int
    signature: tuple[SignatureDependence, ...]


class Results(_Part):
    """The whole document."""

    results_version: Literal[1] = 1
    software: str
    endpoint: Literal["os", "pfs"]
    horizon_months: float
    seed: int
    config_digest: str
    features_digest: str
    clinical_digest: str
    cohort: CohortResult
    agreement: AgreementResult | None
    selection: SelectionResult
    cutoff: CutoffResult | None
    groups_apparent: GroupSurvival | None
    groups_out_of_fold: GroupSurvival | None
    univariable: tuple[TermResult, ...]
    models: dict[CardKind, ModelResult]
    differences: tuple[DifferenceResult, ...]
    patients: tuple[PatientResult, ...]
    repeats: Repeats
    card_digests: dict[CardKind, str]
    warnings: tuple[str, ...]
    acquisition: AcquisitionResult | None = None
    differences_out_of_fold: tuple[DifferenceResult, ...] = ()
    curves: Curves | None = None
    validity: Validity | None = None
    readers: ReaderResult | None = None
    appraisal: Appraisal | None = None


def results_schema() -> dict[str, object]:
    """Return the JSON schema that `resources/models/results.schema.json` holds."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Results.model_json_schema()}

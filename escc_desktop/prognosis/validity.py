"""Parts of `results.json` that say how far a development may be believed."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from escc_desktop.prognosis.card import CardKind


def _missing(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_missing)]


class ResultPart(BaseModel):
    """What every part of the document is: frozen, and without fields nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CalibrationCheck(ResultPart):
    """Out-of-fold predictions against the outcome: observed over expected risk at the horizon, and the slope.

    A ratio above 1 is more events than predicted; a slope below 1 predictions too far apart. None where every patient
    got the same prediction.
    """

    predicted: Number
    observed: Number
    ratio: Number
    ratio_lower: Number
    ratio_upper: Number
    slope: Number
    slope_lower: Number
    slope_upper: Number


class EventsPerVariable(ResultPart):
    """Events for each term of the model, and for each parameter that was tried on the way to it."""

    n_events: int
    n_terms: int
    n_candidates: int
    per_term: Number
    per_candidate: Number


class FirthTerm(ResultPart):
    """A term that separates, by Firth's penalised likelihood with profile limits; a limit of None is infinite."""

    label: str
    model: Literal["alone", "radscore", "clinical", "radiomics", "combined"]
    is_used: bool
    hazard_ratio: Number
    lower: Number
    upper: Number
    p: Number


class MissingCovariate(ResultPart):
    """A covariate with gaps."""

    label: str
    n_missing: int


class MissingResult(ResultPart):
    """What was done about missing covariates; `imputations` is 0 for complete cases."""

    method: Literal["complete_cases", "imputed"]
    imputations: int
    covariates: tuple[MissingCovariate, ...]
    n_used: dict[CardKind, int]
    missing_information: dict[CardKind, tuple[Number, ...]]


class Validity(ResultPart):
    """How far the models may be believed, beside their figures.

    Attributes
    ----------
    outside_range
        By kind, the share of patients who had a value beyond the range of those trained on, in most repeats.
    """

    calibration: dict[CardKind, CalibrationCheck]
    events: dict[CardKind, EventsPerVariable]
    outside_range: dict[CardKind, Number]
    separated: tuple[FirthTerm, ...]
    missing: MissingResult


class ReaderComparison(ResultPart):
    """The same lesion read again, by the same reader (intra) or the other (inter).

    Attributes
    ----------
    score_sd
        Standard deviation of the change of the Rad-score from one reading to the other, for a lesion of mean size.
    flip_rate
        Expected share of the patients whose group another reading would change, with its interval from resampling
        the lesions read twice.
    n_flipped
        Of the lesions read twice, those whose group did change, with the exact interval of the share.
    shrinkage
        How far the correlations of the features' errors were drawn towards none.
    """

    comparison: Literal["intra", "inter"]
    n_lesions: int
    shrinkage: Number
    score_sd: float
    flip_rate: Number
    flip_lower: Number
    flip_upper: Number
    n_flipped: int | None
    flipped_lower: Number
    flipped_upper: Number


class PatientReading(ResultPart):
    """One patient: where 95 % of other readings would put the risk, and how often in the other group."""

    patient_id: str
    comparison: Literal["intra", "inter"]
    survival_lower: dict[CardKind, Number]
    survival_upper: dict[CardKind, Number]
    flip: Number


class ReaderResult(ResultPart):
    """Reader variability carried into the risk: of these two readers, no sample of readers.

    Attributes
    ----------
    within_sd, between_sd
        Of the Rad-score of one reading: the same reader on another day, and what differs between the two readers
        beyond that (0 where it is not seen).
    """

    label: str = "these two readers"
    comparisons: tuple[ReaderComparison, ...]
    within_sd: Number
    between_sd: Number
    is_scaled_to_size: bool
    patients: tuple[PatientReading, ...]


class Appraisal(ResultPart):
    """The development in sentences: what was found, how sure that is, and what would change it."""

    found: tuple[str, ...]
    how_sure: tuple[str, ...]
    what_would_change_it: tuple[str, ...]

"""ModelCard: a model as a JSON document that says what it is, where it came from and whom it may judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.files import canonical_json, digest, parse_json, read_bytes, write_json

MAX_CARD_BYTES = 4 * 2**20

CardKind = Literal["radscore", "clinical", "radiomics", "combined"]
RiskGroup = Literal["LOW", "HIGH"]
CARD_KINDS: tuple[CardKind, ...] = ("radscore", "clinical", "radiomics", "combined")
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=2000)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Scaling(_Part):
    """How a feature was scaled before its coefficient: (value - mean) / sd."""

    mean: float
    sd: Positive


class Contrast(_Part):
    """The two levels a yes/no term compares, with their patients and events where they are known.

    A numeric covariate is at the level when it is at or above `at_least`; a text covariate when it equals `level`.
    """

    level: Text
    reference: Text
    at_least: float | None = None
    n_level: Count | None = None
    n_reference: Count | None = None
    events_level: Count | None = None
    events_reference: Count | None = None


class Range(_Part):
    """Smallest and largest value seen in training."""

    minimum: float
    maximum: float

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.minimum > self.maximum:
            raise ValueError("the minimum is above the maximum")
        return self


class Term(_Part):
    """One term of a linear predictor.

    Attributes
    ----------
    source
        A `feature` of the table, a `covariate` of CLINICAL.csv, or the `rad_score` itself.
    name
        The column's name.
    coefficient, std_error
        Log hazard ratio per model unit (per SD where scaled, per doubling where log2).
    lower, upper
        Interval of a coefficient that was reconstructed from rounded print.
    ticks
        Values on the nomogram axis, in the unit of the data (0 and 1 for a contrast).
    """

    source: Literal["feature", "covariate", "rad_score"]
    name: Name
    coefficient: float
    std_error: Annotated[float, Field(ge=0)] | None = None
    p: Fraction | None = None
    lower: float | None = None
    upper: float | None = None
    unit: Text = ""
    transform: Literal["identity", "log2"] = "identity"
    scaling: Scaling | None = None
    contrast: Contrast | None = None
    range: Range | None = None
    ticks: tuple[float, ...] = ()


class Cutoff(_Part):
    """The Rad-score above which a patient is at high risk; at or below it, at low risk."""

    value: float
    method: Text
    chisq: Annotated[float, Field(ge=0)] | None = None
    naive_p: Fraction | None = None
    corrected_p: Fraction | None = None
    n_low: Count | None = None
    n_high: Count | None = None


class RadScore(_Part):
    """The radiomic linear predictor and its cut-off (None where no cut could be found)."""

    terms: tuple[Term, ...]
    cutoff: Cutoff | None = None


class Uncertainty(_Part):
    """What an interval of the predicted survival needs (survfit's variance of log cumulative hazard).

    Var(log H(t|x)) = `log_hazard_variance` + (x - `reference`)' `covariance` (x - `reference`), x in model units.
    """

    log_hazard_variance: Annotated[float, Field(ge=0)]
    reference: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


class Baseline(_Part):
    """Survival of a patient whose linear predictor equals `center`.

    `survival` is at the card's horizon; `times_months` and `cumulative_hazard` are the whole curve.
    """

    center: float
    survival: Annotated[float, Field(gt=0, le=1)]
    times_months: tuple[float, ...] = ()
    cumulative_hazard: tuple[float, ...] = ()


class Points(_Part):
    """The nomogram's scale: points = (linear predictor - lowest) * per_lp; `lp_range` spans its survival axis."""

    per_lp: Positive
    lowest: float
    lp_range: tuple[float, float]


class SurvivalModel(_Part):
    """A Cox model; without terms it gives everyone the baseline survival."""

    terms: tuple[Term, ...]
    baseline: Baseline | None = None
    uncertainty: Uncertainty | None = None
    points: Points | None = None
    n_patients: Count | None = None
    n_events: Count | None = None

    @model_validator(mode="after")
    def _sizes_agree(self) -> SurvivalModel:
        if self.uncertainty is not None:
            n = len(self.terms)
            sizes = {len(self.uncertainty.reference), len(self.uncertainty.covariance)}
            sizes.update(len(row) for row in self.uncertainty.covariance)
            if sizes - {n}:
                raise ValueError(f"the covariance does not belong to {n} terms")
        return self


class IccRule(_Part):
    """Which features were allowed in, by agreement of readings."""

    form: Name
    threshold: float
    rule: Text
    n_intra: Count
    n_inter: Count


class TrainingPatient(_Part):
    """A patient the model was trained on, known by digests only, with predictions by models that never saw them."""

    patient: Hex
    values: Hex
    rad_score: float | None = None
    risk_group: RiskGroup | None = None
    survival: Fraction | None = None


class Training(_Part):
    """The cohort behind the card."""

    n_patients: Count
    n_events: Count
    n_events_by_horizon: Count
    features_digest: Hex
    clinical_digest: Hex
    config_digest: Hex
    seed: int
    salt: Hex
    patients: tuple[TrainingPatient, ...]


class Requirement(_Part):
    """A column of CLINICAL.csv and the values a patient must have there for the card to apply."""

    column: Name
    allowed: tuple[Name, ...]


class Applicability(_Part):
    """Whom the card may judge; outside it a probability is withheld with the reason."""

    statements: tuple[Text, ...] = ()
    phase: Name = "arterial"
    sites: tuple[Name, ...] = ()
    requirements: tuple[Requirement, ...] = ()


class Acquisition(_Part):
    """How the images of the training patients were made: ranges, and every kernel and scanner there was.

    Attributes
    ----------
    largest_hu
        Largest absolute value of a whole image, by which four filters are scaled.
    n_known, n_cropped
        Patients whose images are known; those whose image was cut out of a larger scan.
    """

    pixel_spacing_mm: Range | None = None
    slice_spacing_mm: Range | None = None
    slice_thickness_mm: Range | None = None
    kvp: Range | None = None
    largest_hu: Range | None = None
    kernels: tuple[Text, ...] = ()
    scanners: tuple[Text, ...] = ()
    n_known: Count
    n_cropped: Count


class Extraction(_Part):
    """With which settings the features of the training patients were computed; the digest decides.

    All `engines` give the same values; `pixel_types` are those of the images the features were taken from.
    """

    params: Name
    params_digest: Hex
    engines: tuple[Text, ...] = ()
    pixel_types: tuple[Text, ...] = ()


class Figure(_Part):
    """A measure of performance: on the training patients, and corrected for optimism."""

    name: Name
    apparent: float | None
    corrected: float | None = None
    lower: float | None = None
    upper: float | None = None


class ModelCard(_Part):
    """A versioned model.

    Attributes
    ----------
    usage
        `paper_only` cards are for reading and comparing; no patient is assessed with them.
    patient_value
        How several ROIs of a patient become one value (`reading.lesion.LesionRule`).
    feature_scale
        What the features' coefficients refer to; `unknown` where print does not say.
    acquisition, extraction
        How training images were made and their features computed; None for earlier cards, or where nothing is known.
    digest
        SHA-256 of the canonical JSON of everything else.
    """

    card_version: Annotated[int, Field(ge=1, le=1)] = 1
    kind: CardKind
    name: Name
    usage: Literal["patient", "paper_only"]
    source: Text
    software: Text = ""
    assumptions: tuple[Text, ...] = ()
    endpoint: Literal["os", "pfs"]
    horizon_months: Positive
    patient_value: Literal["largest", "mean", "volume_weighted_mean"]
    feature_scale: Literal["z-score", "unknown"] = "z-score"
    rad_score: RadScore | None = None
    model: SurvivalModel | None = None
    icc_rule: IccRule | None = None
    training: Training | None = None
    applicability: Applicability = Applicability()
    performance: tuple[Figure, ...] = ()
    warnings: tuple[Text, ...] = ()
    acquisition: Acquisition | None = None
    extraction: Extraction | None = None
    digest: Hex

    @model_validator(mode="after")
    def _digest_is_right(self) -> ModelCard:
        if self.digest != content_digest(self.model_dump(mode="json")):
            raise ValueError("the digest does not fit the content: the card was changed or damaged")
        return self

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Every feature the card reads, once, in order."""
        return _names((*(self.rad_score.terms if self.rad_score else ()), *self.model_terms), "feature")

    @property
    def covariate_names(self) -> tuple[str, ...]:
        """Every covariate the card reads, once, in order."""
        return _names(self.model_terms, "covariate")

    @property
    def model_terms(self) -> tuple[Term, ...]:
        """Terms of the survival model; empty without one."""
        return self.model.terms if self.model else ()


def _names(terms: Sequence[Term], source: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term.name for term in terms if term.source == source))


def content_digest(document: dict[str, object]) -> str:
    """Return the digest of a card's content, its `digest` field left out.

    What came later is left out too where it says nothing, so that earlier cards keep their digest.
    """
    left_out = {"digest", *(name for name in ("acquisition", "extraction") if not document.get(name))}
    return digest(canonical_json({key: value for key, value in document.items() if key not in left_out}))


def finished(**content: object) -> ModelCard:
    """Return a card from all its fields but the digest."""
    blank = ModelCard.model_construct(**content, digest="")  # type: ignore[arg-type]
    document = blank.model_dump(mode="json")
    return ModelCard.model_validate_json(canonical_json({**document, "digest": content_digest(document)}))


def load_card(path: Path) -> ModelCard:
    """Read a card strictly.

    Raises
    ------
    EsccError
        The file is no JSON, too large or too deep, holds NaN or a key twice.
    FaultsError
        Unknown, missing or wrong fields, or a digest that does not fit: every one with its place.
    """
    return parse_card(parse_json(read_bytes(path), path.name, MAX_CARD_BYTES), path.name)


def parse_card(document: object, name: str = "card") -> ModelCard:
    """Return the card a JSON document holds; raises as `load_card` does."""
    try:
        return ModelCard.model_validate_json(canonical_json(document))
    except ValidationError as error:
        faults = [Fault(_place(entry["loc"], name), entry["msg"]) for entry in error.errors(include_url=False)]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise FaultsError(
            f"{name} is no valid model card: {faults[0]}{more}.",
            faults,
            "Use the card as `escc develop` wrote it.",
        ) from None
    except (RecursionError, ValueError):  # a number beyond the floats becomes infinite while it is read
        raise EsccError(f"{name} is no model card.", "Use the card as `escc develop` wrote it.") from None


def _place(location: tuple[int | str, ...], name: str) -> str:
    return f"{name}, {'.'.join(map(str, location))}" if location else name


def save_card(path: Path, card: ModelCard) -> None:
    """Write a card whole."""
    write_json(path, card.model_dump(mode="json"))


def card_schema() -> dict[str, object]:
    """Return the JSON schema that `resources/models/card.schema.json` holds."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ModelCard.model_json_schema()}


def patient_digest(salt: str, patient_id: str) -> str:
    """Return the salted digest by which a card knows a training patient's code."""
    return hashlib.sha256(f"{salt}:patient:{patient_id}".encode()).hexdigest()


def values_digest(salt: str, values: Sequence[float | str | None]) -> str:
    """Return the salted digest of the values a card reads from one patient, to ten digits.

    Values that went through another program, or a mean taken in another order, may differ in their last digits.
    """
    text = json.dumps([value if isinstance(value, str) or value is None else f"{value:.10g}" for value in values])
    return hashlib.sha256(f"{salt}:values:{text}".encode()).hexdigest()

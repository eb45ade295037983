"""ModelCard: a model as a JSON document that says what it is, where it came from and whom it may judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from escc_desktop.errors import EsccError, Fault, FaultsError, plain_words
from escc_desktop.files import canonical_json, digest, parse_json, read_bytes, write_json
from escc_desktop.prognosis.card_parts import (
    Acquisition,
    Applicability,
    Count,
    Extraction,
    Figure,
    Fraction,
    Hex,
    IccRule,
    Name,
    Nested,
    Part,
    Positive,
    Range,
    Text,
    Training,
)
from escc_desktop.prognosis.card_reader import ReaderError

MAX_CARD_BYTES = 4 * 2**20

CardKind = Literal["radscore", "clinical", "radiomics", "combined"]
CARD_KINDS: tuple[CardKind, ...] = ("radscore", "clinical", "radiomics", "combined")
_LATER = ("acquisition", "extraction", "curve_errors", "readers", "nested")


class Scaling(Part):
    """How a feature was scaled before its coefficient: (value - mean) / sd.

    On the card's scale "min-max" these are the smallest value and the width of the range.
    """

    mean: float
    sd: Positive


class Contrast(Part):
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


class Term(Part):
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


class Cutoff(Part):
    """The Rad-score above which a patient is at high risk; at or below it, at low risk."""

    value: float
    method: Text
    chisq: Annotated[float, Field(ge=0)] | None = None
    naive_p: Fraction | None = None
    corrected_p: Fraction | None = None
    n_low: Count | None = None
    n_high: Count | None = None


class RadScore(Part):
    """The radiomic linear predictor and its cut-off (None where no cut could be found)."""

    terms: tuple[Term, ...]
    cutoff: Cutoff | None = None


class Uncertainty(Part):
    """What an interval of the predicted survival needs (survfit's variance of log cumulative hazard).

    Var(log H(t|x)) = `log_hazard_variance` + (x - `reference`)' `covariance` (x - `reference`), x in model units.
    """

    log_hazard_variance: Annotated[float, Field(ge=0)]
    reference: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


class CurveErrors(Part):
    """`Uncertainty` at each time of the baseline: what an interval of survival at any month needs.

    The covariance is that of `Uncertainty`; survival from a month on has the differences of the running sums.
    """

    log_hazard_variance: tuple[Annotated[float, Field(ge=0)], ...]
    reference: tuple[tuple[float, ...], ...]


class Baseline(Part):
    """Survival of a patient whose linear predictor equals `center`.

    `survival` is at the card's horizon; `times_months` and `cumulative_hazard` are the whole curve.
    """

    center: float
    survival: Annotated[float, Field(gt=0, le=1)]
    times_months: tuple[float, ...] = ()
    cumulative_hazard: tuple[float, ...] = ()


class Points(Part):
    """The nomogram's scale: points = (linear predictor - lowest) * per_lp; `lp_range` spans its survival axis."""

    per_lp: Positive
    lowest: float
    lp_range: tuple[float, float]


class SurvivalModel(Part):
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


class ModelCard(Part):
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
    curve_errors
        None for earlier cards and for models without a curve: then survival has an interval at the horizon only.
    nested
        None for earlier cards, and where nothing could be cross-validated.
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
    feature_scale: Literal["z-score", "min-max", "unknown"] = "z-score"
    rad_score: RadScore | None = None
    model: SurvivalModel | None = None
    icc_rule: IccRule | None = None
    training: Training | None = None
    applicability: Applicability = Applicability()
    performance: tuple[Figure, ...] = ()
    warnings: tuple[Text, ...] = ()
    acquisition: Acquisition | None = None
    extraction: Extraction | None = None
    curve_errors: CurveErrors | None = None
    readers: ReaderError | None = None
    nested: Nested | None = None
    digest: Hex

    @model_validator(mode="after")
    def _curve_errors_fit(self) -> ModelCard:
        errors, baseline = self.curve_errors, self.model.baseline if self.model else None
        if errors is not None:
            n_times = len(baseline.times_months) if baseline else 0
            if {len(errors.log_hazard_variance), len(errors.reference)} != {n_times}:
                raise ValueError("the errors of the curve do not belong to its times")
            if any(len(row) != len(self.model_terms) for row in errors.reference):
                raise ValueError("the errors of the curve do not belong to the terms")
        return self

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
    left_out = {"digest", *(name for name in _LATER if not document.get(name))}
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
        entries = error.errors(include_url=False)
        faults = [Fault(_place(entry["loc"], name), plain_words(entry["msg"])) for entry in entries]
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

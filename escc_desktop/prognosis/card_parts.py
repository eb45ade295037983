"""What a model card says of the cohort behind it, and the kinds of values its fields have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

RiskGroup = Literal["LOW", "HIGH"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=2000)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """Base of all parts: strict, nothing unknown, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Range(Part):
    """Smallest and largest value seen in training."""

    minimum: float
    maximum: float

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.minimum > self.maximum:
            raise ValueError("the minimum is above the maximum")
        return self


class IccRule(Part):
    """Which features were allowed in, by agreement of readings."""

    form: Name
    threshold: float
    rule: Text
    n_intra: Count
    n_inter: Count


class TrainingPatient(Part):
    """A patient the model was trained on, known by digests only, with predictions by models that never saw them."""

    patient: Hex
    values: Hex
    rad_score: float | None = None
    risk_group: RiskGroup | None = None
    survival: Fraction | None = None


class Training(Part):
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


class Requirement(Part):
    """A column of CLINICAL.csv and the values a patient must have there for the card to apply."""

    column: Name
    allowed: tuple[Name, ...]


class Applicability(Part):
    """Whom the card may judge; outside it a probability is withheld with the reason."""

    statements: tuple[Text, ...] = ()
    phase: Name = "arterial"
    sites: tuple[Name, ...] = ()
    requirements: tuple[Requirement, ...] = ()


class Acquisition(Part):
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


class Extraction(Part):
    """With which settings the features of the training patients were computed; the digest decides.

    All `engines` give the same values; `pixel_types` are those of the images the features were taken from.
    """

    params: Name
    params_digest: Hex
    engines: tuple[Text, ...] = ()
    pixel_types: tuple[Text, ...] = ()


class Nested(Part):
    """The C-index of repeated nested cross-validation with its interval: on patients no part of the model had seen."""

    c_index: Fraction
    lower: Fraction | None = None
    upper: Fraction | None = None


class Figure(Part):
    """A measure of performance: on the training patients, and corrected for optimism."""

    name: Name
    apparent: float | None
    corrected: float | None = None
    lower: float | None = None
    upper: float | None = None

"""Every choice of a development as a named field, read from TOML."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from escc_desktop.errors import EsccError, Fault, FaultsError, plain_words
from escc_desktop.files import canonical_json, decode_text, digest, read_bytes
from escc_desktop.prognosis.card_parts import Applicability, Name, Part, Text
from escc_desktop.resources import resource_path
from escc_desktop.stats.agreement import IccForm
from escc_desktop.stats.risksets import Ties
from escc_desktop.stats.selection import Scale

PRESETS = ("table3",)


class Row(Part):
    """A covariate as a contrast of two levels, as a table of a paper prints it.

    Attributes
    ----------
    at_least
        A number is at the level when it is at or above this one.
    level, reference
        A text is at the level when it equals `level`; every other is the reference unless one is named.
    day
        Trial day on which it is known; day 1 is the first of treatment, days before it are 0 or negative.
    note
        What the print leaves open and how it is read here.
    """

    covariate: Name
    at_least: float | None = None
    level: Name | None = None
    reference: Name | None = None
    day: Annotated[int, Field(ge=-3650, le=3650)] = 1
    note: Text = ""

    @model_validator(mode="after")
    def _is_one_contrast(self) -> Row:
        if (self.at_least is None) == (self.level is None):
            raise ValueError("a row has either at_least or level")
        return self


class Decision(Part):
    """What would be done above a threshold probability, and the thresholds worth a thought."""

    action: Annotated[str, Field(min_length=1, max_length=200)]
    lowest: Annotated[float, Field(gt=0, lt=1)]
    highest: Annotated[float, Field(gt=0, lt=1)]

    @model_validator(mode="after")
    def _is_a_range(self) -> Decision:
        if self.lowest >= self.highest:
            raise ValueError("the lowest threshold is not below the highest")
        return self


# What changes no number.
_NO_NUMBERS: Final = {"workers", "pdf_figures"}


class DevelopConfig(BaseModel):
    """Choices of the pipeline; the defaults are the published pipeline where it names one.

    Attributes
    ----------
    patient_value
        How several lesions of a patient become one value.
    icc_form, icc_threshold, icc_bound, icc_values, icc_comparisons
        A feature passes with an estimate (or its lower 95 % limit) strictly above the threshold, of its values as
        they are, their logarithms (where all are positive) or ranks, intra and inter or one of them.
    scaling
        Of the features; the LASSO standardises inside unless `lasso_standardize` is false.
    correlation_cutoff, correlation_search
        caret's findCorrelation, strictly above; caret itself searches exactly below 100 features.
    folds, fold_of
        Of the LASSO's cross-validation: their number, drawn by the seed, or the fold of each patient.
    penalty, lasso_standardize, lasso_thresh
        Which penalty of the cross-validation; glmnet's `standardize` and `thresh`.
    ties
        Of the Cox models.
    min_fraction, permutations, cut_resamples
        Smallest share of patients on either side of the cut-off; permutations for its corrected P; resamples of the
        patients for its interval.
    groups
        3 searches low, middle and high risk too; cards always carry the one cut.
    covariates
        Candidates; None takes every column that is known on day 1.
    log2
        Covariates entered per doubling; None takes skewed laboratory values.
    rows
        The candidates as contrasts instead, one by one.
    known_on_day
        Trial day on which a column is known, where its name does not say or misleads; nothing after day 1 enters.
    entry, entry_p
        Which covariates enter the clinical model: those with a univariable P below `entry_p`, all of them, or forward
        by Akaike's criterion.
    keep_p
        Terms of the clinical, radiomics and combined models stay with a P below it; 1 keeps all.
    events_per_term
        Events needed for each term that enters by univariable P.
    radiomics_terms
        How many features of the signature, by size of coefficient, the nomograms carry; 0 is all.
    force_rare
        Covariates kept in spite of a level with fewer than 5 patients or 3 events.
    separation
        A term along which the likelihood grows without end is dropped, or its model is penalised (Firth).
    missing, imputations
        Cox models rest on complete cases, or on so many completed sets (chained equations), pooled by Rubin's rules.
    calibration_groups
        Patients of similar prediction compared with Kaplan-Meier.
    decision
        What decision curves are drawn for.
    fold_draws
        How often the selection is repeated with other folds.
    resamples, outer_folds, outer_repeats, noise_repeats
        Bootstrap resamples for optimism; nested cross-validation; permuted outcomes.
    workers
        Processes for the resamples; the numbers do not depend on it.
    pdf_figures
        Whether figures are printed as PDF too, as journals take them; that takes longer than SVG and PNG together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    endpoint: Literal["os", "pfs"] = "os"
    horizon_months: Annotated[float, Field(gt=0, le=600)] = 12.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20240301
    name: Annotated[str, Field(max_length=120)] = ""
    patient_value: Literal["largest", "mean", "volume_weighted_mean"] = "largest"
    icc_form: IccForm = "icc2"
    icc_threshold: Annotated[float, Field(ge=-1, lt=1)] = 0.75
    icc_bound: Literal["estimate", "lower"] = "estimate"
    icc_values: Literal["raw", "log", "rank"] = "raw"
    icc_comparisons: Literal["both", "intra", "inter"] = "both"
    scaling: Scale = "z-score"
    correlation_cutoff: Annotated[float, Field(gt=0, le=1)] = 0.9
    correlation_search: Literal["caret", "exact", "fast"] = "caret"
    folds: Annotated[int, Field(ge=3, le=50)] = 10
    fold_of: dict[Name, Annotated[int, Field(ge=1, le=50)]] = {}
    penalty: Literal["lambda.min", "lambda.1se"] = "lambda.min"
    lasso_standardize: bool = True
    lasso_thresh: Annotated[float, Field(ge=1e-14, le=1e-3)] = 1e-7
    ties: Ties = "efron"
    min_fraction: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    permutations: Annotated[int, Field(ge=0, le=100_000)] = 2000
    cut_resamples: Annotated[int, Field(ge=0, le=100_000)] = 1000
    groups: Literal[2, 3] = 2
    covariates: tuple[str, ...] | None = None
    log2: tuple[str, ...] | None = None
    rows: tuple[Row, ...] = ()
    known_on_day: dict[Name, Annotated[int, Field(ge=-3650, le=3650)]] = {}
    entry: Literal["univariable", "enter", "aic"] = "univariable"
    entry_p: Annotated[float, Field(gt=0, le=1)] = 0.1
    keep_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    events_per_term: Annotated[float, Field(ge=0)] = 10.0
    radiomics_terms: Annotated[int, Field(ge=0, le=100)] = 3
    force_rare: tuple[str, ...] = ()
    separation: Literal["drop", "firth"] = "drop"
    missing: Literal["complete_cases", "imputed"] = "complete_cases"
    imputations: Annotated[int, Field(ge=2, le=200)] = 20
    calibration_groups: Annotated[int, Field(ge=2, le=10)] = 3
    decision: Decision | None = None
    fold_draws: Annotated[int, Field(ge=0, le=10_000)] = 100
    resamples: Annotated[int, Field(ge=0, le=10_000)] = 100
    outer_folds: Annotated[int, Field(ge=2, le=50)] = 5
    outer_repeats: Annotated[int, Field(ge=1, le=100)] = 5
    noise_repeats: Annotated[int, Field(ge=0, le=10_000)] = 50
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    pdf_figures: bool = True
    applicability: Applicability = Applicability()

    @model_validator(mode="after")
    def _candidates_are_said_once(self) -> DevelopConfig:
        if self.rows and (self.covariates is not None or self.log2 is not None):
            raise ValueError("rows name the candidates already: leave out covariates and log2")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 over every choice that can change a number."""
        return digest(canonical_json(self.model_dump(mode="json", exclude=_NO_NUMBERS)))


def load_config(path: Path) -> DevelopConfig:
    """Read a TOML file of choices; what it leaves out keeps its default, or that of the `preset` it names.

    The name of a preset instead of a file is that preset.

    Raises
    ------
    EsccError
        The file cannot be read or is no TOML, or names a preset there is not.
    FaultsError
        Unknown fields or values out of bounds, all at once.
    """
    if str(path) in PRESETS and not path.exists():
        return load_preset(str(path))
    return parse_config(decode_text(read_bytes(path), path.name), path.name)


def parse_config(text: str, name: str) -> DevelopConfig:
    """Read the same from text; `name` is what refusals call it."""
    document = _parsed(text, name)
    preset = document.pop("preset", None)
    return _checked({**(preset_fields(preset) if preset is not None else {}), **document}, name)


def load_preset(name: str) -> DevelopConfig:
    """Return the choices of a shipped preset.

    Raises
    ------
    EsccError
        There is none of that name.
    """
    return _checked(preset_fields(name), name)


def preset_fields(name: object) -> dict[str, object]:
    """Return what a preset says, by field; an EsccError where there is none of that name."""
    if name not in PRESETS:
        raise EsccError(f"There is no preset {name}.", f"Choose {' or '.join(PRESETS)}.")
    path = resource_path("models", f"{name}.toml")
    return _parsed(decode_text(read_bytes(path), path.name), path.name)


def _parsed(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EsccError(f"{name} is no TOML: {error}.", "Mend the line named.") from None
    except RecursionError:
        raise EsccError(f"{name} is nested too deeply.", "It is no configuration of this program.") from None


def _checked(document: dict[str, object], name: str) -> DevelopConfig:
    try:
        return DevelopConfig.model_validate(_with_tuples(document))
    except ValidationError as error:
        faults = [
            Fault(", ".join(filter(None, [name, ".".join(map(str, entry["loc"]))])), plain_words(entry["msg"]))
            for entry in error.errors(include_url=False)
        ]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise FaultsError(
            f"{name} is no valid configuration: {faults[0]}{more}.",
            faults,
            f"Known fields: preset, {', '.join(DevelopConfig.model_fields)}.",
        ) from None


def config_text(config: DevelopConfig) -> str:
    """Return every choice that can change a number as TOML, to be read again by `load_config`."""
    document = config.model_dump(mode="json", exclude=_NO_NUMBERS, exclude_none=True)
    head = "# Every choice of a development: on the same tables it gives the same models again."
    plain = [f"{name} = {_toml(value)}" for name, value in document.items() if not _entries(value)]
    tables = [_table(name, value) for name, value in document.items() if _entries(value)]
    return "\n".join([head, *plain, *tables, ""])


def _entries(value: object) -> list[dict[str, object]]:
    """Return the tables of TOML a value is written as; none for what stands on one line."""
    if isinstance(value, dict):
        return [value] if value else []
    return value if isinstance(value, list) and value and isinstance(value[0], dict) else []


def _table(name: str, value: object) -> str:
    head = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
    return "\n".join(
        line
        for entry in _entries(value)
        for line in ("", head, *(f"{_toml(key)} = {_toml(cell)}" for key, cell in entry.items()))
    )


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(cell)}" for key, cell in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON's strings, numbers, true and false are TOML's, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _with_tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_tuples(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return tuple(_with_tuples(entry) for entry in value)
    return value

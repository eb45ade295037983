"""Every choice of a development as a named field, read from TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.files import canonical_json, decode_text, digest, read_bytes
from escc_desktop.prognosis.card_parts import Applicability
from escc_desktop.stats.agreement import IccForm


class DevelopConfig(BaseModel):
    """Choices of the pipeline; the defaults are the published pipeline where it names one.

    Attributes
    ----------
    patient_value
        How several lesions of a patient become one value.
    icc_form, icc_threshold
        A feature passes with an estimate strictly above the threshold, intra and inter.
    correlation_cutoff
        caret's findCorrelation, strictly above.
    folds
        Of the LASSO's cross-validation.
    min_fraction
        Smallest share of patients on either side of the cut-off.
    permutations
        For the corrected P of the cut-off.
    covariates
        Candidates; None takes every column that is known on day 1.
    log2
        Covariates entered per doubling; None takes skewed laboratory values.
    entry, entry_p
        Which covariates enter the clinical model: those with a univariable P below `entry_p`, or all of them.
    events_per_term
        Events needed for each term of the clinical model.
    radiomics_terms
        How many features of the signature, by size of coefficient, the nomograms carry.
    force_rare
        Covariates kept in spite of a level with fewer than 5 patients or 3 events.
    fold_draws
        How often the selection is repeated with other folds.
    resamples, outer_folds, outer_repeats, noise_repeats
        Bootstrap resamples for optimism; nested cross-validation; permuted outcomes.
    workers
        Processes for the resamples; the numbers do not depend on it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    endpoint: Literal["os", "pfs"] = "os"
    horizon_months: Annotated[float, Field(gt=0, le=600)] = 12.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20240301
    name: Annotated[str, Field(max_length=120)] = ""
    patient_value: Literal["largest", "mean", "volume_weighted_mean"] = "largest"
    icc_form: IccForm = "icc2"
    icc_threshold: Annotated[float, Field(ge=-1, lt=1)] = 0.75
    correlation_cutoff: Annotated[float, Field(gt=0, le=1)] = 0.9
    folds: Annotated[int, Field(ge=3, le=50)] = 10
    min_fraction: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    permutations: Annotated[int, Field(ge=0, le=100_000)] = 2000
    covariates: tuple[str, ...] | None = None
    log2: tuple[str, ...] | None = None
    entry: Literal["univariable", "enter"] = "univariable"
    entry_p: Annotated[float, Field(gt=0, le=1)] = 0.1
    events_per_term: Annotated[float, Field(ge=0)] = 10.0
    radiomics_terms: Annotated[int, Field(ge=1, le=20)] = 3
    force_rare: tuple[str, ...] = ()
    fold_draws: Annotated[int, Field(ge=0, le=10_000)] = 10
    resamples: Annotated[int, Field(ge=0, le=10_000)] = 30
    outer_folds: Annotated[int, Field(ge=2, le=50)] = 5
    outer_repeats: Annotated[int, Field(ge=1, le=100)] = 2
    noise_repeats: Annotated[int, Field(ge=0, le=10_000)] = 15
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    applicability: Applicability = Applicability()

    @property
    def digest(self) -> str:
        """SHA-256 over every choice that can change a number."""
        return digest(canonical_json(self.model_dump(mode="json", exclude={"workers"})))


def load_config(path: Path) -> DevelopConfig:
    """Read a TOML file of choices; what it leaves out keeps its default.

    Raises
    ------
    EsccError
        The file cannot be read or is no TOML.
    FaultsError
        Unknown fields or values out of bounds, all at once.
    """
    try:
        document = tomllib.loads(decode_text(read_bytes(path), path.name))
    except tomllib.TOMLDecodeError as error:
        raise EsccError(f"{path.name} is no TOML: {error}.", "Mend the line named.") from None
    except RecursionError:
        raise EsccError(f"{path.name} is nested too deeply.", "It is no configuration of this program.") from None
    try:
        return DevelopConfig.model_validate(_with_tuples(document))
    except ValidationError as error:
        faults = [
            Fault(f"{path.name}, {'.'.join(map(str, entry['loc']))}", entry["msg"])
            for entry in error.errors(include_url=False)
        ]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise FaultsError(
            f"{path.name} is no valid configuration: {faults[0]}{more}.",
            faults,
            f"Known fields: {', '.join(DevelopConfig.model_fields)}.",
        ) from None


def _with_tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_tuples(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return tuple(_with_tuples(entry) for entry in value)
    return value

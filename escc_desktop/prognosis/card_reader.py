"""What a card knows of its readers: how far another reading of a lesion would move score and risk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from scipy import stats

from escc_desktop.prognosis.card_parts import Part, Positive, Range, Text

Comparison = Literal["intra", "inter"]


class ReadAgain(Part):
    """Standard deviations of the change from one reading to another, for a lesion of the reference volume.

    `score_sd` is of the Rad-score, `lp_sd` of the linear predictor; `n_lesions` were read twice.
    """

    comparison: Comparison
    n_lesions: Annotated[int, Field(ge=3)]
    score_sd: Annotated[float, Field(ge=0)]
    lp_sd: Annotated[float, Field(ge=0)]


class ReaderError(Part):
    """Reader variability of a card; the errors are of the two readers named by `label`, no sample of readers.

    Attributes
    ----------
    reference_volume, volumes
        In mm3, of the lesions read twice: geometric mean and range. None where no volume is known: one error for all.
    """

    label: Text = "these two readers"
    readings: tuple[ReadAgain, ...]
    reference_volume: Positive | None = None
    volumes: Range | None = None


@dataclass(frozen=True)
class ReadingSpread:
    """What 95 % of other readings of the same scan would say; None where there is nothing to say it of.

    Attributes
    ----------
    comparison
        `intra`: the same reader again; `inter`: the other one.
    score, survival
        Limits.
    flip
        Probability that the group would be the other one.
    """

    comparison: Comparison
    n_lesions: int
    score: tuple[float, float] | None
    survival: tuple[float, float] | None
    flip: float | None


def size_factor(reader: ReaderError, volume: float | None) -> float:
    """Return by how much the error of a lesion exceeds that of the reference volume, the cube root of its smallness.

    A contour errs along the surface, features are of the volume: their ratio goes as volume^(-1/3). Volumes outside
    those read twice count as the nearest of them.
    """
    if volume is None or reader.reference_volume is None or reader.volumes is None or not volume > 0:
        return 1.0
    held = min(max(volume, reader.volumes.minimum), reader.volumes.maximum)
    return float((held / reader.reference_volume) ** (-1 / 3))


def reading_spreads(
    reader: ReaderError,
    volume: float | None,
    score: float | None,
    cutoff: float | None,
    survival: float | None,
) -> Iterator[ReadingSpread]:
    """Yield, for each kind of other reading, where it would put a patient.

    Limits use Student's t with as many degrees of freedom as lesions were read twice: so few tell their own spread
    badly.

    Parameters
    ----------
    volume
        Of the lesion read, mm3.
    score, cutoff, survival
        The card's verdict as it stands.
    """
    factor = size_factor(reader, volume)
    for one in reader.readings:
        wide = float(stats.t.ppf(0.975, one.n_lesions)) * factor
        limits = None if score is None else (score - wide * one.score_sd, score + wide * one.score_sd)
        yield ReadingSpread(
            comparison=one.comparison,
            n_lesions=one.n_lesions,
            score=limits,
            survival=_survival(survival, wide * one.lp_sd),
            flip=_flip(score, cutoff, factor * one.score_sd, one.n_lesions),
        )


def _survival(survival: float | None, half: float) -> tuple[float, float] | None:
    if survival is None or not 0 < survival < 1:
        return None
    hazard = -math.log(survival)
    return math.exp(-hazard * math.exp(min(half, 700.0))), math.exp(-hazard * math.exp(-half))


def _flip(score: float | None, cutoff: float | None, sd: float, df: int) -> float | None:
    if score is None or cutoff is None:
        return None
    return 0.0 if sd == 0 else float(stats.t.sf(abs(score - cutoff) / sd, df))

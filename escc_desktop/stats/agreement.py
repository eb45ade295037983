"""Agreement between readings: intraclass correlation and Bland-Altman limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import LARGEST, FloatArray, finite
from escc_desktop.stats.quantiles import f_upper_denominator, f_upper_numerator

IccForm = Literal["icc1", "icc2", "icc3", "icc1k", "icc2k", "icc3k"]
ICC_FORMS: tuple[IccForm, ...] = get_args(IccForm)
_SINGLES: tuple[IccForm, ...] = ("icc1", "icc2", "icc3")
_SINGLE: dict[IccForm, IccForm] = dict(zip(ICC_FORMS, _SINGLES * 2, strict=True))


@dataclass(frozen=True)
class Icc:
    """One intraclass correlation with its F test against 0 and its confidence interval."""

    form: IccForm
    icc: float
    F: float
    df1: float
    df2: float
    p: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class IccMany:
    """Intraclass correlations of p features; each array (p,), NaN where a feature is constant or incomplete."""

    form: IccForm
    icc: FloatArray
    F: FloatArray
    df1: float
    df2: float
    p: FloatArray
    lower: FloatArray
    upper: FloatArray

    def of(self, feature: int) -> Icc:
        """Return the correlation of one feature."""
        i = feature
        return Icc(
            form=self.form,
            icc=float(self.icc[i]),
            F=float(self.F[i]),
            df1=self.df1,
            df2=self.df2,
            p=float(self.p[i]),
            lower=float(self.lower[i]),
            upper=float(self.upper[i]),
        )


@dataclass(frozen=True, eq=False)
class _MeanSquares:
    n: int
    k: int
    between: FloatArray
    within: FloatArray
    readings: FloatArray
    residual: FloatArray


def _mean_squares(ratings: FloatArray) -> _MeanSquares:
    n, k, _ = ratings.shape
    # Centred first: a large common offset would otherwise eat the digits of the differences. On a value of its own
    # before the mean, so that what is constant is exactly 0.
    x = ratings - ratings[:1, :1]
    x -= x.mean(axis=(0, 1))
    by_row, by_reading = x.mean(axis=1), x.mean(axis=0)
    between = k * np.sum(by_row**2, axis=0)
    readings = n * np.sum(by_reading**2, axis=0)
    x -= by_row[:, None, :]
    within = np.einsum("nkp,nkp->p", x, x)
    x -= by_reading[None, :, :]
    residual = np.einsum("nkp,nkp->p", x, x)
    return _MeanSquares(
        n, k, between / (n - 1), within / (n * (k - 1)), readings / (k - 1), residual / ((n - 1) * (k - 1))
    )


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    """Divide; NaN where the divisor is 0 (the feature does not vary) or a part has run off."""
    quotient = np.full(a.shape, np.nan)
    np.divide(a, b, out=quotient, where=np.isfinite(a) & np.isfinite(b) & (b != 0))
    return quotient


def _averaged(single: FloatArray, k: int) -> FloatArray:
    """Return the Spearman-Brown value of the mean of k readings."""
    return _ratio(k * single, 1 + (k - 1) * single)


def _absolute_limits(ms: _MeanSquares, icc2: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return the limits of ICC(2,1): Satterthwaite's degrees of freedom (McGraw and Wong 1996, table 7)."""
    n, k = ms.n, ms.k
    ratio = _ratio(ms.readings, ms.residual)
    a = n * (1 + (k - 1) * icc2) - k * icc2
    v = _ratio(
        (n - 1) * (k - 1) * (k * icc2 * ratio + a) ** 2,
        (n - 1) * (k * icc2 * ratio) ** 2 + a**2,
    )
    f_lower, f_upper = f_upper_denominator(tail, n - 1, v), f_upper_numerator(tail, v, n - 1)
    noise = k * ms.readings + (k * n - k - n) * ms.residual
    # With hardly a degree of freedom left the quantiles run off; such limits become NaN.
    with np.errstate(over="ignore"):
        lower = _ratio(n * (ms.between - f_lower * ms.residual), f_lower * noise + n * ms.between)
        upper = _ratio(n * (f_upper * ms.between - ms.residual), noise + n * f_upper * ms.between)
    return lower, upper


def icc_many(ratings: npt.ArrayLike, form: IccForm = "icc2", alpha: float = 0.05) -> IccMany:
    """Compute an intraclass correlation for each of p features at once.

    Parameters
    ----------
    ratings
        (n, k, p): n patients, k readings, p features. A feature with a missing value gets NaN.
    form
        Shrout and Fleiss (1979): icc1 one-way, icc2 two-way random, absolute agreement, icc3 two-way mixed,
        consistency; a trailing k is the reliability of the mean of the k readings.
    alpha
        1 - confidence level.

    Returns
    -------
    IccMany
        ANOVA estimates as psych::ICC(lmer=FALSE): negative values are kept, not set to 0.

    Raises
    ------
    EsccError
        Fewer than two patients or two readings, or an unknown form.
    """
    if form not in ICC_FORMS:
        raise EsccError(f"There is no ICC form '{form}'.", f"Choose one of {', '.join(ICC_FORMS)}.")
    ms = _checked(ratings)
    single = _single(ms, _SINGLE[form], alpha)
    return single if form in _SINGLES else _of_mean(single, form, ms.k)


def icc_all_forms(ratings: npt.ArrayLike, alpha: float = 0.05) -> dict[IccForm, IccMany]:
    """Compute all six forms as `icc_many` does, from one analysis of variance."""
    ms = _checked(ratings)
    single = {form: _single(ms, form, alpha) for form in _SINGLES}
    return {form: single[form] if form in single else _of_mean(single[_SINGLE[form]], form, ms.k) for form in ICC_FORMS}


def _checked(ratings: npt.ArrayLike) -> _MeanSquares:
    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim != 3 or x.shape[0] < 2 or x.shape[1] < 2:
        raise EsccError(f"Agreement needs at least 2 patients and 2 readings, not an array of shape {x.shape}.")
    return _mean_squares(np.where((np.abs(x) < LARGEST).all(axis=(0, 1)), x, np.nan))


def _single(ms: _MeanSquares, form: IccForm, alpha: float) -> IccMany:
    """Compute icc1, icc2 or icc3."""
    n, k = ms.n, ms.k
    noise = ms.within if form == "icc1" else ms.residual
    df1, df2 = n - 1.0, float(n * (k - 1) if form == "icc1" else (n - 1) * (k - 1))
    F = _ratio(ms.between, noise)
    if form == "icc2":
        single = _ratio(ms.between - noise, ms.between + (k - 1) * noise + k * (ms.readings - noise) / n)
        lower, upper = _absolute_limits(ms, single, alpha / 2)
    else:
        single = _ratio(ms.between - noise, ms.between + (k - 1) * noise)
        f_low, f_high = F / stats.f.isf(alpha / 2, df1, df2), F * stats.f.isf(alpha / 2, df2, df1)
        lower, upper = (_ratio(f - 1, f + k - 1) for f in (f_low, f_high))
    return IccMany(form, single, F, df1, df2, np.asarray(stats.f.sf(F, df1, df2)), lower, upper)


def _of_mean(single: IccMany, form: IccForm, k: int) -> IccMany:
    """Return the reliability of the mean of k readings."""
    icc, lower, upper = (_averaged(value, k) for value in (single.icc, single.lower, single.upper))
    return replace(single, form=form, icc=icc, lower=lower, upper=upper)


def icc(ratings: npt.ArrayLike, form: IccForm = "icc2", alpha: float = 0.05) -> Icc:
    """Compute the intraclass correlation of one feature; `ratings` (n, k), the rest as `icc_many`."""
    return icc_many(finite(ratings, "The table of readings", n_axes=2)[:, :, None], form, alpha).of(0)


@dataclass(frozen=True, eq=False)
class BlandAltman:
    """Differences between two readings (second minus first) against their mean.

    `bias` with its confidence limits; `loa_lower` and `loa_upper` are the limits of agreement
    bias -+ 1.96 sd, each with its own confidence limits (Bland and Altman 1999: se^2 = 3 sd^2 / n).
    """

    mean: FloatArray
    difference: FloatArray
    bias: float
    sd: float
    bias_lower: float
    bias_upper: float
    loa_lower: float
    loa_upper: float
    loa_lower_limits: tuple[float, float]
    loa_upper_limits: tuple[float, float]


def bland_altman(first: npt.ArrayLike, second: npt.ArrayLike, alpha: float = 0.05) -> BlandAltman:
    """Compare two readings of the same patients, each (n,), n >= 2.

    Raises
    ------
    EsccError
        The readings differ in length or are fewer than two.
    """
    a, b = finite(first, "The first reading"), finite(second, "The second reading")
    if a.size != b.size or a.size < 2:
        raise EsccError(f"Two readings of the same patients are needed, at least 2; there are {a.size} and {b.size}.")
    difference = b - a
    n, bias, sd = a.size, float(difference.mean()), float(difference.std(ddof=1))
    t = float(stats.t.isf(alpha / 2, n - 1))
    half, loa_half = t * sd / np.sqrt(n), t * sd * np.sqrt(3 / n)
    low, high = bias - 1.96 * sd, bias + 1.96 * sd
    return BlandAltman(
        mean=(a + b) / 2,
        difference=difference,
        bias=bias,
        sd=sd,
        bias_lower=float(bias - half),
        bias_upper=float(bias + half),
        loa_lower=low,
        loa_upper=high,
        loa_lower_limits=(float(low - loa_half), float(low + loa_half)),
        loa_upper_limits=(float(high - loa_half), float(high + loa_half)),
    )

"""One statistical step on one case folder: `case.json` and its CSV tables in, the step's results out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.files import CsvTable, read_csv, read_json
from escc_desktop.stats.agreement import ICC_FORMS, Icc, icc_many
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.cox import CoxFit, cox
from escc_desktop.stats.cutpoint import maximally_selected_log_rank, three_groups
from escc_desktop.stats.design import binomial_test, proportion, sample_size
from escc_desktop.stats.diagnostics import (
    TimeScale,
    martingale_residuals,
    proportional_hazards,
    schoenfeld_residuals,
)
from escc_desktop.stats.firth import firth_cox
from escc_desktop.stats.performance import c_index
from escc_desktop.stats.selection import (
    LassoControl,
    correlation,
    cox_lasso_cv,
    cox_lasso_path,
    find_correlation,
    fit_scaler,
)
from escc_desktop.stats.survival import (
    Endpoint,
    Estimate,
    IntervalKind,
    KaplanMeier,
    LogRank,
    kaplan_meier,
    log_rank,
    median_follow_up,
)

Result = dict[str, object]

KEPT_ABOVE = 0.75
PERMUTATIONS = 10_000
SEED = 20260101
# The stopping rules R's reference was made with: see reference/statistics/README.md.
TIGHT_PATH = LassoControl(thresh=1e-13, max_passes=1_000_000)
TIGHT_FOLDS = LassoControl(thresh=1e-11, max_passes=1_000_000)
PIPELINE_PATH = LassoControl(thresh=1e-9, max_passes=1_000_000)


@dataclass(frozen=True)
class _Case:
    """A case folder and its parameters."""

    folder: Path
    parameters: Mapping[str, object]

    def table(self, name: str) -> _Table:
        return _Table(read_csv(self.folder / name))

    def _get(self, key: str) -> object:
        if key not in self.parameters:
            raise EsccError(f"{self.folder / 'case.json'} has no '{key}'.", "The step needs it.")
        return self.parameters[key]

    def number(self, key: str) -> float:
        return _number(self._get(key), f"case.json, {key}")

    def integer(self, key: str) -> int:
        return int(self.number(key))

    def text(self, key: str) -> str:
        return str(self._get(key))

    def numbers(self, key: str) -> list[float]:
        return [_number(value, f"case.json, {key}") for value in _list(self._get(key), key)]

    def texts(self, key: str, allowed: tuple[str, ...]) -> list[str]:
        values = [str(value) for value in _list(self._get(key), key)]
        unknown = [value for value in values if value not in allowed]
        if unknown:
            raise EsccError(f"case.json: {key} names {unknown[0]}, which is no column.")
        return values

    def cases(self, key: str) -> list[_Case]:
        return [_Case(self.folder, _object(value, key)) for value in _list(self._get(key), key)]

    def case(self, key: str) -> _Case:
        return _Case(self.folder, _object(self._get(key), key))


@dataclass(frozen=True)
class _Table:
    """A CSV table of numbers."""

    source: CsvTable

    @property
    def names(self) -> tuple[str, ...]:
        return self.source.header

    def text(self, column: str) -> tuple[str, ...]:
        if column not in self.source.header:
            raise EsccError(f"{self.source.name} has no column {column}.", "The step needs it.")
        return self.source.column(column)

    def column(self, name: str) -> FloatArray:
        cells = self.text(name)
        return np.array([_number(cell, self.source.place(row, name)) for row, cell in enumerate(cells)])

    def matrix(self, names: tuple[str, ...]) -> FloatArray:
        return np.column_stack([self.column(name) for name in names])

    def endpoint(self) -> Endpoint:
        status = self.column("status")
        odd = np.flatnonzero((status != 0) & (status != 1))
        if odd.size:
            place = self.source.place(int(odd[0]), "status")
            raise EsccError(f"{place}: an event is 1 and censoring 0, not {status[odd[0]]:g}.")
        return Endpoint(self.column("time"), status == 1)


def _number(value: object, where: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise EsccError(f"{where}: {str(value)[:40]!r} is no number.", "Every value must be a plain number.")
    return number


def _integers(values: FloatArray, where: str) -> IntArray:
    if (values % 1 != 0).any():
        raise EsccError(f"{where}: a value is not a whole number.")
    return values.astype(np.int64)


def _list(value: object, key: str) -> list[object]:
    if not isinstance(value, list):
        raise EsccError(f"case.json: {key} is no list.")
    return value


def _object(value: object, key: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise EsccError(f"case.json: {key} holds something that is no object.")
    return value


def _plain(value: object) -> object:
    """Return results as JSON knows them: lists, numbers, null where a value does not exist."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def run_case(step: str, folder: Path) -> dict[str, object]:
    """Compute one step on one case folder.

    Parameters
    ----------
    step
        One of `STEPS`.
    folder
        Holds `case.json` and the CSV tables the step reads; nothing else is read.

    Returns
    -------
    dict
        The results, ready for JSON, under the keys of the reference cases' `expected.json`.

    Raises
    ------
    UsageError
        The step is unknown.
    EsccError
        The folder, a file or a value is missing or wrong.
    """
    if step not in STEPS:
        raise UsageError(f"There is no statistical step '{step}'.", f"Steps are {', '.join(sorted(STEPS))}.")
    if not folder.is_dir():
        raise EsccError(f"{folder} is no folder.", "Give the folder of a case, with its case.json.")
    parameters = _object(read_json(folder / "case.json"), "the file")
    plain = _plain(STEPS[step](_Case(folder, parameters)))
    return dict(_object(plain, "the result"))


def summary(result: Mapping[str, object]) -> str:
    """Return a line for each result, lists and objects by their size."""
    return "\n".join(f"{key}: {_short(value)}" for key, value in result.items())


def _short(value: object) -> str:
    if isinstance(value, dict | list) and len(str(value)) > 80:
        return f"{len(value)} entries"
    return str(value)


# --- agreement and design -------------------------------------------------------------------------------------


def _icc_step(case: _Case) -> Result:
    table, alpha = case.table("input.csv"), case.number("alpha")
    features = table.text("feature")
    names = tuple(dict.fromkeys(features))
    readings = table.matrix(("A1", "A2", "B"))
    blocks = [readings[[feature == name for feature in features]] for name in names]
    if len({block.shape for block in blocks}) > 1:
        raise EsccError("input.csv: the features have different numbers of patients.")
    ratings = np.stack(blocks, axis=2)
    comparisons = {"intra_A1_A2": [0, 1], "inter_A1_B": [0, 2], "three": [0, 1, 2]}
    forms = {form: form.replace("icc", "ICC") for form in ICC_FORMS}
    values = {
        (comparison, form): icc_many(ratings[:, columns], form, alpha)
        for comparison, columns in comparisons.items()
        for form in ICC_FORMS
    }
    per_feature = {
        name: {
            comparison: {label: _icc_result(values[comparison, form].of(i)) for form, label in forms.items()}
            for comparison in comparisons
        }
        for i, name in enumerate(names)
    }
    two_inter = values["inter_A1_B", "icc2"].icc > KEPT_ABOVE
    both = two_inter & (values["intra_A1_A2", "icc2"].icc > KEPT_ABOVE)
    return {
        "features": per_feature,
        "kept_ICC2_inter": _where(names, two_inter),
        "kept_ICC3_inter": _where(names, values["inter_A1_B", "icc3"].icc > KEPT_ABOVE),
        "kept_ICC2_both": _where(names, both),
    }


def _icc_result(icc: Icc) -> Result:
    fields = ("icc", "F", "df1", "df2", "p", "lower", "upper")
    return {field: getattr(icc, field) for field in fields}


def _where(names: tuple[str, ...], kept: np.ndarray) -> list[str]:
    return [name for name, keep in zip(names, kept, strict=True) if keep]


def _binomial_step(case: _Case) -> Result:
    def one(entry: _Case) -> Result:
        x, n, p0 = entry.integer("x"), entry.integer("n"), entry.number("p0")
        at95, at90, test = proportion(x, n), proportion(x, n, 0.9), binomial_test(x, n, p0)
        return {
            "x": x,
            "n": n,
            "p0": p0,
            "est": at95.estimate,
            "cp_lower": at95.exact_lower,
            "cp_upper": at95.exact_upper,
            "cp90": [at90.exact_lower, at90.exact_upper],
            "p_two": test.p_two_sided,
            "p_greater": test.p_greater,
            "wilson": [at95.wilson_lower, at95.wilson_upper],
        }

    return {"cases": [one(entry) for entry in case.cases("cases")]}


def _sample_size_step(case: _Case) -> Result:
    def one(entry: _Case) -> Result:
        found = sample_size(entry.number("p0"), entry.number("p1"), entry.number("alpha"), entry.number("power"))
        return {
            "first_n": found.n,
            "critical_k": found.critical,
            "actual_alpha": found.attained_alpha,
            "actual_power": found.attained_power,
            "smallest_n_with_power_for_all_larger": found.stable_n,
        }

    return {"cases": [one(entry) for entry in case.cases("cases")]}


# --- selection ------------------------------------------------------------------------------------------------


def _find_correlation_step(case: _Case) -> Result:
    table = case.table("input.csv")
    X = table.matrix(table.names)
    corr, scaler, shown = correlation(X), fit_scaler(X), table.names[:5]
    runs = []
    for run in case.cases("runs"):
        cutoff, exact = run.number("cutoff"), bool(run.parameters.get("exact"))
        removed = find_correlation(corr, cutoff, exact)
        names = [table.names[column] for column in removed]
        runs.append(
            {"cutoff": cutoff, "exact": exact, "removed_in_order": names, "n_kept": len(table.names) - len(names)}
        )
    first = scaler.transform(X[:1])[0]
    zscore = {
        "mean": _named(shown, scaler.mean[:5]),
        "sd": _named(shown, scaler.sd[:5]),
        "row1": _named(shown, first[:5]),
    }
    return {"default_exact": len(table.names) < 100, "runs": runs, "zscore": zscore}


def _named(names: tuple[str, ...], values: FloatArray) -> Result:
    return dict(zip(names, values.tolist(), strict=True))


def _selected(names: tuple[str, ...], coef: FloatArray) -> Result:
    return {name: float(value) for name, value in zip(names, coef, strict=True) if value != 0}


def _lasso_step(case: _Case) -> Result:
    table, outcome = case.table("X.csv"), case.table("y.csv")
    names, X, endpoint = table.names, table.matrix(table.names), outcome.endpoint()
    fold = _integers(outcome.column("foldid"), "y.csv, column foldid")
    cv = cox_lasso_cv(X, endpoint, fold)
    penalties = cv.path.lambdas[: case.integer("n_tight")]
    tight = cox_lasso_path(X, endpoint, penalties, TIGHT_PATH)
    tight_cv = cox_lasso_cv(X, endpoint, fold, penalties, TIGHT_FOLDS)
    at_min = tight.at([cv.lambda_min])[0]
    raw = case.case("unstandardized_at")
    raw_lambdas, raw_index = raw.numbers("lambda"), raw.integer("index")
    raw_control = LassoControl(standardize=False, thresh=1e-13, max_passes=1_000_000)
    raw_path = cox_lasso_path(X, endpoint, raw_lambdas, raw_control)
    return {
        "n": X.shape[0],
        "p": X.shape[1],
        "lambda": cv.path.lambdas,
        "df": cv.n_selected,
        "dev_ratio": tight.deviance_ratio,
        "nulldev": cv.path.null_deviance,
        "cvm": cv.cvm,
        "cvsd": cv.cvsd,
        "cvm_tight": tight_cv.cvm,
        "cvsd_tight": tight_cv.cvsd,
        "lambda_min": cv.lambda_min,
        "lambda_1se": cv.lambda_1se,
        "lambda_min_tight": tight_cv.lambda_min,
        "lambda_1se_tight": tight_cv.lambda_1se,
        "coef_tight": [
            {
                "index": at.integer("index"),
                "lambda": at.number("lambda"),
                "beta": _selected(names, tight.at([at.number("lambda")])[0]),
            }
            for at in case.cases("coef_at")
        ],
        "coef_tight_at_min": {"beta": _selected(names, at_min)},
        "radscore_at_min": X @ at_min,
        "unstandardized": {
            "lambda": raw_lambdas,
            "index": raw_index,
            "beta": _selected(names, raw_path.at([raw_lambdas[raw_index]])[0]),
        },
    }


def _pipeline_step(case: _Case) -> Result:
    table, outcome = case.table("features.csv"), case.table("outcome.csv")
    X, endpoint = table.matrix(table.names), outcome.endpoint()
    fold = _integers(outcome.column("foldid"), "outcome.csv, column foldid")
    Z = fit_scaler(X).transform(X)
    removed = find_correlation(correlation(Z), case.number("correlation_cutoff"))
    kept = np.setdiff1d(np.arange(len(table.names)), removed)
    names = tuple(table.names[column] for column in kept)
    cv = cox_lasso_cv(Z[:, kept], endpoint, fold, control=PIPELINE_PATH)
    coef = cv.coef_at_min if case.text("lambda_rule") == "min" else cv.path.coef[cv.one_se_index]
    score = Z[:, kept] @ coef
    cut = maximally_selected_log_rank(endpoint, score, case.number("minfrac"))
    return {
        "n_kept": len(names),
        "removed_in_order": [table.names[column] for column in removed],
        "lambda": cv.path.lambdas,
        "cvm": cv.cvm,
        "lambda_min": cv.lambda_min,
        "coef": _selected(names, coef),
        "radscore": score,
        "cut": cut.cut,
        "chisq": cut.chisq,
        "p_naive": cut.naive_p,
        "c_radscore": c_index(endpoint, score).c,
    }


# --- survival -------------------------------------------------------------------------------------------------


def _quantiles(km: KaplanMeier, kind: IntervalKind) -> Result:
    found: list[Estimate] = [km.quantile(p, kind) for p in (0.25, 0.5, 0.75)]
    return {
        "q": [estimate.value for estimate in found],
        "lower": [estimate.lower for estimate in found],
        "upper": [estimate.upper for estimate in found],
    }


def _slope_median(km: KaplanMeier) -> Result | None:
    found = km.slope_median()
    if found is None:
        return None
    return {
        "median": found.median,
        "u": found.before,
        "l": found.after,
        "f": found.slope,
        "se": found.std_error,
        "lower": found.lower,
        "upper": found.upper,
    }


def _log_rank(test: LogRank) -> Result:
    return {"chisq": test.chisq, "p": test.p, "obs": test.observed, "exp": test.expected}


def _kaplan_meier_step(case: _Case) -> Result:
    table, times = case.table("input.csv"), case.numbers("times")
    endpoint, group = table.endpoint(), _integers(table.column("group"), "input.csv, column group")
    km = kaplan_meier(endpoint)
    at = km.at(times)

    def limits(kind: IntervalKind) -> Result:
        read = km.at(times, kind)
        return {"lower": read.lower, "upper": read.upper}

    def of_group(label: int) -> Result:
        part = endpoint.take(group == label)
        curve = kaplan_meier(part)
        return {"n": part.n, "events": part.n_events, "log": _quantiles(curve, "log"), "spss": _slope_median(curve)}

    fit = cox(endpoint, group[:, None], ("group",))
    return {
        "u": case.number("u"),
        "times": times,
        "surv": at.survival,
        "std_err": at.std_error,
        "n_risk": at.n_risk,
        "n_event_cum": at.n_event,
        "ci_log": limits("log"),
        "ci_loglog": limits("log-log"),
        "ci_plain": limits("plain"),
        "curve": {
            "time": km.time,
            "n_risk": km.n_risk,
            "n_event": km.n_event,
            "n_censor": km.n_censor,
            "surv": km.survival,
            "se_log": km.std_error_log,
        },
        "median_log": _quantiles(km, "log"),
        "median_loglog": _quantiles(km, "log-log"),
        "median_plain": _quantiles(km, "plain"),
        "spss_median": _slope_median(km),
        "rmean": list(km.restricted_mean()),
        "median_followup_reverseKM": median_follow_up(endpoint).value,
        "groups": {str(label): of_group(label) for label in np.unique(group).tolist()},
        "logrank": _log_rank(log_rank(endpoint, group)),
        "peto_rho1": _log_rank(log_rank(endpoint, group, rho=1)),
        "hr": {
            "hr": float(fit.hr[0]),
            "lower": float(fit.hr_lower[0]),
            "upper": float(fit.hr_upper[0]),
            "p": float(fit.p[0]),
        },
    }


def _cutpoint_step(case: _Case) -> Result:
    table, min_fraction = case.table("input.csv"), case.number("minfrac")
    endpoint, score = table.endpoint(), table.column("x")
    best = maximally_selected_log_rank(endpoint, score, min_fraction, PERMUTATIONS, SEED)
    three = three_groups(endpoint, score, min_fraction, case.numbers("three_group_candidates"))
    above = cox(endpoint, (score > best.cut)[:, None], ("high",))
    return {
        "minfrac": min_fraction,
        "rule": case.text("rule"),
        "candidates": best.candidates,
        "chisq": best.chisqs,
        "best_cut": best.cut,
        "best_chisq": best.chisq,
        "naive_p": best.naive_p,
        "n_low": best.n_low,
        "n_high": best.n_high,
        "obs": best.observed,
        "exp": best.expected,
        "hr_high": float(above.hr[0]),
        "p_miller_siegmund": best.miller_siegmund_p,
        "ms_eps": best.fractions,
        "p_permutation": best.permutation_p,
        "perm_B": best.n_permutations,
        "perm_mcse": best.permutation_std_error,
        "three_group": {
            "chisq": three.chisq,
            "low_cut": three.low_cut,
            "high_cut": three.high_cut,
            "p": three.naive_p,
            "sizes": three.sizes,
        },
    }


def _cox_step(case: _Case) -> Result:
    table, u = case.table("input.csv"), case.number("u")
    names = tuple(name for name in table.names if name not in {"time", "status"})
    endpoint, X = table.endpoint(), table.matrix(names)
    return {
        "u": u,
        "formula": case.text("formula"),
        "efron": _cox_fit(endpoint, X, cox(endpoint, X, names, "efron"), u),
        "breslow": _cox_fit(endpoint, X, cox(endpoint, X, names, "breslow"), u),
        "univariable": [_univariable(endpoint, X[:, [k]], name) for k, name in enumerate(names)],
        "epv": endpoint.n_events / len(names),
        "events": endpoint.n_events,
        "events_by_u": int(np.sum(endpoint.event & (endpoint.time_months <= u))),
    }


def _univariable(endpoint: Endpoint, column: FloatArray, name: str) -> Result:
    fit = cox(endpoint, column, (name,))
    fields = ("coef", "se", "hr", "p")
    values = {field: float(getattr(fit, field)[0]) for field in fields}
    return {"var": name, **values, "lower": float(fit.hr_lower[0]), "upper": float(fit.hr_upper[0])}


def _cox_fit(endpoint: Endpoint, X: FloatArray, fit: CoxFit, u: float) -> Result:
    df = len(fit.names)
    # coxph leaves columns of only -1, 0 and 1 uncentred ("nocenter").
    r_means = np.where(np.isin(X, (-1, 0, 1)).all(axis=0), 0.0, fit.means)
    hazard = fit.cumulative_hazard(u)
    at_zero, at_means = (hazard * float(np.exp((x - fit.means) @ fit.coef)) for x in (np.zeros(df), r_means))
    first = X[:5]
    std_error, lower_log, upper_log = fit.survival_limits(first, u, "log")
    _, lower_loglog, upper_loglog = fit.survival_limits(first, u, "log-log")
    c = c_index(endpoint, X @ fit.coef)
    scales: tuple[TimeScale, ...] = ("km", "identity", "rank", "log")
    return {
        "coef": _named(fit.names, fit.coef),
        "se": fit.se,
        "z": fit.z,
        "p": fit.p,
        "hr": fit.hr,
        "lower": fit.hr_lower,
        "upper": fit.hr_upper,
        "loglik": fit.loglik,
        "lrt": [fit.lr_chisq, df, float(stats.chi2.sf(fit.lr_chisq, df))],
        "score": [fit.score_chisq, df, float(stats.chi2.sf(fit.score_chisq, df))],
        "concordance": [c.c, c.se],
        "means": _named(fit.names, r_means),
        "vcov": fit.vcov,
        "H0_u_at_zero": at_zero,
        "H0_u_at_means": at_means,
        "pred_S_u": fit.survival(first, u),
        "pred_S_u_lower_log": lower_log,
        "pred_S_u_upper_log": upper_log,
        "pred_S_u_lower_loglog": lower_loglog,
        "pred_S_u_upper_loglog": upper_loglog,
        "pred_stderr": std_error,
        "martingale5": martingale_residuals(fit, endpoint, X)[:5],
        "schoenfeld_first": schoenfeld_residuals(fit, endpoint, X).residual[0],
        "zph": [_proportional_hazards(endpoint, X, fit, scale) for scale in scales],
    }


def _proportional_hazards(endpoint: Endpoint, X: FloatArray, fit: CoxFit, scale: TimeScale) -> Result:
    test = proportional_hazards(fit, endpoint, X, scale)
    return {
        "transform": scale,
        "chisq": [*test.chisq.tolist(), test.global_chisq],
        "df": [1] * len(fit.names) + [len(fit.names)],
        "p": [*test.p.tolist(), test.global_p],
        "rows": [*fit.names, "GLOBAL"],
    }


def _firth_step(case: _Case) -> Result:
    table = case.table("input.csv")
    names = tuple(name for name in table.names if name not in {"time", "status"})
    fit = firth_cox(table.endpoint(), table.matrix(names), names)
    profiles = [fit.profile(name) for name in case.texts("profile", names)]
    return {
        "coef": _named(names, fit.coef),
        "se_wald": fit.se,
        "pen_loglik": fit.loglik[1],
        "pen_loglik_null": fit.loglik[0],
        "lr_chisq": fit.lr_chisq,
        "profile_ci": {profile.name: [profile.lower, profile.upper] for profile in profiles},
        "pl_test_chisq": {profile.name: profile.chisq for profile in profiles},
    }


STEPS: dict[str, Callable[[_Case], Result]] = {
    "binom": _binomial_step,
    "cox": _cox_step,
    "findcorr": _find_correlation_step,
    "firth": _firth_step,
    "icc": _icc_step,
    "km": _kaplan_meier_step,
    "lasso": _lasso_step,
    "pipeline": _pipeline_step,
    "samplesize": _sample_size_step,
    "xtile": _cutpoint_step,
}

"""Steps of survival analysis: km, cox, firth."""

from __future__ import annotations

import numpy as np
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.cox import CoxFit, cox
from escc_desktop.stats.diagnostics import (
    TimeScale,
    martingale_residuals,
    proportional_hazards,
    schoenfeld_residuals,
)
from escc_desktop.stats.firth import firth_cox
from escc_desktop.stats.performance import c_index
from escc_desktop.stats.risksets import Ties
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
from escc_desktop.workflow.casebook.case import Case, Result, integers, named


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


def kaplan_meier_step(case: Case) -> Result:
    """Compute the survival curve, its quantiles and the test between two groups."""
    table, times = case.table("input.csv"), case.numbers("times")
    u = case.number("u", times[-1])
    endpoint, group = table.endpoint(), integers(table.column("group"), "input.csv, column group")
    km = kaplan_meier(endpoint)
    at = km.at(times)

    def limits(kind: IntervalKind) -> Result:
        read = km.at(times, kind)
        return {"lower": read.lower, "upper": read.upper}

    def of_group(label: int) -> Result:
        part = endpoint.take(group == label)
        curve = kaplan_meier(part)
        return {"n": part.n, "events": part.n_events, "log": _quantiles(curve, "log"), "spss": _slope_median(curve)}

    return {
        "u": u,
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
        "hr": _hazard_ratio(endpoint, group),
    }


def _hazard_ratio(endpoint: Endpoint, group: IntArray) -> Result:
    """Return the hazard ratio of a step of `group`; null, and why, where none can be estimated."""
    try:
        fit = cox(endpoint, group[:, None], ("group",))
    except EsccError as error:
        return {"hr": None, "lower": None, "upper": None, "p": None, "note": str(error)}
    limits = {"lower": float(fit.hr_lower[0]), "upper": float(fit.hr_upper[0])}
    return {"hr": float(fit.hr[0]), **limits, "p": float(fit.p[0])}


def cox_step(case: Case) -> Result:
    """Fit the Cox model with both rules for ties, with its predictions and checks."""
    table, u = case.table("input.csv"), case.months("u")
    names = table.covariates
    endpoint, X = table.endpoint(), table.matrix(names)
    efron, breslow = (_sound(cox(endpoint, X, names, ties)) for ties in _TIES)
    return {
        "u": u,
        "formula": case.text("formula", f"Surv(time, status) ~ {' + '.join(names)}"),
        "efron": _cox_fit(endpoint, X, efron, u),
        "breslow": _cox_fit(endpoint, X, breslow, u),
        "univariable": [_univariable(endpoint, X[:, [k]], name) for k, name in enumerate(names)],
        "epv": endpoint.n_events / len(names),
        "events": endpoint.n_events,
        "events_by_u": int(np.sum(endpoint.event & (endpoint.time_months <= u))),
    }


_TIES: tuple[Ties, ...] = ("efron", "breslow")


def _sound(fit: CoxFit) -> CoxFit:
    """Return a fit whose residuals mean something, or say why there is none."""
    if not fit.separated:
        return fit
    if fit.n_events == 1:
        raise EsccError("There is one event: no hazard ratio can be estimated from it.", "Two events are needed.")
    raise EsccError(
        f"The covariate {', '.join(fit.separated)} separates: its hazard ratio grows without end.",
        "Leave it out, or use the step firth.",
    )


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
        "coef": named(fit.names, fit.coef),
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
        "means": named(fit.names, r_means),
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


def firth_step(case: Case) -> Result:
    """Fit Firth's penalised Cox model."""
    table = case.table("input.csv")
    names = table.covariates
    fit = firth_cox(table.endpoint(), table.matrix(names), names)
    profiles = [fit.profile(name) for name in case.texts("profile", names, names)]
    return {
        "coef": named(names, fit.coef),
        "se_wald": fit.se,
        "pen_loglik": fit.loglik[1],
        "pen_loglik_null": fit.loglik[0],
        "lr_chisq": fit.lr_chisq,
        "profile_ci": {profile.name: [profile.lower, profile.upper] for profile in profiles},
        "pl_test_chisq": {profile.name: profile.chisq for profile in profiles},
    }

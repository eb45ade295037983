"""Steps on predictions: discrimination, brier, dca, calibration, nomogram."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.calibration import CalibrationGroup, calibration_groups, equal_sizes, net_benefit
from escc_desktop.stats.cox import CoxFit, cox
from escc_desktop.stats.nomogram import Nomogram, Predictor, axis_ticks, nomogram
from escc_desktop.stats.performance import (
    Auc,
    CIndex,
    NoetherC,
    auc_at,
    brier,
    c_index,
    compare,
    integrated_brier,
    noether_c,
    uno_c,
)
from escc_desktop.stats.survival import Endpoint, kaplan_meier
from escc_desktop.workflow.casebook.case import Case, Result, Table, named

# --- discrimination -------------------------------------------------------------------------------------------


def discrimination_step(case: Case) -> Result:
    """Compare two markers by concordance and time-dependent AUC."""
    table, u = case.table("input.csv"), case.months("u")
    endpoint = table.endpoint()
    markers = {name: table.column(name) for name in ("m1", "m2")}
    both = list(markers.values())
    noether = [noether_c(endpoint, marker) for marker in both]
    harrell = [c_index(endpoint, marker) for marker in both]
    influence = np.stack([c.influence for c in harrell])
    difference = compare(*harrell)
    times = case.numbers("auc_times", [u])
    per_time = {name: [auc_at(endpoint, marker, t).auc for t in times] for name, marker in markers.items()}
    return {
        "u": u,
        "survcomp": {
            "m1": _noether(noether[0]),
            "m2": _noether(noether[1]),
            "comp_m2_vs_m1": _one_sided(noether, both, endpoint.n),
        },
        "survival_concordance": {
            "m1": _harrell(harrell[0], endpoint, both[0]),
            "m2": _harrell(harrell[1], endpoint, both[1]),
            "joint_vcov": influence @ influence.T,
            "diff": difference.difference,
            "diff_se": difference.se,
        },
        "uno": {name: _c_and_se(uno_c(endpoint, marker, u)) for name, marker in markers.items()},
        "auc_u": _aucs([auc_at(endpoint, marker, u) for marker in both]),
        "auc_times": {"times": times, **per_time},
    }


def _noether(c: NoetherC) -> Result:
    return {"c.index": c.c, "se": c.se, "lower": c.lower, "upper": c.upper, "p": c.p}


def _one_sided(c: list[NoetherC], markers: list[FloatArray], n: int) -> Result:
    """Return survcomp's cindex.comp of the second against the first."""
    r = float(stats.spearmanr(markers[1], markers[0]).statistic)
    se = np.sqrt(max(c[1].se ** 2 + c[0].se ** 2 - 2 * r * c[1].se * c[0].se, 0.0))
    t = float((c[1].c - c[0].c) / se) if se > 0 else float("nan")
    return {"spearman": r, "t": t, "df": n - 1, "p_one_sided": float(stats.t.sf(t, n - 1))}


def _c_and_se(c: CIndex) -> Result:
    return {"c": c.c, "se": c.se}


def _harrell(c: CIndex, endpoint: Endpoint, marker: FloatArray) -> Result:
    time, value = endpoint.time_months[endpoint.event], marker[endpoint.event]
    same_time = np.triu(time[:, None] == time[None, :], k=1)
    same_both = same_time & (value[:, None] == value[None, :])
    counts = {
        "concordant": c.concordant,
        "discordant": c.discordant,
        "tied.x": c.tied_risk,
        "tied.y": int(same_time.sum() - same_both.sum()),
        "tied.xy": int(same_both.sum()),
    }
    return {**_c_and_se(c), "counts": counts}


def _aucs(aucs: list[Auc]) -> Result:
    delta = compare(*aucs)
    return {
        "auc": [auc.auc for auc in aucs],
        "se": [auc.se for auc in aucs],
        "lower": [auc.lower for auc in aucs],
        "upper": [auc.upper for auc in aucs],
        "delta": delta.difference,
        "delta_se": delta.se,
        "delta_p": delta.p,
    }


# --- errors and decisions -------------------------------------------------------------------------------------


def brier_step(case: Case) -> Result:
    """Score predicted survival of two models and of the Kaplan-Meier curve."""
    table, u = case.table("input.csv"), case.months("u")
    endpoint, grid = table.endpoint(), np.array(case.numbers("grid"))
    tables = {name: case.table(f"surv_{name}.csv") for name in ("m1", "m2")}
    predicted = {name: _probabilities(part.matrix(part.names), f"surv_{name}.csv") for name, part in tables.items()}
    predicted["ref"] = np.tile(kaplan_meier(endpoint).at(grid).survival, (endpoint.n, 1))
    if any(values.shape != (endpoint.n, grid.size) for values in predicted.values()):
        raise EsccError("surv_m1.csv or surv_m2.csv does not have a row for each patient and a column for each time.")
    labels = {"ref": "Reference", "m1": "m1", "m2": "m2"}
    scores = {name: [brier(endpoint, part[:, k], t) for k, t in enumerate(grid)] for name, part in predicted.items()}
    last = [scores[name][-1] for name in labels]
    models = case.case("models")
    exact = {
        "Reference": _exact_ibs(endpoint, None, u),
        "m1": _exact_ibs(endpoint, _fit(table, (models.text("m1"),)), u),
        "m2": _exact_ibs(endpoint, _fit(table, tuple(models.texts("m2", table.names))), u),
    }
    return {
        "u": u,
        "grid": grid,
        **{f"brier_{name}": [score.brier for score in values] for name, values in scores.items()},
        "crps_grid": {labels[name]: integrated_brier(endpoint, predicted[name], grid) for name in labels},
        "ibs_exact": exact,
        "score_brier_u": {
            "model": ["Null model", "m1", "m2"],
            "brier": [score.brier for score in last],
            "se": [score.se for score in last],
            "lower": [score.lower for score in last],
            "upper": [score.upper for score in last],
        },
    }


Fitted = tuple[CoxFit, FloatArray]


def _fit(table: Table, names: tuple[str, ...]) -> Fitted:
    X = table.matrix(names)
    return cox(table.endpoint(), X, names), X


def _exact_ibs(endpoint: Endpoint, fitted: Fitted | None, u: float) -> float:
    # As pec: the integral ends at the last follow-up time up to u, and is divided by that time.
    grid = np.append(0.0, np.unique(endpoint.time_months[endpoint.time_months <= u]))
    if fitted is None:
        survival = np.tile(kaplan_meier(endpoint).at(grid).survival, (endpoint.n, 1))
    else:
        fit, X = fitted
        survival = np.column_stack([fit.survival(X, float(t)) for t in grid])
    return integrated_brier(endpoint, survival, grid)


def _thresholds(case: Case) -> FloatArray:
    found = np.array(case.numbers("thresholds", [k / 100 for k in range(1, 100)]))
    if found.min() <= 0 or found.max() >= 1:
        raise EsccError("case.json: thresholds have to lie between 0 and 1.")
    return found


def _probabilities(values: FloatArray, where: str) -> FloatArray:
    if values.min() < 0 or values.max() > 1:
        raise EsccError(f"{where}: a probability lies outside 0 to 1.")
    return values


def decision_step(case: Case) -> Result:
    """Draw the decision curves of two risks."""
    table, u, thresholds = case.table("input.csv"), case.months("u"), _thresholds(case)
    endpoint = table.endpoint()
    risks = [_probabilities(table.column(name), f"input.csv, column {name}") for name in ("risk1", "risk2")]
    first, second = (net_benefit(endpoint, risk, u, thresholds) for risk in risks)
    return {
        "u": u,
        "thresholds": thresholds,
        "nb_m1": first.model,
        "nb_m2": second.model,
        "nb_all": second.treat_all,
        "nb_none": 0,
        "frac_high_m2": second.fraction_high,
        "kmrisk_high_m2": second.risk_high,
    }


# --- calibration ----------------------------------------------------------------------------------------------


def calibration_step(case: Case) -> Result:
    """Compare predicted and observed survival in groups, and bootstrap the concordance on given resamples."""
    table, u = case.table("input.csv"), case.months("u")
    endpoint, names = table.endpoint(), table.covariates
    X = table.matrix(names)
    fit = cox(endpoint, X, names)
    predicted = fit.survival(X, u)
    thirds_of = equal_sizes(endpoint.n, 3)
    groups = calibration_groups(endpoint, predicted, u, case.integers("rms_KM_groups", thirds_of))
    thirds = calibration_groups(endpoint, predicted, u, thirds_of)
    return {
        "u": u,
        "rms_KM": {
            "mean_predicted": [group.predicted for group in groups],
            "KM": [group.observed for group in groups],
            "index_orig": [group.observed - group.predicted for group in groups],
            "std_err": [group.std_error / group.observed if group.observed > 0 else None for group in groups],
        },
        "tertiles": [_tertile(group) for group in thirds],
        "predicted_S": predicted,
        "det_boot": _given_resamples(case, endpoint, X, fit) if case.has("boot_indices") else None,
    }


def _given_resamples(case: Case, endpoint: Endpoint, X: FloatArray, fit: CoxFit) -> Result:
    resamples = case.index_rows(case.text("boot_indices"), endpoint.n)
    return _bootstrap(partial(_resample, endpoint, X, fit.names), resamples, c_index(endpoint, X @ fit.coef).c)


def _tertile(group: CalibrationGroup) -> Result:
    return {"n": group.n, "mean_pred": group.predicted, "km": group.observed, "se": group.std_error}


def _resample(endpoint: Endpoint, X: FloatArray, names: tuple[str, ...], rows: IntArray) -> tuple[float, float, float]:
    drawn = endpoint.take(rows)
    coef = cox(drawn, X[rows], names).coef
    risk = X @ coef
    slope = float(cox(endpoint, risk[:, None], ("risk",)).coef[0])
    return c_index(drawn, X[rows] @ coef).c, c_index(endpoint, risk).c, slope


def _bootstrap(resample: partial[tuple[float, float, float]], resamples: list[IntArray], apparent: float) -> Result:
    scored = np.array([resample(rows) for rows in resamples])
    optimism = float(np.mean(scored[:, 0] - scored[:, 1]))
    return {
        "c_boot": scored[:, 0],
        "c_test": scored[:, 1],
        "slope": scored[:, 2],
        "c_apparent": apparent,
        "optimism": optimism,
        "c_corrected": apparent - optimism,
        "slope_mean": float(scored[:, 2].mean()),
    }


# --- nomogram -------------------------------------------------------------------------------------------------


def nomogram_step(case: Case) -> Result:
    """Draw the axes of a nomogram and place the first ten patients on it."""
    table, u = case.table("input.csv"), case.months("u")
    endpoint, names = table.endpoint(), table.covariates
    X = table.matrix(names)
    fit = cox(endpoint, X, names)
    ticks = [axis_ticks(X[:, k]) for k in range(len(names))]
    predictors = [Predictor(name, float(fit.coef[k]), ticks[k], ticks[k]) for k, name in enumerate(names)]
    lp, center = fit.linear_predictor(X), float(fit.means @ fit.coef)
    drawn = nomogram(
        predictors, center, lp, fit.cumulative_hazard(u), case.numbers("fun_at", [k / 10 for k in range(1, 10)])
    )
    return {
        "u": u,
        "coef": named(names, fit.coef),
        "center": center,
        "sc": drawn.points_per_lp,
        "intercept": drawn.intercept,
        **_axes(drawn),
        "limits": [{"var": name, "lim": _limits(X[:, k])} for k, name in enumerate(names)],
        "subject_points": drawn.total_points(lp[:10]),
        "subject_lp": lp[:10],
        "subject_S": fit.survival(X[:10], u),
        "stats": _model_statistics(fit, lp, c_index(endpoint, lp).c),
    }


def _axes(drawn: Nomogram) -> Result:
    axes = drawn.axes
    return {
        "xbeta_min": {axis.name: float(axis.contribution.min()) for axis in axes},
        "xbeta_max": {axis.name: float(axis.contribution.max()) for axis in axes},
        "predictors": [
            {"var": axis.name, "values": axis.ticks, "xbeta": axis.contribution, "points": axis.points} for axis in axes
        ],
        "total_points_axis": drawn.total_ticks,
        "lp_axis": {"points": drawn.lp_points, "lp": drawn.lp_ticks},
        "S_axis": {"points": drawn.survival_points, "S": drawn.survival_ticks},
    }


def _limits(values: FloatArray) -> list[float]:
    """Return rms::datadist's display limits and the range."""
    tail = 10 / max(values.size, 200)
    low, high = np.quantile(values, [tail, 1 - tail])
    return [float(low), float(high), float(values.min()), float(values.max())]


def _model_statistics(fit: CoxFit, lp: FloatArray, c: float) -> Result:
    n, d, p, lr = fit.n, fit.n_events, len(fit.names), fit.lr_chisq
    gini = float(np.abs(lp[:, None] - lp[None, :]).sum() / (n * (n - 1)))

    def explained(chisq: float, size: int) -> float:
        return float(-np.expm1(-chisq / size))

    return {
        "Obs": n,
        "Events": d,
        "Model L.R.": lr,
        "d.f.": p,
        "P": float(stats.chi2.sf(lr, p)),
        "Score": fit.score_chisq,
        "Score P": float(stats.chi2.sf(fit.score_chisq, p)),
        "R2": explained(lr, n) / explained(-2 * fit.loglik[0], n),
        f"R2({n})": explained(lr, n),
        f"R2({p},{n})": explained(lr - p, n),
        f"R2({d})": explained(lr, d),
        f"R2({p},{d})": explained(lr - p, d),
        "Dxy": 2 * (c - 0.5),
        "g": gini,
        "gr": float(np.exp(gini)),
    }

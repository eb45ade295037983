"""Steps of feature selection: findcorr, lasso, pipeline, xtile."""

from __future__ import annotations

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.cox import cox
from escc_desktop.stats.cutpoint import maximally_selected_log_rank, three_groups
from escc_desktop.stats.optimality import kkt_residual
from escc_desktop.stats.performance import c_index
from escc_desktop.stats.selection import (
    LASSO_SEMANTICS,
    LassoControl,
    correlation,
    cox_lasso_cv,
    cox_lasso_path,
    find_correlation,
    fit_scaler,
)
from escc_desktop.stats.survival import Endpoint
from escc_desktop.workflow.casebook.case import Case, Result, integers, named

PERMUTATIONS = 10_000
RULE = "group high = x > cut; cut = observed value; first maximum of the log-rank chi-square"
SEED = 20260101
# The stopping rules R's reference was made with: see reference/statistics/README.md.
TIGHT_PATH = LassoControl(thresh=1e-13, max_passes=1_000_000)
TIGHT_FOLDS = LassoControl(thresh=1e-11, max_passes=1_000_000)
PIPELINE_PATH = LassoControl(thresh=1e-9, max_passes=1_000_000)


def find_correlation_step(case: Case) -> Result:
    """Filter correlated columns and show z-scores."""
    table = case.table("input.csv")
    X = table.matrix(table.names)
    corr, scaler, shown = correlation(X), fit_scaler(X), table.names[:5]
    runs = []
    for run in case.cases("runs"):
        # caret's own default where nothing is said: exact below 100 columns.
        cutoff, exact = run.number("cutoff"), bool(run.parameters.get("exact", len(table.names) < 100))
        removed = find_correlation(corr, cutoff, exact)
        names = [table.names[column] for column in removed]
        runs.append(
            {"cutoff": cutoff, "exact": exact, "removed_in_order": names, "n_kept": len(table.names) - len(names)}
        )
    first = scaler.transform(X[:1])[0]
    zscore = {
        "mean": named(shown, scaler.mean[:5]),
        "sd": named(shown, scaler.sd[:5]),
        "row1": named(shown, first[:5]),
    }
    return {"default_exact": len(table.names) < 100, "runs": runs, "zscore": zscore}


def _selected(names: tuple[str, ...], coef: FloatArray) -> Result:
    return {name: float(value) for name, value in zip(names, coef, strict=True) if value != 0}


def lasso_step(case: Case) -> Result:
    """Run the LASSO Cox path and its cross-validation, at R's thresholds and to the optimum."""
    table, outcome = case.table("X.csv"), case.table("y.csv")
    names, X, endpoint = table.names, table.matrix(table.names), outcome.endpoint()
    fold = integers(outcome.column("foldid"), "y.csv, column foldid")
    cv = cox_lasso_cv(X, endpoint, fold)
    penalties = cv.path.lambdas[: case.integer("n_tight", cv.path.lambdas.size)]
    tight = cox_lasso_path(X, endpoint, penalties, TIGHT_PATH)
    tight_cv = cox_lasso_cv(X, endpoint, fold, penalties, TIGHT_FOLDS)
    at_min = tight.at([cv.lambda_min])[0]
    return {
        "semantics": LASSO_SEMANTICS,
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
            for at in case.cases("coef_at", [])
        ],
        "coef_tight_at_min": {"beta": _selected(names, at_min)},
        "radscore_at_min": X @ at_min,
        "kkt_residual": kkt_residual(X, endpoint, cv.coef_at_min, cv.lambda_min),
        "kkt_residual_tight": kkt_residual(X, endpoint, at_min, cv.lambda_min),
        "unstandardized": _unstandardised(case, X, endpoint, names) if case.has("unstandardized_at") else None,
    }


def _unstandardised(case: Case, X: FloatArray, endpoint: Endpoint, names: tuple[str, ...]) -> Result:
    raw = case.case("unstandardized_at")
    lambdas, index = raw.numbers("lambda"), raw.integer("index")
    if not 0 <= index < len(lambdas):
        raise EsccError(f"case.json: index is {index}, but there are {len(lambdas)} penalties.")
    path = cox_lasso_path(X, endpoint, lambdas, LassoControl(standardize=False, thresh=1e-13, max_passes=1_000_000))
    return {"lambda": lambdas, "index": index, "beta": _selected(names, path.at([lambdas[index]])[0])}


def pipeline_step(case: Case) -> Result:
    """Run scaling, correlation filter, LASSO, Rad-score and cut-off in one."""
    table, outcome = case.table("features.csv"), case.table("outcome.csv")
    X, endpoint = table.matrix(table.names), outcome.endpoint()
    fold = integers(outcome.column("foldid"), "outcome.csv, column foldid")
    Z = fit_scaler(X).transform(X)
    removed = find_correlation(correlation(Z), case.number("correlation_cutoff", 0.9))
    kept = np.setdiff1d(np.arange(len(table.names)), removed)
    names = tuple(table.names[column] for column in kept)
    cv = cox_lasso_cv(Z[:, kept], endpoint, fold, control=PIPELINE_PATH)
    is_min = case.choice("lambda_rule", ("min", "1se")) == "min"
    coef = cv.coef_at_min if is_min else cv.path.coef[cv.one_se_index]
    if not coef.any():
        raise EsccError("The LASSO selected no feature: there is no Rad-score to cut.")
    score = Z[:, kept] @ coef
    cut = maximally_selected_log_rank(endpoint, score, case.fraction("minfrac", 0.1))
    return {
        "n_kept": len(names),
        "removed_in_order": [table.names[column] for column in removed],
        "lambda": cv.path.lambdas,
        "cvm": cv.cvm,
        "lambda_min": cv.lambda_min,
        "kkt_residual": kkt_residual(Z[:, kept], endpoint, coef, cv.lambda_min if is_min else cv.lambda_1se),
        "coef": _selected(names, coef),
        "radscore": score,
        "cut": cut.cut,
        "chisq": cut.chisq,
        "p_naive": cut.naive_p,
        "c_radscore": c_index(endpoint, score).c,
    }


def cutpoint_step(case: Case) -> Result:
    """Search the cut-off of a score for two and three groups."""
    table, min_fraction = case.table("input.csv"), case.fraction("minfrac", 0.1)
    endpoint, score = table.endpoint(), table.column("x")
    best = maximally_selected_log_rank(endpoint, score, min_fraction, PERMUTATIONS, SEED)
    three = three_groups(
        endpoint, score, min_fraction, case.numbers("three_group_candidates", best.candidates.tolist())
    )
    above = cox(endpoint, (score > best.cut)[:, None], ("high",))
    return {
        "minfrac": min_fraction,
        "rule": case.text("rule", RULE),
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

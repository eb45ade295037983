"""Steps of agreement and trial design: icc, binom, samplesize."""

from __future__ import annotations

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.agreement import ICC_FORMS, Icc, icc_many
from escc_desktop.stats.design import binomial_test, proportion, sample_size
from escc_desktop.workflow.casebook.case import Case, Result

KEPT_ABOVE = 0.75


def icc_step(case: Case) -> Result:
    """Compute the six ICC forms of every feature and comparison, and who passes 0.75."""
    table, alpha = case.table("input.csv"), case.fraction("alpha", 0.05)
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


def binomial_step(case: Case) -> Result:
    """Compute exact and Wilson intervals and binomial tests."""

    def one(entry: Case) -> Result:
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


def sample_size_step(case: Case) -> Result:
    """Size single-arm trials."""

    def one(entry: Case) -> Result:
        found = sample_size(entry.number("p0"), entry.number("p1"), entry.number("alpha"), entry.number("power"))
        return {
            "first_n": found.n,
            "critical_k": found.critical,
            "actual_alpha": found.attained_alpha,
            "actual_power": found.attained_power,
            "smallest_n_with_power_for_all_larger": found.stable_n,
        }

    return {"cases": [one(entry) for entry in case.cases("cases")]}

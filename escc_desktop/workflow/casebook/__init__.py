"""One statistical step on one case folder: `case.json` and its CSV tables in, the step's results out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.files import read_json
from escc_desktop.workflow.casebook.baseline import baseline_step
from escc_desktop.workflow.casebook.case import Case, Result, as_object
from escc_desktop.workflow.casebook.design import binomial_step, icc_step, sample_size_step
from escc_desktop.workflow.casebook.prediction import (
    brier_step,
    calibration_step,
    decision_step,
    discrimination_step,
    nomogram_step,
)
from escc_desktop.workflow.casebook.selection import cutpoint_step, find_correlation_step, lasso_step, pipeline_step
from escc_desktop.workflow.casebook.survival import cox_step, firth_step, kaplan_meier_step

STEPS: dict[str, Callable[[Case], Result]] = {
    "binom": binomial_step,
    "brier": brier_step,
    "calibration": calibration_step,
    "cox": cox_step,
    "dca": decision_step,
    "discrimination": discrimination_step,
    "findcorr": find_correlation_step,
    "firth": firth_step,
    "icc": icc_step,
    "km": kaplan_meier_step,
    "lasso": lasso_step,
    "nomogram": nomogram_step,
    "pipeline": pipeline_step,
    "samplesize": sample_size_step,
    "table1": baseline_step,
    "xtile": cutpoint_step,
}


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
    parameters = as_object(read_json(folder / "case.json"), "the file")
    plain = _plain(STEPS[step](Case(folder, parameters)))
    return dict(as_object(plain, "the result"))


def summary(result: Mapping[str, object]) -> str:
    """Return a line for each result, lists and objects by their size."""
    return "\n".join(f"{key}: {_short(value)}" for key, value in result.items())


def _short(value: object) -> str:
    if isinstance(value, dict | list) and len(str(value)) > 80:
        return f"{len(value)} entries"
    return str(value)


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

"""The folds of the LASSO's cross-validation as somebody gave them, by patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.stats.arrays import IntArray

MIN_FOLDS = 3


def given_folds(fold_of: Mapping[str, int], patients: Sequence[str]) -> IntArray | None:
    """Return the fold (n,) of each patient, None where none are given.

    Raises
    ------
    FaultsError
        A patient has no fold, or the patients lie in fewer than three: everything at once.
    """
    if not fold_of:
        return None
    faults = [Fault(f"fold_of, {patient}", "has no fold") for patient in patients if patient not in fold_of]
    used = {fold_of[patient] for patient in patients if patient in fold_of}
    if len(used) < MIN_FOLDS:
        faults.append(Fault("fold_of", f"the patients lie in {len(used)} folds, {MIN_FOLDS} are needed"))
    if faults:
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise FaultsError(
            f"The folds of the configuration do not fit the patients: {faults[0]}{more}.",
            faults,
            "Give every patient of the analysis a fold, or leave fold_of out to have them drawn.",
        )
    return np.array([fold_of[patient] for patient in patients], dtype=np.int64)

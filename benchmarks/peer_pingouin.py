"""pingouin's side of against_r.py, run by an environment of its own (pingouin is GPL and no part of the program).

Usage: PYTHON_WITH_PINGOUIN peer_pingouin.py ratings.npy
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pingouin

SAMPLE = 60


def main() -> None:
    """Print the CPU seconds all features would take, from a sample of them: one feature costs as much as another."""
    warnings.simplefilter("ignore")
    ratings = np.load(sys.argv[1])
    n, k, p = ratings.shape
    keys = {"lesion": np.repeat(np.arange(n), k), "reading": np.tile(np.arange(k), n)}
    found = []
    for column in range(SAMPLE + 1):
        if column == 1:  # the first call loads what the others use
            start = time.process_time()
        table = pd.DataFrame({**keys, "value": ratings[:, :, column].ravel()})
        forms = pingouin.intraclass_corr(table, "lesion", "reading", "value")
        found.append([float(value) for value in forms["ICC"]])
    print(json.dumps({"seconds": (time.process_time() - start) / SAMPLE * p, "found": found}))


if __name__ == "__main__":
    main()

"""LASSO Cox, findCorrelation and ICC against glmnet, caret and pingouin: CPU seconds of one thread, by turns.

Usage: python benchmarks/against_r.py [--pingouin PYTHON] [--repeats N] [--json FILE]

Needs Rscript with survival, glmnet, caret and jsonlite (Debian's r-cran packages); pingouin in an environment of its
own (it is GPL): `python -m venv D && D/bin/pip install pingouin`, then --pingouin D/bin/python. What is not there is
left out and named. Every side runs in a process of its own with one thread; reading the tables is not counted. That
both found the same is checked before anything is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escc_desktop.files import read_csv
from escc_desktop.stats.agreement import icc_all_forms
from escc_desktop.stats.selection import correlation, cox_lasso_cv, find_correlation
from escc_desktop.stats.survival import Endpoint

HERE = Path(__file__).parent
FEATURES = 1874
FOLDS = 10


@dataclass(frozen=True)
class Line:
    """Least CPU seconds of each side; `ratio` is ours over the peer's, `speedup` the other way round."""

    name: str
    peer: str
    repeats: int
    ours_s: float
    peer_s: float
    wanted: str

    @property
    def ratio(self) -> float:
        return self.ours_s / self.peer_s

    def words(self) -> str:
        return (
            f"{self.name:48s} ours {self.ours_s:9.4f} s   {self.peer:9s} {self.peer_s:9.2f} s   "
            f"ratio {self.ratio:.4f} ({1 / self.ratio:,.0f}x; wanted {self.wanted})"
        )


def matrix(path: Path) -> NDArray[np.float64]:
    return np.array(read_csv(path).rows, dtype=np.float64)


def write_matrix(path: Path, X: NDArray[np.float64]) -> None:
    header = ",".join(f"f{column}" for column in range(X.shape[1]))
    np.savetxt(path, X, delimiter=",", header=header, comments="", fmt="%.10g")


def blocks(n: int, p: int, n_blocks: int, rho: float, seed: int) -> NDArray[np.float64]:
    """Return (n, p) normal features in blocks of correlation rho, as radiomic features come."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, n_blocks))
    return np.sqrt(rho) * common[:, np.sort(np.arange(p) % n_blocks)] + np.sqrt(1 - rho) * rng.normal(size=(n, p))


def lay_out_lasso(folder: Path, n: int, p: int) -> None:
    """Write a cohort with three true features and about 80 % events, and its folds."""
    X, rng = blocks(n, p, 25, 0.8, n), np.random.default_rng(n + 1)
    eta = X[:, [0, p // 4, p // 2]] @ np.array([0.9, -0.7, 0.6])
    time_months, censored = rng.weibull(1.4, n) * 21 * np.exp(-eta / 1.4), rng.exponential(80, n)
    seen = np.minimum(np.minimum(time_months, censored), 54.9).round(1).clip(0.3)
    event = time_months <= np.minimum(censored, 54.9)
    fold = rng.permutation(np.arange(n) % FOLDS + 1)
    write_matrix(folder / "X.csv", X)
    np.savetxt(
        folder / "y.csv", np.column_stack([seen, event, fold]), delimiter=",", header="time,status,fold", comments=""
    )


def ours_lasso(folder: Path) -> tuple[float, object]:
    X, y = matrix(folder / "X.csv"), matrix(folder / "y.csv")
    endpoint, fold = Endpoint(y[:, 0], y[:, 1] == 1), y[:, 2]
    start = time.process_time()
    cv = cox_lasso_cv(X, endpoint, fold)
    return time.process_time() - start, cv.lambda_min


def ours_correlation(folder: Path) -> tuple[float, object]:
    corr = correlation(matrix(folder / "X.csv"))
    start = time.process_time()
    removed = find_correlation(corr, 0.9, exact=True)
    return time.process_time() - start, removed.tolist()


def ours_icc(folder: Path) -> tuple[float, object]:
    ratings = np.load(folder / "ratings.npy")
    spent = []
    for _ in range(20):
        start = time.process_time()
        forms = icc_all_forms(ratings)
        spent.append(time.process_time() - start)
    return min(spent), np.transpose([forms[form].icc for form in forms])[:61].tolist()


OURS: dict[str, Callable[[Path], tuple[float, object]]] = {
    "lasso": ours_lasso,
    "correlation": ours_correlation,
    "icc": ours_icc,
}


def run(command: list[str]) -> tuple[float, object]:
    """Run one side with one thread; return its seconds and what it found."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **one, "TZ": "UTC"})
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return float(told["seconds"]), told["found"]


@dataclass(frozen=True)
class Contest:
    """One task: its tables in `folder`, the peer's command, what the ratio should be."""

    name: str
    task: str
    folder: Path
    peer: str
    command: list[str]
    wanted: str

    def held(self, repeats: int) -> Line:
        """Run both sides by turns.

        Raises
        ------
        ValueError
            They did not find the same.
        """
        ours, peers = [], []
        for _ in range(repeats):
            seconds, found = run([sys.executable, str(HERE / "against_r.py"), "--ours", self.task, str(self.folder)])
            peer_seconds, peer_found = run(self.command)
            if not np.allclose(found, peer_found, rtol=1e-6, atol=1e-6):
                raise ValueError(f"{self.name}: ours and {self.peer} did not find the same")
            ours.append(seconds)
            peers.append(peer_seconds)
        return Line(self.name, self.peer, repeats, min(ours), min(peers), self.wanted)


def contests(folder: Path, pingouin: str | None) -> list[Contest]:
    """Lay out the tables and return what can be run here."""
    found, rscript = [], shutil.which("Rscript")
    if rscript:
        for n, p in ((59, 313), (500, FEATURES)):
            place = folder / f"lasso{n}"
            place.mkdir()
            lay_out_lasso(place, n, p)
            command = [rscript, str(HERE / "peers.R"), "lasso", str(place)]
            found.append(Contest(f"LASSO Cox path + 10 folds, {n} x {p}", "lasso", place, "glmnet", command, "<= 0.33"))
        place = folder / "correlation"
        place.mkdir()
        write_matrix(place / "X.csv", blocks(59, FEATURES, 600, 0.93, 5))
        command = [rscript, str(HERE / "peers.R"), "correlation", str(place)]
        found.append(
            Contest(f"findCorrelation exact, p = {FEATURES}", "correlation", place, "caret", command, ">= 50x")
        )
    else:
        print("No Rscript here: glmnet and caret are left out.")
    if pingouin:
        rng = np.random.default_rng(3)
        ratings = rng.normal(size=(15, 1, FEATURES)) + 0.4 * rng.normal(size=(15, 2, FEATURES))
        np.save(folder / "ratings.npy", ratings)
        command = [pingouin, str(HERE / "peer_pingouin.py"), str(folder / "ratings.npy")]
        name = f"ICC, {FEATURES} x 15 lesions x 6 forms with CI"
        found.append(Contest(name, "icc", folder, "pingouin", command, ">= 5,000x"))
    else:
        print("No --pingouin PYTHON: the ICC is left out.")
    return found


def main() -> None:
    """Measure and print; or, as the child of a contest, run our side of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pingouin", help="Python of an environment that has pingouin")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="", help="part of a line's name")
    parser.add_argument("--ours", nargs=2, metavar=("TASK", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ours:
        seconds, found = OURS[asked.ours[0]](Path(asked.ours[1]))
        print(json.dumps({"seconds": seconds, "found": found}))
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for contest in contests(Path(folder), asked.pingouin):
            if asked.only in contest.name:
                lines.append(contest.held(asked.repeats))
                print(lines[-1].words(), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([{**asdict(line), "ratio": line.ratio} for line in lines], indent=1) + "\n")


if __name__ == "__main__":
    main()

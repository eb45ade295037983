"""Run R again on every reference case and say where it has drifted from expected.json, and where ours is off R today.

Usage: python benchmarks/rerun_r.py REFERENCE_FOLDER [--only STEP ...] [--json FILE]

REFERENCE_FOLDER holds STEP/CASE/case.json with tables, and expected.json where the case came with an answer; a case
without one is only ours against R. Needs Rscript with jsonlite and survival, and per step glmnet, caret, psych, pec,
rms, riskRegression, nortest (Debian's r-cran packages). A step whose package is missing, or whose reference is no
function of R, is named and left out. Ends with 1 where anything differs by more than tolerances.json allows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escc_desktop.resources import resource_path
from escc_desktop.workflow.casebook import run_case
from escc_desktop.workflow.verify_values import Tolerances, compare_results

SCRIPT = Path(__file__).with_name("rerun.R")


def ask_r(rscript: str, folder: Path) -> dict[str, Any]:
    """Return what R finds on a case: its version, the packages used, `found` (None where there is no R function).

    Raises
    ------
    RuntimeError
        R could not: a package is missing, or the case is no case.
    """
    command = [rscript, str(SCRIPT), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TZ": "UTC"})
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("Error")] or done.stderr.splitlines()[
            -1:
        ]
        raise RuntimeError(errors[0] if errors else "R ended without a word")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def off(step: str, r: Mapping[str, Any], other: Mapping[str, Any], tolerances: Tolerances) -> list[str]:
    """Return the values that differ, worst first."""
    found = [one for one in compare_results(step, r, other, tolerances) if not one.is_within]
    return [one.fault or f"{one.where} off by {one.size:.1e}" for one in sorted(found, key=lambda one: -one.severity)]


def judged(step: str, folder: Path, answer: Mapping[str, Any], tolerances: Tolerances) -> dict[str, Any]:
    """Compare R today with what it said when the case was made, and ours with R today."""
    file = folder / "expected.json"
    ours = json.loads(json.dumps(run_case(step, folder)))
    return {
        "case": f"{step}/{folder.name}",
        "R": answer["R"],
        "packages": answer["packages"],
        "drift": off(step, answer["found"], json.loads(file.read_text()), tolerances) if file.exists() else None,
        "ours": off(step, answer["found"], ours, tolerances),
    }


def words(verdict: Mapping[str, Any]) -> str:
    """Return a verdict as a line."""
    drift, ours = verdict["drift"], verdict["ours"]
    said = "no answer to compare" if drift is None else (f"{len(drift)} drifted: {drift[0]}" if drift else "no drift")
    said += f"; ours differs in {len(ours)}: {ours[0]}" if ours else "; ours agrees"
    packages = ", ".join(f"{name} {version}" for name, version in verdict["packages"].items())
    return f"{verdict['case']:26s} {said}   (R {verdict['R']}, {packages})"


def main() -> None:
    """Go through the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rscript = shutil.which("Rscript")
    if rscript is None:
        sys.exit("There is no Rscript here: install r-base-core and the packages named in --help.")
    tolerances = Tolerances.read(resource_path("verification", "statistics", "tolerances.json"))
    verdicts, n_left_out = [], 0
    for file in sorted(asked.folder.glob("*/*/case.json")):
        step = file.parent.parent.name
        if asked.only and step not in asked.only:
            continue
        try:
            answer = ask_r(rscript, file.parent)
        except RuntimeError as error:
            n_left_out += 1
            print(f"{step}/{file.parent.name}: left out, R says: {error}", flush=True)
            continue
        if answer["found"] is None:
            n_left_out += 1
            print(f"{step}/{file.parent.name}: left out, no function of R's own gives it", flush=True)
            continue
        verdicts.append(judged(step, file.parent, answer, tolerances))
        print(words(verdicts[-1]), flush=True)
    n_off = sum(bool(verdict["drift"] or verdict["ours"]) for verdict in verdicts)
    print(f"{len(verdicts) - n_off} of {len(verdicts)} cases hold; {n_left_out} left out")
    if asked.json:
        asked.json.write_text(json.dumps(verdicts, indent=1) + "\n")
    sys.exit(1 if n_off or not verdicts else 0)


if __name__ == "__main__":
    main()

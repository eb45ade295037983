"""How robust features are without a second reader: `escc robustness`, and `escc project robustness`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli.frame import REFUSED, progress_on_stderr, report_faults, say, show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User
from escc_desktop.errors import Fault
from escc_desktop.progress import Cancelled
from escc_desktop.workflow.cohort import CohortOptions
from escc_desktop.workflow.extraction import ExtractionChoice
from escc_desktop.workflow.robustness import (
    DEFAULT_CHAIN,
    Amplitudes,
    ManifestInput,
    RobustnessPlan,
    RobustnessResult,
    robustness_of_manifest,
    robustness_of_project,
    settings_of,
)

_Chain = Annotated[
    str, typer.Option("--chain", help="N noise, R rotation, T translation, V volume, C contour, in one word.")
]
_Number = Annotated[int, typer.Option("--n", min=2, max=1000, help="Perturbations of each lesion.")]
_Seed = Annotated[int, typer.Option("--seed", min=0, help="Of all draws.")]
_Threshold = Annotated[float, typer.Option("--threshold", help="A feature passes with an ICC of at least this.")]
_Angle = Annotated[float, typer.Option("--angle", help="Largest turn in the slice plane, degrees.")]
_Shift = Annotated[float, typer.Option("--shift", help="Largest shift along each axis, voxels.")]
_Noise = Annotated[float, typer.Option("--noise", help="Noise added, times the noise estimated in the scan.")]
_Growth = Annotated[float, typer.Option("--growth", help="Largest share of the volume added or taken away.")]
_Jobs = Annotated[int, typer.Option("--jobs", min=1, max=256, help="Child processes at most.")]
_Params = Annotated[str, typer.Option("--params", help="Name of shipped settings, or a YAML file.")]
_Engine = Annotated[str, typer.Option("--engine", help="What computes the values.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_STANDARD = Amplitudes()
_PLAN = RobustnessPlan()
_CHOICE = ExtractionChoice()


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("robustness", epilog="Example: escc robustness manifest.csv -o robustness.csv --n 10 --jobs 2")(
        _robustness
    )


def _robustness(
    manifest: Annotated[
        Path, typer.Argument(help="CSV as for extract-all; the first readings of reader A are perturbed.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV to write, one row a feature.")],
    chain: _Chain = DEFAULT_CHAIN,
    n: _Number = _PLAN.n,
    seed: _Seed = _PLAN.seed,
    threshold: _Threshold = _PLAN.threshold,
    angle: _Angle = _STANDARD.angle_deg,
    shift: _Shift = _STANDARD.shift_voxels,
    noise: _Noise = _STANDARD.noise,
    growth: _Growth = _STANDARD.growth,
    cohort: Annotated[
        Path | None, typer.Option("--cohort", help="Features of other patients, to judge the spread of a single one.")
    ] = None,
    jobs: _Jobs = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Take over what an earlier run finished.")] = False,
    params: _Params = _CHOICE.params,
    engine: _Engine = _CHOICE.engine,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", help="Code of a question to answer with yes; may be repeated.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Perturb single readings and say how robust each feature is, without a second reader."""
    plan = RobustnessPlan(chain, n, seed, Amplitudes(angle, shift, noise, growth), threshold)
    choice = ExtractionChoice(params, engine, frozenset(accept or ()))
    given = ManifestInput(manifest, cohort)
    try:
        with progress_on_stderr() as progress:
            result = robustness_of_manifest(given, out, plan, choice, CohortOptions(jobs, resume), progress)
    except Cancelled:
        say("What was finished is kept; the same command with --resume goes on from there.")
        raise
    _tell(result, plan, out, as_json)


def project_robustness(
    folder: Folder,
    user: User,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write, one row a feature.")] = None,
    chain: _Chain = DEFAULT_CHAIN,
    n: _Number = _PLAN.n,
    seed: _Seed = _PLAN.seed,
    threshold: _Threshold = _PLAN.threshold,
    angle: _Angle = _STANDARD.angle_deg,
    shift: _Shift = _STANDARD.shift_voxels,
    noise: _Noise = _STANDARD.noise,
    growth: _Growth = _STANDARD.growth,
    jobs: _Jobs = 1,
    params: _Params = _CHOICE.params,
    engine: _Engine = _CHOICE.engine,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Perturb the signed first readings of reader A and say how robust each feature is, without a second reader."""
    plan = RobustnessPlan(chain, n, seed, Amplitudes(angle, shift, noise, growth), threshold)
    settings = settings_of(params, engine, jobs)
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        result = robustness_of_project(project, out, plan, settings, progress)
    _tell(result, plan, out, as_json)


def _tell(result: RobustnessResult, plan: RobustnessPlan, out: Path | None, as_json: bool) -> None:
    for note in result.notes:
        say(f"warning: {note}")
    found = result.found
    document: dict[str, Any] = {
        "out": None if out is None else str(out),
        "lesions": result.n_lesions,
        "perturbations": plan.n,
        "features": None if found is None else len(found.names),
        "passed": None if found is None else int(found.passed.sum()),
        "constant": None if found is None else int(found.is_constant.sum()),
        "threshold": plan.threshold,
        "failed": [{"patient_id": key.patient_id, "problem": why.what} for key, why in result.failures],
    }
    show(document, as_json, lambda: _line(result, plan))
    if result.failures:
        faults = [Fault(key.patient_id, f"{why.what} {why.hint}".strip()) for key, why in result.failures]
        report_faults(f"{len(faults)} of {len(faults) + result.n_lesions} lesions could not be perturbed.", faults)
        raise typer.Exit(REFUSED)


def _line(result: RobustnessResult, plan: RobustnessPlan) -> str:
    done = f"{result.n_lesions} lesions, {plan.n} perturbations each"
    if result.found is None:
        return f"{done}: too few for an ICC, the spread within each lesion was taken"
    passed = int(result.found.passed.sum())
    return f"{done}: {passed} of {len(result.found.names)} features reach an ICC of {plan.threshold:g}"

"""Commands of the study in a project: import, records, mark, plan, read, extract, develop, assess, report, due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli import reports
from escc_desktop.cli.frame import REFUSED, progress_on_stderr, report_faults, say, show
from escc_desktop.cli.ledger import project_ledger
from escc_desktop.cli.manuscript import manuscript_of_project
from escc_desktop.cli.robustness import project_robustness
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User
from escc_desktop.errors import Fault, FaultsError, UsageError
from escc_desktop.workflow.cohort import constant_features
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.lesion_list import read_codes, read_lesions
from escc_desktop.workflow.modelling import assessment_document, config_of
from escc_desktop.workflow.outline_file import OutlineFile, sign_outline
from escc_desktop.workflow.overview import plan_document, reading_list
from escc_desktop.workflow.project import APART, WITHIN, Project
from escc_desktop.workflow.reading_rules import ToolRule, protocol_of
from escc_desktop.workflow.study_files import (
    DEFAULT_CARD,
    assess_to_file,
    chosen_card,
    develop_to_folder,
    extract_to_file,
)

Command = tuple[str, Callable[..., None], str]
"""Name, function and example."""

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Accept = Annotated[
    list[str] | None, typer.Option("--accept", help="Code of a question to answer with yes; may be repeated.")
]
_Params = Annotated[str, typer.Option("--params", help="Name of shipped settings, or a YAML file.")]
_Card = Annotated[str, typer.Option("--card", help="Kind of card, or the beginning of its digest.")]


def _import(
    folder: Folder,
    path: Annotated[Path, typer.Argument(help="Folder, zip archive or DICOMDIR.")],
    user: User,
    codes: Annotated[
        Path | None, typer.Option("--codes", help="CSV: patient_id, trial_code; others are left out.")
    ] = None,
    accept: _Accept = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Take CT series into the project; without --codes the PatientID is taken for the trial code."""
    named = {} if codes is None else read_codes(codes)
    choice = ImportChoice(named, frozenset(accept or ()), is_strict=codes is not None)
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        result = project.import_images(path, choice, progress)
    if not result.imported and not result.known:
        faults = result.refused or (Fault(path.name, "nothing is there"),)
        raise FaultsError(f"No series of {path.name} was imported.", faults, "Mend what is named, or confirm it.")
    for fault in result.refused:
        say(f"warning: {fault}")
    document = {
        "imported": list(result.imported),
        "known": list(result.known),
        "refused": [asdict(fault) for fault in result.refused],
    }
    counts = f"{len(result.imported)} series imported, {len(result.known)} known, {len(result.refused)} left out"
    show(document, as_json, lambda: counts)


def _mark(
    folder: Folder,
    lesions: Annotated[
        Path,
        typer.Argument(help="CSV: patient_id, lesion_id, site, role, irradiated, x_mm, y_mm, z_mm, series_uid."),
    ],
    user: User,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Mark lesions by a point (mm, LPS), all or none."""
    marked = read_lesions(lesions)
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        project.mark_lesions(marked)
    document = {"marked": [{"patient_id": each.patient_id, "lesion_id": each.lesion_id} for each in marked]}
    show(document, as_json, lambda: f"{len(marked)} lesions marked")


def _plan(
    folder: Folder,
    user: User,
    repeats: Annotated[int | None, typer.Option("--repeats", help="Draw the plan: patients read again.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of the draw.")] = None,
    apart_days: Annotated[float | None, typer.Option("--apart-days", help="Least time to the repeat.")] = None,
    within_days: Annotated[float | None, typer.Option("--within-days", help="Most time to the repeat.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why a drawn plan allows more time.")] = None,
    tools: Annotated[ToolRule, typer.Option("--tools", help="What readers may draw with.")] = ToolRule.USUAL,
    window: Annotated[str, typer.Option("--window", help="Width,level in HU of all readings; or free.")] = "350,40",
    shows_study: Annotated[
        bool, typer.Option("--other-series", help="Readers may see the other series of the study.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Print the readings; with --repeats and --seed draw the plan; with --within-days and --reason allow more time."""
    if (repeats is None) != (seed is None) or (repeats is None and apart_days is not None):
        raise UsageError("A plan is drawn with a number of repeats and a seed.", "Give --repeats and --seed.")
    if repeats is None and (within_days is None) != (reason is None):
        raise UsageError("A longer interval needs a reason.", "Give --within-days and --reason together.")
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        if repeats is not None and seed is not None:
            rules = protocol_of(project, tools, _window(window), shows_study=shows_study)
            interval = _days(apart_days, APART), _days(within_days, WITHIN)
            plan = project.plan_readings(repeats, seed, *interval, protocol=rules)
            document = plan_document(plan, plan.sessions)
        elif within_days is not None and reason is not None:
            document = plan_document(project.prolong_plan(_days(within_days, WITHIN), reason), project.sessions())
        else:
            document = reading_list(project)
    show(document, as_json, lambda: _plan_text(document))


def _days(days: float | None, otherwise: timedelta) -> timedelta:
    try:
        return otherwise if days is None else timedelta(days=days)
    except (OverflowError, ValueError):
        raise UsageError(f"{days} is no number of days.", "Give a number such as 10.") from None


def _window(text: str) -> tuple[float, float] | None:
    if text == "free":
        return None
    try:
        width, level = map(float, text.split(","))
    except ValueError:
        raise UsageError(f"{text} is no window.", "Give width and level such as 350,40; or free.") from None
    return width, level


def _plan_text(document: dict[str, Any]) -> str:
    lines = []
    if "repeat_patients" in document:
        repeated = ", ".join(document["repeat_patients"]) or "nobody"
        lines.append(f"seed {document['seed']}; read again: {repeated}")
        lines.append(f"repeat {document['apart_days']:g} to {document['within_days']:g} days after the first reading")
        lines.append(f"tools forbidden: {', '.join(document['forbidden_tools']) or 'none'}")
        window = document["window_hu"]
        lines.append(f"window: {'chosen by the reader' if window is None else '{:g}/{:g} HU'.format(*window)}")
        lines.append(f"other series readers may see: {len(document['series_beside'])}")
    for session in document["sessions"]:
        when = f" {session['signed_at'][:16]}" if session["signed_at"] else ""
        why_not = session.get("why_not")
        note = f"  {why_not}" if why_not and not session["signed_at"] else ""
        lines.append(f"{session['state']:6} {session['session_id']}{when}{note}")
    return "\n".join(lines)


def _read(
    folder: Folder,
    session: Annotated[str, typer.Argument(help="The reading, such as P001/L1/A/first.")],
    mask: Annotated[Path, typer.Argument(help="NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.")],
    user: User,
    label: Annotated[int | None, typer.Option("--label", min=1, help="Which region of the mask.")] = None,
    meaning: Annotated[str, typer.Option("--meaning", help="What the signature stands for.")] = "Outlined by me",
    params: _Params = "ct_arterial",
    accept: _Accept = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Take a mask file as the reader's outline and sign it."""
    keys = Keys(user, passphrase_file, password_file)
    lock, login = keys.lock(folder), keys.login()
    outline = OutlineFile(mask, label, frozenset(accept or ()), params)
    with Project.open(folder, lock, login) as project, progress_on_stderr() as progress:
        roi = sign_outline(project, session, outline, login.password, meaning, progress)
    document = {
        "session_id": roi.session_id,
        "voxels": roi.mask.n_voxels,
        "volume_mm3": roi.mask.volume_mm3,
        "mask": roi.mask.digest,
        "signed_by": roi.signature.name if roi.signature else None,
        "signed_at": roi.signature.at.isoformat() if roi.signature else None,
    }
    show(document, as_json, lambda: f"{roi.session_id} signed: {roi.mask.n_voxels} voxels")


def _extract(
    folder: Folder,
    user: User,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write, one row a reading.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=256, help="Child processes at most.")] = 1,
    params: _Params = "ct_arterial",
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Extract the features of every signed reading that has none yet."""
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        result = extract_to_file(project, params, out, jobs, progress)
    failed = [
        Fault("/".join((key.patient_id, key.lesion_id, key.reader, key.occasion)), f"{failure.what} {failure.hint}")
        for key, failure in result.failures
    ]
    document = {
        "out": None if out is None else str(out),
        "rows": len(result.table.keys),
        "features": len(result.table.names),
        "reused": result.n_reused,
        "constant": list(constant_features(result.table)),
        "failed": [asdict(fault) for fault in failed],
    }
    show(document, as_json, lambda: f"{len(result.table.keys)} readings with {len(result.table.names)} features")
    if failed:
        report_faults(f"{len(failed)} readings gave no features.", failed)
        raise typer.Exit(REFUSED)


def _develop(
    folder: Folder,
    user: User,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; whole or not at all.")],
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="os or pfs.")] = None,
    horizon: Annotated[float | None, typer.Option("--horizon", help="Months at which survival is predicted.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of folds, resamples and permutations.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML with every other choice, or table3: the paper's Table 3.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Develop cards on the project's features and records; they stay in the project too."""
    chosen = config_of(config, endpoint, horizon, seed)
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        made = develop_to_folder(project, out, chosen, progress)
    for warning in made.results.warnings:
        say(f"warning: {warning}")
    cards = {kind: card.digest for kind, card in made.cards.items()}
    lines = "\n".join(f"{kind:10} {digest}" for kind, digest in cards.items())
    document = {"out": str(out), "cards": cards, "results": made.results.model_dump(mode="json")}
    show(document, as_json, lambda: f"{lines}\nwritten to {out}")


def _assess(
    folder: Folder,
    user: User,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write, one row a patient.")] = None,
    card: _Card = DEFAULT_CARD,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Apply a card to the project's patients; training patients get their out-of-fold score and a caution."""
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        model = chosen_card(project, card)
        verdicts = assess_to_file(project, model, out)
    withheld = sum(verdict.survival is None for verdict in verdicts)
    document = {
        "out": None if out is None else str(out),
        "card": model.digest,
        "horizon_months": model.horizon_months,
        "assessments": [assessment_document(verdict) for verdict in verdicts],
    }
    show(document, as_json, lambda: f"{len(verdicts)} patients assessed, survival withheld in {withheld}")


COMMANDS: tuple[Command, ...] = (
    ("import", _import, "import study dicom --user coordinator --codes codes.csv"),
    ("mark", _mark, "mark study lesions.csv --user coordinator"),
    ("plan", _plan, "plan study --user coordinator --repeats 15 --seed 7"),
    ("read", _read, "read study P001/L1/A/first mask.nii.gz --user reader-a"),
    ("extract", _extract, "extract study --user statistician -o features.csv --jobs 4"),
    ("robustness", project_robustness, "robustness study --user statistician -o robustness.csv --n 10 --jobs 2"),
    ("develop", _develop, "develop study --user statistician -o models --seed 7"),
    ("assess", _assess, "assess study --user statistician -o assessments.csv"),
    ("ledger", project_ledger, "ledger study --user statistician --lock -o ledger.csv"),
    ("manuscript", manuscript_of_project, "manuscript study --user statistician -o manuscript"),
    *reports.COMMANDS,
)

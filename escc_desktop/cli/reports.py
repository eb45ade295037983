"""The commands `escc project report` and `escc project due`: what is printed, handed on, or waits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli.frame import progress_on_stderr, show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User
from escc_desktop.errors import UsageError
from escc_desktop.progress import Progress
from escc_desktop.workflow.demo.opening import is_demo_project
from escc_desktop.workflow.printing import PrintOrder, languages
from escc_desktop.workflow.study_files import DEFAULT_CARD, check_file
from escc_desktop.workflow.views.due import DueChoice, DueRow, DueView, due_csv, due_view
from escc_desktop.workflow.views.printing import ReportKind, ReportOrder, write_report

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_AsOf = Annotated[str, typer.Option("--as-of", help="Day of the due list, as 2026-01-31; by default today.")]


def report_of_project(
    folder: Folder,
    user: User,
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write: PDF, for fhir JSON, for sr DICOM.")],
    subject: Annotated[str, typer.Argument(help="Trial code, or for a reading its session; else nothing.")] = "",
    kind: Annotated[ReportKind, typer.Option("--kind", help="What to write.")] = ReportKind.PATIENT,
    card: Annotated[str, typer.Option("--card", help="Kind of card, or the beginning of its digest.")] = DEFAULT_CARD,
    language: Annotated[str, typer.Option("--language", help="en or zh_CN.")] = "en",
    question: Annotated[str, typer.Option("--question", help="What the MDT is asked.")] = "",
    as_of: _AsOf = "",
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Write a report: patient, reading, agreement, model, trial, mdt, due; or hand one on as fhir or sr."""
    known = [code for code, _name in languages()]
    if language not in known:
        raise UsageError(f"Nothing is printed in {language!r}.", f"--language is one of {', '.join(known)}.")
    wanted = ReportOrder(kind, subject, card, question, _day(as_of))
    order = PrintOrder(out, language, is_demo_project(folder))
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        write_report(project, wanted, order, progress)
    document = {"out": str(out), "kind": str(kind), "subject": subject, "language": language}
    show(document, as_json, lambda: f"{kind} report written to {out}")


def due_of_project(
    folder: Folder,
    user: User,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write; without it, stdout.")] = None,
    as_of: _AsOf = "",
    only_overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """List what is due: scans, doses, blood values, open adverse events, follow-up, rereads."""
    day, choice = _day(as_of), DueChoice(only_overdue=only_overdue)
    if out is not None:
        check_file(out, ".csv")
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        view = due_view(project, day, Progress())
        if out is not None:
            due_csv(project, view, choice, out, Progress())
    rows = [row for row in view.rows if choice.takes(row)]
    document = {"as_of": view.as_of.isoformat(), "out": None if out is None else str(out), "due": list(map(_row, rows))}
    show(document, as_json, lambda: _text(view, rows))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{text!r} is no day.", "Give --as-of like 2026-01-31.") from None


def _row(row: DueRow) -> dict[str, Any]:
    days = {"planned": row.planned.isoformat(), "from": row.opens.isoformat(), "until": row.closes.isoformat()}
    known = {"patient_id": row.patient_id, "kind": row.kind.value, "state": row.state.value, "days": row.days}
    return {**known, **days, "what": row.what, "detail": row.detail}


def _text(view: DueView, rows: list[DueRow]) -> str:
    lines = [f"as of {view.as_of.isoformat()}: {len(rows)} lines"]
    lines += [f"{row.planned} {row.patient_id:8} {row.kind_name:14} {row.when:28} {row.what}" for row in rows]
    return "\n".join(lines)


COMMANDS = (
    ("report", report_of_project, "report study P001 --user oncologist --kind mdt --language zh_CN -o P001.pdf"),
    ("due", due_of_project, "due study --user coordinator --overdue -o due.csv"),
)

"""The command that qualifies an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import REFUSED, progress_on_stderr, say, show
from escc_desktop.workflow.verify import (
    check_report_path,
    verdict,
    verification_document,
    verification_text,
    verify,
    write_verification,
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("verify", epilog="Example: escc verify ../shared --report qualification.pdf")(_verify)


def _verify(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with more reference cases: reference/ and data/.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="PDF to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check this installation against published and reference values."""
    if report is not None:
        check_report_path(report)
    with progress_on_stderr() as progress:
        found = verify(folder, progress)
    if report is not None:
        write_verification(found, report)
    show(verification_document(found), as_json, lambda: verification_text(found))
    if not found.has_passed:
        say(f"error: {verdict(found)}")
        raise typer.Exit(REFUSED)

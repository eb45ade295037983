"""The command that turns trial records into trial results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import progress_on_stderr, say, show
from escc_desktop.workflow.report_trial import trial_document, trial_exhibits
from escc_desktop.workflow.report_trial_files import trial_files
from escc_desktop.workflow.trial_protocol import follow_file


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("trial", epilog="Example: escc trial records -o results")(_trial)


def _trial(
    records: Annotated[Path, typer.Argument(help="Folder with patients.csv and the other tables of the record.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write.")],
    null_rate: Annotated[
        float | None,
        typer.Option("--null-rate", min=0, max=1, help="Response rate to beat, if not that of the trial's design."),
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option("--protocol", help="Another trial's schedule, criteria and regimen, TOML.")
    ] = None,
    accept: Annotated[list[str] | None, typer.Option("--accept", help="Code of a question that is confirmed.")] = None,
    is_synthetic: Annotated[bool, typer.Option("--synthetic", help="Print on every page that nobody is real.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compute response, survival and safety from trial records: tables, figures and a report."""
    follow_file(protocol)
    with progress_on_stderr() as progress:
        results, remarks = trial_files(
            records,
            out,
            null_rate=null_rate,
            is_synthetic=is_synthetic,
            accept=frozenset(accept or ()),
            progress=progress,
        )
    for remark in remarks:
        say(f"question: {remark.where}: {remark.what}")
    document = trial_document(results, trial_exhibits(results))
    show(document, as_json, lambda: f"{len(results.records)} patients; written to {out}")

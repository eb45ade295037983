"""The command `escc manuscript`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.workflow.manuscript import write_manuscript


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("manuscript", epilog="Example: escc manuscript models -o manuscript")(_manuscript)


def _manuscript(
    models: Annotated[Path, typer.Argument(help="Folder that develop wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; whole or not at all.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write Word and CSV tables, a methods paragraph, TRIPOD+AI and CLEAR filled in, and R that draws the figures."""
    written = write_manuscript(models, out)
    document = {
        "out": str(out),
        "tables": list(written.tables),
        "checklists": [
            {"name": one.name, "source": one.source, "answered": one.n_answered, "items": len(one.items)}
            for one in written.checklists
        ],
    }
    show(document, as_json, lambda: f"{written.text}\nwritten to {out}")

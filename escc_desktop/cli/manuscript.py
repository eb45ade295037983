"""The commands `escc manuscript` and `escc project manuscript`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User
from escc_desktop.workflow.manuscript import Written, project_manuscript, write_manuscript
from escc_desktop.workflow.study_files import DEFAULT_CARD, chosen_card


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("manuscript", epilog="Example: escc manuscript models -o manuscript")(_manuscript)


def _manuscript(
    models: Annotated[Path, typer.Argument(help="Folder that develop wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; whole or not at all.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write Word and CSV tables, a methods paragraph, TRIPOD+AI and CLEAR filled in, and R that draws the figures."""
    _show(write_manuscript(models, out), out, as_json)


def manuscript_of_project(
    folder: Folder,
    user: User,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; whole or not at all.")],
    card: Annotated[
        str, typer.Option("--card", help="Kind of card of the development, or the beginning of its digest.")
    ] = DEFAULT_CARD,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write the manuscript folder, as `escc manuscript` does, of a development the project keeps."""
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        written = project_manuscript(project, chosen_card(project, card), out)
    _show(written, out, as_json)


def _show(written: Written, out: Path, as_json: bool) -> None:
    document = {
        "out": str(out),
        "tables": list(written.tables),
        "checklists": [
            {"name": one.name, "source": one.source, "answered": one.n_answered, "items": len(one.items)}
            for one in written.checklists
        ],
    }
    show(document, as_json, lambda: f"{written.text}\nwritten to {out}")

"""Commands that compare features with how their images were made: `acquisition` and `project acquisition`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User
from escc_desktop.workflow.acquisition import acquisition_of_file, acquisition_of_project, acquisition_text

_Out = Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write, one row a feature and field.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("acquisition", epilog="Example: escc acquisition features.csv -o acquisition.csv")(_of_file)


def _of_file(
    features: Annotated[Path, typer.Argument(help="Wide feature table with its sidecar.")],
    out: _Out = None,
    as_json: _Json = False,
) -> None:
    """Say how far features follow spacing, slice thickness, kernel, tube voltage and scanner."""
    summary = acquisition_of_file(features, out)
    show(summary, as_json, lambda: acquisition_text(summary))


def _of_project(
    folder: Folder,
    user: User,
    out: _Out = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Say how far features follow spacing, slice thickness, kernel, tube voltage and scanner."""
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        summary = acquisition_of_project(project, out)
    show(summary, as_json, lambda: acquisition_text(summary))


COMMANDS: tuple[tuple[str, Callable[..., None], str], ...] = (
    ("acquisition", _of_project, "acquisition study --user statistician -o acquisition.csv"),
)

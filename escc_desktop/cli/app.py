"""The `escc` program: its commands, gathered."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from escc_desktop import version
from escc_desktop.cli import demo, extraction, images, modelling, paper, project, statistics, trial
from escc_desktop.cli.frame import run_app

GROUPS = (images, extraction, modelling, paper, statistics, trial, project, demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"escc {version()}")
        raise typer.Exit


def build() -> typer.Typer:
    """Return the program with every group of commands registered."""
    app = typer.Typer(
        name="escc",
        help="Radiomics workstation for advanced esophageal squamous cell carcinoma. Research use only.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback(invoke_without_command=True)
    def main(
        context: typer.Context,
        wanted: Annotated[
            bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        """Radiomics workstation for advanced esophageal squamous cell carcinoma. Research use only."""
        if context.invoked_subcommand is None:
            print(context.get_help())

    for group in GROUPS:
        group.register(app)
    return app


def run() -> NoReturn:
    """Run the program on the process's arguments."""
    run_app(build())

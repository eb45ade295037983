"""The `escc` program: its commands, gathered."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, NoReturn

import typer

from escc_desktop import version
from escc_desktop.cli.frame import run_app

# Which module of this package registers which commands: only the one asked for is imported.
COMMANDS = MappingProxyType({
    "images": ("scan", "convert"),
    "extraction": ("extract", "extract-all", "explain"),
    "preflight": ("preflight",),
    "acquisition": ("acquisition",),
    "cluster": ("cluster",),
    "maps": ("map",),
    "robustness": ("robustness",),
    "modelling": ("icc", "develop", "assess"),
    "paper": ("paper",),
    "statistics": ("stats", "sample-size"),
    "planning": ("planner",),
    "specification": ("specification",),
    "manuscript": ("manuscript",),
    "params": ("params",),
    "verify": ("verify",),
    "trial": ("trial",),
    "project": ("project",),
    "demo": ("demo",),
})  # fmt: skip


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"escc {version()}")
        raise typer.Exit


def build(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the program; of its groups of commands only the one the arguments name, where they name one."""
    app = typer.Typer(
        name="escc",
        help="Radiomics workstation for advanced esophageal squamous cell carcinoma. Research use only. "
        "Without a command it opens its window.",
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

    for module in _modules(arguments):
        import_module(f"escc_desktop.cli.{module}").register(app)
    return app


def _modules(arguments: Sequence[str]) -> tuple[str, ...]:
    named = arguments[0] if arguments else ""
    if named == "--version":
        return ()
    return tuple(module for module, names in COMMANDS.items() if named in names) or tuple(COMMANDS)


def run() -> NoReturn:
    """Run the program on the process's arguments."""
    run_app(build(sys.argv[1:]))

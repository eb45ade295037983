"""The command that builds and runs the synthetic study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import progress_on_stderr, say
from escc_desktop.errors import UsageError
from escc_desktop.workflow.demo.folder import DemoChoice, default_folder
from escc_desktop.workflow.demo.run import build_demo, run_demo, told


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("demo", epilog="Example: escc demo --headless --project demo")(_demo)


def _demo(
    project: Annotated[Path | None, typer.Option("--project", help="Folder of the demo.")] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No window: analyse it, export all tables, write reports.")
    ] = False,
    patients: Annotated[
        int, typer.Option("--patients", min=20, max=200, help="Size of the study; below 59 no large series.")
    ] = 59,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Processes at most.")] = 2,
) -> None:
    """Open a window on the synthetic study, built once; with --headless run the whole job on it."""
    if not headless:  # the program opens its window before it comes here
        raise UsageError("The demo needs a window here.", "Start it as a program, or add --headless.")
    choice = DemoChoice(patients, jobs)
    root = project or default_folder()
    say("Synthetic data: nothing in this study comes from a person. Research use only.")
    with progress_on_stderr() as progress:
        folder = build_demo(root, choice, progress.part(0, 0.55))
        summary = run_demo(folder, choice, progress.part(0.55, 1))
    print(told(folder, summary))
    print("DONE")

"""The command `escc specification`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import progress_on_stderr, show
from escc_desktop.workflow.modelling import config_of
from escc_desktop.workflow.specification import named_tables, specification_files, summary_text


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        "specification", epilog="Example: escc specification features.csv clinical.csv -o curve --table sigma4=four.csv"
    )(_specification)


def _specification(
    features: Annotated[Path, typer.Argument(help="Wide feature table, the reference.")],
    clinical: Annotated[Path, typer.Argument(help="CLINICAL.csv as for develop.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; whole or not at all.")],
    table: Annotated[
        list[str] | None,
        typer.Option("--table", help="NAME=CSV extracted with another sigma or bin width; may be repeated."),
    ] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="os or pfs.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of the folds.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML with every other choice.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Develop the Rad-score under every choice a paper leaves open: spread of C-index and of risk groups."""
    tables = named_tables((f"reference={features}", *(table or ())))
    chosen = config_of(config, endpoint, None, seed)
    with progress_on_stderr() as progress:
        document = specification_files(tables, clinical, out, chosen, progress)
    show({"out": str(out), **document}, as_json, lambda: f"{summary_text(document)}\nwritten to {out}")

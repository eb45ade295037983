"""The command of the paper mode: the published models, and the printed numbers recomputed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.workflow.paper import paper_document, paper_text, published_card
from escc_desktop.workflow.paper_checks import checks_text, paper_checks, write_checks


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("paper", epilog="Example: escc paper --checks -o checks.csv")(_paper)


def _paper(
    card: Annotated[str, typer.Argument(help="radscore, clinical, radiomics or combined.")] = "combined",
    checks: Annotated[bool, typer.Option("--checks", help="Printed numbers beside recomputed ones instead.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV for the checks.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a published model as reconstructed from print, or what printed numbers recompute to; it judges no one."""
    if checks or out is not None:
        found = paper_checks()
        if out is not None:
            write_checks(found, out)
        show({"checks": [asdict(check) for check in found]}, as_json, lambda: checks_text(found))
        return
    published = published_card(card)
    show(paper_document(published), as_json, lambda: paper_text(published))

"""The command that shows the published models."""

from __future__ import annotations

from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.workflow.paper import paper_document, paper_text, published_card


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("paper", epilog="Example: escc paper combined")(_paper)


def _paper(
    card: Annotated[str, typer.Argument(help="radscore, clinical, radiomics or combined.")] = "combined",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a published model as reconstructed from print; it judges no patient."""
    published = published_card(card)
    show(paper_document(published), as_json, lambda: paper_text(published))

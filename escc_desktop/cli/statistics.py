"""Commands of the statistics: `stats` on a case folder and `sample-size`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.workflow.casebook import run_case, summary
from escc_desktop.workflow.planning import size_trial

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("stats", epilog="Example: escc stats km reference/statistics/km/lung --json")(_stats)
    app.command("sample-size", epilog="Example: escc sample-size --p0 0.346 --p1 0.55 --alpha 0.05 --power 0.9")(
        _sample_size
    )


def _stats(
    step: Annotated[str, typer.Argument(help="Name of the step, such as km, cox or lasso.")],
    case_dir: Annotated[Path, typer.Argument(help="Folder with case.json and the CSV tables.")],
    as_json: _Json = False,
) -> None:
    """Compute one statistical step on one case folder."""
    result = run_case(step, case_dir)
    show(result, as_json, lambda: summary(result))


def _sample_size(
    p0: Annotated[float, typer.Option("--p0", help="Response rate under the null hypothesis.")],
    p1: Annotated[float, typer.Option("--p1", help="Response rate hoped for.")],
    alpha: Annotated[float, typer.Option("--alpha", help="One-sided error of the first kind.")],
    power: Annotated[float, typer.Option("--power", help="Wanted power at p1.")],
    dropout: Annotated[float, typer.Option("--dropout", help="Fraction lost before the endpoint.")] = 0.0,
    as_json: _Json = False,
) -> None:
    """Size a single-arm trial by the exact binomial test."""
    size = size_trial(p0, p1, alpha, power, dropout)
    show(size.document(), as_json, size.text)

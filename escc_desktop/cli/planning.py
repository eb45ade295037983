"""Commands of the planner: `escc planner rereads`, `development`, `validation`."""

from __future__ import annotations

from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.workflow.planner import FollowUp, Plan, Widths, plan_external, plan_model, plan_rereads

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the program."""
    group = typer.Typer(name="planner", help="How many lesions, events and patients are needed.", rich_markup_mode=None)
    for name, command, example in (
        ("rereads", _rereads, "rereads --icc 0.85 --width 0.2 --bound 0.75"),
        ("development", _development, "development --parameters 6 --rate 0.035 --follow-up 15 --horizon 12 --c 0.7"),
        ("validation", _validation, "validation --risk 0.35 --c 0.7"),
    ):
        group.command(name, epilog=f"Example: escc planner {example}")(command)
    app.add_typer(group)


def _rereads(
    icc: Annotated[float, typer.Option("--icc", help="ICC expected.")],
    width: Annotated[float | None, typer.Option("--width", help="Width wanted of its 95 % interval.")] = None,
    bound: Annotated[float | None, typer.Option("--bound", help="What its lower limit should exceed.")] = None,
    readings: Annotated[int, typer.Option("--readings", min=2, max=100, help="Readings of each lesion.")] = 2,
    assurance: Annotated[float, typer.Option("--assurance", help="Probability that the bound is exceeded.")] = 0.5,
    as_json: _Json = False,
) -> None:
    """Say how many lesions must be read again (Bonett 2002; exact F distribution)."""
    _show(plan_rereads(icc, width, bound, readings, assurance), as_json)


def _development(
    parameters: Annotated[int, typer.Option("--parameters", help="Candidate parameters.")],
    rate: Annotated[float, typer.Option("--rate", help="Events per patient and month.")],
    follow_up: Annotated[float, typer.Option("--follow-up", help="Mean follow-up, months.")],
    horizon: Annotated[float, typer.Option("--horizon", help="Months at which risk is predicted.")] = 12.0,
    r2: Annotated[float | None, typer.Option("--r2", help="Cox-Snell R2 expected.")] = None,
    c: Annotated[float | None, typer.Option("--c", help="C-index expected, instead.")] = None,
    as_json: _Json = False,
) -> None:
    """Say how many patients and events the development of a model needs (Riley et al.)."""
    _show(plan_model(parameters, FollowUp(rate, follow_up, horizon), r2, c), as_json)


def _validation(
    risk: Annotated[float, typer.Option("--risk", help="Share with the event by the horizon.")],
    c: Annotated[float, typer.Option("--c", help="C statistic expected.")],
    width_oe: Annotated[float, typer.Option("--width-oe", help="Width of observed over expected.")] = 0.2,
    width_slope: Annotated[float, typer.Option("--width-slope", help="Width of the calibration slope.")] = 0.2,
    width_c: Annotated[float, typer.Option("--width-c", help="Width of the C statistic.")] = 0.1,
    as_json: _Json = False,
) -> None:
    """Say how many patients and events an external validation needs (Riley et al.)."""
    _show(plan_external(risk, c, Widths(width_oe, width_slope, width_c)), as_json)


def _show(plan: Plan, as_json: bool) -> None:
    show(dict(plan.document), as_json, lambda: plan.text)

"""The command that shows the settings of an extraction."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.workflow.presets import Preset, presets, settings_of


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("params", epilog="Example: escc params ct_arterial_iso > mine.yaml")(_params)


def _params(
    name: Annotated[str | None, typer.Argument(help="Name of shipped settings, or a YAML file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the shipped settings with their digests, or print one of them to start one's own from."""
    if name is None:
        listed = presets()
        show([asdict(each) for each in listed], as_json, lambda: "\n\n".join(map(_told, listed)))
        return
    chosen = settings_of(name)
    show(asdict(chosen), as_json, lambda: chosen.yaml.rstrip("\n") or _told(chosen))


def _told(preset: Preset) -> str:
    return f"{preset.name}\n  {preset.description}\n  digest {preset.digest}"

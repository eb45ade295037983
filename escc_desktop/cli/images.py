"""Commands on images: `scan` and `convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli.frame import progress_on_stderr, show
from escc_desktop.workflow.images import scan_path

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("scan", epilog="Example: escc scan ct_folder --json")(_scan)


def _scan(
    path: Annotated[Path, typer.Argument(help="Folder, zip archive or DICOMDIR.")],
    as_json: _Json = False,
) -> None:
    """List the series under a folder or archive, and everything that is no series."""
    with progress_on_stderr() as progress:
        report = scan_path(path, progress)
    show(report, as_json, lambda: _scan_text(report))


def _scan_text(report: dict[str, Any]) -> str:
    lines = []
    for series in report["series"]:
        size = "x".join(str(number) for number in series["size"]) if series["size"] else "no volume"
        lines.append(
            f"{series['verdict']:6} {series['modality']:3} {size:14} {series['phase']['name']:12} "
            f"{series['description'] or '(no description)'}"
        )
        lines += [f"       {finding['severity']}: {finding['message']}" for finding in series["findings"]]
    lines += [f"no image: {item['path']}: {item['message']}" for item in report["rejected"]]
    return "\n".join(lines)

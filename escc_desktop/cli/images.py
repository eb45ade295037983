"""Commands on images: `scan` and `convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli.frame import progress_on_stderr, show
from escc_desktop.workflow.conversion import Conversion, convert
from escc_desktop.workflow.images import scan_path

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("scan", epilog="Example: escc scan ct_folder --json")(_scan)
    app.command("convert", epilog="Example: escc convert rs.dcm mask.nii.gz --image ct_folder")(_convert)


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


def _convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="DICOM folder, NIfTI, NRRD, MHA, SEG or RTSTRUCT.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help=".nii.gz, .nrrd, .mha, .dcm, .rtstruct.dcm or .stl.")],
    image: Annotated[Path | None, typer.Option("--image", help="The images a mask was drawn on.")] = None,
    label: Annotated[int | None, typer.Option("--label", min=1, help="Which region of the mask.")] = None,
    as_json: _Json = False,
) -> None:
    """Convert a mask or a volume to another format and say what was lost."""
    with progress_on_stderr() as progress:
        result = convert(source, out, image, label, progress)
    show(result.document(), as_json, lambda: _convert_text(result))


def _convert_text(result: Conversion) -> str:
    if result.volume_difference_mm3 is None:
        return f"{result.kind} written to {result.out}"
    if result.dice is None:
        return (
            f"surface written to {result.out}; it encloses {result.volume_difference_mm3:+.1f} mm3 more than the mask"
        )
    return (
        f"mask written to {result.out}; read back: Dice {result.dice:.4f}, "
        f"volume {result.volume_difference_mm3:+.1f} mm3"
    )

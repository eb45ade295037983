"""The command that maps a feature over a region: `map`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli.frame import progress_on_stderr, say, show
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles
from escc_desktop.workflow.feature_map_file import map_file


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("map", epilog="Example: escc map ct.nii.gz lesion.nii.gz original_glcm_Idm -o idm.nii.gz")(_map)


def _map(
    image: Annotated[Path, typer.Argument(help="NIfTI, NRRD or MHA file, or folder with one DICOM CT series.")],
    mask: Annotated[Path, typer.Argument(help="NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.")],
    feature: Annotated[str, typer.Argument(help="Such as wavelet-LLH_glcm_Idm.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="NIfTI, NRRD or MHA to write; without it, the range only.")
    ] = None,
    label: Annotated[int | None, typer.Option("--label", min=1, help="Which region of the mask.")] = None,
    params: Annotated[
        str, typer.Option("--params", help="Name of shipped settings, or a YAML file.")
    ] = ExtractionChoice.params,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", help="Code of a question to answer with yes; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show where in a region a feature is high: its value in every voxel's 3 x 3 x 3 neighbourhood."""
    choice = ExtractionChoice(params, accept=frozenset(accept or ()))
    with progress_on_stderr() as progress:
        mapped = map_file(RoiFiles(image, mask, label), choice, feature, out, progress)
    for warning in mapped.warnings:
        say(f"warning: {warning}")
    facts = {**mapped.facts, "out": None if out is None else str(out)}
    show(facts, as_json, lambda: _words(facts))


def _words(facts: dict[str, Any]) -> str:
    lowest, highest, whole = (f"{facts[name]:.6g}" for name in ("lowest", "highest", "region_value"))
    lines = [f"{facts['feature']} over {facts['voxels']:,} voxels: {lowest} to {highest}; whole region {whole}"]
    if facts["voxels_without_value"]:
        lines.append(f"{facts['voxels_without_value']} voxels without neighbours have no value")
    if facts["out"]:
        lines.append(f"written to {facts['out']}")
    return "\n".join(lines)

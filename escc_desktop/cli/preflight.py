"""The command that looks at an image and a mask before anything is extracted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import progress_on_stderr, show
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles
from escc_desktop.workflow.precheck import precheck_document, precheck_files, precheck_text

_DEFAULT = ExtractionChoice()


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("preflight", epilog="Example: escc preflight ct.nii.gz lesion.nii.gz --card card_radscore.json")(
        _preflight
    )


def _preflight(
    image: Annotated[Path, typer.Argument(help="NIfTI, NRRD or MHA file, or folder with one DICOM CT series.")],
    mask: Annotated[Path, typer.Argument(help="NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.")],
    label: Annotated[int | None, typer.Option("--label", min=1, help="Which region of the mask.")] = None,
    card: Annotated[
        Path | None,
        typer.Option("--card", help="Model card: how the scan differs from its own, and what its score rests on."),
    ] = None,
    params: Annotated[
        str, typer.Option("--params", help="Name of shipped settings, or a YAML file.")
    ] = _DEFAULT.params,
    engine: Annotated[str, typer.Option("--engine", help="fast or pyradiomics.")] = _DEFAULT.engine,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", help="Code of a question to answer with yes; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what is odd about an image and a lesion, and what extracting it will take."""
    choice = ExtractionChoice(params, engine, frozenset(accept or ()))
    with progress_on_stderr() as progress:
        found = precheck_files(RoiFiles(image, mask, label), choice, card, progress)
    show(precheck_document(found), as_json, lambda: precheck_text(found))
    found.preflight.check(choice.accept)

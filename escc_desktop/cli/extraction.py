"""Commands that extract features: `extract` and `extract-all`; `explain` says what they rest on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import REFUSED, progress_on_stderr, report_faults, say, show
from escc_desktop.errors import Fault
from escc_desktop.progress import Cancelled
from escc_desktop.workflow.cluster import TLS_VARIABLE
from escc_desktop.workflow.cohort import CohortOptions, CohortResult, RowFailure, extract_manifest
from escc_desktop.workflow.explain import explain_feature
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles, extract_files, vector_text

_Params = Annotated[str, typer.Option("--params", help="Name of shipped settings, or a YAML file.")]
_Engine = Annotated[str, typer.Option("--engine", help="fast, or pyradiomics: slower, the same values.")]
_Accept = Annotated[
    list[str] | None, typer.Option("--accept", help="Code of a question to answer with yes; may be repeated.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("extract", epilog="Example: escc extract ct.nii.gz lesion.nii.gz -o features.csv")(_extract)
    app.command("extract-all", epilog="Example: escc extract-all manifest.csv -o features.csv --jobs 4")(_extract_all)
    app.command("explain", epilog="Example: escc explain features.csv A_wavelet-LLH_glcm_Idm")(_explain)


def _explain(
    table: Annotated[Path, typer.Argument(help="CSV of features; its .json lies beside it.")],
    feature: Annotated[str, typer.Argument(help="Name of a feature, with or without phase.")],
    as_json: _Json = False,
) -> None:
    """Say what the values of a feature rest on: filter, settings, bins, grey levels."""
    found = explain_feature(table, feature)
    origin = found.origin
    document = {
        "feature": str(found.name),
        "engine": found.engine,
        "params": found.params,
        "constant": found.is_constant,
        "image": None if origin is None else asdict(origin),
    }
    of_what = "shape of the region, no grey levels" if origin is None else str(origin)
    constant = "; the same value in every row" if found.is_constant else ""
    show(document, as_json, lambda: f"{found.name}: {of_what}; engine {found.engine}, {found.params}{constant}")


def _extract(
    image: Annotated[Path, typer.Argument(help="NIfTI, NRRD or MHA file, or folder with one DICOM CT series.")],
    mask: Annotated[Path, typer.Argument(help="NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write; without it, stdout.")] = None,
    label: Annotated[int | None, typer.Option("--label", min=1, help="Which region of the mask.")] = None,
    params: _Params = ExtractionChoice.params,
    engine: _Engine = ExtractionChoice.engine,
    accept: _Accept = None,
    as_json: _Json = False,
) -> None:
    """Compute the 1,874 features of one region."""
    choice = ExtractionChoice(params, engine, frozenset(accept or ()))
    with progress_on_stderr() as progress:
        vector = extract_files(RoiFiles(image, mask, label), choice, out, progress)
    for warning in vector.provenance["warnings"]:
        say(f"warning: {warning}")
    values = dict(zip(vector.names, vector.values.tolist(), strict=True))
    if as_json or out is None:
        show({"features": values, "provenance": vector.provenance}, as_json, lambda: vector_text(vector).rstrip("\n"))
    else:
        print(f"{len(values)} features written to {out}")


def _extract_all(
    manifest: Annotated[
        Path,
        typer.Argument(help="CSV: patient_id, lesion_id, site, reader, occasion, image, mask, label."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV to write, one row a region.")],
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=256, help="Child processes at most.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Take over what an earlier run finished.")] = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Compute on a cluster: its scheduler, tls://host:port.")
    ] = None,
    tls_folder: Annotated[
        Path | None,
        typer.Option("--tls-folder", envvar=TLS_VARIABLE, help="With --scheduler: this machine's certificates."),
    ] = None,
    params: _Params = ExtractionChoice.params,
    engine: _Engine = ExtractionChoice.engine,
    accept: _Accept = None,
    as_json: _Json = False,
) -> None:
    """Compute the features of a cohort into one table."""
    choice = ExtractionChoice(params, engine, frozenset(accept or ()))
    try:
        with progress_on_stderr() as progress:
            result = extract_manifest(
                manifest, out, choice, CohortOptions(jobs, resume, scheduler, tls_folder), progress
            )
    except Cancelled:
        say("What was finished is kept; the same command with --resume goes on from there.")
        raise
    for warning in result.warnings:
        say(f"warning: {warning}")
    show(_summary(result, out), as_json, lambda: _in_words(result, out))
    if result.failures:
        failed = [Fault(f"{manifest.name}, row {each.row.row}", _why(each)) for each in result.failures]
        report_faults(f"{_rows(len(failed))} of {manifest.name} gave no features.", failed)
        raise typer.Exit(REFUSED)


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"


def _in_words(result: CohortResult, out: Path) -> str:
    reused = f", {result.n_reused} of them from an earlier run" if result.n_reused else ""
    constant = f"; {len(result.constant)} features are the same in all of them" if result.constant else ""
    return f"{_rows(len(result.table.keys))} written to {out}{reused}{constant}"


def _why(each: RowFailure) -> str:
    return f"{each.failure.what} {each.failure.hint}".strip()


def _summary(result: CohortResult, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "rows": len(result.table.keys),
        "features": len(result.table.names),
        "reused": result.n_reused,
        "failed": [
            {
                "row": each.row.row,
                "problem": each.failure.what,
                "hint": each.failure.hint,
                "quarantined": each.failure.is_quarantined,
            }
            for each in result.failures
        ],
        "constant": list(result.constant),
        "warnings": list(result.warnings),
    }

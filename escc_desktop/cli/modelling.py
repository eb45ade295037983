"""Commands of the models: `icc`, `develop`, `assess`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from escc_desktop.cli.frame import progress_on_stderr, say, show
from escc_desktop.errors import UsageError
from escc_desktop.workflow.modelling import (
    DevelopConfig,
    Development,
    IccForm,
    assess_files,
    assessment_document,
    config_of,
    develop_files,
    icc_file,
)

_Features = Annotated[Path, typer.Argument(help="Wide feature table, one row a reading.")]
_Clinical = Annotated[Path, typer.Argument(help="CLINICAL.csv: patient_id, os_months, os_event, covariates.")]
_Accept = Annotated[
    list[str] | None, typer.Option("--accept", help="Code of a question to answer with yes; may be repeated.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("icc", epilog="Example: escc icc features.csv -o icc.csv --threshold 0.75")(_icc)
    app.command("develop", epilog="Example: escc develop features.csv clinical.csv -o models --seed 7")(_develop)
    app.command("assess", epilog="Example: escc assess models/card_combined.json features.csv clinical.csv -o out.csv")(
        _assess
    )


def _icc(
    features: _Features,
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV to write.")],
    form: Annotated[str, typer.Option("--form", help=f"One of {', '.join(get_args(IccForm))}.")] = "icc2",
    threshold: Annotated[float, typer.Option("--threshold", help="A feature passes strictly above.")] = 0.75,
    as_json: _Json = False,
) -> None:
    """Measure how well two readings of the same lesion agree, feature by feature."""
    if form not in get_args(IccForm):
        raise UsageError(f"There is no form {form}; choose one of {', '.join(get_args(IccForm))}.")
    summary = icc_file(features, out, cast("IccForm", form), threshold)
    for comparison in cast("list[str]", summary["missing_comparisons"]):
        say(f"warning: no {comparison} comparison, the table holds no such readings")
    show(summary, as_json, lambda: f"{summary['n_stable']} of {summary['n_features']} features are stable; {out}")


def _develop(
    features: _Features,
    clinical: _Clinical,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write; whole or not at all.")],
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="os or pfs.")] = None,
    horizon: Annotated[float | None, typer.Option("--horizon", help="Months at which survival is predicted.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of folds, resamples and permutations.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML with every other choice, or table3: the paper's Table 3.")
    ] = None,
    accept: _Accept = None,
    as_json: _Json = False,
) -> None:
    """Develop Rad-score, cut-off and three nomograms, and say how much of their performance is optimism."""
    chosen: DevelopConfig = config_of(config, endpoint, horizon, seed)
    with progress_on_stderr() as progress:
        made = develop_files(features, clinical, out, chosen, progress, accept or ())
    for warning in made.results.warnings:
        say(f"warning: {warning}")
    show(made.results.model_dump(mode="json"), as_json, lambda: _told(made, out))


def _told(made: Development, out: Path) -> str:
    """Return what was found with how sure it is: an apparent figure never stands alone, here neither."""
    lines = [f"Written to {out}."]
    if made.results.appraisal is not None:
        lines += [*made.results.appraisal.found, *made.results.appraisal.how_sure]
    return "\n".join(lines)


def _assess(
    card: Annotated[Path, typer.Argument(help="Model card (JSON).")],
    features: _Features,
    clinical: _Clinical,
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV to write, one row a patient.")],
    accept: _Accept = None,
    as_json: _Json = False,
) -> None:
    """Apply a card to patients; training patients get their out-of-fold score and a caution."""
    model, verdicts = assess_files(card, features, clinical, out, accept=accept or ())
    withheld = sum(verdict.survival is None for verdict in verdicts)
    document = {
        "out": str(out),
        "card": model.digest,
        "horizon_months": model.horizon_months,
        "assessments": [assessment_document(verdict) for verdict in verdicts],
    }
    show(document, as_json, lambda: f"{len(verdicts)} patients, survival withheld in {withheld}; written to {out}")

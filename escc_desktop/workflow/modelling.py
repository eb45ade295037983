"""Agreement, development and assessment from files to files: what `escc icc`, `develop` and `assess` do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from escc_desktop import version
from escc_desktop.errors import FaultsError, UsageError, plain_words
from escc_desktop.features.table import FeatureTable, read_feature_table
from escc_desktop.files import digest, read_bytes, refuse_overwriting, write_csv, write_json, write_whole
from escc_desktop.prognosis.card import CARD_KINDS, ModelCard, save_card
from escc_desktop.prognosis.clinical import ClinicalTable, read_clinical
from escc_desktop.prognosis.config import DevelopConfig, config_text, load_config
from escc_desktop.prognosis.develop import Development, develop
from escc_desktop.prognosis.doubts import refuse_doubts
from escc_desktop.prognosis.reproducibility import Agreements, reproducibility
from escc_desktop.prognosis.score import Assessment, assess
from escc_desktop.prognosis.settings import check_one_settings
from escc_desktop.progress import Progress
from escc_desktop.stats.agreement import IccForm
from escc_desktop.store.kinds import KeptFigure
from escc_desktop.workflow.card_file import load_foreign_card
from escc_desktop.workflow.folders import check_folder, whole_folder
from escc_desktop.workflow.kept_figures import draw, write_figures
from escc_desktop.workflow.model_report import cohort_record
from escc_desktop.workflow.report import cohort_report

__all__ = [
    "ASSESSMENT_COLUMNS",
    "DEVELOPMENT_MARKER",
    "Assessment",
    "DevelopConfig",
    "Development",
    "IccForm",
    "assess_files",
    "assessment_document",
    "assessment_row",
    "config_of",
    "develop_files",
    "icc_file",
    "write_development",
]

ICC_COLUMNS = ("feature", "comparison", "form", "icc", "lower", "upper", "n", "pass")
ASSESSMENT_COLUMNS = (
    "patient_id",
    "rad_score",
    "risk_group",
    "points",
    "survival",
    "lower",
    "upper",
    "cautions",
)
RESULTS_NAME = "results.json"
CONFIG_NAME = "config.toml"
DEVELOPMENT_MARKER = "card_combined.json"


def config_of(
    path: Path | None, endpoint: str | None = None, horizon_months: float | None = None, seed: int | None = None
) -> DevelopConfig:
    """Return the choices of a TOML file or preset, or the defaults, with those given by name over them.

    Raises
    ------
    EsccError
        The file is at fault.
    UsageError
        A given choice is out of bounds.
    """
    base = DevelopConfig() if path is None else load_config(path)
    given = {"endpoint": endpoint, "horizon_months": horizon_months, "seed": seed}
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return DevelopConfig.model_validate({**dict(base), **chosen})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{first['loc'][0]}: {plain_words(first['msg'])}.") from None


def icc_file(
    features: Path,
    out: Path,
    form: IccForm = "icc2",
    threshold: float = 0.75,
    label: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, object]:
    """Write the agreement of every feature and return a summary; `label` is added to the provenance.

    Raises
    ------
    EsccError
        The table is not readable, holds no repeated readings, or features of different settings.
    """
    if not -1 <= threshold < 1:
        raise UsageError(f"A threshold of {threshold:g} is no ICC: give a number from -1 to below 1.")
    refuse_overwriting(out, features)
    table = read_feature_table(features)
    check_one_settings(table)
    found = reproducibility(table, form, threshold)
    provenance = {**label, **_provenance({"features": features}), "form": form, "threshold": threshold}
    write_csv(out, ICC_COLUMNS, _icc_rows(found), provenance)
    return {"out": str(out), **icc_summary(found)}


def _icc_rows(found: Agreements) -> list[list[object]]:
    return [
        [
            name,
            one.comparison,
            found.form,
            float(one.icc.icc[k]),
            float(one.icc.lower[k]),
            float(one.icc.upper[k]),
            one.n,
            "true" if one.passed[k] else "false",
        ]
        for one in found.comparisons
        for k, name in enumerate(found.names)
    ]


def icc_summary(found: Agreements) -> dict[str, object]:
    """Return counts: features, stable ones, and per comparison lesions, passes and constant features."""
    return {
        "form": found.form,
        "threshold": found.threshold,
        "n_features": len(found.names),
        "n_stable": int(found.stable.sum()),
        "comparisons": {
            one.comparison: {
                "n": one.n,
                "n_pass": int(one.passed.sum()),
                "n_constant": int(one.is_constant.sum()),
                "constant": [name for name, flat in zip(found.names, one.is_constant, strict=True) if flat],
            }
            for one in found.comparisons
        },
        "missing_comparisons": list(found.missing),
    }


def develop_files(
    features: Path,
    clinical: Path,
    out: Path,
    config: DevelopConfig,
    progress: Progress,
    accept: Collection[str] = (),
) -> Development:
    """Develop cards from two tables and write the folder `out` whole or not at all.

    Parameters
    ----------
    accept
        Codes of the questions about the clinical table that were looked at and confirmed (`doubts`).

    Raises
    ------
    EsccError
        The tables are at fault or leave questions open, or `out` holds something other than an earlier development.
    Cancelled
        Through `progress`; nothing was written.
    """
    check_folder(out, DEVELOPMENT_MARKER)
    table, outcome = _both(lambda: read_feature_table(features), lambda: read_clinical(clinical))
    refuse_doubts(outcome, accept)
    made = develop(table, outcome, config, progress.part(0.0, 0.9))
    write_development(made, out, progress.part(0.9, 1.0), sources={"features": features, "clinical": clinical})
    return made


def _both(
    features: Callable[[], FeatureTable], clinical: Callable[[], ClinicalTable]
) -> tuple[FeatureTable, ClinicalTable]:
    """Read both tables; what is wrong with one does not hide what is wrong with the other."""
    try:
        table = features()
    except FaultsError as first:
        try:
            clinical()
        except FaultsError as second:
            raise FaultsError(f"{first.what} {second.what}", (*first.faults, *second.faults), first.hint) from None
        raise
    return table, clinical()


def write_development(
    made: Development,
    out: Path,
    progress: Progress,
    *,
    sources: Mapping[str, Path] | None = None,
    kept: Mapping[str, KeptFigure] = MappingProxyType({}),
    is_synthetic: bool = False,
) -> None:
    """Write cards, results, figures and report into a folder beside `out`, then put it in place of `out`.

    Parameters
    ----------
    kept
        Its figures, where they were drawn before.
    """
    with whole_folder(out, DEVELOPMENT_MARKER) as folder:
        _fill(made, folder, sources or {}, is_synthetic)
        printed = kept or draw(made, progress)
        write_figures(printed, folder / "figures")
        record = cohort_record(
            made.results, made.cards["combined"], made.repeatable, printed, is_synthetic=is_synthetic
        )
        cohort_report(record, folder / "report.pdf")


def _fill(made: Development, folder: Path, sources: Mapping[str, Path], is_synthetic: bool) -> None:
    for kind in CARD_KINDS:
        save_card(folder / f"card_{kind}.json", made.cards[kind])
    document = made.results.model_dump(mode="json")
    write_json(folder / RESULTS_NAME, document)
    write_whole(folder / CONFIG_NAME, config_text(made.repeatable))
    write_json(
        folder / f"{RESULTS_NAME}.provenance.json",
        {**_provenance(sources), "results": digest(read_bytes(folder / RESULTS_NAME)), "is_synthetic": is_synthetic},
    )


def assess_files(
    card: Path,
    features: Path,
    clinical: Path,
    out: Path,
    label: Mapping[str, object] = MappingProxyType({}),
    accept: Collection[str] = (),
) -> tuple[ModelCard, tuple[Assessment, ...]]:
    """Apply a card to the patients of two tables and write one row a patient; `label` is added to the provenance.

    Parameters
    ----------
    accept
        Codes of the questions about the covariates the card reads that were looked at and confirmed (`doubts`).

    Raises
    ------
    EsccError
        A file is at fault, the card is for reading only, or a table lacks what the card needs.
    """
    refuse_overwriting(out, card, features, clinical)
    model = load_foreign_card(card)
    table, outcome = _both(lambda: _features(features, model), lambda: read_clinical(clinical))
    refuse_doubts(outcome, accept, model.covariate_names)
    verdicts = assess(model, table, outcome)
    provenance = {
        **label,
        **_provenance({"features": features, "clinical": clinical}),
        "card": model.digest,
        "card_name": model.name,
        "endpoint": model.endpoint,
        "horizon_months": model.horizon_months,
    }
    write_csv(out, ASSESSMENT_COLUMNS, [assessment_row(verdict) for verdict in verdicts], provenance)
    return model, verdicts


def _features(path: Path, card: ModelCard) -> FeatureTable:
    return read_feature_table(path, required=() if card.usage == "paper_only" else card.feature_names)


def assessment_document(verdict: Assessment) -> dict[str, object]:
    """Return a verdict ready for JSON."""
    return {
        "patient_id": verdict.patient_id,
        "rad_score": verdict.rad_score,
        "risk_group": verdict.risk_group,
        "points": verdict.points,
        "survival": verdict.survival,
        "lower": verdict.lower,
        "upper": verdict.upper,
        "cautions": [str(caution) for caution in verdict.cautions],
        "readings": [asdict(reading) for reading in verdict.readings],
    }


def assessment_row(verdict: Assessment) -> list[object]:
    """Return a verdict as the cells of `ASSESSMENT_COLUMNS`."""
    return [
        verdict.patient_id,
        verdict.rad_score,
        verdict.risk_group,
        verdict.points,
        verdict.survival,
        verdict.lower,
        verdict.upper,
        "; ".join(str(caution) for caution in verdict.cautions),
    ]


def _provenance(sources: Mapping[str, Path]) -> dict[str, object]:
    return {
        "software": f"ESCC Desktop {version()}",
        "inputs": {name: {"name": path.name, "sha256": digest(read_bytes(path))} for name, path in sources.items()},
    }

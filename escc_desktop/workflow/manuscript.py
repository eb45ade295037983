"""A development for a manuscript: Word and CSV tables, a methods paragraph, checklists, R that draws the figures."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.files import digest, json_bytes, read_bytes, read_json, write_csv, write_whole
from escc_desktop.prognosis.card import CardKind, ModelCard, load_card
from escc_desktop.prognosis.carding import card_nomogram
from escc_desktop.prognosis.config import DevelopConfig, load_config
from escc_desktop.prognosis.result_curves import Curves, HazardsResult
from escc_desktop.prognosis.results import FigureResult, Results, TermResult
from escc_desktop.resources import resource_path
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.checklists import CHECKLISTS, Checklist, checklist, totals, write_checklist
from escc_desktop.workflow.figure_tables import Table, figure_tables
from escc_desktop.workflow.folders import check_folder, whole_folder
from escc_desktop.workflow.kept_development import development_of, kept_development
from escc_desktop.workflow.methods_text import Sentences
from escc_desktop.workflow.model_figures import axis_labels
from escc_desktop.workflow.modelling import CONFIG_NAME, DEVELOPMENT_MARKER, RESULTS_NAME
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.word_file import WordFile

MARKER = "manuscript.docx"
_OTHERS: tuple[CardKind, ...] = ("clinical", "radiomics")


@dataclass(frozen=True)
class Written:
    """What was written."""

    tables: tuple[str, ...]
    checklists: tuple[Checklist, ...]

    @property
    def text(self) -> str:
        """A sentence."""
        return f"{len(self.tables)} tables; {totals(self.checklists)}"


def write_manuscript(models: Path, out: Path) -> Written:
    """Write the folder `out` from a development's folder, whole or not at all.

    It holds `manuscript.docx` (methods, tables, checklists), `methods.txt`, `checklist_*.csv`, the tables and the
    numbers behind the figures in `data/`, and `figures.R`, which draws them. Patients are numbered, not named.

    Raises
    ------
    EsccError
        `models` holds no development, or `out` holds other work.
    """
    check_folder(out, MARKER)
    return _write(read_development(models), digest(read_bytes(models / RESULTS_NAME)), out)


def project_manuscript(project: Project, card: ModelCard, out: Path) -> Written:
    """Write the same from the development in a project that made `card`.

    Raises
    ------
    AccessDeniedError
        The principal may not export.
    EsccError
        The development is gone or has no choices kept, or `out` holds other work.
    """
    require(project.principal, Operation.EXPORT)
    check_folder(out, MARKER)
    kept = kept_development(project.view, development_of(project.view, card))
    if kept.config is None:
        raise EsccError("The project has no configuration of this development.", "Develop the models again.")
    document = json_bytes(kept.results.model_dump(mode="json"))
    others = tuple(kept.cards[kind] for kind in _OTHERS)
    return _write(Sentences(kept.results, kept.config, kept.cards["combined"], others), digest(document), out)


def _write(told: Sentences, results_digest: str, out: Path) -> Written:
    found = tuple(checklist(key, told) for key in CHECKLISTS)
    nomograms = [table for card in (told.card, *told.others) for table in _nomogram(card)]
    tables = (*development_tables(told.results), *nomograms)
    provenance = {
        "program": f"escc-desktop {version()}",
        "results": results_digest,
        "config": told.results.config_digest,
    }
    with whole_folder(out, MARKER) as folder:
        (folder / "data").mkdir()
        for table in tables:
            write_csv(folder / "data" / f"{table.name}.csv", table.header, table.rows, provenance)
        for key, one in zip(CHECKLISTS, found, strict=True):
            write_checklist(one, folder / f"checklist_{key}.csv")
        write_whole(folder / "methods.txt", told.paragraph + "\n")
        write_whole(folder / "figures.R", resource_path("reporting", "figures.R").read_bytes())
        _word(told, tables, found).save(folder / MARKER)
    return Written(tuple(table.name for table in tables), found)


def read_development(models: Path) -> Sentences:
    """Read results, configuration and combined card of a development's folder.

    Raises
    ------
    EsccError
        It is none, or of another version.
    """
    if not (models / RESULTS_NAME).is_file():
        raise EsccError(f"{models} holds no development.", f"Give the folder with {RESULTS_NAME} that develop wrote.")
    try:
        results = Results.model_validate(read_json(models / RESULTS_NAME))
    except ValidationError as error:
        raise EsccError(
            f"{RESULTS_NAME} is none of this version: {error.errors(include_url=False)[0]['msg']}.", "Develop again."
        ) from None
    config: DevelopConfig = load_config(models / CONFIG_NAME)
    card: ModelCard = load_card(models / DEVELOPMENT_MARKER)
    return Sentences(results, config, card, tuple(load_card(models / f"card_{kind}.json") for kind in _OTHERS))


def _word(told: Sentences, tables: Sequence[Table], found: Sequence[Checklist]) -> WordFile:
    word = WordFile()
    word.title("Development of prognostic models")
    word.heading("Methods")
    word.paragraph(told.paragraph)
    word.heading("Results")
    for sentence in (told.flow, told.performance):
        word.paragraph(sentence)
    for table in tables:
        if table.title:
            word.heading(table.title)
            word.table(table.header, table.rows)
    if told.results.warnings:
        word.heading("Warnings of the program")
        for warning in told.results.warnings:
            word.paragraph(warning)
    for one in found:
        word.heading(f"{one.name} ({one.source})")
        word.table(("Item", "Asks", "Answer", "In the report"), [_row(item.cells) for item in one.items])
    return word


def _row(cells: Sequence[str]) -> tuple[str, ...]:
    number, _, asks, answer, where, _ = cells
    return number, asks, answer, where


def development_tables(results: Results) -> Iterator[Table]:
    """Yield the printed tables and the numbers behind the figures."""
    yield Table("performance", _PERFORMANCE, tuple(_performance(results)), "Performance")
    terms = [("univariable", term) for term in results.univariable]
    terms += [(kind, term) for kind, model in results.models.items() for term in model.terms]
    yield Table("terms", _TERMS, tuple(_term(model, term) for model, term in terms), "Cox models")
    signature = tuple(
        (one.name, one.coefficient, one.mean, one.sd, one.resample_share, one.fold_draw_share)
        for one in results.selection.features
    )
    header = ("feature", "coefficient", "mean", "sd", "resample_share", "fold_draw_share")
    yield Table("signature", header, signature, "Rad-score")
    yield Table("differences", _DIFFERENCES, tuple(_differences(results)), "Models compared")
    yield Table("patients", _PATIENTS, tuple(_patients(results)))
    chosen = results.selection
    path = zip(chosen.lambdas, chosen.cvm, chosen.cvsd, chosen.n_nonzero, strict=True)
    rows = tuple((*point, chosen.lambda_min) for point in path)
    yield Table("lasso_cv", ("lambda", "deviance", "std_error", "n_nonzero", "lambda_min"), rows)
    if results.agreement is not None:
        edges = [-0.25 + 0.025 * k for k in range(51)]
        counts = [(one.comparison, one.icc_counts) for one in results.agreement.comparisons]
        bins = tuple((name, *at) for name, n in counts for at in zip(edges, edges[1:], n, strict=False))
        yield Table("icc", ("comparison", "from", "to", "n_features"), bins)
    yield from figure_tables(results)
    if results.curves is not None:
        yield from _curves(results.curves)


_PERFORMANCE = ("model", "measure", "nested", "lower", "upper", "corrected_632", "apparent", "noise_95")
_TERMS = ("model", "term", "compared", "hazard_ratio", "lower", "upper", "p", "n", "n_events")
_DIFFERENCES = ("basis", "second", "first", "measure", "difference", "lower", "upper", "p")
_PATIENTS = ("number", "time_months", "event", "rad_score", "group_apparent", "group_out_of_fold")


def _performance(results: Results) -> Iterator[tuple[Any, ...]]:
    for kind, model in results.models.items():
        for name, figure in (("C-index", model.c_index), ("AUC", model.auc)):
            yield kind, name, *_figure(figure)


def _figure(figure: FigureResult) -> tuple[Any, ...]:
    return (
        figure.cross_validated,
        figure.nested_lower,
        figure.nested_upper,
        figure.corrected,
        figure.apparent,
        figure.noise[2],
    )


def _term(model: str, term: TermResult) -> tuple[Any, ...]:
    compared = f"{term.contrast.level} against {term.contrast.reference}" if term.contrast else "per unit"
    return model, term.label, compared, term.hazard_ratio, term.lower, term.upper, term.p, term.n, term.n_events


def _differences(results: Results) -> Iterator[tuple[Any, ...]]:
    for basis, pairs in (("out of fold", results.differences_out_of_fold), ("apparent", results.differences)):
        for one in pairs:
            yield basis, one.second, one.first, one.measure, one.difference, one.lower, one.upper, one.p


def _patients(results: Results) -> Iterator[tuple[Any, ...]]:
    # By time: the order of the codes would lead back to the patients.
    ordered = sorted(results.patients, key=lambda one: (one.time_months, one.rad_score))
    for number, one in enumerate(ordered, start=1):
        yield number, one.time_months, one.event, one.rad_score, one.risk_group or "", one.risk_group_out_of_fold or ""


def _curves(curves: Curves) -> Iterator[Table]:
    roc = tuple(
        (one.kind, one.basis, x, y)
        for one in curves.roc
        for x, y in zip(one.false_positive, one.true_positive, strict=True)
    )
    yield Table("roc", ("model", "basis", "false_positive", "true_positive"), roc)
    calibration = tuple(
        (one.kind, group.n, group.predicted, group.observed, group.lower, group.upper, group.corrected)
        for one in curves.calibration
        for group in one.groups
    )
    header = ("model", "n", "predicted", "observed", "lower", "upper", "corrected")
    yield Table("calibration", header, calibration, "Calibration at the horizon")
    all_line = tuple(zip(itertools.repeat("all"), itertools.repeat("cohort"), curves.decision.thresholds,
                         curves.decision.treat_all))  # fmt: skip
    lines = tuple(
        (one.kind, one.basis, threshold, value)
        for one in curves.decision.models
        for threshold, value in zip(curves.decision.thresholds, one.net_benefit, strict=True)
    )
    yield Table("decision", ("model", "basis", "threshold", "net_benefit"), (*all_line, *lines))
    over_time = ("model", "basis", "months", "value")
    auc = tuple((one.kind, one.basis, *at) for one in curves.auc for at in zip(curves.months, one.auc, strict=True))
    yield Table("auc", over_time, auc)
    yield from _hazards(curves.hazards)
    errors = tuple(
        (one.kind, one.basis, *at) for one in curves.brier for at in zip(curves.months, one.brier, strict=True)
    )
    yield Table("brier", over_time, errors)


def _hazards(found: Sequence[HazardsResult]) -> Iterator[Table]:
    """Yield residuals at the deaths and smooth curves, as cox.zph has them."""
    residuals = tuple(
        (one.kind, term.label, *at, term.coefficient, term.p)
        for one in found
        for term in one.terms
        for at in zip(one.months, one.at, term.residual, strict=True)
    )
    header = ("model", "term", "months", "at", "residual", "coefficient", "p")
    yield Table("hazards", header, residuals)
    smooth = tuple(
        (one.kind, term.label, *at)
        for one in found
        for term in one.terms
        for at in zip(one.grid, term.smooth, term.lower, term.upper, strict=True)
    )
    yield Table("hazards_smooth", ("model", "term", "at", "smooth", "lower", "upper"), smooth)


def _nomogram(card: ModelCard) -> Iterator[Table]:
    """Yield the ticks of a nomogram's axes with their place in points, from top to bottom."""
    scale = card_nomogram(card)
    if scale is None:
        return
    words = axis_labels(card)
    axes: list[tuple[str, str, FloatArray, FloatArray]] = [
        ("points", words.get(axis.name, axis.name), axis.ticks, axis.points) for axis in scale.axes
    ]
    axes.append(("total", "Total points", scale.total_ticks, scale.total_ticks))
    survival = f"{card.horizon_months:g}-month survival"
    axes.append(("total", survival, scale.survival_ticks, scale.survival_points))
    rows = tuple((kind, name, *at) for kind, name, ticks, points in axes for at in zip(ticks, points, strict=True))
    yield Table(f"nomogram_{card.kind}", ("ruler", "axis", "tick", "points"), rows)

"""What the project's developments found, section by section, as a paper tells its results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from escc_desktop.files import write_json, write_whole
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import CARD_KINDS, ModelCard, save_card
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.results import Results
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import RESULT, KeptFigure
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.folders import check_folder, whole_folder
from escc_desktop.workflow.kept_development import kept_development
from escc_desktop.workflow.kept_figures import kept_figures, write_figures
from escc_desktop.workflow.model_report import cohort_record
from escc_desktop.workflow.modelling import CONFIG_NAME, DEVELOPMENT_MARKER, RESULTS_NAME
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.report import cohort_report
from escc_desktop.workflow.stored import feature_table
from escc_desktop.workflow.views.model_parts import Section, endpoint_words
from escc_desktop.workflow.views.model_sections import sections
from escc_desktop.workflow.views.model_summary import headline_words

SYNTHETIC_NAME = "SYNTHETIC study:"
_DEFAULTS = DevelopConfig()


@dataclass(frozen=True)
class DevelopmentLine:
    """One development of the project, for choosing.

    Attributes
    ----------
    development
        Digest of its combined card.
    """

    development: str
    words: str
    at: datetime


@dataclass(frozen=True, eq=False)
class ModelView:
    """What the page shows; `shown` is None in a project without a development.

    Attributes
    ----------
    developments
        Newest first.
    figures
        By name; empty for a development made before figures were kept.
    """

    developments: tuple[DevelopmentLine, ...]
    shown: DevelopmentLine | None = None
    headline: str = ""
    sections: tuple[Section, ...] = ()
    n_warnings: int = 0
    figures: tuple[KeptFigure, ...] = ()


@dataclass(frozen=True)
class DevelopChoice:
    """What a person chooses; everything else is as `DevelopConfig` has it."""

    endpoint: Literal["os", "pfs"] = _DEFAULTS.endpoint
    horizon_months: float = _DEFAULTS.horizon_months
    seed: int = _DEFAULTS.seed
    is_synthetic: bool = False


def model_view(project: Project, development: str, progress: Progress) -> ModelView:
    """Return a development of the project; "" asks for the newest.

    Raises
    ------
    AccessDeniedError
        The principal may not see models.
    """
    progress.advance(0, 2)
    found = {document.document_id: document.content for document in project.view.all(RESULT)}
    when = project.view.changed_at(RESULT)
    known = {key: Results.model_validate(content) for key, content in found.items()}
    lines = sorted(
        (DevelopmentLine(key, _line_words(results), when[key]) for key, results in known.items()),
        key=lambda line: line.at,
        reverse=True,
    )
    if not lines:
        return ModelView(())
    shown = next((line for line in lines if line.development == development), lines[0])
    results = known[shown.development]
    progress.advance(1, 2)
    card = _combined(project, results)
    return ModelView(
        developments=tuple(lines),
        shown=shown,
        headline=_headline(results),
        sections=sections(results, card.extraction if card else None),
        n_warnings=len(results.warnings),
        figures=tuple(kept_figures(project.view, shown.development).values()),
    )


def develop_models(project: Project, choice: DevelopChoice, progress: Progress) -> str:
    """Develop on the project's features and records, keep cards, results and figures, and assess the patients.

    Returns
    -------
    The digest of the combined card.

    Raises
    ------
    AccessDeniedError
        The principal may not develop.
    EsccError
        Features or records are missing or too few.
    Cancelled
        From `progress`; nothing was kept.
    """
    require(project.principal, Operation.DEVELOP)
    progress.advance(0, 1, _("Reading features"))
    table = feature_table(list(project.features()))
    made = project.develop(table, config_of(choice), progress.part(0.01, 0.99))
    card = made.cards["combined"]
    project.assess(card, table)
    return card.digest


def config_of(choice: DevelopChoice) -> DevelopConfig:
    """Return all choices of a development."""
    return DevelopConfig(
        endpoint=choice.endpoint,
        horizon_months=choice.horizon_months,
        seed=choice.seed,
        name=SYNTHETIC_NAME if choice.is_synthetic else "",
        workers=max(2, (os.cpu_count() or 2) // 2),  # in other processes: the window keeps this one
    )


def export_development(project: Project, development: str, folder: Path, progress: Progress) -> Path:
    """Write cards, results, choices and figures of a development into a new or empty folder, whole or not at all.

    Raises
    ------
    AccessDeniedError
        The principal may not export.
    EsccError
        The folder holds other work or cannot be written.
    """
    require(project.principal, Operation.EXPORT)
    check_folder(folder, DEVELOPMENT_MARKER)
    kept = kept_development(project.view, development)
    figures = kept_figures(project.view, development)
    with whole_folder(folder, DEVELOPMENT_MARKER) as staging:
        for done, kind in enumerate(CARD_KINDS):
            progress.advance(done, len(CARD_KINDS) + 1, f"card_{kind}.json")
            save_card(staging / f"card_{kind}.json", kept.cards[kind])
        write_json(staging / RESULTS_NAME, kept.results.model_dump(mode="json"))
        if kept.configuration:
            write_whole(staging / CONFIG_NAME, kept.configuration)
        if figures:
            write_figures(figures, staging / "figures")
    return folder


def print_development(project: Project, development: str, path: Path, is_synthetic: bool, progress: Progress) -> Path:
    """Write a development as PDF, with the figures the project keeps, and return where.

    Raises
    ------
    AccessDeniedError
        The principal may not write reports.
    EsccError
        The card is gone, or the folder cannot be written.
    """
    require(project.principal, Operation.REPORT)
    progress.advance(0, 1, path.name)
    kept, figures = kept_development(project.view, development), kept_figures(project.view, development)
    record = cohort_record(kept.results, kept.cards["combined"], kept.config, figures, is_synthetic=is_synthetic)
    cohort_report(record, path)
    return path


def _line_words(results: Results) -> str:
    return _("{endpoint}, {months:g} months, seed {seed}").format(
        endpoint=endpoint_words(results.endpoint), months=results.horizon_months, seed=results.seed
    )


def _headline(results: Results) -> str:
    cohort = results.cohort
    return _("{patients} patients, {events} events · {figure}").format(
        patients=cohort.n_patients, events=cohort.n_events, figure=headline_words(results)
    )


def _combined(project: Project, results: Results) -> ModelCard | None:
    digest = results.card_digests["combined"]
    return next((card for card in project.cards() if card.digest == digest), None)


def figure_of(figures: Sequence[KeptFigure], name: str) -> KeptFigure | None:
    """Return a figure by name."""
    return next((figure for figure in figures if figure.name == name), None)

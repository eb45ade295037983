"""Patient, cohort and study reports: plain records in, a PDF and its JSON out.

The caller fills the records; nothing is computed here. Every page says that it is for research only; synthetic data
says so too. The same record gives the same bytes, in whatever language it is printed (`i18n.printing_in`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escc_desktop import version
from escc_desktop.figures import words
from escc_desktop.figures.performance import PerformanceRow
from escc_desktop.figures.style import Figure
from escc_desktop.figures.words import Interval, RiskWord
from escc_desktop.i18n import _
from escc_desktop.store.kinds import KeptFigure
from escc_desktop.workflow import report_page as page
from escc_desktop.workflow.printed import write_printed
from escc_desktop.workflow.report_page import Cell


@dataclass(frozen=True)
class Picture:
    """A figure with its heading and, below it, what one should see in it."""

    title: str
    figure: Figure | KeptFigure
    caption: str = ""


@dataclass(frozen=True)
class TableBlock:
    """A table: `rows` as long as `header`; text cells print as they are, fractions with four digits."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A chapter: sentences first, then facts, tables, pictures."""

    title: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[TableBlock, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class PatientReport:
    """One patient's assessment.

    `risk_group`, `survival` are None where withheld; `withheld` then says why. `survival` is the probability to be
    alive (or free of progression) at `horizon_months`. `certainty` is the word beside the group, `grounds` what it
    rests on. `facts` are name and value with unit, such as ("AST", "23 U/L").
    `provenance` are name and digest or version; `stamps` those of them that stand on every page.
    """

    patient_id: str
    card_name: str
    card_digest: str
    horizon_months: float
    rad_score: float | None
    cutoff: float | None
    risk_group: RiskWord | None
    survival: Interval | None
    endpoint: str = "overall survival"
    certainty: str = ""
    grounds: tuple[str, ...] = ()
    withheld: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    cautions: tuple[str, ...] = ()
    score_strip: Figure | None = None
    nomogram: Figure | None = None
    roi: Figure | None = None
    timeline: Figure | None = None
    provenance: tuple[tuple[str, str], ...] = ()
    stamps: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


@dataclass(frozen=True)
class Dropped:
    """Data left out: what, how many, why."""

    what: str
    n: int
    why: str


@dataclass(frozen=True)
class CohortReport:
    """The development of models on a cohort, in the order of a paper's results.

    `in_short` stands first, where there is one. `performance` holds nested, corrected, apparent and noise-benchmark
    figures in one row each. A chapter that is None is printed as "Not part of this analysis." `closing` are chapters
    after the performance: methods and checklists. `stamps` stand on every page, after the program's version.
    """

    title: str
    endpoint: str
    horizon_months: float
    n_patients: int
    n_events: int
    used: tuple[tuple[str, str], ...] = ()
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()
    in_short: Section | None = None
    agreement: Section | None = None
    selection: Section | None = None
    score: Section | None = None
    survival: Section | None = None
    cox: Section | None = None
    nomograms: Section | None = None
    performance: tuple[PerformanceRow, ...] = ()
    performance_pictures: tuple[Picture, ...] = ()
    closing: tuple[Section, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
    stamps: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


@dataclass(frozen=True)
class StudyReport:
    """Any other report in chapters: trial results, a reading, a sheet for the tumour board.

    `stamps` stand on every page, after the program's version.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
    stamps: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


_LONG_TABLE = 20


def patient_report(report: PatientReport, path: Path) -> None:
    """Write one patient's report as PDF, and as JSON beside it (`NAME.pdf.json`).

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    title = _("Patient {code}").format(code=report.patient_id)
    stamped = dataclasses.replace(report, stamps=((_("card"), report.card_digest), *report.stamps))
    write_printed(path, [*_patient_head(report, title), *_patient_body(report)], title, stamped)


def cohort_report(report: CohortReport, path: Path) -> None:
    """Write a cohort's report as PDF, and as JSON beside it (`NAME.pdf.json`).

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    flow: list[Any] = [page.paragraph(report.title, "title")]
    flow.append(
        page.paragraph(
            _("{n} patients, {events} events. Endpoint: {endpoint}; horizon {months} months.").format(
                n=report.n_patients,
                events=report.n_events,
                endpoint=report.endpoint,
                months=f"{report.horizon_months:g}",
            ),
            "quiet",
        )
    )
    flow += _section(report.in_short) if report.in_short else []
    flow += [page.warnings(report.warnings), *_data(report)]
    for name, heading in _chapters():
        section = getattr(report, name) or Section(heading, (_("Not part of this analysis."),))
        flow += _section(dataclasses.replace(section, title=section.title or heading))
    flow += _performance(report)
    for section in report.closing:
        flow += _section(section)
    flow += _provenance(report.provenance)
    write_printed(path, flow, report.title, report)


def study_report(report: StudyReport, path: Path) -> None:
    """Write a report in chapters as PDF, and as JSON beside it (`NAME.pdf.json`).

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    flow: list[Any] = [page.paragraph(report.title, "title"), page.paragraph(report.subtitle, "quiet")]
    flow.append(page.warnings(report.warnings))
    for section in report.sections:
        flow += _section(section)
    write_printed(path, flow + _provenance(report.provenance), report.title, report)


def _chapters() -> tuple[tuple[str, str], ...]:
    return (
        ("agreement", _("Agreement between readings")),
        ("selection", _("Selection of features")),
        ("score", _("Rad-score and cut-off")),
        ("survival", _("Survival by risk group")),
        ("cox", _("Cox models")),
        ("nomograms", _("Nomograms")),
    )


def _patient_head(report: PatientReport, title: str) -> list[Any]:
    shape = "" if report.risk_group is None else f"{words.SHAPES[report.risk_group]} "
    left: list[Any] = [page.paragraph(f"{shape}{group_words(report.risk_group)}", "group")]
    if report.certainty:
        left.append(page.paragraph(report.certainty, "text"))
    left += [*(page.paragraph(ground, "quiet") for ground in report.grounds), page.gap(1)]
    if report.survival is None:
        left.append(page.paragraph(_("No probability is given."), "big"))
    else:
        chance = horizon_words(report.horizon_months, report.endpoint)
        left += [page.paragraph(words.percent(report.survival.value), "big"), page.paragraph(chance, "text")]
        left.append(page.paragraph(limits_words(report.survival), "quiet"))
    if report.withheld:
        left.append(page.paragraph(_("Withheld: {why}").format(why=report.withheld), "warning"))
    score = [
        (_("Rad-score"), words.score(report.rad_score)),
        (_("Cut-off (high is above)"), words.score(report.cutoff)),
        (_("Card"), report.card_name),
        (_("Card digest"), report.card_digest[:16]),
    ]
    right: list[Any] = [page.facts([*score, *report.facts], width_mm=96, label_mm=40)]
    return [page.paragraph(title, "title"), page.gap(2), page.side_by_side(left, right, 76), page.gap(2)]


def group_words(group: RiskWord | None) -> str:
    """Return a risk group as it is printed."""
    return {
        "low": _("LOW RISK"),
        "middle": _("MIDDLE RISK"),
        "high": _("HIGH RISK"),
        None: _("GROUP WITHHELD"),
    }[group]


def horizon_words(months: float, endpoint: str) -> str:
    """Return what a probability is of: "12-month overall survival"."""
    return _("{months}-month {endpoint}").format(months=f"{months:g}", endpoint=endpoint)


def limits_words(survival: Interval) -> str:
    """Return the interval of a probability."""
    if survival.lower is None or survival.upper is None or not survival.has_limits:
        return _("No interval is known for this estimate.")
    return _("95 % CI {low} to {high}").format(low=f"{survival.lower * 100:.0f}", high=words.percent(survival.upper))


def _patient_body(report: PatientReport) -> list[Any]:
    flow: list[Any] = [page.warnings(report.cautions)]
    blocks = (
        (_("Where this score lies in the cohort"), report.score_strip, 40.0),
        (_("Course"), report.timeline, 75.0),
        (_("What the estimate is made of"), report.nomogram, 114.0),
        (_("Outlined lesion"), report.roi, 84.0),
    )
    for heading, figure, height_mm in blocks:
        if figure is not None:
            drawn = page.picture(figure, max_height_mm=height_mm)
            flow.append(page.together([page.paragraph(heading, "heading"), drawn]))
    return flow + _provenance(((_("Card"), f"{report.card_name}, {report.card_digest}"), *report.provenance))


def _data(report: CohortReport) -> list[Any]:
    rows = tuple((drop.what, drop.n, drop.why) for drop in report.dropped)
    sentences = () if rows else (_("Nothing was left out."),)
    tables = (TableBlock((_("Left out"), _("n"), _("Why")), rows),) if rows else ()
    return _section(Section(_("Data used and left out"), sentences, report.used, tables))


def _section(section: Section) -> list[Any]:
    head = [page.paragraph(section.title, "heading")]
    head += [page.paragraph(sentence) for sentence in section.sentences]
    if section.facts:
        head += [page.facts(section.facts), page.gap(2)]
    blocks = [_table_block(block) for block in section.tables] + [_picture_block(shown) for shown in section.pictures]
    if not blocks or (section.tables and len(section.tables[0].rows) > _LONG_TABLE):
        # The gap ends the heading's wish to stand with what follows: a long table begins where it can.
        return [page.room(60), *head, page.gap(1), *(part for block in blocks for part in block)]
    # The heading stands on the page of the first thing under it.
    return [page.together(block) for block in ([*head, *blocks[0]], *blocks[1:])]


def _table_block(block: TableBlock) -> list[Any]:
    flow: list[Any] = [page.paragraph(block.title, "small heading")] if block.title else []
    if len(block.rows) > _LONG_TABLE:
        # As after a chapter's heading: what may break over pages begins where it can.
        flow.append(page.gap(0.5))
    flow.append(page.table(block.header, block.rows))
    flow.append(page.paragraph(block.note, "quiet") if block.note else page.gap(2))
    return flow


def _picture_block(shown: Picture) -> list[Any]:
    parts: list[Any] = [_drawn(shown.figure)]
    if shown.title:
        parts.insert(0, page.paragraph(shown.title, "small heading"))
    if shown.caption:
        parts.append(page.paragraph(shown.caption, "quiet"))
    return parts


def _drawn(figure: Figure | KeptFigure) -> Any:
    if isinstance(figure, KeptFigure):
        return page.printed(figure.png, (figure.width_mm, figure.height_mm))
    return page.picture(figure)


def _performance(report: CohortReport) -> list[Any]:
    if not report.performance:
        return _section(Section(_("Performance"), (_("Not part of this analysis."),)))
    rows = tuple(
        (
            row.model,
            row.measure,
            words.index_interval(row.nested) if row.nested else _("not computed"),
            words.index_interval(row.corrected) if row.corrected else _("not computed"),
            words.index_interval(row.apparent),
            words.index_interval(row.noise) if row.noise else _("not computed"),
        )
        for row in report.performance
    )
    header = (_("Model"), _("Measure"), _("Nested"), _("Corrected"), _("Apparent"), _("Noise benchmark"))
    table = TableBlock(header, rows, note=_performance_note())
    return _section(Section(_("Performance"), tables=(table,), pictures=report.performance_pictures))


def _performance_note() -> str:
    return _(
        "Nested: every patient predicted by models that had not seen them; believe this one. Corrected: .632+ "
        "bootstrap of the whole pipeline. Apparent: on the patients that trained the model, always too good. Noise: "
        "what the same pipeline reaches on features without any information, for this number of patients "
        "and events; an apparent figure inside the noise interval proves nothing."
    )


def _provenance(pairs: Sequence[tuple[str, str]]) -> list[Any]:
    lines = (("ESCC Desktop", version()), *pairs)
    return [page.together([page.paragraph(_("Provenance"), "heading"), page.facts(lines, label_mm=46)])]

"""The sheet for the multidisciplinary team (MDT): one patient on one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escc_desktop.figures import words
from escc_desktop.figures.words import Interval, RiskWord
from escc_desktop.i18n import _
from escc_desktop.workflow import report_page as page
from escc_desktop.workflow.printed import write_printed
from escc_desktop.workflow.report import TableBlock, group_words, horizon_words, limits_words

_LEFT_MM = 92.0
_GAP_MM = 4.0
_PADDING = 1.0


@dataclass(frozen=True)
class MdtRisk:
    """What a card says of the patient, with its limits.

    Attributes
    ----------
    certainty
        The word beside the group.
    grounds
        What that word rests on, the heaviest first.
    withheld
        Why there is no probability; "" where there is one.
    limits
        What the figure does not know: cautions of the card.
    """

    group: RiskWord | None
    certainty: str
    grounds: tuple[str, ...]
    survival: Interval | None
    horizon_months: float
    endpoint: str
    withheld: str
    limits: tuple[str, ...]
    card_name: str
    card_digest: str


@dataclass(frozen=True)
class MdtSheet:
    """One patient for the MDT; texts are in the language it is printed in.

    Attributes
    ----------
    question
        What the MDT is asked, as typed; "" for none.
    risk
        None where the person who prints sees no assessments, or there is none; `no_risk` then says which.
    course
        Responses and what became of the patient, sentences.
    """

    patient_id: str
    trial: str
    as_of: str
    question: str
    facts: tuple[tuple[str, str], ...]
    risk: MdtRisk | None
    no_risk: str
    lesions: TableBlock
    course: tuple[str, ...]
    doses: TableBlock
    events: TableBlock
    labs: TableBlock
    stamps: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


def write_sheet(sheet: MdtSheet, path: Path) -> None:
    """Write the sheet as PDF, and as JSON beside it (`NAME.pdf.json`).

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    title = _("MDT sheet: {code}").format(code=sheet.patient_id)
    flow: list[Any] = [page.paragraph(title, "title"), page.paragraph(f"{sheet.trial} {sheet.as_of}", "quiet")]
    if sheet.question:
        flow += [page.boxed(_("Question for the MDT"), sheet.question), page.gap(2)]
    left = [_heading(_("Patient and history")), page.facts(sheet.facts, width_mm=_LEFT_MM - _GAP_MM, label_mm=30)]
    right = [_heading(_("Risk by the model")), *_risk(sheet)]
    flow.append(page.side_by_side(left, right, _LEFT_MM))
    flow += _table(_("Lesions and response"), sheet.lesions)
    flow += [page.paragraph(sentence) for sentence in sheet.course]
    flow += _table(_("Treatment"), sheet.doses)
    flow += _table(_("Adverse events that go on"), sheet.events)
    flow += _table(_("Laboratory values"), sheet.labs)
    write_printed(path, flow, title, sheet)


def _heading(text: str) -> Any:
    return page.paragraph(text, "small heading")


def _table(title: str, block: TableBlock) -> list[Any]:
    body = page.table(block.header, block.rows, padding=_PADDING) if block.rows else page.paragraph(block.note, "quiet")
    note = [page.paragraph(block.note, "quiet")] if block.rows and block.note else []
    return [page.together([_heading(title), body, *note])]


def _risk(sheet: MdtSheet) -> list[Any]:
    risk = sheet.risk
    if risk is None:
        return [page.paragraph(sheet.no_risk)]
    shape = "" if risk.group is None else f"{words.SHAPES[risk.group]} "
    certainty = f" ({risk.certainty})" if risk.certainty else ""
    flow = [page.paragraph(f"{shape}{group_words(risk.group)}{certainty}", "big")]
    if risk.survival is None:
        flow.append(page.paragraph(_("No probability is given.") + f" {risk.withheld}", "warning"))
    else:
        chance = horizon_words(risk.horizon_months, risk.endpoint)
        percent = words.percent(risk.survival.value)
        text = _("{what}: {percent}. {limits}").format(what=chance, percent=percent, limits=limits_words(risk.survival))
        flow.append(page.paragraph(text))
    flow += [page.paragraph(text, "quiet") for text in (*risk.grounds, *risk.limits)]
    flow.append(page.paragraph(_("Model: {name}").format(name=risk.card_name), "quiet"))
    flow.append(page.paragraph(_("Estimated for research; it decides no treatment."), "quiet"))
    return flow

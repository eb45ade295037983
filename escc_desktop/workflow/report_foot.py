"""The printed document: banners, versions and "page 1 of 3" on every page; the same bytes each time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from escc_desktop.i18n import _, printed_language
from escc_desktop.workflow.report_page import (
    CHINESE,
    FACE,
    QUIET,
    WARN,
    WARN_GROUND,
    WIDTH_MM,
    printable,
    register_faces,
    runs,
)

_LEFT, _TOP, _FOOT = 18 * mm, 22 * mm, 16 * mm
_STAMP = 12
_HEX = re.compile(r"[0-9a-f]{40,}")


@dataclass(frozen=True)
class Foot:
    """What stands on every page.

    Attributes
    ----------
    title
        What is printed.
    stamps
        Name and digest or version of what the page rests on; of digests the beginning is printed.
    """

    title: str
    stamps: tuple[tuple[str, str], ...]
    is_synthetic: bool


def research_line() -> str:
    """Return what every page says of its use."""
    return _("Research use only, not for the record")


def synthetic_line() -> str:
    """Return what every page with made-up data says."""
    return _("SYNTHETIC DATA: no real patient")


def stamped(stamps: Sequence[tuple[str, str]]) -> str:
    """Return the line of versions and digests at the foot of a page."""
    return " · ".join(f"{name} {value[:_STAMP] if _HEX.fullmatch(value) else value}" for name, value in stamps)


def pdf_bytes(flowables: Sequence[Any], foot: Foot) -> bytes:
    """Return the document: A4, banners on every page, "page 1 of 3", no date."""
    register_faces()
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=printable(foot.title),
        author="ESCC Desktop",
        invariant=1,
        lang=printed_language().replace("_", "-"),
    )
    height = A4[1]
    frame = Frame(_LEFT, _FOOT, WIDTH_MM * mm, height - _TOP - _FOOT, leftPadding=0, rightPadding=0, id="body")
    document.addPageTemplates([PageTemplate(id="page", frames=[frame])])

    def canvas(*arguments: Any, **named: Any) -> _Counted:
        return _Counted(foot, *arguments, **named)

    document.build(list(flowables), canvasmaker=canvas)
    return buffer.getvalue()


class _Counted(Canvas):  # type: ignore[misc]  # ReportLab has no types
    """A canvas that furnishes its pages when it knows how many there are."""

    def __init__(self, foot: Foot, *arguments: Any, **named: Any) -> None:
        # ReportLab's own first face, Helvetica, would be named in the document without being in it.
        super().__init__(*arguments, **{**named, "initialFontName": FACE})
        self._foot = foot
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # ReportLab's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            _furnish(self, self._foot, _("page {n} of {total}").format(n=number, total=len(self._kept)))
            super().showPage()
        super().save()


def _furnish(canvas: Canvas, foot: Foot, numbered: str) -> None:
    height = A4[1]
    right = _LEFT + WIDTH_MM * mm
    canvas.saveState()
    canvas.setFillColor(QUIET)
    _draw(canvas, _LEFT, 10.5 * mm, research_line())
    _draw(canvas, right, 10.5 * mm, f"{foot.title} · {numbered}", is_right=True)
    _draw(canvas, _LEFT, 7 * mm, stamped(foot.stamps), size=6)
    _draw(canvas, _LEFT, height - 12 * mm, "ESCC Desktop")
    if foot.is_synthetic:
        canvas.setFillColor(WARN_GROUND)
        canvas.roundRect(right - 66 * mm, height - 14.2 * mm, 66 * mm, 6.4 * mm, 2 * mm, stroke=0, fill=1)
        canvas.setFillColor(WARN)
        _draw(canvas, right - 3 * mm, height - 12 * mm, synthetic_line(), is_right=True, size=8)
    canvas.restoreState()


def _draw(canvas: Canvas, x: float, y: float, text: str, *, is_right: bool = False, size: float = 7) -> None:
    """Draw a line of text from `x` on, or up to it."""
    parts = [(CHINESE if is_chinese else FACE, run) for is_chinese, run in runs(text)]
    widths = [pdfmetrics.stringWidth(run, face, size) for face, run in parts]
    x -= sum(widths) if is_right else 0.0
    for (face, run), width in zip(parts, widths, strict=True):
        canvas.setFont(face, size)
        canvas.drawString(x, y, run)
        x += width

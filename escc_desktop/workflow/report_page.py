"""What the reports are printed from: faces, paragraphs, tables, pictures."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    CondPageBreak,
    Image,
    KeepTogether,
    Paragraph,
    Spacer,
    Table,
)

from escc_desktop.figures import style
from escc_desktop.figures.words import is_known
from escc_desktop.i18n import _

# Pictures as the bytes they are: written as text they take a fifth more room, and most of a report's time.
rl_config.useA85 = 0

Cell = str | int | float | None

WIDTH_MM = 174.0
_SHORT_MM = 38.0
FACE, _BOLD, CHINESE = "Report", "Report-Bold", "Report-Chinese"
_INK, QUIET = colors.HexColor(style.INK), colors.HexColor(style.QUIET)
_LINE, _PALE = colors.HexColor(style.FAINT), colors.HexColor("#f3f5f7")
WARN, WARN_GROUND = colors.HexColor("#8a4b00"), colors.HexColor("#fff4e0")

_NUMBER = re.compile(r"[<>]? ?[-+]?[\d,.]+(e[-+]?\d+)?( %)?")
# A feature's name may go on in a second line before its last part: the space for it is too small to be seen.
_LONG_NAME = re.compile(r"(?<=_)(?=[A-Za-z]{20,})")
_BREAK = '<font size="0.5"> </font>'
# A count with its share, such as "12 (20.3 %)", is one number.
_SHARE = re.compile(r"\d+ \(\d+\.\d %\)")
# Characters of Chinese that stand together in a narrow column: one alone a line cannot be read.
_CHINESE_UNIT = 4


@cache
def register_faces() -> None:
    """Load the faces at the first text: it takes a fifth of a second."""
    faces = ((FACE, style.font_path()), (_BOLD, style.font_path(bold=True)), (CHINESE, style.CHINESE_FACE))
    for name, path in faces:
        pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(FACE, normal=FACE, bold=_BOLD, italic=FACE, boldItalic=_BOLD)


_BASE = ParagraphStyle("base", fontName=FACE, fontSize=9, leading=12.5, textColor=_INK)
STYLES = {
    "text": ParagraphStyle("text", parent=_BASE, spaceAfter=4),
    "quiet": ParagraphStyle(
        "quiet", parent=_BASE, fontSize=7.5, leading=10, textColor=QUIET, spaceBefore=1.5, spaceAfter=3
    ),
    "title": ParagraphStyle("title", parent=_BASE, fontName=_BOLD, fontSize=18, leading=23, spaceAfter=2),
    "heading": ParagraphStyle(
        "heading", parent=_BASE, fontName=_BOLD, fontSize=12, leading=15, spaceBefore=10, spaceAfter=4, keepWithNext=1
    ),
    "small heading": ParagraphStyle(
        "small heading", parent=_BASE, fontName=_BOLD, spaceBefore=5, spaceAfter=3, keepWithNext=1
    ),
    "cell": ParagraphStyle("cell", parent=_BASE, fontSize=7.8, leading=10),
    "number": ParagraphStyle("number", parent=_BASE, fontSize=7.8, leading=10, alignment=TA_RIGHT),
    "head": ParagraphStyle("head", parent=_BASE, fontName=_BOLD, fontSize=7.8, leading=10),
    "number head": ParagraphStyle(
        "number head", parent=_BASE, fontName=_BOLD, fontSize=7.8, leading=10, alignment=TA_RIGHT
    ),
    "warning": ParagraphStyle("warning", parent=_BASE, textColor=WARN),
    "group": ParagraphStyle("group", parent=_BASE, fontName=_BOLD, fontSize=17, leading=22),
    "big": ParagraphStyle("big", parent=_BASE, fontName=_BOLD, fontSize=14, leading=19),
}


def printable(text: str) -> str:
    """Return text the report's faces can print: other characters become their code point, as in "[U+1F600]"."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        if any(ord(letter) in _glyphs(face) for face in (FACE, CHINESE)):
            letters.append(letter)
        else:
            letters.append(" " if letter.isspace() else f"[U+{ord(letter):04X}]")
    return "".join(letters)


def _glyphs(face: str) -> Collection[int]:
    register_faces()
    found: Collection[int] = pdfmetrics.getFont(face).face.charToGlyph
    return found


def runs(text: str) -> Iterator[tuple[bool, str]]:
    """Cut text where the face has to change: (is Chinese, run)."""
    latin = _glyphs(FACE)
    for is_chinese, run in groupby(printable(text), key=lambda letter: ord(letter) not in latin):
        yield is_chinese, "".join(run)


def paragraph(text: str, name: str = "text") -> Paragraph:
    """Return a paragraph of plain text in one of the styles."""
    marked = (f'<font name="{CHINESE}">{run}</font>' if chinese else escape(run) for chinese, run in runs(text))
    markup = "".join(marked)
    return Paragraph(_LONG_NAME.sub(_BREAK, markup) if name == "cell" else markup, _style(name, "<font" in markup))


@cache
def _style(name: str, is_chinese: bool) -> ParagraphStyle:
    """Return a style; Chinese has no spaces and breaks between any two characters, but for punctuation."""
    chosen = STYLES[name]
    if not is_chinese:
        return chosen
    # There is no bold Chinese face: Latin between is not bold either.
    return ParagraphStyle(f"{name} chinese", parent=chosen, wordWrap="CJK", fontName=FACE)


def cell_text(cell: Cell) -> str:
    """Return a table cell as text: four significant digits for a fraction, empty for what is missing."""
    if cell is None or (isinstance(cell, float) and not is_known(cell)):
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _grid(cells: Sequence[Sequence[Any]], **named: Any) -> Table:
    """Return a table whose cells name no face but ours: ReportLab's own would be named without being embedded."""
    drawn = Table(cells, hAlign="LEFT", **named)
    drawn.setStyle([("FONTNAME", (0, 0), (-1, -1), FACE)])
    return drawn


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    widths_mm: Sequence[float] | None = None,
    *,
    padding: float = 2.2,
) -> Table | Paragraph:
    """Return a table over the whole width; columns of numbers are right-aligned; `padding` of its rows in points."""
    if not rows:
        return paragraph(_("Nothing to list."), "quiet")
    numeric = [_is_numeric([row[column] for row in rows]) for column in range(len(header))]
    cells = [[paragraph(text, "number head" if right else "head") for text, right in zip(header, numeric, strict=True)]]
    for row in rows:
        texts = zip(row, numeric, strict=True)
        cells.append([paragraph(cell_text(cell), "number" if right else "cell") for cell, right in texts])
    widths = [width * mm for width in widths_mm or _widths([header, *rows])]
    drawn = _grid(cells, colWidths=widths, repeatRows=1)
    drawn.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.7, _INK),
            ("LINEBELOW", (0, -1), (-1, -1), 0.4, _LINE),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, _PALE]),
            ("TOPPADDING", (0, 0), (-1, -1), padding),
            ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ]
    )
    return drawn


def _is_numeric(column: Sequence[Cell]) -> bool:
    texts = [cell_text(cell) for cell in column if cell_text(cell)]
    return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)


def _widths(rows: Sequence[Sequence[Cell]]) -> list[float]:
    """Share the page among columns by their longest text, none thinner than its longest word."""
    texts = [[printable(cell_text(row[column])) for row in rows] for column in range(len(rows[0]))]
    faces = [_BOLD, *[FACE] * (len(rows) - 1)]

    def longest(column: Sequence[Sequence[str]]) -> float:
        pairs = zip(column, faces, strict=True)
        return max((_width_mm(part, face) for parts, face in pairs for part in parts), default=0.0) + 3.4

    least = [longest([_unbroken(text) for text in column]) for column in texts]
    wish = [max(min(longest([[text] for text in column]), 90.0), low) for column, low in zip(texts, least, strict=True)]
    if sum(wish) <= WIDTH_MM:
        return wish
    # Short columns keep their wish; the long ones share what is left.
    generous = [high if high <= _SHORT_MM else low for low, high in zip(least, wish, strict=True)]
    least = generous if sum(generous) <= WIDTH_MM else least
    spare = max(WIDTH_MM - sum(least), 0.0)
    slack = sum(wish) - sum(least) or 1.0
    shared = [low + spare * (high - low) / slack for low, high in zip(least, wish, strict=True)]
    return [width * min(1.0, WIDTH_MM / sum(shared)) for width in shared]


def _width_mm(text: str, face: str) -> float:
    size = STYLES["head"].fontSize
    parts = ((CHINESE if is_chinese else face, run) for is_chinese, run in runs(text))
    return float(sum(pdfmetrics.stringWidth(run, chosen, size) for chosen, run in parts) / mm)


def _unbroken(text: str) -> list[str]:
    """Return the parts of a cell that no line may break: words, but of Chinese its characters."""
    if _SHARE.fullmatch(text):
        return [text]
    parts = []
    for is_chinese, run in runs(_LONG_NAME.sub(" ", text)):
        parts += (
            [run[start : start + _CHINESE_UNIT] for start in range(0, len(run), _CHINESE_UNIT)]
            if is_chinese
            else run.split()
        )
    return parts


def facts(pairs: Sequence[tuple[str, str]], width_mm: float = WIDTH_MM, label_mm: float = 46.0) -> Table:
    """Return names and values in two columns."""
    cells = [[paragraph(name, "quiet"), paragraph(value, "cell")] for name, value in pairs]
    drawn = _grid(cells or [["", ""]], colWidths=[label_mm * mm, (width_mm - label_mm) * mm])
    drawn.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return drawn


def side_by_side(left: Sequence[Any], right: Sequence[Any], left_mm: float) -> Table:
    """Return two columns of flowables."""
    drawn = _grid([[list(left), list(right)]], colWidths=[left_mm * mm, (WIDTH_MM - left_mm) * mm])
    drawn.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return drawn


def boxed(title: str, text: str) -> Table:
    """Return a text under its title on a tinted ground."""
    drawn = _grid([[paragraph(title, "small heading")], [paragraph(text)]], colWidths=[WIDTH_MM * mm])
    drawn.setStyle([("BACKGROUND", (0, 0), (-1, -1), _PALE), ("TOPPADDING", (0, 0), (-1, -1), 1)])
    return drawn


def warnings(sentences: Sequence[str]) -> Table | Spacer:
    """Return sentences on a tinted ground, each behind a sign; nothing when there are none."""
    if not sentences:
        return Spacer(1, 0)
    cells = [[paragraph("!", "warning"), paragraph(sentence, "warning")] for sentence in sentences]
    drawn = _grid(cells, colWidths=[6 * mm, (WIDTH_MM - 6) * mm])
    drawn.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), WARN_GROUND),
            ("LINEBEFORE", (0, 0), (0, -1), 2, colors.HexColor(style.ORANGE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return drawn


def picture(figure: style.Figure, max_width_mm: float = WIDTH_MM, max_height_mm: float = 225.0) -> Image:
    """Return a figure at its own printed size, shrunk where the page is smaller."""
    width, height = (float(inches) * 25.4 for inches in figure.get_size_inches())
    return printed(style.image_bytes(figure, ".png", dpi=220), (width, height), max_width_mm, max_height_mm)


def printed(
    png: bytes, size_mm: tuple[float, float], max_width_mm: float = WIDTH_MM, max_height_mm: float = 225.0
) -> Image:
    """Return a figure that is drawn already at its printed size, shrunk where the page is smaller."""
    width, height = size_mm
    scale = min(1.0, max_width_mm / width, max_height_mm / height)
    return Image(io.BytesIO(png), width=width * scale * mm, height=height * scale * mm, hAlign="LEFT")


def together(flowables: Sequence[Any]) -> KeepTogether:
    """Keep flowables on one page."""
    return KeepTogether(list(flowables))


def room(height_mm: float) -> CondPageBreak:
    """Start a new page unless this much is left of the old one."""
    return CondPageBreak(height_mm * mm)


def gap(height_mm: float) -> Spacer:
    """Return empty space."""
    return Spacer(1, height_mm * mm)


def rule() -> Table:
    """Return a thin line over the page."""
    drawn = _grid([[""]], colWidths=[WIDTH_MM * mm], rowHeights=[2])
    drawn.setStyle([("LINEABOVE", (0, 0), (-1, 0), 0.5, _LINE)])
    return drawn

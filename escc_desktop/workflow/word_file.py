"""Word documents of headings, paragraphs and tables: plain Office Open XML, the same content the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from escc_desktop.files import write_whole

_EPOCH = (1980, 1, 1, 0, 0, 0)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_TYPES = (
    f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATION = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'


def _related(kind: str, target: str) -> str:
    return f'{_HEAD}{_RELATION}<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'


_FONT = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="SimSun" w:cs="Times New Roman"/>'


def _style(key: str, name: str, size: int, bold: bool) -> str:
    weight = "<w:b/>" if bold else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>'
        f'<w:pPr><w:spacing w:before="60" w:after="60"/></w:pPr>'
        f'<w:rPr>{_FONT}{weight}<w:sz w:val="{size}"/></w:rPr></w:style>'
    )


_STYLES = (
    f"{_HEAD}<w:styles {_W}>"
    + _style("Normal", "Normal", 21, bold=False)
    + _style("Title", "Title", 32, bold=True)
    + _style("Heading1", "heading 1", 26, bold=True)
    + _style("Cell", "Cell", 18, bold=False)
    + "</w:styles>"
)


@dataclass
class WordFile:
    """A document put together from top to bottom."""

    parts: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        """Add the title."""
        self.parts.append(_paragraph(text, "Title"))

    def heading(self, text: str) -> None:
        """Add a heading."""
        self.parts.append(_paragraph(text, "Heading1"))

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self.parts.append(_paragraph(text, "Normal"))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add a table with three lines, as journals print them; a header repeats on every page."""
        lines = "".join(f'<w:{side} w:val="single" w:sz="8"/>' for side in ("top", "bottom"))
        self.parts.append(
            f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{lines}</w:tblBorders></w:tblPr>'
            f"<w:tblGrid>{'<w:gridCol/>' * len(header)}</w:tblGrid>"
            + _row(header, is_header=True)
            + "".join(_row([_shown(cell) for cell in row], is_header=False) for row in rows)
            + "</w:tbl>"
            + _paragraph("", "Normal")
        )

    def save(self, path: Path) -> None:
        """Write the document whole.

        Raises
        ------
        EsccError
            The folder cannot be written.
        """
        body = "".join(self.parts)
        margins = " ".join(f'w:{side}="1134"' for side in ("top", "right", "bottom", "left"))
        page = f'<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar {margins}/></w:sectPr>'
        document = f"{_HEAD}<w:document {_W}><w:body>{body}{page}</w:body></w:document>"
        files = {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _related("officeDocument", "word/document.xml"),
            "word/document.xml": document,
            "word/_rels/document.xml.rels": _related("styles", "styles.xml"),
            "word/styles.xml": _STYLES,
        }
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
        write_whole(path, stream.getvalue())


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _text(text: str, bold: bool = False) -> str:
    allowed = "".join(character for character in text if character >= " " or character in "\t\n")
    weight = "<w:rPr><w:b/></w:rPr>" if bold else ""
    return f'<w:r>{weight}<w:t xml:space="preserve">{escape(allowed)}</w:t></w:r>'


def _paragraph(text: str, style: str, bold: bool = False) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{_text(text, bold)}</w:p>'


def _row(cells: Sequence[str], *, is_header: bool) -> str:
    line = '<w:tcBorders><w:bottom w:val="single" w:sz="4"/></w:tcBorders>' if is_header else ""
    shown = "".join(f"<w:tc><w:tcPr>{line}</w:tcPr>{_paragraph(cell, 'Cell', bold=is_header)}</w:tc>" for cell in cells)
    properties = "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" if is_header else "<w:trPr><w:cantSplit/></w:trPr>"
    return f"<w:tr>{properties}{shown}</w:tr>"

"""A printed record: the PDF, and beside it the same content as JSON with the same digest."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from escc_desktop import version
from escc_desktop.figures.style import Figure
from escc_desktop.files import canonical_json, digest, write_json, write_whole
from escc_desktop.i18n import _, printed_language
from escc_desktop.store.kinds import KeptFigure
from escc_desktop.workflow.report_foot import Foot, pdf_bytes, research_line, stamped


class Printable(Protocol):
    """A record that can be printed: a frozen dataclass."""

    @property
    def stamps(self) -> tuple[tuple[str, str], ...]:
        """Name and digest or version of what it rests on; they stand on every page after the program's version."""

    @property
    def is_synthetic(self) -> bool:
        """Whether nobody in it is real."""


def write_printed(path: Path, flow: Sequence[Any], title: str, record: Printable) -> None:
    """Write a record as PDF, and as JSON beside it (`NAME.pdf.json`): the same content, language and digest.

    Parameters
    ----------
    flow
        What is printed, made of the record.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    content = plain(record)
    content_digest = digest(canonical_json(content))
    stamps = (("ESCC Desktop", version()), (_("content"), content_digest), *record.stamps)
    pdf = pdf_bytes(flow, Foot(title, stamps, record.is_synthetic))
    document = {
        "report": type(record).__name__,
        "title": title,
        "language": printed_language(),
        "research_use_only": True,
        "on_every_page": [research_line(), stamped(stamps)],
        "software": f"ESCC Desktop {version()}",
        "content_sha256": content_digest,
        "pdf_sha256": digest(pdf),
        "content": content,
    }
    write_whole(path, pdf)
    write_json(path.with_name(path.name + ".json"), document)


def plain(value: Any) -> Any:
    """Return a record as JSON values: figures leave only that they were there, missing numbers are null."""
    if isinstance(value, Figure | KeptFigure):
        return "figure"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {entry.name: plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value

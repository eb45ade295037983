"""What the import of trial records shows, and the jobs behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.record_export import RecordsFormat, export_records
from escc_desktop.workflow.record_import import (
    Ask,
    ChangeKind,
    Choices,
    Question,
    RecordsPreview,
    RowChange,
    write_faults,
)
from escc_desktop.workflow.redcap_server import fetch_redcap

__all__ = [
    "Ask",
    "ChangeKind",
    "ImportOrder",
    "ImportView",
    "Question",
    "RecordsFormat",
    "commit_import",
    "export_to",
    "kind_word",
    "preview_import",
    "save_faults",
]

MOST_LINES = 20_000


@dataclass(frozen=True)
class ImportOrder:
    """What is to be imported and how.

    Attributes
    ----------
    path
        A folder or file; None for a server.
    url, token
        Of a REDCap server; the token lives as long as the page shows what came.
    answers
        To questions with several answers, by their keys.
    removes
        Whether rows go that the source leaves out.
    """

    path: Path | None = None
    url: str = ""
    token: str = field(default="", repr=False)
    mapping: Path | None = None
    answers: tuple[tuple[str, str], ...] = ()
    removes: bool = False


@dataclass(frozen=True)
class ImportView:
    """A preview as it is shown.

    Attributes
    ----------
    lines
        Of the table: kind, then patient, table, row, column, value in the project, value in the source.
    n_hidden
        Lines beyond those a table can show.
    """

    order: ImportOrder
    preview: RecordsPreview
    lines: tuple[tuple[ChangeKind, tuple[str, ...]], ...]
    n_hidden: int = 0


def preview_import(project: Project, order: ImportOrder, progress: Progress) -> ImportView:
    """Read a source and say what importing it would change.

    Raises
    ------
    EsccError
        There is no such source, it is not what it seems, or the server did not answer.
    """
    choices = Choices(answers=dict(order.answers), mapping=order.mapping)
    imports = project.record_imports()
    if order.path is not None:
        preview = imports.preview(order.path, choices, removes=order.removes, progress=progress)
    else:
        found = fetch_redcap(project, order.url, order.token, choices, progress)
        preview = imports.preview_found(found, choices, removes=order.removes)
    lines = [line for change in preview.changes if change.kind is not ChangeKind.UNCHANGED for line in _lines(change)]
    return ImportView(order, preview, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))


def _lines(change: RowChange) -> list[tuple[ChangeKind, tuple[str, ...]]]:
    start = (kind_word(change.kind), change.patient_id, change.table.replace("_", " "), change.key)
    if change.kind is ChangeKind.CHANGED:
        return [(change.kind, (*start, cell.column, cell.before, cell.after)) for cell in change.cells]
    words = ", ".join(f"{cell.column} {cell.after or cell.before}" for cell in change.cells)
    after = words if change.kind is ChangeKind.NEW else ""
    return [(change.kind, (*start, "", "" if after else words, after))]


def kind_word(kind: ChangeKind) -> str:
    """Return what becomes of a row, in a word."""
    return {
        ChangeKind.NEW: _("new"),
        ChangeKind.CHANGED: _("changed"),
        ChangeKind.REMOVED: _("removed"),
        ChangeKind.LEFT_OUT: _("left out, stays"),
        ChangeKind.UNCHANGED: _("unchanged"),
    }[kind]


def commit_import(
    project: Project, preview: RecordsPreview, accept: frozenset[str], reason: str, progress: Progress
) -> int:
    """Store what was previewed, all or none, and return how many patients' records changed."""
    progress.advance(0, 1, preview.source)
    return project.record_imports().commit(preview, accept, reason)


def save_faults(project: Project, preview: RecordsPreview, out: Path, progress: Progress) -> Path:
    """Write all faults and questions of a preview as a table."""
    progress.advance(0, 1, out.name)
    if not (preview.faults or preview.questions or preview.asks):
        raise EsccError(_("There are no faults and no questions."), _("Import the records."))
    return write_faults(preview, out)


def export_to(project: Project, out: Path, kind: RecordsFormat, is_synthetic: bool, progress: Progress) -> Path:
    """Write all trial records."""
    return export_records(project, out, kind, is_synthetic=is_synthetic, progress=progress)

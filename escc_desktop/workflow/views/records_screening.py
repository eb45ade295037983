"""The screening list on the Records page: everybody looked at for the trial, enrolled or why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.records_entry import TableEntry
from escc_desktop.workflow.records_lock import WHOLE_TRIAL
from escc_desktop.workflow.records_rows import SCREENED, Cells, check_screening, settle
from escc_desktop.workflow.views.records import why_not_enter
from escc_desktop.workflow.views.records_form import Form, Mark, make_form, place_words


@dataclass(frozen=True)
class Screened:
    """The screening list as a person may see and change it.

    Attributes
    ----------
    known
        The patients who have a record: only they can be enrolled.
    why_not
        Why nothing can be entered; empty where it can.
    """

    form: Form
    known: frozenset[str]
    why_not: str


def check_screened(rows: Sequence[Cells], known: Collection[str]) -> tuple[Mark, ...]:
    """Return what is wrong with the list as it is typed."""
    return tuple(
        Mark(one.row, one.column, "danger", place_words(SCREENED, one.key, one.column, with_table=False), one.what)
        for one in check_screening(rows, known)
    )


def screened_words(rows: Sequence[Cells]) -> str:
    """Return how many were looked at and what became of them, as the trial's flow will say it."""
    n = Counter(row.get("outcome", "") for row in rows)
    return _("{n} screened: {enrolled} enrolled, {apart} not enrolled, {out} not analysed").format(
        n=len(rows), enrolled=n["enrolled"] + n["not_analysed"], apart=n["not_enrolled"], out=n["not_analysed"]
    )


def screening_list(project: Project, progress: Progress) -> Screened:
    """Return the screening list."""
    book = project.record_book()
    rows = tuple(settle(SCREENED, row) for row in book.screening())
    why_not = why_not_enter(book.own_state(WHOLE_TRIAL), may_enter=project.may(Operation.ENTER_RECORDS))
    return Screened(make_form(SCREENED, rows, None), frozenset(book.patients()), why_not)


def save_screening(
    project: Project, base: tuple[Cells, ...], rows: tuple[Cells, ...], reason: str, progress: Progress
) -> None:
    """Save the screening list typed over `base`."""
    project.record_book().save_screening(TableEntry("", SCREENED, base, rows), reason)

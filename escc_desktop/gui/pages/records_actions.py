"""What can be done on the Records page, and why something cannot be done now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from escc_desktop.gui.actions import Action
from escc_desktop.gui.page import FirstStep
from escc_desktop.gui.pages.records_parts import SCREENING
from escc_desktop.i18n import _
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.records_form import TABS

if TYPE_CHECKING:
    from escc_desktop.gui.desktop import Desktop
    from escc_desktop.gui.pages.records_form import FormPanel
    from escc_desktop.gui.pages.records_list import RecordList
    from escc_desktop.gui.pages.records_screening import ScreeningPanel
    from escc_desktop.workflow.project import Project
    from escc_desktop.workflow.views.records import PatientRecord


class Offering(Protocol):
    """What the actions ask of the page."""

    form: FormPanel
    list: RecordList
    titles: dict[str, str]
    shown: PatientRecord | None

    @property
    def desktop(self) -> Desktop:
        """What all pages share."""

    @property
    def screening(self) -> ScreeningPanel:
        """Everybody looked at for the trial."""

    @property
    def tab(self) -> str:
        """The part of the record on screen."""

    @property
    def project(self) -> Project:
        """The opened project."""

    def go(self, where: object) -> None:
        """Show a part of the record."""

    def save(self) -> None:
        """Save the form."""

    def ask(self) -> None:
        """Ask about a cell."""

    def ask_new(self) -> None:
        """Ask for a new patient."""

    def begin_second(self) -> None:
        """Begin a second entry."""


def record_actions(page: Offering) -> tuple[Action, ...]:
    """Return what can be done on the page, and the way to each part of the record."""
    patients, sheet = page.list, _sheet(page)
    save = page.screening.save if page.tab == SCREENING else page.save
    parts = tuple(
        Action(
            f"records.{name}", _("Record: {part}").format(part=title), partial(page.go, name), "",
            (f"Ctrl+{place}",) if place < 10 else (),
        )
        for place, (name, title) in enumerate(page.titles.items(), start=1)
    )  # fmt: skip

    def find() -> None:
        patients.search.setFocus()
        patients.search.selectAll()

    why_no_form, why_no_row = partial(_why_no_sheet, page), partial(_why_no_row, page)
    return (
        Action("records.save", _("Save the form"), save, "save", ("Ctrl+S",), why_no_form),
        Action("records.row", _("Add a row"), sheet.grid.add_row, "add", ("Ctrl+N",), why_no_row),
        Action("records.remove", _("Remove the row"), sheet.remove_row, "delete", ("Ctrl+Del",), why_no_row),
        Action(
            "records.ask", _("Ask about this cell"), page.ask, "question_circle", ("Ctrl+Q",),
            partial(why_no_ask, page),
        ),
        Action("records.find", _("Find a patient"), find, "search", ("Ctrl+F",)),
        Action("records.previous", _("Previous patient"), lambda: patients.step(-1), "arrow_up", ("Ctrl+Up",)),
        Action("records.next", _("Next patient"), lambda: patients.step(1), "arrow_down", ("Ctrl+Down",)),
        Action("records.new", _("New patient"), page.ask_new, "person", (), partial(_why_no_new, page)),
        Action("records.second", _("Begin a second entry"), page.begin_second, "copy", (), partial(_why_no_form, page)),
        *parts,
    )  # fmt: skip


def why_no_ask(page: Offering) -> str:
    """Return why no query can be raised now."""
    if page.shown is None or page.tab not in TABS or not page.form.grid.currentIndex().isValid():
        return _("Choose a cell of a form first.")
    return "" if page.shown.may_query else _("Statistician and coordinator raise queries.")


def _why_no_form(page: Offering) -> str:
    if page.shown is None or page.tab not in TABS:
        return _("No form is on screen.")
    return page.shown.why_not


def _sheet(page: Offering) -> FormPanel | ScreeningPanel:
    """Return what is typed in: a form of the patient, or the screening list."""
    return page.screening if page.tab == SCREENING else page.form


def _why_no_sheet(page: Offering) -> str:
    if page.tab != SCREENING:
        return _why_no_form(page)
    return "" if page.screening.shown is None else page.screening.shown.why_not


def _why_no_row(page: Offering) -> str:
    why_not = _why_no_sheet(page)
    return why_not or (_("This form has one row.") if page.tab != SCREENING and page.form.form.is_sheet else "")


def first_steps(page: Offering) -> tuple[FirstStep, ...]:
    """Return what can be done where there is no record yet."""
    if not page.project.may(Operation.ENTER_RECORDS):
        return ()
    return (
        FirstStep(_("Begin a record"), page.ask_new),
        FirstStep(_("Enter the screening list"), partial(page.go, SCREENING)),
        FirstStep(_("Import records"), partial(page.desktop.go, "import")),
    )


def _why_no_new(page: Offering) -> str:
    return "" if page.project.may(Operation.ENTER_RECORDS) else _("Your role does not enter records.")

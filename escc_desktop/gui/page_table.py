"""The pages of the rail: who may open them and where their code is, so that none is imported before it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from escc_desktop.gui.page import Page
    from escc_desktop.workflow.project import Project


def _same(text: str) -> str:
    """Mark a text for translation that is translated when it is shown."""
    return text


_ = _same


@dataclass(frozen=True)
class PageEntry:
    """One page of the rail.

    Attributes
    ----------
    title
        In English; translated when shown.
    needs
        Names of `Operation` of which a role must have at least one to see the page.
    module, page_class
        Where its code is, within `escc_desktop.gui.pages`.
    on_rail
        Whether it has a button there; else other pages and the palette lead to it.
    """

    page_id: str
    title: str
    icon: str
    needs: tuple[str, ...]
    module: str
    page_class: str
    on_rail: bool = True

    def is_open_to(self, project: Project) -> bool:
        """Return whether the signed-in person may open the page."""
        from escc_desktop.workflow.access import Operation  # noqa: PLC0415  # not before the first window is painted

        return any(project.may(Operation[name]) for name in self.needs)

    def import_page(self, progress: object = None) -> type[Page]:
        """Import the page's code; it may take long, so do it in a job."""
        page: type[Page] = getattr(import_module(f"escc_desktop.gui.pages.{self.module}"), self.page_class)
        return page


PAGES: Final = (
    PageEntry("worklist", _("Worklist"), "clipboard_task_list_ltr", ("VIEW_IMAGES",), "worklist", "WorklistPage"),
    PageEntry("reading", _("Reading"), "edit", ("READ",), "reading", "ReadingPage"),
    PageEntry("agreement", _("Agreement"), "shape_intersect", ("VIEW_FEATURES",), "agreement", "AgreementPage"),
    PageEntry("compare", _("Compare"), "split_vertical", ("VIEW_IMAGES", "VIEW_ROIS"), "compare", "ComparePage"),
    PageEntry("model", _("Model"), "data_trending", ("VIEW_MODELS",), "model", "ModelPage"),
    PageEntry("nomogram", _("Nomogram"), "calculator", ("VIEW_MODELS",), "nomogram", "NomogramPage"),
    PageEntry("statistics", _("Statistics"), "data_histogram", ("VIEW_OUTCOME",), "statistics", "StatisticsPage"),
    PageEntry("patient", _("Patient"), "stethoscope", ("VIEW_ASSESSMENTS",), "patient", "PatientPage"),
    PageEntry("records", _("Records"), "document_table", ("VIEW_OUTCOME",), "records", "RecordsPage"),
    PageEntry(
        "import",
        _("Import records"),
        "arrow_download",
        ("IMPORT_RECORDS",),
        "import_records",
        "ImportRecordsPage",
        on_rail=False,
    ),
    PageEntry("due", _("Due"), "clock", ("VIEW_OUTCOME",), "due", "DuePage"),
    PageEntry("recist", _("Lesions"), "target", ("VIEW_OUTCOME",), "recist", "RecistPage"),
    PageEntry("trial", _("Trial"), "data_bar_vertical", ("VIEW_OUTCOME",), "trial", "TrialPage"),
    PageEntry("admin", _("Admin"), "shield_checkmark", ("MANAGE_ACCOUNTS", "BACK_UP"), "admin", "AdminPage"),
)

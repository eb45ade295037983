"""The worklist: all patients at a glance, their images in, their readings to go."""

from __future__ import annotations

import time
from functools import partial
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.worklist_bar import TopBar
from escc_desktop.gui.pages.worklist_drop import DropArea
from escc_desktop.gui.pages.worklist_errands import Errands
from escc_desktop.gui.pages.worklist_filters import Filters
from escc_desktop.gui.pages.worklist_marking import Marking
from escc_desktop.gui.pages.worklist_patient import PatientPanel, Step
from escc_desktop.gui.pages.worklist_pictures import Pictures
from escc_desktop.gui.pages.worklist_side import NARROW_PX, WIDTH_PX
from escc_desktop.gui.pages.worklist_table import Filter, PatientTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.mouse_words import mouse_words
from escc_desktop.gui.widgets.states import EmptyState
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.worklist import PatientLine, Worklist, worklist

_REFRESH_S = 4.0
_ROOMY_PX = 1400


class WorklistPage(Page):
    """Filters, the table of patients, and what is known of the one under the cursor."""

    watches: ClassVar[frozenset[str]] = frozenset({"series", "lesion", "plan", "session", "trial_record"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        project = self.project
        self._may = {operation for operation in Operation if project.may(operation)}
        self.worklist: Worklist | None = None
        self.pictures = Pictures(desktop, self)
        self.errands = Errands(self)
        self.filters, self.bar, self.table = Filters(), TopBar(), PatientTable(self.pictures)
        self.patient_panel = PatientPanel()
        self.side = QStackedWidget()
        self.nothing = EmptyState()
        self.centre = QStackedWidget()
        self.marking = Marking(self)
        self._refreshed = 0.0
        self._wanted_patient = ""
        self._lay_out()
        self._imports, self._others = self._make_actions()
        self.bar.fill(self._imports, [action for action in self._others if action.action_id != "worklist.mark"])
        self._connect()
        self.setFocusProxy(self.table)
        # Signs in the right column are pixels of the old theme until they are made anew.
        desktop.settings_changed.connect(self._show_patient)

    # What the frame asks

    def refresh(self) -> None:
        """Fetch the worklist."""
        self._refreshed = time.monotonic()
        self.load(worklist, self._show, busy="" if self.worklist else _("Fetching the worklist"))

    def enter(self) -> None:
        """Be shown; a reading may have been begun or signed since, so fetch always."""
        self.reload()

    def mouse_now(self) -> tuple[tuple[str, str], ...]:  # noqa: D102
        return mouse_words() if self.modes.currentIndex() else ()

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done here."""
        return (
            Action("worklist.search", _("Search patients"), self._search, "search", ("Ctrl+F",)),
            *self._imports,
            *self._others,
        )

    def go(self, where: object) -> None:
        """Put the cursor on a patient (his trial code)."""
        if isinstance(where, str):
            self._wanted_patient = where
            self._choose_wanted()

    def on_patient(self, patient_id: str) -> None:
        """Follow the patient chosen elsewhere."""
        current = self.table.current_patient
        if current is None or current.patient_id != patient_id:
            self._wanted_patient = patient_id
            self._choose_wanted()

    def close_page(self) -> None:
        """Stop all work."""
        self.errands.stop()
        self.pictures.close()
        self.marking.let_go()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the table its room on a small screen."""
        super().resizeEvent(event)
        self.side.setFixedWidth(WIDTH_PX if self.width() >= _ROOMY_PX else NARROW_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the keys of the page."""
        if event.key() == Qt.Key.Key_Escape:
            self._back()
        else:
            super().keyPressEvent(event)

    # Layout

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.bar)
        column.addWidget(self.errands.bar)
        self.centre.addWidget(self.table)
        self.centre.addWidget(self.nothing)
        column.addWidget(self.centre, 1)
        self.side.addWidget(self.patient_panel)
        table_mode = QWidget()
        line = QHBoxLayout(table_mode)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self.filters)
        line.addLayout(column, 1)
        line.addWidget(self.side)
        self.modes = QStackedWidget()
        self.modes.addWidget(table_mode)
        whole = QVBoxLayout(self.body)
        whole.setContentsMargins(GRID, GRID, GRID, GRID)
        whole.addWidget(self.modes)

    def _connect(self) -> None:
        self.filters.changed.connect(self._narrow)
        self.bar.search.textChanged.connect(lambda _text: self._narrow())
        self.bar.search.returnPressed.connect(self.table.setFocus)
        self.table.chosen.connect(self._chosen)
        self.table.opened.connect(self._open)
        self.errands.wanted.connect(self._show_side)
        self.errands.advanced.connect(self._refresh_meanwhile)
        self.marking.marked.connect(self.errands.mark)
        self.marking.left.connect(self._leave_lesions)
        if Operation.IMPORT_IMAGES in self._may:
            self.drop = DropArea(self)
            self.drop.dropped.connect(self.errands.take)

    def _make_actions(self) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
        """Return what imports, and what else this person may do."""
        errands = self.errands
        busy = errands.why_busy
        offered = (
            (Operation.IMPORT_IMAGES, "folder", _("Import images"), errands.choose_folder, "folder_open", ("Ctrl+I",)),
            (Operation.IMPORT_IMAGES, "archive", _("Import an archive"), errands.choose_archive, "archive", ()),
            (Operation.IMPORT_RECORDS, "records", _("Import trial records"), errands.open_records, "document", ()),
        )
        imports = [
            Action(f"worklist.{name}", text, call, sign, keys, busy)
            for operation, name, text, call, sign, keys in offered
            if operation in self._may
        ]
        others: list[Action] = []
        if Operation.MARK_LESIONS in self._may:
            call = partial(self._mark, None)
            others.append(
                Action("worklist.mark", _("Mark lesions"), call, "location", ("Ctrl+M",), self._why_no_patient)
            )
        if Operation.PLAN_READINGS in self._may:
            others.append(Action("worklist.plan", _("Plan readings"), self._plan, "calendar", (), self._why_no_plan))
        if Operation.EXTRACT in self._may:
            others.append(
                Action("worklist.extract", _("Extract features"), errands.extract, "beaker", (), self._why_no_features)
            )
        return tuple(imports), tuple(others)

    # Showing

    def _show(self, found: Worklist) -> None:
        self.worklist = found
        self.table.show_worklist(found, is_own=Operation.READ in self._may)
        self.filters.show_counts(found, self._summary(found))
        self._narrow()
        self._choose_wanted()
        if self.table.current_patient is None and self.table.shown.rowCount():
            self.table.selectRow(0)
        self._chosen(self.table.current_patient)
        self.bar.update_enabled(self._others)
        if self.marking.is_open:
            self.pictures.forget()  # those of marked lesions are other slices now
            self.marking.update(found.patients, self._why_no_marks())
        if found.patients or self.side.currentWidget() is not self.patient_panel or self.errands.is_busy:
            self.show_body()
        else:
            self._show_first_step()

    def _show_first_step(self) -> None:
        if self._imports:
            text = _(
                "Here are all patients of the study, their CT series and how far their readings are. Begin with a "
                "folder or an archive of DICOM images, or drop it here."
            )
            steps = [FirstStep(action.text, action.call) for action in self._imports[:2]]
            self.show_empty("image", _("No images yet"), text, *steps)
        elif Operation.READ in self._may:
            text = _("Your readings appear here as soon as the coordinator has planned them.")
            self.show_empty("clipboard_task_list_ltr", _("Nothing to read yet"), text)
        else:
            text = _("Patients appear here as soon as the coordinator has imported their images.")
            self.show_empty("image", _("No images yet"), text)

    def _summary(self, found: Worklist) -> str:
        parts = [plural("{n} patient", "{n} patients", len(found.patients))]
        if found.is_planned is False:
            parts.append(_("readings not planned"))
        elif found.columns:
            parts.append(plural("{n} reading signed", "{n} readings signed", found.n_signed))
        return "\n".join(parts)

    def _narrow(self) -> None:
        self.table.shown.narrow(self.filters.chosen, self.bar.search.text())
        is_any = self.table.shown.rowCount() > 0
        if not is_any and not self.table.patients.rowCount():
            self.nothing.say("image", _("No patients yet"), _("They appear here while images come in."), ())
        elif not is_any:
            self.nothing.say(
                "search", _("Nothing matches"), _("No patient fits filter and search."),
                [(_("Show all patients"), self._show_all)],
            )  # fmt: skip
        self.centre.setCurrentWidget(self.table if is_any else self.nothing)

    def _show_all(self) -> None:
        self.bar.search.clear()
        self.filters.choose(Filter.ALL)

    def _choose_wanted(self) -> None:
        if self._wanted_patient and self.worklist is not None:
            self.table.choose(self._wanted_patient)
            self._wanted_patient = ""

    def _chosen(self, patient: PatientLine | None) -> None:
        self._show_patient()
        self.bar.update_enabled(self._others)
        if patient is not None:
            self.desktop.choose_patient(patient.patient_id)

    def _show_patient(self) -> None:
        patient = self.table.current_patient
        self.patient_panel.show_patient(patient, self._steps(patient) if patient else ())

    def _steps(self, patient: PatientLine) -> list[Step]:
        steps: list[Step] = []
        if patient.next_reading() is not None and Operation.READ in self._may:
            steps.append((_("Read"), "edit", partial(self._open, patient)))
        if Operation.VIEW_ASSESSMENTS in self._may:
            steps.append((_("Open patient"), "stethoscope", partial(self._open, patient)))
        if patient.series and Operation.READ not in self._may:
            is_marking = not self._why_no_marks()
            text = _("Mark lesions") if is_marking else _("View images")
            steps.append((text, "location" if is_marking else "image", partial(self._mark, patient)))
        return steps

    def _show_side(self, panel: QWidget | None) -> None:
        if panel is not None and self.side.indexOf(panel) < 0:
            self.side.addWidget(panel)
        self.side.setCurrentWidget(panel or self.patient_panel)
        if panel is not None:
            self._call_back()
        has_patients = self.worklist is not None and bool(self.worklist.patients)
        if panel is not None or has_patients or self.errands.is_busy:
            self.show_body()
        elif self.worklist is not None:
            self._show_first_step()
        self.bar.update_enabled(self._others)

    def _call_back(self) -> None:
        """Offer the way to a panel to somebody who does something else meanwhile."""
        text = _("The worklist has something to tell.")
        if not self.isVisible():
            self.desktop.notices.offer(text, _("Show"), partial(self.desktop.go, "worklist"))
        elif self.modes.currentIndex():
            self.desktop.notices.offer(text, _("Show"), self._leave_lesions)

    def _refresh_meanwhile(self) -> None:
        """Show what an import has stored so far, now and then."""
        if time.monotonic() - self._refreshed > _REFRESH_S and self.isVisible():
            self.refresh()

    # Doing

    def _search(self) -> None:
        self.modes.setCurrentIndex(0)
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    def _back(self) -> None:
        """Close what lies over the table, or empty the search."""
        if self.modes.currentIndex():
            self._leave_lesions()
        elif self.side.currentWidget() is not self.patient_panel:
            self.errands.close_panel()
        elif self.bar.search.text():
            self.bar.search.clear()

    def _open(self, patient: PatientLine) -> None:
        self.desktop.choose_patient(patient.patient_id)
        if Operation.READ in self._may:
            self._open_reading(patient)
        elif Operation.VIEW_ASSESSMENTS in self._may:
            self.desktop.go("patient", patient.patient_id)
        else:
            self._mark(patient)

    def _open_reading(self, patient: PatientLine) -> None:
        reading = patient.next_reading()
        if reading is not None:
            self.desktop.go("reading", reading.session_id)
            return
        waiting = [one.why_not for one in patient.readings if one.why_not]
        signed = _("You have signed all readings of {patient}.").format(patient=patient.patient_id)
        self.desktop.notices.say(waiting[0] if waiting else signed)

    def _plan(self) -> None:
        self.modes.setCurrentIndex(0)
        if self.worklist is not None:
            self.errands.show_plan(self.worklist)

    def _mark(self, patient: PatientLine | None) -> None:
        chosen = patient or self.table.current_patient
        if chosen is None or not chosen.series:
            self.desktop.notices.say(self._why_no_patient() or _("This patient has no images."))
            return
        self.modes.addWidget(self.marking.view)
        self.modes.setCurrentWidget(self.marking.view)
        self.marking.open(chosen, self._why_no_marks())

    def _leave_lesions(self) -> None:
        self.modes.setCurrentIndex(0)
        self.marking.let_go()
        self.table.setFocus()

    # Why not

    def _why_no_patient(self) -> str:
        return "" if self.table.current_patient else _("Choose a patient first.")

    def _why_no_marks(self) -> str:
        if Operation.MARK_LESIONS not in self._may:
            return _("Lesions are marked by the coordinator.")
        if self.worklist is not None and self.worklist.is_planned:
            return _("The readings are planned; no lesion can be marked any more.")
        return ""

    def _why_no_plan(self) -> str:
        if self.worklist is None or self.worklist.is_planned:
            return _("The readings are planned already.")
        return "" if self.worklist.n_lesions else _("Mark lesions first.")

    def _why_no_features(self) -> str:
        if self.worklist is None or not self.worklist.n_signed:
            return _("No reading is signed yet.")
        return self.errands.why_busy()

"""The table of patients: its model, its filter, how a row is painted."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from escc_desktop.gui.pages.worklist_paint import ROW_PX, PatientDelegate
from escc_desktop.gui.pages.worklist_pictures import Pictures
from escc_desktop.gui.pages.worklist_words import (
    column_name,
    findings_text,
    phase_text,
    reading_name,
    reading_tip,
)
from escc_desktop.i18n import _
from escc_desktop.reading.session import Occasion, Reader
from escc_desktop.workflow.views.words import local_time
from escc_desktop.workflow.views.worklist import PatientLine, PatientState, ReadingLine, ReadingState, Worklist

Index = QModelIndex | QPersistentModelIndex
PATIENT_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
READINGS_ROLE = Qt.ItemDataRole.UserRole + 2
KIND_ROLE = Qt.ItemDataRole.UserRole + 3
_ORDER = list(ReadingState)


class Column(StrEnum):
    """What a column shows; columns of readings come between findings and lesions."""

    PATIENT = "patient"
    PHASE = "phase"
    FINDINGS = "findings"
    READING = "reading"
    LESIONS = "lesions"
    CHANGED = "changed"


class Filter(StrEnum):
    """What the left column offers."""

    ALL = "all"
    UNMARKED = "unmarked"
    TO_READ = "to_read"
    IN_PROGRESS = "in_progress"
    SIGNED = "signed"
    PROBLEMS = "problems"

    def takes(self, patient: PatientLine) -> bool:
        """Return whether a patient belongs here."""
        if self is Filter.ALL:
            return True
        if self is Filter.UNMARKED:
            return not patient.lesions
        if self is Filter.PROBLEMS:
            return bool(patient.problems)
        return patient.state is PatientState(self.value)


class PatientModel(QAbstractTableModel):
    """Patients as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.patients: tuple[PatientLine, ...] = ()
        self._columns: list[tuple[Column, tuple[Reader, Occasion] | None]] = []
        self._is_own = False

    def show(self, worklist: Worklist, *, is_own: bool) -> None:
        """Show a worklist; `is_own` when all its readings are the person's own."""
        self.beginResetModel()
        self.patients = worklist.patients
        self._is_own = is_own
        self._columns = [(Column.PATIENT, None), (Column.PHASE, None), (Column.FINDINGS, None)]
        self._columns += [(Column.READING, pair) for pair in worklist.columns]
        self._columns += [(Column.LESIONS, None), (Column.CHANGED, None)]
        self.endResetModel()

    def kind(self, column: int) -> Column:
        """Return what a column shows."""
        return self._columns[column][0]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Return the number of patients."""
        return 0 if parent.isValid() else len(self.patients)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a heading."""
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        kind, pair = self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and kind in {Column.LESIONS, Column.CHANGED}:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if pair is not None:
            return column_name(*pair, is_own=self._is_own)
        return {
            Column.PATIENT: _("Patient"),
            Column.PHASE: _("Phase"),
            Column.FINDINGS: _("Findings"),
            Column.LESIONS: _("Lesions"),
            Column.CHANGED: _("Last change"),
        }[kind]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell says, or the patient behind it."""
        if not index.isValid():
            return None
        patient = self.patients[index.row()]
        kind, pair = self._columns[index.column()]
        readings = tuple(one for one in patient.readings if (one.reader, one.occasion) == pair)
        plain = {PATIENT_ROLE: patient, KIND_ROLE: kind, READINGS_ROLE: readings}
        if role in plain:
            return plain[role]
        make = _TEXTS.get(role)
        return None if make is None else make(patient, kind, readings)


def _text(patient: PatientLine, kind: Column, readings: tuple[ReadingLine, ...]) -> str:
    if kind is Column.PATIENT:
        return patient.patient_id
    if kind is Column.PHASE:
        return phase_text(patient.chosen) if patient.chosen else _("No images")
    if kind is Column.FINDINGS:
        return str(patient.n_findings or "")
    if kind is Column.READING:
        return " · ".join(dict.fromkeys(reading_name(one.state) for one in readings))
    if kind is Column.LESIONS:
        return str(len(patient.lesions))
    return f"{patient.changed_at.astimezone():%Y-%m-%d}" if patient.changed_at else ""


def _sort_key(patient: PatientLine, kind: Column, readings: tuple[ReadingLine, ...]) -> str:
    """Return a text that sorts as the column should."""
    if kind is Column.PHASE and patient.chosen:
        return f"{patient.chosen.phase} {patient.chosen.confidence:.3f} {patient.patient_id}"
    if kind is Column.FINDINGS:
        return f"{len(patient.problems):04d} {patient.n_findings:04d} {patient.patient_id}"
    if kind is Column.READING:
        return "".join(str(_ORDER.index(one.state)) for one in readings) or "9"
    if kind is Column.LESIONS:
        return f"{len(patient.lesions):04d} {patient.patient_id}"
    if kind is Column.CHANGED:
        return patient.changed_at.isoformat() if patient.changed_at else ""
    return patient.patient_id


def _tip(patient: PatientLine, kind: Column, readings: tuple[ReadingLine, ...]) -> str:
    if kind is Column.READING:
        return "\n".join(reading_tip(one) for one in readings)
    if kind is Column.FINDINGS:
        return findings_text(patient)
    if kind is Column.PHASE and patient.chosen:
        return "\n".join(patient.chosen.evidence)
    return local_time(patient.changed_at) if kind is Column.CHANGED and patient.changed_at else ""


_TEXTS: dict[int, Callable[[PatientLine, Column, tuple[ReadingLine, ...]], str]] = {
    Qt.ItemDataRole.DisplayRole: _text,
    Qt.ItemDataRole.ToolTipRole: _tip,
    SORT_ROLE: _sort_key,
}


class PatientFilter(QSortFilterProxyModel):
    """Patients of one filter whose row holds the words searched for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._filter = Filter.ALL
        self._words: tuple[str, ...] = ()
        self.setSortRole(SORT_ROLE)
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def narrow(self, chosen: Filter, text: str) -> None:
        """Show patients of a filter that hold all these words."""
        self.beginFilterChange()
        self._filter, self._words = chosen, tuple(text.casefold().split())
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """Return whether a patient is shown."""
        model = self.sourceModel()
        assert isinstance(model, PatientModel)
        patient = model.patients[source_row]
        if not self._filter.takes(patient):
            return False
        return all(word in _searched(patient) for word in self._words)


def _searched(patient: PatientLine) -> str:
    """Return the text a search looks through."""
    parts = [patient.patient_id, *(lesion.site for lesion in patient.lesions)]
    parts += [f"{series.description} {series.phase} {series.kernel}" for series in patient.series]
    parts += [finding.code for series in patient.series for finding in series.findings]
    return " ".join(parts).casefold()


class PatientTable(QTableView):
    """The table.

    Attributes
    ----------
    chosen
        Another patient is under the cursor.
    opened
        A patient was double-clicked, or Enter was pressed on him.
    """

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self.patients = PatientModel(self)
        self.shown = PatientFilter(self)
        self.shown.setSourceModel(self.patients)
        self.setModel(self.shown)
        self.setItemDelegate(PatientDelegate(pictures, self))
        pictures.arrived.connect(self.viewport().update)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.data(PATIENT_ROLE)))
        self.selectionModel().currentRowChanged.connect(self._moved)

    def show_worklist(self, worklist: Worklist, *, is_own: bool) -> None:
        """Show a worklist and keep the patient under the cursor."""
        before = self.current_patient
        self.patients.show(worklist, is_own=is_own)
        self._share_width()
        if before is not None:
            self.choose(before.patient_id)

    @property
    def current_patient(self) -> PatientLine | None:
        """The patient under the cursor."""
        index = self.currentIndex()
        patient = index.data(PATIENT_ROLE) if index.isValid() else None
        return patient if isinstance(patient, PatientLine) else None

    def choose(self, patient_id: str) -> bool:
        """Put the cursor on a patient; return whether he is shown."""
        for row in range(self.shown.rowCount()):
            index = self.shown.index(row, 0)
            if index.data(PATIENT_ROLE).patient_id == patient_id:
                self.setCurrentIndex(index)
                self.scrollTo(index)
                return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the patient's column wide enough to be read."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        header, is_narrow = self.horizontalHeader(), self.width() < _NARROW_PX
        header.setMinimumSectionSize(56)
        is_crowded = is_narrow and self.patients.columnCount() > _FEW_COLUMNS
        for column in range(self.patients.columnCount()):
            kind = self.patients.kind(column)
            if kind is Column.PATIENT:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
                continue
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, _WIDTHS[kind][is_narrow])
            self.setColumnHidden(column, is_crowded and kind is Column.LESIONS)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the keys of the page."""
        patient = self.current_patient
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and patient is not None:
            self.opened.emit(patient)
        else:
            super().keyPressEvent(event)

    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        self.chosen.emit(current.data(PATIENT_ROLE) if current.isValid() else None)


_NARROW_PX = 900
_FEW_COLUMNS = 6
# With room, and without.
_WIDTHS = {
    Column.PHASE: (112, 100),
    Column.FINDINGS: (80, 68),
    Column.READING: (116, 104),
    Column.LESIONS: (64, 60),
    Column.CHANGED: (104, 92),
}

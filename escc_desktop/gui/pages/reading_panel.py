"""The panel beside the views: tools, brush, outline, history, signing."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QGridLayout, QListView, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from escc_desktop.gui.pages.reading_index import PartIndex
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.pages.reading_sections import SECTIONS
from escc_desktop.gui.pages.reading_tools import ToolRow
from escc_desktop.gui.pages.reading_words import volume_words
from escc_desktop.gui.theme import GRID, current_tokens
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.words import step_name
from escc_desktop.gui.widgets.folding import FoldingPart
from escc_desktop.gui.widgets.text import button, icon_button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.words import capitalised

WIDTH_PX: Final = 288
_FIGURE_SHARES: Final = 5, 3, 2
_Index = QModelIndex | QPersistentModelIndex


class HistoryModel(QAbstractListModel):
    """The start and all steps, oldest first; those undone are pale."""

    def __init__(self, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        canvas.stepped.connect(self._renew)

    def rowCount(self, parent: _Index | None = None) -> int:
        """Return how many lines there are."""
        return len(self._canvas.reading.history.edits) + 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a line's text and colour."""
        history = self._canvas.reading.history
        if role == Qt.ItemDataRole.DisplayRole:
            return capitalised(step_name(history.edits[index.row() - 1])) if index.row() else _("Start")
        if role == Qt.ItemDataRole.ForegroundRole and index.row() > history.cursor:
            return QColor(current_tokens().disabled)
        return None

    def _renew(self) -> None:
        self.beginResetModel()
        self.endResetModel()


class OutlineFigures(QWidget):
    """Size of what is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.volume, self.diameter, self.slices = label(), label(), label()
        self.missing = label(tone="warning", size="caption", wrap=True)
        room = self.missing.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.missing.setSizePolicy(room)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(0)
        named = (_("Volume"), self.volume), (_("Diameter"), self.diameter), (_("Slices"), self.slices)
        for place, (name, value) in enumerate(named):
            grid.addWidget(value, 0, place)
            grid.addWidget(label(name, tone="secondary", size="caption"), 1, place)
            grid.setColumnStretch(place, _FIGURE_SHARES[place])
        self.diameter.setToolTip(_("The largest diameter on an axial slice"))
        grid.addWidget(self.missing, 2, 0, 1, 3)

    def follow(self, canvas: Canvas) -> None:
        """Show volume, slices and gaps as of the last step."""
        self.volume.setText(volume_words(canvas.volume_mm3))
        self.slices.setText(f"{canvas.n_slices}")
        missing = canvas.missing_slices()
        self.missing.setVisible(bool(missing))
        self.missing.setText(missing_words(missing))

    def show_diameter(self, diameter_mm: float | None) -> None:
        """Show the diameter; None while it is being measured."""
        self.diameter.setText(_("measuring") if diameter_mm is None else f"{diameter_mm:.1f} mm")


def missing_words(missing: tuple[int, ...]) -> str:
    """Return which slices between drawn ones are empty, in words; "" for none."""
    if not missing:
        return ""
    named = ", ".join(str(index + 1) for index in missing[:4]) + (" …" if len(missing) > 4 else "")
    words = plural("{n} slice between is empty", "{n} slices between are empty", len(missing))
    return f"{words}: {named}"


class ReadingPanel(QFrame):
    """Everything beside the views while drawing.

    Signals
    -------
    undo_wanted, redo_wanted
        The buttons.
    went_to
        The reader chose a step of the history: how many steps should be done.
    sign_wanted, close_wanted
        The buttons at the foot.
    grown
        All sections are there.
    """

    undo_wanted = Signal()
    redo_wanted = Signal()
    went_to = Signal(int)
    sign_wanted = Signal()
    close_wanted = Signal()
    grown = Signal()

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._canvas = canvas = place.canvas
        self._desktop = place.desktop
        self.tools, self.figures = ToolRow(place.hand), OutlineFigures()
        self.undo = icon_button("arrow_undo", "")
        self.redo = icon_button("arrow_redo", "")
        self.history = QListView()
        self.model = HistoryModel(canvas, self)
        self.history.setModel(self.model)
        self.history.setUniformItemSizes(True)
        self.history.setMinimumHeight(150)
        self.history.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.history.setAccessibleName(_("History"))
        self.history.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.sections: dict[str, Section] = {}
        self._place, self._waiting = place, list(SECTIONS)
        self.sign = button(_("Sign reading"), "signature", weight="primary")
        self.close_button = button(_("Close"), weight="quiet", tip=_("Close the reading; everything drawn is kept."))
        self._lay_out()
        self.undo.clicked.connect(self.undo_wanted)
        self.redo.clicked.connect(self.redo_wanted)
        self.history.clicked.connect(lambda index: self.went_to.emit(index.row()))
        self.history.activated.connect(lambda index: self.went_to.emit(index.row()))
        self.sign.clicked.connect(self.sign_wanted)
        self.close_button.clicked.connect(self.close_wanted)
        canvas.stepped.connect(self.follow_steps)
        self.follow_steps()

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        parts = self._parts = QVBoxLayout(inside)
        parts.setContentsMargins(0, 0, GRID, 0)
        parts.setSpacing(GRID)
        self.index = PartIndex(scroll)
        outline = self._folding("outline", _("Outline"), self.figures, is_open=True)
        self._history_part = self._folding("history", _("History"), self.history, is_open=True)
        self.index.add("outline", "data_bar_vertical", _("Outline"), outline, 0)
        self.index.add("history", "history", _("History"), self._history_part, 1)
        parts.addWidget(outline)
        parts.addWidget(self._history_part, 1)
        parts.addStretch()
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.tools)
        column.addWidget(self.index)
        column.addWidget(scroll, 1)
        column.addWidget(row(self.sign, None, self.close_button))

    def grow(self) -> None:
        """Make the sections, one a turn of the event loop: together they would hold up the window."""
        if not self._waiting:
            self.grown.emit()
            return
        entry = self._waiting.pop(0)
        made = self.sections[entry.name] = entry.make(self._place)
        part = self._folding(entry.name, _(entry.title), made, is_open=entry.is_open)
        place = self._parts.indexOf(self._history_part)
        self._parts.insertWidget(place, part)
        self.index.add(entry.name, entry.icon, _(entry.title), part, place)
        QTimer.singleShot(0, self, self.grow)

    def stop(self) -> None:
        """Make no more sections, and stop those that are there: the reading is being closed."""
        self._waiting.clear()
        for section in self.sections.values():
            section.stop()

    def _folding(self, name: str, title: str, widget: QWidget, *, is_open: bool) -> FoldingPart:
        """Return a part that is as open as it was left last time."""
        key = f"reading.{name}"
        part = FoldingPart(title, widget, is_open=bool(self._desktop.settings.layout.get(key, is_open)))
        part.folded.connect(lambda is_now_open: self._desktop.keep_layout(key, is_now_open))
        return part

    def follow_steps(self) -> None:
        """Show what was drawn and what can be undone."""
        canvas = self._canvas
        self.figures.follow(canvas)
        undo, redo = canvas.next_undo, canvas.next_redo
        self.undo.setEnabled(undo is not None)
        self.redo.setEnabled(redo is not None)
        self.undo.setToolTip(undo_words(canvas) + " (Ctrl+Z)")
        self.redo.setToolTip(redo_words(canvas) + " (Ctrl+Shift+Z)")
        self.history.setCurrentIndex(self.model.index(canvas.reading.history.cursor))
        self.history.scrollTo(self.history.currentIndex())


def undo_words(canvas: Canvas) -> str:
    """Return what undo would take back: "Undo brush, slice 84"."""
    edit = canvas.next_undo
    return _("Undo") if edit is None else _("Undo {step}").format(step=step_name(edit))


def redo_words(canvas: Canvas) -> str:
    """Return what redo would do again."""
    edit = canvas.next_redo
    return _("Redo") if edit is None else _("Redo {step}").format(step=step_name(edit))

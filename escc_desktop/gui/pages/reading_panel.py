"""The panel beside the views: tools, brush, outline, history, signing."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QLabel,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from escc_desktop.gui.pages.reading_words import volume_words
from escc_desktop.gui.theme import GRID, current_tokens
from escc_desktop.gui.tools.canvas import Canvas, step_name
from escc_desktop.gui.tools.toolbox import TOOLS, Hand
from escc_desktop.gui.widgets.text import button, icon_button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.words import capitalised

WIDTH_PX: Final = 272
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


class ToolRow(QWidget):
    """One button a tool; its hint and the brush's options below."""

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        for entry in TOOLS:
            made = icon_button(entry.icon, f"{_(entry.title)} ({entry.key})", checkable=True)
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setText(entry.key)
            made.setIconSize(QSize(20, 20))
            made.setMinimumSize(52, 36)
            made.clicked.connect(lambda _checked=False, tool_id=entry.tool_id: hand.hold(tool_id))
            self._group.addButton(made)
            self.buttons[entry.tool_id] = made
        self.hint = label(tone="secondary", size="caption", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setMinimumHeight(48)
        self.size_words = label()
        self.smaller = icon_button("subtract", _("Smaller brush (\N{MINUS SIGN})"))
        self.larger = icon_button("add", _("Larger brush (+)"))
        self.ball = QCheckBox(_("3D: reach into next slices"))
        self.ball.setToolTip(_("Paint neighbouring slices too, as a ball (Shift+B)"))
        self.ball.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        options = hand.options
        self.smaller.clicked.connect(lambda: options.set_diameter(options.diameter - 1))
        self.larger.clicked.connect(lambda: options.set_diameter(options.diameter + 1))
        self.ball.toggled.connect(options.set_ball)
        self._size_row = row(label(_("Size"), tone="secondary"), None, self.size_words, self.smaller, self.larger)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(*self.buttons.values(), None, spacing=GRID // 2))
        column.addWidget(self.hint)
        column.addWidget(self._size_row)
        column.addWidget(self.ball)

    def follow(self, finest_mm: float) -> None:
        """Show the tool held, and the brush's size in voxels and mm."""
        entry, options = self._hand.entry, self._hand.options
        self.buttons[entry.tool_id].setChecked(True)
        self.hint.setText(_(entry.hint))
        words = plural("{n} voxel", "{n} voxels", options.diameter)
        self.size_words.setText(f"{words} · {options.diameter * finest_mm:.1f} mm")
        self.ball.setChecked(options.is_ball)
        for widget in (self._size_row, self.ball):
            widget.setEnabled(entry.has_size)


class OutlineFigures(QWidget):
    """Size of what is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.volume, self.diameter, self.slices = label(), label(), label()
        self.missing = label(tone="warning", size="caption", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for name, value in (
            (_("Volume"), self.volume),
            (_("Largest axial diameter"), self.diameter),
            (_("Slices"), self.slices),
        ):
            column.addWidget(row(label(name, tone="secondary"), None, value))
        column.addWidget(self.missing)

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
    """

    undo_wanted = Signal()
    redo_wanted = Signal()
    went_to = Signal(int)
    sign_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, canvas: Canvas, hand: Hand) -> None:
        super().__init__()
        self._canvas, self._hand = canvas, hand
        self.tools, self.figures = ToolRow(hand), OutlineFigures()
        self.undo = icon_button("arrow_undo", "")
        self.redo = icon_button("arrow_redo", "")
        self.history = QListView()
        self.model = HistoryModel(canvas, self)
        self.history.setModel(self.model)
        self.history.setUniformItemSizes(True)
        self.history.setAccessibleName(_("History"))
        self.history.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.sign = button(_("Sign reading"), "signature", weight="primary")
        self.close_button = button(_("Close"), weight="quiet", tip=_("Close the reading; everything drawn is kept."))
        self._lay_out()
        self.undo.clicked.connect(self.undo_wanted)
        self.redo.clicked.connect(self.redo_wanted)
        self.history.clicked.connect(lambda index: self.went_to.emit(index.row()))
        self.history.activated.connect(lambda index: self.went_to.emit(index.row()))
        self.sign.clicked.connect(self.sign_wanted)
        self.close_button.clicked.connect(self.close_wanted)
        hand.changed.connect(self.follow_tool)
        hand.options.changed.connect(self.follow_tool)
        canvas.stepped.connect(self.follow_steps)
        self.follow_tool()
        self.follow_steps()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.tools)
        column.addSpacing(GRID)
        column.addWidget(_heading(_("Outline")))
        column.addWidget(self.figures)
        column.addSpacing(GRID)
        column.addWidget(row(_heading(_("History")), None, self.undo, self.redo, spacing=GRID // 2))
        column.addWidget(self.history, 1)
        column.addWidget(row(self.sign, None, self.close_button))

    def follow_tool(self) -> None:
        """Show the tool held and its options."""
        spacing = self._canvas.planes.geometry.spacing_mm
        self.tools.follow(min(spacing[0], spacing[1]))

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


def _heading(text: str) -> QLabel:
    return label(text, tone="secondary", size="caption")

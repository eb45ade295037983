"""What the page asks in a line of its own: a query, a reason, the first facts of a new patient."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button, card, label, row
from escc_desktop.i18n import _
from escc_desktop.workflow.views.records_words import value_words


class AskPanel(QWidget):
    """One question with one line to answer it.

    Attributes
    ----------
    left
        It is not to be answered.
    """

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        frame, column = card()
        self.title = label(size="heading", wrap=True)
        self.text = Entry()
        self.go, self.leave = button("", weight="primary"), button(_("Cancel"))
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addWidget(row(None, self.leave, self.go))
        holder = QVBoxLayout(self)
        holder.setContentsMargins(0, 0, 0, GRID)
        holder.addWidget(frame)
        self._call: Callable[[str], object] | None = None
        self.text.textChanged.connect(lambda text: self.go.setEnabled(bool(text.strip())))
        self.text.returnPressed.connect(self._answer)
        self.go.clicked.connect(self._answer)
        self.leave.clicked.connect(self.left)

    def begin(self, title: str, hint: str, word: str, call: Callable[[str], object]) -> None:
        """Ask; `call` gets what is typed."""
        self.title.setText(title)
        self.text.clear()
        self.text.setPlaceholderText(hint)
        self.text.setAccessibleName(hint)
        self.go.setText(word)
        self.go.setEnabled(False)
        self._call = call
        self.text.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _answer(self) -> None:
        if self._call is not None and self.text.text().strip():
            self._call(self.text.text().strip())


class NewPatient(QWidget):
    """Asks for a trial code, day 1 and sex.

    Attributes
    ----------
    wanted
        (code, day 1, sex).
    left
        Nothing is wanted after all.
    """

    wanted = Signal(str, str, str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        frame, column = card()
        self.code, self.start, self.sex = Entry(), Entry(), QComboBox()
        self.code.setPlaceholderText(_("Trial code"))
        self.start.setPlaceholderText(_("Day 1 of cycle 1, YYYY-MM-DD"))
        self.sex.addItem(_("Sex"), "")
        for sex in ("female", "male"):
            self.sex.addItem(value_words("sex", sex), sex)
        for widget, name in ((self.code, _("Trial code")), (self.start, _("Day 1")), (self.sex, _("Sex"))):
            widget.setAccessibleName(name)
        self.go, self.leave = button(_("Begin the record"), weight="primary"), button(_("Cancel"))
        column.addWidget(label(_("New patient"), size="heading"))
        column.addWidget(label(_("A trial code, never a name or a hospital number."), tone="secondary"))
        column.addWidget(row(self.code, self.start, self.sex, None, self.leave, self.go))
        holder = QVBoxLayout(self)
        holder.setContentsMargins(0, 0, 0, GRID)
        holder.addWidget(frame)
        for entry in (self.code, self.start):
            entry.setMinimumWidth(210)
            entry.returnPressed.connect(self._send)
        self.go.clicked.connect(self._send)
        self.leave.clicked.connect(self.left)

    def begin(self) -> None:
        """Ask anew."""
        self.code.clear()
        self.start.clear()
        self.sex.setCurrentIndex(0)
        self.code.setFocus()

    def _send(self) -> None:
        self.wanted.emit(self.code.text(), self.start.text(), str(self.sex.currentData()))

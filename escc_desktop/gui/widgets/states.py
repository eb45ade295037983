"""The three states of a page that is not showing its content: empty, busy, in trouble."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from escc_desktop.gui.tasks import Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.icon_label import IconLabel
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _, plural

_ICON_PX = 40
_WIDTH_PX = 640


def time_left(seconds: float | None) -> str:
    """Return the time a job still needs, in words; "" while unknown."""
    if seconds is None:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    return plural("about {n} minute left", "about {n} minutes left", round(seconds / 60))


class _Centred(QWidget):
    """A column in the middle of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout()
        self.column.setSpacing(GRID)
        middle = QWidget()
        middle.setMaximumWidth(_WIDTH_PX)
        middle.setMinimumWidth(320)
        middle.setLayout(self.column)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(middle)
        across.addStretch(1)
        down = QVBoxLayout(self)
        down.addStretch(2)
        down.addLayout(across)
        down.addStretch(3)

    def picture(self) -> IconLabel:
        made = IconLabel(_ICON_PX)
        self.column.addWidget(made)
        return made

    def line(self, *, tone: str = "", size: str = "") -> QLabel:
        made = label(tone=tone, size=size, wrap=True)
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.column.addWidget(made)
        return made


class EmptyState(_Centred):
    """Says what a page is for and offers the first step."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = self.picture()
        self._title = self.line(size="heading")
        self._text = self.line(tone="secondary")
        self._steps = QHBoxLayout()
        self._steps.setSpacing(GRID)
        self.column.addSpacing(GRID)
        self.column.addLayout(self._steps)

    def say(self, icon: str, title: str, text: str, steps: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Show a title, a sentence and buttons; the first one is the one that matters."""
        self._picture.show_icon(icon, "secondary")
        self._title.setText(title)
        self._text.setText(text)
        while (item := self._steps.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._steps.addStretch(1)
        for number, (words, call) in enumerate(steps):
            made = button(words, weight="" if number else "primary")
            made.clicked.connect(lambda _checked=False, call=call: call())
            self._steps.addWidget(made)
        self._steps.addStretch(1)


class BusyState(_Centred):
    """Shows progress, time left and Cancel."""

    cancel = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title = self.line(size="heading")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.column.addWidget(self._bar)
        self._note = self.line(tone="secondary", size="caption")
        stop = button(_("Cancel"), weight="quiet")
        stop.clicked.connect(self.cancel)
        self.column.addWidget(stop, alignment=Qt.AlignmentFlag.AlignHCenter)

    def say(self, text: str) -> None:
        """Begin."""
        self._title.setText(text)
        self._note.setText("")
        self._bar.setRange(0, 0)

    def advance(self, running: Running) -> None:
        """Show how far the job is."""
        if running.fraction is not None:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(running.fraction * 1000))
        self._note.setText(" · ".join(part for part in (running.note, time_left(running.left_seconds)) if part))


class ErrorState(_Centred):
    """Says what, why and what to do."""

    retry = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._picture = self.picture()
        self._what = self.line(size="heading")
        self._hint = self.line(tone="secondary")
        again = button(_("Try again"), "arrow_sync")
        again.clicked.connect(self.retry)
        self.column.addSpacing(GRID)
        self.column.addWidget(again, alignment=Qt.AlignmentFlag.AlignHCenter)

    def say(self, what: str, hint: str) -> None:
        """Show the trouble and its hint."""
        self._picture.show_icon("warning", "warning")
        self._what.setText(what)
        self._hint.setText(hint)

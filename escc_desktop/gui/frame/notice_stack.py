"""Notices as cards above the foot: they leave by themselves, troubles stay until they are dismissed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from escc_desktop.gui.notices import Notice, Tone
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.icon_label import IconLabel
from escc_desktop.gui.widgets.text import button, icon_button, label
from escc_desktop.i18n import _, plural

WIDTH_PX = 460
SHOWN_MS = 8000
OFFERED_MS = 20_000
MOST = 4
ICONS = {
    Tone.INFO: ("info", "accent"),
    Tone.SUCCESS: ("checkmark_circle", "success"),
    Tone.WARNING: ("warning", "warning"),
    Tone.DANGER: ("error_circle", "danger"),
}


class NoticeStack(QWidget):
    """The notices on screen, the newest at the bottom; the same one said again is shown once."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.cards: list[NoticeCard] = []
        self._bottom, self._width = (0, 0), WIDTH_PX
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)

    def say(self, notice: Notice) -> None:
        """Show a notice."""
        for old in [old for old in self.cards if is_over(old.notice, notice)]:
            self.dismiss(old)
        passing = [old for old in self.cards if old.leaves]
        if len(self.cards) >= MOST:
            self.dismiss(passing[0] if passing else self.cards[0])
        made = NoticeCard(notice, self)
        self.cards.append(made)
        self._column.addWidget(made)
        self.settle()

    def dismiss(self, made: NoticeCard) -> None:
        """Take a notice off the screen."""
        if made in self.cards:
            self.cards.remove(made)
            self._column.removeWidget(made)
            made.hide()
            made.deleteLater()
            self.settle()

    def forget(self) -> None:
        """Take off what was said to the person who leaves; what has a topic concerns everybody."""
        for old in [old for old in self.cards if not old.notice.topic]:
            self.dismiss(old)

    def place(self, left: int, bottom: int, width: int = WIDTH_PX) -> None:
        """Stand with the lower left corner here."""
        self._bottom, self._width = (left, bottom), width
        self.settle()

    def settle(self) -> None:
        """Take the room the notices need."""
        self.setVisible(bool(self.cards))
        self.raise_()
        height = self._column.totalHeightForWidth(self._width)
        left, bottom = self._bottom
        self.setGeometry(left, bottom - height, self._width, height)

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.LayoutRequest:
            self.settle()
        return super().event(event)


class NoticeCard(QFrame):
    """One notice: what, what to do, a button, and lines that can be opened."""

    def __init__(self, notice: Notice, stack: NoticeStack) -> None:
        super().__init__()
        self.notice = notice
        self._stack = stack
        self.setProperty("surface", "notice")
        self.setProperty("tone", notice.tone.value)
        self.setAccessibleName(f"{notice.text} {notice.hint}".strip())
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        line.setSpacing(GRID + 4)
        top = QVBoxLayout()
        top.addSpacing(4)
        top.addWidget(IconLabel(20, *ICONS[notice.tone]))
        top.addStretch(1)
        line.addLayout(top)
        line.addLayout(self._words(), 1)
        shut = icon_button("dismiss", _("Dismiss"))
        shut.clicked.connect(lambda: self._stack.dismiss(self))
        aside = QVBoxLayout()
        aside.addWidget(shut)
        aside.addStretch(1)
        line.addLayout(aside)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(OFFERED_MS if notice.action else SHOWN_MS)
        self._timer.timeout.connect(lambda: self._stack.dismiss(self))
        if self.leaves:
            self._timer.start()

    @property
    def leaves(self) -> bool:
        """Whether it goes by itself."""
        return self.notice.tone is not Tone.DANGER and not self.notice.topic

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: D102
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        if self.leaves:
            self._timer.start()

    def _words(self) -> QVBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addSpacing(4)
        words.addWidget(label(self.notice.text, wrap=True))
        if self.notice.hint:
            words.addWidget(label(self.notice.hint, tone="secondary", wrap=True))
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        if self.notice.action:
            self.action = button(self.notice.action)
            self.action.clicked.connect(self._act)
            buttons.addWidget(self.action)
        if self.notice.details:
            self.details = _details(self.notice.details)
            self.more = button(plural("Show {n} line", "Show {n} lines", len(self.notice.details)), weight="quiet")
            self.more.clicked.connect(self._unfold)
            buttons.addWidget(self.more)
            words.addWidget(self.details)
        buttons.addStretch(1)
        words.addLayout(buttons)
        words.addSpacing(4)
        return words

    def _act(self) -> None:
        if self.notice.call is not None:
            self.notice.call()
        self._stack.dismiss(self)

    def _unfold(self) -> None:
        self._timer.stop()
        is_open = not self.details.isHidden()
        self.details.setVisible(not is_open)
        self.more.setText(
            plural("Show {n} line", "Show {n} lines", len(self.notice.details)) if is_open else _("Hide the lines")
        )
        self._stack.settle()


def is_over(old: Notice, new: Notice) -> bool:
    """Return whether a new notice says the same again, or more on the same topic."""
    is_same = (old.text, old.hint) == (new.text, new.hint)
    return is_same or bool(new.topic and old.topic == new.topic)


def _details(lines: tuple[str, ...]) -> QPlainTextEdit:
    made = QPlainTextEdit("\n".join(lines))
    made.setReadOnly(True)
    made.setAccessibleName(_("Details"))
    made.setFixedHeight(min(200, 24 + 20 * len(lines)))
    made.hide()
    return made

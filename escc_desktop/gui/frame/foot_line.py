"""One notice in the foot of the window, where it covers neither picture nor button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from escc_desktop.gui.frame.notice_stack import ICONS, OFFERED_MS, SHOWN_MS, is_over
from escc_desktop.gui.notices import Notice, Tone
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.icon_label import IconLabel
from escc_desktop.gui.widgets.text import button, icon_button, label
from escc_desktop.i18n import _

HEIGHT_PX = 24
_ICON_PX = 16


def fits_line(notice: Notice) -> bool:
    """Return whether a notice can be said in one line; troubles and lists stay until they are dismissed."""
    return notice.tone is not Tone.DANGER and not notice.details


class FootLine(QFrame):
    """The newest notice; one with a topic comes back once what was said after it has left."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.notices: list[Notice] = []
        self._icon = IconLabel(_ICON_PX)
        self.words = label()
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.action = button("", weight="link")
        self.shut = icon_button("dismiss", _("Dismiss"))
        self.shut.setMinimumSize(HEIGHT_PX, HEIGHT_PX)
        line = QHBoxLayout(self)
        line.setContentsMargins(GRID, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.words, 1)
        line.addWidget(self.action)
        line.addWidget(self.shut)
        self.action.clicked.connect(self._act)
        self.shut.clicked.connect(self.leave)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.leave)
        self.hide()

    def say(self, notice: Notice) -> None:
        """Show a notice in place of what passes."""
        self.notices = [old for old in self.notices if old.topic and not is_over(old, notice)]
        self.notices.append(notice)
        self._follow()

    def leave(self) -> None:
        """Take the notice shown away."""
        if self.notices:
            self.notices.pop()
        self._follow()

    def forget(self) -> None:
        """Take everything away."""
        self.notices.clear()
        self._follow()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: D102
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        self._wait()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._elide()

    def _follow(self) -> None:
        self._timer.stop()
        self.setVisible(bool(self.notices))
        if not self.notices:
            return
        shown = self.notices[-1]
        self._icon.show_icon(*ICONS[shown.tone])
        self.action.setText(shown.action)
        self.action.setVisible(bool(shown.action))
        self.setAccessibleName(_words(shown))
        self.setToolTip(_words(shown))
        self._elide()
        self._wait()

    def _wait(self) -> None:
        if self.notices and not self.notices[-1].topic:
            self._timer.start(OFFERED_MS if self.notices[-1].action else SHOWN_MS)

    def _elide(self) -> None:
        if self.notices:
            words, room = _words(self.notices[-1]), self.words.width()
            self.words.setText(self.words.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))

    def _act(self) -> None:
        call = self.notices[-1].call if self.notices else None
        self.leave()
        if call is not None:
            call()


def _words(notice: Notice) -> str:
    return f"{notice.text} {notice.hint}".strip()

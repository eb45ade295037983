"""Many calls become one: for what is told hundreds of times a second and looked at ten times."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

_WAIT_MS = 80


class Soon(QObject):
    """Calls back once, a moment after the first of many calls."""

    def __init__(self, then: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(then)

    def call(self) -> None:
        """Call back soon."""
        if not self._timer.isActive():
            self._timer.start()

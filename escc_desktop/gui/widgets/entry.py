"""A line to type in whose inner buttons can be hit."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QToolButton

_TARGET_PX: Final = 26


class Entry(QLineEdit):
    """An entry; the button that clears it, or an eye, is as large as every target.

    Qt makes these buttons 22 by 18 pixels and takes no other size from a style sheet.
    """

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._widen_buttons()

    def _widen_buttons(self) -> None:
        for inner in self.findChildren(QToolButton):
            centre = inner.geometry().center()
            inner.setGeometry(
                centre.x() - _TARGET_PX // 2 + 1, (self.height() - _TARGET_PX) // 2, _TARGET_PX, _TARGET_PX
            )

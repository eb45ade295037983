"""A view in a window of its own, for a second monitor."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QActionEvent, QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

_SHARE: Final = 0.6


class DetachedWindow(QWidget):
    """A window around one view; it goes with the window the view came from, and has the same keys.

    Signals
    -------
    left
        The person closed it: the view wants to go back.
    """

    left = Signal()

    def __init__(self, view: QWidget, home: QWidget) -> None:
        super().__init__(home, Qt.WindowType.Window)
        self._home = home.window()
        self.setWindowTitle(view.accessibleName())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(view)
        view.show()
        self.addActions(self._home.actions())
        self._home.installEventFilter(self)

    def show_beside(self) -> None:
        """Show it: filling another monitor where there is one, else smaller than the window it came from."""
        here = self._home.screen()
        others = [screen for screen in QGuiApplication.screens() if screen is not here]
        if others:
            self.setGeometry(others[0].availableGeometry())
            self.showMaximized()
        else:
            self.resize(self._home.size() * _SHARE)
            self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take over the keys that are bound anew."""
        if isinstance(event, QActionEvent) and event.type() == QEvent.Type.ActionAdded:
            self.addAction(event.action())
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the view back."""
        self.left.emit()
        super().closeEvent(event)

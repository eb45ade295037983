"""Shortcuts of the window, bound to what can be done now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.actions import Action


class KeyBindings:
    """Binds actions to their keys; the first action that wants a key has it.

    While something lies over the page the keys sleep.
    """

    def __init__(self, window: QWidget, do: Callable[[Action], object]) -> None:
        self._window = window
        self._do = do
        self._bound: list[QAction] = []
        self._sleeping = 0

    def bind(self, actions: Sequence[Action]) -> None:
        """Bind these actions in place of those bound before."""
        for old in self._bound:
            self._window.removeAction(old)
            old.deleteLater()
        self._bound = []
        taken: set[str] = set()
        for action in actions:
            keys = [key for key in action.keys_now if key not in taken]
            taken.update(keys)
            if keys:
                self._bound.append(self._bind(action, keys))

    @property
    def are_asleep(self) -> bool:
        """Whether something lies over the page and has the keyboard."""
        return self._sleeping > 0

    def sleep(self) -> None:
        """Let go of the keys: something else has the keyboard."""
        self._sleeping += 1
        self._wake_or_sleep()

    def wake(self) -> None:
        """Take the keys again."""
        self._sleeping = max(0, self._sleeping - 1)
        self._wake_or_sleep()

    def _bind(self, action: Action, keys: Sequence[str]) -> QAction:
        bound = QAction(self._window)
        bound.setShortcuts([QKeySequence(key) for key in keys])
        bound.triggered.connect(lambda _checked=False: self._do(action))
        bound.setEnabled(not self._sleeping)
        self._window.addAction(bound)
        return bound

    def _wake_or_sleep(self) -> None:
        for bound in self._bound:
            bound.setEnabled(not self._sleeping)

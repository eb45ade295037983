"""What the tools have in common whose work is a note of the reading: it is taken back change by change."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import DrawTool

Noted = TypeVar("Noted")


class NotedTool(DrawTool, Generic[Noted]):
    """Keeps a note, and what it was before each change since the tool was taken up."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._before: list[Noted] = []

    @abstractmethod
    def keep(self, noted: Noted) -> None:
        """Note something else, adding what was noted to what can be taken back."""

    def step_back(self) -> bool:
        """Put back what was noted before the last change; False where there was none."""
        if not self._before:
            return False
        earlier = self._before.pop()
        left = len(self._before)
        self.keep(earlier)
        del self._before[left:]
        return True

    def take_up(self) -> None:
        """Begin anew with what can be taken back."""
        self._before.clear()

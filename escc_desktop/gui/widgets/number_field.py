"""A field for a number with a unit."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDoubleSpinBox


class NumberField(QDoubleSpinBox):
    """A field for a number with a unit, told when it is typed whole.

    Return takes what was typed and goes no further; pressed again it is the page's.

    Parameters
    ----------
    limits
        The least, the most and the step.
    tip
        What it is for.
    decimals
        How many digits after the point.
    """

    def __init__(self, limits: tuple[float, float, float], tip: str, unit: str, *, decimals: int = 1) -> None:
        super().__init__()
        least, most, step = limits
        self.setDecimals(decimals)
        self.setRange(least, most)
        self.setSingleStep(step)
        self.setSuffix(f" {unit}")
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep the Return that ends typing."""
        is_typed = self.lineEdit().isModified()
        super().keyPressEvent(event)
        if is_typed and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.lineEdit().setModified(False)
            event.accept()

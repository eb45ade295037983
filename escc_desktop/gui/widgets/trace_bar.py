"""The steps from a point on the nomogram to its voxels, each a way to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.trace import TraceStep

_LEAST_PX = 48
# Of a button beside its words, and the sign between two.
_AROUND_PX = 52


class TraceBar(QWidget):
    """Buttons in a row; `wanted` says the kind of step that was asked for."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[QPushButton] = []
        self._words: list[str] = []
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(GRID // 2)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_steps(self, steps: Sequence[TraceStep]) -> None:
        """Show the steps, the point first."""
        self.steps, self._words = [], [step.words for step in steps]
        while (item := self._line.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for step in steps:
            if self.steps:
                self._line.addWidget(label("›", tone="secondary"))
            self._line.addWidget(self._button(step))
        self._line.addStretch(1)
        self.setAccessibleName(_("From the nomogram to the voxels"))
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the longest words where there is no room; the tool tip has them whole."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        if not self.steps:
            return
        metrics = self.steps[0].fontMetrics()
        widths = sorted(metrics.horizontalAdvance(words) for words in self._words)
        room = self.width() - len(widths) * _AROUND_PX
        most = next((limit for limit in reversed(widths) if sum(min(one, limit) for one in widths) <= room), 0)
        # Those longer than the longest that fits share what is left.
        longer = [one for one in widths if one > most]
        if longer:
            most = max(int((room - sum(one for one in widths if one <= most)) / len(longer)), _LEAST_PX)
        for made, words in zip(self.steps, self._words, strict=True):
            made.setText(metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, most + 1))

    def _button(self, step: TraceStep) -> QPushButton:
        made = button(step.words, weight="quiet", tip="\n".join(part for part in (step.words, step.tip) if part))
        made.setEnabled(bool(step.kind))
        made.setMinimumWidth(_LEAST_PX)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        made.clicked.connect(lambda: self.wanted.emit(step.kind))
        self.steps.append(made)
        return made

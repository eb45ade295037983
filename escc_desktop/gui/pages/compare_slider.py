"""The slider of two pictures in one, between the names of what it goes from and to."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _

STEPS: Final = 20
_SLIDER_PX: Final = 160
_NAME_PX: Final = 170
_BETWEEN: Final = " · "


class MixSlider(QWidget):
    """Hidden where a way of showing has nothing to slide."""

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setValue(STEPS // 2)
        self.slider.setFixedWidth(_SLIDER_PX)
        self.start, self.end = label(tone="secondary", size="caption"), label(tone="secondary", size="caption")
        self._names = "", ""
        line = QHBoxLayout(self)
        line.setContentsMargins(GRID, 0, 0, 0)
        line.setSpacing(GRID)
        for widget in (self.start, self.slider, self.end):
            line.addWidget(widget)
        self.hide()

    @property
    def share(self) -> float:
        """How far it is to the right, from 0 to 1."""
        return self.slider.value() / STEPS

    def flip(self) -> None:
        """Go to the end that is farther away."""
        self.slider.setValue(0 if self.slider.value() > STEPS // 2 else STEPS)

    def name_sides(self, first: str, second: str) -> None:
        """Take the captions of both sides: it shows what tells them apart."""
        self._names = _apart(first, second), _apart(second, first)

    def show_sides(self) -> None:
        """Slide from the left side to the right one."""
        left, right = self._names
        self._show(left, right, _("From {left} to {right}").format(left=left, right=right))

    def show_size(self) -> None:
        """Slide from small to large squares."""
        self._show(_("Size of squares"), "", _("Size of squares"))

    def _show(self, start: str, end: str, name: str) -> None:
        _write(self.start, start)
        _write(self.end, end)
        self.slider.setAccessibleName(name)
        self.show()


def _apart(caption: str, other: str) -> str:
    others = other.split(_BETWEEN)
    return _BETWEEN.join(part for part in caption.split(_BETWEEN) if part not in others) or caption


def _write(where: QLabel, words: str) -> None:
    where.setText(where.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _NAME_PX))
    where.setToolTip(words)

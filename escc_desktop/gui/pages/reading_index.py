"""One small button for each folding part of the panel: it opens the part and goes there, wherever it is."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QWidget

from escc_desktop.gui.widgets.folding import FoldingPart
from escc_desktop.gui.widgets.text import icon_button

_BUTTON_PX = 24
_ICON_PX = 16


class PartIndex(QWidget):
    """The parts in the order they stand in; those open are lit."""

    def __init__(self, scroll: QScrollArea) -> None:
        super().__init__()
        self._scroll = scroll
        self.buttons: dict[str, QToolButton] = {}
        self._parts: dict[str, FoldingPart] = {}
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(1)
        self._line.addStretch(1)

    def add(self, name: str, icon_name: str, title: str, part: FoldingPart, place: int) -> None:
        """Take in a part."""
        made = icon_button(icon_name, title, checkable=True)
        made.setProperty("index", "true")
        made.setIconSize(QSize(_ICON_PX, _ICON_PX))
        made.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setChecked(part.is_open)
        made.clicked.connect(partial(self.go_to, name))
        part.folded.connect(made.setChecked)
        self.buttons[name], self._parts[name] = made, part
        self._line.insertWidget(place, made)

    def go_to(self, name: str, *_checked: bool) -> None:
        """Open a part and show it; fold it where it is open and in sight already."""
        part = self._parts[name]
        if part.is_open and self._is_in_sight(part):
            part.fold(is_open=False)
            return
        if not part.is_open:
            part.fold(is_open=True)
        self.buttons[name].setChecked(True)
        self._show(part)

    def _is_in_sight(self, part: FoldingPart) -> bool:
        top = part.mapTo(self._scroll.viewport(), part.head.pos()).y()
        return 0 <= top <= self._scroll.viewport().height() - part.head.height()

    def _show(self, part: FoldingPart) -> None:
        bar, inside = self._scroll.verticalScrollBar(), self._scroll.widget()
        if inside is not None:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # its height is that of an open part
            bar.setValue(part.mapTo(inside, part.head.pos()).y())

"""An icon that stands alone, in the colour of the theme in force."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel

from escc_desktop.gui.icons import icon_pixmap


class IconLabel(QLabel):
    """Shows an icon; it is drawn anew when the theme or the screen changes."""

    def __init__(self, size: int, name: str = "", token: str = "text") -> None:
        super().__init__()
        self._size, self._name, self._token = size, name, token
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._ink()

    def show_icon(self, name: str, token: str) -> None:
        """Show another icon, in the colour of a theme token."""
        self._name, self._token = name, token
        self._ink()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.DevicePixelRatioChange}:
            self._ink()
        super().changeEvent(event)

    def _ink(self) -> None:
        if self._name:
            self.setPixmap(icon_pixmap(self._name, self._token, self._size, self.devicePixelRatioF()))

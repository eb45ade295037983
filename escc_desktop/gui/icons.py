"""One-ink icons, drawn in the colour of the text they stand beside."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from escc_desktop.gui.theme import current_tokens
from escc_desktop.resources import resource_path

# An icon that is changed after it was copied has an engine of its own; few ever are.
_CLONES: Final[list[QIconEngine]] = []


class _InkEngine(QIconEngine):
    """Draws a shape in a token's colour, asked anew at each painting so that it follows the theme."""

    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name = name
        self._token = token

    def paint(self, painter, rect, mode, state) -> None:  # type: ignore[no-untyped-def]
        token = "disabled" if mode == QIcon.Mode.Disabled else self._token
        # What is wider than high leaves its room on the right, between the icon and a button's text.
        side = min(rect.width(), rect.height())
        square = QRectF(rect.x(), rect.y(), side, side)
        paint_icon(painter, square, self._name, getattr(current_tokens(), token))

    def pixmap(self, size, mode, state) -> QPixmap:  # type: ignore[no-untyped-def]
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            self.paint(painter, picture.rect(), mode, state)
        return picture

    def clone(self) -> QIconEngine:
        # Qt takes what is returned, and PySide does not know: without another owner, Qt would be left with nothing.
        made = _InkEngine(self._name, self._token)
        _CLONES.append(made)
        return made


def icon(name: str, token: str = "text") -> QIcon:
    """Return an icon of `resources/icons` in the colour of a theme token."""
    return QIcon(_InkEngine(name, token))


def paint_icon(painter: QPainter, rect: QRectF, name: str, color: str) -> None:
    """Draw an icon's shape in a colour such as ``#4aa3ff``."""
    _renderer(name, color).render(painter, rect)


def icon_pixmap(name: str, token: str, size: int, ratio: float) -> QPixmap:
    """Return an icon as pixels for a screen of a device pixel ratio."""
    picture = QPixmap(QSize(size, size) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        paint_icon(painter, QRectF(0, 0, size, size), name, getattr(current_tokens(), token))
    return picture


@lru_cache(maxsize=512)
def _renderer(name: str, color: str) -> QSvgRenderer:
    source = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    inked = source.replace("<path ", f'<path fill="{color}" ')
    return QSvgRenderer(QByteArray(inked.encode()))

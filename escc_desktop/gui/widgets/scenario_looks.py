"""How scenarios are told apart wherever they are drawn: by letter, colour and dashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.gui.theme import CAPTION_PX, face, is_dark
from escc_desktop.gui.widgets.painted import color

MOST_SCENARIOS: Final = 4
_LETTERS: Final = "ABCD"
# Okabe and Ito's, lighter in the dark and darker in the light where their own contrast is below 3.
_DARK: Final = ("#56b4e9", "#e69f00", "#2bc79a", "#dd92ba")
_LIGHT: Final = ("#0072b2", "#b85000", "#00795a", "#a1477a")
_DASHES: Final[tuple[tuple[float, ...], ...]] = ((), (6, 2), (2, 2), (8, 2, 2, 2))
_BADGE_PX: Final = 18.0


@dataclass(frozen=True)
class Look:
    """Letter, colour and dashes of the scenario at a place."""

    place: int

    @property
    def letter(self) -> str:
        """A to D."""
        return _LETTERS[self.place]

    @property
    def ink(self) -> QColor:
        """The colour, in the theme in force."""
        return QColor((_DARK if is_dark() else _LIGHT)[self.place])

    def pen(self, width: float) -> QPen:
        """Return a pen for its lines."""
        pen = QPen(self.ink, width)
        if _DASHES[self.place]:
            pen.setDashPattern(list(_DASHES[self.place]))
        return pen

    def badge(self, painter: QPainter, centre: QPointF) -> None:
        """Paint its letter on a disc."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.ink)
        painter.drawEllipse(centre, _BADGE_PX / 2, _BADGE_PX / 2)
        painter.setFont(face(CAPTION_PX, bold=True))
        painter.setPen(color("panel"))
        rect = QRectF(centre.x() - _BADGE_PX / 2, centre.y() - _BADGE_PX / 2, _BADGE_PX, _BADGE_PX)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), self.letter)
        painter.setFont(face(CAPTION_PX))

"""What two outlines have in common, in colours, shapes of line, and numbers."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from escc_desktop.gui.theme import GRID, OKABE_ITO
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.compare import Disagreement

FIRST: Final = OKABE_ITO[1]
SECOND: Final = OKABE_ITO[0]
BOTH: Final = OKABE_ITO[2]


class Swatch(QWidget):
    """A colour with the line that goes with it."""

    def __init__(self, color: str, *, is_dashed: bool = False) -> None:
        super().__init__()
        self._color, self._is_dashed = color, is_dashed
        self.setFixedSize(QSize(18, 14))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a filled square with its border."""
        with QPainter(self) as painter:
            frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            fill = QColor(self._color)
            fill.setAlpha(90)
            painter.fillRect(frame, fill)
            line = Qt.PenStyle.DashLine if self._is_dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(self._color), 1.6, line))
            painter.drawRect(frame)


class Legend(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.both, self.only_first, self.only_second = label(), label(), label()
        self.numbers = label(tone="secondary")
        dashed = Swatch(SECOND, is_dashed=True)
        lines = (Swatch(BOTH), self.both), (Swatch(FIRST), self.only_first), (dashed, self.only_second)
        line = QHBoxLayout(self)
        line.setContentsMargins(GRID, 0, GRID, 0)
        line.setSpacing(GRID)
        for swatch, words in lines:
            line.addWidget(swatch)
            line.addWidget(words)
            line.addSpacing(GRID)
        line.addWidget(self.numbers, 1)
        self.hide()

    def show_disagreement(self, found: Disagreement | None, names: tuple[str, str], first_slice: int) -> None:
        """Show two outlines' common part, what only one holds, and how far they lie apart.

        Parameters
        ----------
        names
            Of both.
        first_slice
            Number of their volume's first slice in the series.
        """
        self.setVisible(found is not None)
        if found is None:
            return
        both, first, second = (f"{volume / 1000:.2f}" for volume in found.volumes_mm3)
        self.both.setText(_("both {ml} mL").format(ml=both))
        self.only_first.setText(_("only left {ml} mL").format(ml=first))
        self.only_second.setText(_("only right {ml} mL").format(ml=second))
        self.only_first.setToolTip(names[0])
        self.only_second.setToolTip(names[1])
        self.numbers.setText(
            _("Dice {dice} · HD95 {hd95} mm · ASSD {assd} mm · they differ most on slice {slice} (N)").format(
                dice=f"{found.dice:.3f}",
                hd95=f"{found.hd95_mm:.1f}",
                assd=f"{found.assd_mm:.2f}",
                slice=first_slice + found.worst_slice + 1,
            )
        )

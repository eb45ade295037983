"""The wall: every feature a cell, coloured by its agreement, the lower bound a notch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QToolTip, QWidget

from escc_desktop.gui.theme import CAPTION_PX, current_tokens, face
from escc_desktop.gui.widgets.icc_layout import GAP, TOP, WallName, WallPlan
from escc_desktop.i18n import _

# Light over dark, ever lighter and of one order of hues: told apart by colour-blind readers and in grey.
_STOPS = ("#35264c", "#403a75", "#3d5296", "#366da0", "#3487a6", "#35a1ab", "#43bbad", "#78d6ae", "#d3efdd")
_DARK_INK, _LIGHT_INK = "#0c1116", "#ffffff"
_FAIL_HEIGHT = 0.45


def icc_color(icc: float) -> QColor:
    """Return the colour of an agreement: 0 and below is darkest, 1 lightest."""
    place = min(max(icc, 0.0), 1.0) * (len(_STOPS) - 1)
    low = min(int(place), len(_STOPS) - 2)
    one, other, share = QColor(_STOPS[low]), QColor(_STOPS[low + 1]), place - low
    channels = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * share) for a, b in channels))


@dataclass(frozen=True, eq=False)
class WallValues:
    """(p,) values of one comparison; NaN where a feature is constant."""

    icc: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    passed: NDArray[np.bool_]
    is_constant: NDArray[np.bool_]


class IccWall(QWidget):
    """Filters across, families down.

    A feature that fails is a low cell, one that is constant a hollow one: colour is not the only sign.

    Attributes
    ----------
    chosen
        A feature was clicked or reached by keys: its place in the names.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Agreement of every feature"))
        self._plan = WallPlan(())
        self._values: WallValues | None = None
        self._layer = QPixmap()
        self._hover = -1
        self.selected = -1

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(760, 640)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(420, 380)

    def set_names(self, names: Sequence[WallName]) -> None:
        """Lay out the features; called once for a table."""
        self._plan = WallPlan(names)
        self._plan.fit(self.width(), self.height())
        self._hover = self.selected = -1
        self._redraw()

    def set_values(self, values: WallValues) -> None:
        """Colour the cells."""
        self._values = values
        self._redraw()

    def select(self, feature: int) -> None:
        """Mark a feature without telling anybody."""
        self.selected = feature
        self.update()

    def cell(self, feature: int) -> QRectF:
        """Return where a feature's cell is."""
        return QRectF(*self._plan.cells[feature])

    def words(self, feature: int) -> str:
        """Return what hovering says: name, agreement, interval."""
        if self._values is None:
            return ""
        lines = [" · ".join(self._plan.names[feature])]
        if self._values.is_constant[feature]:
            lines.append(_("constant: the same in every reading"))
        else:
            lines.append(
                _("ICC {icc:.3f} (95 % CI {lower:.3f} to {upper:.3f})").format(
                    icc=self._values.icc[feature], lower=self._values.lower[feature], upper=self._values.upper[feature]
                )
            )
            lines.append(_("passes") if self._values.passed[feature] else _("does not pass"))
        return "\n".join(lines)

    @property
    def weakest(self) -> int:
        """The feature that agrees least; -1 if every one is constant."""
        icc = self._values.icc if self._values is not None else np.full(1, np.nan)
        return int(np.nanargmin(icc)) if np.isfinite(icc).any() else -1

    # Qt's own

    def resizeEvent(self, event: QEvent) -> None:  # noqa: D102
        self._plan.fit(self.width(), self.height())
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}:
            self._redraw()

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._tell(event.globalPos(), self._plan.at(event.pos().x(), event.pos().y()))
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        feature = self._plan.at(event.position().x(), event.position().y())
        if feature != self._hover:
            self._hover = feature
            self.update()
            self._tell(event.globalPosition().toPoint(), feature)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        feature = self._plan.at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and feature >= 0:
            self._choose(feature)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if self._values is None:
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_N:
            self._choose(self._next_failing())
        elif key in self._plan.moves:
            self._choose(self._plan.move(max(self.selected, 0), key))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        ratio = self.devicePixelRatioF()
        if self._layer.isNull() or self._layer.devicePixelRatio() != ratio:
            self._layer = self._drawn(ratio)
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._layer)
            tokens = current_tokens()
            if self._hover >= 0:
                painter.setPen(QPen(tokens.color("text"), 1))
                painter.drawRect(self.cell(self._hover).adjusted(-1.5, -1.5, 1.5, 1.5))
            if self.selected >= 0:
                frame = self.cell(self.selected).adjusted(-2, -2, 2, 2)
                painter.setPen(QPen(tokens.color("background"), 5))
                painter.drawRect(frame)
                painter.setPen(QPen(tokens.color("accent"), 3 if self.hasFocus() else 2))
                painter.drawRect(frame)

    # Inside

    def _choose(self, feature: int) -> None:
        self.selected = feature
        self.update()
        self.chosen.emit(feature)

    def _next_failing(self) -> int:
        if self._values is None:
            return self.selected
        failing = np.flatnonzero(~self._values.passed & ~self._values.is_constant)
        later = failing[failing > self.selected]
        return int(later[0] if len(later) else failing[0]) if len(failing) else self.selected

    def _tell(self, place: object, feature: int) -> None:
        if feature < 0 or self._values is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(place, self.words(feature), self)  # type: ignore[arg-type]

    def _redraw(self) -> None:
        self._layer = QPixmap()
        self.update()

    def _drawn(self, ratio: float) -> QPixmap:
        layer = QPixmap(QSize(max(self.width(), 1), max(self.height(), 1)) * ratio)
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        with QPainter(layer) as painter:
            self._draw_labels(painter)
            if self._values is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                for feature in range(len(self._plan.names)):
                    self._draw_cell(painter, feature, self._values)
        return layer

    def _draw_cell(self, painter: QPainter, feature: int, values: WallValues) -> None:
        cell = self.cell(feature)
        if values.is_constant[feature]:
            painter.setPen(QPen(current_tokens().color("line"), 1))
            painter.drawRect(cell.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        draw_cell(painter, cell, float(values.icc[feature]), float(values.lower[feature]), bool(values.passed[feature]))

    def _draw_labels(self, painter: QPainter) -> None:
        tokens = current_tokens()
        font = face(CAPTION_PX)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for words, top, bottom in self._plan.families:
            painter.setPen(tokens.color("secondary"))
            painter.drawText(
                QRectF(0, top, self._plan.left - GAP, bottom - top),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop,
                words,
            )
        for words, centre in self._plan.columns:
            painter.save()
            painter.translate(QPointF(centre + metrics.ascent() / 3, TOP - GAP))
            painter.rotate(-60)
            painter.drawText(QPointF(0, 0), words)
            painter.restore()


def draw_cell(painter: QPainter, cell: QRectF, icc: float, lower: float, has_passed: bool) -> None:
    """Draw a cell: full if it passes, low if not, with the lower bound from 0 at its left edge to 1 at its right."""
    color = icc_color(icc)
    filled = QRectF(cell)
    if not has_passed:
        filled.setTop(cell.bottom() - max(2.0, cell.height() * _FAIL_HEIGHT))
    painter.fillRect(filled, color)
    if np.isfinite(lower):
        x = cell.left() + min(max(lower, 0.0), 1.0) * (cell.width() - 1)
        painter.fillRect(
            QRectF(x, filled.top(), 1.0, filled.height()),
            QColor(_DARK_INK if color.lightnessF() > 0.45 else _LIGHT_INK),
        )

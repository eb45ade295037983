"""How a row of the worklist is painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from escc_desktop.gui.icons import paint_icon
from escc_desktop.gui.pages.worklist_pictures import Pictures
from escc_desktop.gui.pages.worklist_words import day, percent, phase_name, series_name
from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, GRID, RADIUS, Tokens, current_tokens, face
from escc_desktop.i18n import _
from escc_desktop.workflow.views.worklist import PatientLine, ReadingState

ROW_PX = 56
PICTURE_PX = 48
_PATIENT_ROLE = Qt.ItemDataRole.UserRole
_READINGS_ROLE = Qt.ItemDataRole.UserRole + 2
_KIND_ROLE = Qt.ItemDataRole.UserRole + 3
_ICON_PX = 16
_READING_ICONS = {
    ReadingState.TO_READ: ("circle", "secondary"),
    ReadingState.IN_PROGRESS: ("edit", "accent"),
    ReadingState.SIGNED: ("checkmark_circle", "success"),
    ReadingState.WAITING: ("clock", "secondary"),
}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PatientDelegate(QStyledItemDelegate):
    """Paints cells; all text comes from the model, so that it is there for screen readers too."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a cell."""
        return QSize(super().sizeHint(option, index).width(), ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one cell."""
        tokens = current_tokens()
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _paint_ground(painter, option, tokens)
        patient: PatientLine = index.data(_PATIENT_ROLE)
        inner = rect.adjusted(GRID, 0, -GRID, 0)
        kind = str(index.data(_KIND_ROLE))
        if kind == "patient":
            self._paint_patient(painter, inner, patient, tokens)
        elif kind == "phase":
            _paint_phase(painter, inner, patient, tokens)
        elif kind == "findings":
            _paint_findings(painter, inner, patient, tokens)
        elif kind == "reading":
            _paint_readings(painter, inner, index.data(_READINGS_ROLE), str(index.data()), tokens)
        else:
            _say(painter, inner, str(index.data()), tokens.color("secondary"), _RIGHT)
        painter.restore()

    def _paint_patient(self, painter: QPainter, rect: QRect, patient: PatientLine, tokens: Tokens) -> None:
        square = QRect(rect.left(), rect.top() + (ROW_PX - PICTURE_PX) // 2, PICTURE_PX, PICTURE_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("black"))
        painter.drawRoundedRect(square, 3, 3)
        picture = self._pictures.of_patient(patient)
        if picture is not None:
            painter.drawPixmap(_fitted(picture, square), picture)
        elif patient.chosen is None:
            paint_icon(painter, QRectF(square.adjusted(14, 14, -14, -14)), "image", tokens.secondary)
        words = rect.adjusted(PICTURE_PX + 12, GRID, 0, -GRID)
        _two_lines(painter, words, patient.patient_id, _about(patient), tokens)


def _about(patient: PatientLine) -> str:
    """Return the line under a patient's code: the chosen series, and how many more there are."""
    if patient.chosen is None:
        return _("no images")
    parts = [series_name(patient.chosen), day(patient.chosen.study_date)]
    if len(patient.series) > 1:
        parts.append(_("{n} series").format(n=len(patient.series)))
    return " · ".join(part for part in parts if part)


def _fitted(picture: QPixmap, square: QRect) -> QRect:
    size = picture.size().scaled(square.size(), Qt.AspectRatioMode.KeepAspectRatio)
    spare = square.size() - size
    return QRect(square.left() + spare.width() // 2, square.top() + spare.height() // 2, size.width(), size.height())


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem, tokens: Tokens) -> None:
    state: QStyle.StateFlag = option.state
    rect: QRect = option.rect
    if state & QStyle.StateFlag.State_Selected:
        painter.fillRect(rect, tokens.color("selection"))
        if rect.left() <= 0:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), tokens.color("accent"))


def _say(painter: QPainter, rect: QRect, text: str, color: QColor, align: Qt.AlignmentFlag = _LEFT) -> None:
    painter.setFont(face(BODY_PX))
    painter.setPen(color)
    painter.drawText(rect, align, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width()))


def _two_lines(painter: QPainter, rect: QRect, upper: str, lower: str, tokens: Tokens) -> None:
    half = rect.height() // 2
    painter.setFont(face(BODY_PX, bold=True))
    painter.setPen(tokens.color("text"))
    painter.drawText(rect.adjusted(0, 0, 0, -half), _LEFT, upper)
    painter.setFont(face(CAPTION_PX))
    painter.setPen(tokens.color("secondary"))
    short = painter.fontMetrics().elidedText(lower, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect.adjusted(0, half, 0, 0), _LEFT, short)


def _paint_phase(painter: QPainter, rect: QRect, patient: PatientLine, tokens: Tokens) -> None:
    if patient.chosen is None:
        _say(painter, rect, _("No images"), tokens.color("secondary"))
        return
    is_arterial = patient.chosen.phase == "arterial"
    half = rect.height() // 2
    _say(painter, rect.adjusted(0, 6, 0, 2 - half), phase_name(patient.chosen.phase), tokens.color("text"))
    painter.setFont(face(CAPTION_PX))
    painter.setPen(tokens.color("secondary" if is_arterial else "warning"))
    sure = _("{percent} sure").format(percent=percent(patient.chosen.confidence))
    painter.drawText(rect.adjusted(0, half - 2, 0, -6), _LEFT, sure)


def _paint_findings(painter: QPainter, rect: QRect, patient: PatientLine, tokens: Tokens) -> None:
    if not patient.problems and not patient.n_findings:
        return
    color = tokens.warning if patient.problems else tokens.secondary
    name = "warning" if patient.problems else "info"
    badge = QRectF(rect.left(), rect.center().y() - 11, 44, 22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color("raised"))
    painter.drawRoundedRect(badge, RADIUS, RADIUS)
    paint_icon(painter, QRectF(badge.left() + 5, badge.top() + 3, _ICON_PX, _ICON_PX), name, color)
    count = max(patient.n_findings, len(patient.problems))
    _say(painter, badge.toRect().adjusted(24, 0, -4, 0), str(count), QColor(color))


def _paint_readings(painter: QPainter, rect: QRect, readings: tuple[object, ...], text: str, tokens: Tokens) -> None:
    if not readings:
        _say(painter, rect, "–", tokens.color("disabled"))
        return
    states = [getattr(one, "state", ReadingState.TO_READ) for one in readings]
    name, token = _READING_ICONS[min(states, key=list(ReadingState).index)]
    place = QRectF(rect.left(), rect.center().y() - _ICON_PX / 2 + 1, _ICON_PX, _ICON_PX)
    paint_icon(painter, place, name, getattr(tokens, token))
    is_quiet = token == "secondary"
    _say(painter, rect.adjusted(_ICON_PX + 6, 0, 0, 0), text, tokens.color("secondary" if is_quiet else "text"))

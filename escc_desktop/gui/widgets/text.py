"""Labels in the sizes and tones of the house, and numbers as people read them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from escc_desktop.gui.icons import icon
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _

_ICON_PX, _GAP_PX = 16, 4


def label(text: str = "", *, tone: str = "", size: str = "", wrap: bool = False) -> QLabel:
    """Return a label.

    Parameters
    ----------
    tone
        "" for plain text, "secondary", "accent", "warning", "danger" or "success".
    size
        "" for body, "caption", "heading" or "title".
    """
    made = QLabel(text)
    made.setProperty("tone", tone)
    made.setProperty("text_size", size)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def set_tone(widget: QWidget, tone: str) -> None:
    """Change the tone of a label that is on screen."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def button(text: str, icon_name: str = "", *, weight: str = "", tip: str = "") -> QPushButton:
    """Return a button; weight "primary" for the one that matters, "quiet" for those that may be overlooked."""
    made = QPushButton(text)
    made.setProperty("weight", weight)
    if icon_name:
        made.setIcon(icon(icon_name, "on_accent" if weight == "primary" else "text"))
        made.setIconSize(QSize(_ICON_PX + _GAP_PX, _ICON_PX))
    if tip:
        made.setToolTip(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setAutoDefault(True)  # Return presses it while it has the keyboard
    return made


def icon_button(icon_name: str, tip: str, *, checkable: bool = False) -> QToolButton:
    """Return a button that is an icon; `tip` names what it does and its shortcut."""
    made = QToolButton()
    made.setIcon(icon(icon_name))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setCheckable(checkable)
    made.setMinimumSize(28, 28)
    return made


def card(*, margins: int = 2 * GRID, spacing: int = GRID) -> tuple[QFrame, QVBoxLayout]:
    """Return a raised surface and the column inside it."""
    frame = QFrame()
    frame.setProperty("surface", "raised")
    column = QVBoxLayout(frame)
    column.setContentsMargins(margins, margins, margins, margins)
    column.setSpacing(spacing)
    return frame, column


def row(*widgets: QWidget | None, spacing: int = GRID) -> QWidget:
    """Return widgets side by side; None is the stretch between them."""
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        else:
            line.addWidget(widget)
    holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return holder


def research_banner() -> QLabel:
    """Return the sentence that stands once wherever a risk is shown."""
    made = label(_("Research use only"), tone="secondary", size="caption")
    made.setObjectName("research_only")
    return made

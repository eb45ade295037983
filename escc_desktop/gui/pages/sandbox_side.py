"""Beside the views of the sandbox: tools, undo, the live Rad-score and what moved it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.pages.reading_panel import redo_words, undo_words
from escc_desktop.gui.pages.reading_tools import ToolRow
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.widgets.painted import risk_color
from escc_desktop.gui.widgets.text import button, icon_button, label, row, set_tone
from escc_desktop.gui.widgets.tried_strip import TriedStrip
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.live_signature import FeatureLine, Sandbox, TriedView, group_words

WIDTH_PX: Final = 316


class ScorePart(QWidget):
    """The Rad-score of what is drawn."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._signed = sandbox.live.signed.score
        self._shown = sandbox.signed
        self.score, self.group = label(size="title"), label(size="heading")
        self.state = label(tone="secondary", size="caption")
        self.flip = label(tone="warning", wrap=True)
        self.cutoff, self.change = label(), label(tone="secondary", size="caption", wrap=True)
        self.strip = TriedStrip()
        self.moved = QGridLayout()
        self.moved.setContentsMargins(0, 0, 0, 0)
        self.moved.setVerticalSpacing(2)
        self.moved.setColumnStretch(0, 1)
        self.moved_title = label(_("What moved it"), tone="secondary", size="caption")
        self.outside = label(_("\N{WARNING SIGN} outside what the card was trained on"), tone="warning", size="caption")
        holder = QWidget()
        holder.setLayout(self.moved)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(
            row(label(_("Rad-score of what is drawn"), tone="secondary", size="caption"), None, self.state)
        )
        column.addWidget(row(self.score, self.group, None))
        for part in (self.cutoff, self.change, self.flip, self.strip, self.moved_title, holder, self.outside):
            column.addWidget(part)
        for words in sandbox.notes:
            column.addWidget(label(words, tone="secondary", size="caption", wrap=True))
        self.show_score(sandbox.signed)

    def wait(self) -> None:
        """Say that the score shown is not that of what is drawn now."""
        self.state.setText(_("counting"))

    def show_score(self, view: TriedView) -> None:
        """Show a score."""
        self._shown = view
        self.state.setText("")
        self.score.setText(view.score)
        self.group.setText(group_words(view.group))
        self.group.setStyleSheet(f"color: {risk_color(view.group).name()}")
        set_tone(self.cutoff, "")
        self.cutoff.setText(view.cutoff_words)
        self.change.setText(view.change_words)
        self.flip.setText(_("The group is not that of the signed contour.") if view.flips else "")
        self.flip.setVisible(view.flips)
        self.strip.show_tried(view.strip, self._signed)
        self._show_moved(view.features)

    def show_trouble(self, error: Exception) -> None:
        """Say why there is no score."""
        self.state.setText("")
        self.score.setText("\N{EN DASH}")
        self.group.setText("")
        set_tone(self.cutoff, "warning")
        self.cutoff.setText(said(error.what) if isinstance(error, EsccError) else _("There is no score."))
        self.change.setText("")
        self.flip.hide()
        self.strip.show_strip(None)
        self._show_moved(())

    def repaint_theme(self) -> None:
        """Take the colours of another theme."""
        self.group.setStyleSheet(f"color: {risk_color(self._shown.group).name()}")

    def _show_moved(self, features: tuple[FeatureLine, ...]) -> None:
        while (item := self.moved.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.moved_title.setVisible(bool(features))
        self.outside.setVisible(any(feature.is_outside for feature in features))
        for number, feature in enumerate(features):
            outside = " \N{WARNING SIGN}" if feature.is_outside else ""
            name = label(f"{feature.title}{outside}", size="caption")
            name.setToolTip(feature.family)
            self.moved.addWidget(name, number, 0)
            self.moved.addWidget(label(feature.change, size="caption"), number, 1, Qt.AlignmentFlag.AlignRight)


class SandboxSide(QFrame):
    """Everything beside the views.

    Signals
    -------
    undo_wanted, redo_wanted, reset_wanted
        The buttons.
    """

    undo_wanted = Signal()
    redo_wanted = Signal()
    reset_wanted = Signal()

    def __init__(self, sandbox: Sandbox, canvas: Canvas, hand: Hand) -> None:
        super().__init__()
        self._canvas = canvas
        self.setProperty("surface", "panel")
        self.setFixedWidth(WIDTH_PX)
        self.tools, self.part = ToolRow(hand), ScorePart(sandbox)
        self.undo, self.redo = icon_button("arrow_undo", ""), icon_button("arrow_redo", "")
        self.reset = button(_("Signed contour again"), "arrow_reset", weight="quiet", tip=_("Undo everything drawn"))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        parts = QVBoxLayout(inside)
        parts.setContentsMargins(0, 0, GRID, 0)
        parts.setSpacing(GRID)
        # What is clicked stands above what grows and shrinks with each stroke.
        parts.addWidget(self.tools)
        parts.addWidget(row(self.undo, self.redo, self.reset, None))
        parts.addWidget(self.part)
        parts.addWidget(label(_("White line: the signed contour."), tone="secondary", size="caption"))
        parts.addStretch(1)
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        column.addWidget(scroll)
        self.undo.clicked.connect(self.undo_wanted)
        self.redo.clicked.connect(self.redo_wanted)
        self.reset.clicked.connect(self.reset_wanted)
        canvas.stepped.connect(self.follow_steps)
        self.follow_steps()

    def follow_steps(self) -> None:
        """Show what can be undone."""
        canvas = self._canvas
        self.undo.setEnabled(canvas.next_undo is not None)
        self.redo.setEnabled(canvas.next_redo is not None)
        self.reset.setEnabled(canvas.next_undo is not None)
        self.undo.setToolTip(undo_words(canvas) + " (Ctrl+Z)")
        self.redo.setToolTip(redo_words(canvas) + " (Ctrl+Shift+Z)")

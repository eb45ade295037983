"""Try a contour: a copy of a signed reading in a place that cannot be taken for the record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.garbage import collect_soon
from escc_desktop.gui.pages.reading_panel import redo_words, undo_words
from escc_desktop.gui.pages.sandbox_board import OpenedSandbox, SandboxBoard, TryingHand, open_for_trying
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.gui.widgets.hatched import EDGE_PX, HatchedFrame
from escc_desktop.gui.widgets.icon_label import IconLabel
from escc_desktop.gui.widgets.states import BusyState, EmptyState
from escc_desktop.gui.widgets.text import button, label, research_banner
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.lesion import LesionView

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project


class SandboxPanel(HatchedFrame):
    """The banner, and below it the open sandbox.

    Signals
    -------
    closed
        The user has tried enough.
    opened
        There is something to draw on now: other things can be done.
    """

    closed = Signal()
    opened = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._running: Running | None = None
        self.board: SandboxBoard | None = None
        self.banner = label(_("A copy to try on. Nothing here is stored or counts."), size="heading")
        self.whose = label(tone="secondary")
        self.leave = button(
            _("Back to the patient"), "arrow_left", tip=_("Leave the copy; what was drawn is gone (Esc)")
        )
        self._busy, self._refusal = BusyState(), EmptyState()
        self._places = QStackedWidget()
        self._lay_out()
        self.leave.clicked.connect(self.closed)
        self._busy.cancel.connect(self.closed)

    def open_lesion(self, project: Project, lesion: LesionView, planes: VolumePlanes) -> None:
        """Open a copy of a signed reading."""
        self.clear()
        self.whose.setText(lesion.what)
        self.whose.setToolTip(lesion.origin)
        self._busy.say(_("Copying the contour"))
        self._places.setCurrentWidget(self._busy)
        answers: Answers[OpenedSandbox] = Answers()
        running = self._desktop.tasks.run(
            _("Copying the contour"), open_for_trying, project, lesion, planes, answers=answers, quiet=True
        )

        def mine(call: Callable[..., object]) -> Callable[..., None]:
            def guarded(*what: object) -> None:
                if shiboken6.isValid(self) and self._running is running:
                    call(*what)

            return guarded

        answers.then, answers.failed = mine(self._take), mine(self._fail)
        answers.stopped, answers.advanced = mine(lambda: None), mine(self._busy.advance)
        self._running = running

    def clear(self) -> None:
        """Let go of everything; what was drawn is gone."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        board, self.board = self.board, None
        if board is not None:
            board.stop()
            self._places.removeWidget(board)
            board.deleteLater()
            collect_soon()

    def actions_now(self) -> tuple[Action, ...]:
        """Return the tools, and what can be done with what is drawn."""
        canvas = None if self.board is None else self.board.canvas
        undo = _("Undo") if canvas is None else undo_words(canvas)
        redo = _("Redo") if canvas is None else redo_words(canvas)
        make = self._action
        tools = (
            make(f"tool.{entry.tool_id}", _(entry.title), partial(_hold, entry.tool_id), entry.icon, entry.key)
            for entry in TryingHand.box
        )
        return (
            *tools,
            make("undo", undo, SandboxBoard.undo, "arrow_undo", "Ctrl+Z"),
            make("redo", redo, SandboxBoard.redo, "arrow_redo", "Ctrl+Shift+Z", "Ctrl+Y"),
            make("larger", _("Larger brush"), partial(_resize, 1), "add", "+", "="),
            make("smaller", _("Smaller brush"), partial(_resize, -1), "subtract", "-"),
            make("ball", _("Brush in neighbouring slices (3D)"), _toggle_ball, "layer", "Shift+B"),
            make("limit", _("Paint only a range of HU"), _toggle_limit, "paint_brush", "Shift+H"),
            make("reset", _("Signed contour again"), SandboxBoard.reset, "arrow_reset"),
            make("draw", _("Draw"), SandboxBoard.show_drawing, "paint_brush"),
            make("depends", _("What the score depends on"), SandboxBoard.show_tornado, "data_bar_vertical"),
            Action("sandbox.leave", _("Back to the patient"), self.closed.emit, "arrow_left"),
            *(() if self.board is None else self.board.views.actions_now()),
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _take(self, opened: OpenedSandbox) -> None:
        self._running = None
        self.board = board = SandboxBoard(self._desktop, opened)
        # Built in one turn, shown in the next: together they would hold up the window.
        QTimer.singleShot(0, self, partial(self._show_board, board))

    def _show_board(self, board: SandboxBoard) -> None:
        if self.board is board:
            self._places.addWidget(board)
            self._places.setCurrentWidget(board)
            board.show_drawing()
            QTimer.singleShot(0, board, board.bring_near)  # once the views have their size
            self.opened.emit()

    def _fail(self, error: Exception) -> None:
        self._running = None
        if isinstance(error, EsccError):
            self._refusal.say(
                "lock_closed", said(error.what), said(error.hint), [(_("Back to the patient"), self.closed.emit)]
            )
        else:
            self._refusal.say(
                "warning", _("The copy cannot be opened."), "", [(_("Back to the patient"), self.closed.emit)]
            )
            self._desktop.notices.trouble(error)
        self._places.setCurrentWidget(self._refusal)

    def _action(self, name: str, text: str, call: Callable[[SandboxBoard], object], icon: str, *keys: str) -> Action:
        def on_board() -> None:
            if self.board is not None:
                call(self.board)

        return Action(f"reading.{name}", text, on_board, icon, keys)

    def _lay_out(self) -> None:
        head = QFrame()
        head.setProperty("surface", "warning")
        line = QHBoxLayout(head)
        line.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        line.setSpacing(2 * GRID)
        sign = IconLabel(20, "beaker", "warning")
        for widget in (sign, self.banner, self.whose):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(research_banner())
        line.addWidget(self.leave)
        self._places.addWidget(self._busy)
        self._places.addWidget(self._refusal)
        column = QVBoxLayout(self)
        column.setContentsMargins(EDGE_PX, EDGE_PX, EDGE_PX, EDGE_PX)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self._places, 1)


def _hold(tool_id: str, board: SandboxBoard) -> None:
    board.show_drawing()
    board.hand.hold(tool_id)


def _resize(by: int, board: SandboxBoard) -> None:
    board.hand.options.resize(by)


def _toggle_ball(board: SandboxBoard) -> None:
    board.hand.options.set_ball(not board.hand.options.is_ball)


def _toggle_limit(board: SandboxBoard) -> None:
    board.hand.toggle_limit()

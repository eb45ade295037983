"""Reading: the reader's own list, one open reading, and what comes after signing it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar, Final

import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStackedLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.garbage import collect_soon
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.reading_agenda import Agenda, next_item
from escc_desktop.gui.pages.reading_board import ReadingBoard
from escc_desktop.gui.pages.reading_first import OpeningView
from escc_desktop.gui.pages.reading_opening import (
    Opened,
    abandon_reading,
    close_reading,
    let_go,
    open_for_drawing,
    save_reading,
)
from escc_desktop.gui.pages.reading_panel import redo_words, undo_words
from escc_desktop.gui.pages.reading_signed import SignedView
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.tools.toolbox import TOOLS
from escc_desktop.gui.viewer.mouse_words import mouse_words
from escc_desktop.i18n import _, plural, said
from escc_desktop.reading.session import Roi
from escc_desktop.workflow.demo.opening import staff_password
from escc_desktop.workflow.views.reading import AgendaItem, reading_agenda, sign_reading

# A step is on disk some 30 ms after it was made; longer than this the window does not wait.
_PATIENCE_S: Final = 0.08


class ReadingPage(Page):
    """Where radiologists outline lesions."""

    watches: ClassVar[frozenset[str]] = frozenset({"plan", "session", "lesion"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.agenda, self.opening, self.signed = Agenda(), OpeningView(), SignedView()
        self.board: ReadingBoard | None = None
        self._items: tuple[AgendaItem, ...] = ()
        self._places = QStackedLayout(self.body)
        self._places.setContentsMargins(0, 0, 0, 0)
        for place in (self.agenda, self.opening, self.signed):
            self._places.addWidget(place)
        self._job: Running | None = None
        self._gives_up = False
        self.agenda.open_wanted.connect(self.open_session)
        self.agenda.refused.connect(lambda what, hint: desktop.notices.say(what, hint, Tone.WARNING))
        self.opening.cancel.connect(self._cancel_opening)
        self.signed.open_wanted.connect(self.open_session)
        self.signed.list_wanted.connect(self._show_list)

    # As a page

    def refresh(self) -> None:
        """Fetch the reader's sessions; an open reading stays as it is."""
        self.load(reading_agenda, self._take_agenda, busy="" if self._items or self.board else _("Your readings"))

    def go(self, where: object) -> None:
        """Open the session whose id another page gives."""
        if isinstance(where, str) and where:
            self.open_session(where)

    def on_patient(self, patient_id: str) -> None:
        """Mark the patient in the list."""
        self.agenda.select_patient(patient_id)

    def may_leave(self) -> bool:
        """Return whether everything drawn is on disk; if it cannot be saved, offer to leave it."""
        board = self.board
        if board is None or self._gives_up:
            return True
        board.hand.finish()
        if self._is_saved(board):
            return True
        trouble, n = board.reading.trouble, board.canvas.n_unsaved
        if trouble is None:
            self.desktop.notices.say(_("Still saving. Leave again in a moment."), tone=Tone.WARNING)
        else:
            self.desktop.notices.offer(
                f"{said(trouble.what)} {said(trouble.hint)}",
                plural("Leave without the last step", "Leave without the last {n} steps", n),
                self._give_up,
                Tone.DANGER,
            )
        return False

    @property
    def is_absorbed(self) -> bool:
        """Whether a reading is open."""
        return self.board is not None

    def notice_area(self) -> QWidget | None:
        """Return the lowest side view that is in this window, else all views."""
        if self.board is None:
            return None
        views = self.board.views
        here = [view for view in (views.sagittal, views.coronal) if view.isVisible() and view not in views.detached]
        return here[0] if here else views

    def close_page(self) -> None:
        """Let go of the open reading, in a job that makes the last steps durable."""
        self._cancel_opening()
        board, self.board = self.board, None
        if board is not None:
            board.hand.finish()
            board.stop()
            self.desktop.tasks.run(_("Saving"), let_go, board.project, board.reading, quiet=True)

    def mouse_now(self) -> tuple[tuple[str, str], ...]:  # noqa: D102
        return mouse_words() if self.board is not None else ()

    def actions_now(self) -> tuple[Action, ...]:
        """Return the tools and what can be done with an open reading."""
        tools = (
            self._action(f"tool.{entry.tool_id}", _(entry.title), partial(_hold, entry.tool_id), entry.icon, entry.key)
            for entry in TOOLS
        )
        board = self.board
        rest = () if board is None else (*board.actions_now(), *board.views.actions_now())
        return (*tools, *self._drawing_actions(), *self._other_actions(), *rest)

    def _drawing_actions(self) -> tuple[Action, ...]:
        make, board = self._action, self.board
        undo = _("Undo") if board is None else undo_words(board.canvas)
        redo = _("Redo") if board is None else redo_words(board.canvas)
        return (
            make("undo", undo, ReadingBoard.undo, "arrow_undo", "Ctrl+Z"),
            make("redo", redo, ReadingBoard.redo, "arrow_redo", "Ctrl+Shift+Z", "Ctrl+Y"),
            make("larger", _("Larger brush"), partial(_resize, by=1), "add", "+", "="),
            make("smaller", _("Smaller brush"), partial(_resize, by=-1), "subtract", "-"),
            make("ball", _("Brush in neighbouring slices (3D)"), _toggle_ball, "layer", "Shift+B"),
            replace(
                make("limit", _("Paint only a range of HU"), _toggle_limit, "paint_brush", "Shift+H"),
                why_not=self._why_no_limit,
            ),
        )

    def _other_actions(self) -> tuple[Action, ...]:
        make = self._action
        return (
            make("earlier", _("Drawn slice towards the head"), partial(_drawn, way=-1), "chevron_left", "["),
            make("later", _("Drawn slice towards the feet"), partial(_drawn, way=1), "chevron_right", "]"),
            make("mark", _("Go to the marked point"), ReadingBoard.go_to_mark, "target", "G"),
            make("panel", _("Fold or open the panel"), ReadingBoard.toggle_panel, "panel_right", "T"),
            make("sign", _("Sign reading"), ReadingBoard.begin_signing, "signature"),
            make("close", _("Close the reading"), lambda _board: self.close_reading(), "dismiss"),
        )

    def _action(self, name: str, text: str, call: Callable[[ReadingBoard], object], icon: str, *keys: str) -> Action:
        def on_board() -> None:
            if self.board is not None:
                call(self.board)

        return Action(f"reading.{name}", text, on_board, icon, keys, self._why_no_board)

    def _why_no_limit(self) -> str:
        return self._why_no_board() if self.board is None else self.board.hand.options.why_no_limit

    def _why_no_board(self) -> str:
        return "" if self.board is not None else _("Open a reading first.")

    # Opening, closing

    def open_session(self, session_id: str) -> None:
        """Open a session; an open one is closed first."""
        if self._job is not None:
            return
        if self.board is not None:
            if self.board.reading.session.session_id != session_id:
                self._close_then(partial(self.open_session, session_id))
            return
        self.opening.begin(self.desktop.tasks, self.project, session_id)
        self._places.setCurrentWidget(self.opening)
        self.show_body()
        self._run(_("Opening the reading"), open_for_drawing, self.project, session_id, then=self._opened)

    def close_reading(self) -> None:
        """Close the open reading and show the list, unless a polygon waits for the reader's word."""
        unfinished = "" if self.board is None else self.board.hand.unfinished()
        if unfinished:
            self.desktop.notices.say(unfinished)
        else:
            self._close_then(self._show_list)

    def _close_then(self, following: Callable[[], object]) -> None:
        board = self.board
        if board is None or self._job is not None:
            return
        board.hand.finish()
        board.canvas.why_locked = _("The reading is being closed.")

        def closed(_nothing: object) -> None:
            self._drop_board()
            following()

        self._run(_("Saving"), close_reading, board.reading, then=closed)

    def _opened(self, opened: Opened) -> None:
        self.board = board = ReadingBoard(self.desktop, opened)
        self._gives_up = False
        board.close_wanted.connect(self.close_reading)
        board.sign_wanted.connect(self._sign)
        board.save_wanted.connect(self._save)
        board.reopen_wanted.connect(self._reopen)
        board.saved_changed.connect(self.say_saved)
        if self.desktop.is_synthetic:
            answers: Answers[str] = Answers(then=board.sign_panel.tell_password)
            self.desktop.tasks.run(_("Password"), staff_password, self.project, answers=answers, quiet=True)
        # Built in turns and then shown: together it would hold up the window.
        board.panel.grown.connect(partial(self._show_board, board))
        QTimer.singleShot(0, board.panel, board.panel.grow)

    def _show_board(self, board: ReadingBoard) -> None:
        if self.board is not board:
            return
        self._places.addWidget(board)
        self._show_place()
        self.show_body()
        board.follow_saving()
        self.desktop.choose_patient(board.reading.session.patient_id)
        board.views.axial.setFocus(Qt.FocusReason.OtherFocusReason)
        collect_soon()  # what the opening needed for a while

    def _sign(self, password: str, meaning: str) -> None:
        board = self.board
        if board is None or self._job is not None:
            return

        def done(roi: Roi) -> None:
            self.signed.show_roi(roi)
            self._drop_board()
            self._places.setCurrentWidget(self.signed)
            self.reload()

        self._run(_("Signing"), sign_reading, self.project, board.reading, password, meaning, then=done)

    def _save(self) -> None:
        if self.board is not None and self._job is None:
            self._run(_("Saving"), save_reading, self.board.reading, then=lambda _nothing: None)

    def _reopen(self) -> None:
        """Open the reading as it is on disk; the steps that could not be saved are given up."""
        board = self.board
        if board is None or self._job is not None:
            return
        session_id = board.reading.session.session_id

        def abandoned(_nothing: object) -> None:
            self._drop_board()
            self.open_session(session_id)

        self._run(_("Opening the reading"), abandon_reading, board.reading, then=abandoned)

    def _run(self, name: str, function: Callable[..., object], *args: object, then: Callable[..., object]) -> None:
        """Run a job of this page, one at a time; what comes back after the page is gone is let go."""

        def took(result: object) -> None:
            if shiboken6.isValid(self) and self._job is running and not running.is_cancelled:
                self._job = None
                then(result)
                return
            if isinstance(result, Opened):
                self.desktop.tasks.run(_("Saving"), let_go, result.project, result.reading, quiet=True)
            ended()

        def ended() -> None:
            if shiboken6.isValid(self) and self._job is running:
                self._job = None
                self._show_place()

        def failed(error: Exception) -> None:
            if shiboken6.isValid(self) and self._job is running:
                self._job = None
                self._failed(error)

        running = self.desktop.tasks.run(
            name, function, *args, answers=Answers(took, failed, ended, self._advance_opening), quiet=True
        )
        self._job = running

    def _failed(self, error: Exception) -> None:
        board = self.board
        if board is not None and board.side.currentWidget() is board.sign_panel and isinstance(error, EsccError):
            board.sign_panel.say(said(error.what), said(error.hint))
            return
        if board is not None:
            board.leave_signing()
        self._show_place()
        self.desktop.notices.trouble(error)

    def _advance_opening(self, running: Running) -> None:
        if shiboken6.isValid(self) and self._job is running:
            self.opening.advance(running)

    def _cancel_opening(self) -> None:
        if self._job is not None and self._places.currentWidget() is self.opening:
            self._job.cancel()

    def _drop_board(self) -> None:
        board, self.board = self.board, None
        if board is not None:
            board.stop()
            self._places.removeWidget(board)
            board.deleteLater()
            collect_soon()
        self.say_saved("", "")
        self.actions_changed.emit()

    # Showing

    def take_focus(self) -> None:
        """Give the keyboard to the picture of an open reading."""
        if self.board is not None and self.board.side.currentWidget() is self.board.panel:
            self.board.views.active.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().take_focus()

    def _take_agenda(self, items: tuple[AgendaItem, ...]) -> None:
        self._items = items
        self.agenda.show_items(items)
        self.signed.show_next(next_item(items))
        if items or self.board is not None or self._job is not None:
            self.show_body()
        else:
            self.show_empty(
                "edit",
                _("Nothing to read"),
                _("Your readings appear here once the coordinator has marked the lesions and planned the readings."),
                FirstStep(_("Look again"), self.reload),
            )

    def _show_place(self) -> None:
        """Show the open reading, or the list."""
        self.opening.clear()
        place: QWidget = self.board if self.board is not None else self.agenda
        self._places.setCurrentWidget(place)

    def _show_list(self) -> None:
        self._places.setCurrentWidget(self.agenda)
        self.reload()

    def _give_up(self) -> None:
        self._gives_up = True

    @staticmethod
    def _is_saved(board: ReadingBoard) -> bool:
        """Return whether everything is on disk, waiting for the moment that takes."""
        ends = time.monotonic() + _PATIENCE_S
        while not board.reading.is_saved and board.reading.trouble is None and time.monotonic() < ends:
            time.sleep(0.002)
        return board.reading.is_saved


def _hold(tool_id: str, board: ReadingBoard) -> None:
    board.hand.hold(tool_id)


def _resize(board: ReadingBoard, by: int) -> None:
    if not board.hand.tool.adjust(by):
        board.hand.options.resize(by)


def _toggle_ball(board: ReadingBoard) -> None:
    board.hand.options.set_ball(not board.hand.options.is_ball)


def _toggle_limit(board: ReadingBoard) -> None:
    board.hand.toggle_limit()


def _drawn(board: ReadingBoard, way: int) -> None:
    board.go_to_drawn(way)

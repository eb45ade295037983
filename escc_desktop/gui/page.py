"""What a page is: content behind an empty, a busy and an error state, filled by jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import crash_report
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.widgets.states import BusyState, EmptyState, ErrorState
from escc_desktop.i18n import _, said

if TYPE_CHECKING:
    from escc_desktop.workflow.change import Change
    from escc_desktop.workflow.project import Project

T = TypeVar("T")


@dataclass(frozen=True)
class FirstStep:
    """What an empty page offers to do first: a button's text and what it does."""

    text: str
    call: Callable[[], object]


class Page(QWidget):
    """Base of all pages.

    A page builds its widgets into `self.body`, and in `refresh` asks the project by `load`; it never calls the
    project on the main thread.

    Attributes
    ----------
    watches
        Kinds of records whose change makes the page stale.
    actions_changed
        What can be done here is not what it was; the frame binds the keys anew. Emitted by the `show_` methods, and by
        a page when it changes what it offers.
    saved_changed
        `saved_said` changed.
    saved_said
        Whether what is on screen is on disk, and its tone; the foot shows it. ("", "") where there is nothing to save.
    """

    actions_changed = Signal()
    saved_changed = Signal()
    watches: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.body = QWidget()
        self._empty, self._busy, self._error = EmptyState(), BusyState(), ErrorState()
        self._stack = QStackedLayout()
        for state in (self.body, self._empty, self._busy, self._error):
            self._stack.addWidget(state)
        holder = QVBoxLayout(self)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addLayout(self._stack)
        self.saved_said = ("", "")
        self._is_stale = True
        self._loading: Running | None = None
        self._error.retry.connect(self.reload)
        self._busy.cancel.connect(self._cancel_loading)
        desktop.changed.connect(self._on_change)
        desktop.patient_changed.connect(self._on_patient)
        desktop.refresh_wanted.connect(self._go_stale)

    # To be written by each page

    def refresh(self) -> None:
        """Fetch and show anew; called when the page is on screen and stale."""

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        return ()

    def mouse_now(self) -> tuple[tuple[str, str], ...]:
        """Return what the mouse does here that no button says: (what, how)."""
        return ()

    def go(self, where: object) -> None:
        """Show what another page asked for; `where` is this page's own kind of place."""

    def on_patient(self, patient_id: str) -> None:
        """Take note that another patient was chosen."""

    def may_leave(self) -> bool:
        """Return whether the page can be left now; if not it has said why."""
        return True

    @property
    def is_absorbed(self) -> bool:
        """Whether somebody works in pictures here, which nothing may cover: notices are said in the foot."""
        return False

    def notice_area(self) -> QWidget | None:
        """Return over what notices that need a card stand, in its lower right corner; None where it does not matter."""
        return None

    def close_page(self) -> None:
        """Let go of everything; the project is about to be closed or shown to somebody else."""

    # For pages to call

    @property
    def project(self) -> Project:
        """The opened project."""
        if self.desktop.project is None:
            raise EsccError(_("No project is open."), _("Open one first."))
        return self.desktop.project

    def load(self, fetch: Callable[..., T], show: Callable[[T], object], *args: object, busy: str = "") -> None:
        """Fetch something in a job and show it on the page; a newer `load` supersedes this one.

        Parameters
        ----------
        fetch
            Called as ``fetch(project, *args, progress=...)`` on a worker thread.
        show
            Called with the result on the main thread. It ends with `show_body` or `show_empty`.
        busy
            What the busy state says; by default what is on screen stays until the result is there.
        """
        if self._loading is not None:
            self._loading.cancel()
        if busy or self._stack.currentWidget() is self._error:
            self.show_busy(busy or _("Loading"))

        def mine(call: Callable[..., object]) -> Callable[..., None]:
            def guarded(*results: object) -> None:
                if shiboken6.isValid(self) and self._loading is running:
                    self._loading = None
                    call(*results)

            return guarded

        running = self.desktop.tasks.run(
            busy or _("Loading"),
            fetch,
            self.project,
            *args,
            answers=Answers(mine(show), mine(self.show_error), mine(self._stopped), self._advance),
            quiet=True,
        )
        self._loading = running

    def reload(self) -> None:
        """Fetch and show anew now."""
        self._is_stale = False
        self.refresh()

    def say_saved(self, text: str, tone: str = "secondary") -> None:
        """Say in the foot whether what is on screen is on disk."""
        if self.saved_said != (text, tone):
            self.saved_said = (text, tone)
            self.saved_changed.emit()

    def show_body(self) -> None:
        """Show the content."""
        self._turn_to(self.body)

    def show_empty(self, icon: str, title: str, text: str, *steps: FirstStep) -> None:
        """Say what the page is for and offer the first steps."""
        self._empty.say(icon, title, text, [(step.text, step.call) for step in steps])
        self._turn_to(self._empty)

    def show_busy(self, text: str) -> None:
        """Show progress, time left and Cancel."""
        self._busy.say(text)
        self._turn_to(self._busy)

    def show_error(self, error: Exception) -> None:
        """Say what, why and what to do; a defect also opens the crash dialog."""
        if isinstance(error, EsccError):
            self._error.say(said(error.what), said(error.hint))
        else:
            self._error.say(_("This page has run into a defect."), _("Please report it."))
            self.desktop.notices.crashed.emit(crash_report(error))
        self._turn_to(self._error)

    # For the frame

    def enter(self) -> None:
        """Be shown: fetch if something changed since the last time."""
        if self._is_stale:
            self.reload()

    def stop_loading(self) -> None:
        """Fetch no more; what a job still brings is not shown."""
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None

    def take_focus(self) -> None:
        """Take the keyboard: what had it last on this page, or the page itself."""
        inside = self.focusWidget()
        (inside if inside is not None and inside.isVisible() else self).setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn_to(self, state: QWidget) -> None:
        self._stack.setCurrentWidget(state)
        self.actions_changed.emit()

    def _advance(self, running: Running) -> None:
        if shiboken6.isValid(self) and self._loading is running:
            self._busy.advance(running)

    def _cancel_loading(self) -> None:
        if self._loading is not None:
            self._loading.cancel()

    def _stopped(self) -> None:
        self._is_stale = True
        self._error.say(_("Stopped."), _("Nothing was changed."))
        self._turn_to(self._error)

    def _on_change(self, change: Change) -> None:
        if change.kinds & self.watches:
            self._go_stale()

    def _go_stale(self) -> None:
        self._is_stale = True
        if self.isVisible():
            self.reload()

    def _on_patient(self, patient_id: str) -> None:
        self.on_patient(patient_id)

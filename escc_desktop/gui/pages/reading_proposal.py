"""AI proposals: off until somebody types a server's address; asked for by prompts, taken like any suggestion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any, Final

import numpy as np
import shiboken6
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.prompt import PromptTool
from escc_desktop.gui.tools.suggestions import confirm, why_no_suggestion
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, said
from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.proposals import Address, Prompt, Server, box_around, connect, in_box, why_no_proposals

PROPOSED: Final = "AI proposal"
_TOPIC: Final = "AI proposal"


class _Talk:
    """What is said with one server about one reading: one thing at a time, and goodbye last."""

    def __init__(self, address: Address, box: Region, place: ReadingPlace) -> None:
        self.address, self.box = address, box
        x, y, z = place.planes.geometry.spacing_mm
        self._reading = place.reading
        self._hu, self._spacing = place.planes.hu[box], (z, y, x)
        self._server: Server | None = None
        self._speaking = Lock()
        self._is_over = False

    def ask(self, prompt: Prompt, progress: Progress) -> BoolArray:
        """Return what is proposed for all prompts so far, in the box."""
        progress.advance(0, 1)
        marked = in_box(prompt, self.box)
        with self._speaking:
            if self._is_over:
                raise Cancelled
            if self._server is None:
                self._reading.note_sending(self.address.url)
                self._server = connect(self.address, self._hu, self._spacing)
            try:
                found = self._server.ask(prompt.kind, marked, is_wanted=prompt.is_wanted)
            except EsccError:
                self._say_goodbye()
                raise
        progress.advance(1, 1)
        return found

    def forget(self, progress: Progress) -> None:
        """Have the server forget the prompts."""
        with self._speaking:
            if self._server is not None:
                self._server.forget()

    def close(self, progress: Progress) -> None:
        """Have the server forget everything, once what it is being asked is answered; nothing is sent after."""
        self._is_over = True
        with self._speaking:
            self._say_goodbye()

    def _say_goodbye(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


class ProposalSection(Section):
    """Turns proposals on and off, asks before anything is sent, and takes what is proposed."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        tool = place.hand.tool_of(PromptTool.name)
        if not isinstance(tool, PromptTool):
            raise TypeError("the tool of the prompts is another one")
        self._place, self._canvas, self._tool = place, place.canvas, tool
        self._talk: _Talk | None = None
        self._may_send = False
        self._queue: list[Prompt] = []
        self._running: Running | None = None
        self.words = label(tone="secondary", size="caption", wrap=True)
        self.address = QLineEdit()
        self.address.setPlaceholderText(_("https://server:8000"))
        self.address.setAccessibleName(_("Address of the AI server"))
        self.turn_on = button(_("Turn on"))
        self.turn_off = button(_("Turn off"), weight="quiet", tip=_("Forget the address; nothing is sent any more"))
        self.accept = button(_("Take"), tip=_("Add what is proposed to the region (Ctrl+Shift+I)"))
        self.discard = button(
            _("Discard"), weight="quiet", tip=_("Clear the proposal and what was shown to the server")
        )
        self._off, self._on = row(self.turn_on, None), row(self.accept, self.discard, None, self.turn_off, spacing=0)
        self._lay_out()
        self.turn_on.clicked.connect(self._turn_on)
        self.address.returnPressed.connect(self._turn_on)
        self.turn_off.clicked.connect(self._turn_off)
        self.accept.clicked.connect(self.take)
        self.discard.clicked.connect(self.clear)
        place.canvas.suggested.connect(self._follow)
        place.canvas.stepped.connect(self._follow)
        self._follow()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        parts: tuple[QWidget, ...] = self.words, self.address, self._off, self._on
        for part in parts:
            column.addWidget(part)

    def actions_now(self) -> tuple[Action, ...]:
        """Return clearing; taking is what takes every suggestion."""
        return (
            Action("reading.clear_proposal", _("Discard the AI proposal"), self.clear, "dismiss", (), self._why_none),
        )

    def stop(self) -> None:
        """Let go of the server."""
        self._tool.asks = None
        self._end_talk()

    # Off and on

    @property
    def server(self) -> str:
        """The address that was typed; "" while proposals are off."""
        return self._place.desktop.settings.ai_server

    def why_not(self) -> str:
        """Say why proposals cannot be asked for at all; "" when they can."""
        if not self._place.hand.protocol.allows(PROPOSED):
            return _("The protocol of this study forbids AI proposals in readings.")
        return said(why_no_proposals())

    def _turn_on(self) -> None:
        try:
            address = Address.parse(self.address.text())
        except EsccError as error:
            self._place.desktop.notices.trouble(error)
            return
        self._set_server(address.url)

    def _turn_off(self) -> None:
        self._set_server("")

    def _set_server(self, url: str) -> None:
        self._end_talk()
        desktop = self._place.desktop
        desktop.set_settings(replace(desktop.settings, ai_server=url))
        self._follow()

    def _end_talk(self) -> None:
        talk, self._talk = self._talk, None
        self._queue.clear()
        self._may_send = False
        if self._running is not None:
            self._running.cancel()
            self._running = None
        if talk is not None:
            self._place.desktop.tasks.run(_("AI proposal"), talk.close, answers=Answers(failed=_ignore), quiet=True)

    # Asking

    def _ask(self, prompt: Prompt) -> None:
        """Ask the server; the first time in a reading, ask the reader whether it may be sent at all."""
        if self._may_send:
            self._queue.append(prompt)
            self._next()
            return
        self._queue = [prompt]
        address = Address.parse(self.server)
        words = _(
            "Send the image within 10 cm of the marked lesion to {address}? No name, number or date goes with it."
        )
        if not address.is_encrypted and not address.is_here:
            words = f"{words} {_('The way there is not encrypted.')}"
        text = words.format(address=address.url)
        self._place.desktop.notices.offer(text, _("Send"), self._allow, Tone.WARNING, topic=_TOPIC)

    def _allow(self) -> None:
        if shiboken6.isValid(self) and self.server:
            self._may_send = True
            self._next()

    def _next(self) -> None:
        if self._running is not None or not self._queue:
            self._follow()
            return
        if self._talk is None:
            box = box_around(self._place.mark, self._place.planes.geometry)
            self._talk = _Talk(Address.parse(self.server), box, self._place)
        self._run(self._talk.ask, self._queue.pop(0), then=self._proposed)

    def _run(self, function: Callable[..., Any], *args: object, then: Callable[[Any], None]) -> None:
        """Have the server asked something, one thing at a time."""
        answers: Answers[Any] = Answers(then, self._failed, self._stopped)
        self._running = self._place.desktop.tasks.run(_("AI proposal"), function, *args, answers=answers, quiet=True)
        self._follow()

    def _proposed(self, found: BoolArray) -> None:
        self._running = None
        if self._talk is None:
            return
        voxels: BoolArray = np.zeros(self._canvas.planes.hu.shape, dtype=np.bool_)
        voxels[self._talk.box] = found
        if found.any():
            self._canvas.suggest(voxels, PROPOSED, self._talk.box)
        else:
            self._canvas.suggest(None)
            self._canvas.said.emit(_("The AI server proposes nothing here."))
        self._next()

    def _failed(self, error: Exception) -> None:
        self._running = None
        self._queue.clear()
        self._follow()
        self._place.desktop.notices.trouble(error)

    def _stopped(self) -> None:
        self._running = None
        self._follow()

    # Taking

    def _why_none(self) -> str:
        is_ours = self._canvas.suggestion is not None and self._canvas.suggestion_label == PROPOSED
        return "" if is_ours else _("The AI server has proposed nothing yet.")

    def take(self) -> None:
        """Add what is proposed to the region: one step."""
        why_not = self._why_none()
        if why_not:
            self._canvas.said.emit(why_not)
        elif confirm(self._canvas, self._place.views.axial.index):
            self._forget()

    def clear(self) -> None:
        """Forget the proposal, here and on the server."""
        if not self._why_none():
            self._canvas.suggest(None)
        self._forget()

    def _forget(self) -> None:
        self._queue.clear()
        if self._talk is not None and self._running is None:
            self._run(self._talk.forget, then=self._forgot)

    def _forgot(self, _nothing: object) -> None:
        self._running = None
        self._next()

    def _follow(self) -> None:
        why_not = self.why_not()
        is_on = bool(self.server) and not why_not
        self._tool.asks = self._ask if is_on else None
        self.address.setVisible(not is_on)
        self._off.setVisible(not is_on)
        self._on.setVisible(is_on)
        self.address.setEnabled(not why_not)
        self.turn_on.setEnabled(not why_not)
        for widget in (self.address, self.turn_on):
            widget.setToolTip(why_not)
        why_none = self._why_none() or why_no_suggestion(self._canvas)
        for made in (self.accept, self.discard):
            made.setEnabled(not why_none)
        self.accept.setToolTip(why_none or _("Add what is proposed to the region (Ctrl+Shift+I)"))
        self.words.setText(why_not or self._words(is_on=is_on))

    def _words(self, *, is_on: bool) -> str:
        if not is_on:
            return _("Off. Type the address of an nnInteractive server to have outlines proposed.")
        if self._running is not None:
            return _("Asking {address}").format(address=self.server)
        return _("With the tool AI prompt (J), left shows what belongs to the lesion, right what does not.")


def _ignore(_error: Exception) -> None:
    """Leave it: a server that cannot be told goodbye forgets by itself."""

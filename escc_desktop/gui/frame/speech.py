"""What the window says beside the page: a notice as a card over it, in the foot, or later; whether all is saved."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QPoint

from escc_desktop.gui.frame.foot import Foot
from escc_desktop.gui.frame.foot_line import fits_line
from escc_desktop.gui.frame.notice_stack import WIDTH_PX, NoticeStack
from escc_desktop.gui.notices import Notice, Notices
from escc_desktop.gui.page import Page
from escc_desktop.gui.theme import GRID

_LEAST_PX: Final = 240


class Speech(QObject):
    """Takes what the program says to where it disturbs least on the page on screen.

    On a page of pictures somebody works in, sentences are said in the foot, and cards, for what must be read, stand
    over the pictures he does not draw in. What can wait is said once nobody reads any more.
    """

    def __init__(self, notices: Notices, foot: Foot, stack: NoticeStack) -> None:
        super().__init__(stack)
        self._notices, self._foot, self._stack = notices, foot, stack
        self._page: Page | None = None
        self._waiting: list[Notice] = []
        self._corner = (0, 0)
        notices.said.connect(self.say)

    def stop(self) -> None:
        """Take no more notices."""
        self._notices.said.disconnect(self.say)

    def say(self, notice: Notice) -> None:
        """Show a notice, or keep it until it disturbs nobody."""
        page = self._page
        if page is not None and page.is_absorbed and notice.can_wait:
            self._waiting.append(notice)
        elif page is not None and page.is_absorbed and fits_line(notice):
            self._foot.line.say(notice)
        else:
            self._settle()
            self._stack.say(notice)

    def follow(self, page: Page | None) -> None:
        """Note which page is on screen: say whether it is saved, and what waited for it."""
        self._page = page
        self._foot.show_saved(*(page.saved_said if page is not None else ("", "")))
        if page is None:
            self._foot.line.forget()
        if page is None or not page.is_absorbed:
            waiting, self._waiting = self._waiting, []
            for notice in waiting:
                self._stack.say(notice)
        self._settle()

    def place(self, left: int, bottom: int) -> None:
        """Let cards stand with the lower left corner here, where a page has no better place."""
        self._corner = left, bottom
        self._settle()

    def _settle(self) -> None:
        area = None if self._page is None else self._page.notice_area()
        around = self._stack.parentWidget()
        if area is None or not area.isVisible() or around is None:
            self._stack.place(*self._corner, WIDTH_PX)
            return
        width = min(WIDTH_PX, max(area.width() - 2 * GRID, _LEAST_PX))
        corner = area.mapTo(around, QPoint(area.width() - GRID - width, area.height() - GRID))
        self._stack.place(corner.x(), corner.y(), width)

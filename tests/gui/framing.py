"""Plain pages for the tests of the frame, so that these do not stand on what real pages show."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.page import Page
from escc_desktop.gui.page_table import PAGES, PageEntry

if TYPE_CHECKING:
    from escc_desktop.gui.desktop import Desktop
    from escc_desktop.progress import Progress


class PlainPage(Page):
    """A page with a field, and with actions that count how often they were done."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.done: list[str] = []
        self.why_not = ""
        self.stays = False
        self.is_closed = False
        self.places: list[object] = []
        self.field = QLineEdit()
        QVBoxLayout(self.body).addWidget(self.field)

    def refresh(self) -> None:
        self.load(_fetch, lambda _name: self.show_body())

    def actions_now(self) -> tuple[Action, ...]:
        return (
            Action("plain.brush", "Brush", lambda: self.done.append("brush"), "paint_brush", ("B",)),
            Action(
                "plain.sign", "Sign reading", lambda: self.done.append("sign"), "", ("Ctrl+S",), lambda: self.why_not
            ),
            Action("plain.thief", "Wants the palette's key", lambda: self.done.append("thief"), "", ("Ctrl+K",)),
        )

    def go(self, where: object) -> None:
        self.places.append(where)

    def may_leave(self) -> bool:
        return not self.stays

    def close_page(self) -> None:
        self.is_closed = True


@dataclass(frozen=True)
class PlainEntry(PageEntry):
    """An entry of the rail whose page is a plain one."""

    def import_page(self, progress: object = None) -> type[Page]:
        return PlainPage


def plain_pages() -> tuple[PageEntry, ...]:
    """Return the rail's real entries with plain pages behind them."""
    return tuple(
        PlainEntry(one.page_id, one.title, one.icon, one.needs, one.module, one.page_class, one.on_rail)
        for one in PAGES
    )


def _fetch(project: object, progress: Progress) -> str:
    progress.advance(0, 1)
    return ""


def slow(log: list[str], seconds: float = 20.0) -> Callable[..., str]:
    """Return a job that goes on until it is cancelled, and notes that it tidied up."""

    def job(progress: Progress) -> str:
        steps = round(seconds / 0.01)
        try:
            for step in range(steps):
                progress.advance(step, steps, f"slice {step}")
                time.sleep(0.01)
        finally:
            log.append("tidied")
        return "finished"

    return job


def failing(progress: Progress) -> None:
    """Fail as an operation does that the user can mend."""
    raise EsccError("The disk of the project is full.", "Free some space and try again; nothing was lost.")


def defective(progress: Progress) -> None:
    """Fail as a defect of the program does, with somebody's name in its message."""
    raise ZeroDivisionError("Zhang San has no lesion")

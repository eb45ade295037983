"""The frame: rail, head, page, foot; and what stands around the pages."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.foot import Foot
from escc_desktop.gui.frame.head import Head
from escc_desktop.gui.frame.rail import Rail
from escc_desktop.gui.frame.start_page import StartPage
from escc_desktop.gui.page import Page
from escc_desktop.gui.page_table import PAGES, PageEntry
from escc_desktop.gui.tasks import Answers
from escc_desktop.i18n import _

SMALLEST = (1280, 700)
FIRST_SIZE = (1600, 960)


class MainWindow(QMainWindow):
    """The program's one window.

    Attributes
    ----------
    painted
        Emitted once, when the window has been painted for the first time.
    """

    painted = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.setWindowTitle("ESCC Desktop")
        self.setMinimumSize(*SMALLEST)
        self.resize(*FIRST_SIZE)
        self._has_painted = False
        self._entries: dict[str, PageEntry] = {}
        self._pages: dict[str, Page] = {}
        self._wanted = ""
        self.rail, self.head, self.foot = Rail(), Head(desktop), Foot(desktop)
        self.start_page = StartPage(desktop)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start_page)
        self._lay_out()
        self._key_actions: list[QAction] = []
        self.rail.chosen.connect(self.go)
        desktop.page_wanted.connect(self.go)
        desktop.project_changed.connect(self._on_project)
        self._on_project()

    def begin(self, start: WindowStart) -> None:
        """Do what the start of the program asked for; called once the window is on screen."""
        self.start_page.begin(start)

    def go(self, page_id: str, where: object = None) -> None:
        """Show a page; its code is imported by a job the first time."""
        entry = self._entries.get(page_id)
        current = self.current_page
        if entry is None or (current is not None and not current.may_leave()):
            self.rail.mark(self._shown_id())
            return
        self._wanted = page_id
        self.rail.mark(page_id)
        if page_id in self._pages:
            self._show(page_id, where)
        else:
            self.desktop.tasks.run(
                _("Opening the page"),
                _import_page,
                entry,
                answers=Answers(then=lambda page_class: self._add(entry, page_class, where)),
                quiet=True,
            )

    @property
    def current_page(self) -> Page | None:
        """The page on screen; None before a project is open."""
        widget = self.stack.currentWidget()
        return widget if isinstance(widget, Page) else None

    def actions_now(self) -> tuple[Action, ...]:
        """Return everything that can be done now: on this page, and everywhere."""
        page = self.current_page
        return (*(page.actions_now() if page else ()), *self._own_actions())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        page = self.current_page
        if page is not None and not page.may_leave():
            event.ignore()
            return
        self._drop_pages()
        self.desktop.leave_project()
        event.accept()

    def _lay_out(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.stack, 1)
        column.addWidget(self.foot)
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.rail)
        line.addWidget(right, 1)
        self.setCentralWidget(whole)

    def _own_actions(self) -> tuple[Action, ...]:
        return tuple(
            Action(f"go.{entry.page_id}", _(entry.title), partial(self.go, entry.page_id), entry.icon)
            for entry in self._entries.values()
        )

    def _on_project(self) -> None:
        self._drop_pages()
        project = self.desktop.project
        open_pages = [entry for entry in PAGES if project is not None and entry.is_open_to(project)]
        self._entries = {entry.page_id: entry for entry in open_pages}
        self.rail.fill(open_pages)
        self.stack.setCurrentWidget(self.start_page)
        self.head.show_page("")
        if open_pages:
            self.go(open_pages[0].page_id)

    def _drop_pages(self) -> None:
        for page in self._pages.values():
            page.close_page()
            self.stack.removeWidget(page)
            page.deleteLater()
        self._pages.clear()

    def _add(self, entry: PageEntry, page_class: type[Page], where: object) -> None:
        if self._entries.get(entry.page_id) is not entry:
            return
        if entry.page_id not in self._pages:
            self._pages[entry.page_id] = page_class(self.desktop)
            self.stack.addWidget(self._pages[entry.page_id])
        if self._wanted == entry.page_id:
            self._show(entry.page_id, where)

    def _show(self, page_id: str, where: object) -> None:
        page = self._pages[page_id]
        self.stack.setCurrentWidget(page)
        self.head.show_page(_(self._entries[page_id].title))
        self._bind_keys()
        page.enter()
        if where is not None:
            page.go(where)
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _shown_id(self) -> str:
        return next((page_id for page_id, page in self._pages.items() if page is self.current_page), "")

    def _bind_keys(self) -> None:
        for old in self._key_actions:
            self.removeAction(old)
            old.deleteLater()
        self._key_actions = []
        for action in self.actions_now():
            if not action.keys:
                continue
            bound = QAction(action.text, self)
            bound.setShortcuts([QKeySequence(keys) for keys in action.keys])
            bound.triggered.connect(lambda _checked=False, action=action: self.do(action))
            self.addAction(bound)
            self._key_actions.append(bound)

    def do(self, action: Action) -> None:
        """Do an action, or say why it cannot be done now."""
        why_not = action.why_not()
        if why_not:
            self.desktop.notices.say(why_not)
        else:
            action.call()


def _import_page(entry: PageEntry, progress: object) -> type[Page]:
    return entry.import_page()

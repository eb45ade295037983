"""The window: rail, head, page, foot; and what lies over them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.commands import Commands
from escc_desktop.gui.frame.crash import CrashSheet
from escc_desktop.gui.frame.foot import Foot
from escc_desktop.gui.frame.front_door import job
from escc_desktop.gui.frame.head import Head
from escc_desktop.gui.frame.key_bindings import KeyBindings
from escc_desktop.gui.frame.key_choice import Described, KeyChoice
from escc_desktop.gui.frame.keys_sheet import KeysSheet
from escc_desktop.gui.frame.leaving import Leaving
from escc_desktop.gui.frame.notice_stack import NoticeStack
from escc_desktop.gui.frame.palette import Palette
from escc_desktop.gui.frame.rail import Rail
from escc_desktop.gui.frame.settings_sheet import SettingsSheet
from escc_desktop.gui.frame.speech import Speech
from escc_desktop.gui.frame.start_page import StartPage
from escc_desktop.gui.frame.tray import Tray
from escc_desktop.gui.page import Page
from escc_desktop.gui.page_table import PAGES, PageEntry
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID, apply_theme
from escc_desktop.i18n import _, set_language

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project

SMALLEST = (1280, 680)
FIRST_SIZE = (1600, 960)
TITLE_BAR_PX = 48  # at most, of any desktop


class MainWindow(QMainWindow):
    """The program's one window.

    Attributes
    ----------
    painted
        Emitted once, when the window has been painted for the first time.
    closed
        Emitted when the window is closed, every job has ended and the project is closed.
    """

    painted = Signal()
    closed = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.setMinimumSize(*SMALLEST)
        self._take_size()
        self._has_painted = self._is_closing = False
        self._language = desktop.settings.language
        self._entries: dict[str, PageEntry] = {}
        self._pages: dict[str, Page] = {}
        self._wanted = ""
        self._leaving = Leaving(desktop.tasks)
        self._keys = KeyBindings(self, self.do)
        self._build()
        desktop.page_wanted.connect(self.go)
        desktop.project_changed.connect(self._on_project)
        desktop.settings_changed.connect(self._on_settings)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme)
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
                entry.import_page,
                answers=Answers(then=lambda page_class: self._add(entry, page_class, where)),
                quiet=True,
            )

    @property
    def current_page(self) -> Page | None:
        """The page on screen; None before a project is open."""
        widget = self.stack.currentWidget()
        return widget if isinstance(widget, Page) else None

    @property
    def entries(self) -> tuple[PageEntry, ...]:
        """The pages the signed-in person may open."""
        return tuple(self._entries.values())

    def actions_now(self) -> tuple[Action, ...]:
        """Return everything that can be done now: on this page, and everywhere."""
        page = self.current_page
        return (*(page.actions_now() if page else ()), *self.commands.actions())

    def do(self, action: Action) -> None:
        """Do an action, or say why it cannot be done now."""
        why_not = action.why_not()
        if why_not:
            self.desktop.notices.say(why_not)
        else:
            action.call()

    def show_keys(self) -> None:
        """Show the keys of this page."""
        self._key_choice.show_keys()

    def described(self) -> Described:
        """Return what the keys of this page are shown from."""
        page, everywhere = self.current_page, self.commands.actions()
        if page is None:
            return Described("", (), everywhere, ())
        return Described(_(self._entries[self._shown_id()].title), page.actions_now(), everywhere, page.mouse_now())

    def sign_in_again(self) -> None:
        """Let somebody else sign in; nothing of the project is on screen until then."""
        if self.desktop.project is None or not self._may_leave():
            return
        self._drop_pages()
        project = self.desktop.sign_out()
        if project is not None:
            self.start_page.sign_in_to(project)

    def close_project(self) -> None:
        """Show the start page; the project is closed once its jobs have stopped."""
        if self._may_leave():
            self._leave()

    def open_other(self) -> None:
        """Ask for another project's folder."""
        self._leave_then(self.start_page.choose_folder)

    def new_project(self) -> None:
        """Ask for what a new project needs."""
        self._leave_then(self.start_page.new_project)

    def switch_staff(self, name: str) -> None:
        """Show a synthetic project as another of its people sees it."""
        project = self.desktop.project
        if project is None or not self._may_leave():
            return

        def take(other: Project) -> None:
            if self.desktop.project is project:
                self.desktop.take_project(other, is_synthetic=True)

        answers: Answers[Project] = Answers(then=take)
        self.desktop.tasks.run(_("Signing in"), job("switch_staff"), project, name, answers=answers, quiet=True)

    def take_synthetic(self, project: Project) -> None:
        """Show a synthetic project that was opened, unless what is on screen may not be left."""
        if self._is_closing or not self._may_leave():
            self.desktop.close_project(project)
            return
        self._leave()
        self.desktop.take_project(project, is_synthetic=True)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.place_layers()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        if self._is_closing and not self.desktop.tasks.running:
            event.accept()
            self.closed.emit()
            return
        event.ignore()
        if not self._is_closing and self._may_leave():
            self._is_closing = True
            size = self.normalGeometry()
            self.desktop.keep_layout("window", [size.width(), size.height(), self.isMaximized()])
            self._drop_pages()
            self.hide()
            self._leaving.stop_jobs(self._finish)

    def _finish(self) -> None:
        """Close the project, then the window; both once nothing works on them."""
        self.start_page.let_go()
        self.desktop.leave_project()
        self._leaving.stop_jobs(lambda: QTimer.singleShot(0, self, self.close))

    def _take_size(self) -> None:
        """Be as large as the last time, or as is good the first time, but not larger than the screen."""
        room = self.screen().availableGeometry()
        match self.desktop.settings.layout.get("window"):
            case [int(width), int(height), bool(is_maximized)]:
                pass
            case _:
                (width, height), is_maximized = FIRST_SIZE, False
        highest = room.height() - TITLE_BAR_PX
        self.resize(min(width, room.width()), min(height, highest))
        if is_maximized or width > room.width() or height > highest:
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def _build(self) -> None:
        """Make everything around the pages, in the language in force."""
        desktop = self.desktop
        self.rail, self.head, self.foot = Rail(), Head(desktop), Foot()
        self.start_page = StartPage(desktop)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start_page)
        whole = self._whole = self._lay_out()
        self.tray, self.notices = Tray(whole, desktop.tasks), NoticeStack(whole)
        self._speech = Speech(desktop.notices, self.foot, self.notices)
        self.palette_panel = Palette(whole)
        self.keys_sheet, self.settings_sheet = KeysSheet(whole), SettingsSheet(whole, desktop)
        self._key_choice = KeyChoice(desktop, self.keys_sheet, self.described, self._bind_keys)
        self.crash_sheet, self.commands = CrashSheet(whole, desktop), Commands(self)
        self._listen()
        self.place_layers()

    def _lay_out(self) -> QWidget:
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
        return whole

    def _listen(self) -> None:
        self.rail.chosen.connect(self.go)
        self.rail.settings.clicked.connect(self.settings_sheet.open_sheet)
        self.rail.help.clicked.connect(self.show_keys)
        self.start_page.demo.opened.connect(self.take_synthetic)
        self.head.search.clicked.connect(self.commands.open_palette)
        self.head.jobs.clicked.connect(self.tray.toggle)
        self.head.switch_wanted.connect(self.switch_staff)
        self.head.sign_in_wanted.connect(self.sign_in_again)
        self.head.close_wanted.connect(self.close_project)
        self.head.settings_wanted.connect(self.settings_sheet.open_sheet)
        self.settings_sheet.keys.clicked.connect(self._from_settings_to_keys)
        self.palette_panel.chosen.connect(lambda entry: entry.call())
        self.desktop.notices.crashed.connect(self.crash_sheet.say)
        for layer in (self.keys_sheet, self.settings_sheet, self.crash_sheet, self.palette_panel):
            layer.opened.connect(self._keys.sleep)
            layer.closed.connect(self._keys.wake)

    def place_layers(self) -> None:
        """Put what lies over the page where it belongs."""
        whole = self._whole
        top, bottom = self.head.height(), whole.height() - self.foot.height()
        self.tray.place(top, bottom - top)
        self._speech.place(self.rail.width() + 2 * GRID, bottom - 2 * GRID)
        self.palette_panel.move((whole.width() - self.palette_panel.width()) // 2, top + GRID)

    def _may_leave(self) -> bool:
        page = self.current_page
        return page.may_leave() if page is not None else self.start_page.may_leave()

    def _leave_then(self, call: Callable[[], object]) -> None:
        if self.desktop.project is None or self._may_leave():
            self._leave()
            call()

    def _leave(self) -> None:
        """Show no project; what was shown is closed once its jobs have stopped."""
        project = self.desktop.project
        if project is not None:
            self._drop_pages()
            self.desktop.sign_out()
            self._leaving.stop_jobs(partial(self.desktop.close_project, project), project)

    def _from_settings_to_keys(self) -> None:
        self.settings_sheet.close_sheet()
        self.show_keys()

    def _on_project(self) -> None:
        self._drop_pages()
        project = self.desktop.project
        open_pages = [entry for entry in PAGES if project is not None and entry.is_open_to(project)]
        self._entries = {entry.page_id: entry for entry in open_pages}
        self.rail.fill(entry for entry in open_pages if entry.on_rail)
        self.stack.setCurrentWidget(self.start_page)
        self.head.show_page("")
        self.head.staff = ()
        self.setWindowTitle(" – ".join(part for part in (self.head.project_words(), "ESCC Desktop") if part))
        if project is None:
            self.start_page.enter()
            self._bind_keys()
            return
        self._ask_staff(project)
        if open_pages:
            self.go(open_pages[0].page_id)

    def _ask_staff(self, project: Project) -> None:
        def take(staff: tuple[str, ...]) -> None:
            if self.desktop.project is project:
                self.head.staff = staff

        if self.desktop.is_synthetic:
            answers: Answers[tuple[str, ...]] = Answers(then=take)
            self.desktop.tasks.run("staff", job("staff_of"), project, answers=answers, quiet=True)

    def _on_settings(self) -> None:
        self._on_scheme()
        if self.desktop.settings.language != self._language:
            self._language = self.desktop.settings.language
            set_language(self._language)
            # Not from within the settings' own click: they are built anew too.
            QTimer.singleShot(0, self, self._speak_anew)

    def _on_scheme(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, self.desktop.settings.theme)

    def _speak_anew(self) -> None:
        """Build everything again in the language in force; what is on screen is read again from the project."""
        if not self._may_leave():
            return
        self._drop_pages()
        self.start_page.let_go()
        self._speech.stop()
        self.desktop.notices.crashed.disconnect(self.crash_sheet.say)
        self._build()
        self._on_project()
        self.settings_sheet.open_sheet()

    def _drop_pages(self) -> None:
        for page in self._pages.values():
            page.stop_loading()
            page.close_page()
            self.stack.removeWidget(page)
            page.deleteLater()
        self._pages.clear()
        self._speech.follow(None)

    def _add(self, entry: PageEntry, page_class: type[Page], where: object) -> None:
        if self._entries.get(entry.page_id) is not entry or self._is_closing or self.desktop.project is None:
            return
        if entry.page_id not in self._pages:
            page = self._pages[entry.page_id] = page_class(self.desktop)
            page.actions_changed.connect(partial(self._on_actions, page))
            page.saved_changed.connect(partial(self._on_saved, page))
            self.stack.addWidget(page)
        if self._wanted == entry.page_id:
            self._show(entry.page_id, where)

    def _show(self, page_id: str, where: object) -> None:
        page = self._pages[page_id]
        self.stack.setCurrentWidget(page)
        self.head.show_page(_(self._entries[page_id].title))
        self._on_actions(page)
        page.enter()
        if where is not None:
            page.go(where)
        if not self._keys.are_asleep:
            page.take_focus()

    def _shown_id(self) -> str:
        return next((page_id for page_id, page in self._pages.items() if page is self.current_page), "")

    def _on_actions(self, page: Page) -> None:
        if page is self.current_page:
            self._speech.follow(page)
            self._bind_keys()

    def _on_saved(self, page: Page) -> None:
        if page is self.current_page:
            self._speech.follow(page)

    def _bind_keys(self) -> None:
        self._keys.bind(self.actions_now())

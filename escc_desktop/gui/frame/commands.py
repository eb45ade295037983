"""What can be done everywhere in the window, and the palette that finds it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.front_door import job
from escc_desktop.gui.frame.notice_stack import NoticeStack
from escc_desktop.gui.frame.palette import Entry, Palette
from escc_desktop.gui.frame.rail import Rail
from escc_desktop.gui.frame.settings_sheet import SettingsSheet
from escc_desktop.gui.frame.traces import Traces
from escc_desktop.gui.frame.tray import Tray
from escc_desktop.gui.page_table import PageEntry
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import is_dark
from escc_desktop.i18n import _

# Pages that show the chosen patient; another page gives way to the first of these a person may open.
_OF_PATIENTS = ("patient", "worklist", "reading")


class Framed(Protocol):
    """The window as its actions see it."""

    desktop: Desktop
    rail: Rail
    tray: Tray
    notices: NoticeStack
    palette_panel: Palette
    settings_sheet: SettingsSheet

    @property
    def entries(self) -> tuple[PageEntry, ...]:
        """The pages the signed-in person may open."""
        ...

    def actions_now(self) -> tuple[Action, ...]:
        """Return everything that can be done now."""
        ...

    def do(self, action: Action) -> None:
        """Do an action, or say why it cannot be done now."""
        ...

    def go(self, page_id: str, where: object = None) -> None:
        """Show a page."""
        ...

    def place_layers(self) -> None:
        """Put what lies over the page where it belongs."""
        ...

    def show_keys(self) -> None:
        """Show the keys of this page."""
        ...

    def open_other(self) -> None:
        """Ask for another project's folder."""
        ...

    def new_project(self) -> None:
        """Ask for what a new project needs."""
        ...

    def sign_in_again(self) -> None:
        """Let somebody else sign in."""
        ...

    def close_project(self) -> None:
        """Close the project."""
        ...

    def close(self) -> bool:
        """Close the window."""
        ...


class Commands(QObject):
    """The window's own actions."""

    def __init__(self, window: Framed) -> None:
        super().__init__()
        self._window = window
        self._patients: tuple[str, ...] | None = None
        self._traces = Traces(window.desktop, window.notices, window.tray, window.palette_panel)
        window.desktop.project_changed.connect(self._forget)
        window.desktop.changed.connect(self._forget)

    def actions(self) -> tuple[Action, ...]:
        """Return what can be done whatever page is on screen."""
        window = self._window
        pages = tuple(
            Action(f"go.{entry.page_id}", _(entry.title), partial(window.go, entry.page_id), entry.icon, (f"Alt+{n}",))
            for n, entry in enumerate(window.entries, start=1)
        )
        return (
            *pages,
            Action("window.search", _("Search actions, pages and patients"), self.open_palette, "search", ("Ctrl+K",)),
            Action("window.keys", _("Show the keys of this page"), window.show_keys, "keyboard", ("?", "F1")),
            Action("window.jobs", _("Show or hide the jobs"), window.tray.toggle, "timer", ("Ctrl+J",)),
            Action("window.settings", _("Settings"), window.settings_sheet.open_sheet, "settings", ("Ctrl+,",)),
            Action("window.theme", _("Change between dark and light"), self._turn, "weather_moon"),
            Action("project.open", _("Open a project"), window.open_other, "folder_open", ("Ctrl+O",)),
            Action("project.new", _("Make a new project"), window.new_project, "folder_add", ("Ctrl+N",)),
            Action("project.sign_in", _("Sign in as somebody else"), window.sign_in_again, "person", (), self._closed),
            Action(
                "project.close", _("Close the project"), window.close_project, "sign_out", ("Ctrl+W",), self._closed
            ),
            Action("window.quit", _("Quit"), window.close, "dismiss", ("Ctrl+Q",)),
        )

    def open_palette(self) -> None:
        """Show everything that can be done now, every page and every patient."""
        actions = [action for action in self._window.actions_now() if action.action_id != "window.search"]
        entries = [_entry(action, partial(self._window.do, action)) for action in actions]
        window = self._window
        window.palette_panel.open_palette([*entries, *self._of_patients()])
        window.place_layers()
        if self._patients is None and window.desktop.project is not None:
            self._fetch()

    def _of_patients(self) -> list[Entry]:
        kind = _("Patient")
        return [Entry(patient, partial(self._choose, patient), "person", kind=kind) for patient in self._patients or ()]

    def _fetch(self) -> None:
        project = self._window.desktop.project

        def take(patients: tuple[str, ...]) -> None:
            if self._window.desktop.project is project:
                self._patients = patients
                self._window.palette_panel.add(self._of_patients())

        answers: Answers[tuple[str, ...]] = Answers(then=take, failed=lambda _error: None)
        self._window.desktop.tasks.run("patients", job("patients_of"), project, answers=answers, quiet=True)

    def _choose(self, patient: str) -> None:
        window = self._window
        window.desktop.choose_patient(patient)
        shown = window.rail.marked
        known = [entry.page_id for entry in window.entries if entry.page_id in _OF_PATIENTS]
        if shown not in _OF_PATIENTS and known:
            window.go(next(page_id for page_id in _OF_PATIENTS if page_id in known))

    def _turn(self) -> None:
        desktop = self._window.desktop
        desktop.set_settings(replace(desktop.settings, theme="light" if is_dark() else "dark"))

    def _closed(self) -> str:
        return "" if self._window.desktop.project is not None else _("No project is open.")

    def _forget(self, _change: object = None) -> None:
        self._patients = None


def _entry(action: Action, call: partial[None]) -> Entry:
    kind = _("Page") if action.action_id.startswith("go.") else ""
    return Entry(action.text, call, action.icon, action.keys_now, kind, action.why_not())

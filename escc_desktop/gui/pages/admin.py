"""The administration: people, plan, audit trail, backup, about; each role sees its own part, nothing clinical."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.page import Page
from escc_desktop.gui.pages.admin_about import AboutSection
from escc_desktop.gui.pages.admin_backup import BackupSection
from escc_desktop.gui.pages.admin_people import PeopleSection
from escc_desktop.gui.pages.admin_plan import PlanSection
from escc_desktop.gui.pages.admin_section import Section
from escc_desktop.gui.pages.admin_trail import TrailSection
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _
from escc_desktop.workflow.views.admin import AdminView, admin_view

_SECTIONS: Final[dict[str, type[Section]]] = {
    "people": PeopleSection,
    "plan": PlanSection,
    "trail": TrailSection,
    "backup": BackupSection,
    "about": AboutSection,
}


class AdminPage(Page):
    """The page, one tab a section."""

    # The audit trail tells of everything.
    watches: ClassVar[frozenset[str]] = frozenset({
        "account", "assessment", "card", "features", "lesion", "plan", "result", "roi", "series", "session", "settings",
        "trial_record",
    })  # fmt: skip

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self._titles = {
            "people": _("People"),
            "plan": _("Reading plan"),
            "trail": _("Audit trail"),
            "backup": _("Backup"),
            "about": _("About"),
        }
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(_("Sections"))
        self._sections = QStackedWidget()
        self._made: dict[str, Section] = {}
        self._shown: list[str] = []
        self._view: AdminView | None = None
        column = QVBoxLayout(self.body)
        column.setContentsMargins(GRID, GRID, GRID, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._sections, 1)
        self.tabs.currentChanged.connect(self._on_tab)
        self.setFocusProxy(self.tabs)

    def refresh(self) -> None:  # noqa: D102
        self.load(admin_view, self._show, busy="" if self._shown else _("Loading"))

    def actions_now(self) -> tuple[Action, ...]:  # noqa: D102
        icons = {"people": "people", "plan": "calendar", "trail": "history", "backup": "archive", "about": "info"}
        sections = tuple(
            Action(
                f"admin.{name}",
                _("Administration: {section}").format(section=self._titles[name]),
                partial(self.go, name),
                icons[name],
                (f"Ctrl+{place}",),
            )
            for place, name in enumerate(self._shown, start=1)
        )
        current = self._sections.currentWidget()
        return (*sections, *(current.actions_here() if isinstance(current, Section) else ()))

    def go(self, where: object) -> None:
        """Show a section: "people", "plan", "trail", "backup" or "about"."""
        if isinstance(where, str) and where in self._shown:
            self.tabs.setCurrentIndex(self._shown.index(where))

    @property
    def section(self) -> str:
        """The section on screen."""
        return self._shown[self.tabs.currentIndex()] if self._shown else ""

    def section_of(self, name: str) -> Section:
        """Return a section, made when it is first asked for."""
        if name not in self._made:
            made = self._made[name] = _SECTIONS[name](self.desktop)
            made.outdated.connect(self.reload)
            self._sections.addWidget(made)
            if self._view is not None:
                made.show_view(self._view)
        return self._made[name]

    def close_page(self) -> None:  # noqa: D102
        for section in self._made.values():
            section.forget()

    def _show(self, view: AdminView) -> None:
        there = {
            "people": view.people is not None,
            "plan": view.is_planned is not None,
            "trail": view.trail is not None,
            "backup": view.may_back_up,
            "about": True,
        }
        self._view = view
        self._fit([name for name, is_there in there.items() if is_there])
        for section in self._made.values():
            section.show_view(view)
        self.show_body()

    def _fit(self, names: list[str]) -> None:
        if names == self._shown:
            return
        self._shown = names
        while self.tabs.count():
            self.tabs.removeTab(0)
        for place, name in enumerate(names):
            self.tabs.addTab(self._titles[name])
            self.tabs.setTabToolTip(place, _("{section} (Ctrl+{n})").format(section=self._titles[name], n=place + 1))

    def _on_tab(self, place: int) -> None:
        if 0 <= place < len(self._shown):
            self._sections.setCurrentWidget(self.section_of(self._shown[place]))
            self.actions_changed.emit()

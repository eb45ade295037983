"""The statistics beside the models: planning, the paper recomputed, the ledger, what hangs on choices."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.page import Page
from escc_desktop.gui.pages.statistics_ledger import LedgerSection
from escc_desktop.gui.pages.statistics_paper import PaperSection
from escc_desktop.gui.pages.statistics_planner import PlannerSection
from escc_desktop.gui.pages.statistics_section import StatisticsSection
from escc_desktop.gui.pages.statistics_specification import SpecificationSection
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _

_SECTIONS: Final[dict[str, type[StatisticsSection]]] = {
    "planner": PlannerSection,
    "paper": PaperSection,
    "specification": SpecificationSection,
    "ledger": LedgerSection,
}


class StatisticsPage(Page):
    """The page, one tab a section; a role sees the sections it may ask."""

    watches: ClassVar[frozenset[str]] = frozenset({"assessment", "card", "features", "prediction", "trial_record"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self._titles = {
            "planner": _("Planner"),
            "paper": _("Paper"),
            "specification": _("Choices"),
            "ledger": _("Ledger"),
        }
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(_("Sections"))
        self._sections = QStackedWidget()
        self._made: dict[str, StatisticsSection] = {}
        self._shown: list[str] = []
        self._stale: set[str] = set()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(GRID, GRID, GRID, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._sections, 1)
        self.tabs.currentChanged.connect(self._on_tab)
        self.setFocusProxy(self.tabs)

    def refresh(self) -> None:
        """Have each section fetch anew when it is on screen."""
        project = self.project
        self._stale = set(_SECTIONS)
        self._fit([name for name, section in _SECTIONS.items() if all(map(project.may, section.needs))])
        self._refresh_section()
        self.show_body()

    def actions_now(self) -> tuple[Action, ...]:
        """Return the way to each section, and what the one on screen offers."""
        sections = tuple(
            Action(
                f"statistics.{name}",
                _("Statistics: {section}").format(section=self._titles[name]),
                partial(self.go, name),
                _SECTIONS[name].icon,
                (f"Ctrl+{place}",),
            )
            for place, name in enumerate(self._shown, start=1)
        )
        current = self._made.get(self.section)
        return (*sections, *(current.actions_here() if current is not None else ()))

    def go(self, where: object) -> None:
        """Show a section by its name."""
        if isinstance(where, str) and where in self._shown:
            self.tabs.setCurrentIndex(self._shown.index(where))

    @property
    def section(self) -> str:
        """The section on screen."""
        return self._shown[self.tabs.currentIndex()] if self._shown else ""

    def section_of(self, name: str) -> StatisticsSection:
        """Return a section, made when it is first asked for."""
        if name not in self._made:
            made = self._made[name] = _SECTIONS[name](self.desktop)
            made.offers_changed.connect(self.actions_changed)
            self._sections.addWidget(made)
        return self._made[name]

    def close_page(self) -> None:
        """Let the sections stop what they do."""
        for section in self._made.values():
            section.forget()

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
            self._refresh_section()
            self.actions_changed.emit()

    def _refresh_section(self) -> None:
        name = self.section
        if name in self._stale:
            self._stale.discard(name)
            self.section_of(name).refresh()

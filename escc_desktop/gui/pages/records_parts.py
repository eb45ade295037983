"""The parts of the Records page, as tabs: the forms, then queries, double entry, history and the screening list."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QTabBar

from escc_desktop.i18n import _
from escc_desktop.workflow.views.records_form import TABS
from escc_desktop.workflow.views.records_words import table_title

QUERIES, SECOND, HISTORY, SCREENING = "queries", "second", "history", "screening"
PARTS: Final = (*TABS, QUERIES, SECOND, HISTORY, SCREENING)
_WITH_KEYS: Final = 9


def part_titles() -> dict[str, str]:
    """Return what each part is called."""
    others = {QUERIES: _("Queries"), SECOND: _("Double entry"), HISTORY: _("History")}
    return {name: others.get(name) or table_title(name) for name in PARTS}


def part_tabs() -> QTabBar:
    """Return the tabs, one a part."""
    tabs = QTabBar()
    tabs.setDrawBase(False)
    tabs.setExpanding(False)
    tabs.setUsesScrollButtons(True)
    tabs.setAccessibleName(_("Parts of the record"))
    for place, title in enumerate(part_titles().values()):
        tabs.addTab(title)
        tip = _("{section} (Ctrl+{n})").format(section=title, n=place + 1) if place < _WITH_KEYS else title
        tabs.setTabToolTip(place, tip)
    return tabs

"""Paper mode: every printed number beside what it recomputes to; the published models, for reading only."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.icons import icon
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.pages.admin_table import Column, Row
from escc_desktop.gui.pages.statistics_card import PublishedCard
from escc_desktop.gui.pages.statistics_section import StatisticsSection
from escc_desktop.gui.pages.wrapped_table import WrappedTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _, said
from escc_desktop.workflow.paper_checks import Check
from escc_desktop.workflow.views.paper import PaperView, paper_view

_TONES = {"fits": "text", "contradicts": "warning", "note": "secondary"}
_SIGNS = {"fits": "✓", "contradicts": "✗", "note": "•"}


class PaperSection(StatisticsSection):
    """The table with its filters, or one of the published models."""

    icon: ClassVar[str] = "document"

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.view: PaperView | None = None
        self._latest: Latest[PaperView] = Latest(desktop.tasks, _("Recomputing the paper"), self._show, self._fail)
        self.picker = QComboBox()
        self.picker.setAccessibleName(_("Show"))
        for words, kind in (
            (_("Printed numbers"), ""),
            (_("Published Rad-score"), "radscore"),
            (_("Published clinical model"), "clinical"),
            (_("Published radiomics model"), "radiomics"),
            (_("Published combined model"), "combined"),
        ):
            self.picker.addItem(words, kind)
        self.verdicts = QComboBox()
        self.verdicts.setAccessibleName(_("Verdict"))
        self.search = Entry()
        self.search.setPlaceholderText(_("Search: AST, AUC, radiomics"))
        self.search.setAccessibleName(_("Search the printed numbers"))
        self.search.setToolTip(_("Search the printed numbers (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMinimumWidth(240)
        self.count = label(tone="secondary")
        self.trouble = Trouble()
        columns = (
            Column(_("Verdict"), 116),
            Column(_("What"), 220),
            Column(_("Printed"), 190),
            Column(_("Recomputed"), 284),
            Column(_("Why, or what to know"), 0),
        )
        self.table = WrappedTable(columns, _("Printed against recomputed numbers"))
        self.nothing = label(_("No printed number is like that. Empty the search or show all."), tone="secondary")
        self.published = PublishedCard()
        self._stack = QStackedWidget()
        self._lay_out()
        self.picker.currentIndexChanged.connect(self._fit)
        self.verdicts.currentIndexChanged.connect(self._fit)
        self.search.textChanged.connect(self._fit)

    def refresh(self) -> None:
        """Recompute once; the paper does not change."""
        if self.view is None:
            self._latest.ask(paper_view)

    def forget(self) -> None:
        """Want no result any more."""
        self._latest.stop()

    def actions_here(self) -> tuple[Action, ...]:
        """Return the way to the search."""
        find = QKeySequence(QKeySequence.StandardKey.Find).toString()
        return (Action("statistics.find", _("Search the printed numbers"), self._find, "search", (find,)),)

    def show_card(self, kind: str) -> None:
        """Show a published card; "" the printed numbers."""
        self.picker.setCurrentIndex(self.picker.findData(kind))

    def _lay_out(self) -> None:
        checks = QWidget()
        column = QVBoxLayout(checks)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.nothing)
        column.addWidget(self.table, 1)
        self._stack.addWidget(checks)
        self._stack.addWidget(self.published)
        self.nothing.hide()
        self.column.setContentsMargins(GRID, GRID, GRID, 0)
        self.column.setSpacing(GRID)
        self.column.addWidget(row(self.picker, self.verdicts, self.search, None, self.count))
        self.column.addWidget(self.trouble)
        self.column.addWidget(self._stack, 1)

    def _find(self) -> None:
        self.show_card("")
        self.search.setFocus()

    def _show(self, view: PaperView) -> None:
        self.view = view
        self.trouble.say("")
        for words, verdict, n in (
            (_("All"), "", len(view.checks)),
            (_("Contradicts"), "contradicts", view.count("contradicts")),
            (_("Notes"), "note", view.count("note")),
            (_("Fits"), "fits", view.count("fits")),
        ):
            self.verdicts.addItem(_("{verdict} ({n})").format(verdict=words, n=n), verdict)
        self._fit()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, EsccError):
            self.trouble.say(said(error.what), said(error.hint))
        else:
            self.desktop.notices.trouble(error)

    def _fit(self) -> None:
        view, kind = self.view, self.picker.currentData()
        for widget in (self.verdicts, self.search, self.count):
            widget.setVisible(not kind)
        self._stack.setCurrentIndex(1 if kind else 0)
        if view is None:
            return
        if kind:
            self.published.show_card(view.cards[kind])
            return
        verdict, wanted = self.verdicts.currentData(), self.search.text().casefold().split()
        found = [check for check in view.checks if (not verdict or check.verdict == verdict) and _has(check, wanted)]
        self.table.show_rows([_row(check) for check in found])
        self.table.setVisible(bool(found))
        self.nothing.setVisible(not found)
        self.count.setText(_("{shown} of {all} numbers").format(shown=len(found), all=len(view.checks)))


def _has(check: Check, wanted: list[str]) -> bool:
    text = " ".join(check.cells).casefold()
    return all(word in text for word in wanted)


def _row(check: Check) -> Row:
    words = {"fits": _("fits"), "contradicts": _("contradicts"), "note": _("note")}[check.verdict]
    cells = (
        f"{_SIGNS[check.verdict]} {words}",
        said(check.what),
        check.printed,
        check.recomputed,
        said(check.sentence),
    )
    return Row(cells, check.what, _TONES[check.verdict])

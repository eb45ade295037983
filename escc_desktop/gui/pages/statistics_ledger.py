"""The prediction ledger: what was said before anybody knew, and how right it was."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.admin_section import moment, scrolled
from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.pages.statistics_locking import LockingPanel
from escc_desktop.gui.pages.statistics_section import StatisticsSection
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.calibration_plot import CalibrationPlot
from escc_desktop.gui.widgets.text import card, label
from escc_desktop.i18n import _, plural, said
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.ledger import Calibration, LedgerView, Locked, ledger_view, lock_predictions

_SIDE_PX = 372


class LedgerSection(StatisticsSection):
    """Entries at the left; locking and calibration at the right."""

    needs: ClassVar[tuple[Operation, ...]] = (Operation.VIEW_ASSESSMENTS, Operation.VIEW_OUTCOME)
    icon: ClassVar[str] = "lock_closed"

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.view: LedgerView | None = None
        self._latest: Latest[LedgerView] = Latest(desktop.tasks, _("Reading the ledger"), self._show, self._fail)
        self.state = label(wrap=True)
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble = Trouble()
        self.table = RowsTable(
            (
                Column(_("No."), 44, is_number=True),
                Column(_("Locked (UTC)"), 136),
                Column(_("Patient"), 0),
                Column(_("Card"), 140),
                Column(_("Survival"), 120, is_number=True),
                Column(_("Group"), 74),
                Column(_("Known then"), 104, is_number=True),
                Column(_("Digest"), 124),
            ),
            _("Locked predictions"),
        )
        self.entry = label(tone="secondary", size="caption", wrap=True)
        self.entry.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.empty = label(
            _(
                "Nothing is locked yet. Assess patients before their outcome is known and lock what the card says: "
                "calibration then grows by itself with the trial records."
            ),
            tone="secondary",
            wrap=True,
        )
        self.locking = LockingPanel()
        self._calibrations = QVBoxLayout()
        self._lay_out()
        self.table.selectionModel().currentRowChanged.connect(self._tell_entry)
        self.locking.wanted.connect(self._lock)

    def refresh(self) -> None:
        """Check the ledger and judge it by what is known now."""
        if self.desktop.project is not None:
            self._latest.ask(ledger_view, self.desktop.project)

    def forget(self) -> None:
        """Want no result any more."""
        self._latest.stop()

    def actions_here(self) -> tuple[Action, ...]:
        """Return the locking."""
        return (
            Action(
                "statistics.lock",
                _("Lock predictions"),
                self.locking.lock.click,
                "lock_closed",
                why_not=self.locking.refused.text,
            ),
        )

    @property
    def calibrations(self) -> list[str]:
        """What is said about each card's predictions."""
        return [one.text() for one in self._side.findChildren(QLabel, "calibration")]

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(GRID)
        for widget in (self.state, self.trouble, self.empty):
            left.addWidget(widget)
        left.addWidget(self.table, 1)
        left.addWidget(self.entry)
        left.addStretch(0)
        self._side = QWidget()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, GRID, 0)
        side.setSpacing(2 * GRID)
        side.addWidget(self.locking)
        side.addLayout(self._calibrations)
        side.addStretch(1)
        area = scrolled(self._side)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(_SIDE_PX)
        line = QHBoxLayout()
        line.setSpacing(2 * GRID)
        line.addLayout(left, 1)
        line.addWidget(area)
        self.column.setContentsMargins(GRID, 2 * GRID, GRID, GRID)
        self.column.addLayout(line)
        self.table.hide()
        self.empty.hide()

    def _show(self, view: LedgerView) -> None:
        self.view = view
        self.trouble.say("")
        n = len(view.entries)
        self.state.setVisible(bool(n))
        if n:
            sound = plural("{n} prediction is locked", "{n} predictions are locked", n)
            rest = _("the chain is sound. Note its end elsewhere: {head}").format(head=view.head)
            self.state.setText(f"{sound}; {rest}")
        self.table.setVisible(bool(n))
        self.empty.setVisible(not n)
        self.entry.setText("")
        self.table.rows_model.fill([_row(entry, view.card_words[entry.card]) for entry in reversed(view.entries)])
        self.locking.show_view(view)
        self._show_calibrations(view.calibrations)
        self.offers_changed.emit()

    def _show_calibrations(self, found: tuple[Calibration, ...]) -> None:
        while (item := self._calibrations.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for one in found:
            frame, column = card()
            column.addWidget(label(_("Calibration: {card}").format(card=one.words), size="heading", wrap=True))
            for sentence in one.sentences:
                told = label(sentence, wrap=True)
                told.setObjectName("calibration")
                column.addWidget(told)
            if one.groups:
                plot = CalibrationPlot()
                plot.show_groups(one.groups)
                column.addWidget(plot)
            self._calibrations.addWidget(frame)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, EsccError):
            self.trouble.say(said(error.what), said(error.hint))
        else:
            self.desktop.notices.trouble(error)

    def _tell_entry(self) -> None:
        entry = self.table.chosen_key()
        if isinstance(entry, Locked):
            told = _("Entry {number}: survival at {months:g} months; digest {digest}; the entry before: {previous}")
            self.entry.setText(
                told.format(
                    number=entry.number, months=entry.horizon_months, digest=entry.digest, previous=entry.previous
                )
            )

    def _lock(self, digest: str) -> None:
        self.locking.show_busy(True)
        self.run(
            _("Locking predictions"), lock_predictions, digest,
            then=self._locked, trouble=self.locking.trouble, ends=lambda: self.locking.show_busy(False),
        )  # fmt: skip

    def _locked(self, n: int) -> None:
        self.desktop.notices.say(
            plural("{n} prediction is locked.", "{n} predictions are locked.", n), tone=Tone.SUCCESS
        )
        self.refresh()


def _row(entry: Locked, card_words: str) -> Row:
    survival = f"{100 * entry.survival:.0f} %"
    if entry.lower is not None and entry.upper is not None:
        survival += f" ({100 * entry.lower:.0f}–{100 * entry.upper:.0f})"
    cells = (
        str(entry.number),
        moment(datetime.fromisoformat(entry.at)),
        entry.patient_id,
        card_words,
        survival,
        "" if entry.risk_group is None else _(entry.risk_group),
        _("{months:.1f} months").format(months=entry.followed_months),
        entry.digest[:12],
    )
    return Row(cells, entry)

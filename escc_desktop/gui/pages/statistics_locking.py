"""Locking: which card, who would be locked, who would not and why; asked once, for good."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QProgressBar, QVBoxLayout, QWidget

from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, card, label, row
from escc_desktop.i18n import _, plural, said
from escc_desktop.workflow.views.ledger import CardToLock, LedgerView


class LockingPanel(QWidget):
    """The panel; its owner does the locking.

    Attributes
    ----------
    wanted
        The digest of a card whose predictions are to be locked; emitted after the question was answered.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._cards: tuple[CardToLock, ...] = ()
        self._why_not = ""
        self.picker = QComboBox()
        self.picker.setAccessibleName(_("Card"))
        self.found = label(wrap=True)
        self.left_out = label(tone="secondary", wrap=True)
        self.refused = label(tone="warning", wrap=True)
        self.trouble = Trouble()
        self.lock = button(_("Lock predictions"), "lock_closed", weight="primary")
        self.question = label(wrap=True)
        self.sure = button(_("Lock for good"), "lock_closed", weight="primary")
        self.leave = button(_("Cancel"), weight="quiet")
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._asking = row(None, self.leave, self.sure)
        self._lay_out()
        self.picker.currentIndexChanged.connect(self._fit)
        self.lock.clicked.connect(self._ask)
        self.leave.clicked.connect(self._leave)
        self.sure.clicked.connect(self._want)
        self._turn(is_asking=False)
        self._bar.hide()

    def show_view(self, view: LedgerView) -> None:
        """Show what could be locked now; the card chosen stays."""
        chosen = self.picker.currentData()
        self._cards, self._why_not = view.cards, view.why_not
        self.picker.blockSignals(True)
        self.picker.clear()
        for one in view.cards:
            self.picker.addItem(one.words, one.digest)
        self.picker.setCurrentIndex(max(self.picker.findData(chosen), 0))
        self.picker.blockSignals(False)
        self._fit()

    def show_busy(self, is_busy: bool) -> None:
        """Show that it is being locked."""
        self._bar.setVisible(is_busy)
        self.lock.setEnabled(not is_busy)

    @property
    def chosen(self) -> CardToLock | None:
        """The card chosen."""
        return next((one for one in self._cards if one.digest == self.picker.currentData()), None)

    def _lay_out(self) -> None:
        frame, column = card()
        column.addWidget(label(_("Lock predictions"), size="heading"))
        column.addWidget(
            label(
                _("Before the outcome is known, once for each patient and card. An entry is never changed."),
                tone="secondary",
                wrap=True,
            )
        )
        for widget in (self.picker, self.found, self.left_out, self.refused, self.trouble, self._bar):
            column.addWidget(widget)
        column.addWidget(row(None, self.lock))
        column.addWidget(self.question)
        column.addWidget(self._asking)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(GRID)
        outer.addWidget(frame)

    def _fit(self) -> None:
        self._turn(is_asking=False)
        chosen = self.chosen
        self.picker.setVisible(bool(self._cards))
        n = 0 if chosen is None else len(chosen.patients)
        self.found.setVisible(chosen is not None)
        self.left_out.setVisible(chosen is not None and bool(chosen.left_out))
        if chosen is not None:
            self.found.setText(plural("{n} patient can be locked now.", "{n} patients can be locked now.", n))
            self.found.setToolTip(", ".join(chosen.patients))
            reasons = [f"{len(who)} · {said(why)}" for why, who in chosen.left_out]
            self.left_out.setText("\n".join([_("Left out:"), *reasons]))
            self.left_out.setToolTip("\n".join(f"{said(why)}: {', '.join(who)}" for why, who in chosen.left_out))
        refused = self._refusal(n)
        self.refused.setText(refused)
        self.refused.setVisible(bool(refused))
        self.lock.setEnabled(not refused)

    def _refusal(self, n: int) -> str:
        if self._why_not:
            return self._why_not
        if not self._cards:
            return _("Nobody was assessed yet: develop models, or assess patients, first.")
        return "" if n else _("There is nobody to lock: assess patients who begin treatment now.")

    def _ask(self) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        self.question.setText(
            plural("Lock {n} prediction for good?", "Lock {n} predictions for good?", len(chosen.patients))
            + " "
            + _("They are stamped with the time and chained; nobody can take them back.")
        )
        self._turn(is_asking=True)
        self.leave.setFocus()

    def _leave(self) -> None:
        self._turn(is_asking=False)
        self.lock.setFocus()

    def _want(self) -> None:
        chosen = self.chosen
        self._turn(is_asking=False)
        if chosen is not None:
            self.wanted.emit(chosen.digest)

    def _turn(self, *, is_asking: bool) -> None:
        self.question.setVisible(is_asking)
        self._asking.setVisible(is_asking)
        self.lock.setVisible(not is_asking)

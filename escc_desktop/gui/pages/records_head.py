"""The head of a record: whose it is, its state, and freezing, locking, opening it or the whole trial."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.views.records import WHOLE_TRIAL
from escc_desktop.workflow.views.records_words import state_words

if TYPE_CHECKING:
    from escc_desktop.workflow.views.records import PatientRecord


class RecordHead(QWidget):
    """Code, state and what can be done with the whole record.

    Attributes
    ----------
    wanted
        (patient or `WHOLE_TRIAL`, state) is asked for.
    new_wanted
        A new patient is asked for.
    """

    wanted = Signal(str, str)
    new_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.code, self.state = label(size="heading"), label(tone="secondary")
        self.new = button(_("New patient"), "add")
        self.lock = button(_("Freeze and lock"), "lock_closed")
        self._menu = QMenu(self)
        self.lock.setMenu(self._menu)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self.code)
        line.addWidget(self.state)
        line.addStretch(1)
        line.addWidget(self.lock)
        line.addWidget(self.new)
        self.new.clicked.connect(self.new_wanted)

    def show_record(self, record: PatientRecord) -> None:
        """Show whose record it is and how it stands."""
        self.code.setText(record.patient_id)
        words = state_words(record.state)
        if record.trial_state != "open":
            words = _("whole trial {state}").format(state=state_words(record.trial_state))
        self.state.setText("" if record.state == "open" else f"■ {words}")
        set_tone(self.state, "secondary" if record.state == "open" else "warning")
        self.new.setVisible(record.may_enter)
        self.lock.setVisible(record.may_lock)
        self._menu.clear()
        self._offer(record.patient_id, record.own_state, {
            "open": _("Open this record"), "frozen": _("Freeze this record"), "locked": _("Lock this record"),
        })  # fmt: skip
        self._menu.addSeparator()
        self._offer(WHOLE_TRIAL, record.trial_state, {
            "open": _("Open the whole trial"), "frozen": _("Freeze the whole trial"),
            "locked": _("Lock the whole trial"),
        })  # fmt: skip

    def _offer(self, record_id: str, now: str, words: dict[str, str]) -> None:
        for state, text in words.items():
            if state != now:
                self._menu.addAction(text, partial(self.wanted.emit, record_id, state))


def state_title(record_id: str, state: str, patient_id: str) -> str:
    """Return what will be done to a record, or to all, by giving it a state."""
    whose = _("all records") if record_id == WHOLE_TRIAL else patient_id
    return {
        "open": _("Open {whose} for entry"), "frozen": _("Freeze {whose}: queries only"),
        "locked": _("Lock {whose}: nobody changes anything"),
    }[state].format(whose=whose)  # fmt: skip

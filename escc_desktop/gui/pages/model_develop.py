"""The choices of a development, and how far it is while it runs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QProgressBar, QSpinBox, QVBoxLayout, QWidget

from escc_desktop.gui.tasks import Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.states import time_left
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.model import DevelopChoice

_LARGEST_SEED = 2**31 - 1
_LONGEST_MONTHS = 120


class DevelopPanel(QFrame):
    """Unfolds above the document.

    Attributes
    ----------
    wanted
        A `DevelopChoice` was made.
    closed, cancelled
        The panel's other two buttons.
    """

    wanted = Signal(object)
    closed = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        default = DevelopChoice()
        self.endpoint = QComboBox()
        self.endpoint.addItem(_("Overall survival"), "os")
        self.endpoint.addItem(_("Progression-free survival"), "pfs")
        self.horizon = QSpinBox()
        self.horizon.setRange(1, _LONGEST_MONTHS)
        self.horizon.setValue(round(default.horizon_months))
        self.horizon.setSuffix(_(" months"))
        self.seed = QSpinBox()
        self.seed.setRange(0, _LARGEST_SEED)
        self.seed.setValue(default.seed)
        self.seed.setGroupSeparatorShown(False)
        self.start_button = button(
            _("Start"), weight="primary", tip=_("Repeats the whole pipeline many times: minutes")
        )
        self.close_button = button(_("Close"), weight="quiet")
        self.start_button.clicked.connect(lambda: self.wanted.emit(self.choice))
        self.close_button.clicked.connect(self.closed)
        self._choices = self._choice_row()
        self._name = label(_("Developing models"))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.note = label(tone="secondary", size="caption")
        self.cancel_button = button(_("Cancel"), weight="quiet")
        self.cancel_button.clicked.connect(self.cancelled)
        self._running = self._running_row()
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.addWidget(self._choices)
        column.addWidget(self._running)
        self.show_running(None)

    @property
    def choice(self) -> DevelopChoice:
        """What is chosen now."""
        return DevelopChoice(self.endpoint.currentData(), float(self.horizon.value()), self.seed.value())

    def rename(self, name: str, tip: str) -> None:
        """Call what is started otherwise, and say what it does: other work takes the same choices."""
        self._name.setText(name)
        self.start_button.setToolTip(tip)

    def show_running(self, running: Running | None) -> None:
        """Show how far a development is; None shows the choices again."""
        self._choices.setVisible(running is None)
        self._running.setVisible(running is not None)
        if running is None:
            return
        if running.fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(running.fraction * 1000))
        self.note.setText(" · ".join(part for part in (running.note, time_left(running.left_seconds)) if part))

    def _running_row(self) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self._name)
        line.addWidget(self._bar, 1)
        line.addWidget(self.note)
        line.addWidget(self.cancel_button)
        return holder

    def _choice_row(self) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        for words, field in (
            (_("Endpoint"), self.endpoint),
            (_("Survival at"), self.horizon),
            (_("Seed of all random draws"), self.seed),
        ):
            form = QFormLayout()
            name = label(words, tone="secondary")
            name.setBuddy(field)
            form.addRow(name, field)
            line.addLayout(form)
        line.addStretch(1)
        line.addWidget(self.close_button)
        line.addWidget(self.start_button)
        return holder

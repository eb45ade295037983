"""How much hangs on choices: the Rad-score under every combination a paper leaves open."""

from __future__ import annotations

from typing import ClassVar

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.pages.admin_section import scrolled
from escc_desktop.gui.pages.model_develop import DevelopPanel
from escc_desktop.gui.pages.statistics_section import StatisticsSection
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.specification_curve import SpecificationCurve
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _, said
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.model import DevelopChoice
from escc_desktop.workflow.views.specification import SpecificationView, vary_choices


class SpecificationSection(StatisticsSection):
    """Choices and progress on top, the curve below; the last curve stays as long as the project is open."""

    needs: ClassVar[tuple[Operation, ...]] = (Operation.DEVELOP,)
    icon: ClassVar[str] = "data_scatter"

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.view: SpecificationView | None = None
        self.running: Running | None = None
        self.panel = DevelopPanel()
        self.panel.rename(_("Varying the choices"), _("Fits the Rad-score under every combination: minutes"))
        self.panel.close_button.hide()
        self.trouble = Trouble()
        self.stale = label(
            _("Features or records have changed since this curve; start anew."), tone="warning", wrap=True
        )
        self.empty = label(
            _(
                "A paper leaves choices open: scale, ICC rule, correlation filter, cut. Start fits the Rad-score under "
                "every combination and shows how far C-index and risk groups depend on them. It needs signed readings, "
                "their features and the trial records; nothing is kept in the project."
            ),
            tone="secondary",
            wrap=True,
        )
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.curve = SpecificationCurve()
        self._lay_out()
        self.panel.wanted.connect(self._start)
        self.panel.cancelled.connect(self._cancel)

    def refresh(self) -> None:
        """Say that what is shown may be out of date; it takes minutes to make anew."""
        self.stale.setVisible(self.view is not None)

    def forget(self) -> None:
        """Stop what runs."""
        self._cancel()

    def actions_here(self) -> tuple[Action, ...]:
        """Return the start."""
        return (
            Action(
                "statistics.vary", _("Vary the choices"), self.start, "play",
                why_not=lambda: _("It is running.") if self.running is not None else "",
            ),
        )  # fmt: skip

    def start(self) -> None:
        """Start with the choices on the panel."""
        self._start(self.panel.choice)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, GRID, GRID)
        column.setSpacing(GRID)
        for widget in (self.stale, self.said, self.curve):
            column.addWidget(widget)
        column.addStretch(1)
        self.result = scrolled(inner)
        self.column.setContentsMargins(GRID, GRID, GRID, 0)
        self.column.setSpacing(GRID)
        for above in (self.panel, self.trouble, self.empty):
            self.column.addWidget(above)
        self.column.addWidget(self.result, 1)
        self.column.addStretch(0)
        self.result.hide()
        self.stale.hide()
        self.column.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _start(self, choice: DevelopChoice) -> None:
        project = self.desktop.project
        if project is None or self.running is not None:
            return
        self.trouble.say("")
        answers: Answers[SpecificationView] = Answers(self._show, self._fail, self._stopped, self._advance)
        name = _("Varying the choices")
        self.running = self.desktop.tasks.run(name, vary_choices, project, choice, answers=answers)
        self.panel.show_running(self.running)
        self.panel.cancel_button.setFocus()

    def _advance(self, running: Running) -> None:
        if shiboken6.isValid(self):
            self.panel.show_running(running)

    def _cancel(self) -> None:
        if self.running is not None:
            self.running.cancel()

    def _end(self) -> None:
        self.running = None
        self.panel.show_running(None)

    def _show(self, view: SpecificationView) -> None:
        self._end()
        self.view = view
        self.said.setText("\n".join(view.sentences))
        self.curve.show_curve(view)
        self.stale.hide()
        self.empty.hide()
        self.result.show()

    def _fail(self, error: Exception) -> None:
        self._end()
        if isinstance(error, EsccError):
            self.trouble.say(said(error.what), said(error.hint))
        else:
            self.desktop.notices.trouble(error)

    def _stopped(self) -> None:
        self._end()
        self.trouble.say(_("Stopped."), _("What was there before is still shown."))

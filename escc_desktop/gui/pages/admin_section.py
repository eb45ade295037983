"""What the sections of the administration share: a title, their jobs, and how times are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _, said

if TYPE_CHECKING:
    from escc_desktop.workflow.views.admin import AdminView

READABLE_PX = 720


class Section(QWidget):
    """One section: shown with the page's view, and able to run jobs on the project.

    Attributes
    ----------
    outdated
        What is shown is not what there is any more.
    """

    outdated = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        self.column.setSpacing(2 * GRID)

    def show_view(self, view: AdminView) -> None:
        """Show what was fetched."""

    def forget(self) -> None:
        """Let go of everything that was typed."""

    def actions_here(self) -> tuple[Action, ...]:
        """Return what can be done here by keyboard and palette."""
        return ()

    def run(
        self,
        name: str,
        function: Callable[..., Any],
        *args: object,
        then: Callable[[Any], object],
        trouble: Trouble,
        ends: Callable[[], object] | None = None,
    ) -> Running | None:
        """Run a job on the project; expected trouble is said where the job was asked for.

        Parameters
        ----------
        ends
            Called at the end whatever it was, before `then` and `trouble`.
        """
        project = self.desktop.project
        if project is None:
            return None

        def still_here(call: Callable[..., object]) -> Callable[..., None]:
            def guarded(*results: object) -> None:
                if not shiboken6.isValid(self):
                    return
                if ends is not None:
                    ends()
                call(*results)

            return guarded

        def failed(error: Exception) -> None:
            if isinstance(error, EsccError):
                trouble.say(said(error.what), said(error.hint))
            else:
                self.desktop.notices.trouble(error)

        trouble.say("")
        answers: Answers[Any] = Answers(still_here(then), still_here(failed), still_here(lambda: None))
        return self.desktop.tasks.run(name, function, project, *args, answers=answers)


def scrolled(content: QWidget) -> QScrollArea:
    """Return an area that scrolls when its content does not fit."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(content)
    return area


def narrow(*cards: QWidget) -> QScrollArea:
    """Return cards below each other, as wide as text is read well, at the left of what there is."""
    content = QWidget()
    line = QHBoxLayout(content)
    line.setContentsMargins(0, 0, 0, 0)
    column = QVBoxLayout()
    column.setSpacing(2 * GRID)
    for one in cards:
        one.setFixedWidth(READABLE_PX)
        column.addWidget(one)
    column.addStretch(1)
    line.addLayout(column)
    line.addStretch(1)
    return scrolled(content)


def moment(at: datetime | None) -> str:
    """Return a time as people read it, in UTC as everywhere in the records; "–" for none."""
    return _("–") if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def days(number: float) -> str:
    """Return a number of days without needless decimals."""
    return f"{number:g}"

"""The projects opened last on this machine; those that cannot be opened say why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.front_door import job
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import icon_button, label
from escc_desktop.i18n import _, said

if TYPE_CHECKING:
    from escc_desktop.workflow.views.front_door import ProjectSeen


class RecentList(QWidget):
    """One line a project, newest first.

    Attributes
    ----------
    chosen
        The folder of the project to open.
    forgotten
        The folder of a project to leave out from now on.
    """

    chosen = Signal(object)
    forgotten = Signal(object)

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self.lines: list[RecentLine] = []
        self._title = label(_("Opened last"), tone="secondary", size="caption")
        self._nothing = label(_("Projects you open show here."), tone="secondary", wrap=True)
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        for widget in (self._title, self._nothing):
            column.addWidget(widget)
        column.addWidget(area, 1)
        self._fill([(Path(folder), None) for folder in desktop.settings.recent])

    def look(self) -> None:
        """Look at the folders, off the main thread, and show what became of them."""
        folders = tuple(Path(folder) for folder in self._desktop.settings.recent)

        def show(seen: tuple[ProjectSeen, ...]) -> None:
            # A look that was begun earlier may end later.
            if shiboken6.isValid(self) and tuple(str(folder) for folder in folders) == self._desktop.settings.recent:
                self._fill([(one.folder, one) for one in seen])

        answers: Answers[Any] = Answers(then=show, failed=lambda _error: None)
        self._desktop.tasks.run("recent", job("look_at_all"), folders, answers=answers, quiet=True)

    def _fill(self, projects: list[tuple[Path, ProjectSeen | None]]) -> None:
        for old in self.lines:
            self._column.removeWidget(old)
            old.deleteLater()
        self.lines = []
        for place, (folder, seen) in enumerate(projects):
            line = RecentLine(folder, seen)
            line.open.clicked.connect(lambda _checked=False, folder=folder: self.chosen.emit(folder))
            line.forget.clicked.connect(lambda _checked=False, folder=folder: self.forgotten.emit(folder))
            self.lines.append(line)
            self._column.insertWidget(place, line)
        self._title.setVisible(bool(projects))
        self._nothing.setVisible(not projects)


class RecentLine(QWidget):
    """A project's name and place; greyed, with the reason, when it cannot be opened."""

    def __init__(self, folder: Path, seen: ProjectSeen | None) -> None:
        super().__init__()
        trouble = seen.trouble if seen is not None else None
        self.why = said(trouble.what) if trouble is not None else ""
        self.open = QPushButton()
        self.open.setProperty("weight", "line")
        self.open.setAccessibleName(f"{folder.name} {self.why}".strip())
        self.open.setToolTip(str(folder))
        self.open.setCursor(Qt.CursorShape.PointingHandCursor)
        name = label(folder.name, tone="disabled" if self.why else "")
        place = label(self.why or _shortened(folder.parent), tone="secondary", size="caption")
        inside = QVBoxLayout(self.open)
        inside.setContentsMargins(GRID + 4, 4, GRID, 4)
        inside.setSpacing(0)
        for made in (name, place):
            made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            inside.addWidget(made)
        self.forget = icon_button("dismiss", _("Leave {project} out of this list").format(project=folder.name))
        self.forget.setVisible(bool(self.why))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.open, 1)
        line.addWidget(self.forget)


def _shortened(folder: Path) -> str:
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except ValueError:
        return str(folder)

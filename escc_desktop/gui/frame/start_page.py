"""Before a project is open: the projects used last, sign in, a new project, the synthetic study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.demo_start import DemoStart
from escc_desktop.gui.frame.new_project import NewProjectPanel, RecoveryPanel
from escc_desktop.gui.frame.recent import RecentList
from escc_desktop.gui.frame.scroll import FittingScroll
from escc_desktop.gui.frame.sign_in import SignInPanel
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.tasks import Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.states import BusyState
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.project import CreatedProject, Project

_LIST_PX, _PANEL_PX = 400, 440


class StartPage(QWidget):
    """What a person sees first: projects on the left, and on the right what the chosen one needs."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._has_begun = False
        self._created: CreatedProject | None = None
        self._preparing: Running | None = None
        self.demo = DemoStart(desktop)
        self.recent = RecentList(desktop)
        self.sign_in = SignInPanel(desktop)
        self.new = NewProjectPanel(desktop)
        self.recovery = RecoveryPanel(desktop)
        self.open_button = button(_("Open project …"), "folder_open", tip=_("Open project … (Ctrl+O)"))
        self.new_button = button(_("New project …"), "folder_add", tip=_("New project … (Ctrl+N)"))
        self.demo_button = button(_("Open the demo"), "play", weight="primary")
        self.preparing = BusyState()
        self.preparing.hide()
        self._welcome = self._make_welcome()
        self._lay_out()
        self._listen()
        self._show(self._welcome)

    def begin(self, start: WindowStart) -> None:
        """Do what the start of the program asked for."""
        self._has_begun = True
        self.recent.look()
        if start.is_demo:
            self.open_demo(start)

    def open_demo(self, start: WindowStart) -> None:
        """Open the synthetic study, or three patients to practise on while it is built."""
        if not self.may_leave():
            return
        self._show(self._welcome)
        self.demo.begin(start)

    def take(self, project: Project, *, is_synthetic: bool) -> None:
        """Show a project that was opened."""
        self._show(self._welcome)
        self._desktop.take_project(project, is_synthetic=is_synthetic)

    def enter(self) -> None:
        """Be shown: the projects may have come or gone; nothing is fetched before the first painting."""
        if self._has_begun:
            self.recent.look()
        self.setFocus()

    def choose_folder(self) -> None:
        """Ask for the folder of a project."""
        if not self.may_leave():
            return
        dialog = QFileDialog(self, _("Open a project's folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda path: self.open_folder(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_folder(self, folder: Path) -> None:
        """Ask for what opens the project in a folder."""
        if not self.may_leave():
            return
        self.let_go()
        self._show(self.sign_in)
        self.sign_in.look(folder)

    def new_project(self) -> None:
        """Ask for what a new project needs."""
        if not self.may_leave():
            return
        self.let_go()
        self._show(self.new)
        self.new.begin()

    def sign_in_to(self, project: Project) -> None:
        """Ask somebody to sign in to a project that is unlocked."""
        self._show(self.sign_in)
        self.sign_in.ask_again(project)

    def may_leave(self) -> bool:
        """Return whether nothing would be lost; a recovery key that was not kept would be, and that is said."""
        if self._created is not None:
            self._desktop.notices.say(
                _("The recovery key is shown only now."), _("Keep it, tick “I have kept it” and go on."), Tone.WARNING
            )
        return self._created is None

    def let_go(self) -> None:
        """Close what was left unlocked for somebody to sign in to."""
        project = self.sign_in.forget()
        if project is not None:
            self._desktop.close_project(project)

    def welcome(self) -> None:
        """Show the first panel again."""
        if self.may_leave():
            self.let_go()
            self._show(self._welcome)

    def _make_welcome(self) -> QWidget:
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(label(_("Try it on a synthetic study"), size="heading"))
        said = _(
            "Made-up patients with CT series, readings, features and models: everything can be tried, "
            "as any of the study's people. The first time it is built on this machine, which takes minutes."
        )
        column.addWidget(label(said, tone="secondary", wrap=True))
        column.addWidget(row(self.demo_button, None))
        column.addWidget(self.preparing)
        column.addStretch(1)
        return panel

    def _show_preparing(self, running: Running | None) -> None:
        """Show how far the demo's first patients are."""
        self.demo_button.setEnabled(running is None)
        self.preparing.setVisible(running is not None)
        self._preparing = running
        if running is not None:
            self.preparing.say(running.name)
            self.preparing.advance(running)

    def _stop_preparing(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(2 * GRID)
        left.addWidget(label("ESCC Desktop", size="title"))
        left.addWidget(
            label(_("Radiomics of advanced esophageal squamous cell carcinoma"), tone="secondary", wrap=True)
        )
        left.addWidget(row(self.open_button, self.new_button, None))
        left.addWidget(self.recent, 1)
        holder = QWidget()
        holder.setFixedWidth(_LIST_PX)
        holder.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        across = QHBoxLayout()
        across.setSpacing(6 * GRID)
        across.addStretch(1)
        across.addWidget(holder)
        across.addWidget(
            _surface(self._welcome, self.sign_in, self.new, self.recovery), alignment=Qt.AlignmentFlag.AlignTop
        )
        across.addStretch(1)
        down = QVBoxLayout(self)
        down.setContentsMargins(3 * GRID, 8 * GRID, 3 * GRID, 3 * GRID)
        down.addLayout(across)

    def _listen(self) -> None:
        self.open_button.clicked.connect(self.choose_folder)
        self.new_button.clicked.connect(self.new_project)
        self.demo_button.clicked.connect(lambda: self.open_demo(WindowStart(is_demo=True)))
        self.demo.preparing.connect(self._show_preparing)
        self.preparing.cancel.connect(self._stop_preparing)
        self.recent.chosen.connect(self.open_folder)
        self.recent.forgotten.connect(self._forget)
        self.sign_in.opened.connect(lambda project, is_synthetic: self.take(project, is_synthetic=is_synthetic))
        self.sign_in.back.connect(self.welcome)
        self.new.back.connect(self.welcome)
        self.new.made.connect(self._on_created)
        self.recovery.kept.connect(self._on_kept)

    def _on_created(self, created: CreatedProject) -> None:
        self._created = created
        self._show(self.recovery)
        self.recovery.show_key(created.project.folder.name, created.recovery_key)

    def _on_kept(self) -> None:
        created, self._created = self._created, None
        if created is not None:
            self.take(created.project, is_synthetic=False)

    def _forget(self, folder: Path) -> None:
        settings = self._desktop.settings
        kept = tuple(path for path in settings.recent if path != str(folder))
        self._desktop.set_settings(replace(settings, recent=kept))
        self.recent.look()

    def _show(self, panel: QWidget) -> None:
        """Show one panel; the others ask for no room."""
        for one in (self._welcome, self.sign_in, self.new, self.recovery):
            one.setVisible(one is panel)


def _surface(*panels: QWidget) -> QWidget:
    """Return a card that scrolls where the screen is low."""
    frame = QFrame()
    frame.setProperty("surface", "raised")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
    for panel in panels:
        inside.addWidget(panel)
    area = FittingScroll(frame)
    area.setFixedWidth(_PANEL_PX)
    return area

"""The head: what is on screen, whose it is; search, jobs, and who is signed in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.jobs_button import JobsButton
from escc_desktop.gui.frame.roles import role_words
from escc_desktop.gui.icons import icon
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _

HEIGHT_PX = 48
SEARCH_PX = 264


class Head(QFrame):
    """Page title, project, patient; search, jobs and the signed-in person.

    Attributes
    ----------
    switch_wanted
        The name of one of a synthetic project's people to sign in as.
    sign_in_wanted, close_wanted, settings_wanted
        What the person's menu offers.
    """

    switch_wanted = Signal(str)
    sign_in_wanted = Signal()
    close_wanted = Signal()
    settings_wanted = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT_PX)
        self._desktop = desktop
        self.staff: tuple[str, ...] = ()
        self._title = label(size="heading")
        self._where = label(tone="secondary")
        self._where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.search = _SearchButton()
        self.jobs = JobsButton(desktop.tasks)
        self.person = _person_button()
        self.menu = QMenu(self.person)
        self.person.clicked.connect(self._open_menu)
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, 0, GRID, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self._title)
        line.addWidget(self._where, 1)
        for widget in (self.search, self.jobs, self.person):
            line.addWidget(widget)
        desktop.patient_changed.connect(self.tell)
        desktop.project_changed.connect(self.tell)
        self.tell()

    def show_page(self, title: str) -> None:
        """Name the page on screen."""
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self.tell()

    def tell(self, _patient: str = "") -> None:
        """Show project, patient and person as they are now."""
        project = self._desktop.project
        parts = [self.project_words(), self._desktop.patient_id]
        self._where.setText("  ·  ".join(part for part in parts if part))
        self.person.setVisible(project is not None)
        if project is not None:
            name, role = project.principal.name, role_words(project.principal.role)
            said = name if name.casefold() == role.casefold() else f"{name} · {role}"
            self.person.setText(said)
            self.person.setAccessibleName(said)

    def project_words(self) -> str:
        """Name the project on screen; a synthetic one says so."""
        project = self._desktop.project
        if project is None:
            return ""
        if self._desktop.is_synthetic:
            return _("Synthetic study {name}").format(name=project.folder.parent.name)
        return project.folder.name

    def fill_menu(self) -> None:
        """Offer what the signed-in person can do with the project."""
        self.menu.clear()
        project = self._desktop.project
        own = project.principal.name if project else ""
        if self.staff:
            self.menu.addAction(_("Synthetic study: go on as")).setEnabled(False)
        for name in self.staff:
            one = self.menu.addAction(name)
            one.setCheckable(True)
            one.setChecked(name == own)
            one.setEnabled(name != own)
            one.triggered.connect(lambda _checked=False, name=name: self.switch_wanted.emit(name))
        if self.staff:
            self.menu.addSeparator()
        self._offer("person", _("Sign in as somebody else …"), self.sign_in_wanted.emit)
        self._offer("sign_out", _("Close the project"), self.close_wanted.emit)
        self.menu.addSeparator()
        self._offer("settings", _("Settings …"), self.settings_wanted.emit)

    def _offer(self, icon_name: str, text: str, call: Callable[[], None]) -> None:
        one = self.menu.addAction(icon(icon_name), text)
        one.triggered.connect(lambda _checked=False: call())

    def _open_menu(self) -> None:
        self.fill_menu()
        corner = self.person.mapToGlobal(QPoint(self.person.width(), self.person.height() + 4))
        self.menu.popup(corner - QPoint(self.menu.sizeHint().width(), 0))


class _SearchButton(QPushButton):
    """Looks like a field and opens the palette; its key stands at its right end."""

    def __init__(self) -> None:
        super().__init__(icon("search", "secondary"), _("Search"))
        self.setProperty("weight", "search")
        self.setFixedWidth(SEARCH_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(_("Search actions, pages and patients (Ctrl+K)"))
        self.setAccessibleName(_("Search actions, pages and patients"))
        keys = QLabel("Ctrl+K")
        keys.setProperty("key", True)
        keys.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 4, 0)
        line.addStretch(1)
        line.addWidget(keys, alignment=Qt.AlignmentFlag.AlignVCenter)


def _person_button() -> QToolButton:
    made = QToolButton()
    made.setIcon(icon("person"))
    made.setIconSize(QSize(20, 20))
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setMinimumHeight(32)
    made.setToolTip(_("Who is signed in; sign in as somebody else, close the project"))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made

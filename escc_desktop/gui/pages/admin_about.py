"""What this program is: version, what it may be used for, where things lie, and whose work is in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.crash import log_folder
from escc_desktop.gui.pages.admin_installation import InstallationPanel
from escc_desktop.gui.pages.admin_section import Section, scrolled
from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.places import settings_path
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import card, label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.admin import AdminView

_WIDTH_PX = 480


class AboutSection(Section):
    """Facts on the left, the parts with their licences on the right."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        frame, column = card(spacing=2 * GRID)
        frame.setFixedWidth(_WIDTH_PX)
        column.addWidget(label("ESCC Desktop", size="title"))
        column.addWidget(
            label(_("Research use only. It is no medical device: nothing here decides on a treatment."), wrap=True)
        )
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(2 * GRID)
        self._facts.setVerticalSpacing(GRID)
        self._facts.setColumnStretch(1, 1)
        column.addLayout(self._facts)
        column.addSpacing(GRID)
        self.installation = InstallationPanel(desktop)
        column.addWidget(self.installation)
        column.addStretch(1)
        self.parts = RowsTable(
            (Column(_("Part"), 0), Column(_("Version"), 120), Column(_("Licence"), 260)), _("Parts of the program")
        )
        right = QVBoxLayout()
        right.setSpacing(GRID)
        self.count = label(size="heading")
        right.addWidget(self.count)
        right.addWidget(self.parts, 1)
        line = QHBoxLayout()
        line.setSpacing(3 * GRID)
        facts = scrolled(frame)
        facts.setFixedWidth(_WIDTH_PX + 2 * GRID)
        line.addWidget(facts)
        line.addLayout(right, 1)
        self.column.addLayout(line, 1)
        self.facts: dict[str, QLabel] = {}

    def actions_here(self) -> tuple[Action, ...]:  # noqa: D102
        start = self.installation.start
        why_not = "" if start.isEnabled() else _("It is running.")
        return (Action("admin.verify", start.text(), self.installation.begin, "shield_checkmark", (), lambda: why_not),)

    def show_view(self, view: AdminView) -> None:  # noqa: D102
        about = view.about
        self._fact("version", _("Version"), about.version)
        self._fact("licence", _("Licence"), "Apache-2.0")
        self._fact("project", _("Project"), str(about.folder))
        self._fact("settings", _("Your settings"), str(settings_path()))
        self._fact("log", _("Log, defects"), str(log_folder()))
        self._fact("network", _("Network"), _("None: nothing leaves this machine by itself."))
        self._fact("system", _("System"), f"{about.system}, Python {about.python}")
        self.parts.rows_model.fill([Row((part.name, part.version, part.licence)) for part in about.parts])
        self.count.setText(_("{n} parts by others").format(n=len(about.parts)))

    def _fact(self, name: str, title: str, text: str) -> None:
        if name not in self.facts:
            place = len(self.facts)
            self.facts[name] = label(wrap=True)
            self.facts[name].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            top = Qt.AlignmentFlag.AlignTop
            self._facts.addWidget(label(title, tone="secondary"), place, 0, top)
            self._facts.addWidget(self.facts[name], place, 1, top)
        self.facts[name].setText(text)

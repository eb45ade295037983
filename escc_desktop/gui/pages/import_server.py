"""Asks for the address and the token of a REDCap server; the token is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit

from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _

WIDTH_PX = 360


class ServerPanel(SidePanel):
    """A short form.

    Attributes
    ----------
    wanted
        (address, token, own mapping or None).
    """

    wanted = Signal(str, str, object)

    def __init__(self, close: Callable[[], object]) -> None:
        super().__init__(_("REDCap server"), close)
        self.setFixedWidth(WIDTH_PX)
        self._mapping: Path | None = None
        self.url, self.token = QLineEdit(), QLineEdit()
        self.url.setPlaceholderText(_("https://redcap.example.org/api/"))
        self.url.setAccessibleName(_("Address of the API"))
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setAccessibleName(_("Token"))
        self.map = button(_("Choose a mapping"), "document_table")
        self._map_name = label(_("The shipped mapping"), tone="secondary", size="caption")
        self.start = button(_("Read"), "server", weight="primary")
        self.add(label(_("Address of the API"), tone="secondary", size="caption"))
        self.add(self.url)
        self.add(label(_("Token"), tone="secondary", size="caption"))
        self.add(self.token)
        note = _("The token goes to this address only and is forgotten when you leave the page.")
        self.add(Wrapped(note, tone="secondary", size="caption"))
        self.add(self.map)
        self.add(self._map_name)
        self.foot.addWidget(self.start)
        self.foot.addStretch(1)
        self.start.clicked.connect(self._ask)
        self.map.clicked.connect(self._choose_mapping)
        for edit in (self.url, self.token):
            edit.textChanged.connect(lambda _text: self._show())
            edit.returnPressed.connect(self._ask)
        self._show()

    def forget(self) -> None:
        """Forget the token."""
        self.token.clear()

    def _show(self) -> None:
        self.start.setEnabled(bool(self.url.text().strip() and self.token.text().strip()))

    def _ask(self) -> None:
        if self.start.isEnabled():
            self.wanted.emit(self.url.text().strip(), self.token.text().strip(), self._mapping)

    def _choose_mapping(self) -> None:
        self._dialog = QFileDialog(self, _("Mapping of REDCap fields"))
        self._dialog.setNameFilter(_("Mappings (*.toml)"))
        self._dialog.fileSelected.connect(self._take_mapping)
        self._dialog.open()

    def _take_mapping(self, name: str) -> None:
        self._mapping = Path(name)
        self._map_name.setText(self._mapping.name)

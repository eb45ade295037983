"""The panel in which a reading is signed: what is signed, what it stands for, the password."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _


class SignPanel(QWidget):
    """Asks for meaning and password; its owner does the signing and says how it went.

    Signals
    -------
    sign_wanted
        (password, meaning).
    left
        The reader wants to go on drawing.
    """

    sign_wanted = Signal(str, str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._summary = QFormLayout()
        self._summary.setContentsMargins(0, 0, 0, 0)
        self._summary.setSpacing(GRID // 2)
        self.warning = label(tone="warning", wrap=True)
        self.meaning, self.password = QLineEdit(), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.meaning.setAccessibleName(_("Meaning of the signature"))
        self.password.setAccessibleName(_("Password"))
        self.known = label(tone="secondary", size="caption", wrap=True)
        self.known.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fill = button(_("Fill it in"), weight="quiet")
        self.known.hide()
        self.fill.hide()
        self.trouble = label(tone="danger", wrap=True)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self.sign = button(_("Sign"), "signature", weight="primary")
        self.leave = button(_("Go on drawing"), weight="quiet")
        self._lay_out()
        self.sign.clicked.connect(self._want)
        self.leave.clicked.connect(self.left)
        self.password.returnPressed.connect(self._want)
        self.meaning.returnPressed.connect(self.password.setFocus)
        self.password.textChanged.connect(self._follow)
        self.meaning.textChanged.connect(self._follow)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(_("Sign reading"), size="heading"))
        column.addWidget(label(_("A signed reading is final."), tone="secondary", wrap=True))
        summary = QFrame()
        summary.setLayout(self._summary)
        column.addWidget(summary)
        column.addWidget(self.warning)
        column.addSpacing(GRID)
        column.addWidget(label(_("The signature stands for"), tone="secondary", size="caption"))
        column.addWidget(self.meaning)
        column.addWidget(label(_("Your password"), tone="secondary", size="caption"))
        column.addWidget(self.password)
        column.addWidget(self.known)
        column.addWidget(self.fill, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.trouble)
        column.addWidget(self._busy)
        column.addWidget(row(self.sign, None, self.leave))
        column.addStretch(1)

    def begin(self, summary: Sequence[tuple[str, str]], warning: str = "") -> None:
        """Show what would be signed, and ask."""
        while self._summary.rowCount():
            self._summary.removeRow(0)
        for name, value in summary:
            shown = label(value, wrap=True)
            shown.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._summary.addRow(label(name, tone="secondary"), shown)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        self.meaning.setText(_("Outlined by me"))
        self.password.clear()
        self.say("")
        self.password.setFocus()

    def tell_password(self, password: str) -> None:
        """Show the password of a synthetic study's reader, which nobody has chosen and so nobody knows."""
        self.known.setText(_("Synthetic study: the password is {password}").format(password=password))
        self.known.show()
        self.fill.clicked.connect(partial(self._fill_in, password))
        self.fill.show()

    def _fill_in(self, password: str, _checked: bool = False) -> None:
        self.password.setText(password)
        self.sign.setFocus()

    def say(self, what: str, hint: str = "") -> None:
        """Show why signing failed, and ask again; "" says nothing."""
        self.trouble.setText("\n".join(part for part in (what, hint) if part))
        self.trouble.setVisible(bool(what))
        self.set_busy(False)
        if what:
            self.password.clear()
            self.password.setFocus()

    def set_busy(self, is_busy: bool) -> None:
        """Show that the signature is being made."""
        self._busy.setVisible(is_busy)
        for widget in (self.meaning, self.password, self.fill, self.leave):
            widget.setEnabled(not is_busy)
        self._follow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to drawing."""
        if event.key() == Qt.Key.Key_Escape and self.leave.isEnabled():
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _follow(self) -> None:
        is_whole = bool(self.password.text() and self.meaning.text().strip())
        self.sign.setEnabled(is_whole and self.password.isEnabled())

    def _want(self) -> None:
        if self.sign.isEnabled():
            self.set_busy(True)
            self.sign_wanted.emit(self.password.text(), self.meaning.text().strip())

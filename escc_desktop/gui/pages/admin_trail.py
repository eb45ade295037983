"""The audit trail: every change, newest first; searched, checked, kept elsewhere."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QVBoxLayout

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Trouble
from escc_desktop.gui.icons import icon
from escc_desktop.gui.notices import Notice, Tone
from escc_desktop.gui.pages.admin_section import Section
from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button, label, row, set_tone
from escc_desktop.i18n import _, plural, said
from escc_desktop.workflow.views.admin import (
    SIGN_IN,
    AdminView,
    Checked,
    TrailRow,
    check_project,
    check_trail,
    save_trail,
)


class TrailSection(Section):
    """The trail as a table, and what proves that it is whole."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.search = Entry()
        self.search.setPlaceholderText(_("Search: person, act, patient, date"))
        self.search.setAccessibleName(_("Search the audit trail"))
        self.search.setToolTip(_("Search the audit trail (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMinimumWidth(280)
        self.sign_ins = QCheckBox(_("Sign-ins"))
        self.sign_ins.setChecked(True)
        self.sign_ins.setToolTip(_("Show who signed in and when"))
        self.count = label(tone="secondary")
        self.table = RowsTable(
            (
                Column(_("Row"), 64, is_number=True),
                Column(_("Time (UTC)"), 150),
                Column(_("Who"), 130),
                Column(_("What"), 160),
                Column(_("About"), 0),
                Column(_("Reason"), 220),
            ),
            _("Audit trail"),
        )
        self.noted = QLineEdit()
        self.noted.setPlaceholderText(_("An end noted earlier (row:hash), if any"))
        self.noted.setAccessibleName(_("An end noted earlier"))
        self.noted.setMinimumWidth(320)
        self.check = button(_("Check the trail"), "shield_checkmark", weight="primary")
        self.verify = button(
            _("Check the whole project"), "database", tip=_("Database, trail, and every stored image and outline")
        )
        self.save = button(_("Save as table"), "document_table")
        self.trouble = Trouble()
        self.head = label(tone="secondary", wrap=True)
        self.head.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy = button(_("Copy its end"), "copy", tip=_("Keep it outside the project: it shows a cut trail later."))
        self.copy.hide()
        self._head_text = ""
        self._rows: tuple[TrailRow, ...] = ()
        self._dialog: QFileDialog | None = None
        self._lay_out()
        self._connect()

    def show_view(self, view: AdminView) -> None:  # noqa: D102
        if view.trail is not None:
            self._rows = view.trail.rows
            self._fill()

    def actions_here(self) -> tuple[Action, ...]:  # noqa: D102
        return (
            Action("admin.trail.search", _("Search the audit trail"), self.search.setFocus, "search", ("Ctrl+F",)),
            Action("admin.trail.check", _("Check the audit trail"), self._check, "shield_checkmark"),
            Action("admin.trail.verify", _("Check the whole project"), self._verify, "database"),
        )

    def forget(self) -> None:  # noqa: D102
        self.search.clear()
        self.noted.clear()
        self._say_head("", "")

    def _connect(self) -> None:
        self.search.textChanged.connect(self._fill)
        self.sign_ins.toggled.connect(self._fill)
        self.check.clicked.connect(self._check)
        self.noted.returnPressed.connect(self._check)
        self.verify.clicked.connect(self._verify)
        self.save.clicked.connect(self._ask_where)
        self.copy.clicked.connect(self._copy)

    def _lay_out(self) -> None:
        self.column.addWidget(row(self.search, self.sign_ins, self.count, None, self.save, self.verify))
        self.column.addWidget(self.table, 1)
        foot = QVBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(row(self.check, self.noted, self.copy, None))
        foot.addWidget(self.head)
        foot.addWidget(self.trouble)
        self.column.addLayout(foot)

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        has_all = self.sign_ins.isChecked()
        found = [
            one
            for one in self._rows
            if (has_all or one.action != SIGN_IN) and all(word in one.search for word in words)
        ]
        self.table.rows_model.fill([_row(one) for one in found])
        if len(found) < len(self._rows):
            self.count.setText(_("{n} of {all} rows").format(n=len(found), all=len(self._rows)))
        else:
            self.count.setText(plural("{n} row", "{n} rows", len(found)))

    def _check(self) -> None:
        self._begin()
        self.run(
            _("Checking the audit trail"), check_trail, self.noted.text(),
            then=self._show_head, trouble=self.trouble, ends=self._end,
        )  # fmt: skip

    def _verify(self) -> None:
        self._begin()
        self.run(
            _("Checking the whole project"), check_project,
            then=self._show_checked, trouble=self.trouble, ends=self._end,
        )  # fmt: skip

    def _begin(self) -> None:
        self._say_head("", "")
        for act in (self.check, self.verify):
            act.setEnabled(False)

    def _end(self) -> None:
        for act in (self.check, self.verify):
            act.setEnabled(True)

    def _show_head(self, head: object) -> None:
        self._head_text = str(head)
        number, _colon, digest = self._head_text.partition(":")
        self._say_head(
            _("The trail is whole: {n} rows. Its end: {row}:{hash}…").format(n=number, row=number, hash=digest[:16]),
            "success",
        )
        self.outdated.emit()

    def _show_checked(self, checked: Checked) -> None:
        if checked.head is not None:
            self._head_text = str(checked.head)
            self._say_head(
                _("All is sound: database, audit trail, and every stored image and signed outline."), "success"
            )
            return
        error = EsccError(_("The project is damaged."), _("Restore it from a backup."))
        self.trouble.say(said(error.what), said(error.hint))
        self.desktop.notices.said.emit(Notice(said(error.what), said(error.hint), Tone.DANGER, checked.wrong))

    def _say_head(self, text: str, tone: str) -> None:
        self.head.setText(text)
        self.head.setVisible(bool(text))
        set_tone(self.head, tone)
        self.copy.setVisible(bool(text))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._head_text)
        self.desktop.notices.say(_("Copied. Keep it outside the project, with its date."))

    def _ask_where(self) -> None:
        dialog = self._dialog = QFileDialog(self, _("Save the audit trail"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(_("Table (*.csv)"))
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("audit.csv")
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Check the trail and write it as a table to this place."""
        self.run(
            _("Saving the audit trail"), save_trail, Path(path),
            then=lambda out: self.desktop.notices.say(_("Saved: {path}").format(path=out), tone=Tone.SUCCESS),
            trouble=self.trouble,
        )  # fmt: skip


def _row(one: TrailRow) -> Row:
    is_refused = one.action == SIGN_IN and one.subject != "accepted"
    cells = (str(one.seq), f"{one.at:%Y-%m-%d %H:%M:%S}", one.who or _("–"), one.action, one.subject, one.reason)
    return Row(cells, one.seq, "warning" if is_refused else "text")

"""Backup: the project copied whole while others work; and how to go back to one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QProgressBar, QVBoxLayout, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Field, Trouble
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.admin_section import Section, moment, narrow
from escc_desktop.gui.tasks import Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, card, label, row
from escc_desktop.i18n import _
from escc_desktop.workflow.views.admin import AdminView, back_up, backup_name


class BackupSection(Section):
    """Copies the project to a chosen folder."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.last = label(tone="secondary", wrap=True)
        self.folder = Field(_("New or empty folder for the copy, outside the project"))
        self.choose = button(_("Choose"), "folder_open")
        self.start = button(_("Back up now"), "archive", weight="primary")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.note = label(tone="secondary", size="caption")
        self.cancel = button(_("Cancel"), weight="quiet")
        self.trouble = Trouble()
        self._busy = QWidget()
        self._running: Running | None = None
        self._dialog: QFileDialog | None = None
        self.column.addWidget(narrow(self._lay_out_backup(), _restoring()), 1)
        self._busy.hide()
        self.choose.clicked.connect(self._ask_where)
        self.start.clicked.connect(self._begin)
        self.cancel.clicked.connect(self._stop)
        self.folder.edit.textChanged.connect(self._fit)
        desktop.tasks.changed.connect(self._advance)

    def show_view(self, view: AdminView) -> None:  # noqa: D102
        self._proposed = backup_name(view.about.folder, datetime.now().astimezone())
        if not self.folder.text:
            self.folder.edit.setText(str(view.about.folder.parent / self._proposed))
        if view.trail is None:
            self.last.hide()
        else:
            at = view.trail.last_backup
            self.last.setText(
                _("There is no backup yet.") if at is None else _("Last backup: {time} UTC").format(time=moment(at))
            )

    def forget(self) -> None:  # noqa: D102
        self.folder.edit.clear()
        self.trouble.say("")

    def _lay_out_backup(self) -> QWidget:
        frame, column = card(spacing=GRID + GRID // 2)
        column.addWidget(label(_("Back up the project"), size="heading"))
        column.addWidget(
            label(
                _(
                    "The copy is whole and encrypted with the same keys; others may go on working meanwhile. "
                    "Keep it on another disk, and never beside the recovery key."
                ),
                tone="secondary",
                wrap=True,
            )
        )
        column.addWidget(self.last)
        line = row(self.folder, self.choose)
        line_layout = line.layout()
        if line_layout is not None:
            line_layout.setAlignment(self.choose, Qt.AlignmentFlag.AlignBottom)
        column.addWidget(line)
        column.addWidget(self.trouble)
        busy = QVBoxLayout(self._busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(GRID // 2)
        busy.addWidget(self.bar)
        busy.addWidget(row(self.note, None, self.cancel))
        column.addWidget(self._busy)
        column.addWidget(row(None, self.start))
        return frame

    def _fit(self) -> None:
        self.start.setEnabled(self._running is None and bool(self.folder.text.strip()))

    def _ask_where(self) -> None:
        dialog = self._dialog = QFileDialog(self, _("Where to keep the backup"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.propose_in)
        dialog.open()

    def propose_in(self, folder: str) -> None:
        """Propose a folder of its own for the copy inside a folder somebody chose."""
        self.folder.edit.setText(str(Path(folder) / self._proposed))

    def _begin(self) -> None:
        self.bar.setRange(0, 0)
        self.note.setText(_("Copying the database"))
        self._running = self.run(
            _("Backing up"), back_up, Path(self.folder.text.strip()),
            then=self._finish, trouble=self.trouble, ends=self._end,
        )  # fmt: skip
        self._busy.setVisible(self._running is not None)
        if self._running is not None:
            self.cancel.setFocus()
        self._fit()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self.note.setText(_("Stopping; nothing of the copy stays"))

    def _advance(self) -> None:
        running = self._running
        if running is None or running.fraction is None or running.is_cancelled:
            return
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * running.fraction))
        self.note.setText(_("{percent} % copied").format(percent=round(100 * running.fraction)))

    def _end(self) -> None:
        self._running = None
        if self.cancel.hasFocus():
            self.folder.edit.setFocus()
        self._busy.hide()
        self._fit()

    def _finish(self, folder: Path) -> None:
        self.desktop.notices.say(
            _("Backed up to {folder}.").format(folder=folder), _("Try it now and then: open it like a project."),
            Tone.SUCCESS,
        )  # fmt: skip
        self.folder.edit.clear()
        self.outdated.emit()


def _restoring() -> QWidget:
    frame, column = card(spacing=GRID)
    column.addWidget(label(_("Go back to a backup"), size="heading"))
    for text in (
        _("To look into a backup, open it as it is on the start page: a backup is a project."),
        _(
            "To put one in place of a damaged project, restore it into a new folder. The backup is copied, opened and "
            "checked completely before anything counts as restored, and stays as it is:"
        ),
    ):
        column.addWidget(label(text, wrap=True))
    command = label("escc project restore BACKUP NEW_FOLDER --user NAME", tone="accent", wrap=True)
    command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    column.addWidget(command)
    column.addWidget(
        label(
            _("Passphrase and passwords are those of the day of the backup. Work done since then is not in it."),
            tone="secondary",
            wrap=True,
        )
    )
    return frame

"""A new project: its folder, its key, its administrator; then the recovery key, shown once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.files import write_whole
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Field, Trouble
from escc_desktop.gui.frame.front_door import job
from escc_desktop.gui.frame.strength import SHORTEST, strength_words
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, said

if TYPE_CHECKING:
    from escc_desktop.workflow.project import CreatedProject


class NewProjectPanel(QWidget):
    """Asks for what a new project needs.

    Attributes
    ----------
    made
        The `CreatedProject`; its recovery key must be shown now.
    back
        The person wants no new project.
    """

    made = Signal(object)
    back = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self.folder = Field(_("Folder of the project"))
        self.folder.edit.setPlaceholderText(_("A new or an empty folder on this machine"))
        self.choose = button(_("Choose …"), "folder_open")
        self.by_passphrase = QRadioButton(_("Unlock it with a passphrase"))
        self.by_keyring = QRadioButton(_("Unlock it with this system's keyring"))
        self.by_passphrase.setChecked(True)
        self._offer_keyring(False)
        self.passphrase = Field(_("Passphrase"), is_hidden=True)
        self.repeated = Field(_("Passphrase again"), is_hidden=True)
        self.name = Field(_("Name of the administrator"))
        self.password = Field(_("Password of the administrator"), is_hidden=True)
        self.password_again = Field(_("Password again"), is_hidden=True)
        self.trouble = Trouble()
        self.make = button(_("Create the project"), weight="primary")
        self._back = button(_("Back"), weight="quiet")
        self._lay_out()
        self._listen()

    def begin(self) -> None:
        """Start with empty fields; whether there is a keyring is found out meanwhile."""
        for field in self._fields():
            field.edit.clear()
            field.say("")
        self.trouble.say("")
        self._set_busy(False)
        self.by_passphrase.setChecked(True)
        answers: Answers[bool] = Answers(then=self._offer_keyring, failed=lambda _error: None)
        self._desktop.tasks.run("keyring", job("keyring_is_safe"), answers=answers, quiet=True)
        self.folder.edit.setFocus()

    def _fields(self) -> tuple[Field, ...]:
        return self.folder, self.passphrase, self.repeated, self.name, self.password, self.password_again

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID + 4)
        column.addWidget(label(_("New project"), size="heading"))
        self.folder.put_beside(self.choose)
        column.addWidget(self.folder)
        for widget in (self.by_passphrase, self.by_keyring):
            column.addWidget(widget)
        column.addLayout(_pair(self.passphrase, self.repeated))
        column.addWidget(self.name)
        column.addLayout(_pair(self.password, self.password_again))
        column.addWidget(self.trouble)
        column.addWidget(row(self._back, None, self.make))
        column.addStretch(1)

    def _listen(self) -> None:
        self.choose.clicked.connect(self._choose)
        self._back.clicked.connect(self.back)
        self.make.clicked.connect(self._submit)
        self.by_passphrase.toggled.connect(self._fit)
        self.passphrase.edit.textChanged.connect(lambda text: self.passphrase.say(*strength_words(text)))
        for field in self._fields():
            field.edit.returnPressed.connect(self._submit)
            field.edit.textEdited.connect(lambda _text: self.trouble.say(""))

    def _offer_keyring(self, is_safe: bool) -> None:
        for choice in (self.by_passphrase, self.by_keyring):
            choice.setVisible(is_safe)

    def _fit(self) -> None:
        for field in (self.passphrase, self.repeated):
            field.setVisible(self.by_passphrase.isChecked())

    def _choose(self) -> None:
        dialog = QFileDialog(self, _("Folder of the project"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder.edit.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _submit(self) -> None:
        if not self.make.isEnabled():
            return
        wrong = self._wrong()
        if wrong is not None:
            field, said = wrong
            self.trouble.say(said)
            field.edit.setFocus()
            return
        self._set_busy(True)
        passphrase = self.passphrase.text if self.by_passphrase.isChecked() else None
        answers: Answers[CreatedProject] = Answers(self._take, self._refuse, lambda: self._set_busy(False))
        folder = Path(self.folder.text.strip()).expanduser()
        what = (folder, self.name.text.strip(), self.password.text, passphrase)
        self._desktop.tasks.run(_("Creating the project"), _create, *what, answers=answers, quiet=True)

    def _wrong(self) -> tuple[Field, str] | None:
        """Return the first field that is not right yet, and why."""
        shown = [field for field in self._fields() if not field.isHidden()]
        for field in shown:
            if not field.text.strip():
                return field, _("{field} is missing.").format(field=field.caption.text())
        if not Path(self.folder.text.strip()).expanduser().is_absolute():
            return self.folder, _("Give the whole path of the folder, or choose it.")
        for field, again in ((self.passphrase, self.repeated), (self.password, self.password_again)):
            if field.isHidden():
                continue
            if len(field.text) < SHORTEST:
                return field, _("{field}: at least {n} characters.").format(field=field.caption.text(), n=SHORTEST)
            if field.text != again.text:
                return again, _("{field}: the two do not agree.").format(field=field.caption.text())
        return None

    def _take(self, made: CreatedProject) -> None:
        self._set_busy(False)
        for field in self._fields():
            field.edit.clear()
        self.made.emit(made)

    def _refuse(self, error: Exception) -> None:
        self._set_busy(False)
        if isinstance(error, EsccError):
            self.trouble.say(said(error.what), said(error.hint))
        else:
            self._desktop.notices.trouble(error)

    def _set_busy(self, is_busy: bool) -> None:
        self.make.setText(_("Creating …") if is_busy else _("Create the project"))
        buttons: tuple[QWidget, ...] = (self.make, self._back, self.choose, self.by_keyring, self.by_passphrase)
        for widget in (*buttons, *self._fields()):
            widget.setEnabled(not is_busy)


class RecoveryPanel(QWidget):
    """Shows the recovery key once.

    Attributes
    ----------
    kept
        The person has kept it.
    """

    kept = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._project = ""
        self.key = label(size="heading", wrap=True)
        self.key.setObjectName("recovery_key")
        self.copy = button(_("Copy"), "copy")
        self.save = button(_("Save …"), "save")
        self.tick = QCheckBox(_("I have kept it"))
        self.go_on = button(_("Open the project"), weight="primary")
        self._lay_out()
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._save)
        self.tick.toggled.connect(self.go_on.setEnabled)
        self.go_on.clicked.connect(self._leave)

    def show_key(self, project: str, key: str) -> None:
        """Show the key of a new project."""
        groups = key.split("-")
        half = (len(groups) + 1) // 2
        self._project = project
        self.key.setText("-".join(groups[:half]) + "-\n" + "-".join(groups[half:]))
        self.key.setProperty("whole", key)
        self.tick.setChecked(False)
        self.go_on.setEnabled(False)
        self.copy.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(label(_("Keep the recovery key"), size="heading"))
        said = _(
            "It opens the project when the passphrase or a password is lost. It is shown now and never again, "
            "and nobody else can make another one."
        )
        column.addWidget(label(said, wrap=True))
        column.addWidget(self.key)
        column.addWidget(row(self.copy, self.save, None))
        where = _("Print it or write it down and lock it away, apart from this machine. Do not keep it in the project.")
        column.addWidget(label(where, tone="secondary", wrap=True))
        column.addWidget(self.tick)
        column.addWidget(row(None, self.go_on))
        column.addStretch(1)

    def _whole(self) -> str:
        return str(self.key.property("whole") or "")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._whole())
        self._desktop.notices.say(_("The recovery key is on the clipboard. Clear it once it is kept."))

    def _save(self) -> None:
        dialog = QFileDialog(self, _("Save the recovery key"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"{self._project}-recovery-key.txt")
        dialog.fileSelected.connect(self.save_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Write the key into a file, off the main thread."""
        text = _("Recovery key of the project {project}").format(project=self._project) + f"\n\n{self._whole()}\n"
        answers: Answers[None] = Answers(
            then=lambda _nothing: self._desktop.notices.say(_("The recovery key is saved."))
        )
        self._desktop.tasks.run(_("Saving the recovery key"), _write, Path(path), text, answers=answers, quiet=True)

    def _leave(self) -> None:
        self.key.setText("")
        self.key.setProperty("whole", "")
        self.kept.emit()


def _pair(first: Field, second: Field) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(GRID)
    line.addWidget(first, 1, Qt.AlignmentFlag.AlignTop)
    line.addWidget(second, 1, Qt.AlignmentFlag.AlignTop)
    return line


def _create(folder: Path, name: str, password: str, passphrase: str | None, progress: object) -> Any:
    from escc_desktop.workflow.views.front_door import Login, NewProject  # noqa: PLC0415  # imported by the job

    return job("create_project")(NewProject(folder, Login(name, password), passphrase), progress=progress)


def _write(path: Path, text: str, progress: object) -> None:
    write_whole(path, text)

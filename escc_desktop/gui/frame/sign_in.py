"""Signing in to a project: its key, a name, a password; what stands in the way is said here, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Field, Trouble
from escc_desktop.gui.frame.front_door import job
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, said

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project
    from escc_desktop.workflow.views.front_door import ProjectSeen


class SignInPanel(QWidget):
    """Asks for what opens a project.

    Attributes
    ----------
    opened
        (Project, is_synthetic): somebody signed in.
    back
        The person wants another project.
    """

    opened = Signal(object, bool)
    back = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._seen: ProjectSeen | None = None
        self._unlocked: Project | None = None
        self._is_recovery = False
        self._turn = object()
        self._title = label(size="heading", wrap=True)
        self._where = label(tone="secondary", size="caption", wrap=True)
        self.passphrase = Field(_("Passphrase of the project"), is_hidden=True)
        self.name = Field(_("Your name in the project"))
        self.password = Field(_("Your password"), is_hidden=True)
        self.trouble = Trouble()
        self.enter = button(_("Sign in"), weight="primary")
        self._again = button(_("Try again"), "arrow_sync")
        self._back = button(_("Back"), weight="quiet")
        self._other_key = button("", weight="quiet")
        self.staff = QWidget()
        self._staff_column = QVBoxLayout(self.staff)
        self._staff_column.setContentsMargins(0, 0, 0, 0)
        self._lay_out()
        self.enter.clicked.connect(self._submit)
        self._again.clicked.connect(lambda: self._seen is not None and self.look(self._seen.folder))
        self._back.clicked.connect(self.back)
        self._other_key.clicked.connect(self._change_key)
        for field in (self.passphrase, self.name, self.password):
            field.edit.returnPressed.connect(self._submit)
            field.edit.textEdited.connect(lambda _text: self.trouble.say(""))

    def look(self, folder: Path) -> None:
        """Look at a folder, off the main thread, and ask for what opens it."""
        turn = self._next_turn()

        def then(seen: tuple[ProjectSeen, ...]) -> None:
            if turn is self._turn:
                self.ask(seen[0])

        answers: Answers[Any] = Answers(then=then, failed=self._refuse)
        self._seen, self._unlocked = None, None
        self._begin(folder.name, _("Looking at the project …"))
        for widget in (self.passphrase, self.name, self.password, self.enter, self.staff):
            widget.hide()
        for one in (self._again, self._other_key):
            one.hide()
        self._desktop.tasks.run(_("Looking at the project"), job("look_at_all"), (folder,), answers=answers, quiet=True)

    def ask(self, seen: ProjectSeen) -> None:
        """Ask for what opens this project, or say why nothing does."""
        self._seen, self._unlocked = seen, None
        self._is_recovery = bool(seen.methods) and seen.methods[0] == "recovery"
        self._begin(seen.folder.name, str(seen.folder.parent))
        if seen.trouble is not None:
            self.trouble.say(said(seen.trouble.what), said(seen.trouble.hint))
        self._offer_staff(seen.staff)
        self._fit()

    def ask_again(self, project: Project) -> None:
        """Ask somebody else to sign in to a project that is unlocked."""
        self._next_turn()
        self._seen, self._unlocked, self._is_recovery = None, project, False
        self._begin(project.folder.name, _("The project stays unlocked; sign in to go on."))
        self._offer_staff(())
        self._fit()

    @property
    def unlocked(self) -> Project | None:
        """The project that was left unlocked for somebody else; None when there is none."""
        return self._unlocked

    def forget(self) -> Project | None:
        """Let go of the project that was left unlocked and of everything typed; return the project."""
        project, self._unlocked = self._unlocked, None
        self._next_turn()
        for field in (self.passphrase, self.name, self.password):
            field.edit.clear()
        return project

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        head = QVBoxLayout()
        head.setSpacing(GRID // 2)
        head.addWidget(self._title)
        head.addWidget(self._where)
        column.addLayout(head)
        for widget in (self.staff, self.passphrase, self.name, self.password, self.trouble):
            column.addWidget(widget)
        column.addWidget(row(self._back, self._other_key, None, self._again, self.enter))
        column.addStretch(1)

    def _begin(self, title: str, where: str) -> None:
        self._title.setText(title)
        self._where.setText(where)
        self.trouble.say("")
        for field in (self.passphrase, self.password):
            field.edit.clear()
        self._set_busy(False)

    def _fit(self) -> None:
        """Show the fields this project needs, and put the keyboard into the first empty one."""
        seen = self._seen
        is_closed = seen is not None and seen.trouble is not None
        has_staff = seen is not None and bool(seen.staff)
        asks = not is_closed and not has_staff
        methods: tuple[str, ...] = seen.methods if seen is not None else ()
        needs_key = asks and self._unlocked is None and (self._is_recovery or (methods and methods[0] != "keyring"))
        self.passphrase.setVisible(bool(needs_key))
        self.passphrase.rename(_("Recovery key") if self._is_recovery else _("Passphrase of the project"))
        for widget in (self.name, self.password, self.enter):
            widget.setVisible(asks)
        self.staff.setVisible(has_staff and not is_closed)
        self._again.setVisible(is_closed)
        self._other_key.setVisible(asks and "recovery" in methods and len(methods) > 1)
        self._other_key.setText(_("Use the usual key") if self._is_recovery else _("Use the recovery key"))
        wanted = [field for field in (self.passphrase, self.name, self.password) if not field.isHidden()]
        empty = next((field for field in wanted if not field.text), None)
        if empty is not None:
            empty.edit.setFocus()

    def _offer_staff(self, names: tuple[str, ...]) -> None:
        while (item := self._staff_column.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        if not names:
            return
        said = _("A synthetic study: its passwords lie beside it. Go in as")
        self._staff_column.addWidget(label(said, tone="secondary", wrap=True))
        for name in names:
            one = button(name, "person", weight="choice")
            one.clicked.connect(lambda _checked=False, name=name: self._enter_as(name))
            self._staff_column.addWidget(one)

    def _change_key(self) -> None:
        self._is_recovery = not self._is_recovery
        self.passphrase.edit.clear()
        self.trouble.say("")
        self._fit()

    def _submit(self) -> None:
        if not self.enter.isEnabled() or self.enter.isHidden():
            return
        for field in (self.passphrase, self.name, self.password):
            if not field.isHidden() and not field.text:
                self.trouble.say(_("{field} is missing.").format(field=field.caption.text()))
                field.edit.setFocus()
                return
        self._set_busy(True)
        self._start()

    def _start(self) -> None:
        name, password = self.name.text.strip(), self.password.text
        if self._unlocked is not None:
            self._run(_sign_in_again, self._unlocked, name, password)
        elif self._seen is not None:
            method = "recovery" if self._is_recovery else str(self._seen.methods[0])
            self._run(_open, self._seen.folder, method, self.passphrase.text, name, password)

    def _enter_as(self, name: str) -> None:
        if self._seen is not None and self.staff.isEnabled():
            self._set_busy(True)
            self._run(job("open_as_staff"), self._seen.folder, name, is_synthetic=True)

    def _run(self, function: Any, *args: object, is_synthetic: bool = False) -> None:
        turn = self._next_turn()

        def then(project: Project) -> None:
            if turn is not self._turn:  # meanwhile the person went elsewhere
                self._desktop.close_project(project)
                return
            self._set_busy(False)
            self.forget()
            self.opened.emit(project, is_synthetic or self._was_synthetic(project))

        def failed(error: Exception) -> None:
            if turn is self._turn:
                self._refuse(error)

        def stopped() -> None:
            if turn is self._turn:
                self._set_busy(False)

        answers: Answers[Project] = Answers(then, failed, stopped)
        self._desktop.tasks.run(_("Signing in"), function, *args, answers=answers, quiet=True)

    def _next_turn(self) -> object:
        """Begin something new: what was begun before ends without being heard."""
        self._turn = object()
        return self._turn

    def _was_synthetic(self, project: Project) -> bool:
        return self._seen is not None and bool(self._seen.staff) and project.folder == self._seen.folder

    def _refuse(self, error: Exception) -> None:
        self._set_busy(False)
        if not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)
            return
        self.trouble.say(said(error.what), said(error.hint))
        self.password.edit.setFocus()
        self.password.edit.selectAll()

    def _set_busy(self, is_busy: bool) -> None:
        self.enter.setText(_("Signing in …") if is_busy else _("Sign in"))
        for widget in (self.enter, self.passphrase, self.name, self.password, self.staff, self._other_key, self._again):
            widget.setEnabled(not is_busy)
        if is_busy:
            self.trouble.say("")


def _open(folder: object, method: str, secret: str, name: str, password: str, progress: object) -> Any:
    from escc_desktop.workflow.views.front_door import Login, Method, Unlock  # noqa: PLC0415  # imported by the job

    unlock = Unlock(Method(method), Login(name, password), secret)
    return job("open_project")(folder, unlock, progress=progress)


def _sign_in_again(project: object, name: str, password: str, progress: object) -> Any:
    from escc_desktop.workflow.views.front_door import Login  # noqa: PLC0415  # imported by the job

    return job("sign_in_again")(project, Login(name, password), progress=progress)

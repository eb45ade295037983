"""Accounts: who is in, add somebody, let in again, keep out, replace a lost password."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Field, Trouble
from escc_desktop.gui.frame.roles import role_words
from escc_desktop.gui.frame.strength import strength_words
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.admin_section import Section, moment, scrolled
from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, card, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.unlocking import Login
from escc_desktop.workflow.views.admin import (
    ROLES,
    AdminView,
    PeopleView,
    Person,
    add_account,
    disable_account,
    replace_password,
    unlock_account,
)

_FORM_PX = 344


class PeopleSection(Section):
    """The accounts, and beside them what can be done."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.table = RowsTable(
            (
                Column(_("Name"), 0),
                Column(_("Role"), 130),
                Column(_("Reader"), 70),
                Column(_("Last signed in (UTC)"), 150),
                Column(_("State"), 250),
            ),
            _("Accounts"),
        )
        self.count = label(size="heading")
        self.add = button(_("Add somebody"), "add")
        self.add.hide()
        self.form = AddForm(self)
        self.account = AccountForm(self)
        self._forms = QStackedWidget()
        self._forms.setFixedWidth(_FORM_PX)
        for form in (self.form, self.account):
            self._forms.addWidget(scrolled(form))
        left = QVBoxLayout()
        left.setSpacing(2 * GRID)
        left.addWidget(row(self.count, None, self.add))
        left.addWidget(self.table, 1)
        line = QHBoxLayout()
        line.setSpacing(3 * GRID)
        line.addLayout(left, 1)
        line.addWidget(self._forms)
        self.column.addLayout(line, 1)
        self.add.clicked.connect(self.ask_new)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._on_choice())
        self._people: dict[str, Person] = {}

    def show_view(self, view: AdminView) -> None:  # noqa: D102
        if view.people is None:
            return
        chosen = self.table.chosen_key()
        self._people = {person.account_id: person for person in view.people.people}
        self.count.setText(plural("{n} account", "{n} accounts", len(self._people)))
        self.table.rows_model.fill([_row(person) for person in view.people.people])
        self.form.offer(view.people)
        if chosen is not None:
            self.table.choose_key(chosen)

    def forget(self) -> None:  # noqa: D102
        self.form.forget()
        self.account.forget()

    def ask_new(self) -> None:
        """Show the form for a new account."""
        self.table.clearSelection()
        self.table.setCurrentIndex(self.table.rootIndex())
        self._show_form(0)
        self.form.name.edit.setFocus()

    def _on_choice(self) -> None:
        person = self._people.get(str(self.table.chosen_key()))
        if person is not None:
            self.account.show_person(person)
        self._show_form(0 if person is None else 1)

    def _show_form(self, place: int) -> None:
        self._forms.setCurrentIndex(place)
        self.add.setVisible(place == 1)


class AddForm(QWidget):
    """Asks for a new account: name, role, a reader's letter, a first password."""

    def __init__(self, section: PeopleSection) -> None:
        super().__init__()
        self._section = section
        self._free: tuple[str, ...] = ()
        self.name = Field(_("Name, as it signs in"))
        self.role, self._role_line = _choice(_("Role"))
        for role in ROLES:
            self.role.addItem(role_words(role), role)
        self.role.setCurrentIndex(self.role.findData("coordinator"))
        self.reader, self._reader_line = _choice(_("Reader"))
        self.no_letter = label(_("Both readers' letters are taken."), tone="warning", size="caption", wrap=True)
        self.password = Field(_("First password"), is_hidden=True)
        self.trouble = Trouble()
        self.submit = button(_("Add the account"), weight="primary")
        column = _form(self, _("Add somebody"), _roles_told())
        for widget in (self.name, self._role_line, self._reader_line, self.no_letter, self.password, self.trouble):
            column.addWidget(widget)
        column.addWidget(row(None, self.submit))
        column.addStretch(1)
        self.role.currentIndexChanged.connect(self._fit)
        self.submit.clicked.connect(self._send)
        self.password.edit.textChanged.connect(lambda text: self.password.say(*strength_words(text)))
        for field in (self.name, self.password):
            field.edit.textChanged.connect(self._fit)
            field.edit.returnPressed.connect(self._send)
        self._fit()

    def offer(self, people: PeopleView) -> None:
        """Offer the letters that are free."""
        self._free = people.free_readers
        before = self.reader.currentData()
        self.reader.clear()
        for letter in people.free_readers:
            self.reader.addItem(_("Reader {letter}").format(letter=letter), letter)
        self.reader.setCurrentIndex(max(0, self.reader.findData(before)))
        self._fit()

    def forget(self) -> None:
        """Empty the fields."""
        self.name.edit.clear()
        self.password.edit.clear()
        self.trouble.say("")

    def _fit(self) -> None:
        is_reader = self.role.currentData() == "reader"
        self._reader_line.setVisible(is_reader and bool(self._free))
        self.no_letter.setVisible(is_reader and not self._free)
        has_all = bool(self.name.text.strip()) and bool(self.password.text)
        self.submit.setEnabled(has_all and (not is_reader or bool(self._free)))

    def _send(self) -> None:
        if not self.submit.isEnabled():
            return
        role = str(self.role.currentData())
        reader = str(self.reader.currentData()) if role == "reader" else ""
        login = Login(self.name.text.strip(), self.password.text)
        self.submit.setEnabled(False)
        self._section.run(
            _("Adding an account"), add_account, login, role, reader,
            then=self._added, trouble=self.trouble, ends=self._fit,
        )  # fmt: skip

    def _added(self, name: str) -> None:
        self.forget()
        self._section.desktop.notices.say(
            _("{name} can sign in now.").format(name=name),
            _("Hand over the first password in person."),
            Tone.SUCCESS,
        )


class AccountForm(QWidget):
    """What can be done about one account; each act asks why, for the audit trail."""

    def __init__(self, section: PeopleSection) -> None:
        super().__init__()
        self._section = section
        self._person: Person | None = None
        self.title = label(size="heading", wrap=True)
        self.told = label(tone="secondary", wrap=True)
        self.reason = Field(_("Reason, for the audit trail"))
        self.trouble = Trouble()
        self.unlock = button(_("Let in again now"), "lock_closed")
        self.recovery = Field(_("Recovery key of the project"), is_hidden=True)
        self.password = Field(_("New password"), is_hidden=True)
        self.replace = button(_("Replace the password"), "key")
        self.keep_out = button(_("Keep out for good"), "dismiss")
        self.warning = label(tone="warning", wrap=True)
        self._acts = QWidget()
        column = _form(self, "", "")
        column.addWidget(self.title)
        column.addWidget(self.told)
        acts = QVBoxLayout(self._acts)
        acts.setContentsMargins(0, 0, 0, 0)
        acts.setSpacing(GRID)
        for widget in (self.reason, self.trouble, row(self.unlock, None)):
            acts.addWidget(widget)
        acts.addSpacing(GRID)
        acts.addWidget(label(_("A lost password"), size="heading"))
        for widget in (self.recovery, self.password, row(self.replace, None)):
            acts.addWidget(widget)
        acts.addSpacing(GRID)
        acts.addWidget(label(_("Somebody who has left"), size="heading"))
        acts.addWidget(self.warning)
        acts.addWidget(row(self.keep_out, None))
        column.addWidget(self._acts)
        column.addStretch(1)
        self.unlock.clicked.connect(self._unlock)
        self.replace.clicked.connect(self._replace)
        self.keep_out.clicked.connect(self._keep_out)
        self.password.edit.textChanged.connect(lambda text: self.password.say(*strength_words(text)))
        for field in (self.reason, self.recovery, self.password):
            field.edit.textChanged.connect(self._fit)

    def show_person(self, person: Person) -> None:
        """Show an account."""
        if self._person is None or self._person.account_id != person.account_id:
            self.forget()
        self._person = person
        role = role_words(person.role)
        words = role if not person.reader else f"{role} {person.reader}"
        self.title.setText(person.name)
        state = _state(person) or _("may sign in")
        self.told.setText(_("This is your own account.") if person.is_self else f"{words} · {state}")
        self._acts.setVisible(not person.is_self and not person.is_disabled)
        self.unlock.setVisible(person.locked_until is not None)
        self.warning.setText(
            _("{name} will not be able to sign in any more. The work stays. This cannot be undone.").format(
                name=person.name
            )
        )
        self._fit()

    def forget(self) -> None:
        """Empty the fields."""
        for field in (self.reason, self.recovery, self.password):
            field.edit.clear()
        self.trouble.say("")

    def _fit(self) -> None:
        has_reason = bool(self.reason.text.strip())
        for act, is_ready in (
            (self.unlock, True),
            (self.replace, bool(self.recovery.text and self.password.text)),
            (self.keep_out, True),
        ):
            act.setEnabled(has_reason and is_ready)
            act.setToolTip("" if has_reason else _("Say the reason first."))

    def _unlock(self) -> None:
        if self._person is not None:
            self._do(
                _("Letting in again"), unlock_account, self._person.account_id, said=_("{name} can sign in again.")
            )

    def _keep_out(self) -> None:
        if self._person is not None:
            self._do(_("Keeping out"), disable_account, self._person.account_id, said=_("{name} is kept out."))

    def _replace(self) -> None:
        if self._person is not None:
            login = Login(self._person.name, self.password.text)
            self._do(
                _("Replacing a password"), replace_password, login, self.recovery.text,
                said=_("{name} has a new password."),
            )  # fmt: skip

    def _do(self, name: str, function: object, *args: object, said: str) -> None:
        person = self._person
        if person is None or not callable(function):
            return

        def done(_result: object) -> None:
            self.forget()
            self._section.desktop.notices.say(said.format(name=person.name), tone=Tone.SUCCESS)

        self._section.run(name, function, *args, self.reason.text, then=done, trouble=self.trouble)


def _row(person: Person) -> Row:
    tone = "disabled" if person.is_disabled else "warning" if person.locked_until is not None else "text"
    cells = (person.name, role_words(person.role), person.reader, moment(person.last_signed_in), _state(person))
    return Row(cells, person.account_id, tone)


def _state(person: Person) -> str:
    if person.is_disabled:
        return _("Kept out")
    if person.locked_until is not None:
        return _("Locked until {time} UTC").format(time=moment(person.locked_until))
    return _("You") if person.is_self else ""


def _roles_told() -> str:
    return _(
        "Readers draw and see neither results nor each other. Coordinators bring data in and plan. "
        "Oncologists see patients and results, statisticians develop models. Administrators see nothing clinical."
    )


def _choice(caption: str) -> tuple[QComboBox, QWidget]:
    """Return a box to choose from and the line it stands in with its caption."""
    box, line = QComboBox(), QWidget()
    box.setAccessibleName(caption)
    column = QVBoxLayout(line)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID // 2)
    name = label(caption, tone="secondary", size="caption")
    name.setBuddy(box)
    column.addWidget(name)
    column.addWidget(box)
    return box, line


def _form(holder: QWidget, title: str, told: str) -> QVBoxLayout:
    """Return the column of a card that fills a widget."""
    outer = QVBoxLayout(holder)
    outer.setContentsMargins(0, 0, 0, 0)
    frame, column = card(spacing=GRID + GRID // 2)
    outer.addWidget(frame)
    if title:
        column.addWidget(label(title, size="heading"))
    if told:
        column.addWidget(label(told, tone="secondary", size="caption", wrap=True))
    return column

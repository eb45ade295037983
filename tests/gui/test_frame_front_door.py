"""Before a project is open: projects used last, signing in, what stands in the way of it, and new projects."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import keyring
import keyring.backend
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from escc_desktop.gui.frame.sign_in import SignInPanel
from escc_desktop.gui.frame.strength import guess_bits, strength_words
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.progress import Progress
from escc_desktop.store.lock import OsKeyring, RecoveryKey
from escc_desktop.store.store import Login, Store
from escc_desktop.workflow.demo.people import StudyClock, create_project, make_keys
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views import front_door

LEFT = Qt.MouseButton.LeftButton
RETURN = Qt.Key.Key_Return


class SafeKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self._kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept.get((service, username))


@pytest.fixture
def folder(small_study: ModuleType) -> Iterator[Path]:
    """A closed project with one account, where file rights can be taken away."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        place = Path(name) / "Esophagus 2024"
        small_study.empty_project(place, small_study.Clock())[0].close()
        yield place
        place.chmod(0o755)


@pytest.fixture
def use_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(SafeKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def door(framing: ModuleType, window: MainWindow) -> MainWindow:
    window.activateWindow()
    return window


def look(door: MainWindow, qtbot: QtBot, place: Path) -> SignInPanel:
    """Choose a folder and wait until it has been looked at."""
    door.start_page.open_folder(place)
    panel = door.start_page.sign_in
    qtbot.waitUntil(
        lambda: panel.enter.isVisible() or panel.trouble.isVisible() or panel.staff.isVisible(), timeout=10_000
    )
    return panel


def look_away(door: MainWindow, place: Path) -> None:
    door.start_page.recent.chosen.emit(place)


def type_in(qtbot: QtBot, panel: SignInPanel, passphrase: str, name: str, password: str) -> None:
    for field, typed in ((panel.passphrase, passphrase), (panel.name, name), (panel.password, password)):
        if field.isVisible():
            field.edit.selectAll()
            qtbot.keyClicks(field.edit, typed)


def opened(door: MainWindow, qtbot: QtBot) -> Project:
    qtbot.waitUntil(lambda: door.desktop.project is not None, timeout=10_000)
    assert door.desktop.project is not None
    return door.desktop.project


def press(edit: QWidget, letter: str, *, has_shift: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ShiftModifier if has_shift else Qt.KeyboardModifier.NoModifier
    key = Qt.Key(ord(letter.upper()))
    QGuiApplication.sendEvent(edit, QKeyEvent(QKeyEvent.Type.KeyPress, key, modifier, letter))


def refused(panel: SignInPanel, qtbot: QtBot) -> tuple[str, str]:
    qtbot.waitUntil(panel.trouble.isVisible, timeout=10_000)
    return panel.trouble.what.text(), panel.trouble.hint.text()


def test_that_a_project_opens_with_passphrase_name_password_and_enter(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType
) -> None:
    panel = look(door, qtbot, folder)
    assert panel.passphrase.edit.hasFocus()
    type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
    qtbot.keyClick(panel.password.edit, RETURN)
    project = opened(door, qtbot)
    assert project.folder == folder
    assert project.principal.name == "admin"
    assert not door.desktop.is_synthetic
    assert door.desktop.settings.recent[0] == str(folder)
    assert (panel.passphrase.text, panel.password.text) == ("", "")


@pytest.mark.parametrize(
    ("passphrase", "name", "password", "said"),
    [
        ("another passphrase", "admin", None, "does not open this project"),
        (None, "admin", "another password", "or password"),
        (None, "nobody", None, "or password"),
    ],
)
def test_that_what_is_wrong_gets_one_sentence_and_can_be_typed_again(
    passphrase: str | None,
    name: str,
    password: str | None,
    said: str,
    door: MainWindow,
    qtbot: QtBot,
    folder: Path,
    small_study: ModuleType,
) -> None:
    right = small_study.PASSPHRASE.text, "admin", small_study.PASSWORD
    panel = look(door, qtbot, folder)
    type_in(qtbot, panel, passphrase or right[0], name, password or right[2])
    qtbot.mouseClick(panel.enter, LEFT)
    what, hint = refused(panel, qtbot)
    assert said in what
    assert what.count(".") == 1
    assert hint
    assert not door.notices.cards
    type_in(qtbot, panel, *right)
    assert not panel.trouble.isVisible()
    qtbot.mouseClick(panel.enter, LEFT)
    opened(door, qtbot)


def test_that_what_was_begun_before_is_not_heard_after(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Path] = []
    panel = look(door, qtbot, folder)
    type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
    with monkeypatch.context() as patch:
        patch.setattr(door.desktop, "close_project", lambda project: (closed.append(project.folder), project.close()))
        qtbot.mouseClick(panel.enter, LEFT)
        qtbot.mouseClick(panel._back, LEFT)
        qtbot.waitUntil(lambda: closed == [folder], timeout=10_000)
    assert door.desktop.project is None
    door.start_page.open_folder(folder.parent / "elsewhere")
    door.start_page.open_folder(folder)
    qtbot.waitUntil(panel.enter.isVisible, timeout=10_000)
    qtbot.waitUntil(lambda: not door.desktop.tasks.running)
    assert not panel.trouble.isVisible()
    assert panel.name.text == ""


def test_that_an_empty_field_is_named_and_gets_the_keyboard(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType
) -> None:
    panel = look(door, qtbot, folder)
    type_in(qtbot, panel, small_study.PASSPHRASE.text, "", small_study.PASSWORD)
    qtbot.keyClick(panel.password.edit, RETURN)
    assert panel.trouble.what.text() == "Your name in the project is missing."
    assert panel.name.edit.hasFocus()


def test_that_a_project_another_program_writes_to_is_said_so_and_opens_later(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Store.open.__func__.__kwdefaults__, "timeout_s", 0.2)
    other = Store.open(folder, small_study.PASSPHRASE)
    with other._database.write():
        panel = look(door, qtbot, folder)
        type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
        qtbot.mouseClick(panel.enter, LEFT)
        assert refused(panel, qtbot) == (
            "The project is busy: another program is writing to it.",
            "Wait a moment and try again.",
        )
    other.close()
    qtbot.mouseClick(panel.enter, LEFT)
    opened(door, qtbot)


def test_that_a_project_open_in_another_window_opens_here_too(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType
) -> None:
    login = Login("admin", small_study.PASSWORD)
    with Project.open(folder, small_study.PASSPHRASE, login) as other:
        panel = look(door, qtbot, folder)
        type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
        qtbot.mouseClick(panel.enter, LEFT)
        assert not opened(door, qtbot).shares_store(other)


@pytest.mark.parametrize(
    ("break_it", "what", "hint"),
    [
        (
            lambda place: place.rename(place.parent / "elsewhere"),
            "There is no folder Esophagus 2024.",
            "Check the path",
        ),
        (lambda place: (place / "project.db").unlink(), "project.db is missing", "Choose a project's folder."),
        (
            lambda place: (place / "project.key").write_text("{}"),
            "project.key is damaged.",
            "Restore it from a backup.",
        ),
        (
            lambda place: _set_version(place / "project.key"),
            "by a newer version of the program.",
            "Update the program.",
        ),
    ],
    ids=["missing", "no database", "damaged key", "newer key"],
)
def test_that_a_folder_that_cannot_be_opened_says_why_before_anything_is_typed(
    break_it: Callable[[Path], object], what: str, hint: str, door: MainWindow, qtbot: QtBot, folder: Path
) -> None:
    break_it(folder)
    panel = look(door, qtbot, folder)
    said = refused(panel, qtbot)
    assert what in said[0]
    assert hint in said[1]
    assert not panel.passphrase.isVisible()
    assert not panel.enter.isVisible()
    assert panel._again.isVisible()
    if (folder.parent / "elsewhere").exists():
        (folder.parent / "elsewhere").rename(folder)


def test_that_a_damaged_database_is_said_so(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType
) -> None:
    database = folder / "project.db"
    raw = bytearray(database.read_bytes())
    raw[100:2000] = bytes(1900)
    database.write_bytes(raw)
    panel = look(door, qtbot, folder)
    type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
    qtbot.mouseClick(panel.enter, LEFT)
    what, hint = refused(panel, qtbot)
    assert "damaged" in what
    assert hint == "Restore it from a backup."
    assert database.read_bytes() == raw


def test_that_a_project_of_a_newer_program_is_said_so(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType
) -> None:
    with Store.open(folder, small_study.PASSPHRASE) as store, store.ledger.write("", "pretend") as entry:
        entry.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    panel = look(door, qtbot, folder)
    type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
    qtbot.mouseClick(panel.enter, LEFT)
    what, hint = refused(panel, qtbot)
    assert "9999" in what
    assert "newer version" in hint


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="file rights of Windows")
def test_that_a_project_that_cannot_be_written_is_said_so(
    door: MainWindow, qtbot: QtBot, folder: Path, small_study: ModuleType
) -> None:
    panel = look(door, qtbot, folder)
    type_in(qtbot, panel, small_study.PASSPHRASE.text, "admin", small_study.PASSWORD)
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)  # file rights do not bind the superuser
    try:
        qtbot.mouseClick(panel.enter, LEFT)
        assert refused(panel, qtbot)[1] == "Check the rights of its folder and files."
    finally:
        os.seteuid(before)


def test_that_the_recovery_key_opens_when_the_passphrase_is_lost(
    door: MainWindow, qtbot: QtBot, tmp_path: Path, small_study: ModuleType
) -> None:
    login = Login("admin", small_study.PASSWORD)
    made = Store.create(tmp_path / "p", small_study.PASSPHRASE, login, cost=small_study.CHEAP)
    made.store.close()
    panel = look(door, qtbot, tmp_path / "p")
    qtbot.mouseClick(panel._other_key, LEFT)
    assert panel.passphrase.caption.text() == "Recovery key"
    type_in(qtbot, panel, made.recovery_key, "admin", small_study.PASSWORD)
    qtbot.mouseClick(panel.enter, LEFT)
    opened(door, qtbot)


def test_that_the_keyring_asks_for_no_passphrase(
    use_keyring: None, door: MainWindow, qtbot: QtBot, tmp_path: Path, small_study: ModuleType
) -> None:
    login = Login("admin", small_study.PASSWORD)
    Store.create(tmp_path / "p", OsKeyring(), login, cost=small_study.CHEAP).store.close()
    panel = look(door, qtbot, tmp_path / "p")
    assert not panel.passphrase.isVisible()
    type_in(qtbot, panel, "", "admin", small_study.PASSWORD)
    qtbot.keyClick(panel.password.edit, RETURN)
    opened(door, qtbot)


def test_that_a_synthetic_project_offers_its_people(door: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    create_project(tmp_path / "project", keys, StudyClock()).close()
    panel = look(door, qtbot, tmp_path / "project")
    assert not panel.name.isVisible()
    buttons = {one.text(): one for one in panel.staff.findChildren(type(panel.enter))}
    qtbot.mouseClick(buttons["reader-b"], LEFT)
    assert opened(door, qtbot).principal.name == "reader-b"
    assert door.desktop.is_synthetic


def test_that_hidden_entries_show_dots_and_speak_of_caps_lock(door: MainWindow, qtbot: QtBot, folder: Path) -> None:
    panel = look(door, qtbot, folder)
    edit = panel.passphrase.edit
    assert edit.displayText() == ""
    press(edit, "A", has_shift=True)
    press(edit, "b")
    assert "ab" not in edit.displayText().lower()
    assert not panel.passphrase.said.isVisible()
    press(edit, "C")
    assert panel.passphrase.said.text() == "Caps Lock seems to be on."
    press(edit, "d")
    assert not panel.passphrase.said.isVisible()
    edit._eye.trigger()
    assert edit.displayText() == edit.text() == "AbCd"


def test_that_projects_used_last_are_listed_and_missing_ones_say_so(
    door: MainWindow, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    settings = door.desktop.settings.with_recent(tmp_path / "gone").with_recent(folder)
    door.desktop.set_settings(settings)
    recent = door.start_page.recent
    recent.look()
    qtbot.waitUntil(lambda: [line.why for line in recent.lines] == ["", "There is no folder gone."], timeout=10_000)
    assert not recent.lines[0].forget.isVisible()
    qtbot.mouseClick(recent.lines[1].forget, LEFT)
    qtbot.waitUntil(lambda: len(recent.lines) == 1)
    assert door.desktop.settings.recent == (str(folder),)
    qtbot.mouseClick(recent.lines[0].open, LEFT, pos=QPoint(30, 20))
    qtbot.waitUntil(door.start_page.sign_in.enter.isVisible, timeout=10_000)


def test_that_a_new_project_is_made_and_its_recovery_key_kept(door: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    door.start_page.new_project()
    new = door.start_page.new
    place = tmp_path / "Study"
    typed = (str(place), "correct horse battery", "correct horse battery", "admin", "a password", "a password")
    for field, words in zip(new._fields(), typed, strict=True):
        qtbot.keyClicks(field.edit, words)
    assert new.passphrase.said.text() == "Strong"
    qtbot.keyClick(new.password_again.edit, RETURN)
    recovery = door.start_page.recovery
    qtbot.waitUntil(recovery.isVisible, timeout=20_000)
    assert door.desktop.project is None
    key = recovery.key.text().replace("\n", "")
    assert not recovery.go_on.isEnabled()
    for leave in (
        door.open_other,
        door.new_project,
        door.start_page.welcome,
        door.close,
        lambda: look_away(door, place),
    ):
        leave()
        assert recovery.isVisible()
        assert door.isVisible()
    assert {card.notice.text for card in door.notices.cards} == {"The recovery key is shown only now."}
    qtbot.mouseClick(recovery.copy, LEFT)
    assert QGuiApplication.clipboard().text() == key
    recovery.save_to(str(tmp_path / "key.txt"))
    qtbot.waitUntil((tmp_path / "key.txt").exists)
    qtbot.mouseClick(recovery.tick, LEFT, pos=QPoint(9, recovery.tick.height() // 2))
    qtbot.mouseClick(recovery.go_on, LEFT)
    assert opened(door, qtbot).folder == place
    assert key not in recovery.key.text()
    assert key in (tmp_path / "key.txt").read_text(encoding="utf-8")
    Store.open(place, RecoveryKey(key)).close()
    assert (new.passphrase.text, new.password.text) == ("", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({1: "short", 2: "short"}, "Passphrase: at least 8 characters."),
        ({2: "another passphrase"}, "Passphrase: the two do not agree."),
        ({4: "1234567", 5: "1234567"}, "Password of the administrator: at least 8 characters."),
        ({5: "another password"}, "Password of the administrator: the two do not agree."),
        ({3: ""}, "Name of the administrator is missing."),
        ({0: "here"}, "Give the whole path of the folder, or choose it."),
    ],
)
def test_that_a_new_project_is_not_made_before_everything_is_right(
    changed: dict[int, str], said: str, door: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    door.start_page.new_project()
    new = door.start_page.new
    typed = [str(tmp_path / "Study"), "a passphrase", "a passphrase", "admin", "a password", "a password"]
    for place, words in changed.items():
        typed[place] = words
    for field, words in zip(new._fields(), typed, strict=True):
        field.edit.setText(words)
    qtbot.mouseClick(new.make, LEFT)
    assert new.trouble.what.text() == said
    assert not (tmp_path / "Study").exists()


def test_that_a_folder_that_is_not_empty_is_refused_and_left_as_it_was(
    door: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    door.start_page.new_project()
    new = door.start_page.new
    typed = (str(tmp_path / "full"), "a passphrase", "a passphrase", "admin", "a password", "a password")
    for field, words in zip(new._fields(), typed, strict=True):
        field.edit.setText(words)
    qtbot.mouseClick(new.make, LEFT)
    qtbot.waitUntil(new.trouble.isVisible, timeout=10_000)
    assert new.trouble.what.text() == "The folder full is not empty."
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    assert new.make.isEnabled()


def test_that_the_keyring_is_offered_only_where_there_is_one(use_keyring: None, door: MainWindow, qtbot: QtBot) -> None:
    door.start_page.new_project()
    new = door.start_page.new
    assert not new.by_keyring.isVisible()
    qtbot.waitUntil(new.by_keyring.isVisible, timeout=10_000)
    qtbot.mouseClick(new.by_keyring, LEFT, pos=QPoint(9, 12))
    assert not new.passphrase.isVisible()


def test_that_more_and_other_characters_are_stronger() -> None:
    assert strength_words("") == ("", "")
    assert strength_words("abc")[0] == "5 more characters needed"
    ladder = ("aaaaaaaaaaaaaaaa", "12345678", "esophagus", "Esophagus7!", "esophagus under the sun")
    assert [guess_bits(one) for one in ladder] == sorted(guess_bits(one) for one in ladder)
    assert strength_words("12345678")[1] == "warning"
    assert strength_words("esophagus under the sun") == ("Strong", "success")


def test_that_patients_are_told_by_what_the_role_may_see(small_project: Callable[[str], Project]) -> None:
    known = {name: front_door.patients_of(small_project(name), Progress()) for name in ("admin", "B", "oncologist")}
    own = {session.patient_id for session in small_project("B").sessions()}
    assert known["admin"] == ()
    assert set(known["B"]) == own
    assert known["oncologist"] == ("P1", "P2", "P3")


def _set_version(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, "version": 2}), encoding="utf-8")

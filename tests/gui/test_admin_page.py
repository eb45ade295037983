"""The administration, driven as its people drive it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from escc_desktop.errors import AccessDeniedError
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.notices import Notice
from escc_desktop.gui.pages.admin import AdminPage
from escc_desktop.gui.pages.admin_about import AboutSection
from escc_desktop.gui.pages.admin_backup import BackupSection
from escc_desktop.gui.pages.admin_people import PeopleSection
from escc_desktop.gui.pages.admin_plan import PlanSection
from escc_desktop.gui.pages.admin_section import Section
from escc_desktop.gui.pages.admin_trail import TrailSection
from escc_desktop.store import store as store_module
from escc_desktop.store.accounts import Role
from escc_desktop.store.store import Login
from escc_desktop.workflow.project import Project

WAIT_MS = 20_000
S = TypeVar("S", bound=Section)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_as(
    show_as: Callable[..., MainWindow], small_project: Callable[[str], Project], qtbot: QtBot
) -> Callable[..., AdminPage]:
    def opened(name: str = "admin", section: str = "") -> AdminPage:
        window = show_as(small_project(name), "admin")
        qtbot.waitUntil(lambda: isinstance(window.current_page, AdminPage), timeout=WAIT_MS)
        page = window.current_page
        assert isinstance(page, AdminPage)
        qtbot.waitUntil(lambda: page.section != "", timeout=WAIT_MS)
        if section:
            page.go(section)
            assert page.section == section
        return page

    return opened


@pytest.fixture
def said(window: MainWindow) -> Iterator[list[Notice]]:
    heard: list[Notice] = []
    window.desktop.notices.said.connect(heard.append)
    yield heard
    window.desktop.notices.said.disconnect(heard.append)


def part(page: AdminPage, name: str, kind: type[S]) -> S:
    section = page.section_of(name)
    assert isinstance(section, kind)
    return section


people = partial(part, name="people", kind=PeopleSection)
plan = partial(part, name="plan", kind=PlanSection)
trail = partial(part, name="trail", kind=TrailSection)
backup = partial(part, name="backup", kind=BackupSection)
about = partial(part, name="about", kind=AboutSection)


def names(page: AdminPage) -> list[str]:
    return [row.cells[0] for row in people(page).table.rows_model.rows]


def choose(page: AdminPage, name: str) -> None:
    people(page).table.selectRow(names(page).index(name))


def trail_rows(page: AdminPage) -> list[tuple[str, ...]]:
    return [row.cells for row in trail(page).table.rows_model.rows]


def test_that_an_added_account_can_sign_in_and_stands_in_the_audit_trail(
    open_as: Callable[..., AdminPage], qtbot: QtBot, small_study: ModuleType, said: list[Notice]
) -> None:
    page = open_as(section="people")
    form = people(page).form
    qtbot.keyClicks(form.name.edit, "nora")
    form.role.setCurrentIndex(form.role.findData("oncologist"))
    qtbot.keyClicks(form.password.edit, "correct horse battery")
    qtbot.mouseClick(form.submit, LEFT)
    qtbot.waitUntil(lambda: "nora" in names(page), timeout=WAIT_MS)
    assert form.password.text == ""
    assert any("nora" in notice.text for notice in said)
    row = trail_rows(page)[0]
    assert row[2:5] == ("admin", "create account", "nora (oncologist)")
    signed_in = page.project.log_in(Login("nora", "correct horse battery"))
    assert signed_in.principal.role == "oncologist"


def test_that_a_short_password_is_refused_where_it_was_typed(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    page = open_as(section="people")
    form = people(page).form
    qtbot.keyClicks(form.name.edit, "nora")
    qtbot.keyClicks(form.password.edit, "short")
    qtbot.keyClick(form.password.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not form.trouble.isHidden(), timeout=WAIT_MS)
    assert "5 characters" in form.trouble.what.text()
    assert form.name.text == "nora"
    assert "nora" not in names(page)


def test_that_a_third_reader_cannot_be_added(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    form = people(open_as(section="people")).form
    qtbot.keyClicks(form.name.edit, "third")
    qtbot.keyClicks(form.password.edit, "correct horse battery")
    assert form.submit.isEnabled()
    form.role.setCurrentIndex(form.role.findData("reader"))
    assert not form.submit.isEnabled()
    assert not form.no_letter.isHidden()


def test_that_a_locked_account_is_seen_and_let_in_again_with_a_reason(
    open_as: Callable[..., AdminPage], qtbot: QtBot, small_project: Callable[[str], Project], small_study: ModuleType
) -> None:
    for _ in range(5):
        with pytest.raises(AccessDeniedError):
            small_project("admin").log_in(Login("B", "wrong password"))
    page = open_as(section="people")
    choose(page, "B")
    account = people(page).account
    assert "Locked until" in account.told.text()
    assert not account.unlock.isHidden()
    assert not account.unlock.isEnabled()
    qtbot.keyClicks(account.reason.edit, "was on holiday")
    qtbot.mouseClick(account.unlock, LEFT)
    qtbot.waitUntil(account.unlock.isHidden, timeout=WAIT_MS)
    assert page.project.log_in(Login("B", small_study.PASSWORD)).principal.name == "B"
    assert any(row[3] == "unlock account" and row[5] == "was on holiday" for row in trail_rows(page))


def test_that_somebody_kept_out_cannot_sign_in_and_frees_the_letter(
    open_as: Callable[..., AdminPage], qtbot: QtBot, small_study: ModuleType
) -> None:
    page = open_as(section="people")
    choose(page, "B")
    account = people(page).account
    assert "cannot be undone" in account.warning.text()
    qtbot.keyClicks(account.reason.edit, "left the hospital")
    qtbot.mouseClick(account.keep_out, LEFT)
    qtbot.waitUntil(lambda: "Kept out" in account.told.text(), timeout=WAIT_MS)
    with pytest.raises(AccessDeniedError):
        page.project.log_in(Login("B", small_study.PASSWORD))
    form = people(page).form
    form.role.setCurrentIndex(form.role.findData("reader"))
    assert form.reader.currentData() == "B"


def test_that_nobody_keeps_himself_out(open_as: Callable[..., AdminPage]) -> None:
    page = open_as(section="people")
    choose(page, "admin")
    assert people(page).account.keep_out.isHidden() or not people(page).account.keep_out.isVisible()


def test_that_a_wrong_recovery_key_replaces_no_password(
    open_as: Callable[..., AdminPage], qtbot: QtBot, small_study: ModuleType
) -> None:
    page = open_as(section="people")
    choose(page, "A")
    account = people(page).account
    for field, text in (
        (account.reason, "forgot it"),
        (account.recovery, "ABCD-EFGH"),
        (account.password, "new one 12"),
    ):
        qtbot.keyClicks(field.edit, text)
    qtbot.mouseClick(account.replace, LEFT)
    qtbot.waitUntil(lambda: not account.trouble.isHidden(), timeout=WAIT_MS)
    assert "recovery key" in account.trouble.what.text()
    assert page.project.log_in(Login("A", small_study.PASSWORD)).principal.name == "A"


def test_that_the_trail_is_newest_first_and_found_by_any_word_of_it(
    open_as: Callable[..., AdminPage], qtbot: QtBot
) -> None:
    page = open_as(section="trail")
    numbers = [int(row[0]) for row in trail_rows(page)]
    assert numbers == list(range(len(numbers), 0, -1))
    qtbot.keyClicks(trail(page).search, "ADMIN account")
    found = trail_rows(page)
    assert found
    assert {row[3] for row in found} == {"create account"}
    assert len(found) == 5
    trail(page).search.clear()
    qtbot.mouseClick(trail(page).sign_ins, LEFT, pos=QPoint(8, 12))
    assert len(trail_rows(page)) < len(numbers)
    assert "log in" not in {row[3] for row in trail_rows(page)}


def test_that_the_checked_end_can_be_carried_away(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    page = open_as(section="trail")
    qtbot.mouseClick(trail(page).check, LEFT)
    qtbot.waitUntil(lambda: not trail(page).copy.isHidden(), timeout=WAIT_MS)
    qtbot.mouseClick(trail(page).copy, LEFT)
    assert QGuiApplication.clipboard().text() == str(page.project.check_audit())


def test_that_an_end_that_is_not_on_the_trail_is_told(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    page = open_as(section="trail")
    qtbot.keyClicks(trail(page).noted, f"3:{'0' * 64}")
    qtbot.keyClick(trail(page).noted, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not trail(page).trouble.isHidden(), timeout=WAIT_MS)
    assert "broken at row 3" in trail(page).trouble.what.text()
    assert trail(page).copy.isHidden()


def test_that_a_damaged_image_is_found_by_the_check_of_the_whole_project(
    open_as: Callable[..., AdminPage], qtbot: QtBot, said: list[Notice]
) -> None:
    page = open_as(section="trail")
    blob = max(
        (page.project.folder / "blobs").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0
    )
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")
    qtbot.mouseClick(trail(page).verify, LEFT)
    qtbot.waitUntil(lambda: not trail(page).trouble.isHidden(), timeout=WAIT_MS)
    assert "damaged" in trail(page).trouble.what.text()
    assert any(notice.details for notice in said)


def test_that_the_trail_is_saved_as_a_table(
    open_as: Callable[..., AdminPage], qtbot: QtBot, tmp_path: Path, said: list[Notice]
) -> None:
    page = open_as(section="trail")
    trail(page).save_to(str(tmp_path / "audit.csv"))
    qtbot.waitUntil(lambda: bool(said), timeout=WAIT_MS)
    assert len((tmp_path / "audit.csv").read_text(encoding="utf-8").splitlines()) == len(trail_rows(page)) + 1


def test_that_a_backup_is_a_project_and_is_remembered(
    open_as: Callable[..., AdminPage], qtbot: QtBot, tmp_path: Path, small_study: ModuleType
) -> None:
    page = open_as(section="backup")
    assert "no backup yet" in backup(page).last.text()
    backup(page).propose_in(str(tmp_path / "disk"))
    assert backup(page).folder.text.startswith(str(tmp_path / "disk" / "project-backup-"))
    (tmp_path / "disk").mkdir()
    copy = Path(backup(page).folder.text)
    qtbot.mouseClick(backup(page).start, LEFT)
    qtbot.waitUntil(lambda: "Last backup" in backup(page).last.text(), timeout=WAIT_MS)
    login = Login("admin", small_study.PASSWORD)
    with Project.open(copy, small_study.PASSPHRASE, login, cost=small_study.CHEAP) as again:
        assert again.verify() == ()


def test_that_a_cancelled_backup_leaves_nothing(
    open_as: Callable[..., AdminPage], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_copying, may_go_on = threading.Event(), threading.Event()
    write = store_module.write_whole

    def slowly(path: Path, data: bytes) -> None:
        is_copying.set()
        may_go_on.wait(20)
        write(path, data)

    monkeypatch.setattr(store_module, "write_whole", slowly)
    page = open_as(section="backup")
    backup(page).folder.edit.setText(str(tmp_path / "copy"))
    qtbot.mouseClick(backup(page).start, LEFT)
    qtbot.waitUntil(is_copying.is_set, timeout=WAIT_MS)
    assert not backup(page).start.isEnabled()
    assert page.focusWidget() is backup(page).cancel
    qtbot.mouseClick(backup(page).cancel, LEFT)
    may_go_on.set()
    qtbot.waitUntil(backup(page).start.isEnabled, timeout=WAIT_MS)
    assert not (tmp_path / "copy").exists()
    assert list(tmp_path.glob("*copy*")) == []
    assert backup(page).trouble.isHidden()


def test_that_a_folder_inside_the_project_is_refused(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    page = open_as(section="backup")
    backup(page).folder.edit.setText(str(page.project.folder / "copy"))
    qtbot.mouseClick(backup(page).start, LEFT)
    qtbot.waitUntil(lambda: not backup(page).trouble.isHidden(), timeout=WAIT_MS)
    assert "lies inside the project" in backup(page).trouble.what.text()


def test_that_the_plan_is_prolonged_only_with_a_reason(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    page = open_as("coordinator", "plan")
    assert "2 of 3 patients" in plan(page).interval.text()
    assert not plan(page).prolong.isEnabled()
    plan(page).within.setValue(45)
    qtbot.keyClicks(plan(page).reason.edit, "reader A was ill")
    qtbot.mouseClick(plan(page).prolong, LEFT)
    qtbot.waitUntil(lambda: "10 to 45 days" in plan(page).interval.text(), timeout=WAIT_MS)
    assert page.project.plan().within == timedelta(days=45)
    assert plan(page).within.minimum() == 46


def test_that_without_a_plan_the_way_to_one_is_shown(
    show_as: Callable[..., MainWindow], qtbot: QtBot, small_study: ModuleType, tmp_path: Path
) -> None:
    login = Login("coordinator", small_study.PASSWORD)
    made = Project.create(
        tmp_path / "new", small_study.PASSPHRASE, Login("admin", login.password), cost=small_study.CHEAP
    )
    made.project.add_account(login, Role.COORDINATOR)
    window = show_as(made.project.log_in(login), "admin")
    qtbot.waitUntil(lambda: isinstance(window.current_page, AdminPage) and window.current_page.section == "plan")
    page = window.current_page
    assert isinstance(page, AdminPage)
    section = plan(page)
    assert section.interval.isVisible() is False
    qtbot.mouseClick(section.worklist, LEFT)
    qtbot.waitUntil(lambda: window.current_page is not page, timeout=WAIT_MS)
    assert window.rail.marked == "worklist"


@pytest.mark.parametrize(
    ("name", "sections"),
    [("admin", ["People", "Audit trail", "Backup", "About"]), ("coordinator", ["Reading plan", "Backup", "About"])],
)
def test_that_each_role_sees_its_own_sections(
    name: str, sections: list[str], open_as: Callable[..., AdminPage]
) -> None:
    page = open_as(name)
    assert [page.tabs.tabText(place) for place in range(page.tabs.count())] == sections


@pytest.mark.parametrize("name", ["A", "statistician", "oncologist"])
def test_that_others_cannot_open_the_page(
    name: str, show_as: Callable[..., MainWindow], small_project: Callable[[str], Project]
) -> None:
    window = show_as(small_project(name), "admin")
    assert not isinstance(window.current_page, AdminPage)
    assert "go.admin" not in {action.action_id for action in window.actions_now()}


def test_that_the_keyboard_goes_from_section_to_section(open_as: Callable[..., AdminPage], qtbot: QtBot) -> None:
    page = open_as(section="people")
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    qtbot.keyClick(page.window(), Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert page.section == "backup"


def test_that_every_part_is_named_with_a_licence_that_is_not_the_gpl_alone(open_as: Callable[..., AdminPage]) -> None:
    rows = [row.cells for row in about(open_as(section="about")).parts.rows_model.rows]
    licences = {name.lower(): licence for name, _version, licence in rows}
    assert licences["pyside6_essentials"] == "LGPL-3.0-only"
    assert "pyradiomics" in licences
    assert all(licence and not licence.startswith("GPL") for licence in licences.values())

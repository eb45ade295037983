"""Rail, head and the person's menu: what a role may open, who is signed in, and signing in as somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from escc_desktop.gui import main_window
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page_table import PAGES
from escc_desktop.store.accounts import Role
from escc_desktop.workflow.access import POLICY, Operation
from escc_desktop.workflow.demo.opening import STAFF_NAMES
from escc_desktop.workflow.demo.people import StudyClock, create_project, make_keys
from escc_desktop.workflow.project import Project

LEFT = Qt.MouseButton.LeftButton
ROLES = {
    "admin": Role.ADMINISTRATOR,
    "coordinator": Role.COORDINATOR,
    "A": Role.READER,
    "statistician": Role.STATISTICIAN,
    "oncologist": Role.ONCOLOGIST,
}


@pytest.fixture
def synthetic(tmp_path: Path) -> Iterator[Project]:
    """An empty synthetic project, whose passwords lie beside it, as its administrator sees it."""
    (tmp_path / "demo").mkdir()
    keys = make_keys(tmp_path / "demo")
    project = create_project(tmp_path / "demo" / "project", keys, StudyClock())
    yield project
    project.close()


def shown(window: MainWindow, qtbot: QtBot) -> MainWindow:
    qtbot.waitUntil(lambda: window.current_page is not None, timeout=20_000)
    return window


@pytest.mark.parametrize("name", ROLES)
def test_that_the_rail_shows_what_the_role_may_open_and_nothing_else(
    name: str, framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project(name))
    granted = POLICY[ROLES[name]]
    allowed = [
        entry.page_id for entry in PAGES if entry.on_rail and any(Operation[need] in granted for need in entry.needs)
    ]
    assert list(window.rail.pages) == allowed
    assert shown(window, qtbot).rail.marked == allowed[0]


def test_that_a_click_on_the_rail_opens_the_page_and_alt_with_its_number_too(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project("oncologist"))
    first = shown(window, qtbot).current_page
    qtbot.mouseClick(window.rail.button("patient"), LEFT)
    qtbot.waitUntil(lambda: window.current_page is not first)
    assert window.head._title.text() == "Patient"
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: window.current_page is first)
    assert window.rail.marked == "worklist"


def test_that_a_page_that_may_not_be_left_stays(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project("oncologist"))
    page = shown(window, qtbot).current_page
    page.stays = True
    for leave in (
        lambda: qtbot.mouseClick(window.rail.button("patient"), LEFT),
        window.close_project,
        window.sign_in_again,
        window.close,
    ):
        leave()
        qtbot.wait(20)
        assert window.current_page is page
        assert window.rail.marked == "worklist"
        assert window.isVisible()
    page.stays = False


def test_that_the_head_names_page_project_patient_and_person(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    assert not window.head.person.isVisible()
    window.desktop.take_project(small_project("A"))
    shown(window, qtbot)
    window.desktop.choose_patient("P2")
    assert window.head._title.text() == "Worklist"
    assert window.head._where.text() == "project  ·  P2"
    assert window.head.person.text() == "A · Reader"
    assert window.windowTitle() == "project – ESCC Desktop"


def test_that_in_a_synthetic_project_one_can_go_on_as_any_of_its_people(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, synthetic: Project
) -> None:
    window.desktop.take_project(synthetic, is_synthetic=True)
    shown(window, qtbot)
    qtbot.waitUntil(lambda: window.head.staff == STAFF_NAMES)
    window.head.fill_menu()
    offered = {one.text(): one for one in window.head.menu.actions()}
    assert set(STAFF_NAMES) <= set(offered)
    assert offered["administrator"].isChecked()
    assert not offered["administrator"].isEnabled()
    assert list(window.rail.pages) == ["admin"]
    offered["statistician"].trigger()
    qtbot.waitUntil(lambda: window.desktop.project.principal.name == "statistician", timeout=10_000)
    assert window.desktop.project.shares_store(synthetic)
    assert window.desktop.is_synthetic
    assert window.windowTitle().startswith("Synthetic study ")
    assert "agreement" in window.rail.pages
    assert "admin" not in window.rail.pages


def test_that_a_real_project_offers_nobody_elses_name(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project("A"))
    shown(window, qtbot)
    window.head.fill_menu()
    assert [one.text() for one in window.head.menu.actions() if one.text()] == [
        "Sign in as somebody else …",
        "Close the project",
        "Settings …",
    ]


def test_that_signing_in_as_somebody_else_shows_nothing_until_the_password_is_right(
    framing: ModuleType,
    window: MainWindow,
    qtbot: QtBot,
    small_project: Callable[[str], Project],
    small_study: ModuleType,
) -> None:
    before = small_project("statistician")
    window.desktop.take_project(before)
    page = shown(window, qtbot).current_page
    window.desktop.choose_patient("P1")
    window.sign_in_again()
    assert page.is_closed
    assert window.desktop.project is None
    assert window.rail.pages == ()
    assert window.head._where.text() == ""
    panel = window.start_page.sign_in
    assert panel.isVisible()
    assert panel.passphrase.isHidden()
    qtbot.keyClicks(panel.name.edit, "oncologist")
    qtbot.keyClicks(panel.password.edit, "wrong password")
    qtbot.keyClick(panel.password.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(panel.trouble.isVisible, timeout=10_000)
    assert window.desktop.project is None
    assert "or password" in panel.trouble.what.text()
    assert panel.name.text == "oncologist"
    qtbot.keyClicks(panel.password.edit, small_study.PASSWORD)  # the wrong one is selected and typed over
    qtbot.keyClick(panel.password.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desktop.project is not None, timeout=10_000)
    assert window.desktop.project.principal.name == "oncologist"
    assert window.desktop.project.shares_store(before)
    assert "patient" in window.rail.pages
    assert panel.password.text == ""


def test_that_nothing_said_to_one_person_is_there_for_the_next(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project("A"))
    notices, tasks = window.desktop.notices, window.desktop.tasks
    shown(window, qtbot)
    notices.say("You have signed all readings of P1.", tone=Tone.DANGER)
    notices.offer("The demo study is built.", "Open it", lambda: None, topic="demo")
    tasks.run("Writing the report of P1", lambda progress: None)
    window.commands.open_palette()
    qtbot.keyClicks(window.palette_panel.field, "P1")
    qtbot.waitUntil(lambda: window.palette_panel.list.count() > 0)
    qtbot.waitUntil(lambda: any(row.is_over for row in window.tray.rows.values()))

    window.desktop.take_project(small_project("B"))

    assert [card.notice.topic for card in window.notices.cards] == ["demo"]
    assert not window.tray.rows
    assert not window.palette_panel.isVisible()
    assert window.palette_panel.list.count() == 0
    assert not window.palette_panel.field.text()


def test_that_going_back_from_signing_in_closes_the_project(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, synthetic: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Project] = []
    monkeypatch.setattr(window.desktop, "close_project", closed.append)
    window.desktop.take_project(synthetic)
    shown(window, qtbot)
    window.sign_in_again()
    qtbot.mouseClick(window.start_page.sign_in._back, LEFT)
    assert closed == [synthetic]
    assert window.start_page.sign_in.unlocked is None
    assert not window.start_page.sign_in.isVisible()


def test_that_the_foot_says_whether_what_is_on_screen_is_on_disk(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project("oncologist"))
    page = shown(window, qtbot).current_page
    assert page is not None
    page.say_saved("Saved 12:04", "success")
    assert window.foot.saved.text() == "Saved 12:04"
    assert window.foot.saved.property("tone") == "success"
    window.go("patient")
    qtbot.waitUntil(lambda: window.current_page is not page)
    assert window.foot.saved.text() == ""
    page.say_saved("Saved 12:05")
    assert window.foot.saved.text() == ""
    window.go("worklist")
    qtbot.waitUntil(lambda: window.current_page is page)
    assert window.foot.saved.text() == "Saved 12:05"


def test_that_no_page_takes_the_keys_of_the_rail() -> None:
    pages = Path(main_window.__file__).parent / "pages"
    taken = [path.name for path in sorted(pages.glob("*.py")) if re.search(r'"Alt\+\d"', path.read_text("utf-8"))]
    assert taken == []


def test_that_no_page_leaves_a_function_on_the_desktop_when_it_goes() -> None:
    """Qt lets go of a method with its object, and of a lambda never: it would be called for a page that is gone."""
    gui = Path(main_window.__file__).parent
    wrong = re.compile(r"desktop\.[\w.]+\.connect\((lambda|partial)")
    left = [path.name for path in sorted(gui.rglob("*.py")) if wrong.search(path.read_text("utf-8"))]
    assert left == []

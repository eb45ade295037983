"""The command palette and the keys: everything that can be done now, found and told."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from escc_desktop.gui.frame.fuzzy import fit
from escc_desktop.gui.frame.palette import _FOUND, Entry, best
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.workflow.project import Project

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_as(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> Callable[[str], MainWindow]:
    def open_(name: str) -> MainWindow:
        window.desktop.take_project(small_project(name))
        qtbot.waitUntil(lambda: window.current_page is not None, timeout=20_000)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    return open_


def lines(window: MainWindow) -> list[Entry]:
    found = window.palette_panel.list
    return [found.item(row).data(_FOUND) for row in range(found.count())]


def ask(window: MainWindow, qtbot: QtBot, typed: str = "") -> None:
    qtbot.mouseClick(window.head.search, LEFT)
    qtbot.keyClicks(window.palette_panel.field, typed)


def patients(window: MainWindow) -> list[str]:
    return [entry.text for entry in lines(window) if entry.kind == "Patient"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("work", "Worklist"),
        ("cp", "Close the project"),
        ("SR", "Sign reading"),
        ("sign r", "Sign reading"),
        ("p17", "P-017"),
        ("117", "P-117"),
    ],
)
def test_that_a_few_letters_find_what_is_meant(typed: str, first: str) -> None:
    texts = ("Open a project", "Close the project", "Worklist", "Reading", "Sign reading", "P-117", "P-017")
    assert best(typed, [Entry(text, lambda: None) for text in texts])[0].text == first


def test_that_letters_fit_in_their_order_only() -> None:
    assert fit("ab", "xa-b") is not None
    assert fit("ba", "a b") is None
    assert fit("aab", "a xab") is not None  # not thrown off by a start of a word that leads nowhere
    assert fit("", "anything") == 0


def test_that_letters_find_an_action_and_enter_does_it(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    page = window.current_page
    page.field.setFocus()
    ask(window, qtbot, "bru")
    assert lines(window)[0].text == "Brush"
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Return)
    assert page.done == ["brush"]
    assert not window.palette_panel.isVisible()
    assert window.focusWidget() is page.field


def test_that_what_cannot_be_done_says_why_and_is_not_done(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    page = window.current_page
    page.why_not = "Nothing is outlined yet."
    ask(window, qtbot, "sign reading")
    assert lines(window)[0].why_not == "Nothing is outlined yet."
    assert "Nothing is outlined yet." in window.palette_panel.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Return)
    assert page.done == []
    assert window.palette_panel.isVisible()
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Escape)
    assert not window.palette_panel.isVisible()


def test_that_arrows_and_mouse_choose_a_page(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    ask(window, qtbot, "tri")
    assert lines(window)[0].text == "Trial"
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Down)
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Up)
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Enter)
    qtbot.waitUntil(lambda: window.rail.marked == "trial")
    ask(window, qtbot, "workl")
    found = window.palette_panel.list
    qtbot.mouseClick(found.viewport(), LEFT, pos=found.visualItemRect(found.item(0)).center())
    qtbot.waitUntil(lambda: window.rail.marked == "worklist")


def test_that_patients_are_found_and_chosen(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("oncologist")
    window.go("trial")
    qtbot.waitUntil(lambda: window.rail.marked == "trial")
    ask(window, qtbot, "p2")
    qtbot.waitUntil(lambda: patients(window) == ["P2"], timeout=10_000)
    assert lines(window)[0].text == "P2"
    qtbot.keyClick(window.palette_panel.field, KEY.Key_Return)
    assert window.desktop.patient_id == "P2"
    qtbot.waitUntil(lambda: window.rail.marked == "patient")


@pytest.mark.parametrize(("name", "known"), [("A", {"P1", "P2", "P3"}), ("admin", set())])
def test_that_nobody_finds_a_patient_he_may_not_see(
    name: str, known: set[str], open_as: Callable[[str], MainWindow], qtbot: QtBot, small_study: ModuleType
) -> None:
    window = open_as(name)
    ask(window, qtbot)
    qtbot.waitUntil(lambda: not window.desktop.tasks.running, timeout=10_000)
    qtbot.keyClicks(window.palette_panel.field, "p")
    assert set(patients(window)) <= known


def test_that_the_question_mark_shows_the_keys_of_this_page(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    qtbot.keyClick(window, "?")
    assert window.keys_sheet.isVisible()
    texts = {one.text() for part in window.keys_sheet._parts for one in part.findChildren(type(window.head._title))}
    texts |= {cap.text() for cap in window.keys_sheet.caps.values()}
    assert {"Worklist", "Everywhere", "Brush", "B", "Sign reading", "Ctrl+S", "Quit", "Ctrl+Q"} <= texts
    assert "Mouse" not in texts


def test_that_keys_sleep_under_a_sheet_and_wake_after_it(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    page = window.current_page
    qtbot.keyClick(window, KEY.Key_B)
    assert page.done == ["brush"]
    window.show_keys()
    qtbot.keyClick(window.keys_sheet, KEY.Key_B)
    assert page.done == ["brush"]
    qtbot.keyClick(window.keys_sheet, KEY.Key_Escape)
    assert not window.keys_sheet.isVisible()
    qtbot.keyClick(window, KEY.Key_B)
    assert page.done == ["brush", "brush"]


def test_that_letters_typed_into_a_field_do_not_paint(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    page = window.current_page
    page.field.setFocus()
    qtbot.keyClicks(page.field, "bbb")
    assert page.field.text() == "bbb"
    assert page.done == []


def test_that_a_page_has_its_key_before_the_window(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    qtbot.keyClick(window, KEY.Key_K, CTRL)
    assert window.current_page.done == ["thief"]
    assert not window.palette_panel.isVisible()


def test_that_what_cannot_be_done_by_key_says_why(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    window.current_page.why_not = "Nothing is outlined yet."
    qtbot.keyClick(window, KEY.Key_S, CTRL)
    assert window.current_page.done == []
    assert [card.notice.text for card in window.notices.cards] == ["Nothing is outlined yet."]


def test_that_the_palette_opens_by_its_key_before_a_project_is_open(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, KEY.Key_K, CTRL)
    assert window.palette_panel.isVisible()
    whys = {entry.text: entry.why_not for entry in lines(window)}
    assert whys["Close the project"] == "No project is open."
    assert whys["Open a project"] == ""


def test_that_a_click_beside_the_palette_closes_it(open_as: Callable[[str], MainWindow], qtbot: QtBot) -> None:
    window = open_as("coordinator")
    ask(window, qtbot, "bru")
    qtbot.mouseClick(window.foot, LEFT)
    assert not window.palette_panel.isVisible()
    assert window.current_page.done == []
    qtbot.keyClick(window, KEY.Key_B)
    assert window.current_page.done == ["brush"]

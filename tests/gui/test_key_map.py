"""Keys are data: ready-made maps, own changes, files; one table of actions feeds all who show or answer them."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from reader_hand import ReaderHand

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.gui.frame.key_entry import KeyEntry
from escc_desktop.gui.key_map import (
    READY_MADE,
    KeyMap,
    clashes,
    keys_of,
    read_key_map,
    ready_made,
    use_keys,
    write_key_map,
)


@pytest.fixture(autouse=True)
def house_keys():
    yield
    use_keys({})


@pytest.fixture
def reader(show_as, small_project, qtbot) -> ReaderHand:
    return ReaderHand(show_as(small_project("A"), "reading"), qtbot)


def cap_of(reader: ReaderHand, action_id: str):
    reader.window.show_keys()
    return reader.window.keys_sheet.caps[action_id]


def press_for(reader: ReaderHand, action_id: str, key: Qt.Key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(cap_of(reader, action_id), Qt.MouseButton.LeftButton)
    entry = reader.window.keys_sheet.findChildren(KeyEntry)[-1]  # those before wait to be deleted
    QTest.keyClick(entry, key, modifiers)
    reader.window.keys_sheet.close_sheet()
    reader.view.setFocus()


def test_that_no_two_actions_of_an_open_reading_share_a_key(reader) -> None:
    reader.open("P1/L1/A/first")
    for name in ("house", *READY_MADE):
        use_keys(ready_made(name).keys)
        keys = {action.action_id: action.keys_now for action in reader.window.actions_now()}
        assert not clashes(keys), name


def test_that_every_ready_made_map_names_actions_there_are(reader) -> None:
    reader.open("P1/L1/A/first")
    known = {action.action_id for action in reader.window.actions_now()}
    for name in READY_MADE:
        assert set(ready_made(name).keys) <= known, name


def test_that_a_key_chosen_by_hand_works_at_once_and_the_old_one_no_more(reader) -> None:
    reader.open("P1/L1/A/first")
    press_for(reader, "reading.tool.polygon", Qt.Key.Key_F7)
    reader.key(Qt.Key.Key_P)
    assert reader.board.hand.tool_id == "brush"
    reader.key(Qt.Key.Key_F7)
    assert reader.board.hand.tool_id == "polygon"
    assert reader.window.desktop.settings.own_keys == {"reading.tool.polygon": ("F7",)}


def test_that_a_key_taken_from_another_action_is_said_and_works_for_one_only(reader) -> None:
    reader.open("P1/L1/A/first")
    press_for(reader, "reading.tool.polygon", Qt.Key.Key_E)
    assert "has lost it" in reader.window.keys_sheet.said.text()
    reader.key(Qt.Key.Key_E)
    assert reader.board.hand.tool_id == "polygon"
    assert keys_of("reading.tool.eraser", ("E",)) == ()


def test_that_a_view_answers_to_another_key_too(reader) -> None:
    reader.open("P1/L1/A/first")
    press_for(reader, "viewer.overlay", Qt.Key.Key_F8)
    reader.key(Qt.Key.Key_S)
    assert reader.view.look.has_overlay
    reader.key(Qt.Key.Key_F8)
    assert not reader.view.look.has_overlay


def test_that_the_keys_of_itk_snap_pick_its_tools(reader) -> None:
    reader.open("P1/L1/A/first")
    reader.window.show_keys()
    sheet = reader.window.keys_sheet
    sheet.maps.setCurrentIndex(sheet.maps.findText("ITK-SNAP"))
    sheet.maps.activated.emit(sheet.maps.currentIndex())
    sheet.close_sheet()
    reader.view.setFocus()
    for key, tool in ((Qt.Key.Key_3, "polygon"), (Qt.Key.Key_4, "brush"), (Qt.Key.Key_1, "pointer")):
        reader.key(key)
        assert reader.board.hand.tool_id == tool


def test_that_escape_and_backspace_mean_keep_and_none(reader) -> None:
    reader.open("P1/L1/A/first")
    press_for(reader, "reading.mark", Qt.Key.Key_Escape)
    assert reader.window.desktop.settings.own_keys == {}
    press_for(reader, "reading.mark", Qt.Key.Key_Backspace)
    assert keys_of("reading.mark", ("G",)) == ()


def test_that_keys_written_are_read_again_as_they_were(tmp_path) -> None:
    keys = KeyMap("mine", {"reading.undo": ("Ctrl+U", "U"), "reading.mark": ()})
    write_key_map(tmp_path / "keys.json", keys)
    assert read_key_map(tmp_path / "keys.json") == keys


def test_that_all_faults_of_a_file_are_told_at_once(tmp_path) -> None:
    path = tmp_path / "keys.json"
    entries = {"a": ["Nonsense"], "b": "B", "c": ["C"], "d": ["c"]}
    path.write_text(json.dumps({"format": "escc-desktop keys 1", "name": "x", "keys": entries}))
    with pytest.raises(FaultsError) as refused:
        read_key_map(path)
    assert [fault.where for fault in refused.value.faults] == ["a", "b", "C"]
    path.write_text("[]")
    with pytest.raises(FaultsError, match="no map of keys"):
        read_key_map(path)
    with pytest.raises(EsccError):
        read_key_map(tmp_path / "gone.json")

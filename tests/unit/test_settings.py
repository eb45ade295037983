"""What one person chose on this machine comes back, and nothing in its file can keep the program from starting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escc_desktop.settings import RECENT_MOST, THEMES, Settings, load_settings, save_settings


@pytest.mark.parametrize("theme", THEMES)
def test_that_settings_come_back(theme: str, tmp_path: Path) -> None:
    chosen = Settings(theme, "zh_CN", ("/a/b",), {"reading.panel": 320, "folded": True})
    save_settings(tmp_path / "new" / "settings.json", chosen)
    assert load_settings(tmp_path / "new" / "settings.json") == chosen


def test_that_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.json") == Settings()
    assert Settings().theme == "dark"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'{"theme": "pink"}',
        b'{"theme": 3, "language": 4, "recent": "x", "layout": []}',
        b'{"recent": [1, null], "layout": 7}',
        b'{"of_a_newer_program": true}',
        b"\xff\xfe\x00",
    ],
)
def test_that_no_damage_keeps_the_program_from_starting(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert load_settings(path) == Settings()


def test_that_what_is_sound_survives_what_is_not(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"theme": "light", "language": 7, "recent": ["/a", 3, "/b"]}), encoding="utf-8")
    assert load_settings(path) == Settings("light", recent=("/a", "/b"))


def test_that_the_project_opened_last_comes_first_once_and_the_list_ends(tmp_path: Path) -> None:
    settings = Settings()
    for number in range(RECENT_MOST + 3):
        settings = settings.with_recent(tmp_path / str(number))
    settings = settings.with_recent(tmp_path / "5")
    assert len(settings.recent) == RECENT_MOST
    assert settings.recent[0] == str(tmp_path / "5")
    assert len(set(settings.recent)) == RECENT_MOST

"""Settings are written off the main thread, and the last ones stay."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from escc_desktop.gui.desktop import Desktop
from escc_desktop.settings import Settings, load_settings, save_settings


def test_that_the_last_settings_stay_however_long_an_earlier_writing_takes(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, written = threading.Event(), []

    def slow_at_first(path: Path, settings: Settings) -> None:
        assert written or goes_on.wait(20)
        save_settings(path, settings)
        written.append(settings.layout["n"])

    monkeypatch.setattr("escc_desktop.gui.desktop.save_settings", slow_at_first)
    path = tmp_path / "settings.json"
    desktop = Desktop(Settings(), path)
    for n in range(5):
        desktop.keep_layout("n", n)
    goes_on.set()
    qtbot.waitUntil(lambda: not desktop.tasks.running, timeout=20_000)
    assert load_settings(path).layout == {"n": 4}
    assert written == [0, 4]
    desktop.tasks.close()


def test_that_settings_are_written_again_after_a_writing_that_failed(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    folder.write_text("a file is in the way")
    desktop = Desktop(Settings(), folder / "settings.json")
    with qtbot.waitSignal(desktop.tasks.failed):
        desktop.keep_layout("n", 1)
    folder.unlink()
    desktop.set_settings(replace(desktop.settings, theme="light"))
    qtbot.waitUntil(lambda: not desktop.tasks.running, timeout=20_000)
    assert load_settings(folder / "settings.json").theme == "light"
    desktop.tasks.close()

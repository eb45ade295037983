"""Recorded scripts: what is recorded plays again to the same voxels, at any size; what is wrong is told at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from reader_hand import RIGHT, ReaderHand

from escc_desktop.errors import FaultsError
from escc_desktop.gui.replay.player import Player
from escc_desktop.gui.replay.recorder import Recorder
from escc_desktop.gui.replay.script import FORMAT, ReplayStep, read_script, write_script
from escc_desktop.gui.widgets.number_field import NumberField

READING = "P1/L1/A/first"


@pytest.fixture
def reader(show_as, small_project, qtbot) -> ReaderHand:
    return ReaderHand(show_as(small_project("A"), "reading"), qtbot)


def play(reader: ReaderHand, steps: list[ReplayStep]) -> str:
    player = Player(reader.window, steps)
    with reader.qtbot.waitSignal(player.ended, timeout=30_000) as ended:
        player.start()
    return ended.args[0]


def step(do: str, **says: object) -> ReplayStep:
    return ReplayStep(do, says)


def test_that_what_is_recorded_plays_to_the_same_voxels_in_a_window_of_another_size(reader, tmp_path) -> None:
    recorder = Recorder(reader.window, tmp_path / "script.json")
    reader.open(READING)
    reader.key(Qt.Key.Key_B)
    reader.stroke([(4, 4), (4, 9), (9, 9)])
    reader.stroke([(4, 6), (4, 7)], RIGHT)
    reader.key(Qt.Key.Key_PageDown)
    reader.key(Qt.Key.Key_P)
    for place in ((3, 3), (3, 8), (8, 8)):
        reader.click(place)
    reader.key(Qt.Key.Key_Return)
    reader.key(Qt.Key.Key_Return)
    reader.saved()
    drawn, cursor = reader.kept.copy(), reader.board.reading.history.cursor
    assert drawn.any(axis=(1, 2)).sum() == 2
    recorder.write()
    steps = list(read_script(tmp_path / "script.json"))
    for _undo in range(cursor):
        reader.board.undo()
    assert not reader.kept.any()
    reader.page.close_reading()
    reader.qtbot.waitUntil(lambda: reader.page.board is None, timeout=20_000)
    reader.window.resize(1366, 768)
    opened = next(number for number, one in enumerate(steps) if one.do == "open")
    assert play(reader, steps[: opened + 1]) == ""
    reader.board.hand.options.set_diameter(1)
    assert play(reader, [*steps[opened + 1 :], step("wait", **{"for": "saved"})]) == ""
    assert (reader.kept == drawn).all()


def test_that_a_script_can_expect_undo_and_sign(reader) -> None:
    drag = step("drag", view="axial", path=[[5, 5]])
    said = play(
        reader,
        [
            step("open", reading=READING),
            step("action", id="reading.tool.brush"),
            drag,
            step("expect", tool="brush", steps=1),
            step("key", key="Ctrl+Z"),
            step("expect", voxels=0, steps=0, slices=[]),
        ],
    )
    assert said == ""


def test_that_numbers_set_are_recorded_and_set_again(reader, tmp_path) -> None:
    recorder = Recorder(reader.window, tmp_path / "script.json")
    board = reader.open(READING)
    reader.key(Qt.Key.Key_B)
    reader.stroke([(4, 4), (4, 5)])
    board.hand.hold("growing")
    reach = next(field for field in reader.window.findChildren(NumberField) if field.accessibleName().startswith("How"))
    reader.qtbot.waitUntil(reach.isVisible)
    reach.setFocus()
    reader.qtbot.waitUntil(reach.hasFocus)
    reach.selectAll()
    QTest.keyClicks(reach.lineEdit(), "12")
    reader.view.setFocus()
    reader.click((6, 6))
    recorder.write()
    noted = [one for one in read_script(tmp_path / "script.json") if one.do == "set"]
    assert [(one.says["name"], one.says["value"]) for one in noted] == [(reach.accessibleName(), 12.0)]
    reach.setValue(40)
    assert play(reader, noted) == ""
    assert reach.value() == 12.0


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (step("expect", voxels=7), "voxels is 0, not 7"),
        (step("action", id="reading.nothing"), "there is no action reading.nothing"),
        (step("click", name="Nobody"), "nothing called “Nobody”"),
        (step("set", name="Nothing", value=1), "no number called “Nothing”"),
    ],
)
def test_that_a_step_that_fails_is_named_with_its_reason(reader, bad, told) -> None:
    said = play(reader, [step("open", reading=READING), bad])
    assert said.startswith(f"Step 2 ({bad.do})")
    assert told in said


def test_that_all_faults_of_a_script_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    steps = [{"do": "dance"}, {"do": "drag", "path": []}, {"do": "slice", "view": "top", "index": True, "x": 1}]
    path.write_text(json.dumps({"format": FORMAT, "steps": steps}))
    with pytest.raises(FaultsError) as refused:
        read_script(path)
    told = [str(fault) for fault in refused.value.faults]
    assert sum("step 1" in line for line in told) == 1
    assert sum("step 2" in line for line in told) == 2
    assert sum("step 3" in line for line in told) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": "key", "key": "no such key"},
        {"do": "wheel", "view": "axial", "notches": 10**12},
        {"do": "hover", "view": "axial", "at": [1e300, 0]},
        {"do": "set", "name": "Size", "value": "8"},
        {"do": "drag", "view": "axial", "path": [[0, 10**400]]},
    ],
)
def test_that_a_step_nothing_can_be_done_with_is_told(tmp_path: Path, wrong: dict[str, object]) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"format": FORMAT, "steps": [wrong]}))
    with pytest.raises(FaultsError, match="cannot be played"):
        read_script(path)


@pytest.mark.slow
def test_that_the_program_plays_a_script_on_the_practice_project_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    write_script(
        path,
        [
            step("go", page="reading"),
            step("open", reading="T01/L1/A/first"),
            step("action", id="reading.tool.brush"),
            step("drag", view="axial", path=[[120, 120], [120, 140]]),
            step("wait", **{"for": "saved"}),
            step("expect", steps=1),
            step("sign", meaning="Outlined by a script"),
        ],
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "escc_desktop", "demo", "--project", str(tmp_path / "demo"), "--replay", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["DONE"]), done.stdout + done.stderr
    write_script(path, [step("go", page="reading"), step("action", id="reading.nothing")])
    failed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert failed.returncode == 1
    assert "Step 2 (action): there is no action reading.nothing" in failed.stdout

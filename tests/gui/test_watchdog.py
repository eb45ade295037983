"""The watchdog of these tests barks when it should."""

from __future__ import annotations

import time
from types import ModuleType

import pytest


def _busy_gui_call(seconds: float) -> None:
    """Compute in a frame that looks like one of the window's."""
    code = compile(
        "def busy(seconds, clock):\n    ends = clock() + seconds\n    while clock() < ends:\n        pass\n",
        "/x/escc_desktop/gui/made_up.py",
        "exec",
    )
    names: dict[str, object] = {}
    exec(code, names)
    names["busy"](seconds, time.thread_time)  # type: ignore[operator]


@pytest.mark.unwatched
def test_that_a_long_call_into_the_window_is_found_with_its_place(watchdog_module: ModuleType) -> None:
    with watchdog_module.watched() as dog:
        _busy_gui_call(0.25)
    assert len(dog.stalls) == 1
    assert dog.stalls[0].cpu_ms >= 100
    assert "made_up.py" in str(dog.stalls[0])


def test_that_short_calls_are_not_added_up(watchdog_module: ModuleType) -> None:
    with watchdog_module.watched() as dog:
        for _ in range(8):
            _busy_gui_call(0.03)
            time.sleep(0.03)
    assert not dog.stalls

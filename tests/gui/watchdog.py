"""Watches the main thread while a test runs: no call from Qt or from a test into the program may take long there."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

LIMIT_MS = 100.0
# Waiting without computing: generous, for the machine of the tests is shared.
BLOCKED_MS = 1500.0
SAMPLE_S = 0.01
# What a test calls on purpose on the main thread: opening projects to look at, making the window itself.
EXEMPT = ("make_application", "make_window", "__main__")


@dataclass
class Stall:
    """One call into the program that took too long on the main thread."""

    cpu_ms: float
    wall_ms: float
    stack: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.cpu_ms:.0f} ms CPU, {self.wall_ms:.0f} ms in all\n" + "".join(self.stack)


@dataclass
class _Call:
    frame: FrameType
    began_cpu: float
    began: float
    stall: Stall | None = None


class Watchdog:
    """Samples the main thread; `stalls` holds what was found."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self._main = threading.main_thread().ident or 0
        self._clock = time.pthread_getcpuclockid(self._main)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        call: _Call | None = None
        while not self._stop.wait(SAMPLE_S):
            frame = sys._current_frames().get(self._main)
            entry = _entry(frame)
            now, cpu = time.perf_counter(), time.clock_gettime(self._clock)
            if entry is None or call is None or call.frame is not entry:
                call = None if entry is None else _Call(entry, cpu, now)
                continue
            self._judge(call, frame, (cpu - call.began_cpu) * 1000, (now - call.began) * 1000)

    def _judge(self, call: _Call, frame: FrameType | None, cpu_ms: float, wall_ms: float) -> None:
        if cpu_ms < LIMIT_MS and wall_ms < BLOCKED_MS:
            return
        if call.stall is None:
            call.stall = Stall(cpu_ms, wall_ms, traceback.format_stack(frame, limit=14))
            self.stalls.append(call.stall)
        call.stall.cpu_ms, call.stall.wall_ms = cpu_ms, wall_ms


def _entry(frame: FrameType | None) -> FrameType | None:
    """Return the frame through which the gui was entered last from Qt or from the test; None outside the gui.

    A nested event loop ends a call: only what lies inside the innermost one counts.
    """
    entry = None
    while frame is not None:
        name = frame.f_code.co_filename
        if "/escc_desktop/gui/" in name:
            if frame.f_code.co_name in EXEMPT:
                return None
            entry = frame
        elif entry is not None and "/escc_desktop/" not in name:
            break
        frame = frame.f_back
    return entry


@contextmanager
def watched() -> Iterator[Watchdog]:
    """Watch the main thread during the block."""
    dog = Watchdog()
    dog.start()
    try:
        yield dog
    finally:
        dog.stop()

"""Watches the main thread while a test runs: no call from Qt or from a test into the program may take long there.

No frame is kept from one look to the next: a frame that ends while this thread holds it would have its widgets
destroyed here, off the main thread, which Qt answers with a crash or a deadlock.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from PySide6.QtCore import QAbstractEventDispatcher
from PySide6.QtTest import QTest

LIMIT_MS = 100.0
# Waiting without computing: generous, for the machine of the tests is shared.
BLOCKED_MS = 1500.0
SAMPLE_S = 0.01
# What a test calls on purpose on the main thread: making the application and the window itself.
EXEMPT = ("make_application", "make_window", "__main__")
HANDS = ("mouseClick", "mouseDClick", "mouseMove", "mousePress", "mouseRelease", "keyClick", "keyClicks", "keyPress")
Place = tuple[str, int, str]
Token = tuple[int, int]


@dataclass
class Stall:
    """One call into the program that took too long on the main thread."""

    cpu_ms: float
    wall_ms: float
    places: list[Place] = field(default_factory=list)

    def __str__(self) -> str:
        frames = [traceback.FrameSummary(*place) for place in self.places]
        return f"{self.cpu_ms:.0f} ms CPU, {self.wall_ms:.0f} ms in all\n" + "".join(traceback.format_list(frames))


@dataclass
class _Call:
    token: Token
    began_cpu: float
    began: float
    stall: Stall | None = None


class Watchdog:
    """Samples the main thread; `stalls` holds what was found."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self.turns = 0
        self._main = threading.main_thread().ident or 0
        self._clock = time.pthread_getcpuclockid(self._main)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def turn(self) -> None:
        """Note that Qt's loop has begun or ended a turn, or that a test's hand has done something."""
        self.turns += 1

    def _watch(self) -> None:
        call: _Call | None = None
        while not self._stop.wait(SAMPLE_S):
            call = self._look(call)

    def _look(self, call: _Call | None) -> _Call | None:
        """Look once; quick and without input or output, so that no other thread gets a turn meanwhile."""
        frame = sys._current_frames().get(self._main)
        entry = _entry(frame)
        if entry is None:
            return None
        token = (id(entry), self.turns)
        now, cpu = time.perf_counter(), time.clock_gettime(self._clock)
        if call is None or call.token != token:
            return _Call(token, cpu, now)
        cpu_ms, wall_ms = (cpu - call.began_cpu) * 1000, (now - call.began) * 1000
        if cpu_ms >= LIMIT_MS or wall_ms >= BLOCKED_MS:
            if call.stall is None:
                call.stall = Stall(cpu_ms, wall_ms, _places(frame))
                self.stalls.append(call.stall)
            call.stall.cpu_ms, call.stall.wall_ms = cpu_ms, wall_ms
        return call


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


def _places(frame: FrameType | None, most: int = 14) -> list[Place]:
    """Return where the main thread is, outermost first."""
    places: list[Place] = []
    while frame is not None and len(places) < most:
        places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return places[::-1]


def _loop_ms() -> float:
    """Return the CPU time of a fixed piece of work."""
    began = time.thread_time()
    sum(range(300_000))
    return (time.thread_time() - began) * 1000


_best_ms = [min(_loop_ms() for _ in range(7))]


def slowness() -> float:
    """Return how many times longer the same work takes now than at its quickest: two workers share a machine."""
    now = sorted(_loop_ms() for _ in range(5))[2]
    _best_ms[0] = min(_best_ms[0], now)
    return now / _best_ms[0]


@contextmanager
def watched() -> Iterator[Watchdog]:
    """Watch the main thread during the block."""
    dog = Watchdog()
    dispatcher = QAbstractEventDispatcher.instance()
    if dispatcher is not None:
        dispatcher.awake.connect(dog.turn)
        dispatcher.aboutToBlock.connect(dog.turn)
    with _hands(dog):
        dog.start()
        try:
            yield dog
        finally:
            dog.stop()
    if dispatcher is not None:
        dispatcher.awake.disconnect(dog.turn)
        dispatcher.aboutToBlock.disconnect(dog.turn)


@contextmanager
def _hands(dog: Watchdog) -> Iterator[None]:
    """Make every act of a test's hand a call of its own."""
    before = {name: getattr(QTest, name) for name in HANDS}

    def counted(act: object) -> object:
        def acting(*args: object, **kwargs: object) -> object:
            dog.turn()
            return act(*args, **kwargs)  # type: ignore[operator]

        return staticmethod(acting)

    for name, act in before.items():
        setattr(QTest, name, counted(act))
    try:
        yield
    finally:
        for name, act in before.items():
            setattr(QTest, name, act)

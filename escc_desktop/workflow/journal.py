"""The journal of an open reading: every step durable soon, and nobody waiting for the disk."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from escc_desktop.errors import EsccError

GROUP_COMMIT_S = 0.02
FLUSH_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class _Flush:
    done: threading.Event


class Journal:
    """Writes steps durably from a thread of its own, several in one commit.

    Parameters
    ----------
    append
        Writes steps, numbered from its first argument; durable when it returns.
    acknowledged
        How many steps are durable already.
    """

    def __init__(self, append: Callable[[int, list[bytes]], None], acknowledged: int) -> None:
        self._append = append
        self.acknowledged = acknowledged
        self.trouble: EsccError | None = None
        self._added = acknowledged
        self._pending: list[bytes] = []
        self._inbox: queue.SimpleQueue[bytes | _Flush | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether all steps added are durable."""
        return self.acknowledged == self._added

    def add(self, step: bytes) -> None:
        """Hand over a step; returns at once."""
        self._added += 1
        self._inbox.put(step)

    def flush(self) -> None:
        """Return once all steps added are durable; raise why not, keeping them for the next attempt."""
        done = threading.Event()
        self._inbox.put(_Flush(done))
        ends = time.monotonic() + FLUSH_TIMEOUT_S
        while not done.wait(0.1):
            if not self._thread.is_alive() or time.monotonic() > ends:
                raise EsccError("Saving does not answer.", "The reading is kept in memory; check the disk.")
        if self.trouble is not None:
            raise self.trouble

    def stop(self) -> None:
        """End the thread; what is not durable yet is dropped unless `flush` went before."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._inbox.get()) is not None:
            flushes = self._gather(item)
            self._commit()
            for flush in flushes:
                flush.done.set()

    def _gather(self, item: bytes | _Flush) -> list[_Flush]:
        """Collect what arrives within the group's time; a flush ends it at once."""
        ends = time.monotonic() + GROUP_COMMIT_S
        while True:
            if isinstance(item, _Flush):
                return [item]
            self._pending.append(item)
            try:
                following = self._inbox.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                return []
            if following is None:
                self._inbox.put(None)
                return []
            item = following

    def _commit(self) -> None:
        if not self._pending:
            return
        try:
            self._append(self.acknowledged + 1, self._pending)
        except EsccError as error:
            self.trouble = error
            return
        self.acknowledged += len(self._pending)
        self._pending = []
        self.trouble = None

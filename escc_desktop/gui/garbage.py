"""Python's garbage is collected on the main thread only.

Cycles of Python objects often hold widgets. The collector runs in whatever thread happens to allocate: a job or the
journal of a reading would then destroy widgets off the main thread, which ends in a deadlock between Qt's locks and
the interpreter's, or in a crash.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

EVERY_MS: Final = 500
SOON_MS: Final = 200
# So many new objects are not left lying about, whatever the hand does.
_MOST_WAITING: Final = 200_000
# What a module brings lives as long as the program: features, models and figures come when they are first asked for.
_MANY_MODULES: Final = 50
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def collect_soon() -> None:
    """Collect everything in a moment, once no hand draws: something large was let go, such as a volume.

    Memory goes back to the system too: the C library of Linux keeps what was freed between pieces still in use, more
    with each reading opened and closed.
    """
    QTimer.singleShot(SOON_MS, _collect_all)


def _collect_all() -> None:
    if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
        collect_soon()
        return
    gc.collect()
    if _trim is not None:
        _trim(0)


class GarbageCollector(QObject):
    """Stands in for the automatic collector from its making on; make it on the main thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._modules_frozen = 0
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY_MS)

    def collect(self) -> None:
        """Collect the oldest generation that is due, unless a hand draws: its stroke must not halt."""
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton and gc.get_count()[0] < _MOST_WAITING:
            return
        if len(sys.modules) >= self._modules_frozen + _MANY_MODULES:
            # Modules and classes need no looking at again: that would hold up the window for a fifth of a second.
            gc.freeze()
            self._modules_frozen = len(sys.modules)
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

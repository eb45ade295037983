"""Slices played one after the other."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from escc_desktop.gui.viewer.steered import SteeredCanvas

RATES: Final = (5, 10, 15, 20, 30)
USUAL_RATE: Final = 15


class Cine(QObject):
    """Plays the slices of a view, at the ends turning back; whatever the person does in a view stops it.

    Signals
    -------
    changed
        It plays now, or no longer, or at another rate.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rate = USUAL_RATE
        self._view: SteeredCanvas | None = None
        self._way = 1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)

    @property
    def is_playing(self) -> bool:
        """Whether it plays."""
        return self._view is not None

    def toggle(self, view: SteeredCanvas) -> None:
        """Play a view, or stop."""
        if self.is_playing:
            self.stop()
        elif view.planes is not None and view.planes.size(view.plane) > 1:
            self._view = view
            view.set_playing(self.rate)
            self._timer.start(round(1000 / self.rate))
            self.changed.emit()

    def stop(self) -> None:
        """Stay where it is."""
        view, self._view = self._view, None
        self._timer.stop()
        if view is not None:
            view.set_playing(0)
            self.changed.emit()

    def set_rate(self, rate: int) -> None:
        """Play so many slices a second."""
        self.rate = rate
        if self._view is not None:
            self._view.set_playing(rate)
            self._timer.start(round(1000 / rate))
        self.changed.emit()

    def _step(self) -> None:
        view = self._view
        if view is None or view.planes is None:
            self.stop()
            return
        before = view.index
        view.step(self._way)
        if view.index == before:
            self._way = -self._way
            view.step(self._way)

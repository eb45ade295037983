"""Thumbnails fetched in the background, what is on screen first."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.thumbnails import Thumbnail
from escc_desktop.workflow.views.worklist import PatientLine
from escc_desktop.workflow.views.worklist_jobs import series_thumbnail

_BATCH = 3
_KEPT = 2000
_PAINTED_S = 0.25

Wanted = tuple[str, tuple[float, float, float] | None]


class Pictures(QObject):
    """Knows the thumbnails of series; what is asked for and not there yet is fetched, what is on screen first.

    Attributes
    ----------
    arrived
        Some pictures came.
    """

    arrived = Signal()

    def __init__(self, desktop: Desktop, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desktop = desktop
        self._pixmaps: dict[str, QPixmap | None] = {}
        self._wanted: dict[str, tuple[float, Wanted]] = {}
        self._running: Running | None = None
        self._is_closed = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(20)
        self._soon.timeout.connect(self._fetch)

    def of_patient(self, patient: PatientLine) -> QPixmap | None:
        """Return the picture of a patient's chosen series, or None while it is not there."""
        if patient.chosen is None:
            return None
        uid = patient.chosen.series_uid
        marked = [lesion.point_mm for lesion in patient.lesions if lesion.series_uid == uid]
        return self.of_series(uid, marked[0] if marked else None)

    def of_series(self, series_uid: str, point_mm: tuple[float, float, float] | None) -> QPixmap | None:
        """Return the picture of a series, or None while it is not there."""
        if series_uid in self._pixmaps:
            return self._pixmaps[series_uid]
        self._wanted.pop(series_uid, None)
        self._wanted[series_uid] = time.monotonic(), (series_uid, point_mm)
        if self._running is None and not self._is_closed and not self._soon.isActive():
            self._soon.start()
        return None

    def forget(self) -> None:
        """Fetch all anew, for a lesion may have been marked; what is shown stays until then."""
        self._pixmaps.clear()

    def close(self) -> None:
        """Fetch no more."""
        self._is_closed = True
        self._soon.stop()
        if self._running is not None:
            self._running.cancel()

    def _fetch(self) -> None:
        project = self._desktop.project
        if project is None or self._is_closed or not self._wanted:
            return
        # What was asked for just now is on screen, from top to bottom; what was asked for before is scrolled away.
        latest = max(asked for asked, _wanted in self._wanted.values())
        batch = [wanted for asked, wanted in self._wanted.values() if latest - asked < _PAINTED_S][:_BATCH]
        self._running = self._desktop.tasks.run(
            _("Fetching pictures"),
            _fetch_pictures,
            project,
            batch,
            answers=Answers(self._take, self._give_up(batch), self._ended),
            quiet=True,
        )

    def _take(self, found: dict[str, Thumbnail | None]) -> None:
        if not shiboken6.isValid(self):
            return
        if len(self._pixmaps) > _KEPT:
            self._pixmaps.clear()
        for uid, thumbnail in found.items():
            self._wanted.pop(uid, None)
            self._pixmaps[uid] = None if thumbnail is None else _pixmap(thumbnail)
        self._ended()
        self.arrived.emit()

    def _give_up(self, batch: list[Wanted]) -> Callable[[Exception], None]:
        def failed(_error: Exception) -> None:
            self._take(dict.fromkeys((uid for uid, _point in batch), None))

        return failed

    def _ended(self) -> None:
        if not shiboken6.isValid(self):
            return
        self._running = None
        if self._wanted and not self._is_closed:
            self._soon.start()


def _fetch_pictures(project: Project, batch: list[Wanted], progress: Progress) -> dict[str, Thumbnail | None]:
    found: dict[str, Thumbnail | None] = {}
    for number, (uid, point_mm) in enumerate(batch):
        progress.advance(number, len(batch))
        try:
            found[uid] = series_thumbnail(project, uid, point_mm, progress)
        except EsccError:  # a damaged volume is told of when it is opened
            found[uid] = None
    return found


def _pixmap(thumbnail: Thumbnail) -> QPixmap:
    grey = np.ascontiguousarray(thumbnail.grey)
    rows, columns = grey.shape
    image = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    return QPixmap.fromImage(image.copy())

"""The lesion passport on the lesions page: one lesion's slices in a row, from the baseline to the latest series."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import shiboken6
from PySide6.QtCore import QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, card, label
from escc_desktop.i18n import _, said
from escc_desktop.workflow.passport import OUTLINED, PROPOSED, Passport, PassportEntry, open_passport, propose
from escc_desktop.workflow.passport_report import write_passport
from escc_desktop.workflow.passport_words import entry_lines, feature_lines
from escc_desktop.workflow.recist_measures import Measured, take

if TYPE_CHECKING:
    from escc_desktop.imaging.axial import Crop
    from escc_desktop.imaging.mask import BoolArray
    from escc_desktop.workflow.project import Project

T = TypeVar("T")
_SIDE_PX: Final = 168
_WORDS_PX: Final = 172
_FEATURES_PX: Final = 250
_LOW_HU, _HIGH_HU = -135.0, 215.0
# Okabe and Ito's yellow for what was drawn; their sky blue, dashed, for what nobody drew.
_DRAWN, _PROPOSED = QColor("#f0e442"), QColor("#56b4e9")


class CropPicture(QWidget):
    """A part of a slice with an outline; a proposal's is dashed."""

    def __init__(self, crop: Crop | None, *, is_proposal: bool = False) -> None:
        super().__init__()
        self.setFixedSize(_SIDE_PX, _SIDE_PX)
        self._crop, self._is_proposal = crop, is_proposal
        self._image = None if crop is None else _gray(crop)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the slice, and the outline along the voxels' edges."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self._crop is None or self._image is None:
            return
        rows, columns = self._crop.hu.shape
        width, height = columns * self._crop.spacing_mm[0], rows * self._crop.spacing_mm[1]
        scale = _SIDE_PX / max(width, height)
        place = QRectF((_SIDE_PX - width * scale) / 2, (_SIDE_PX - height * scale) / 2, width * scale, height * scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        painter.setPen(QPen(_PROPOSED if self._is_proposal else _DRAWN, 1.5))
        step = place.width() / columns, place.height() / rows
        for x0, y0, x1, y1 in _edges(self._crop.outline):
            if self._is_proposal and (x0 + y0) % 4 > 1:  # two edges of four: dashed
                continue
            painter.drawLine(
                round(place.x() + x0 * step[0]),
                round(place.y() + y0 * step[1]),
                round(place.x() + x1 * step[0]),
                round(place.y() + y1 * step[1]),
            )


class PassportPanel(QWidget):
    """One lesion's course in pictures, fetched when it is asked for.

    Attributes
    ----------
    wanted
        Patient and lesion asked for.
    """

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._running: Running | None = None
        self.shown: Passport | None = None
        self.wanted: tuple[str, str] | None = None
        self._day: date | None = None
        self.title = label(tone="secondary", size="caption")
        self.print_button = button(_("Print"), "print", weight="quiet", tip=_("Write the lesion passport as PDF"))
        self.sentence = label(tone="secondary", wrap=True)
        self.tiles: list[QWidget] = []
        self._strip = QHBoxLayout()
        self._strip.setContentsMargins(0, 0, 0, 0)
        self._strip.setSpacing(GRID)
        holder = QWidget()
        holder.setLayout(self._strip)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(holder)
        frame, column = card(margins=12, spacing=4)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.print_button)
        column.addLayout(head)
        inner = QWidget()
        self._stack = QStackedLayout(inner)
        self._stack.addWidget(self.sentence)
        self._stack.addWidget(self._scroll)
        column.addWidget(inner, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._dialog: QFileDialog | None = None
        self.print_button.clicked.connect(self.print_passport)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self.shown = self.wanted = None
        self.title.setText(_("Lesion passport"))
        self.print_button.setVisible(False)
        self._say(_("Choose a lesion's row to see its slices from the baseline on."))

    def fetch(self, project: Project, patient_id: str, lesion_id: str) -> None:
        """Fetch a lesion's course; a newer call supersedes this one."""
        if self.wanted == (patient_id, lesion_id):
            return
        self.clear()
        self.wanted = (patient_id, lesion_id)
        self.title.setText(_("Lesion passport: {lesion}").format(lesion=lesion_id))
        self._say(_("Loading the slices"))
        self._run(_("Loading the slices"), self._show, open_passport, project, patient_id, lesion_id)

    def fetch_again(self, project: Project) -> None:
        """Fetch the lesion shown anew: its record has changed."""
        if self.wanted is not None:
            wanted, self.wanted = self.wanted, None
            self.fetch(project, *wanted)

    def propose(self, project: Project, series_uid: str) -> None:
        """Carry the outline over to a series."""
        if self.shown is None:
            return
        self._run(_("Laying the scans over each other"), self._take_proposal, propose, project, self.shown, series_uid)

    def take_measurement(self, one: Measured) -> None:
        """Put a reading's diameter into the record; the page is told by the project's change."""
        if self._desktop.project is not None:
            self._desktop.tasks.run(_("Taking the measurement"), take, self._desktop.project, one)

    def show_day(self, day: date) -> None:
        """Bring the entry of a day into sight, now or once it is there."""
        self._day = day
        if self.shown is None:
            return
        for entry, tile in zip(self.shown.entries, self.tiles, strict=True):
            days = (entry.day, None if entry.recorded is None else entry.recorded.date)
            if day in days:
                self._scroll.horizontalScrollBar().setValue(tile.x())

    def print_passport(self) -> None:
        """Ask where the passport goes, then write it by a job."""
        if self.shown is None:
            return
        name = f"{self.shown.patient_id}_{self.shown.lesion_id}.pdf"
        self._dialog = QFileDialog(self, _("Print the lesion passport"), name, _("PDF (*.pdf)"))
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setDefaultSuffix("pdf")
        self._dialog.fileSelected.connect(self.print_to)
        self._dialog.open()

    def print_to(self, path: str) -> None:
        """Write the passport."""
        project, desktop = self._desktop.project, self._desktop
        if self.shown is None or project is None:
            return

        def offer(written: Path) -> None:
            address = QUrl.fromLocalFile(str(written))
            told = _("Report written: {name}").format(name=written.name)
            desktop.notices.offer(told, _("Open"), lambda: QDesktopServices.openUrl(address), Tone.SUCCESS)

        told: Answers[Path] = Answers(then=offer)
        work = (project, self.shown, Path(path), desktop.is_synthetic)
        desktop.tasks.run(_("Writing the report"), write_passport, *work, answers=told)

    def _run(self, words: str, then: Callable[[T], object], call: Callable[..., T], *args: object) -> None:
        if self._running is not None:
            self._running.cancel()
        answers: Answers[T] = Answers()
        running = self._desktop.tasks.run(words, call, *args, answers=answers)

        def mine() -> bool:
            return shiboken6.isValid(self) and self._running is running

        answers.then = lambda found: then(found) if mine() else None
        answers.failed = lambda error: self._fail(error) if mine() else None
        answers.stopped = lambda: None
        self._running = running

    def _take_proposal(self, entry: PassportEntry) -> None:
        if self.shown is not None:
            self._show(self.shown.with_proposal(entry))

    def _fail(self, error: Exception) -> None:
        self._running = None
        if self.shown is not None or not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)
            return
        self._say(said(error.what))

    def _say(self, words: str) -> None:
        self.sentence.setText(words)
        self._stack.setCurrentIndex(0)

    def _show(self, found: Passport) -> None:
        self._running = None
        self.shown = found
        while (item := self._strip.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.tiles = [self._tile(entry) for entry in found.entries]
        for tile in self.tiles:
            self._strip.addWidget(tile)
        self._strip.addStretch(1)
        self.print_button.setVisible(bool(found.entries))
        if found.entries:
            self._stack.setCurrentIndex(1)
        else:
            self._say(_("Nothing is known of this lesion beyond its row."))
        if self._day is not None:
            self.show_day(self._day)

    def _tile(self, entry: PassportEntry) -> QWidget:
        """Return an entry: its picture, and beside it what is said; a row of the record alone is words only."""
        made = QWidget()
        line = QHBoxLayout(made)
        line.setContentsMargins(0, 0, 0, 0)
        if entry.crop is not None:
            picture = CropPicture(entry.crop, is_proposal=entry.kind == PROPOSED)
            picture.setToolTip(entry.note or entry.description)
            line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        for words in entry_lines(entry):
            column.addWidget(_words(words, "warning" if entry.kind == PROPOSED else "", _WORDS_PX))
        if entry.series_uid and entry.kind not in {OUTLINED, PROPOSED} and self._has_outline():
            tip = _("Carry the outline over by registration: a proposal, never a reading")
            ask = button(_("Propose an outline"), "layer", weight="quiet", tip=tip)
            ask.clicked.connect(partial(self._propose_here, entry.series_uid))
            column.addWidget(ask)
        for one in entry.offers:
            how = _("by hand") if one.by_hand else _("outline")
            words = _("Take {mm} mm ({how})").format(mm=f"{one.diameter_mm:.1f}", how=how)
            tip = _("Put into the record, with a link back to this reading: {what}").format(what=one.words)
            give = button(words, "add", weight="quiet", tip=tip)
            give.clicked.connect(partial(self.take_measurement, one))
            column.addWidget(give)
        column.addStretch(1)
        line.addLayout(column)
        if entry.features:
            line.addLayout(_features(entry))
        return made

    def _has_outline(self) -> bool:
        return self.shown is not None and any(one.kind == OUTLINED for one in self.shown.entries)

    def _propose_here(self, series_uid: str) -> None:
        if self._desktop.project is not None:
            self.propose(self._desktop.project, series_uid)


def _words(text: str, tone: str, width_px: int) -> QLabel:
    made = label(text, tone=tone, size="caption", wrap=True)
    made.setFixedWidth(width_px)
    return made


def _features(entry: PassportEntry) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(2)
    column.addWidget(_words(_("Features of the Rad-score"), "secondary", _FEATURES_PX))
    for words in feature_lines(entry):
        column.addWidget(_words(words, "", _FEATURES_PX))
    column.addStretch(1)
    return column


def _gray(crop: Crop) -> QImage:
    """Return the slice as a picture of its own memory, at the window lesions are read in."""
    share = np.clip((crop.hu.astype(np.float32) - _LOW_HU) / (_HIGH_HU - _LOW_HU), 0, 1)
    pixels = np.ascontiguousarray((share * 255).astype(np.uint8))
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy()


def _edges(outline: BoolArray) -> Iterator[tuple[int, int, int, int]]:
    """Return the voxel edges (x0, y0, x1, y1) between inside and outside, in voxels."""
    padded = np.pad(outline, 1)
    for row, column in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]).tolist():
        yield column, row, column + 1, row
    for row, column in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]).tolist():
        yield column, row, column, row + 1

"""What is shown after signing: that it is final, and what to read next. The outline itself is not shown again."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from escc_desktop.gui.icons import icon_pixmap
from escc_desktop.gui.pages.reading_words import volume_words
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _, plural
from escc_desktop.reading.session import Roi
from escc_desktop.workflow.views.measurements import measured_words
from escc_desktop.workflow.views.reading import AgendaItem
from escc_desktop.workflow.views.words import local_time, site_name

_ICON_PX = 40


class SignedView(QWidget):
    """Confirms a signature and offers the next session.

    Signals
    -------
    open_wanted
        The id of the next session.
    list_wanted
        Back to the list.
    """

    open_wanted = Signal(str)
    list_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._picture = QLabel()
        self.title = label(size="heading")
        self.what, self.measured, self.hint = label(), label(tone="secondary"), label(tone="secondary")
        self.next = button("", "play", weight="primary")
        self.to_list = button(_("My readings"))
        self._next_id = ""
        lines = self._picture, self.title, self.what, self.measured, self.hint
        for line in lines:
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.addStretch(2)
        for line in lines:
            column.addWidget(line)
        column.addSpacing(GRID)
        across = QHBoxLayout()
        across.setSpacing(GRID)
        across.addStretch(1)
        across.addWidget(self.next)
        across.addWidget(self.to_list)
        across.addStretch(1)
        column.addLayout(across)
        column.addStretch(3)
        self.next.clicked.connect(lambda: self.open_wanted.emit(self._next_id))
        self.to_list.clicked.connect(self.list_wanted)
        self.next.hide()

    def show_roi(self, roi: Roi) -> None:
        """Say what was signed."""
        self._picture.setPixmap(icon_pixmap("checkmark_circle", "success", _ICON_PX, self.devicePixelRatioF()))
        self.title.setText(_("Reading of {patient} signed").format(patient=roi.patient_id))
        n_slices = int(np.count_nonzero(roi.mask.voxels.any(axis=(1, 2))))
        slices = plural("{n} slice", "{n} slices", n_slices)
        self.what.setText(
            " · ".join((f"{site_name(roi.site)} {roi.lesion_id}", slices, volume_words(roi.mask.volume_mm3)))
        )
        measured = measured_words(roi)
        self.measured.setVisible(bool(measured))
        self.measured.setText(_("Measured: {what}").format(what=measured))
        at = "" if roi.signature is None else local_time(roi.signature.at)
        self.hint.setText(_("It is final since {time}.").format(time=at))
        self.next.hide()

    def show_next(self, item: AgendaItem | None) -> None:
        """Offer the next session; None when there is none."""
        self.next.setVisible(item is not None)
        if item is not None:
            self._next_id = item.session.session_id
            self.next.setText(_("Read {patient}").format(patient=item.session.patient_id))
            self.next.setFocus()

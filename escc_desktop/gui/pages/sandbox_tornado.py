"""What the score of the signed contour depends on, computed when it is asked for."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row, set_tone
from escc_desktop.gui.widgets.tornado import Tornado
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.live_signature import Sandbox, TornadoView


class TornadoPart(QWidget):
    """What the score of the signed contour depends on, computed when it is asked for.

    Signals
    -------
    voxel_wanted
        (x, y, z): show it.
    """

    voxel_wanted = Signal(object)

    def __init__(self, desktop: Desktop, sandbox: Sandbox) -> None:
        super().__init__()
        self._desktop, self._sandbox = desktop, sandbox
        self._running: Running | None = None
        self.found: TornadoView | None = None
        self.tornado, self.bar = Tornado(), QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel_button = button(_("Cancel"), weight="quiet")
        self.again = button(_("Compute"), "play")
        self.words = label(wrap=True)
        intro = _(
            "What the Rad-score of the signed contour would be had the lesion been drawn or scanned a little"
            " differently: one change at a time, the card as it stands."
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.tornado)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(label(intro, tone="secondary", size="caption", wrap=True))
        column.addWidget(row(self.words, self.again, self.bar, self.cancel_button))
        column.addWidget(scroll, 1)
        self.cancel_button.clicked.connect(self.stop)
        self.again.clicked.connect(self.begin)
        self.tornado.chosen.connect(self._choose)
        self._rest("")

    def begin(self) -> None:
        """Compute it, unless it is there or on its way."""
        if self.found is not None or self._running is not None:
            return
        answers: Answers[TornadoView] = Answers()
        running = self._desktop.tasks.run(
            _("What the Rad-score depends on"), self._sandbox.tornado, answers=answers, quiet=True
        )

        def mine() -> bool:
            return shiboken6.isValid(self) and self._running is running

        answers.then = lambda found: self._show(found) if mine() else None
        answers.failed = lambda error: self._fail(error) if mine() else None
        answers.stopped = lambda: self._rest(_("Stopped.")) if mine() else None
        answers.advanced = lambda now: self.bar.setValue(round((now.fraction or 0) * 1000)) if mine() else None
        self._running = running
        self.words.setText(_("Changing the lesion and the CT, one thing at a time"))
        self.words.setWordWrap(False)  # beside the bar there is one line for them
        set_tone(self.words, "secondary")
        self.again.hide()
        self.bar.setRange(0, 1000)
        self.bar.setValue(0)
        self.bar.show()
        self.cancel_button.show()

    def stop(self) -> None:
        """Stop computing."""
        if self._running is not None:
            self._running.cancel()
            self._rest(_("Stopped."))

    def _rest(self, words: str, tone: str = "secondary") -> None:
        self._running = None
        self.words.setWordWrap(True)
        self.words.setText(words)
        set_tone(self.words, tone)
        self.bar.hide()
        self.cancel_button.hide()
        self.again.setVisible(self.found is None)

    def _show(self, found: TornadoView) -> None:
        self.found = found
        self.tornado.show_tornado(found)
        self._rest(found.summary, "warning" if any(bar.flips for bar in found.bars) else "")

    def _fail(self, error: Exception) -> None:
        self._rest(said(error.what) if isinstance(error, EsccError) else _("It cannot be computed."), "warning")
        if not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)

    def _choose(self, key: str) -> None:
        voxel = None if self.found is None else self.found.bars[int(key)].voxel
        if voxel is not None:
            self.voxel_wanted.emit(voxel)

"""Says what a step of the whole region did: most of it lies on slices that nobody looks at."""

from __future__ import annotations

from PySide6.QtCore import QObject

from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.words import done_words, is_of_whole, step_name
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import MaskEdit


class StepNews(QObject):
    """Follows a canvas: says what such a step changed, and that it is undone or done again."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._cursor, self._newest = canvas.reading.history.cursor, self._last
        self._layer, self._volume_mm3 = canvas.layer, canvas.volume_mm3
        canvas.stepped.connect(self._follow)

    @property
    def _last(self) -> MaskEdit | None:
        edits = self._canvas.reading.history.edits
        return edits[-1] if edits else None

    def _follow(self) -> None:
        canvas, newest, cursor = self._canvas, self._last, self._canvas.reading.history.cursor
        change, by = canvas.volume_mm3 - self._volume_mm3, cursor - self._cursor
        is_new, is_same_region = newest is not self._newest, canvas.layer == self._layer
        self._newest, self._cursor = newest, cursor
        self._layer, self._volume_mm3 = canvas.layer, canvas.volume_mm3
        if newest is not None and is_new and is_same_region and is_of_whole(newest):
            canvas.said.emit(done_words(newest, change))
        elif by and not is_new:
            self._say_moved(canvas.reading.history.edits[cursor if by < 0 else cursor - 1], is_undone=by < 0)

    def _say_moved(self, edit: MaskEdit, *, is_undone: bool) -> None:
        if is_of_whole(edit):
            words = _("Undone: {step}.") if is_undone else _("Done again: {step}.")
            self._canvas.said.emit(words.format(step=step_name(edit)))

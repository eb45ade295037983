"""Which slices of the region drawn now an assisted tool has touched, kept up with every step."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject

from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.reading.tools import is_assisted


class TouchedSlices(QObject):
    """Knows what `History.tools_by_slice` knows of assisted tools, without going through all steps every time."""

    def __init__(self, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._seen: list[MaskEdit] = []
        self._assisted: list[tuple[int, MaskEdit, tuple[int, ...]]] = []
        self._found: dict[int, tuple[str, ...]] = {}
        self._found_for = (0, 0)
        canvas.stepped.connect(self._follow)
        self._follow()

    @property
    def assisted(self) -> Mapping[int, tuple[str, ...]]:
        """The labels of assisted tools by slice (z) of the region drawn now, in order of first use."""
        return self._found

    def _follow(self) -> None:
        history, seen = self._canvas.reading.history, self._seen
        is_changed = self._found_for != (self._canvas.layer, len(self._assisted))
        while seen and (len(seen) > history.cursor or seen[-1] is not history.edits[len(seen) - 1]):
            seen.pop()
            if self._assisted and self._assisted[-1][0] == len(seen):
                self._assisted.pop()
                is_changed = True
        for edit in history.edits[len(seen) : history.cursor]:
            if is_assisted(edit.label):
                self._assisted.append((len(seen), edit, edit.slices))
                is_changed = True
            seen.append(edit)
        if is_changed:
            self._gather()

    def _gather(self) -> None:
        layer, found = self._canvas.layer, dict[int, dict[str, None]]()
        for _place, edit, slices in self._assisted:
            if edit.layer == layer:
                for index in slices:
                    found.setdefault(index, {})[edit.label] = None
        self._found = {index: tuple(found[index]) for index in sorted(found)}
        self._found_for = layer, len(self._assisted)

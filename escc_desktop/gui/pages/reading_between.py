"""Between drawn slices: what is suggested there, and how it becomes part of the region."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.suggestions import confirm, forget_drawn, why_no_suggestion
from escc_desktop.gui.widgets.action_button import ActionButton
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.interpolation import interpolate
from escc_desktop.imaging.mask import BoolArray, Region, bounding_box
from escc_desktop.progress import Progress

INTERPOLATED: Final = "interpolation"
FOLLOWS_AFTER_MS: Final = 200


class BetweenSection(Section):
    """Suggests what lies between drawn slices, and keeps up with what is drawn.

    Attributes
    ----------
    is_on
        Whether it suggests.
    """

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._canvas, self._axial, self._protocol = place.canvas, place.views.axial, place.hand.protocol
        self._tell = place.desktop.notices.say
        self.is_on = False
        self._latest: Latest[tuple[BoolArray, Region] | None] = Latest(
            place.desktop.tasks, _("Interpolation"), self._show, place.desktop.notices.trouble
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self._actions = self._make_actions()
        texts = _("Suggest"), _("Take slice"), _("Take all"), ""
        self.toggle, self.take_slice, self.take_all, self.clear = (
            ActionButton(action, text) for action, text in zip(self._actions, texts, strict=True)
        )
        self.toggle.widget.setCheckable(True)
        self.words = label(tone="secondary", size="caption", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(self.toggle.widget, None, self.clear.widget, spacing=GRID // 2))
        column.addWidget(row(self.take_slice.widget, self.take_all.widget, None, spacing=GRID // 2))
        column.addWidget(self.words)
        self._canvas.stepped.connect(self._on_step)
        self._canvas.suggested.connect(self._on_suggested)
        self._axial.index_changed.connect(lambda _index: self.take_slice.follow())
        self._follow()

    def actions_now(self) -> tuple[Action, ...]:
        """Return suggesting, confirming and clearing."""
        return self._actions

    def _make_actions(self) -> tuple[Action, Action, Action, Action]:
        canvas, axial = self._canvas, self._axial
        return (
            Action(
                "reading.interpolate",
                _("Suggest the slices between drawn ones, or stop"),
                self.switch,
                "stack",
                ("I",),
                self._why_not,
            ),
            Action(
                "reading.take_slice",
                _("Take the suggestion of this slice"),
                partial(self._confirm, is_slice_only=True),
                "",
                ("Ctrl+I",),
                lambda: why_no_suggestion(canvas, axial.index),
            ),
            Action(
                "reading.take_all",
                _("Take all that is suggested"),
                self._confirm,
                "",
                ("Ctrl+Shift+I",),
                lambda: why_no_suggestion(canvas),
            ),
            Action(
                "reading.clear_suggestion",
                _("Clear what is suggested"),
                self._clear,
                "dismiss",
                why_not=lambda: "" if canvas.suggestion is not None else _("Nothing is suggested."),
            ),
        )

    def stop(self) -> None:
        """Suggest no more."""
        self._timer.stop()
        self._latest.stop()

    def switch(self) -> None:
        """Suggest what lies between drawn slices, or stop."""
        why_not = self._why_not()
        if why_not:
            self._tell(why_not)
        elif self.is_on:
            self._clear()
        else:
            self.is_on = True
            self._ask()
        self._follow()

    def _why_not(self) -> str:
        if not self._protocol.allows(INTERPOLATED):
            return _("The protocol of this study forbids interpolation in readings.")
        if not self.is_on and not self._canvas.missing_slices():
            return _("There is nothing to suggest: draw on two slices with empty ones between them.")
        return ""

    def _confirm(self, *, is_slice_only: bool = False) -> None:
        confirm(self._canvas, self._axial.index, is_slice_only=is_slice_only)

    def _clear(self) -> None:
        self.is_on = False
        self.stop()
        self._canvas.suggest(None)
        self._follow()

    def _ask(self) -> None:
        """Have what lies between the slices drawn now computed."""
        canvas = self._canvas
        missing = np.array(canvas.missing_slices(), dtype=np.intp)
        if not missing.size:
            self._latest.stop()
            self._show(None)
            return
        beside = np.unique(np.concatenate([missing - 1, missing + 1]))
        keys = beside[canvas.slice_voxels[beside] > 0]
        drawn = {int(index): canvas.shown[index].copy() for index in keys}
        x, y, _z = canvas.planes.geometry.spacing_mm
        self._latest.ask(suggestion, drawn, (y, x), canvas.shown.shape)

    def _show(self, found: tuple[BoolArray, Region] | None) -> None:
        canvas = self._canvas
        if found is not None:
            canvas.suggest(found[0], INTERPOLATED, found[1])
            forget_drawn(canvas)
        elif canvas.suggestion_label == INTERPOLATED:
            canvas.suggest(None)
        self._follow()

    def _on_step(self) -> None:
        """Let go of what was suggested where something is drawn now, and suggest anew."""
        if self.is_on:
            self._latest.stop()  # what is under way is of what was drawn before, or of another region
            if self._canvas.suggestion_label == INTERPOLATED:
                forget_drawn(self._canvas)
            self._timer.start(FOLLOWS_AFTER_MS)
        self._follow()

    def _on_suggested(self) -> None:
        """Stop where another tool suggests something."""
        if self.is_on and self._canvas.suggestion_label not in {"", INTERPOLATED}:
            self.is_on = False
            self.stop()
        self._follow()

    def _follow(self) -> None:
        for made in (self.toggle, self.take_slice, self.take_all, self.clear):
            made.follow()
        self.toggle.widget.setChecked(self.is_on)
        self.words.setText(self._words())

    def _words(self) -> str:
        canvas = self._canvas
        if canvas.suggestion is not None and canvas.suggestion_box is not None:
            n = int(np.count_nonzero(canvas.suggestion[canvas.suggestion_box].any(axis=(1, 2))))
            return plural("{n} slice is suggested, dashed", "{n} slices are suggested, dashed", n)
        if self.is_on:
            return _("No empty slice between drawn ones.")
        return _("Draw every few slices; what lies between is suggested for you to take.")


def suggestion(
    drawn: dict[int, BoolArray], spacing_mm: tuple[float, float], shape: tuple[int, ...], progress: Progress
) -> tuple[BoolArray, Region] | None:
    """Return what lies between drawn slices as a region (z, y, x) and the box that holds it; None for nothing."""
    planes = interpolate(drawn, spacing_mm, progress)
    if not planes:
        return None
    voxels: BoolArray = np.zeros(shape, dtype=np.bool_)
    for index, plane in planes.items():
        voxels[index] = plane
    part = slice(min(planes), max(planes) + 1)
    _z, y, x = bounding_box(voxels[part])
    return voxels, (part, y, x)

"""The cranial and caudal limits of the lesion as a step of their own, and what lies outside them."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.limits import Limits, LimitsTool, axial_axis
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.widgets.action_button import ActionButton
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.delineate import join
from escc_desktop.imaging.mask import MaskEdit, Region, bounding_box
from escc_desktop.reading.tools import LIMITS

LABEL = "trim to limits"


class LimitsPart(QWidget):
    """Where the lesion begins and ends, and the trim to these limits."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._place, self._canvas = place, place.canvas
        tool = place.hand.tool_of(LimitsTool.name)
        if not isinstance(tool, LimitsTool):
            raise TypeError("the tool of the limits is another one")
        self.tool = tool
        self._warned: set[int] = set()
        self._cursor = place.canvas.reading.history.cursor
        self.values: dict[bool, QLabel] = {is_cranial: label() for is_cranial in (True, False)}
        self._actions = self._make_actions()
        self.cranial_here, self.caudal_here, self.trim_button, self.clear = (
            ActionButton(action, text)
            for action, text in zip(self._actions, (_("Here"), _("Here"), _("Trim to limits"), ""), strict=True)
        )
        self._lay_out()
        tool.watchers.append(self._repaint)
        place.hand.painters.append(tool.paint_lines)
        place.canvas.noted.connect(self._noted)
        place.canvas.stepped.connect(self._follow_steps)
        place.canvas.rois_changed.connect(self._follow)
        self._follow()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for is_cranial, name, here in (
            (True, _("Cranial limit"), self.cranial_here),
            (False, _("Caudal limit"), self.caudal_here),
        ):
            column.addWidget(row(label(name, tone="secondary"), None, self.values[is_cranial], here.widget))
        column.addWidget(row(self.trim_button.widget, None, self.clear.widget))

    def actions_now(self) -> tuple[Action, ...]:
        """Return the limits at the slice shown, the trim, and forgetting them."""
        return self._actions

    def _make_actions(self) -> tuple[Action, Action, Action, Action]:
        why_not = self._canvas.why_not_draw
        return (
            Action(
                "reading.limit_cranial",
                _("Cranial limit at this axial slice"),
                partial(self.set_here, cranial=True),
                why_not=why_not,
            ),
            Action(
                "reading.limit_caudal",
                _("Caudal limit at this axial slice"),
                partial(self.set_here, cranial=False),
                why_not=why_not,
            ),
            Action("reading.trim_limits", _("Trim to the limits"), self.trim, "crop", (), self.why_not_trim),
            Action("reading.clear_limits", _("Remove both limits"), self.remove, "delete", (), self._why_not_remove),
        )

    def remove(self) -> None:
        """Have no limits any more."""
        self.tool.keep(None)

    def _why_not_remove(self) -> str:
        return _("No limits are set.") if self.tool.noted is None else self._canvas.why_not_draw()

    def set_here(self, *, cranial: bool) -> None:
        """Put a limit on the axial slice shown."""
        self.tool.set_one(self._place.views.axial.index, cranial=cranial)

    # Trimming

    def why_not_trim(self) -> str:
        """Say why the region cannot be trimmed to the limits; "" when it can."""
        if not self._place.hand.protocol.allows(LABEL):
            return _("The protocol of this study forbids this tool in readings.")
        if self._canvas.why_not_draw():
            return self._canvas.why_not_draw()
        limits = self.tool.noted
        if limits is None:
            return _("Set the cranial and the caudal limit first.")
        if not any(self._has_voxels(part) for part in self._outside(limits)):
            return _("Nothing is drawn outside the limits.")
        return ""

    def trim(self) -> None:
        """Erase what is drawn outside the limits: one step."""
        why_not, limits = self.why_not_trim(), self.tool.noted
        if why_not or limits is None:
            self._canvas.said.emit(why_not)
            return
        self._place.hand.finish()
        canvas, touched = self._canvas, None
        for part in self._outside(limits):
            box = self._drawn(part)
            canvas.shown[box] = False
            touched = join(touched, box if box[0].stop > box[0].start else None)
        canvas.show(touched)
        if not canvas.take(LABEL, self._place.views.axial.index, touched):
            canvas.said.emit(_("Nothing was trimmed: these voxels may not change now."))

    def _outside(self, limits: Limits) -> list[Region]:
        """Return the boxes (z, y, x) on both sides of the limits."""
        axis, inside = axial_axis(self._canvas.planes), limits.slices
        parts: list[Region] = []
        for side in (slice(0, inside.start), slice(inside.stop, self._canvas.shown.shape[axis])):
            box = [slice(0, length) for length in self._canvas.shown.shape]
            box[axis] = side
            parts.append((box[0], box[1], box[2]))
        return parts

    def _has_voxels(self, box: Region) -> bool:
        """Return whether something is drawn in a box; by slices where that is known."""
        if axial_axis(self._canvas.planes) == 0:
            return bool(self._canvas.slice_voxels[box[0]].any())
        return bool(self._canvas.shown[box].any())

    def _drawn(self, part: Region) -> Region:
        """Return the box of what is drawn in a part of the volume; looked for in its drawn slices only."""
        drawn = np.flatnonzero(self._canvas.slice_voxels[part[0]]) + part[0].start
        if not drawn.size:
            return slice(0, 0), part[1], part[2]
        first = int(drawn[0])
        z, y, x = bounding_box(self._canvas.shown[first : int(drawn[-1]) + 1, part[1], part[2]])
        starts = first, part[1].start, part[2].start
        z, y, x = (slice(side.start + by, side.stop + by) for side, by in zip((z, y, x), starts, strict=True))
        return z, y, x

    # Following

    def _noted(self, name: str) -> None:
        if name == LIMITS:
            self._warned.clear()
            self._follow()
            self._repaint()

    def _follow_steps(self) -> None:
        history = self._canvas.reading.history
        taken = history.edits[self._cursor : history.cursor]
        self._cursor = history.cursor
        for edit in taken:
            self._warn(edit)
        self._follow()

    def _warn(self, edit: MaskEdit) -> None:
        """Say once a slice that something was drawn outside the limits."""
        limits = self.tool.noted
        if limits is None or edit.layer != self._canvas.layer:
            return
        axis, span = axial_axis(self._canvas.planes), edit.region[axial_axis(self._canvas.planes)]
        voxels = self._canvas.shown[edit.region]
        drawn = np.flatnonzero(voxels.any(axis=tuple(other for other in range(3) if other != axis))) + span.start
        outside = {int(index) for index in drawn if int(index) not in limits.slices} - self._warned
        if outside:
            self._warned |= outside
            named = ", ".join(str(index + 1) for index in sorted(outside)[:4]) + (" …" if len(outside) > 4 else "")
            n = len(outside)
            words = plural("{n} slice lies outside the limits", "{n} slices lie outside the limits", n)
            self._place.desktop.notices.say(f"{words}: {named}.", _("Move the limits, or trim to them."), Tone.WARNING)

    def _follow(self) -> None:
        limits = self.tool.noted
        for is_cranial, value in self.values.items():
            index = None if limits is None else limits.cranial if is_cranial else limits.caudal
            value.setText(_("not set") if index is None else _("slice {n}").format(n=index + 1))
            value.setToolTip("" if index is None else self._place_words(index))
        for made in (self.cranial_here, self.caudal_here, self.trim_button, self.clear):
            made.follow()

    def _place_words(self, index: int) -> str:
        place = self._canvas.planes.position_mm(Plane.AXIAL, index)
        return _("{number} mm").format(number=f"{place:.1f}".replace("-", "\N{MINUS SIGN}"))

    def _repaint(self) -> None:
        for view in self._place.views.views:
            view.update()

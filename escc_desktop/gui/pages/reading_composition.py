"""What the region is made of, live, and the trims that take air, fat, vessel and calcium out of it."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.theme import GRID, OKABE_ITO
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.widgets.action_button import ActionButton
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _
from escc_desktop.imaging.composition import Composition, Counts, Part, belongs_to, count_slices, trim
from escc_desktop.imaging.mask import BoolArray, Region, bounding_box
from escc_desktop.progress import Progress

LABELS: Final = {Part.AIR_FAT: "trim air and fat", Part.VESSEL_CALCIUM: "trim vessel and calcium"}
_COLORS: Final = {Part.AIR_FAT: OKABE_ITO[1], Part.VESSEL_CALCIUM: OKABE_ITO[5]}
# What one does by hand meanwhile makes a trim worked out before worthless.
_State = tuple[int, int, int]


class CompositionPart(QWidget):
    """Share of air and fat, of vessel and calcium in the region drawn now; each can be trimmed."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._place, self._canvas = place, place.canvas
        self._counts: dict[int, Counts] = {}
        self._pending: set[int] = set()
        self._layer, self._cursor = place.canvas.layer, place.canvas.reading.history.cursor
        self.found: Composition | None = None
        self.is_marked = False
        tasks, trouble = place.desktop.tasks, place.desktop.notices.trouble
        self._counting: Latest[dict[int, Counts]] = Latest(tasks, _("Composition"), self._counted, trouble)
        self._trimming: Latest[tuple[Region, BoolArray]] = Latest(tasks, _("Trimming"), self._trimmed, trouble)
        self._asked: tuple[Part, _State] | None = None
        self.shares: dict[Part, QLabel] = {part: label() for part in Part}
        self._actions = self._make_actions()
        self.trims = {part: ActionButton(self._actions[part], _("Trim")) for part in Part}
        self.rim = QCheckBox(_("Trim a rim of one voxel too"))
        self.rim.setToolTip(
            _("Voxels of the region that touch what is trimmed, in its slice, are partly air or vessel.")
        )
        self.rim.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()
        place.hand.painters.append(self.paint_marks)
        place.canvas.stepped.connect(self._follow_steps)
        place.canvas.rois_changed.connect(self._follow_steps)
        self._count_all()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        names = {
            Part.AIR_FAT: (_("Air, fat"), _("Below \N{MINUS SIGN}30 HU: air in the lumen, fat around the wall.")),
            Part.VESSEL_CALCIUM: (_("Vessel, calcium"), _("Above 200 HU: vessels, calcium, oral contrast, metal.")),
        }
        for part in Part:
            name, tip = names[part]
            heading = label(name, tone="secondary")
            heading.setToolTip(tip)
            self.shares[part].setToolTip(tip)
            column.addWidget(row(heading, None, self.shares[part], self.trims[part].widget))
        column.addWidget(self.rim)

    def actions_now(self) -> tuple[Action, ...]:
        """Return the trims, and the marking of what they would take out."""
        text = _("Mark air, fat, vessel and calcium in the region")
        mark = Action("reading.composition", text, self.toggle_marks, "eye", ("Shift+C",))
        return mark, *self._actions.values()

    def _make_actions(self) -> dict[Part, Action]:
        names = {
            Part.AIR_FAT: (_("Trim air and fat (below \N{MINUS SIGN}30 HU)"), ("Shift+T",)),
            Part.VESSEL_CALCIUM: (_("Trim vessel and calcium (above 200 HU)"), ()),
        }
        return {
            part: Action(
                f"reading.trim_{part.name.lower()}",
                names[part][0],
                partial(self.trim, part),
                keys=names[part][1],
                why_not=partial(self.why_not, part),
            )
            for part in Part
        }

    def stop(self) -> None:
        """Let go of what runs."""
        self._counting.stop()
        self._trimming.stop()

    # Counting

    def _follow_steps(self) -> None:
        """Count anew in the slices of the steps that were taken, undone or redone."""
        history = self._canvas.reading.history
        if self._canvas.layer != self._layer:
            self._layer = self._canvas.layer
            self._cursor = history.cursor
            self._count_all()
            return
        first, last = sorted((self._cursor, history.cursor))
        self._cursor = history.cursor
        for edit in history.edits[first:last]:
            if edit.layer == self._layer:
                self._pending.update(range(edit.region[0].start, edit.region[0].stop))
        self._count()

    def _count_all(self) -> None:
        self._counts, self._pending = {}, {int(index) for index in np.flatnonzero(self._canvas.slice_voxels)}
        self._count()

    def _count(self) -> None:
        if self._pending:
            voxels = self._canvas.reading.history.layer(self._layer)
            self._counting.ask(count_slices, self._canvas.planes.hu, voxels, tuple(self._pending))
        else:
            self._counting.stop()  # what is still being counted is of another region
            self._show()

    def _counted(self, counts: dict[int, Counts]) -> None:
        self._pending -= counts.keys()
        self._counts.update(counts)
        self._show()

    def _show(self) -> None:
        found = self.found = Composition.of_slices(self._counts.values())
        for part in Part:
            share = f"{100 * found.share(part):.1f} %" if found.n_voxels else "\N{EN DASH}"
            self.shares[part].setText(share)
            self.trims[part].follow()
        if self.is_marked:
            self._repaint()

    # Trimming

    def why_not(self, part: Part) -> str:
        """Say why a part cannot be trimmed; "" when it can."""
        if not self._place.hand.protocol.allows(LABELS[part]):
            return _("The protocol of this study forbids this tool in readings.")
        if self._canvas.why_not_draw():
            return self._canvas.why_not_draw()
        if self.found is None or self._pending:
            return _("The composition is being counted.")
        if not self.found.n_voxels:
            return _("Nothing is outlined yet.")
        if not self.found.count(part):
            return {
                Part.AIR_FAT: _("No voxel of the region lies below \N{MINUS SIGN}30 HU."),
                Part.VESSEL_CALCIUM: _("No voxel of the region lies above 200 HU."),
            }[part]
        return ""

    def trim(self, part: Part) -> None:
        """Take a part out of the region: one step."""
        busy = _("The region is being trimmed: wait until that is done.") if self._trimming.is_busy else ""
        why_not = self.why_not(part) or busy
        if why_not:
            self._canvas.said.emit(why_not)
            return
        self._place.hand.finish()
        self._asked = part, self._state
        voxels = self._canvas.reading.history.layer(self._layer)
        self._trimming.ask(_trim, self._canvas.planes.hu, voxels, part, self.rim.isChecked())

    def _trimmed(self, found: tuple[Region, BoolArray]) -> None:
        asked, self._asked = self._asked, None
        if asked is None:
            return
        part, state = asked
        if state != self._state or self._canvas.is_stroking:
            self._canvas.said.emit(_("The region changed while it was trimmed: trim it again."))
            return
        box, left = found
        self._canvas.shown[box] = left
        self._canvas.show(box)
        if not self._canvas.take(LABELS[part], self._place.views.axial.index, box):
            self._canvas.said.emit(_("Nothing was trimmed: these voxels may not change now."))

    @property
    def _state(self) -> _State:
        history = self._canvas.reading.history
        return self._canvas.layer, history.cursor, len(history.edits)

    # Marking

    def toggle_marks(self) -> None:
        """Mark in the pictures what the trims would take out, or stop marking it."""
        self.is_marked = not self.is_marked
        if self.is_marked and not self._canvas.n_voxels:
            self._canvas.said.emit(_("Nothing is outlined yet."))
        self._repaint()

    def paint_marks(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the borders of the voxels of the region that the trims would take out."""
        planes = self._canvas.planes
        if not self.is_marked or view.planes is None or not view.look.has_overlay:
            return
        inside = planes.section(view.plane, view.index, self._canvas.shown)
        _z, rows, columns = bounding_box(inside[np.newaxis])
        if rows.stop == 0:
            return
        hu = planes.image(view.plane, view.index)[rows, columns]
        for part, color in _COLORS.items():
            found = inside[rows, columns] & belongs_to(hu, part)
            if found.any():
                view.paint_border(painter, found, (rows.start, columns.start), QColor(color))

    def _repaint(self) -> None:
        for view in self._place.views.views:
            view.update()


def _trim(
    hu: np.ndarray[tuple[int, ...], np.dtype[np.int16]],
    voxels: BoolArray,
    part: Part,
    with_rim: bool,
    progress: Progress,
) -> tuple[Region, BoolArray]:
    progress.advance(0, 1)
    return trim(hu, voxels, part, with_rim=with_rim)

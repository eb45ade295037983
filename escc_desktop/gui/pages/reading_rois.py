"""The regions of a reading: the lesion, which is signed, and those drawn beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.icons import icon
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.theme import GRID, OKABE_ITO, current_tokens
from escc_desktop.gui.tools.canvas import Canvas, RoiEntry
from escc_desktop.gui.tools.roi_words import roi_name
from escc_desktop.gui.viewer.look import roi_color
from escc_desktop.gui.widgets.action_button import ActionButton
from escc_desktop.gui.widgets.text import icon_button, label, row
from escc_desktop.i18n import _

MOST_REGIONS: Final = 8
_LONGEST_NAME: Final = 40
_SWATCH_PX: Final = 14


class RoiList(Section):
    """The list of regions: draw on one, add, rename, colour, lock, show or hide, remove."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._canvas, self._notices = place.canvas, place.desktop.notices
        self._volumes: dict[int, float] = {}
        self.rows: dict[int, RoiRow] = {}
        canvas = self._canvas
        self._actions = (
            Action("reading.add_roi", _("Add a region beside the lesion"), self.add, "add", (), self._why_not_add),
            Action(
                "reading.remove_roi", _("Remove the region drawn on"), self.remove, "delete", (), self._why_not_remove
            ),
            Action("reading.next_roi", _("Draw on the next region"), self.go_on, "", (), self._why_not_next),
            Action("reading.lock_roi", _("Lock or unlock the region drawn on"), self.toggle_lock, "lock_closed"),
        )
        self.add_button, self.remove_button = (
            ActionButton(action, text)
            for action, text in zip(self._actions, (_("Add region"), _("Remove")), strict=False)
        )
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(self._column)
        column.addWidget(row(self.add_button.widget, self.remove_button.widget, None, spacing=GRID // 2))
        canvas.rois_changed.connect(self._follow)
        canvas.stepped.connect(self._follow_volume)
        self._follow()

    def actions_now(self) -> tuple[Action, ...]:
        """Return adding, removing, going on, locking."""
        return self._actions

    # What the reader does

    def add(self) -> None:
        """Add a region and draw on it."""
        why_not = self._why_not_add()
        if why_not:
            self._canvas.said.emit(why_not)
            return
        canvas = self._canvas
        used = {entry.layer for entry in canvas.rois} | {edit.layer for edit in canvas.reading.history.edits}
        layer = max(used, default=0) + 1
        canvas.set_rois([*canvas.rois, RoiEntry(layer, "")])
        canvas.draw_on(layer)

    def remove(self) -> None:
        """Remove the region drawn on, and offer to bring it back."""
        why_not = self._why_not_remove()
        if why_not:
            self._canvas.said.emit(why_not)
            return
        canvas, gone = self._canvas, self._canvas.roi
        left = [entry for entry in canvas.rois if entry.layer != gone.layer]
        canvas.draw_on(0)
        canvas.set_rois(left)
        self._notices.offer(
            _("{name} is removed.").format(name=roi_name(gone)), _("Bring it back"), partial(self._bring_back, gone)
        )

    def go_on(self) -> None:
        """Draw on the next region of the list."""
        layers = [entry.layer for entry in self._canvas.rois]
        place = layers.index(self._canvas.layer) if self._canvas.layer in layers else -1
        self._canvas.draw_on(layers[(place + 1) % len(layers)])

    def toggle_lock(self) -> None:
        """Lock the region drawn on, or unlock it."""
        self.change(replace(self._canvas.roi, is_locked=not self._canvas.roi.is_locked))

    def change(self, entry: RoiEntry) -> None:
        """Keep a region under another name, in another colour, locked or not, shown or not."""
        self._canvas.set_rois([entry if one.layer == entry.layer else one for one in self._canvas.rois])

    def _bring_back(self, entry: RoiEntry) -> None:
        if entry.layer not in {one.layer for one in self._canvas.rois}:
            self._canvas.set_rois([*self._canvas.rois, entry])

    def _why_not_add(self) -> str:
        if len(self._canvas.rois) >= MOST_REGIONS:
            return _("A reading holds at most {n} regions: remove one first.").format(n=MOST_REGIONS)
        return self._canvas.why_locked

    def _why_not_remove(self) -> str:
        if self._canvas.layer == 0:
            return _("The lesion is what is signed and stays: choose another region to remove.")
        return self._canvas.why_locked

    def _why_not_next(self) -> str:
        return "" if len(self._canvas.rois) > 1 else _("There is no other region: add one first.")

    # Showing

    def _follow(self) -> None:
        """Show the regions as they are now."""
        canvas = self._canvas
        if canvas.layer not in {entry.layer for entry in canvas.rois}:  # undo drew on one that had been removed
            canvas.set_rois([*canvas.rois, RoiEntry(canvas.layer, "")])
            return
        entries = {entry.layer: entry for entry in canvas.rois}
        for layer in self.rows.keys() - entries.keys():
            gone = self.rows.pop(layer)
            self._column.removeWidget(gone)
            gone.deleteLater()
        for layer, entry in entries.items():
            if layer not in self.rows:
                made = self.rows[layer] = RoiRow(entry)
                made.chosen.connect(canvas.draw_on)
                made.changed.connect(self.change)
                self._column.addWidget(made)
            self.rows[layer].show_entry(entry, is_current=layer == canvas.layer)
            self.rows[layer].show_volume(self._volume(layer))
        self.add_button.follow()
        self.remove_button.follow()

    def _follow_volume(self) -> None:
        layer = self._canvas.layer
        self._volumes[layer] = self._canvas.volume_mm3
        if layer in self.rows:
            self.rows[layer].show_volume(self._volumes[layer])

    def _volume(self, layer: int) -> float:
        canvas: Canvas = self._canvas
        if layer == canvas.layer:
            self._volumes[layer] = canvas.volume_mm3
        elif layer not in self._volumes:
            n_voxels = int(np.count_nonzero(canvas.voxels(layer)))
            self._volumes[layer] = n_voxels * canvas.planes.geometry.voxel_volume_mm3
        return self._volumes[layer]


class RoiRow(QWidget):
    """A region: its colour, name and volume, whether it is shown and locked.

    Signals
    -------
    chosen
        Its layer: the reader wants to draw on it.
    changed
        The `RoiEntry` as the reader wants it.
    """

    chosen = Signal(int)
    changed = Signal(object)

    def __init__(self, entry: RoiEntry) -> None:
        super().__init__()
        self._entry = entry
        self._is_current = False
        self.swatch = icon_button("circle", _("Colour of the region"))
        self.name = _NameLabel()
        self.edit = QLineEdit()
        self.edit.setMaxLength(_LONGEST_NAME)
        self.edit.hide()
        self.volume = label(tone="secondary", size="caption")
        self.eye, self.lock = icon_button("eye", ""), icon_button("lock_open", "")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID // 2)
        for widget in (self.swatch, self.name, self.edit, self.volume, self.eye, self.lock):
            line.addWidget(widget, 1 if widget in {self.name, self.edit} else 0)
        self.swatch.clicked.connect(self._offer_colors)
        self.eye.clicked.connect(lambda: self.changed.emit(replace(self._entry, is_shown=not self._entry.is_shown)))
        self.lock.clicked.connect(lambda: self.changed.emit(replace(self._entry, is_locked=not self._entry.is_locked)))
        self.name.clicked.connect(lambda: self.chosen.emit(self._entry.layer))
        self.name.rename_wanted.connect(self._begin_renaming)
        self.edit.editingFinished.connect(self._rename)

    @property
    def color(self) -> str:
        """The region's colour as #rrggbb."""
        return self._entry.color or roi_color(self._entry.layer)

    def show_entry(self, entry: RoiEntry, *, is_current: bool) -> None:
        """Show the region as it is now, and whether it is the one drawn on."""
        self._entry, self._is_current = entry, is_current
        self.name.setText(roi_name(entry))
        bold = self.name.font()
        bold.setBold(is_current)
        self.name.setFont(bold)
        what = _("You draw on this region.") if is_current else _("Click to draw on this region.")
        self.name.setToolTip(what if entry.layer == 0 else what + " " + _("Double-click renames it."))
        self.eye.setIcon(icon("eye" if entry.is_shown or is_current else "eye_off"))
        self.eye.setEnabled(not is_current)
        shown = _("Hide the region") if entry.is_shown else _("Show the region")
        self.eye.setToolTip(_("The region drawn on is always shown.") if is_current else shown)
        self.lock.setIcon(
            icon("lock_closed" if entry.is_locked else "lock_open", "warning" if entry.is_locked else "text")
        )
        locks = _("Lock: nothing is drawn into it, and no other region takes its voxels")
        self.lock.setToolTip(_("Unlock the region") if entry.is_locked else locks)
        for made in (self.swatch, self.eye, self.lock):
            made.setAccessibleName(f"{roi_name(entry)}: {made.toolTip()}")
        self.swatch.setIcon(_color_icon(self.color))
        self.update()

    def show_volume(self, volume_mm3: float) -> None:
        """Show how large the region is."""
        self.volume.setText(_("{ml} mL").format(ml=f"{volume_mm3 / 1000:.2f}"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lift the region drawn on."""
        if self._is_current:
            with QPainter(self) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(current_tokens().color("raised"))
                painter.drawRoundedRect(self.rect(), 6, 6)

    def _offer_colors(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, color in _colors():
            chosen = menu.addAction(_color_icon(color), name)
            chosen.triggered.connect(partial(self._color, color))
        menu.popup(self.swatch.mapToGlobal(self.swatch.rect().bottomLeft()))

    def _color(self, color: str, *_checked: object) -> None:
        self.changed.emit(replace(self._entry, color=color))

    def _begin_renaming(self) -> None:
        if self._entry.layer == 0:
            return
        self.edit.setText(roi_name(self._entry))
        self.name.hide()
        self.edit.show()
        self.edit.selectAll()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _rename(self) -> None:
        if self.edit.isHidden():
            return
        self.edit.hide()
        self.name.show()
        name = self.edit.text().strip()
        if name and name != roi_name(self._entry):
            self.changed.emit(replace(self._entry, name=name))


class _NameLabel(QLabel):
    """A name that can be clicked, and renamed by a double-click."""

    clicked = Signal()
    rename_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumSize(40, 28)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the region."""
        self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename it."""
        self.rename_wanted.emit()


def _colors() -> tuple[tuple[str, str], ...]:
    names = _("Orange"), _("Sky blue"), _("Green"), _("Yellow"), _("Blue"), _("Vermilion"), _("Purple")
    # Sky blue is what is only suggested.
    return tuple((name, color) for name, color in zip(names, OKABE_ITO, strict=True) if color != OKABE_ITO[1])


def _color_icon(color: str) -> QIcon:
    picture = QPixmap(_SWATCH_PX, _SWATCH_PX)
    picture.fill(QColor(color))
    return QIcon(picture)

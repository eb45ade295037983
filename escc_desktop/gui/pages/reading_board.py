"""An open reading: three views, the panel, the strip of slices, and whether all is saved."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.pages.reading_measuring import MeasuringSection
from escc_desktop.gui.pages.reading_opening import Opened
from escc_desktop.gui.pages.reading_panel import WIDTH_PX, ReadingPanel, missing_words
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_strip import SliceStrip
from escc_desktop.gui.pages.reading_words import occasion_name, volume_words
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.tools.paste import contour_actions
from escc_desktop.gui.tools.roi_words import roi_name
from escc_desktop.gui.tools.step_news import StepNews
from escc_desktop.gui.tools.words import tool_name
from escc_desktop.gui.viewer.keeping import KeptViews
from escc_desktop.gui.viewer.look import SUGGESTION_COLOR, roi_color
from escc_desktop.gui.viewer.overlay import Overlay
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.widgets.sign_panel import SignPanel
from escc_desktop.gui.widgets.text import button, icon_button, label, row
from escc_desktop.i18n import _, plural, said
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.workflow.views.words import site_name

SAVED_EVERY_MS: Final = 80
_BRUSH: Final = "reading.brush"


class ReadingBoard(QWidget):
    """Where one reading is drawn.

    Signals
    -------
    close_wanted
        The reader is done for now.
    sign_wanted
        (password, meaning).
    save_wanted, reopen_wanted
        What to do about edits that cannot be saved: try again, or open the reading as it is on disk.
    saved_changed
        Whether all is on disk, in words, and their tone.
    """

    close_wanted = Signal()
    sign_wanted = Signal(str, str)
    save_wanted = Signal()
    reopen_wanted = Signal()
    saved_changed = Signal(str, str)

    def __init__(self, desktop: Desktop, opened: Opened) -> None:
        super().__init__()
        self.desktop = desktop
        self.project, self.reading = opened.project, opened.reading
        self.planes, self.mark = opened.planes, opened.mark
        self.canvas = Canvas(opened.reading, opened.planes, opened.shown, opened.slice_voxels, self)
        self.hand = Hand(self.canvas, opened.mark, desktop.tasks, self, opened.protocol)
        self.hand.options.restore(desktop.settings.layout.get(_BRUSH))
        self.views, self.strip = LinkedViews(), SliceStrip()
        self.place = ReadingPlace(
            desktop, opened.project, opened.reading, opened.planes, self.canvas, self.hand, self.views, opened.mark
        )
        self._lesion = Overlay(self.canvas.voxels(0), box=opened.box)
        self._beside: dict[int, Overlay] = {0: self._lesion}
        self.panel, self.sign_panel = ReadingPanel(self.place), SignPanel()
        self.side = QStackedWidget()
        self._saved_words = ""
        self._lay_out()
        self._show(opened)
        self._connect()
        self._saved_timer = QTimer(self)
        self._saved_timer.timeout.connect(self.follow_saving)
        self._saved_timer.start(SAVED_EVERY_MS)
        self.canvas.stepped.connect(self.follow_saving)

    # Building

    def _lay_out(self) -> None:
        self.trouble_bar = self._make_trouble_bar()
        head = QWidget()
        lines = QVBoxLayout(head)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        session = self.reading.session
        steps = self.steps = row(self.panel.undo, self.panel.redo, spacing=GRID // 2)
        lines.addWidget(row(label(session.patient_id, size="heading"), None, steps))
        what = f"{site_name(self.reading.lesion.site)} {session.lesion_id} · {occasion_name(session)}"
        lines.addWidget(label(what, tone="secondary"))
        self.side.addWidget(self.panel)
        self.side.addWidget(self.sign_panel)
        self.column = QFrame()
        self.column.setProperty("surface", "panel")
        self.column.setFixedWidth(WIDTH_PX)
        beside = QVBoxLayout(self.column)
        beside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        beside.setSpacing(GRID)
        beside.addWidget(head)
        beside.addWidget(self.side, 1)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.views, 1)
        left.addWidget(self._make_strip_row())
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addLayout(left, 1)
        across.addWidget(self.column)

    def _make_strip_row(self) -> QWidget:
        self.earlier = icon_button("chevron_left", _("Drawn slice towards the head ([)"))
        self.later = icon_button("chevron_right", _("Drawn slice towards the feet (])"))
        self.fold = icon_button("panel_right", _("Fold or open the panel (T)"))
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(GRID, GRID // 2, GRID, 0)
        line.setSpacing(GRID)
        for widget in (self.earlier, self.strip, self.later, self.fold):
            line.addWidget(widget, 1 if widget is self.strip else 0)
        return holder

    def _make_trouble_bar(self) -> QFrame:
        # Over the pictures, not beside them: they must not move under the reader's hand.
        bar = QFrame(self)
        bar.setProperty("surface", "danger")
        self.trouble_words = label(wrap=True)
        self.try_again = button(_("Try again"), "arrow_sync")
        self.reopen = button("", weight="quiet")
        line = QHBoxLayout(bar)
        line.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        line.addWidget(self.trouble_words, 1)
        line.addWidget(row(self.try_again, self.reopen))
        bar.hide()
        self.try_again.clicked.connect(self.save_wanted)
        self.reopen.clicked.connect(self.reopen_wanted)
        return bar

    def _show(self, opened: Opened) -> None:
        self.views.set_volume(opened.planes)
        self._show_overlays()
        if opened.protocol.window is not None:
            self.views.set_window(*opened.protocol.window)
            self.views.lock_window(True)
        self.views.set_tool(self.hand)
        self.views.set_caption(self.reading.session.patient_id)
        KeptViews(self.desktop, self.views)
        self.strip.watch(self.canvas)
        self.strip.set_place(self.mark[2], opened.planes.axes(Plane.AXIAL).onwards)
        self.go_to_mark()
        self.hand.hold("brush")
        self._follow_steps()

    def _connect(self) -> None:
        canvas, panel = self.canvas, self.panel
        panel.grown.connect(self._follow_diameter)
        canvas.touched.connect(self.views.mask_changed)
        canvas.stepped.connect(self._follow_steps)
        canvas.rois_changed.connect(self._show_overlays)
        canvas.suggested.connect(self._show_overlays)
        canvas.limited.connect(self.views.point_out)
        canvas.said.connect(self.desktop.notices.say)
        StepNews(canvas)
        self.hand.changed.connect(self._repaint_views)
        self.views.axial.index_changed.connect(self.strip.set_current)
        self.strip.chosen.connect(self.views.axial.set_index)
        self.earlier.clicked.connect(lambda: self.go_to_drawn(-1))
        self.later.clicked.connect(lambda: self.go_to_drawn(1))
        self.fold.clicked.connect(self.toggle_panel)
        panel.undo_wanted.connect(self.undo)
        panel.redo_wanted.connect(self.redo)
        panel.went_to.connect(self.go_to_step)
        panel.sign_wanted.connect(self.begin_signing)
        panel.close_wanted.connect(self.close_wanted)
        self.sign_panel.left.connect(self.leave_signing)
        self.sign_panel.sign_wanted.connect(self.sign_wanted)

    # What the reader does

    def undo(self) -> None:
        """Take back the last step, or the last vertex of an open polygon; go where it acts."""
        if not self.hand.tool.step_back():
            self._jump(self.canvas.undo(), _("There is nothing to undo."))

    def redo(self) -> None:
        """Do the last undone step again; go where it acts."""
        self._jump(self.canvas.redo(), _("There is nothing to do again."))

    def go_to_step(self, count: int) -> None:
        """Undo or redo until so many steps are done."""
        edit: MaskEdit | None = None
        history = self.reading.history
        while history.cursor != count:
            step = self.canvas.undo() if history.cursor > count else self.canvas.redo()
            if step is None:
                break
            edit = step
        if edit is not None:
            self._jump(edit, "")

    def go_to_mark(self) -> None:
        """Show the point at which the lesion was marked."""
        self.views.set_point(self.mark)
        self.strip.set_current(self.views.axial.index)

    def go_to_drawn(self, towards_feet: int) -> None:
        """Show the next slice with something drawn, towards the feet (1) or the head (-1)."""
        way = towards_feet * self.planes.axes(Plane.AXIAL).onwards
        drawn = np.flatnonzero(self.canvas.slice_voxels)
        ahead = drawn[(drawn - self.views.axial.index) * way > 0]
        if ahead.size:
            self.views.axial.set_index(int(ahead[np.argmin(ahead * way)]))
        else:
            self.desktop.notices.say(_("There is no drawn slice further on."))

    def toggle_panel(self) -> None:
        """Fold the panel away, or open it."""
        self.column.setVisible(not self.column.isVisible())

    def begin_signing(self) -> None:
        """Ask for meaning and password, or say what stands in the way."""
        why_not = self.why_not_sign()
        if why_not:
            self.desktop.notices.say(why_not)
            return
        self.hand.finish()
        self.canvas.draw_on(0)  # the lesion is what is signed, whatever was drawn on last
        self.column.show()
        self.canvas.why_locked = _("Go on drawing before you change the outline.")
        self.side.setCurrentWidget(self.sign_panel)
        self.steps.hide()
        self.sign_panel.begin(self.summary(), missing_words(self.canvas.missing_slices()))

    def leave_signing(self) -> None:
        """Go back to drawing."""
        self.canvas.why_locked = ""
        self.steps.show()
        self.side.setCurrentWidget(self.panel)
        self.views.axial.setFocus(Qt.FocusReason.OtherFocusReason)

    def why_not_sign(self) -> str:
        """Say why the reading cannot be signed now; "" when it can."""
        if self.canvas.is_empty(0):
            return _("Outline the lesion before you sign.")
        return self.hand.unfinished()

    def summary(self) -> list[tuple[str, str]]:
        """Return what a signature would make final."""
        history = self.reading.history
        tools = dict.fromkeys(tool_name(edit.label) for edit in history.done if edit.layer == 0)
        return [
            (_("Patient"), self.reading.session.patient_id),
            (_("Lesion"), f"{site_name(self.reading.lesion.site)} {self.reading.session.lesion_id}"),
            (_("Slices"), str(self.canvas.n_slices)),
            (_("Volume"), volume_words(self.canvas.volume_mm3)),
            (_("Drawn with"), ", ".join(tools)),
        ]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give keys that no view had to the tool held."""
        if self.side.currentWidget() is not self.panel or not self.hand.key(event):
            super().keyPressEvent(event)

    # What it shows

    def follow_saving(self) -> None:
        """Show whether everything is on disk, and what is the trouble if not."""
        trouble, n_unsaved = self.reading.trouble, self.canvas.n_unsaved
        if trouble is not None:
            unsaved = plural("{n} step is not saved", "{n} steps are not saved", n_unsaved)
            self.trouble_words.setText("\n".join((f"{unsaved}. {said(trouble.what)}", said(trouble.hint))))
            without = plural("Open again without the last step", "Open again without the last {n} steps", n_unsaved)
            self.reopen.setText(without)
            self._place_trouble_bar()
        self.trouble_bar.setVisible(trouble is not None)
        is_saved = self.reading.is_saved
        words = _("All changes saved") if is_saved else _("Not saved") if trouble is not None else _("Saving…")
        if words != self._saved_words:
            self._saved_words = words
            self.saved_changed.emit(words, "success" if is_saved else "danger" if trouble is not None else "secondary")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bar over the pictures."""
        super().resizeEvent(event)
        self._place_trouble_bar()

    def _place_trouble_bar(self) -> None:
        self.trouble_bar.setGeometry(0, 0, self.views.width(), self.trouble_bar.sizeHint().height())
        self.trouble_bar.raise_()

    def stop(self) -> None:
        """Stop looking after the reading."""
        self.desktop.keep_layout(_BRUSH, self.hand.options.kept())
        self._saved_timer.stop()
        self.views.set_tool(None)
        self.hand.drop()
        self.panel.stop()

    def actions_now(self) -> tuple[Action, ...]:
        """Return copying and pasting, and what the parts of the panel offer."""
        offered = (action for section in self.panel.sections.values() for action in section.actions_now())
        return (*contour_actions(self.hand, self.canvas, self.views), *offered)

    def _follow_steps(self) -> None:
        x, y, _z = self.planes.geometry.spacing_mm
        self.strip.set_areas((self.canvas.slice_voxels * (x * y)).astype(np.float64), self.canvas.missing_slices())

    def _follow_diameter(self) -> None:
        """Show at the top what the measurements find."""
        section, figures = self.panel.sections.get("measuring"), self.panel.figures
        if isinstance(section, MeasuringSection):
            section.diameter_changed.connect(lambda: figures.show_diameter(section.diameter_mm))
            figures.show_diameter(section.diameter_mm)

    def _jump(self, edit: MaskEdit | None, nothing: str) -> None:
        """Show where a step acts, unless the crosshair is there."""
        if edit is None:
            if nothing and not self.canvas.why_locked:
                self.desktop.notices.say(nothing)
            return
        x, y, z = self.views.point or self.mark
        if all(part.start <= place < part.stop for part, place in zip(edit.region, (z, y, x), strict=True)):
            return
        middle = [(part.start + part.stop - 1) // 2 for part in edit.region]
        in_slice = edit.region[0].start <= edit.slice_index < edit.region[0].stop
        self.views.set_point((middle[2], middle[1], edit.slice_index if in_slice else middle[0]))

    def _show_overlays(self) -> None:
        """Show the region drawn now on top, then what is suggested for it, then the others."""
        canvas = self.canvas
        shown = [entry for entry in canvas.rois if entry.is_shown and entry.layer != canvas.layer]
        overlays = [self._overlay(canvas.layer)]
        if canvas.suggestion is not None:
            overlays.append(Overlay(canvas.suggestion, SUGGESTION_COLOR, is_dashed=True, box=canvas.suggestion_box))
            overlays[-1].name = _("suggestion")
        self.views.set_overlays([*overlays, *(self._overlay(entry.layer) for entry in shown)])

    def _overlay(self, layer: int) -> Overlay:
        if layer not in self._beside:
            self._beside[layer] = Overlay(self.canvas.voxels(layer))
        entry = next((one for one in self.canvas.rois if one.layer == layer), None)
        self._beside[layer].color = entry.color if entry and entry.color else roi_color(layer)
        self._beside[layer].name = roi_name(entry) if entry and layer else _("lesion")
        return self._beside[layer]

    def _repaint_views(self) -> None:
        for view in self.views.views:
            view.update()

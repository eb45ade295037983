"""The 3D view of an open reading: shown below the side views, and what is shown in it."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.look import roi_color
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.surface_pane import SurfacePane
from escc_desktop.gui.viewer.surface_scene import Cut, Drop, ShowRegion, ShowTissue
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _
from escc_desktop.workflow.views.measurements import where_words

LAYOUT_KEY: Final = "reading.surface.is_shown"
_CONTEXT: Final = "context"
_CUT: Final = "cut"
# Above which value, in what colour, and how dense: bone, and vessels with contrast, which bone is part of.
_BONE: Final = (300, "#e9e1cf", 0.35)
_VESSELS: Final = (160, "#d98a80", 0.3)
_HU: Final = (-200, 2000)


class SurfaceSection(Section):
    """Shows and hides the 3D view, cuts it along a slice, shows bone or vessels around the region.

    Attributes
    ----------
    pane
        The 3D view; None while it is not shown: nothing of it is loaded then.
    """

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._place, self._canvas = place, place.canvas
        self.pane: SurfacePane | None = None
        self._names: set[str] = set()
        self.show_box = QCheckBox(_("Show the 3D view"))
        self.show_box.setToolTip(_("Surface of the regions below the side views (0)"))
        self.cut, self.context, self.above = QComboBox(), QComboBox(), QSpinBox()
        for text, plane in (
            (_("not cut"), None),
            (_("axial slice"), Plane.AXIAL),
            (_("coronal slice"), Plane.CORONAL),
            (_("sagittal slice"), Plane.SAGITTAL),
        ):
            self.cut.addItem(text, plane)
        for text, kind in (
            (_("nothing"), None),
            (_("bone"), _BONE),
            (_("vessels and bone"), _VESSELS),
        ):
            self.context.addItem(text, kind)
        self.above.setRange(*_HU)
        self.above.setSingleStep(10)
        self.above.setPrefix("> ")
        self.above.setSuffix(" HU")
        self.fit = button(
            _("From the front"), "zoom_fit", tip=_("Look from the front at everything drawn (F in the view)")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.show_box)
        column.addWidget(row(label(_("Cut by"), tone="secondary"), None, self.cut))
        column.addWidget(row(label(_("Around it"), tone="secondary"), None, self.context))
        column.addWidget(row(None, self.above))
        column.addWidget(row(None, self.fit))
        self._connect()
        self._follow()
        if place.desktop.settings.layout.get(LAYOUT_KEY, False):
            self.show_box.setChecked(True)

    def _connect(self) -> None:
        self.show_box.toggled.connect(self._show_or_hide)
        self.cut.currentIndexChanged.connect(self._order_cut)
        self.context.currentIndexChanged.connect(self._choose_context)
        self.above.valueChanged.connect(self._order_context)
        self.above.setKeyboardTracking(False)
        self.fit.clicked.connect(self._fit)
        self._canvas.stepped.connect(self._order_drawn)
        self._canvas.rois_changed.connect(self._order_regions)
        self._place.views.point_changed.connect(self._follow_point)
        self._place.views.axial.look_changed.connect(self._order_cut)

    def actions_now(self) -> tuple[Action, ...]:
        """Return the action that shows and hides the 3D view."""
        text = _("Show or hide the 3D view")
        return (Action("reading.surface", text, self.show_box.toggle, "cube", ("0",)),)

    def stop(self) -> None:
        """Let go of the process that paints."""
        if self.pane is not None:
            self.pane.close_scene()

    # Showing

    def _show_or_hide(self, is_shown: bool) -> None:
        self._place.desktop.keep_layout(LAYOUT_KEY, is_shown)
        views = self._place.views
        if is_shown:
            self.pane = SurfacePane(self._place.desktop.tasks, self._place.planes.geometry, self._place.mark)
            self.pane.double_clicked.connect(self._maximise)
            views.set_fourth(self.pane)
            self._order_regions()
            self._order_context()
            self._order_cut()
        elif self.pane is not None:
            pane, self.pane = self.pane, None
            views.set_fourth(None)
            pane.close_scene()
            pane.deleteLater()
            self._names.clear()
        self._follow()

    def _fit(self) -> None:
        if self.pane is not None:
            self.pane.reset()

    def _maximise(self) -> None:
        views = self._place.views
        views.maximise(None if views.maximised is not None else self.pane)

    def _follow(self) -> None:
        """Have what there is nothing to choose for say so."""
        is_shown, has_context = self.pane is not None, self.context.currentData() is not None
        why_not = "" if is_shown else _("Show the 3D view first (0).")
        for widget, tip in (
            (self.cut, _("Cut the 3D view along the slice shown in a plane")),
            (self.context, _("What is shown around the regions, by its HU")),
            (self.fit, _("Look from the front at everything drawn (F in the view)")),
        ):
            widget.setEnabled(is_shown)
            widget.setToolTip(why_not or tip)
        self.above.setEnabled(is_shown and has_context)
        self.above.setToolTip(why_not or ("" if has_context else _("Choose bone or vessels first.")))

    # What is in it

    def _order_drawn(self) -> None:
        self._order_region(self._canvas.layer)
        self._order_cut()

    def _order_regions(self) -> None:
        if self.pane is None:
            return
        before, self._names = self._names, set()
        for entry in self._canvas.rois:
            if entry.is_shown or entry.layer == self._canvas.layer:
                self._names.add(str(entry.layer))
                self._order_region(entry.layer)
        for name in before - self._names:
            self.pane.order(name, Drop(name))
        self._order_cut()

    def _order_region(self, layer: int) -> None:
        if self.pane is not None:
            name = str(layer)
            self.pane.order(name, ShowRegion(name, self._canvas.voxels(layer), self._color(layer)))

    def _color(self, layer: int) -> str:
        chosen = next((entry.color for entry in self._canvas.rois if entry.layer == layer), "")
        return chosen or roi_color(layer)

    def _choose_context(self) -> None:
        chosen = self.context.currentData()
        if chosen is not None and chosen[0] != self.above.value():
            self.above.setValue(chosen[0])  # which orders it
        else:
            self._order_context()
        self._follow()

    def _order_context(self) -> None:
        chosen = self.context.currentData()
        if self.pane is None:
            return
        if chosen is None:
            self.pane.order(_CONTEXT, Drop(_CONTEXT))
            return
        _usual, color, opacity = chosen
        self.pane.order(_CONTEXT, ShowTissue(_CONTEXT, self._place.planes, float(self.above.value()), color, opacity))

    def _follow_point(self) -> None:
        if self.cut.currentData() is not None:
            self._order_cut()

    def _order_cut(self) -> None:
        if self.pane is None:
            return
        plane, canvas = self.cut.currentData(), self._canvas
        chosen = None if plane is None else Plane(plane)
        index = 0 if chosen is None else {view.plane: view.index for view in self._place.views.views}[chosen]
        regions = tuple((canvas.voxels(int(name)), self._color(int(name))) for name in sorted(self._names))
        self.pane.caption = "" if chosen is None else _("cut at {where}").format(where=where_words(chosen, index))
        self.pane.order(_CUT, Cut(self._place.planes, chosen, index, self._place.views.look, regions))

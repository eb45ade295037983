"""Operations on the region drawn now: smoothing, holes, islands, margin, and with another region."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.operations import Operation, Operations
from escc_desktop.gui.tools.roi_words import roi_name
from escc_desktop.gui.widgets.action_button import ActionButton
from escc_desktop.gui.widgets.number_field import NumberField
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _
from escc_desktop.imaging import morphology
from escc_desktop.imaging.mask import BoolArray

SMOOTHED, FILLED, ISLANDS, MARGIN = "smoothing", "fill holes", "islands", "margin"
UNION, INTERSECTION, DIFFERENCE = "union", "intersection", "difference"
_CUBIC_MM: Final = "mm\N{SUPERSCRIPT THREE}"
_Change = Callable[[BoolArray, BoolArray, tuple[int, int, int]], BoolArray]


class OperationsSection(Section):
    """What is done to the whole region, each as one step."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._canvas, self._views = place.canvas, place.views
        self.operations = Operations(place.canvas, place.desktop.tasks, place.hand.protocol, self)
        self.smoothing = NumberField((0.5, 10, 0.5), _("How far smoothing reaches"), "mm")
        self.margin = NumberField((-20, 30, 1), _("Margin; below 0 the region shrinks"), "mm")
        self.least = NumberField((1, 999, 10), _("Islands below this volume are removed"), _CUBIC_MM, decimals=0)
        for field, usual in ((self.smoothing, 2.0), (self.margin, 3.0), (self.least, 50.0)):
            field.setValue(usual)
        self.other = QComboBox()
        self.other.setAccessibleName(_("The other region"))
        self.other.setToolTip(_("The other region: add it, keep what both have, or take it out"))
        self._actions = {action.action_id.removeprefix("reading."): action for action in self._make_actions()}
        self.buttons: dict[str, ActionButton] = {}
        self._lay_out()
        canvas = place.canvas
        for signal in (canvas.stepped, canvas.rois_changed, self.operations.changed):
            signal.connect(self._follow)
        place.views.point_changed.connect(lambda _point: self.buttons["keep_island"].follow())
        self._follow()

    def actions_now(self) -> tuple[Action, ...]:
        """Return all of them."""
        return tuple(self._actions.values())

    def stop(self) -> None:
        """Let go of what runs."""
        self.operations.stop()

    # Building

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(label(_("Smoothing"), tone="secondary"), None, self.smoothing))
        kinds = self._button("smooth", _("Median")), self._button("smooth_gauss", _("Gaussian"))
        column.addWidget(row(*kinds, None, spacing=GRID // 2))
        column.addWidget(row(self._button("margin", _("Margin")), None, self.margin))
        holes = self._button("fill_holes", _("Fill holes")), self._button("fill_cavities", _("in 3D"))
        column.addWidget(row(*holes, None, spacing=GRID // 2))
        islands = self._button("keep_largest", _("Largest island")), self._button("keep_island", _("This island"))
        column.addWidget(row(*islands, None, spacing=GRID // 2))
        self.least.setPrefix("< ")
        column.addWidget(row(self._button("remove_small", _("Remove")), None, self.least))
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.other.setMinimumContentsLength(5)
        self.other.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        joins = (self._button(name, "") for name in (UNION, INTERSECTION, DIFFERENCE))
        column.addWidget(row(self.other, *joins, spacing=GRID // 2))

    def _button(self, name: str, text: str) -> QWidget:
        made = ActionButton(self._actions[name], text)
        self.buttons[name] = made
        return made.widget

    def _make_actions(self) -> tuple[Action, ...]:
        make = self._action
        return (
            make("smooth", _("Smooth the region (median)"), self.smooth, SMOOTHED, "blur", "Shift+G"),
            make("smooth_gauss", _("Smooth the region (Gaussian)"), partial(self.smooth, is_gauss=True), SMOOTHED),
            make(
                "margin",
                _("Grow or shrink the region by the margin"),
                self.add_margin,
                MARGIN,
                "resize_large",
                "Shift+M",
            ),
            make("fill_holes", _("Fill holes in every slice"), self.fill_holes, FILLED, "color_fill", "H"),
            make("fill_cavities", _("Fill what is enclosed in three dimensions"), self.fill_cavities, FILLED),
            make("keep_largest", _("Keep the largest island only"), self.keep_largest, ISLANDS),
            make("keep_island", _("Keep the island under the crosshair only"), self.keep_island, ISLANDS),
            make("remove_small", _("Remove small islands"), self.remove_small, ISLANDS),
            make("union", _("Add another region to this one"), partial(self._join, UNION), UNION, "shape_union"),
            make(
                "intersection",
                _("Keep what is in another region too"),
                partial(self._join, INTERSECTION),
                INTERSECTION,
                "shape_intersect",
            ),
            make(
                "difference",
                _("Take another region out of this one"),
                partial(self._join, DIFFERENCE),
                DIFFERENCE,
                "shape_subtract",
            ),
        )

    def _action(
        self, name: str, text: str, call: Callable[[], object], step: str, icon: str = "", key: str = ""
    ) -> Action:
        keys = (key,) if key else ()
        return Action(f"reading.{name}", text, call, icon, keys, partial(self._why_not, name, step))

    def _why_not(self, name: str, step: str) -> str:
        if name in {UNION, INTERSECTION, DIFFERENCE} and self.other.count() == 0:
            return _("There is no other region: add one to the list of regions first.")
        if name == "keep_island" and not self.operations.why_not(step) and not self._is_on_region():
            return _("The crosshair is on no voxel of the region: put it on the island to keep.")
        return self.operations.why_not(step)

    def _is_on_region(self) -> bool:
        point = self._views.point
        return point is not None and bool(self._canvas.shown[point[2], point[1], point[0]])

    # What is done

    def smooth(self, *, is_gauss: bool = False) -> None:
        """Smooth the region by a median or a Gaussian."""
        smooth = morphology.smooth_gauss if is_gauss else morphology.smooth_median
        mm, spacing = self.smoothing.value(), self._spacing

        def change(voxels: BoolArray, _other: BoolArray, _corner: tuple[int, int, int]) -> BoolArray:
            return smooth(voxels, spacing, mm)

        self._do(SMOOTHED, change, _("Nothing changed: the region is as smooth already."), mm)

    def add_margin(self) -> None:
        """Grow or shrink the region."""
        mm, spacing = self.margin.value(), self._spacing

        def change(voxels: BoolArray, _other: BoolArray, _corner: tuple[int, int, int]) -> BoolArray:
            return morphology.with_margin(voxels, spacing, mm)

        self._do(MARGIN, change, _("Nothing changed: the margin is less than a voxel."), max(mm, 0.0))

    def fill_holes(self) -> None:
        """Fill what is enclosed on its slice."""
        self._do(
            FILLED, _alone(morphology.fill_holes_in_slices), _("Nothing changed: no slice of the region has a hole.")
        )

    def fill_cavities(self) -> None:
        """Fill what is enclosed on all sides."""
        self._do(FILLED, _alone(morphology.fill_cavities), _("Nothing changed: the region encloses no cavity."))

    def keep_largest(self) -> None:
        """Remove all islands but the largest."""
        self._do(ISLANDS, _alone(morphology.keep_largest), _("Nothing changed: the region is one island."))

    def remove_small(self) -> None:
        """Remove islands below a volume."""
        z, y, x = self._spacing
        least = self.least.value() / (z * y * x)
        change = _alone(partial(morphology.remove_small, least_voxels=least))
        self._do(ISLANDS, change, _("Nothing changed: no island is that small."))

    def keep_island(self) -> None:
        """Remove all islands but the one under the crosshair."""
        point = self._views.point
        if point is None or not self._is_on_region():
            self._canvas.said.emit(self._why_not("keep_island", ISLANDS))
            return
        x, y, z = point

        def change(voxels: BoolArray, _other: BoolArray, corner: tuple[int, int, int]) -> BoolArray:
            at = z - corner[0], y - corner[1], x - corner[2]
            if any(not 0 <= place < length for place, length in zip(at, voxels.shape, strict=True)):
                return voxels.copy()  # erased meanwhile
            return morphology.keep_island(voxels, at)

        self._do(ISLANDS, change, _("Nothing changed: the region is one island."))

    def _join(self, step: str) -> None:
        if self.other.count() == 0:
            self._canvas.said.emit(self._why_not(step, step))
            return
        join: _Change = _JOINS[step]
        unchanged = _("Nothing changed: the two regions leave this one as it is.")
        self._do(step, join, unchanged, other=int(self.other.currentData()))

    def _do(
        self, step: str, change: _Change, unchanged: str, room_mm: float = 0.0, *, other: int | None = None
    ) -> None:
        self.operations.do(Operation(step, change, unchanged, room_mm, other), self._views.axial.index)

    @property
    def _spacing(self) -> tuple[float, float, float]:
        x, y, z = self._canvas.planes.geometry.spacing_mm
        return z, y, x

    # Showing

    def _follow(self) -> None:
        others = [(entry.layer, roi_name(entry)) for entry in self._canvas.rois if entry.layer != self._canvas.layer]
        if others != [(self.other.itemData(n), self.other.itemText(n)) for n in range(self.other.count())]:
            chosen = self.other.currentData()
            self.other.clear()
            for layer, name in others:
                self.other.addItem(name, layer)
            self.other.setCurrentIndex(max(self.other.findData(chosen), 0))
        for made in self.buttons.values():
            made.follow()


def _alone(change: Callable[[BoolArray], BoolArray]) -> _Change:
    return lambda voxels, _other, _corner: change(voxels)


_JOINS: Final[dict[str, _Change]] = {
    UNION: lambda voxels, other, _corner: voxels | other,
    INTERSECTION: lambda voxels, other, _corner: voxels & other,
    DIFFERENCE: lambda voxels, other, _corner: voxels & ~other,
}

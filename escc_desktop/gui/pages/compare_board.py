"""Two sides of a comparison: side by side, one fading into the other, as a checkerboard, or what outlines differ in."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.pages.compare_fused import FusedPlanes
from escc_desktop.gui.pages.compare_legend import BOTH, FIRST, SECOND, Legend
from escc_desktop.gui.pages.compare_opening import Ready
from escc_desktop.gui.pages.compare_slider import MixSlider
from escc_desktop.gui.pages.compare_views import Link, PairedView, bring_near, carry_over, nearest_voxel
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.commands import view_actions
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.overlay import Overlay
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.widgets.text import row
from escc_desktop.i18n import _
from escc_desktop.imaging.volume import Vector
from escc_desktop.workflow.views.compare import Disagreement, RigidMotion, Side

_SQUARE_MM: Final = (8.0, 88.0)
_GAP_PX: Final = 2
_OUTLINE_SHARE: Final = 0.4


class Mode(StrEnum):
    """How two sides are shown."""

    SIDE = "side"
    FADE = "fade"
    CHECKER = "checker"
    DIFFERENCE = "difference"


class CompareBoard(QWidget):
    """Shows what `set_ready` gives it.

    Signals
    -------
    laid_over_wanted
        The second CT is needed on the grid of the first.
    mode_changed
        Another way of showing was chosen, or what can be chosen changed.
    said
        A sentence to the user.
    """

    laid_over_wanted = Signal()
    mode_changed = Signal()
    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.mode, self.plane = Mode.SIDE, Plane.AXIAL
        self.ready: Ready | None = None
        self.fused: FusedPlanes | None = None
        self._marks: tuple[Vector | None, ...] = ()
        self.first, self.second, self.alone = PairedView(), PairedView(), PairedView()
        self.views = self.first, self.second, self.alone
        self.link = Link(self.first, self.second, self)
        self.legend = Legend()
        self.mix = MixSlider()
        self._carries = False
        self.buttons: dict[Mode, QPushButton] = {}
        self.planes: dict[Plane, QPushButton] = {}
        self._view_actions = view_actions(lambda: self.active)
        self._lay_out()
        self._connect()

    # What is shown

    def set_ready(
        self, ready: Ready | None, captions: tuple[str, str] = ("", ""), marks: tuple[Vector | None, ...] = ()
    ) -> None:
        """Show two sides: where their outlines differ most, at an outline, at a marked lesion, or from the middle.

        Parameters
        ----------
        captions
            Of both sides.
        marks
            Where a lesion is marked on either side (x, y, z mm), if one is.
        """
        self.ready, self.fused, self._marks = ready, None, marks
        self.link.motion = None if ready is None else ready.opened.motion
        self.first.set_volume(None if ready is None else ready.first)
        self.second.set_volume(None if ready is None else ready.second)
        self.alone.set_volume(None)
        self.mix.name_sides(*captions)
        self.first.set_caption(captions[0])
        self.second.set_caption(captions[1])
        self.alone.set_caption(*(f"{side} {words}" for side, words in zip(_side_names(), captions, strict=True)))
        found = None if ready is None else ready.opened.disagreement
        self.legend.show_disagreement(found, captions, 0 if ready is None else ready.opened.first.first_slice)
        if ready is None:
            return
        self._show_outlines(ready)
        self.choose_mode(Mode.SIDE)
        # The views have their size once this turn is over.
        QTimer.singleShot(0, self, self._look_at_outlines)

    def set_motion(self, motion: RigidMotion) -> None:
        """Link the two sides."""
        self.link.motion = motion
        self.link.follow()
        self._tell_modes()

    def set_laid_over(self, planes: VolumePlanes) -> None:
        """Take the second CT on the grid of the first."""
        if self.ready is None:
            return
        self.fused = FusedPlanes(self.ready.first, planes)
        if self.mode in {Mode.FADE, Mode.CHECKER}:
            self._show_alone()

    def lock_window(self, window: tuple[float, float] | None) -> None:
        """Show in one window that cannot be changed; None leaves it to the user."""
        for view in self.views:
            view.is_window_locked = window is not None
            if window is not None:
                view.set_window(*window)

    def set_strength(self, strength: int) -> None:
        """Fill outlines so strongly: with no image below they need not be faint."""
        self._take_look(replace(self.first.look, strength=strength))

    @property
    def active(self) -> PairedView:
        """The view that keys are for."""
        shown = [view for view in self.views if view.isVisible()] or [self.first]
        return next((view for view in shown if view.hasFocus()), shown[0])

    # What the user does

    def choose_mode(self, mode: Mode) -> None:
        """Show in another way, if that can be."""
        why_not = self.why_not(mode)
        if why_not:
            self.said.emit(why_not)
            self._tell_modes()
            return
        self.mode = mode
        self._show_slider()
        is_alone = mode is not Mode.SIDE
        if is_alone:
            self._show_alone()
        pair = self.first, self.second
        # What leaves goes first: three views at once would share the width, and two keep what they got.
        for view in (*pair, self.alone) if is_alone else (self.alone, *pair):
            view.setVisible(is_alone is (view is self.alone))
        self._tell_modes()

    def flip(self) -> None:
        """Show the other one of the two in the same place; from side by side, begin to fade."""
        if self.mode is Mode.FADE:
            self.mix.flip()
        elif self.mode is Mode.DIFFERENCE or self.why_not(Mode.FADE):
            self.choose_mode(Mode.SIDE if self.mode is Mode.DIFFERENCE else Mode.DIFFERENCE)
        else:
            self.choose_mode(Mode.FADE)

    def toggle_checker(self) -> None:
        """Show both as a checkerboard, or side by side again."""
        self.choose_mode(Mode.SIDE if self.mode is Mode.CHECKER else Mode.CHECKER)

    def choose_plane(self, plane: Plane) -> None:
        """Show another plane on both sides."""
        self.plane = plane
        self.planes[plane].setChecked(True)
        for view in self.views:
            view.show_plane(plane)
        if self.ready is not None:
            self._show_outlines(self.ready)
        if self.mode is not Mode.SIDE:
            self._show_alone()
        QTimer.singleShot(0, self, self.link.follow)

    def go_to_worst(self) -> None:
        """Go to the axial slice on which the outlines differ most."""
        found = self._disagreement
        if found is None:
            return
        if self.plane is not Plane.AXIAL:
            self.choose_plane(Plane.AXIAL)
        self.first.set_index(found.worst_slice)
        self.alone.set_index(found.worst_slice)

    def why_not(self, mode: Mode) -> str:
        """Say why the two cannot be shown in a way; "" when they can."""
        if self.ready is None or mode is Mode.SIDE:
            return ""
        if mode is Mode.DIFFERENCE:
            has_both = self._disagreement is not None
            return "" if has_both else _("Choose two outlines drawn on one series to see where they differ.")
        if self.ready.first is self.ready.second:
            return _("Both sides show the same series: there is nothing to fade.")
        return "" if self.link.motion is not None else _("The two series are not laid over each other yet.")

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done."""
        own = (
            Action("compare.flip", _("Fade, and the other one in the same place"), self.flip, keys=("Q",)),
            Action("compare.board", _("Checkerboard, and back"), self.toggle_checker, keys=("Shift+Q",)),
            Action(
                "compare.worst", _("Slice where the outlines differ most"), self.go_to_worst, keys=("N",),
                why_not=partial(self.why_not, Mode.DIFFERENCE),
            ),
            *(
                Action(f"compare.{mode}", text, partial(self.choose_mode, mode), why_not=partial(self.why_not, mode))
                for mode, text in _mode_names().items()
            ),
            *(Action(f"compare.plane_{plane}", text, partial(self.choose_plane, plane))
              for plane, text in _plane_names().items()),
        )  # fmt: skip
        return *own, *self._view_actions

    # Inside

    @property
    def _disagreement(self) -> Disagreement | None:
        return None if self.ready is None else self.ready.opened.disagreement

    def _show_outlines(self, ready: Ready) -> None:
        """Show each side's outline filled, and on the same grid the other one's as a dashed line."""
        sides = (ready.opened.first, FIRST), (ready.opened.second, SECOND)
        own = [_overlays(side, color) for side, color in sides]
        others = [_overlays(side, color, is_dashed=True) if self._disagreement else [] for side, color in sides]
        self.first.set_overlays([*own[0], *others[1]])
        self.second.set_overlays([*own[1], *others[0]])

    def _show_alone(self) -> None:
        """Show the one view of a mode that has one, or ask for what it needs."""
        ready = self.ready
        if ready is None:
            return
        if self.mode is not Mode.DIFFERENCE and self.fused is None:
            self.laid_over_wanted.emit()
        fused = self.fused if self.mode is not Mode.DIFFERENCE else None
        shown: VolumePlanes = fused or ready.first
        if self.alone.planes is not shown or self.alone.plane is not self.plane:
            self.alone.plane = self.plane
            self.alone.set_volume(shown)
        self.alone.set_point(self.first.point or self.alone.point or (0, 0, 0))
        QTimer.singleShot(0, self, partial(self._carry, self.first, self.alone))  # once it has its size
        self._mix()
        self.alone.set_overlays(self._parts() if self.mode is Mode.DIFFERENCE else self._first_outline())

    def _parts(self) -> list[Overlay]:
        found = self._disagreement
        if found is None:
            return []
        parts = (found.only_first, FIRST), (found.only_second, SECOND), (found.both, BOTH)
        return [Overlay(voxels, color, is_dashed=color == SECOND, box=found.box) for voxels, color in parts]

    def _first_outline(self) -> list[Overlay]:
        return [] if self.ready is None else _overlays(self.ready.opened.first, FIRST, is_filled=False)

    def _mix(self) -> None:
        """Bring the picture of both up to date with slider and window."""
        if self.fused is None or self.mode is Mode.DIFFERENCE:
            return
        share = self.mix.share
        least, most = _SQUARE_MM
        self.fused.share = share
        self.fused.square_mm = least + share * (most - least) if self.mode is Mode.CHECKER else None
        self.fused.take_look(self.alone.look)
        self.alone.set_overlays(self._first_outline())

    def _show_slider(self) -> None:
        if self.mode is Mode.FADE:
            self.mix.show_sides()
        elif self.mode is Mode.CHECKER:
            self.mix.show_size()
        else:
            self.mix.hide()

    def _look_at_outlines(self) -> None:
        if self.ready is None:
            return
        found = self._disagreement
        box = self.ready.opened.first.box if found is None else found.box
        if box[0].stop > box[0].start:
            z, y, x = ((part.start + part.stop - 1) // 2 for part in box)
            self.first.set_point((x, y, z if found is None else found.worst_slice))
            if self.plane is Plane.AXIAL:
                bring_near(self.first, box[1], box[2], _OUTLINE_SHARE)
            self.link.follow()
            return
        for view, mark in zip((self.first, self.second), self._marks, strict=False):
            if mark is not None and view.planes is not None:
                view.put_point(nearest_voxel(view.planes.geometry, mark))
                break
        self.link.follow()

    def _tell_modes(self) -> None:
        for mode, made in self.buttons.items():
            why_not = self.why_not(mode)
            made.setChecked(mode is self.mode)
            made.setEnabled(not why_not)
            made.setToolTip(why_not)
        self.mode_changed.emit()

    def _take_look(self, look: Look) -> None:
        for view in self.views:
            view.set_look(look)
        self._mix()

    def _connect(self) -> None:
        for view in self.views:
            view.look_changed.connect(self._take_look)
            view.said.connect(self.said)
        self.mix.slider.valueChanged.connect(lambda _value: self._mix())
        self.first.remapped.connect(lambda: self._carry(self.first, self.alone))
        self.alone.remapped.connect(lambda: self._carry(self.alone, self.first))
        self.alone.index_changed.connect(lambda _index: self._follow_alone())
        self.alone.point_chosen.connect(lambda _point: self._follow_alone())

    def _carry(self, view: PairedView, other: PairedView) -> None:
        """Keep the one view of both and the first of the two at the same part of the picture."""
        if not self._carries:
            self._carries = True
            carry_over(view, other)
            self._carries = False

    def _follow_alone(self) -> None:
        if self.mode is not Mode.SIDE and self.alone.point is not None:
            self.first.set_point(self.alone.point)

    def _lay_out(self) -> None:
        views = QHBoxLayout()
        views.setSpacing(_GAP_PX)
        for view in self.views:
            views.addWidget(view, 1)
        self.alone.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self._bar())
        column.addLayout(views, 1)
        column.addWidget(self.legend)

    def _bar(self) -> QWidget:
        self._groups = QButtonGroup(self), QButtonGroup(self)
        for mode, text in _mode_names().items():
            self.buttons[mode] = self._switch(text, self._groups[0], partial(self.choose_mode, mode))
        for plane, text in _plane_names().items():
            self.planes[plane] = self._switch(text, self._groups[1], partial(self.choose_plane, plane))
        self.buttons[Mode.SIDE].setChecked(True)
        self.planes[Plane.AXIAL].setChecked(True)
        self._show_slider()
        bar = row(*self.buttons.values(), self.mix, None, *self.planes.values())
        bar.setContentsMargins(GRID, 0, GRID, 0)
        return bar

    def _switch(self, text: str, group: QButtonGroup, call: partial[None]) -> QPushButton:
        made = QPushButton(text)
        made.setCheckable(True)
        made.setMinimumHeight(28)
        made.clicked.connect(lambda _checked=False: call())
        group.addButton(made)
        return made


def _overlays(side: Side, color: str, *, is_dashed: bool = False, is_filled: bool = True) -> list[Overlay]:
    """Return a side's outline, if it has one; a dashed one is not filled."""
    if side.outline is None:
        return []
    return [Overlay(side.outline, color, is_dashed=is_dashed, is_filled=is_filled and not is_dashed, box=side.box)]


def _mode_names() -> dict[Mode, str]:
    return {
        Mode.SIDE: _("Side by side"),
        Mode.FADE: _("Fade"),
        Mode.CHECKER: _("Checkerboard"),
        Mode.DIFFERENCE: _("Disagreement"),
    }


def _side_names() -> tuple[str, str]:
    return _("Left:"), _("Right:")


def _plane_names() -> dict[Plane, str]:
    return {Plane.AXIAL: _("Axial"), Plane.CORONAL: _("Coronal"), Plane.SAGITTAL: _("Sagittal")}

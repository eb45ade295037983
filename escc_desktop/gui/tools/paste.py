"""Copying the contour of a slice, and pasting it on another one, where it is edited before it counts."""

from __future__ import annotations

from functools import partial

import numpy as np

from escc_desktop.gui.actions import Action
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.clipboard import Contour
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.tools.outline import Site
from escc_desktop.gui.tools.polygon import PASTED, PolygonTool
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.i18n import _
from escc_desktop.imaging.outlines import outlines

_POLYGON = "polygon"


def contour_actions(hand: Hand, canvas: Canvas, views: LinkedViews) -> tuple[Action, ...]:
    """Return copying and pasting in the view that has the keyboard."""
    return (
        Action(
            "reading.copy_contour",
            _("Copy the contour of this slice"),
            lambda: copy_contour(hand, canvas, views.active),
            "copy",
            ("Ctrl+C",),
            lambda: _why_not_copy(hand, canvas),
        ),
        Action(
            "reading.paste_contour",
            _("Paste the contour here, to be edited"),
            lambda: paste_contour(hand, canvas, views.active),
            "clipboard_paste",
            ("Ctrl+V",),
            partial(why_not_paste, hand, canvas),
        ),
    )


def copy_contour(hand: Hand, canvas: Canvas, view: SliceCanvas) -> None:
    """Copy the contour of the slice shown, or that of the drawn slice next to it."""
    tool = hand.tool_of(_POLYGON)
    index = _nearest_drawn(canvas, view, or_here=True)
    if index is None or not hand.protocol.allows(PASTED) or not isinstance(tool, PolygonTool):
        canvas.said.emit(_why_not_copy(hand, canvas))
        return
    tool.clipboard.contour = _contour(canvas, view, index)
    canvas.said.emit(_("The contour of slice {n} is copied; Ctrl+V pastes it.").format(n=index + 1))


def paste_contour(hand: Hand, canvas: Canvas, view: SliceCanvas) -> None:
    """Paste the contour copied or accepted last, else that of the nearest drawn slice, and hold the polygon."""
    tool = hand.tool_of(_POLYGON)
    why_not = why_not_paste(hand, canvas)
    if why_not or view.axes is None or not isinstance(tool, PolygonTool):
        canvas.said.emit(why_not)
        return
    contour = tool.clipboard.contour
    if contour is None or contour.plane is not view.plane:
        index = _nearest_drawn(canvas, view, or_here=False)
        if index is None:
            canvas.said.emit(_("There is no contour to paste in this view: copy one with Ctrl+C, or draw one."))
            return
        contour = _contour(canvas, view, index)
    hand.hold(_POLYGON)
    row, column = contour.loops[0][0]
    place = {view.axes.normal: view.index, view.axes.row: row, view.axes.column: column}
    z = min(max(round(place[2]), 0), len(canvas.shown) - 1)
    tool.edit(Site(view, view.index, z), contour)


def why_not_paste(hand: Hand, canvas: Canvas) -> str:
    """Say why no contour can be pasted now; "" when one can."""
    if not hand.protocol.allows(PASTED):
        return _("The protocol of this study forbids pasting contours in readings.")
    return canvas.why_not_draw() or hand.why_not(_POLYGON) or hand.unfinished()


def _why_not_copy(hand: Hand, canvas: Canvas) -> str:
    if not hand.protocol.allows(PASTED):
        return _("The protocol of this study forbids pasting contours in readings.")
    return "" if canvas.n_voxels else _("Nothing is drawn yet that could be copied.")


def _contour(canvas: Canvas, view: SliceCanvas, index: int) -> Contour:
    planes = canvas.planes
    section = planes.section(view.plane, index, canvas.shown)
    return Contour(view.plane, index, tuple(tuple(loop) for loop in outlines(section)))


def _nearest_drawn(canvas: Canvas, view: SliceCanvas, *, or_here: bool) -> int | None:
    """Return the drawn slice of the view's plane that is nearest to the one shown."""
    if not canvas.n_voxels or view.axes is None:
        return None
    drawn = np.flatnonzero(canvas.slice_voxels)
    if view.axes.normal != 2:
        across = tuple(axis for axis in range(3) if axis != 2 - view.axes.normal)
        drawn = np.flatnonzero(canvas.shown[drawn[0] : drawn[-1] + 1].any(axis=across))
    if not or_here:
        drawn = drawn[drawn != view.index]
    return int(drawn[np.argmin(np.abs(drawn - view.index))]) if drawn.size else None

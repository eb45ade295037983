"""What is suggested becomes part of the region: a slice, or all of it."""

from __future__ import annotations

import numpy as np

from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import Region, bounding_box


def why_no_suggestion(canvas: Canvas, index: int | None = None) -> str:
    """Say why no suggestion can be confirmed, on one slice (z) or at all; "" when it can."""
    suggestion = canvas.suggestion
    if suggestion is None:
        return _("Nothing is suggested. Interpolate between drawn slices, or grow a region, first.")
    if index is not None and not suggestion[index].any():
        return _("Nothing is suggested on slice {n}.").format(n=index + 1)
    return canvas.why_not_draw()


def confirm(canvas: Canvas, at: int, *, is_slice_only: bool = False) -> bool:
    """Make what is suggested part of the region drawn now, as one step; say why if that cannot be.

    Parameters
    ----------
    at
        The slice (z) that is looked at: the step is named after it.
    is_slice_only
        Only what is suggested on that slice; the rest stays a suggestion.
    """
    suggestion = canvas.suggestion
    why_not = why_no_suggestion(canvas, at if is_slice_only else None)
    if why_not or suggestion is None:
        canvas.said.emit(why_not)
        return False
    box = canvas.suggestion_box or bounding_box(suggestion)
    taken: Region = (slice(at, at + 1), *box[1:]) if is_slice_only else box
    canvas.shown[taken] |= suggestion[taken]
    canvas.show(taken)
    label = canvas.suggestion_label
    if is_slice_only:
        suggestion[taken] = False
    canvas.suggest(suggestion if suggestion[box].any() and is_slice_only else None, label, box)
    if not canvas.take(label, at, taken):
        canvas.said.emit(_("Nothing changed: what was suggested is drawn already, or may not change."))
        return False
    return True


def forget_drawn(canvas: Canvas) -> None:
    """Drop what is suggested on slices (z) on which something is drawn."""
    suggestion, box = canvas.suggestion, canvas.suggestion_box
    if suggestion is None or box is None:
        return
    drawn = np.flatnonzero(canvas.slice_voxels[box[0]]) + box[0].start
    stale = [int(index) for index in drawn if suggestion[index][box[1:]].any()]
    if stale:
        suggestion[stale] = False
        canvas.suggest(suggestion if suggestion[box].any() else None, canvas.suggestion_label, box)

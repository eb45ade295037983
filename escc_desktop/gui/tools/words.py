"""The tools of a reading in the user's words."""

from __future__ import annotations

from escc_desktop.i18n import _
from escc_desktop.imaging.mask import MaskEdit


def tool_name(label: str) -> str:
    """Return the label of an edit (`reading.tools.TOOL_KINDS`) in the user's language."""
    return _names().get(label, label)


def step_name(edit: MaskEdit) -> str:
    """Return an edit as the history shows it: "brush, slice 84", counted from 1 as in the views."""
    return _("{tool}, slice {slice}").format(tool=tool_name(edit.label), slice=edit.slice_index + 1)


def _names() -> dict[str, str]:
    return {
        "brush": _("brush"),
        "eraser": _("eraser"),
        "polygon": _("polygon"),
        "polygon cut": _("polygon cut"),
        "nudge": _("nudge"),
        "brush in HU range": _("brush in HU range"),
        "adaptive brush": _("adaptive brush"),
        "livewire": _("livewire"),
        "level tracing": _("level tracing"),
        "flood fill": _("flood fill"),
        "region growing": _("region growing"),
        "paste": _("paste"),
        "interpolation": _("interpolation"),
        "smoothing": _("smoothing"),
        "fill holes": _("fill holes"),
        "islands": _("islands"),
        "margin": _("margin"),
        "union": _("union"),
        "intersection": _("intersection"),
        "difference": _("difference"),
        "trim air and fat": _("trim air and fat"),
        "trim vessel and calcium": _("trim vessel and calcium"),
        "trim to limits": _("trim to limits"),
        "AI proposal": _("AI proposal"),
    }

"""The tools of a reading in the user's words."""

from __future__ import annotations

from typing import Final

from escc_desktop.gui.key_map import keys_of
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.workflow.views.words import capitalised


def tool_name(label: str) -> str:
    """Return the label of an edit (`reading.tools.TOOL_KINDS`) in the user's language."""
    return _names().get(label, label)


def step_name(edit: MaskEdit) -> str:
    """Return an edit as the history shows it: "brush, slice 84", "smoothing, slices 80 to 91"; slices from 1 on."""
    tool, first, n = tool_name(edit.label), edit.start[0] + 1, edit.extent[0]
    if not is_of_whole(edit):
        return _("{tool}, slice {slice}").format(tool=tool, slice=edit.slice_index + 1)
    if n == 1:
        return _("{tool}, slice {slice}").format(tool=tool, slice=first)
    return _("{tool}, slices {first} to {last}").format(tool=tool, first=first, last=first + n - 1)


def is_of_whole(edit: MaskEdit) -> bool:
    """Return whether an edit is of the whole region, not of the slice that was looked at."""
    return edit.label in _WHOLE


def done_words(edit: MaskEdit, change_mm3: float) -> str:
    """Return what an edit of the whole region did: "Margin on 12 slices: +1.24 mL. Ctrl+Z takes it back."."""
    slices = plural("{n} slice", "{n} slices", edit.extent[0])
    change = f"{change_mm3 / 1000:+.2f} mL".replace("-", "\N{MINUS SIGN}")
    said = _("{tool} on {slices}: {change}.").format(
        tool=capitalised(tool_name(edit.label)), slices=slices, change=change
    )
    key = next(iter(keys_of("reading.undo", ("Ctrl+Z",))), "")
    return said + " " + _("{key} takes it back.").format(key=key) if key else said


_WHOLE: Final = frozenset(
    {
        "region growing",
        "interpolation",
        "smoothing",
        "fill holes",
        "islands",
        "margin",
        "union",
        "intersection",
        "difference",
        "trim air and fat",
        "trim vessel and calcium",
        "trim to limits",
        "AI proposal",
    }
)


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

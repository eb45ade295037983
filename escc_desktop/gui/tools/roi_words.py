"""The regions of a reading in the user's words."""

from __future__ import annotations

from escc_desktop.gui.tools.canvas import RoiEntry
from escc_desktop.i18n import _


def roi_name(entry: RoiEntry) -> str:
    """Return what a region is called."""
    if entry.layer == 0:
        return _("Lesion")
    return entry.name or _("Region {n}").format(n=entry.layer)

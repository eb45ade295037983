"""What the mouse does in the views, in words: for the sheet of keys."""

from __future__ import annotations

from escc_desktop.i18n import _


def mouse_words() -> tuple[tuple[str, str], ...]:
    """Return (what, how) of everything the mouse does whatever the tool."""
    return (
        (_("Next slice"), _("Wheel")),
        (_("Zoom about the pointer"), _("Ctrl+Wheel")),
        (_("Pan"), _("Middle button")),
        (_("Window: width across, level up and down"), _("Ctrl+Right button")),
        (_("Crosshair"), _("Shift+Left button")),
        (_("Maximise the view, and back"), _("Double-click")),
    )

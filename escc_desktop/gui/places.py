"""Where this person's choices lie on this machine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def settings_path() -> Path:
    """Return where this person's choices are kept on this machine."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(place) / "escc-desktop" / "settings.json"

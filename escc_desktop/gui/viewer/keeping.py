"""What a person's views keep from one time to the next: how they lie, by role, and windows of one's own."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.viewer.arrangement import Arrangement
from escc_desktop.gui.viewer.look import OWN_KEYS
from escc_desktop.gui.viewer.lut import WindowPreset
from escc_desktop.gui.viewer.panes import LinkedViews

_WINDOWS: Final = "viewer.windows"
_RATE: Final = "viewer.cine_rate"
# Dragging a gap is a hundred changes: the last one is written.
_WRITTEN_AFTER_MS: Final = 400


class KeptViews(QObject):
    """Lays views out as this role's person left them, and remembers what is changed; lives as long as the views."""

    def __init__(self, desktop: Desktop, views: LinkedViews) -> None:
        super().__init__(views)
        self._desktop, self._views = desktop, views
        role = "" if desktop.project is None else desktop.project.principal.role.value
        self._name = f"viewer.arrangement.{role}"
        views.restore(Arrangement.of(desktop.settings.layout.get(self._name)))
        rate = desktop.settings.layout.get(_RATE)
        if isinstance(rate, int) and rate > 0:
            views.cine.set_rate(rate)
        self._timer = QTimer(self, singleShot=True, interval=_WRITTEN_AFTER_MS)
        self._timer.timeout.connect(self.write)
        views.layout_changed.connect(self._timer.start)
        views.cine.changed.connect(self._timer.start)
        views.said.connect(desktop.notices.say)
        desktop.settings_changed.connect(self._follow)
        self._follow()

    def write(self) -> None:
        """Remember how the views lie now."""
        kept = {self._name: self._views.arrangement.document(), _RATE: self._views.cine.rate}
        settings = self._desktop.settings
        self._desktop.set_settings(replace(settings, layout={**settings.layout, **kept}))

    def _follow(self) -> None:
        self._views.set_own_windows(own_windows(self._desktop))


def own_windows(desktop: Desktop) -> tuple[WindowPreset, ...]:
    """Return the windows a person keeps on digits; what is damaged in the settings is left out."""
    kept = desktop.settings.layout.get(_WINDOWS)
    known = kept if isinstance(kept, dict) else {}
    return tuple(filter(None, map(partial(_preset, known), OWN_KEYS)))


def keep_window(desktop: Desktop, preset: WindowPreset) -> None:
    """Keep a window on the digit of its key, in place of what was kept there."""
    others = {one.key: one for one in own_windows(desktop)}
    kept = {key: asdict(one) for key, one in {**others, preset.key: preset}.items()}
    desktop.keep_layout(_WINDOWS, kept)


def _preset(known: dict[str, object], key: str) -> WindowPreset | None:
    entry = known.get(key)
    if not isinstance(entry, dict):
        return None
    name, width, level = (entry.get(part) for part in ("name", "width", "level"))
    if not (isinstance(name, str) and isinstance(width, int | float) and isinstance(level, int | float)):
        return None
    return WindowPreset(key, name, float(width), float(level))

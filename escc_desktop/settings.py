"""What one person chose on this machine: theme, language, the projects used last. Never anything clinical."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from escc_desktop.errors import EsccError
from escc_desktop.files import read_json, write_json

RECENT_MOST: Final = 8
THEMES: Final = ("dark", "light", "system")


@dataclass(frozen=True)
class Settings:
    """Choices of one person; every field has a value that works from the start.

    Attributes
    ----------
    theme
        One of `THEMES`.
    language
        Code of a catalogue in `resources/i18n`, or "en".
    recent
        Folders of the projects opened last, newest first.
    layout
        Sizes and states of panels by name, as the window keeps them.
    key_map
        The map of keys in use, by its name; "house" is the program's own.
    own_keys
        Keys by action that this person changed.
    ai_server
        Address of a server that proposes outlines; "" for none: nothing is sent anywhere.
    """

    theme: str = "dark"
    language: str = "en"
    recent: tuple[str, ...] = ()
    layout: dict[str, Any] = field(default_factory=dict)
    key_map: str = "house"
    own_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ai_server: str = ""

    def with_recent(self, folder: Path) -> Settings:
        """Return the settings with a project's folder in the first place of the recent ones."""
        path = str(folder.absolute())
        return replace(self, recent=(path, *(other for other in self.recent if other != path))[:RECENT_MOST])


def load_settings(path: Path) -> Settings:
    """Return the settings of a file; what is missing or damaged has its default, for no choice is worth a stop."""
    try:
        document = read_json(path) if path.exists() else {}
    except EsccError:
        return Settings()
    kept = document if isinstance(document, dict) else {}
    known = {one.name: kept[one.name] for one in fields(Settings) if one.name in kept}
    if known.get("theme", "dark") not in THEMES:
        del known["theme"]
    for name in ("language", "key_map", "ai_server"):
        if not isinstance(known.get(name, ""), str):
            del known[name]
    known["recent"] = tuple(item for item in _list(known.get("recent")) if isinstance(item, str))[:RECENT_MOST]
    if not isinstance(known.get("layout", {}), dict):
        del known["layout"]
    known["own_keys"] = _keys(known.get("own_keys"))
    return Settings(**known)


def save_settings(path: Path, settings: Settings) -> None:
    """Write the settings whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(settings))


def _keys(value: object) -> dict[str, tuple[str, ...]]:
    entries = value if isinstance(value, dict) else {}
    return {
        action: tuple(keys)
        for action, keys in entries.items()
        if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

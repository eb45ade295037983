"""What can be done in the window: one table, from which menus, palette, keys and help are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from escc_desktop.gui.key_map import keys_of


def _always() -> str:
    return ""


@dataclass(frozen=True)
class Action:
    """Something a person can do now.

    Attributes
    ----------
    action_id
        Stable name, such as ``reading.undo``.
    text
        What the menu and the palette say, in the user's language.
    call
        What it does.
    icon
        Name of an icon, or "".
    keys
        Its usual keyboard shortcuts in Qt's words, such as ``("Ctrl+Z",)``; those in use are `keys_now`.
    why_not
        Returns why it cannot be done now, in a sentence; "" when it can.
    """

    action_id: str
    text: str
    call: Callable[[], object]
    icon: str = ""
    keys: tuple[str, ...] = ()
    why_not: Callable[[], str] = _always

    @property
    def keys_now(self) -> tuple[str, ...]:
        """The keys it answers to, by the map in use."""
        return keys_of(self.action_id, self.keys)

    @property
    def is_enabled(self) -> bool:
        """Whether it can be done now."""
        return not self.why_not()

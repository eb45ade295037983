"""The folding parts of the panel of an open reading: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtWidgets import QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.pages.reading_place import ReadingPlace


def _same(text: str) -> str:
    """Mark a text for translation that is translated when it is shown."""
    return text


_ = _same


class Section(QWidget):
    """The content of a folding part of the panel.

    What it offers by name and key is found in the palette, the menus and the help too.
    """

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done here."""
        return ()

    def stop(self) -> None:
        """Let go of what runs: the reading is being closed."""


@dataclass(frozen=True)
class SectionEntry:
    """One folding part.

    Attributes
    ----------
    title
        In English; translated when shown.
    """

    name: str
    title: str
    make: Callable[[ReadingPlace], Section]
    is_open: bool = True


SECTIONS: Final[tuple[SectionEntry, ...]] = ()

"""What a folding part of the panel of an open reading is."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from escc_desktop.gui.actions import Action


class Section(QWidget):
    """The content of a folding part of the panel.

    What it offers by name and key is found in the palette, the menus and the help too.
    """

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done here."""
        return ()

    def stop(self) -> None:
        """Let go of what runs: the reading is being closed."""

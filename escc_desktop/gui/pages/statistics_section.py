"""What the sections of the statistics share."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Signal

from escc_desktop.gui.pages.admin_section import Section
from escc_desktop.workflow.access import Operation


class StatisticsSection(Section):
    """One section, which fetches for itself when the page tells it to.

    Attributes
    ----------
    needs
        What a role must be granted to see it; all of it.
    icon
        Of the action that leads to it.
    offers_changed
        What can be done here is not what it was.
    """

    needs: ClassVar[tuple[Operation, ...]] = ()
    icon: ClassVar[str] = ""
    offers_changed = Signal()

    def refresh(self) -> None:
        """Fetch and show anew; called when the section is on screen and stale."""

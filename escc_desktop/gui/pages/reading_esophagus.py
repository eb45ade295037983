"""The part of the panel for the esophagus: composition and trims, limits, what lies in it, its course laid straight."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.pages.reading_composition import CompositionPart
from escc_desktop.gui.pages.reading_limits import LimitsPart
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.pages.reading_straight import StraightPart
from escc_desktop.gui.pages.reading_tags import TagsPart
from escc_desktop.gui.theme import GRID


class EsophagusSection(Section):
    """Everything that is particular to the esophagus."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self.composition = CompositionPart(place)
        self.limits = LimitsPart(place)
        self.straight = StraightPart(place)
        self.tags = TagsPart(place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID + GRID // 2)
        for part in (self.composition, self.limits, self.straight, self.tags):
            column.addWidget(part)

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done by name and key."""
        return *self.composition.actions_now(), *self.limits.actions_now(), *self.straight.actions_now()

    def stop(self) -> None:
        """Let go of what runs."""
        self.composition.stop()
        self.straight.stop()

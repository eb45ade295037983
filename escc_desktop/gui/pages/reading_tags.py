"""What lies in the esophagus and may mislead: tags of the reading, each with what to mind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _
from escc_desktop.reading.tools import TAGS

_COLUMNS: Final = 2


@dataclass(frozen=True)
class Tag:
    """Something found in the esophagus.

    Attributes
    ----------
    name
        What the reading's note holds, for ever.
    title, hint
        In the user's language.
    """

    name: str
    title: str
    hint: str


def _tags() -> tuple[Tag, ...]:
    return (
        Tag("fluid", _("Fluid"), _("Fluid in the lumen has 0 to 30 HU and no enhancement: leave it out.")),
        Tag("food", _("Food"), _("Food holds air bubbles and does not enhance: leave it out.")),
        Tag(
            "oral contrast",
            _("Oral contrast"),
            _("Oral contrast lies above 200 HU: trim it, and mind the streaks beside it."),
        ),
        Tag("stent", _("Stent"), _("A stent falsifies the HU around it: leave it and its streaks out.")),
        Tag("tube", _("Tube"), _("A nasogastric tube is no wall: leave it and the air inside it out.")),
        Tag(
            "collapsed wall",
            _("Collapsed wall"),
            _("A collapsed esophagus looks thick; a wall of more than 5 mm is suspicious."),
        ),
    )


class TagsPart(QWidget):
    """One box a tag; what to mind of those that are ticked stands below."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._canvas = place.canvas
        self._tags = _tags()
        self.boxes: dict[str, QCheckBox] = {}
        self.hints = label(tone="secondary", size="caption", wrap=True)
        grid = QGridLayout()
        grid.setSpacing(GRID // 2)
        for number, tag in enumerate(self._tags):
            box = self.boxes[tag.name] = QCheckBox(tag.title)
            box.setToolTip(tag.hint)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.clicked.connect(self._tick)
            grid.addWidget(box, number // _COLUMNS, number % _COLUMNS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(label(_("In the esophagus"), tone="secondary"))
        column.addLayout(grid)
        column.addWidget(self.hints)
        place.canvas.noted.connect(self._noted)
        self._follow()

    @property
    def noted(self) -> tuple[str, ...]:
        """The tags that the reading holds."""
        note = self._canvas.reading.history.notes.get(TAGS)
        return tuple(name for name in note if isinstance(name, str)) if isinstance(note, list) else ()

    def _tick(self) -> None:
        if self._canvas.may_draw():
            self._canvas.note(TAGS, [name for name, box in self.boxes.items() if box.isChecked()] or None)
        self._follow()

    def _noted(self, name: str) -> None:
        if name == TAGS:
            self._follow()

    def _follow(self) -> None:
        noted = self.noted
        for name, box in self.boxes.items():
            box.setChecked(name in noted)
        self.hints.setText("\n".join(tag.hint for tag in self._tags if tag.name in noted))
        self.hints.setVisible(bool(noted))

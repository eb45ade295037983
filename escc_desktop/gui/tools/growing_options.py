"""Range, reach and guard of region growing, and the panel that shows them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.number_field import NumberField
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _
from escc_desktop.imaging.growing import HuRange

LEAST_HU, MOST_HU = -1024, 3071
_WIDEST_MM: Final = 150.0
# Two fields and their name fit the panel; by their own hints they would widen it past its edge.
_NUMBER_PX: Final = 92


class GrowingOptions(QObject):
    """What is grown, and how far.

    Signals
    -------
    changed
        One of them was changed.

    Attributes
    ----------
    hu_range
        Least and most HU.
    reach_mm
        How far from the seed.
    guard_mm
        Half the width of the narrowest bridge that is gone over.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hu_range: HuRange = (0, 100)
        self.reach_mm = 40.0
        self.guard_mm = 1.5
        self.size_words = ""

    def set_range(self, low: int, high: int) -> None:
        """Choose the range; what belongs to a seed is always told, even if it is the same again."""
        low = min(max(low, LEAST_HU), MOST_HU - 1)
        self.hu_range = low, min(max(high, low + 1), MOST_HU)
        self.changed.emit()

    def set_reach(self, mm: float) -> None:
        """Choose how far from the seed it may go."""
        if mm != self.reach_mm:
            self.reach_mm = mm
            self.changed.emit()

    def set_guard(self, mm: float) -> None:
        """Choose how narrow a bridge may be."""
        if mm != self.guard_mm:
            self.guard_mm = mm
            self.changed.emit()

    def tell(self, words: str) -> None:
        """Say how much was grown."""
        self.size_words = words

    def words(self) -> str:
        """Return range and size in words."""
        low, high = (str(value).replace("-", "\N{MINUS SIGN}") for value in self.hu_range)
        words = _("{low} to {high} HU").format(low=low, high=high)
        return f"{words} · {self.size_words}" if self.size_words else words


class GrowingPanel(QWidget):
    """Range, reach and guard."""

    def __init__(self, options: GrowingOptions) -> None:
        super().__init__()
        self._options = options
        hu = LEAST_HU, MOST_HU, 1
        self.low, self.high = (NumberField(hu, tip, "HU", decimals=0) for tip in (_("Least HU"), _("Most HU")))
        self.reach = NumberField((5, _WIDEST_MM, 5), _("How far from the seed it may go"), "mm")
        guard = _("Leaves out what hangs on by a bridge narrower than twice this; 0 is off")
        self.guard = NumberField((0, 10, 0.5), guard, "mm")
        for field in (self.low, self.high, self.reach, self.guard):
            field.setFixedWidth(_NUMBER_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(label(_("Range"), tone="secondary"), None, self.low, self.high))
        column.addWidget(row(label(_("Reach"), tone="secondary"), None, self.reach))
        column.addWidget(row(label(_("Leak guard"), tone="secondary"), None, self.guard))
        for box in (self.low, self.high):
            box.valueChanged.connect(lambda _value: options.set_range(int(self.low.value()), int(self.high.value())))
        self.reach.valueChanged.connect(options.set_reach)
        self.guard.valueChanged.connect(options.set_guard)
        options.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        options = self._options
        for box, value in ((self.low, options.hu_range[0]), (self.high, options.hu_range[1])):
            with QSignalBlocker(box):
                box.setValue(value)
        self.reach.setValue(options.reach_mm)
        self.guard.setValue(options.guard_mm)

"""Range, reach and guard of region growing, and the panel that shows them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label, row
from escc_desktop.i18n import _
from escc_desktop.imaging.growing import HuRange

LEAST_HU, MOST_HU = -1024, 3071
_WIDEST_MM: Final = 150.0


class GrowingOptions(QObject):
    """What is grown, and how far.

    Signals
    -------
    changed
        One of them was changed.
    told
        There is another word on what was grown.

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
    told = Signal()

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
        self.told.emit()

    def words(self) -> str:
        """Return range and size in words."""
        low, high = (str(value).replace("-", "\N{MINUS SIGN}") for value in self.hu_range)
        words = _("{low} to {high} HU").format(low=low, high=high)
        return f"{words} · {self.size_words}" if self.size_words else words


class GrowingPanel(QWidget):
    """Range, reach and guard, and how much was grown."""

    def __init__(self, options: GrowingOptions) -> None:
        super().__init__()
        self._options = options
        self.low, self.high = _hu_box(_("Least HU")), _hu_box(_("Most HU"))
        self.reach = _mm_box(_("Reach: how far from the seed it may go"), 5.0, _WIDEST_MM, 5.0)
        self.guard = _mm_box(
            _("Leak guard: leaves out what hangs on by a bridge narrower than twice this; 0 is off"), 0.0, 10.0, 0.5
        )
        self.grown = label(tone="secondary", size="caption", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(label(_("Range"), tone="secondary"), None, self.low, self.high))
        column.addWidget(row(label(_("Reach, guard"), tone="secondary"), None, self.reach, self.guard))
        column.addWidget(self.grown)
        for box in (self.low, self.high):
            box.valueChanged.connect(lambda _value: options.set_range(self.low.value(), self.high.value()))
        self.reach.valueChanged.connect(options.set_reach)
        self.guard.valueChanged.connect(options.set_guard)
        options.changed.connect(self._follow)
        options.told.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        options = self._options
        for box, value in ((self.low, options.hu_range[0]), (self.high, options.hu_range[1])):
            with QSignalBlocker(box):
                box.setValue(value)
        self.reach.setValue(options.reach_mm)
        self.guard.setValue(options.guard_mm)
        self.grown.setText(options.size_words or _("Click a seed."))


def _hu_box(tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(LEAST_HU, MOST_HU)
    box.setSuffix(" HU")
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setKeyboardTracking(False)
    return box


def _mm_box(tip: str, least: float, most: float, step: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(least, most)
    box.setSingleStep(step)
    box.setDecimals(1)
    box.setSuffix(" mm")
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setKeyboardTracking(False)
    return box

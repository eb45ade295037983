"""Size and reach of the brush, and the panel that shows them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import icon_button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.delineate import LARGEST, SMALLEST

USUAL_DIAMETER = 8


class BrushOptions(QObject):
    """Size and reach of the brush, shared by brush and eraser.

    Signals
    -------
    changed
        One of them was changed.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.diameter = USUAL_DIAMETER
        self.is_ball = False

    def set_diameter(self, voxels: int) -> None:
        """Choose a size; beyond the limits the smallest or largest."""
        voxels = min(max(voxels, SMALLEST), LARGEST)
        if voxels != self.diameter:
            self.diameter = voxels
            self.changed.emit()

    def set_ball(self, is_ball: bool) -> None:
        """Choose whether the brush reaches into neighbouring slices."""
        if is_ball != self.is_ball:
            self.is_ball = is_ball
            self.changed.emit()


class BrushPanel(QWidget):
    """Size in voxels and mm, and reach."""

    def __init__(self, options: BrushOptions, finest_mm: float) -> None:
        super().__init__()
        self._options, self._finest_mm = options, finest_mm
        self.size_words = label()
        self.smaller = icon_button("subtract", _("Smaller brush (\N{MINUS SIGN})"))
        self.larger = icon_button("add", _("Larger brush (+)"))
        self.ball = QCheckBox(_("3D: reach into next slices"))
        self.ball.setToolTip(_("Paint neighbouring slices too, as a ball (Shift+B)"))
        self.ball.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.smaller.clicked.connect(lambda: options.set_diameter(options.diameter - 1))
        self.larger.clicked.connect(lambda: options.set_diameter(options.diameter + 1))
        self.ball.toggled.connect(options.set_ball)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(label(_("Size"), tone="secondary"), None, self.size_words, self.smaller, self.larger))
        column.addWidget(self.ball)
        options.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        options = self._options
        words = plural("{n} voxel", "{n} voxels", options.diameter)
        self.size_words.setText(f"{words} · {options.diameter * self._finest_mm:.1f} mm")
        self.ball.setChecked(options.is_ball)

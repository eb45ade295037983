"""Panels of the brushes: size and shape, the range of HU, the tolerance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSlider, QToolButton, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.brush_options import LEAST_HU, MOST_HU, BrushOptions
from escc_desktop.gui.tools.brush_range import RangeBar
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.widgets.text import icon_button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.delineate import SMALLEST
from escc_desktop.imaging.mask import bounding_box

_LARGEST_ON_SLIDER: Final = 60
_LEAST_TOLERANCE, _MOST_TOLERANCE = 5, 150
_SPREADS: Final = 2.0
_NUMBER_PX: Final = 54


class SizePart(QWidget):
    """Size, shape and reach.

    Parameters
    ----------
    finest_mm
        The side of the finest voxel of a slice.
    is_always_round
        Whether there is no square to choose.
    """

    def __init__(self, options: BrushOptions, finest_mm: float, *, is_always_round: bool = False) -> None:
        super().__init__()
        self._options, self._finest_mm = options, finest_mm
        self.words = label()
        self.smaller = icon_button("subtract", _("Smaller brush (\N{MINUS SIGN})"))
        self.larger = icon_button("add", _("Larger brush (+)"))
        self.slider = _slider(SMALLEST, _LARGEST_ON_SLIDER, _("Size of the brush"))
        self.square = _switch("square", _("Square instead of round"), options.set_square)
        self.ball = _switch("layer", _("3D: reach into the next slices too (Shift+B)"), options.set_ball)
        words = _("As many voxels along every axis; off: as many millimetres")
        self.per_voxel = _switch("grid", words, lambda is_on: options.set_isotropic(not is_on))
        self.in_mm = _switch("ruler", _("Keep the size in mm, the same in every series"), self._keep_in_mm)
        self.pressure = _switch("pen", _("The pressure of a pen changes the size"), options.set_pressure)
        self.square.setVisible(not is_always_round)
        self.smaller.clicked.connect(lambda: options.resize(-1))
        self.larger.clicked.connect(lambda: options.resize(1))
        self.slider.valueChanged.connect(self._size)
        column = _column(self)
        column.addWidget(row(label(_("Size"), tone="secondary"), None, self.words))
        column.addWidget(row(self.smaller, self.slider, self.larger, spacing=GRID // 2))
        switches = self.square, self.ball, self.per_voxel, self.in_mm, self.pressure
        column.addWidget(row(*switches, None, spacing=GRID // 2))
        options.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        shape = self._options.shape
        n = shape.voxels(self._finest_mm)
        voxels, is_in_mm = plural("{n} voxel", "{n} voxels", n), shape.diameter_mm is not None
        words = f"{shape.diameter_mm:.0f} mm · {voxels}" if is_in_mm else f"{voxels} · {n * self._finest_mm:.1f} mm"
        self.words.setText(words)
        with QSignalBlocker(self.slider):
            self.slider.setValue(n if shape.diameter_mm is None else round(shape.diameter_mm))
        for button, is_on in (
            (self.square, shape.is_square),
            (self.ball, shape.is_ball),
            (self.per_voxel, not shape.is_isotropic),
            (self.in_mm, is_in_mm),
            (self.pressure, shape.has_pressure),
        ):
            button.setChecked(is_on)

    def _size(self, value: int) -> None:
        if self._options.shape.diameter_mm is None:
            self._options.set_diameter(value)
        else:
            self._options.set_diameter_mm(float(value))

    def _keep_in_mm(self, is_kept: bool) -> None:
        self._options.keep_in_mm(is_kept, self._finest_mm)


class LimitPart(QWidget):
    """Whether only a range of HU is painted, and which."""

    def __init__(self, options: BrushOptions, canvas: Canvas) -> None:
        super().__init__()
        self._options, self._canvas = options, canvas
        self.limited = QCheckBox(_("Only HU"))
        self.limited.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        why_not = options.why_no_limit
        words = _("Change only voxels in this range of HU, tinted in the pictures (Shift+H)")
        self.limited.setToolTip(why_not or words)
        self.limited.setEnabled(not why_not)
        self.least, self.most = self._number(_("Least HU")), self._number(_("Most HU"))
        self.of_outline = icon_button("target", _("The range of what is drawn: mean \N{PLUS-MINUS SIGN} 2 SD"))
        self.bar = RangeBar()
        self.limited.toggled.connect(options.set_limited)
        self.least.editingFinished.connect(self._limit)
        self.most.editingFinished.connect(self._limit)
        self.of_outline.clicked.connect(self.take_of_outline)
        self.bar.chosen.connect(options.set_limit)
        to = label("\N{EN DASH}", tone="secondary")
        column = _column(self)
        column.addWidget(row(self.limited, None, self.least, to, self.most, self.of_outline, spacing=GRID // 2))
        column.addWidget(self.bar)
        options.changed.connect(self._follow)
        self._follow()

    def take_of_outline(self) -> None:
        """Take the range from the HU of what is drawn, or say that nothing is."""
        drawn = np.flatnonzero(self._canvas.slice_voxels)
        if not drawn.size:
            self._canvas.said.emit(_("Nothing is drawn yet. Draw a part of the lesion, then take the range from it."))
            return
        slices = slice(int(drawn[0]), int(drawn[-1]) + 1)
        voxels, hu = self._canvas.shown[slices], self._canvas.planes.hu[slices]
        box = bounding_box(voxels)
        inside = hu[box][voxels[box]]
        mean, spread = float(inside.mean()), float(inside.std())
        self._options.set_limit(round(mean - _SPREADS * spread), round(mean + _SPREADS * spread))

    def _follow(self) -> None:
        options = self._options
        self.limited.setChecked(options.is_limited)
        for part in (self.least, self.most, self.of_outline, self.bar):
            part.setEnabled(options.is_limited)
        for field, hu in zip((self.least, self.most), options.limit, strict=True):
            field.setText(str(hu))
        self.bar.show_range(*options.limit)

    def _limit(self) -> None:
        options = self._options
        low, high = (
            int(field.text()) if field.hasAcceptableInput() else hu
            for field, hu in zip((self.least, self.most), options.limit, strict=True)
        )
        options.set_limit(low, high)
        self._follow()

    def _number(self, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setValidator(QIntValidator(LEAST_HU, MOST_HU, made))
        made.setAlignment(Qt.AlignmentFlag.AlignRight)
        made.setFixedWidth(_NUMBER_PX)
        made.setAccessibleName(name)
        made.setToolTip(name)
        # Whoever is done typing wants the keys of the pictures again.
        made.returnPressed.connect(made.clearFocus)
        return made


class TolerancePart(QWidget):
    """How far the adaptive brush goes from the tissue it began on."""

    def __init__(self, options: BrushOptions) -> None:
        super().__init__()
        self._options = options
        self.words = label()
        self.slider = _slider(_LEAST_TOLERANCE, _MOST_TOLERANCE, _("Tolerance in HU"))
        self.slider.valueChanged.connect(options.set_tolerance)
        column = _column(self)
        column.addWidget(row(label(_("Same tissue"), tone="secondary"), self.slider, self.words))
        options.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._options.tolerance_hu)
        self.words.setText(f"\N{PLUS-MINUS SIGN} {self._options.tolerance_hu} HU")


class BrushPanel(QWidget):
    """What can be chosen for brush and eraser, and the tolerance for the adaptive brush."""

    def __init__(self, options: BrushOptions, canvas: Canvas, *, is_adaptive: bool = False) -> None:
        super().__init__()
        self.size_part = SizePart(options, finest_mm(canvas))
        self.limit_part = LimitPart(options, canvas)
        self.tolerance_part = TolerancePart(options) if is_adaptive else None
        column = _column(self)
        for part in (self.size_part, self.tolerance_part, self.limit_part):
            if part is not None:
                column.addWidget(part)


def finest_mm(canvas: Canvas) -> float:
    """Return the side of the finest voxel of a slice."""
    x, y, _z = canvas.planes.geometry.spacing_mm
    return min(x, y)


def _column(holder: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID // 2)
    return column


def _slider(least: int, most: int, name: str) -> QSlider:
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(least, most)
    made.setAccessibleName(name)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def _switch(icon: str, tip: str, choose: Callable[[bool], object]) -> QToolButton:
    made = icon_button(icon, tip, checkable=True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.toggled.connect(choose)
    return made

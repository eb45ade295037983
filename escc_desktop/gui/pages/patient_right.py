"""What stands to the right of the summary: the numbers, or the way to the voxels, or other values tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.pages.patient_depth import DepthPanel
from escc_desktop.gui.pages.patient_numbers import NumbersPanel
from escc_desktop.gui.pages.patient_what_if import WhatIfPanel

if TYPE_CHECKING:
    from escc_desktop.workflow.views.what_if import Asked


class RightSide(QWidget):
    """One of three panels; the second and the third are made when they are first wanted.

    Signals
    -------
    point_wanted
        Back to a term of the nomogram.
    """

    point_wanted = Signal(str)

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self.numbers = NumbersPanel(desktop)
        self._voxels: DepthPanel | None = None
        self._what_if: WhatIfPanel | None = None
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.numbers)

    @property
    def voxels(self) -> DepthPanel:
        """The map and the slices."""
        if self._voxels is None:
            self._voxels = DepthPanel(self._desktop)
            self._voxels.closed.connect(self.show_numbers)
            self._voxels.point_wanted.connect(self.point_wanted)
            self._stack.addWidget(self._voxels)
        return self._voxels

    @property
    def what_if(self) -> WhatIfPanel:
        """Where other values are tried."""
        if self._what_if is None:
            self._what_if = WhatIfPanel()
            self._what_if.closed.connect(self.show_numbers)
            self._stack.addWidget(self._what_if)
        return self._what_if

    @property
    def has_map(self) -> bool:
        """Whether the feature map is in place of the numbers."""
        return self._shows(self._voxels) and not self.voxels.has_slices

    @property
    def has_slices(self) -> bool:
        """Whether a CT is in place of the numbers."""
        return self._shows(self._voxels) and self.voxels.has_slices

    @property
    def has_what_if(self) -> bool:
        """Whether other values are tried, in place of the numbers."""
        return self._shows(self._what_if)

    def show_voxels(self) -> DepthPanel:
        """Put map and slices in place of what is there."""
        self.show_numbers()
        self._stack.setCurrentWidget(self.voxels)
        return self.voxels

    def show_what_if(self, asked: Asked, endpoint: str) -> None:
        """Try other clinical values, in a frame of its own."""
        self.show_numbers()
        self.what_if.show_asked(asked, endpoint)
        self._stack.setCurrentWidget(self.what_if)
        self.what_if.setFocus()

    def show_numbers(self) -> None:
        """Go back to the record; what was tried is gone, pictures are let go."""
        if self._shows(self._voxels):
            self.voxels.clear()
        if self.has_what_if:
            self.what_if.clear()
            self.numbers.what_if_button.setFocus()
        self._stack.setCurrentWidget(self.numbers)

    def _shows(self, panel: QWidget | None) -> bool:
        return panel is not None and self._stack.currentWidget() is panel

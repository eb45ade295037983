"""From a point on the nomogram to the voxels it rests on: the feature's map, the outlined slices, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.pages.feature_map import FeatureMapPanel
from escc_desktop.gui.pages.patient_slices import SlicesPanel
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.trace_bar import TraceBar
from escc_desktop.workflow.views.trace import FEATURE, OUTLINE, POINTS, plain_name, trace

if TYPE_CHECKING:
    from escc_desktop.gui.viewer.planes import VolumePlanes
    from escc_desktop.workflow.project import Project
    from escc_desktop.workflow.views.lesion import LesionView
    from escc_desktop.workflow.views.patient_cohort import Basis
    from escc_desktop.workflow.views.ruler import RulerView


@dataclass(frozen=True, eq=False)
class Traced:
    """Of whom and of what: the patient's ruler, and the outlined lesion on its CT."""

    project: Project
    basis: Basis
    ruler: RulerView | None
    lesion: LesionView
    planes: VolumePlanes

    def term_of(self, name: str) -> str:
        """Return the term of the nomogram a feature is; nothing for one that is none."""
        axes = self.ruler.axes if self.ruler is not None else ()
        return next((axis.name for axis in axes if plain_name(axis.name) == plain_name(name)), "")

    @property
    def first_term(self) -> str:
        """The first term that comes from the image; nothing without."""
        axes = self.ruler.axes if self.ruler is not None else ()
        return next((axis.name for axis in axes if axis.has_map), "")


class DepthPanel(QWidget):
    """The map or the slices, and above them the steps from the point to the voxels.

    Signals
    -------
    closed
        The user has seen enough.
    point_wanted
        Back to a term of the nomogram.
    """

    closed = Signal()
    point_wanted = Signal(str)

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.map, self.slices, self.trace = FeatureMapPanel(desktop), SlicesPanel(desktop), TraceBar()
        self._traced: Traced | None = None
        self._name = ""
        # A stack without a holder would show its first panel as a window of its own.
        holder = QWidget(self)
        self._views = QStackedLayout(holder)
        self._views.addWidget(self.map)
        self._views.addWidget(self.slices)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.trace)
        column.addWidget(holder, 1)
        self.map.closed.connect(self.closed)
        self.map.chose.connect(self._follow)
        self.slices.closed.connect(self.closed)
        self.trace.wanted.connect(self._go)

    @property
    def has_slices(self) -> bool:
        """Whether slices are in place of the map."""
        return self._views.currentWidget() is self.slices

    def open_map(self, traced: Traced, name: str = "") -> None:
        """Show the map of a feature; of the model's first one unless it is named."""
        self._traced = traced
        self._views.setCurrentWidget(self.map)
        self.slices.clear()
        names = traced.basis.card.feature_names
        self._follow(name or traced.first_term)
        self.map.open_lesion(traced.project, traced.lesion, traced.planes, names, name)
        self.map.view.setFocus()

    def open_slices(self, traced: Traced) -> None:
        """Show the slices of the outlined lesion."""
        self._traced = traced
        self._views.setCurrentWidget(self.slices)
        self.map.clear()
        self._follow(self._name or traced.first_term)
        self.slices.show_lesion(traced.lesion, traced.planes)
        self.slices.view.setFocus()

    def open_series(self, project: Project, series_uid: str, title: str) -> None:
        """Show a CT that was not scored."""
        self._traced = None
        self._views.setCurrentWidget(self.slices)
        self.map.clear()
        self.trace.show_steps(())
        self.slices.open_series(project, series_uid, title)
        self.slices.view.setFocus()

    def clear(self) -> None:
        """Let go of the pictures."""
        self._traced, self._name = None, ""
        self.map.clear()
        self.slices.clear()

    def _follow(self, name: str) -> None:
        """Show the steps from a feature's point to its voxels."""
        self._name = name
        traced = self._traced
        is_known = traced is not None and bool(name)
        self.trace.show_steps(
            trace(traced.basis.card, traced.ruler, name, traced.lesion) if traced and is_known else ()
        )

    def _go(self, kind: str) -> None:
        traced = self._traced
        if traced is None:
            return
        if kind == POINTS:
            self.point_wanted.emit(traced.term_of(self._name))
        elif kind == FEATURE:
            self.open_map(traced, self._name)
        elif kind == OUTLINE:
            self.open_slices(traced)

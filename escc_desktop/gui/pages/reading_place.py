"""What every part of an open reading works with."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.gui.viewer.planes import VolumePlanes, Voxel
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.reading import Reading


@dataclass(frozen=True, eq=False)
class ReadingPlace:
    """An open reading on its page.

    Attributes
    ----------
    mark
        The voxel (x, y, z) at which the lesion was marked.
    """

    desktop: Desktop
    project: Project
    reading: Reading
    planes: VolumePlanes
    canvas: Canvas
    hand: Hand
    views: LinkedViews
    mark: Voxel

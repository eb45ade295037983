"""The errands of the comparison that take time: each is a job."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.compare import (
    Comparable,
    Opened,
    RigidMotion,
    SideChoice,
    find_motion,
    lay_over,
    open_comparison,
)


@dataclass(frozen=True, eq=False)
class Ready:
    """A comparison with both CTs made ready to be looked at; one series on both sides is kept once."""

    opened: Opened
    first: VolumePlanes
    second: VolumePlanes


def open_ready(project: Project, known: Comparable, first: SideChoice, second: SideChoice, progress: Progress) -> Ready:
    """Open both sides and make their CTs ready."""
    opened = open_comparison(project, known, first, second, progress.part(0, 0.5))
    one = VolumePlanes.of(opened.first.volume, progress.part(0.5, 0.75))
    if first.series_uid == second.series_uid:
        return Ready(opened, one, one)
    return Ready(opened, one, VolumePlanes.of(opened.second.volume, progress.part(0.75, 1)))


def find_ready_motion(ready: Ready, progress: Progress) -> RigidMotion:
    """Return the rigid motion from the first CT to the second."""
    return find_motion(ready.opened, progress)


def lay_ready_over(ready: Ready, motion: RigidMotion, progress: Progress) -> VolumePlanes:
    """Return the second CT on the grid of the first, ready to be looked at."""
    return VolumePlanes.of(lay_over(ready.opened, motion, progress.part(0, 0.7)), progress.part(0.7, 1))

"""The errands of the reading page that take time: each is a job."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.gui.viewer.planes import VolumePlanes, Voxel
from escc_desktop.imaging.mask import BoolArray, Region, bounding_box
from escc_desktop.imaging.volume import Geometry
from escc_desktop.progress import Progress
from escc_desktop.reading.protocol import FREE, Protocol
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.reading import Reading, open_reading


@dataclass(frozen=True, eq=False)
class Opened:
    """A reading made ready to be drawn on.

    Attributes
    ----------
    shown
        A copy of its voxels (z, y, x), to be drawn into.
    box
        Holds every voxel drawn so far.
    slice_voxels
        How many voxels per slice (z).
    mark
        The voxel (x, y, z) at which the lesion was marked.
    protocol
        What the study allows in its readings.
    """

    project: Project
    reading: Reading
    planes: VolumePlanes
    shown: BoolArray
    box: Region
    slice_voxels: NDArray[np.intp]
    mark: Voxel
    protocol: Protocol = FREE


def open_for_drawing(project: Project, session_id: str, progress: Progress) -> Opened:
    """Open or resume a session and make its volume ready; stopped or failed, nothing stays open."""
    reading = open_reading(project, session_id, progress.part(0, 0.1))
    try:
        planes = VolumePlanes.of(reading.volume, progress.part(0.5, 1.0))
        kept = reading.history.voxels
        slice_voxels = np.count_nonzero(kept, axis=(1, 2)).astype(np.intp)
        shown = np.zeros(kept.shape, dtype=np.bool_)  # slices on which nothing is drawn take no memory
        for z in np.flatnonzero(slice_voxels):
            shown[z] = kept[z]
        mark = _nearest_voxel(reading.lesion.point_mm, planes.geometry)
        box, protocol = bounding_box(shown), reading.protocol
        return Opened(project, reading, planes, shown, box, slice_voxels, mark, protocol)
    except BaseException:
        reading.abandon()
        raise


def close_reading(reading: Reading, progress: Progress) -> None:
    """Make every step durable and stop; where that fails it stays open. It cannot be cancelled."""
    reading.close()


def let_go(project: Project, reading: Reading, progress: Progress) -> None:
    """Make every step durable if that can be done, and stop in any case; the project stays open until then.

    It cannot be cancelled.
    """
    try:
        reading.close()
    except EsccError:  # said already: nobody leaves a reading in trouble unasked
        reading.abandon()


def abandon_reading(reading: Reading, progress: Progress) -> None:
    """Stop without another attempt to save."""
    reading.abandon()


def save_reading(reading: Reading, progress: Progress) -> None:
    """Try again to make every step durable."""
    progress.advance(0, 1)
    reading.flush()


def _nearest_voxel(point_mm: tuple[float, float, float], geometry: Geometry) -> Voxel:
    index = np.rint(geometry.to_index(np.array([point_mm]))[0]).astype(int)
    x, y, z = (min(max(int(value), 0), size - 1) for value, size in zip(index, geometry.size, strict=True))
    return x, y, z

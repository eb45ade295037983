"""What the 3D view shows, told to the process that paints it; used by jobs, one at a time."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.errors import EsccError
from escc_desktop.frozen import part_command
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.imaging.mask import BoolArray, bounding_box
from escc_desktop.imaging.sandbox import end_process, read_frame, write_frame
from escc_desktop.imaging.volume import Geometry
from escc_desktop.progress import Progress

PAINTER: Final = "escc_desktop.gui.viewer.surface_view"
LATE_S: Final = 60.0
CONTEXT_MM: Final = 60.0
CONTEXT_VOXELS: Final = 128
_MARGIN: Final = 1.25
_TINT: Final = 0.2
_AROUND: Final = 90
_FILLED: Final = 0.8
_LEAST_REACH_MM: Final = 15.0
_NOTHING_REACH_MM: Final = 60.0
Matrix = NDArray[np.float64]


class Painter:
    """The process that paints, started with the first order."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    def order(self, name: str, message: Mapping[str, Any], payload: bytes = b"") -> None:
        """Have something done before the next picture."""
        pipe = self._running().stdin
        assert pipe is not None
        self._try(lambda: write_frame(pipe, {**message, "order": name}, payload))

    def paint(self, message: Mapping[str, Any]) -> tuple[tuple[int, int], bytes]:
        """Return size and bytes of the picture.

        Raises
        ------
        EsccError
            The process died or hangs, or has nothing to paint with.
        """
        process = self._running()
        self.order("paint", message)
        assert process.stdout is not None
        pipe = process.stdout
        watch = threading.Timer(LATE_S, process.kill)
        watch.daemon = True
        watch.start()
        try:
            answer, picture = self._try(lambda: read_frame(pipe))
        finally:
            watch.cancel()
        if "size" not in answer:
            raise EsccError("This computer offers no OpenGL for the 3D view.", "The slices show everything it would.")
        width, height = answer["size"]
        return (width, height), picture

    def close(self) -> None:
        """End the process; no other one is started."""
        with self._lock:
            self._is_closed = True
            process, self._process = self._process, None
        if process is not None:
            end_process(process)

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_closed:
                raise _stopped()
            if self._process is None:
                self._process = subprocess.Popen(
                    part_command(PAINTER),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
            return self._process

    def _try(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (EOFError, OSError, ValueError) as error:
            self.close()
            raise _stopped() from error


def _stopped() -> EsccError:
    return EsccError("The 3D view has stopped.", "Show it again; if it stops again, do without it.")


@dataclass(frozen=True)
class Camera:
    """Where one looks from.

    Attributes
    ----------
    turn
        Unit vectors in the patient (LPS) as rows: to the right of the picture, up, and out of it.
    zoom
        1 fits the region into the picture.
    pan
        How far the middle lies to the right and up of the region's, in radii of it.
    """

    turn: tuple[tuple[float, float, float], ...]
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Picture3D:
    """A picture that was painted: size in pixels, three bytes a pixel, and whether it shows a region."""

    size: tuple[int, int]
    pixels: bytes
    has_region: bool


class Order(Protocol):
    """Something to be shown or no longer shown."""

    def tell(self, scene: SurfaceScene) -> None:
        """Tell the painter."""


class SurfaceScene:
    """What the painter's process has been told.

    Attributes
    ----------
    middle, reach_mm
        The sphere that holds the regions, in the patient.
    boxes
        The corners of each region's box in the patient, by name.
    """

    def __init__(self, geometry: Geometry, mark: tuple[int, int, int]) -> None:
        self.painter = Painter()
        self.geometry = geometry
        self.boxes: dict[str, Matrix] = {}
        self.middle: Matrix = geometry.to_mm(np.array([mark]))[0]
        self.reach_mm = _NOTHING_REACH_MM
        self._is_fitted = False

    def fit(self) -> None:
        """Have the sphere fit the regions anew with the next picture."""
        self._is_fitted = False

    def show(self, orders: Sequence[Order], camera: Camera, size: tuple[int, int], progress: Progress) -> Picture3D:
        """Follow orders and return the picture; a job's function."""
        for done, order in enumerate(orders):
            progress.advance(done, len(orders) + 1)
            order.tell(self)
            self._follow_boxes()
        right, up, towards = (np.array(way) for way in camera.turn)
        focus = self.middle + (right * camera.pan[0] + up * camera.pan[1]) * self.reach_mm
        width, height = size
        message = {
            "size": size,
            "focus": focus.tolist(),
            "towards": towards.tolist(),
            "up": up.tolist(),
            "reach_mm": self.reach_mm,
            "half_height_mm": self.reach_mm * max(1.0, height / max(width, 1)) * _FILLED / camera.zoom,
        }
        painted, pixels = self.painter.paint(message)
        return Picture3D(painted, pixels, bool(self.boxes))

    def _follow_boxes(self) -> None:
        """Keep what is looked at where it is while the regions stay in it: a picture that jumps cannot be compared."""
        if not self.boxes:
            return
        corners = np.concatenate(list(self.boxes.values()))
        if self._is_fitted and np.linalg.norm(corners - self.middle, axis=1).max() <= self.reach_mm * _MARGIN:
            return
        self.middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
        farthest = float(np.linalg.norm(corners - self.middle, axis=1).max())
        self.reach_mm = max(farthest * _MARGIN, _LEAST_REACH_MM)
        self._is_fitted = True


def _affine(
    geometry: Geometry, start: tuple[int, int, int], step: tuple[int, int, int] = (1, 1, 1)
) -> list[list[float]]:
    """Return the 3 x 4 matrix from places (x, y, z) of a box to the patient; `start` and `step` are (z, y, x)."""
    matrix = np.array(geometry.affine[:3])
    by = np.array(step[::-1], dtype=np.float64)
    # The middle of a block of voxels lies half a block from that of its first one.
    matrix[:, 3] += matrix[:, :3] @ (np.array(start[::-1]) + (by - 1) / 2)
    matrix[:, :3] *= by
    rows: list[list[float]] = matrix.tolist()
    return rows


def _rgb(color: str) -> list[float]:
    return [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]


@dataclass(frozen=True, eq=False)
class ShowRegion:
    """The surface of a region as it is when the order is followed."""

    name: str
    voxels: BoolArray
    color: str

    def tell(self, scene: SurfaceScene) -> None:
        """Send the box of the region, or drop what is empty."""
        box = bounding_box(self.voxels)
        if box[0].stop == 0:
            Drop(self.name).tell(scene)
            return
        crop = np.ascontiguousarray(self.voxels[box])
        start = box[0].start, box[1].start, box[2].start
        ends = np.array([(part.start - 0.5, part.stop - 0.5) for part in box[::-1]])
        places = np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 3)
        scene.boxes[self.name] = scene.geometry.to_mm(places)
        message = {
            "name": self.name,
            "shape": crop.shape,
            "affine": _affine(scene.geometry, start),
            "color": _rgb(self.color),
            "opacity": 1.0,
        }
        scene.painter.order("region", message, np.packbits(crop).tobytes())


@dataclass(frozen=True)
class Drop:
    """One thing less."""

    name: str

    def tell(self, scene: SurfaceScene) -> None:
        """Drop it."""
        scene.boxes.pop(self.name, None)
        scene.painter.order("drop", {"name": self.name})


@dataclass(frozen=True, eq=False)
class ShowTissue:
    """What lies above a value within a few centimetres of the regions, coarsely."""

    name: str
    planes: VolumePlanes
    above_hu: float
    color: str
    opacity: float

    def tell(self, scene: SurfaceScene) -> None:
        """Send the means of blocks of voxels around the regions."""
        geometry = self.planes.geometry
        middle = geometry.to_index(scene.middle[np.newaxis])[0][::-1]
        reach = (scene.reach_mm + CONTEXT_MM) / np.array(geometry.spacing_mm[::-1])
        shape = np.array(self.planes.hu.shape)
        starts = np.clip(np.floor(middle - reach), 0, shape - 1).astype(int)
        stops = np.clip(np.ceil(middle + reach) + 1, starts + 1, shape).astype(int)
        steps = np.maximum(1, -(-(stops - starts) // CONTEXT_VOXELS))
        box = tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))
        blocks = _blocks(self.planes.hu[box], steps)
        start, step = (tuple(int(value) for value in values) for values in (starts, steps))
        message = {
            "name": self.name,
            "shape": blocks.shape,
            "affine": _affine(geometry, (start[0], start[1], start[2]), (step[0], step[1], step[2])),
            "above": self.above_hu,
            "color": _rgb(self.color),
            "opacity": self.opacity,
        }
        scene.painter.order("tissue", message, blocks.tobytes())


def _blocks(values: NDArray[np.int16], steps: NDArray[np.int_]) -> NDArray[np.int16]:
    """Return the means of blocks of voxels; those at the far ends that are not whole are left out."""
    count = [max(length // int(step), 1) for length, step in zip(values.shape, steps, strict=True)]
    if all(step == 1 for step in steps):
        return np.ascontiguousarray(values)
    blurred = ndimage.uniform_filter(values, size=tuple(int(step) for step in steps), mode="nearest")
    firsts = [int(step) // 2 for step in steps]
    picked = blurred[tuple(slice(first, None, int(step)) for first, step in zip(firsts, steps, strict=True))]
    return np.ascontiguousarray(picked[tuple(slice(0, number) for number in count)])


@dataclass(frozen=True, eq=False)
class Cut:
    """Cut along a slice of a plane: its picture on the cut faces, and faintly around them; no plane for no cut."""

    planes: VolumePlanes
    plane: Plane | None
    index: int
    look: Look
    regions: tuple[tuple[BoolArray, str], ...]

    def tell(self, scene: SurfaceScene) -> None:
        """Send the part of the slice around the regions."""
        if self.plane is None:
            scene.painter.order("cut", {"corners": []})
            return
        axes, geometry = self.planes.axes(self.plane), self.planes.geometry
        middle = geometry.to_index(scene.middle[np.newaxis])[0]
        parts = []
        for axis in (axes.row, axes.column):
            reach, size = scene.reach_mm / geometry.spacing_mm[axis], geometry.size[axis]
            first = min(max(int(middle[axis] - reach), 0), size - 1)
            parts.append(slice(first, max(min(int(middle[axis] + reach) + 1, size), first + 1)))
        rows, columns = parts
        picture = self._picture(rows, columns)
        corners = np.zeros((3, 3))
        corners[:, axes.normal] = self.index
        # A texture's first pixel lies at its corner, rows go along the second side.
        corners[:, axes.row] = rows.start - 0.5, rows.start - 0.5, rows.stop - 0.5
        corners[:, axes.column] = columns.start - 0.5, columns.stop - 0.5, columns.start - 0.5
        message = {"corners": geometry.to_mm(corners).tolist(), "shape": picture.shape[:2]}
        scene.painter.order("cut", message, picture.tobytes())

    def _picture(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        assert self.plane is not None
        look = self.look
        values = self.planes.image(self.plane, self.index)[rows, columns].astype(np.float64)
        grey = np.clip((values - look.level) / look.width + 0.5, 0.0, 1.0) * 255
        picture = np.repeat(grey[:, :, np.newaxis], 4, axis=2)
        picture[:, :, 3] = _AROUND
        for voxels, color in reversed(self.regions):
            inside = self.planes.section(self.plane, self.index, voxels)[rows, columns]
            picture[inside, :3] = picture[inside, :3] * (1 - _TINT) + np.array(_rgb(color)) * 255 * _TINT
            picture[inside, 3] = 255
        rounded: NDArray[np.uint8] = np.rint(picture).astype(np.uint8)
        return rounded

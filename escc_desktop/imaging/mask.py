"""Masks on a grid, the edits that change them, and how far two of them agree."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.errors import EsccError
from escc_desktop.imaging.volume import Geometry, array_digest, frozen_array

Region = tuple[slice, slice, slice]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Mask:
    """Which voxels of a grid belong to a region.

    Parameters
    ----------
    voxels
        Boolean array (z, y, x). Kept read-only.
    geometry
        Its grid.
    """

    voxels: BoolArray
    geometry: Geometry

    def __post_init__(self) -> None:
        if self.voxels.dtype != np.bool_:
            raise TypeError(f"a mask is boolean, not {self.voxels.dtype}")
        object.__setattr__(self, "voxels", frozen_array(self.voxels, self.geometry))

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over geometry and voxels."""
        return array_digest(np.packbits(self.voxels), "mask", self.geometry)

    @cached_property
    def n_voxels(self) -> int:
        """Number of voxels in the mask."""
        return int(np.count_nonzero(self.voxels))

    @property
    def volume_mm3(self) -> float:
        """Number of voxels times the volume of one."""
        return self.n_voxels * self.geometry.voxel_volume_mm3

    @property
    def is_empty(self) -> bool:
        """Whether no voxel is in the mask."""
        return self.n_voxels == 0

    @cached_property
    def bounding_box(self) -> Region:
        """The smallest box (z, y, x) with every voxel of the mask; empty slices for an empty mask."""
        return bounding_box(self.voxels)


def bounding_box(voxels: BoolArray) -> Region:
    """Return the smallest box (z, y, x) that holds every true voxel; empty slices if there is none."""
    z = _extent(voxels.any(axis=(1, 2)))
    within = voxels[z]
    y = _extent(within.any(axis=(0, 2)))
    return z, y, _extent(within[:, y].any(axis=(0, 1)))


def _extent(occupied: NDArray[np.bool_] | np.bool_) -> slice:
    hits = np.flatnonzero(occupied)
    return slice(int(hits[0]), int(hits[-1]) + 1) if hits.size else slice(0, 0)


_HEADER: Final = struct.Struct("<4sHHi9i")
_MAGIC: Final = b"MED2"
_OLD_HEADER: Final = struct.Struct("<4sHi9i")
_OLD_MAGIC: Final = b"MED1"
"""Readings begun before a reading could hold several regions go on."""


@dataclass(frozen=True)
class MaskEdit:
    """One change of a mask: the XOR of before and after, so that it is its own inverse.

    Parameters
    ----------
    label
        What was done, such as "brush"; shown as "Undo brush, slice 84".
    slice_index
        The slice the reader was on.
    shape
        Shape (z, y, x) of the mask it belongs to.
    start, extent
        Corner and size (z, y, x) of the box of changed voxels.
    packed
        The XOR inside the box: bits packed, then compressed with zlib.
    layer
        Which region of a reading it belongs to: 0 is the lesion, others are regions drawn beside it.
    """

    label: str
    slice_index: int
    shape: tuple[int, int, int]
    start: tuple[int, int, int]
    extent: tuple[int, int, int]
    packed: bytes
    layer: int = 0

    @classmethod
    def between(
        cls,
        before: BoolArray,
        after: BoolArray,
        label: str,
        slice_index: int,
        region: Region | None = None,
        layer: int = 0,
    ) -> MaskEdit:
        """Return the edit that turns `before` into `after`.

        Parameters
        ----------
        before, after
            Boolean arrays (z, y, x) of one shape.
        label, slice_index
            Name of the step and the slice it was made on.
        region
            The box to compare, if the change is known to lie inside: a stroke then costs its own size only.
        layer
            Which region of a reading it belongs to.
        """
        if before.shape != after.shape or before.ndim != 3:
            raise ValueError(f"an edit between shapes {before.shape} and {after.shape}")
        z, y, x = before.shape
        box = region or (slice(0, z), slice(0, y), slice(0, x))
        offsets = [part.indices(length)[0] for part, length in zip(box, before.shape, strict=True)]
        change = before[box] ^ after[box]
        tight = bounding_box(change)
        is_empty = tight[0].stop == 0
        starts = [0 if is_empty else offset + part.start for offset, part in zip(offsets, tight, strict=True)]
        extents = [part.stop - part.start for part in tight]
        packed = zlib.compress(np.packbits(change[tight]).tobytes(), 1)
        return cls(label, slice_index, (z, y, x), _triple(starts), _triple(extents), packed, layer)

    @property
    def is_empty(self) -> bool:
        """Whether the edit changes nothing."""
        return 0 in self.extent

    @property
    def region(self) -> Region:
        """The box (z, y, x) of changed voxels."""
        z, y, x = (slice(start, start + extent) for start, extent in zip(self.start, self.extent, strict=True))
        return z, y, x

    @property
    def slices(self) -> tuple[int, ...]:
        """The slices (z) with a voxel that changes: a box may hold slices without one."""
        if self.is_empty:
            return ()
        hits = self._change().any(axis=(1, 2))
        return tuple(int(index) + self.start[0] for index in np.flatnonzero(hits))

    def apply(self, voxels: BoolArray) -> None:
        """Do the edit in place; applied again, undo it.

        Raises
        ------
        ValueError
            The array is not the shape the edit was made on.
        """
        if voxels.shape != self.shape:
            raise ValueError(f"an edit of shape {self.shape} on an array of shape {voxels.shape}")
        if self.is_empty:
            return
        voxels[self.region] ^= self._change()

    def _change(self) -> BoolArray:
        count = self.extent[0] * self.extent[1] * self.extent[2]
        bits = np.frombuffer(zlib.decompress(self.packed), dtype=np.uint8)
        return np.unpackbits(bits, count=count).view(np.bool_).reshape(self.extent)

    def to_bytes(self) -> bytes:
        """Return the edit as bytes for a journal."""
        label = self.label.encode()
        numbers = (*self.shape, *self.start, *self.extent)
        return _HEADER.pack(_MAGIC, len(label), self.layer, self.slice_index, *numbers) + label + self.packed

    @classmethod
    def from_bytes(cls, data: bytes) -> MaskEdit:
        """Read what `to_bytes` wrote.

        Raises
        ------
        EsccError
            The bytes are damaged or no edit.
        """
        try:
            (length, layer, slice_index, *numbers), size = _unpacked(data)
            label = data[size : size + length].decode()
            boxes = _triple(numbers[:3]), _triple(numbers[3:6]), _triple(numbers[6:])
            edit = cls(label, slice_index, *boxes, data[size + length :], layer)
            is_sound = edit._is_whole()
        except (struct.error, UnicodeDecodeError, zlib.error):
            is_sound = False
        if not is_sound:
            raise EsccError("A step of the drawing is damaged.", "Restore it from the last save or a backup.")
        return edit

    def _is_whole(self) -> bool:
        if min(*self.shape, *self.start, *self.extent) < 0:
            return False
        if any(a + b > c for a, b, c in zip(self.start, self.extent, self.shape, strict=True)):
            return False
        expected = -(-self.extent[0] * self.extent[1] * self.extent[2] // 8)
        inflater = zlib.decompressobj()
        # One byte more than expected is enough to notice a bomb without inflating it.
        return len(inflater.decompress(self.packed, expected + 1)) == expected and inflater.eof


def _unpacked(data: bytes) -> tuple[list[int], int]:
    """Return length of the label, layer, slice and boxes of an edit's header, and how long that is."""
    if data.startswith(_OLD_MAGIC):
        _magic, length, *numbers = _OLD_HEADER.unpack_from(data)
        return [length, 0, *numbers], _OLD_HEADER.size
    magic, *numbers = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise struct.error("no edit")
    return numbers, _HEADER.size


def _triple(numbers: list[int]) -> tuple[int, int, int]:
    a, b, c = numbers
    return a, b, c


def dice(a: Mask, b: Mask) -> float:
    """Return 2 |A and B| / (|A| + |B|); 1 for two empty masks (Dice 1945).

    Raises
    ------
    EsccError
        The masks lie on different grids.
    """
    _same_grid(a, b)
    total = a.n_voxels + b.n_voxels
    if total == 0:
        return 1.0
    box = a.bounding_box
    return 2.0 * int(np.count_nonzero(a.voxels[box] & b.voxels[box])) / total


def surface_distances(a: Mask, b: Mask) -> tuple[float, float]:
    """Return (hd95_mm, assd_mm) between the surfaces of two masks.

    The surface is the voxels with a face neighbour outside. hd95_mm is the larger of the two directed 95th
    percentiles (linear interpolation); assd_mm is the mean over both surfaces (Heimann 2009).

    Raises
    ------
    EsccError
        A mask is empty, or the grids differ.
    """
    _same_grid(a, b)
    if a.is_empty or b.is_empty:
        raise EsccError("There is no surface distance to an empty mask.", "Draw both masks first.")
    parts = zip(a.bounding_box, b.bounding_box, strict=True)
    box = tuple(slice(min(p.start, q.start), max(p.stop, q.stop)) for p, q in parts)
    surface_a, surface_b = _surface(a.voxels[box]), _surface(b.voxels[box])
    sampling = a.geometry.spacing_mm[::-1]
    from_a = ndimage.distance_transform_edt(~surface_b, sampling)[surface_a]
    from_b = ndimage.distance_transform_edt(~surface_a, sampling)[surface_b]
    hd95 = max(float(np.percentile(from_a, 95)), float(np.percentile(from_b, 95)))
    return hd95, float((from_a.sum() + from_b.sum()) / (from_a.size + from_b.size))


def _surface(voxels: BoolArray) -> BoolArray:
    inner: BoolArray = ndimage.binary_erosion(voxels)
    return voxels & ~inner


def _same_grid(a: Mask, b: Mask) -> None:
    difference = a.geometry.difference(b.geometry)
    if difference:
        raise EsccError(f"The two masks lie on different grids: {difference}.", "Compare masks of one series.")

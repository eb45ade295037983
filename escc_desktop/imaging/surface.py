"""The surface of a mask as triangles, for other programs to look at or print."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Mask

# The four corners (x, y, z) of the face of a unit voxel towards +x, +y, +z, counter-clockwise seen from outside.
_FACES: Final = {
    0: ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)),
    1: ((0, 1, 0), (0, 1, 1), (1, 1, 1), (1, 1, 0)),
    2: ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)),
}


def triangles(mask: Mask) -> NDArray[np.float64]:
    """Return the voxel faces of a mask as triangles (n, 3 corners, 3) in LPS mm, outward side first.

    The surface is closed and encloses exactly the volume of the voxels.
    """
    box = mask.bounding_box
    padded = np.pad(mask.voxels[box], 1).astype(np.int8)
    quads = [_faces(padded, axis) for axis in range(3)]
    origin = np.array([part.start for part in box[::-1]]) - 0.5
    corners = np.concatenate(quads).reshape(-1, 3) - 1.0 + origin
    points = mask.geometry.to_mm(corners).reshape(-1, 4, 3)
    if np.linalg.det(mask.geometry.axes) < 0:  # a mirrored grid would turn the surface inside out
        points = points[:, ::-1]
    return np.concatenate([points[:, (0, 1, 2)], points[:, (0, 2, 3)]])


def enclosed_mm3(surface: NDArray[np.float64]) -> float:
    """Return the volume inside a closed surface of triangles (n, 3, 3), by the divergence theorem."""
    a, b, c = (surface[:, corner] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def _faces(padded: NDArray[np.int8], axis: int) -> NDArray[Any]:
    """Corners (n, 4, 3) of all faces across x, y or z (axis 0, 1, 2), in padded index units."""
    step = np.diff(padded, axis=2 - axis)
    face = np.array(_FACES[axis])
    outward = np.argwhere(step < 0)[:, ::-1]  # the inside lies below: the face looks up the axis
    inward = np.argwhere(step > 0)[:, ::-1]
    return np.concatenate([outward[:, None] + face, inward[:, None] + face[::-1]])


def stl(mask: Mask) -> bytes:
    """Return the surface of a mask as binary STL in LPS mm."""
    corners = triangles(mask).astype("<f4")
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    records = np.zeros(len(corners), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    records["normal"] = normals / np.where(lengths > 0, lengths, 1)
    records["corners"] = corners
    return b"Surface of a mask, mm, LPS".ljust(80) + struct.pack("<I", len(records)) + records.tobytes()

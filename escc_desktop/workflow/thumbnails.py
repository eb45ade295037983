"""Small pictures of series, by which a person knows them again in a list."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.volume import Vector, Volume
from escc_desktop.store.records import Document

SIDE = 112
WIDTH_HU, LEVEL_HU = 350.0, 40.0
_BODY_HU = -300
_BODY_SHARE = 0.03


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """Grey values (rows, columns) of one axial slice, at most `SIDE` a side; the patient's right is on the left."""

    grey: NDArray[np.uint8]


def make_thumbnail(volume: Volume, point_mm: Vector | None = None) -> Thumbnail:
    """Return the slice through a point, or the middle one, in the soft tissue window, cut to the body."""
    geometry = volume.geometry
    index = geometry.size[2] // 2
    if point_mm is not None:
        index = int(np.clip(np.rint(geometry.to_index(np.array([point_mm]))[0, 2]), 0, geometry.size[2] - 1))
    plane = np.asarray(volume.hu[index], dtype=np.float32)
    # Columns run to the patient's left and rows to the back on screen, whatever the file's direction.
    columns, rows = geometry.axes[0, 0], geometry.axes[1, 1]
    plane = plane[:: -1 if rows < 0 else 1, :: -1 if columns < 0 else 1]
    grey = np.clip((_body(plane) - LEVEL_HU) / WIDTH_HU + 0.5, 0.0, 1.0) * 255.0
    return Thumbnail(_fitted(grey, geometry.spacing_mm))


def _body(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut away rows and columns that are air, or no more than the edge of the table."""
    is_body = plane > _BODY_HU
    rows = np.flatnonzero(is_body.mean(axis=1) > _BODY_SHARE)
    columns = np.flatnonzero(is_body.mean(axis=0) > _BODY_SHARE)
    if not rows.size or not columns.size:
        return plane
    return plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fitted(grey: NDArray[np.float32], spacing_mm: Vector) -> NDArray[np.uint8]:
    """Shrink to `SIDE` at the longer side in millimetres, each pixel the mean of what it covers."""
    high, wide = grey.shape[0] * spacing_mm[1], grey.shape[1] * spacing_mm[0]
    scale = SIDE / max(high, wide)
    shape = max(1, round(high * scale)), max(1, round(wide * scale))
    small = _shrunk(_shrunk(grey, shape[0]).T, shape[1]).T
    return np.ascontiguousarray(np.rint(small), dtype=np.uint8)


def _shrunk(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return `count` rows, each the mean of its share of the rows; nearest rows where there are too few."""
    bounds = np.linspace(0, len(rows), count + 1)
    starts = np.minimum(bounds[:-1].astype(np.intp), len(rows) - 1)
    stops = np.maximum(np.ceil(bounds[1:]).astype(np.intp), starts + 1)
    return np.stack([rows[start:stop].mean(axis=0) for start, stop in zip(starts, stops, strict=True)])


def thumbnail_document(series_uid: str, thumbnail: Thumbnail) -> Document:
    """Return what the project keeps of a thumbnail."""
    rows, columns = thumbnail.grey.shape
    packed = base64.b64encode(zlib.compress(thumbnail.grey.tobytes(), 9)).decode()
    return Document(series_uid, {"rows": rows, "columns": columns, "grey": packed})


def thumbnail_of(document: Document) -> Thumbnail:
    """Return the thumbnail a document holds."""
    content = document.content
    shape = int(content["rows"]), int(content["columns"])
    raw = zlib.decompressobj().decompress(base64.b64decode(content["grey"]), shape[0] * shape[1])
    return Thumbnail(np.frombuffer(raw, dtype=np.uint8).reshape(shape))

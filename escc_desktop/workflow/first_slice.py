"""The slice a lesion was marked on, read alone: it is shown while the rest of its series is being opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from escc_desktop.imaging.volume import Volume
from escc_desktop.reading.lesion import Lesion
from escc_desktop.reading.protocol import Protocol
from escc_desktop.store.kinds import VOLUME, volume_geometry
from escc_desktop.store.store import Store


@dataclass(frozen=True, eq=False)
class FirstSlice:
    """One slice (z) of a series as a volume of its own, and what the study allows in its readings."""

    volume: Volume
    protocol: Protocol


def marked_slice(store: Store, volume_digest: str, lesion: Lesion) -> Volume:
    """Return the slice nearest to where a lesion was marked; only what it lies in is read and authenticated."""
    stored = store.detach(VOLUME, volume_digest)
    geometry = volume_geometry(stored.document)
    kind = np.dtype(stored.document["dtype"])
    columns, rows, slices = geometry.size
    index = min(max(round(float(geometry.to_index(np.array([lesion.point_mm]))[0, 2])), 0), slices - 1)
    length = rows * columns * kind.itemsize
    with stored.blobs.open(stored.document["hu"]) as blob:
        data = blob.read(index * length, (index + 1) * length)
    x, y, z = geometry.to_mm(np.array([[0, 0, index]]))[0].tolist()
    grid = replace(geometry, size=(columns, rows, 1), origin_mm=(x, y, z))
    return Volume(np.frombuffer(data, kind).reshape(grid.shape), grid)

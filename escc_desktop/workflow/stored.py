"""Regions of interest of an opened project, handed to child processes without the project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from escc_desktop.features.acquisition import UNKNOWN_PHASE
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.table import FeatureTable, RoiKey, table_of
from escc_desktop.features.worker import LastVolume, Task
from escc_desktop.imaging.mask import Mask, MaskEdit
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.reading.session import Roi
from escc_desktop.store.kinds import SERIES, SESSION, VOLUME, RoiFeatures
from escc_desktop.store.records import Document
from escc_desktop.store.store import Detached, Store


@dataclass(frozen=True)
class PackedMask:
    """A mask small enough to travel: the edit that draws it, on its frame."""

    geometry: Geometry
    edit: bytes

    @classmethod
    def of(cls, mask: Mask) -> PackedMask:
        """Pack a mask."""
        empty = np.zeros(mask.geometry.shape, dtype=np.bool_)
        return cls(mask.geometry, MaskEdit.between(empty, mask.voxels, "roi", 0).to_bytes())

    def unpack(self) -> Mask:
        """Return the mask."""
        voxels = np.zeros(self.geometry.shape, dtype=np.bool_)
        MaskEdit.from_bytes(self.edit).apply(voxels)
        return Mask(voxels, self.geometry)


def roi_key(roi: Roi) -> RoiKey:
    """Return the key of a region's row in a feature table."""
    return RoiKey(roi.patient_id, roi.lesion_id, roi.site, roi.reader, roi.occasion)


def roi_task(store: Store, roi: Roi) -> Task:
    """Return the task of extracting a signed region."""
    detached = store.detach(VOLUME, roi.volume_digest)
    return Task(roi_key(roi), detached, PackedMask.of(roi.mask), roi.volume_digest)


class StoredLoader:
    """Reads volume and mask of a task that `roi_task` made; used in the child process."""

    def __init__(self) -> None:
        self._last = LastVolume()

    def __call__(self, task: Task) -> tuple[Volume, Mask]:
        """Return them."""
        stored: Detached = task.volume_ref
        packed: PackedMask = task.mask_ref
        volume = self._last.get(task.image, lambda: VOLUME.decode(stored.document, stored.blobs))
        return volume, packed.unpack()


def feature_table(features: list[RoiFeatures]) -> FeatureTable:
    """Return the features of many readings as one table, by patient, lesion, reader and occasion."""
    ordered = sorted(features, key=lambda item: item.key)
    names = tuple(f"{PHASE_PREFIX}{name}" for name in ordered[0].vector.names) if ordered else ()
    values = np.array([item.vector.values for item in ordered]).reshape(len(ordered), len(names))
    return table_of([item.key for item in ordered], names, values, [item.vector.provenance for item in ordered])


def with_acquisition(store: Store, features: Iterable[RoiFeatures]) -> tuple[RoiFeatures, ...]:
    """Add to the provenance of features how their series was made, as far as the project knows.

    It is looked up whenever features are read, so that features extracted by earlier programs have it too.
    """
    series_of = {session.session_id: session.series_uid for session in store.all(SESSION)}
    headers = {document.document_id: _header(document) for document in store.all(SERIES)}
    return tuple(
        replace(
            item,
            vector=replace(
                item.vector,
                provenance={
                    **item.vector.provenance,
                    "acquisition": headers.get(series_of.get(item.session_id, ""), {}),
                },
            ),
        )
        for item in features
    )


def _header(document: Document) -> dict[str, Any]:
    content = document.content
    return {**(content.get("acquisition") or {}), "phase": (content.get("phase") or {}).get("name", UNKNOWN_PHASE)}

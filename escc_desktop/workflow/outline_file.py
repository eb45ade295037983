"""A mask file taken for a reader's outline: drawn at the desk slice by slice, and signed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.params import DEFAULT_PARAMS, load_params
from escc_desktop.imaging.exchange import read_mask
from escc_desktop.imaging.mask import Mask
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Roi
from escc_desktop.workflow.desk import Reading
from escc_desktop.workflow.project import Project

TOOL = "mask file"
OFF_POINT = "off_point"
NEAR_MM = 10.0
"""How far a marked point may lie from the nearest voxel: a centre of a necrotic or ring-shaped lesion may be empty."""


@dataclass(frozen=True)
class OutlineFile:
    """A mask and how it is taken.

    Attributes
    ----------
    label
        Which region of the mask.
    accept
        Codes of questions that were confirmed; `off_point`: the outline lies away from the lesion's mark.
    params
        Settings of the study, named in the signature.
    """

    path: Path
    label: int | None = None
    accept: frozenset[str] = frozenset()
    params: str = DEFAULT_PARAMS


def sign_outline(
    project: Project, session_id: str, file: OutlineFile, password: str, meaning: str, progress: Progress
) -> Roi:
    """Outline a reading as in a mask file and sign it; `project` is the reader's.

    Raises
    ------
    AccessDeniedError
        Not this reader's session, or not open to him now.
    EsccError
        The mask is not on the reading's images, empty, or away from the lesion's mark.
    Cancelled
        From `progress`; the session stays open and holds what was drawn.
    """
    desk = project.desk(load_params(file.params))
    with desk.open(session_id) as reading:
        mask = read_mask(file.path, reading.volume.geometry, file.label)
        _refuse_unlikely(reading, mask, file)
        drawn = reading.history.voxels
        slices = np.flatnonzero((drawn != mask.voxels).any(axis=(1, 2)))
        for done, index in enumerate(slices):
            progress.advance(done, len(slices), "outlining")
            reading.edit(TOOL, int(index), mask.voxels[index])
        progress.advance(1, 1, "signing")
        return reading.sign(password, meaning)


def _refuse_unlikely(reading: Reading, mask: Mask, file: OutlineFile) -> None:
    if mask.is_empty:
        raise EsccError(f"{file.path.name} has no voxel of the region.", "Choose another file, or another --label.")
    inside = mask.geometry.to_mm(np.argwhere(mask.voxels)[:, ::-1].astype(np.float64))
    away_mm = float(np.linalg.norm(inside - np.array(reading.lesion.point_mm), axis=1).min())
    if away_mm > NEAR_MM and OFF_POINT not in file.accept:
        raise EsccError(
            f"The region of {file.path.name} lies {away_mm:.0f} mm away from the mark of lesion "
            f"{reading.lesion.lesion_id}.",
            f"Check session and file, or confirm it with --accept {OFF_POINT}.",
        )

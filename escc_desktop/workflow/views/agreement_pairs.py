"""Two outlines of one lesion, and how well they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from escc_desktop.imaging.mask import BoolArray, Mask
from escc_desktop.prognosis.reproducibility import READINGS, Comparison
from escc_desktop.reading.session import Roi
from escc_desktop.workflow.reading_report import overlaps

_MARGIN = 3


@dataclass(frozen=True, eq=False)
class Pair:
    """Two outlines of one lesion.

    Attributes
    ----------
    first, second
        (z, y, x) voxels within the box that holds both, its first slice being `first_slice` of the series.
    spacing_mm
        Along x, y, z.
    assisted
        Share of each reading's slices that an assisted tool touched.
    dice_by_hand
        Dice on the slices that none touched; NaN where there is no such slice.
    ids
        Of both readings.
    """

    comparison: Comparison
    patient_id: str
    lesion_id: str
    dice: float
    hd95_mm: float
    assd_mm: float
    first_mm3: float
    second_mm3: float
    assisted: tuple[float, float]
    dice_by_hand: float
    ids: tuple[str, str]
    first: BoolArray
    second: BoolArray
    first_slice: int
    spacing_mm: tuple[float, float, float]

    @property
    def widest_slice(self) -> int:
        """The slice of the box on which both outlines together are largest."""
        return int((self.first | self.second).sum(axis=(1, 2)).argmax())


def reading_pairs(rois: Sequence[Roi]) -> tuple[Pair, ...]:
    """Return every lesion read twice, A first with A repeat and with B first."""
    by_reading = {(roi.patient_id, roi.lesion_id, str(roi.reader), str(roi.occasion)): roi for roi in rois}
    pairs = []
    for found in overlaps(rois):
        comparison: Comparison = "intra" if found.comparison == "intra" else "inter"
        one, other = (by_reading[found.patient_id, found.lesion_id, *side] for side in READINGS[comparison])
        box = _common_box(one.mask, other.mask)
        pairs.append(
            Pair(
                comparison,
                found.patient_id,
                found.lesion_id,
                found.dice,
                found.hd95_mm,
                found.assd_mm,
                *found.volume_mm3,
                found.assisted,
                found.dice_by_hand,
                (one.session_id, other.session_id),
                *_cut(one, other, box),
                box[0].start,
                one.mask.geometry.spacing_mm,
            )
        )
    return tuple(pairs)


def _cut(one: Roi, other: Roi, box: tuple[slice, slice, slice]) -> tuple[BoolArray, BoolArray]:
    return one.mask.voxels[box].copy(), other.mask.voxels[box].copy()


def _common_box(one: Mask, other: Mask) -> tuple[slice, slice, slice]:
    """Return the box that holds both outlines, with a margin in the plane."""
    z, y, x = (
        slice(max(0, min(a.start, b.start) - margin), max(a.stop, b.stop) + margin)
        for a, b, margin in zip(one.bounding_box, other.bounding_box, (0, _MARGIN, _MARGIN), strict=True)
    )
    return z, y, x

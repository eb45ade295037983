"""How much of each reading an assisted tool touched, and how well readings agree where none did."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from escc_desktop.imaging.mask import Mask, dice
from escc_desktop.reading.session import Roi
from escc_desktop.reading.tools import is_assisted


def assisted_slices(roi: Roi) -> frozenset[int]:
    """Return the slices (z) that an assisted tool touched.

    Of a reading that does not say which, all that are drawn, if such a tool was used at all.
    """
    if roi.slice_tools or not any(map(is_assisted, roi.tools)):
        return frozenset(roi.assisted_slices)
    return _drawn(roi)


def assisted_share(roi: Roi) -> float:
    """Return the share of the drawn slices that an assisted tool touched."""
    drawn = _drawn(roi)
    return len(assisted_slices(roi) & drawn) / len(drawn) if drawn else 0.0


def dice_by_hand(one: Roi, other: Roi) -> float:
    """Return the Dice overlap on the slices no assisted tool touched in either reading; NaN where none is left."""
    left = sorted((_drawn(one) | _drawn(other)) - assisted_slices(one) - assisted_slices(other))
    if not left:
        return float("nan")
    if len(left) == len(_drawn(one) | _drawn(other)):
        return dice(one.mask, other.mask)
    kept = np.zeros(one.mask.voxels.shape[0], dtype=np.bool_)
    kept[left] = True
    parts = (Mask(roi.mask.voxels & kept[:, None, None], roi.mask.geometry) for roi in (one, other))
    return dice(*parts)


def assisted_patients(rois: Iterable[Roi]) -> frozenset[str]:
    """Return the patients of whom a drawn slice of any reading was touched by an assisted tool."""
    return frozenset(roi.patient_id for roi in rois if assisted_share(roi) > 0)


def _drawn(roi: Roi) -> frozenset[int]:
    return frozenset(int(index) for index in np.flatnonzero(roi.mask.voxels.any(axis=(1, 2))))

"""Local binary patterns in the slice, on a part of an image, with the values of the whole.

T. Ojala, M. Pietikainen and T. Maenpaa, "Multiresolution gray-scale and rotation invariant texture classification with
local binary patterns", IEEE PAMI 24, 2002: the uniform pattern, with the samples between voxels interpolated as
scikit-image's `local_binary_pattern` does it (BSD-3). There the position in the slice decides, by rounding, whether an
interpolated value equals the centre's; a crop would be rounded otherwise. So the positions here are those in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Region


def lbp_2d(hu: NDArray[Any], box: Region, radius: int, samples: int) -> NDArray[np.uint8]:
    """Return uniform local binary patterns of the slices on a box.

    Parameters
    ----------
    hu
        (z, y, x) the whole image; beyond its ends lies 0.
    box
        Where the values are wanted; not empty.
    radius
        Of the circle, voxels.
    samples
        Number of points on it.
    """
    depth, rows, columns = box
    around = _with_margin(hu[depth], rows, columns, radius)
    return _uniform(around, _samples(rows, columns, radius, samples), radius)


@dataclass(frozen=True, eq=False)
class _Sample:
    """A point of the circle along one axis: the voxels before and after it, and how far it lies from the former.

    Attributes
    ----------
    before, after
        From the centre, voxels.
    fraction
        For each row or column of the box.
    """

    before: int
    after: int
    fraction: NDArray[np.float64]

    @classmethod
    def at(cls, part: slice, offset: float) -> _Sample:
        """Return the sample so far from each of an axis' places."""
        centres = np.arange(part.start, part.stop)
        positions = centres + offset
        before, after = np.floor(positions), np.ceil(positions)
        return cls(int(before[0] - centres[0]), int(after[0] - centres[0]), positions - before)


def _samples(rows: slice, columns: slice, radius: int, number: int) -> list[tuple[_Sample, _Sample]]:
    angles = 2 * np.pi * np.arange(number, dtype=np.float64) / number
    along_rows = np.round(-float(radius) * np.sin(angles), 5)
    along_columns = np.round(float(radius) * np.cos(angles), 5)
    return [
        (_Sample.at(rows, float(row)), _Sample.at(columns, float(column)))
        for row, column in zip(along_rows, along_columns, strict=True)
    ]


def _with_margin(hu: NDArray[Any], rows: slice, columns: slice, margin: int) -> NDArray[np.float64]:
    """Return rows and columns of the slices with so many more around; 0 beyond the image."""
    parts = [slice(max(part.start - margin, 0), part.stop + margin) for part in (rows, columns)]
    inside = hu[:, parts[0], parts[1]]
    pads = [
        (margin - part.start + wide.start, margin - min(wide.stop, size) + part.stop)
        for part, wide, size in zip((rows, columns), parts, hu.shape[1:], strict=True)
    ]
    return np.pad(inside.astype(np.float64), [(0, 0), *pads])


def _uniform(around: NDArray[np.float64], samples: Sequence[tuple[_Sample, _Sample]], margin: int) -> NDArray[np.uint8]:
    height, width = around.shape[1] - 2 * margin, around.shape[2] - 2 * margin

    def shifted(down: int, right: int) -> NDArray[np.float64]:
        return around[:, margin + down : margin + down + height, margin + right : margin + right + width]

    centre = shifted(0, 0)
    ones = np.zeros(centre.shape, dtype=np.uint8)
    changes = np.zeros(centre.shape, dtype=np.uint8)
    previous: NDArray[np.bool_] | None = None
    for row, column in samples:
        to_right, down = column.fraction, row.fraction[:, None]
        above = (1 - to_right) * shifted(row.before, column.before) + to_right * shifted(row.before, column.after)
        below = (1 - to_right) * shifted(row.after, column.before) + to_right * shifted(row.after, column.after)
        is_one = (1 - down) * above + down * below - centre >= 0
        ones += is_one
        if previous is not None:
            changes += is_one != previous
        previous = is_one
    # scikit-image does not count the change from the last sample to the first.
    ones[changes > 2] = len(samples) + 1
    return ones

"""Lesions that were outlined on every slice come back from every third."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from escc_desktop.imaging.interpolation import interpolate
from escc_desktop.progress import Progress

pytestmark = pytest.mark.reference


@pytest.mark.parametrize("case", ["STS_008", "STS_010", "STS_019"])
def test_that_a_lesion_comes_back_from_every_third_slice(case: str, reference_dir: Path) -> None:
    image = sitk.ReadImage(str(reference_dir / "data" / "sts" / case / "CT_mask.nii.gz"))
    truth = sitk.GetArrayFromImage(image) != 0
    drawn = np.flatnonzero(truth.any(axis=(1, 2)))
    keys = sorted({*drawn[::3].tolist(), int(drawn[-1])})
    x, y, _z = image.GetSpacing()
    found = interpolate({key: truth[key] for key in keys}, (y, x), Progress())
    assert sorted(found) == [index for index in drawn.tolist() if index not in keys]
    made = np.zeros_like(truth)
    for index, plane in found.items():
        made[index] = plane
    # On the slices between alone: those drawn agree of themselves.
    between = truth[sorted(found)]
    dice = 2 * np.count_nonzero(made[sorted(found)] & between) / (made.sum() + between.sum())
    assert dice >= 0.9, dice

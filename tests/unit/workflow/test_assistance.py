"""What assisted tools touched, against slices counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.imaging.mask import Mask, dice
from escc_desktop.imaging.volume import Geometry
from escc_desktop.prognosis.reproducibility import reproducibility
from escc_desktop.reading.lesion import LesionSite
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.workflow.assistance import assisted_patients, assisted_share, assisted_slices, dice_by_hand
from escc_desktop.workflow.reading_report import overlaps, write_reading_report

GRID = Geometry((12, 10, 6), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))


def _roi(width, slice_tools=(), tools=("brush",), reader=Reader.A, patient="P1"):
    """Return a region of 4 rows and some columns on slices 1 to 4."""
    voxels = np.zeros(GRID.shape, dtype=bool)
    voxels[1:5, 2:6, 1 : 1 + width] = True
    session = f"{patient}/L1/{reader}/first"
    return Roi(
        Mask(voxels, GRID), patient, "L1", LesionSite.PRIMARY, reader, Occasion.FIRST, session, "1.2", "v", tools,
        slice_tools,
    )  # fmt: skip


def test_that_the_share_counts_drawn_slices_touched_by_an_assisted_tool():
    touched = ((0, ("livewire",)), (1, ("brush", "livewire")), (2, ("brush",)), (3, ("interpolation",)))
    roi = _roi(4, touched, ("brush", "livewire", "interpolation"))
    assert assisted_slices(roi) == {0, 1, 3}
    assert assisted_share(roi) == 2 / 4, "slice 0 was emptied again"


def test_that_a_reading_by_hand_has_none_and_one_that_kept_no_slices_has_all():
    assert assisted_share(_roi(4, tools=("brush", "polygon", "nudge"))) == 0
    assert assisted_slices(_roi(4, tools=("brush", "an older tool"))) == {1, 2, 3, 4}


def test_that_dice_by_hand_leaves_out_slices_touched_in_either_reading():
    one = _roi(4, ((1, ("livewire",)), (2, ("brush",))), ("livewire", "brush"))
    other = _roi(6, ((2, ("paste",)),), ("paste",), Reader.B)
    other.mask.voxels[3]  # the same shape on every slice: 4 of 6 columns in common
    assert dice_by_hand(one, other) == pytest.approx(2 * 4 / (4 + 6))
    spoilt = other.mask.voxels.copy()
    spoilt[1:3] = False
    worse = _roi(6, ((2, ("paste",)), (1, ("paste",))), ("paste",), Reader.B)
    worse = type(worse)(**{**worse.__dict__, "mask": Mask(spoilt, GRID)})
    assert dice(one.mask, worse.mask) < dice_by_hand(one, worse) == pytest.approx(0.8)
    every = tuple((index, ("region growing",)) for index in range(6))
    assert math.isnan(dice_by_hand(one, _roi(6, every, ("region growing",), Reader.B)))


def test_that_overlaps_and_patients_say_who_was_assisted():
    rois = [_roi(4), _roi(5, ((1, ("livewire",)),), ("livewire",), Reader.B), _roi(4, patient="P2")]
    (found,) = overlaps(rois)
    assert found.assisted == (0, 0.25)
    assert found.dice_by_hand == pytest.approx(8 / 9)
    assert assisted_patients(rois) == {"P1"}


def test_that_the_report_as_a_file_tells_of_slices_touched_and_of_agreement_without(tmp_path):
    # Every second slice of one reader's P0 was assisted; the other six patients were drawn by hand.
    touched = ((1, ("livewire",)), (3, ("livewire",)))
    rois = [
        _roi(
            4 + (reader is Reader.B),
            touched if (patient, reader) == (0, Reader.B) else (),
            ("livewire",) if (patient, reader) == (0, Reader.B) else ("brush",),
            reader,
            f"P{patient}",
        )
        for patient in range(7)
        for reader in (Reader.A, Reader.B)
    ]
    keys = tuple(RoiKey(roi.patient_id, "L1", "primary", roi.reader.value, "first") for roi in rois)
    values = np.random.default_rng(3).normal(size=(7, 1, 2)).repeat(2, axis=1).reshape(14, 2)
    values += np.arange(28).reshape(14, 2) * 1e-3
    found = reproducibility(FeatureTable(keys, ("A_original_firstorder_Mean", "A_original_glcm_Contrast"), values))
    write_reading_report(rois, found, {}, tmp_path / "readings.pdf")
    assert (tmp_path / "readings.pdf").read_bytes().startswith(b"%PDF")
    told = (tmp_path / "readings.pdf.json").read_text(encoding="utf-8")
    assert "Assisted tools" in told
    assert "slices no assisted tool touched: 7 lesions, median Dice 0.889" in told
    assert "Without the 1 patient of whom a slice was touched" in told
    assert "on 6 lesions" in told

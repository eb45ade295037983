"""Notes of a reading as a journal may hold them, sound and damaged."""

from __future__ import annotations

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.imaging.volume import Geometry
from escc_desktop.reading.notes import check_notes

# The last axis runs from head to feet.
GRID = Geometry((40, 30, 20), (0.5, 0.5, 10.0), (-10.0, -8.0, 200.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
ROI = {"layer": 1, "name": "node", "is_locked": False, "is_shown": True, "color": "#56b4e9"}
LENGTH = {"kind": "length", "plane": "axial", "points_mm": [[0, 0, 100], [1, 0, 100]]}


def test_that_notes_as_the_program_writes_them_are_sound() -> None:
    check_notes(
        {
            "rois": [{**ROI, "layer": 0, "name": "", "color": ""}, ROI],
            "measurements": [LENGTH],
            "tags": ["stent", "one of a later program"],
            "limits": {"cranial": 3, "caudal": 19},
            "centreline": [[0.0, 0.0, 200.0], [9.5, 6.5, 10.0]],
            "something of a later program": 7,
        },
        GRID,
    )
    check_notes({}, GRID)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("rois", {"layer": 0}),
        ("rois", [3]),
        ("rois", [{**ROI, "size": 1}]),
        ("rois", [{**ROI, "layer": "1"}]),
        ("rois", [{**ROI, "layer": -1}]),
        ("rois", [{**ROI, "layer": [1]}]),
        ("rois", [{**ROI, "color": "reddish"}]),
        ("rois", [ROI, ROI]),
        ("measurements", {"kind": "length"}),
        ("measurements", [{**LENGTH, "plane": "oblique"}]),
        ("tags", "stent"),
        ("tags", [1]),
        ("limits", []),
        ("limits", {"cranial": 3}),
        ("limits", {"cranial": 3, "caudal": "4"}),
        ("limits", {"cranial": 3, "caudal": 10**400}),
        ("limits", {"cranial": 3, "caudal": True}),
        ("centreline", [[0, 0]]),
        ("centreline", [0, 0, 0]),
        ("centreline", [[0, 0, None]]),
        ("centreline", [[0, 0, 1e999]]),
        ("centreline", [[0, 0, 1e5]]),
    ],
)
def test_that_a_damaged_note_is_refused_in_one_sentence(name: str, note: object) -> None:
    with pytest.raises(EsccError, match="damaged"):
        check_notes({name: note}, GRID)

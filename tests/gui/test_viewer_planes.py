"""The planes of a volume: which way up, which voxel where, whatever the direction of the axes."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.gui.viewer.look import Look, window_presets
from escc_desktop.gui.viewer.lut import fused_table, window_grey
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled, Progress

# What the next voxel to the right and down on screen must be in the patient, LPS: radiological display.
RIGHT = {Plane.AXIAL: (1, 0, 0), Plane.CORONAL: (1, 0, 0), Plane.SAGITTAL: (0, 1, 0)}
DOWN = {Plane.AXIAL: (0, 1, 0), Plane.CORONAL: (0, 0, -1), Plane.SAGITTAL: (0, 0, -1)}
ONWARDS = {Plane.AXIAL: (0, 0, -1), Plane.CORONAL: (0, 1, 0), Plane.SAGITTAL: (1, 0, 0)}
DIRECTION_NAMES = ("identity", "feet first", "prone", "all against", "coronal slices", "sagittal slices", "turned")


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("name", DIRECTION_NAMES)
def test_that_right_and_down_on_screen_are_left_and_back_or_feet_of_the_patient(
    viewing: ModuleType, name: str, plane: Plane
) -> None:
    planes = viewing.planes_of(viewing.phantom(viewing.DIRECTIONS[name]))
    axes = planes.axes(plane)

    def place(index: int, row: int, column: int) -> np.ndarray:
        voxel = planes.voxel(plane, index, row, column)
        return planes.geometry.to_mm(np.array([voxel]))[0]

    start = place(5, 5, 5)
    for to, wanted in (
        (place(5, 5, 5 + axes.right), RIGHT[plane]),
        (place(5, 5 + axes.down, 5), DOWN[plane]),
        (place(5 + axes.onwards, 5, 5), ONWARDS[plane]),
    ):
        step = to - start
        assert np.allclose(step / np.linalg.norm(step), wanted)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("name", DIRECTION_NAMES)
def test_that_a_slice_holds_the_voxels_of_its_places(viewing: ModuleType, name: str, plane: Plane) -> None:
    volume = viewing.phantom(viewing.DIRECTIONS[name])
    planes = viewing.planes_of(volume)
    index = planes.size(plane) // 3
    image, section = planes.image(plane, index), planes.section(plane, index, volume.hu)
    rows, columns = planes.shape(plane)
    assert image.shape == section.shape == (rows, columns)
    wanted = np.empty((rows, columns), dtype=np.int16)
    for row in range(rows):
        for column in range(columns):
            x, y, z = planes.voxel(plane, index, row, column)
            assert planes.place(plane, (x, y, z)) == (index, row, column)
            wanted[row, column] = volume.hu[z, y, x]
    assert np.array_equal(image, wanted)
    assert np.array_equal(section, wanted)


def test_that_writing_into_a_section_writes_into_the_array_and_region_says_where(viewing: ModuleType) -> None:
    planes = viewing.planes_of(viewing.phantom(viewing.DIRECTIONS["coronal slices"]))
    for plane in Plane:
        drawn = np.zeros(planes.hu.shape, dtype=np.bool_)
        rows, columns = slice(2, 4), slice(3, 7)
        planes.section(plane, 5, drawn)[rows, columns] = True
        region = planes.region(plane, 5, rows, columns)
        assert drawn[region].all()
        assert drawn.sum() == drawn[region].size == 8


def test_that_letters_name_the_sides_and_tell_when_the_cut_is_oblique(viewing: ModuleType) -> None:
    axes = viewing.planes_of(viewing.phantom()).axes(Plane.AXIAL)
    assert (axes.left_letters, axes.right_letters, axes.top_letters, axes.bottom_letters) == ("R", "L", "A", "P")
    axes = viewing.planes_of(viewing.phantom(viewing.DIRECTIONS["all against"])).axes(Plane.SAGITTAL)
    assert (axes.left_letters, axes.right_letters, axes.top_letters, axes.bottom_letters) == ("A", "P", "H", "F")
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    tilted = viewing.planes_of(viewing.phantom((1, 0, 0, 0, c, -s, 0, s, c))).axes(Plane.AXIAL)
    assert (tilted.left_letters, tilted.top_letters, tilted.bottom_letters) == ("R", "AF", "PH")


def test_that_positions_are_those_of_the_slices_in_the_patient(viewing: ModuleType) -> None:
    planes = viewing.planes_of(viewing.phantom())
    assert planes.position_mm(Plane.AXIAL, 4) == pytest.approx(-300 + 4 * 3)
    assert planes.position_mm(Plane.CORONAL, 4) == pytest.approx(25 + 4 * 1.5)
    assert planes.position_mm(Plane.SAGITTAL, 4) == pytest.approx(-40 + 4)


def test_that_making_ready_tells_how_far_it_is_and_can_be_stopped(viewing: ModuleType) -> None:
    heard: list[float] = []
    volume = viewing.phantom(size=(8, 8, 70))
    VolumePlanes.of(volume, Progress(lambda fraction, _note: heard.append(fraction)))
    assert heard[-1] == 1.0
    assert all(a <= b for a, b in pairwise(heard))
    assert len(heard) > 3
    with pytest.raises(Cancelled):
        VolumePlanes.of(volume, Progress(is_cancelled=lambda: True))


def test_that_voxels_of_other_types_are_shown_as_whole_hu() -> None:
    hu = np.array([-5e4, -1000.4, 39.6, 5e4], dtype=np.float32).reshape(1, 2, 2)
    planes = VolumePlanes.of(Volume(hu, Geometry((2, 2, 1), (1, 1, 1), (0, 0, 0))), Progress())
    assert planes.hu.ravel().tolist() == [-32768, -1000, 40, 32767]


def test_that_a_geometry_with_no_axes_is_refused_before_it_is_shown() -> None:
    with pytest.raises(EsccError):
        Geometry((2, 2, 1), (1, 1, 1), (0, 0, 0), (1, 0, 0, 1, 0, 0, 0, 0, 1))


@pytest.mark.parametrize(("width", "level"), [(350, 40), (1500, -600), (2, 0), (4000, 500)])
def test_that_the_window_is_the_linear_function_of_dicom(width: float, level: float) -> None:
    hu = np.arange(-32768, 32768)
    # PS3.3 C.11.2.1.2.1, in its own three cases.
    low, high = level - 0.5 - (width - 1) / 2, level - 0.5 + (width - 1) / 2
    wanted = np.where(hu <= low, 0.0, np.where(hu > high, 255.0, ((hu - (level - 0.5)) / (width - 1) + 0.5) * 255))
    grey = window_grey(hu.astype(np.int16), width, level).astype(float)
    assert np.abs(grey - wanted).max() <= 0.5 + 1e-3


def test_that_the_table_gives_grey_and_the_mixed_colour_by_label_and_hu() -> None:
    table = fused_table(350.0, 40.0, (0xE69F00,), 0.25)
    hu = np.array([-2000, -135, 0, 40, 215, 3000], dtype=np.int16)
    codes = hu.view(np.uint16).astype(np.int64)
    grey = window_grey(hu, 350, 40).astype(float)
    plain = table[codes]
    assert (plain >> 24 == 255).all()
    for shift in (16, 8, 0):
        assert (plain >> shift & 255).tolist() == grey.astype(int).tolist()
    mixed = table[codes + 65536]
    for shift, part in ((16, 0xE6), (8, 0x9F), (0, 0x00)):
        wanted = np.rint(grey * 0.75 + part * 0.25).astype(int)
        assert (mixed >> shift & 255).tolist() == wanted.tolist()


def test_that_presets_are_on_the_digits_and_the_first_is_the_default() -> None:
    presets = window_presets()
    assert [one.key for one in presets] == ["1", "2", "3", "4", "5"]
    assert (presets[0].width, presets[0].level) == (Look().width, Look().level) == (350, 40)

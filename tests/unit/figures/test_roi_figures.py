from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from escc_desktop.errors import UsageError
from escc_desktop.figures.roi import roi_slice, voxel_edges
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume

SIZE, SPACING = (40, 30, 5), (2.0, 2.0, 5.0)


def scene(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
    geometry = Geometry(SIZE, SPACING, (0.0, 0.0, 0.0), tuple(float(c) for c in direction))
    hu = np.full(geometry.shape, -1000, dtype=np.int16)
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[2, 4:8, 5:15] = True
    voxels[3, 4:8, 5:10] = True
    hu[voxels] = 60
    return Volume(hu, geometry), Mask(voxels, geometry)


def outline(figure):
    return next(c for c in figure.axes[0].collections if c.get_gid() == "outline").get_segments()


def test_that_the_slice_with_the_most_lesion_is_shown_with_its_numbers(read, cut_texts) -> None:
    figure = roi_slice(*scene())
    shown = read(figure)
    assert "slice 3 of 5, W 350 L 40 HU" in shown
    assert "outlined here 160 mm², in all 1,200 mm³" in shown
    assert not cut_texts(figure)


def test_that_the_outline_runs_along_the_edges_of_the_voxels() -> None:
    points = np.concatenate(outline(roi_slice(*scene())))
    assert (points[:, 0].min(), points[:, 0].max()) == (5 * 2.0, 15 * 2.0)
    assert (points[:, 1].min(), points[:, 1].max()) == (4 * 2.0, 8 * 2.0)


@given(arrays(bool, (7, 6)))
def test_that_the_length_of_the_outline_is_the_count_of_open_sides(plane: np.ndarray) -> None:
    padded = np.pad(plane, 1)
    sides = sum(
        int(plane[row, column] and not padded[row + 1 + dr, column + 1 + dc])
        for row, column in np.ndindex(plane.shape)
        for dr, dc in ((0, 1), (0, -1), (1, 0), (-1, 0))
    )
    edges = voxel_edges(plane, (1.0, 1.0))
    assert len(edges) == sides
    assert all(np.abs(np.diff(edge, axis=0)).sum() == 1 for edge in edges)


def test_that_a_pixel_twice_as_high_as_wide_is_drawn_so() -> None:
    edges = np.concatenate(voxel_edges(np.ones((1, 1), bool), (1.0, 2.0)))
    assert (np.ptp(edges[:, 0]), np.ptp(edges[:, 1])) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), ["R", "L", "A", "P"]),
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), ["R", "L", "A", "P"]),
        ((0, 0, 1, 1, 0, 0, 0, 1, 0), ["A", "P", "I", "S"]),
    ],
)
def test_that_sides_are_named_from_the_geometry(direction, letters) -> None:
    figure = roi_slice(*scene(direction))
    assert [text.get_text() for text in figure.axes[0].texts[:4]] == letters


def test_that_a_volume_stored_upside_down_is_turned_with_its_outline() -> None:
    turned = np.concatenate(outline(roi_slice(*scene((-1, 0, 0, 0, -1, 0, 0, 0, 1)))))
    assert (turned[:, 0].min(), turned[:, 0].max()) == ((40 - 15) * 2.0, (40 - 5) * 2.0)
    assert (turned[:, 1].min(), turned[:, 1].max()) == ((30 - 8) * 2.0, (30 - 4) * 2.0)


def test_that_the_scale_bar_is_as_long_as_it_says() -> None:
    for axes in roi_slice(*scene()).axes:
        bar = next(line for line in axes.lines if line.get_gid() == "scale bar")
        said = next(text.get_text() for text in axes.texts if text.get_text().endswith(" mm"))
        assert np.ptp(bar.get_xdata()) == pytest.approx(float(said.removesuffix(" mm")))


def test_that_window_and_level_are_those_asked_for() -> None:
    image = roi_slice(*scene(), window_hu=1500, level_hu=-600).axes[0].images[0]
    assert image.get_clim() == (-1350, 150)


def test_that_an_empty_outline_is_a_sentence(read) -> None:
    volume, mask = scene()
    empty = Mask(np.zeros_like(mask.voxels), mask.geometry)
    assert "The outline holds no voxel." in read(roi_slice(volume, empty))


def test_that_a_foreign_grid_or_slice_is_refused() -> None:
    volume, mask = scene()
    moved = Geometry(SIZE, SPACING, (1.0, 0.0, 0.0))
    with pytest.raises(UsageError, match="does not lie on the grid"):
        roi_slice(volume, Mask(mask.voxels, moved))
    with pytest.raises(UsageError, match="no slice 9"):
        roi_slice(volume, mask, slice_index=9)


@given(st.integers(0, 4))
def test_that_any_slice_can_be_shown(index: int) -> None:
    roi_slice(*scene(), slice_index=index)

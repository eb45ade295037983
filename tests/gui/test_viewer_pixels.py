"""One view: every pixel is the voxel it should be, and what changed is all that is painted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from pytestqt.qtbot import QtBot

from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.volume import Geometry, Volume

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def make_view(qtbot: QtBot, viewing: ModuleType) -> Callable[..., SliceView]:
    return partial(viewing.show_view, qtbot)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("direction", ["identity", "all against", "feet first", "coronal slices", "sagittal slices"])
def test_that_each_pixel_is_the_voxel_at_its_place_in_the_patient(make_view, viewing, direction, plane) -> None:
    view = make_view(plane, direction)
    image = view.grab().toImage()
    geometry, hu = view.planes.geometry, view.planes.hu
    rows, columns = view.planes.shape(plane)
    for row, column in [(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1), (4, 7), (9, 2)]:
        x, y, z = view.planes.voxel(plane, view.index, row, column)
        at = view.plane_to_widget(row, column)
        assert image.pixelColor(at.toPoint()).red() == hu[z, y, x]
        # The same by millimetres alone: further right on screen is further left in the patient, and so on.
        mm = geometry.to_mm(np.array([[x, y, z]]))[0]
        middle = geometry.to_mm((np.array([geometry.size]) - 1) / 2)[0]
        across, down = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[plane.value]
        wanted = view.px_per_mm * (mm - middle) * (1, 1, -1)
        assert at.x() - view.width() / 2 == pytest.approx(wanted[across], abs=0.01)
        assert at.y() - view.height() / 2 == pytest.approx(wanted[down], abs=0.01)


def test_that_voxels_have_their_true_proportions(make_view, viewing) -> None:
    view = make_view(Plane.CORONAL)
    box = view.voxels_to_widget(slice(0, 1), slice(0, 1))
    assert box.height() / box.width() == pytest.approx(3.0)
    whole = view.voxels_to_widget(slice(0, 15), slice(0, 23))
    assert QRect(view.rect()).contains(whole.toAlignedRect())
    assert whole.height() / whole.width() == pytest.approx(45 / 23)
    assert whole.height() > 0.9 * view.height()


def test_that_the_picture_is_black_around_the_volume_and_without_one(make_view) -> None:
    view = make_view()
    corner = view.grab().toImage().pixelColor(2, 2)
    assert (corner.red(), corner.green(), corner.blue()) == (0, 0, 0)
    view.set_volume(None)
    image = view.grab().toImage()
    assert image.pixelColor(30, 30).value() == 0
    assert view.hover is None
    assert view.crosshair is None


def test_that_large_voxels_have_edges_and_small_ones_are_smoothed(make_view) -> None:
    view = make_view()
    assert min(view.voxel_px) > 4
    a, b = view.plane_to_widget(5, 5), view.plane_to_widget(5, 6)
    edge = view.voxels_to_widget(slice(5, 6), slice(5, 6))
    image = view.grab().toImage()
    inside = {image.pixelColor(x, round(a.y())).red() for x in range(int(edge.left()) + 2, int(edge.right()) - 1)}
    assert len(inside) == 1
    view.zoom(3 / max(view.voxel_px), QPointF(view.rect().center()))
    image = view.grab().toImage()
    a, b = view.plane_to_widget(5, 5), view.plane_to_widget(5, 8)
    seen = {image.pixelColor(x, round(a.y())).red() for x in range(round(a.x()), round(b.x()))}
    assert len(seen) > 4


def test_that_square_voxels_at_100_percent_are_shown_as_they_are(qtbot, viewing) -> None:
    hu = np.random.default_rng(5).integers(0, 256, (3, 120, 130)).astype(np.int16)
    view = SliceView()
    qtbot.addWidget(view)
    view.resize(301, 300)
    view.set_volume(viewing.planes_of(Volume(hu, Geometry((130, 120, 3), (0.7, 0.7, 5.0), (0, 0, 0)))))
    view.set_look(view.look.windowed(*viewing.GREY_WINDOW).annotations_toggled())
    view.set_point((37, 21, 1))
    view.zoom_to_100()
    image = viewing.pixels(view.grab().toImage())[..., 0]
    corner = view.plane_to_widget(0, 0)
    x, y = int(corner.x()), int(corner.y())
    assert np.array_equal(image[y : y + 120, x : x + 130], hu[1])


def test_that_hidpi_shows_the_same_voxels_at_twice_the_pixels(viewing, tmp_path) -> None:
    code = f"""
import json, sys
sys.path.insert(0, {str(viewing.__file__.rpartition("/")[0])!r})
import viewing, numpy as np
from escc_desktop.gui.app import make_application
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.volume import Geometry, Volume
app = make_application()
view = SliceView()
view.resize(230, 210); view.show()
view.set_volume(viewing.planes_of(viewing.phantom()))
view.set_look(view.look.windowed(*viewing.GREY_WINDOW).annotations_toggled())
mask = np.zeros(view.planes.hu.shape, dtype=bool); mask[:, 5:9, 6:12] = True
view.set_mask(mask)
app.processEvents()
image = view.grab().toImage()
found = []
for row, column in [(0, 0), (3, 2), (18, 22)]:
    at = view.plane_to_widget(row, column) * 2
    found.append([image.pixelColor(at.toPoint()).red(), int(view.planes.hu[view.index, row, column])])
box = view.voxels_to_widget(slice(5, 9), slice(6, 12))
line = [image.pixelColor(round(box.left() * 2) + d, round(box.center().y() * 2)).name() for d in range(-5, 6)]
print(json.dumps(dict(ratio=image.devicePixelRatio(), width=image.width(), found=found, line=line)))
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    told = json.loads(done.stdout)
    assert told["ratio"] == 2
    assert told["width"] == 460
    assert all(shown == hu for shown, hu in told["found"])
    assert 2 <= told["line"].count("#e69f00") <= 4


# Region


def test_that_the_border_lies_exactly_on_the_edges_of_voxels(make_view) -> None:
    view = make_view()
    view.set_look(view.look.fainter().fainter())
    assert view.look.share == 0
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[view.index, 5:9, 6:12] = True
    view.set_mask(mask)
    image = view.grab().toImage()
    box = view.voxels_to_widget(slice(5, 9), slice(6, 12))
    orange = (0xE6, 0x9F, 0)

    def is_border(x: float, y: float) -> bool:
        color = image.pixelColor(round(x), round(y))
        return (color.red(), color.green(), color.blue()) == orange

    middle = box.center()
    assert is_border(box.left(), middle.y())
    assert is_border(box.right(), middle.y())
    assert is_border(middle.x(), box.top())
    assert is_border(middle.x(), box.bottom())
    for by in (-4, 4):
        assert not is_border(box.left() + by, middle.y())
        assert not is_border(middle.x(), box.bottom() + by)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("direction", ["identity", "all against", "coronal slices"])
def test_that_the_region_lies_over_its_own_voxels(make_view, plane, direction) -> None:
    view = make_view(plane, direction)
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[3:6, 4:12, 2:9] = True
    view.set_mask(mask)
    x, y, z = 5, 7, 4
    view.set_point((x, y, z))
    image = view.grab().toImage()
    _index, row, column = view.planes.place(plane, (x, y, z))
    color = image.pixelColor(view.plane_to_widget(row, column).toPoint())
    assert color.red() > color.blue()
    share = view.look.share
    assert color.red() == pytest.approx(int(view.planes.hu[z, y, x]) * (1 - share) + 0xE6 * share, abs=1)
    view.set_look(view.look.overlay_toggled())
    plain = view.grab().toImage().pixelColor(view.plane_to_widget(row, column).toPoint())
    assert (plain.red(), plain.green(), plain.blue()) == (int(view.planes.hu[z, y, x]),) * 3


@pytest.mark.parametrize("zoom", [1.0, 0.08, 3.0])
@pytest.mark.parametrize(("plane", "direction"), [("axial", "identity"), ("coronal", "all against")])
def test_that_a_dirty_rectangle_ends_in_the_same_picture_as_a_full_repaint(
    make_view, viewing, qtbot, plane, direction, zoom
) -> None:
    view = make_view(Plane(plane), direction, bare=False)
    view.zoom(zoom, QPointF(200, 200))
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[2:9, 3:12, 4:15] = True
    view.set_mask(mask)
    qtbot.wait(1)
    before = viewing.on_screen(view)
    painted = viewing.Painted(view)
    rng = np.random.default_rng(1)
    index, rows, columns = view.index, slice(4, 9), slice(7, 11)
    view.planes.section(view.plane, index, mask)[rows, columns] = rng.random((5, 4)) < 0.5
    view.mask_changed(view.planes.region(view.plane, index, rows, columns))
    qtbot.waitUntil(lambda: bool(painted.rects))
    after = viewing.on_screen(view)
    assert (after != before).any()
    stroke = view.voxels_to_widget(rows, columns)
    for rect in painted.rects:
        assert rect.width() <= stroke.width() * 2 + 16
        assert rect.height() <= stroke.height() * 2 + 16
    view.repaint()
    full = viewing.on_screen(view)
    # Smoothing starts at the edge of what is painted: one level of grey may differ there.
    allowed = 0 if max(view.voxel_px) >= 4 else 1
    assert np.abs(after.astype(int) - full.astype(int)).max() <= allowed


def test_that_changes_on_other_slices_repaint_nothing(make_view, viewing, qtbot) -> None:
    view = make_view()
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    view.set_mask(mask)
    qtbot.wait(1)
    painted = viewing.Painted(view)
    mask[view.index + 1, 3:5, 3:5] = True
    view.mask_changed((slice(view.index + 1, view.index + 2), slice(3, 5), slice(3, 5)))
    qtbot.wait(20)
    assert painted.rects == []
    view.set_index(view.index + 1)
    color = view.grab().toImage().pixelColor((view.plane_to_widget(3, 3) + QPointF(3, 3)).toPoint())
    assert color.red() != color.blue()

"""The 3D view: what is painted lies where it lies in the patient, follows the strokes, and fails alone."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, WAIT_MS, ReaderHand

from escc_desktop.errors import EsccError
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_surface import SurfaceSection
from escc_desktop.gui.viewer import surface_scene
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.surface_pane import SurfacePane, turned
from escc_desktop.gui.viewer.surface_scene import Camera, Cut, Drop, Order, ShowRegion, ShowTissue, SurfaceScene
from escc_desktop.imaging.volume import IDENTITY, Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project

SIZE = 240
FRONT, LEFT_SIDE, FEET = turned(0, 0), turned(90, 0), turned(0, -90)
RED, GREEN = "#ff0000", "#00ff00"
GREY = Look(width=2000, level=0)


def camera(turn: np.ndarray) -> Camera:
    return Camera(tuple((float(x), float(y), float(z)) for x, y, z in turn))


class Grid:
    """A volume of 80 mm on any grid, its scene, and balls in it at places of the patient."""

    def __init__(self, direction: tuple[float, ...] = IDENTITY) -> None:
        size = (40, 40, 27)
        spacing = (2.0, 2.0, 3.0)
        corner = np.array(direction).reshape(3, 3) @ (np.array(size) * spacing / -2)
        self.geometry = Geometry(size, spacing, tuple(corner.tolist()), direction)
        z, y, x = np.mgrid[:27, :40, :40]
        self.mm = self.geometry.to_mm(np.column_stack([x.ravel(), y.ravel(), z.ravel()])).reshape(27, 40, 40, 3)
        self.scene = SurfaceScene(self.geometry, (20, 20, 13))

    def ball(self, middle: tuple[float, float, float], radius: float) -> np.ndarray:
        return np.linalg.norm(self.mm - middle, axis=-1) <= radius

    def planes(self, hu: np.ndarray) -> VolumePlanes:
        return VolumePlanes.of(Volume(hu.astype(np.int16), self.geometry), Progress())

    def show(self, turn: np.ndarray, *orders: Order) -> np.ndarray:
        # As a job would: the painter may take a while to start.
        with ThreadPoolExecutor(1) as worker:
            picture = worker.submit(self.scene.show, orders, camera(turn), (SIZE, SIZE), Progress()).result()
        assert picture.size == (SIZE, SIZE)
        return np.frombuffer(picture.pixels, dtype=np.uint8).reshape(SIZE, SIZE, 3).astype(int)

    @property
    def mm_a_pixel(self) -> float:
        return 2 * self.scene.reach_mm * surface_scene._FILLED / SIZE


@pytest.fixture
def grid() -> Iterator[Grid]:
    made = Grid()
    yield made
    made.scene.painter.close()


def reddish(picture: np.ndarray) -> np.ndarray:
    return picture[:, :, 0] > picture[:, :, 1] + 20


def greenish(picture: np.ndarray) -> np.ndarray:
    return picture[:, :, 1] > picture[:, :, 0] + 20


def middle(pixels: np.ndarray) -> tuple[float, float]:
    """Return (to the right, downwards) of some pixels from the middle of the picture."""
    rows, columns = np.nonzero(pixels)
    return columns.mean() - SIZE / 2, rows.mean() - SIZE / 2


def test_that_a_ball_is_as_large_as_it_is_from_every_side(grid: Grid) -> None:
    voxels = grid.ball((4.0, -6.0, 3.0), 18.0)
    for turn in (FRONT, LEFT_SIDE, FEET, turned(30, 40)):
        area = np.count_nonzero(reddish(grid.show(turn, ShowRegion("a", voxels, RED)))) * grid.mm_a_pixel**2
        assert area == pytest.approx(math.pi * 18.0**2, rel=0.08)


@pytest.mark.parametrize("direction", ["identity", "all against", "sagittal slices"])
def test_that_sides_of_the_patient_are_where_a_radiologist_expects_them(viewing: ModuleType, direction: str) -> None:
    grid = Grid(viewing.DIRECTIONS[direction])
    left_high_back = grid.ball((12.0, 14.0, 16.0), 9.0)
    right_low_front = grid.ball((-14.0, -12.0, -16.0), 9.0)
    shown = ShowRegion("a", left_high_back, RED), ShowRegion("b", right_low_front, GREEN)
    picture = grid.show(FRONT, *shown)
    (x, y), (other_x, other_y) = middle(reddish(picture)), middle(greenish(picture))
    assert x > other_x  # the patient's left is on the right
    assert y < other_y
    x, other_x = (middle(which(grid.show(LEFT_SIDE)))[0] for which in (reddish, greenish))
    assert x > other_x  # seen from the left, the back is on the right
    picture = grid.show(FEET)
    (x, y), (other_x, other_y) = middle(reddish(picture)), middle(greenish(picture))
    assert x > other_x
    assert y > other_y  # seen from the feet, as an axial slice, the back is below
    grid.scene.painter.close()


def test_that_a_cut_takes_away_the_near_part_and_shows_the_slice(grid: Grid) -> None:
    voxels = grid.ball((0.0, 0.0, 0.0), 18.0)
    planes = grid.planes(np.where(grid.mm[:, :, :, 0] > 0, 900, -900))
    whole = reddish(grid.show(FRONT, ShowRegion("a", voxels, RED)))
    cut = Cut(planes, Plane.CORONAL, 20, GREY, ((voxels, RED),))
    picture = grid.show(FRONT, cut)
    inside = np.hypot(*(np.mgrid[:SIZE, :SIZE] - SIZE / 2)) < 12 / grid.mm_a_pixel
    right = np.zeros_like(inside)
    right[:, SIZE // 2 + 4 :] = True
    wrong = np.zeros_like(inside)
    wrong[:, : SIZE // 2 - 8] = True
    # The slice's own values, tinted a little: bright on the patient's left, dark on the right.
    assert picture[inside & right].mean() > 150
    assert picture[inside & wrong].mean() < 60
    uncut = grid.show(FRONT, Cut(planes, None, 0, GREY, ()))
    assert np.count_nonzero(reddish(uncut) ^ whole) < 20


def test_that_a_cut_from_behind_takes_away_the_back(grid: Grid) -> None:
    front, back = grid.ball((0.0, -16.0, 0.0), 9.0), grid.ball((0.0, 16.0, 0.0), 9.0)
    planes = grid.planes(np.full(grid.geometry.shape, -1000))
    cut = Cut(planes, Plane.CORONAL, 20, GREY, ())
    shown = ShowRegion("a", front, RED), ShowRegion("b", back, GREEN), cut
    picture = grid.show(FRONT, *shown)
    assert not reddish(picture).any()
    assert greenish(picture).any()
    picture = grid.show(turned(180, 0))
    assert reddish(picture).any()
    assert not greenish(picture).any()


def test_that_tissue_above_a_value_is_shown_around_the_region_and_goes_again(grid: Grid) -> None:
    voxels = grid.ball((0.0, 0.0, 0.0), 12.0)
    bone = grid.ball((0.0, 0.0, 17.0), 4.5)
    planes = grid.planes(np.where(bone, 700, 40))
    alone = grid.show(FRONT, ShowRegion("a", voxels, RED))
    beside = grid.show(FRONT, ShowTissue("t", planes, 300.0, GREEN, 1.0))
    x, y = middle(greenish(beside))
    assert x * grid.mm_a_pixel == pytest.approx(0, abs=1.5)
    assert y * grid.mm_a_pixel == pytest.approx(-17, abs=1.5)
    assert np.count_nonzero(greenish(grid.show(FRONT, ShowTissue("t", planes, 800.0, GREEN, 1.0)))) == 0
    assert np.array_equal(grid.show(FRONT, Drop("t")), alone)


def test_that_what_is_a_voxel_thick_is_not_smoothed_away(grid: Grid) -> None:
    along = np.abs(grid.mm[:, :, :, 0] - grid.mm[:, :, :, 2])
    sheet = (along < 1) & (np.abs(grid.mm).max(axis=-1) < 20)
    assert np.count_nonzero(reddish(grid.show(turned(45, 0), ShowRegion("a", sheet, RED)))) > 500


def test_that_blocks_of_voxels_stay_where_they_were() -> None:
    grid = Grid()
    values = grid.mm[:, :, :, 0].astype(np.int16)
    blocks = surface_scene._blocks(values, np.array([3, 4, 2]))
    assert blocks.shape == (9, 10, 20)
    affine = np.array(surface_scene._affine(grid.geometry, (0, 0, 0), (3, 4, 2)))
    middle_x = (affine @ np.array([10, 0, 0, 1.0]))[0]
    assert blocks[4, 5, 10] == pytest.approx(middle_x, abs=1)


def test_that_an_empty_region_is_no_surface(grid: Grid) -> None:
    assert not grid.show(FRONT, ShowRegion("a", grid.ball((0, 0, 0), -1.0), RED)).any()
    assert not grid.scene.boxes


def test_that_the_view_stays_while_what_is_drawn_stays_in_it(grid: Grid) -> None:
    grid.show(FRONT, ShowRegion("a", grid.ball((0.0, 0.0, 0.0), 18.0), RED))
    before = grid.scene.middle.copy(), grid.scene.reach_mm
    grid.show(FRONT, ShowRegion("a", grid.ball((2.0, 0.0, 0.0), 18.0), RED))
    assert np.array_equal(grid.scene.middle, before[0])
    assert grid.scene.reach_mm == before[1]
    grid.scene.fit()
    grid.show(FRONT, ShowRegion("a", grid.ball((2.0, 0.0, 0.0), 9.0), RED))
    assert grid.scene.reach_mm < before[1]


def test_that_a_painter_that_dies_is_said_in_one_sentence(grid: Grid) -> None:
    grid.show(FRONT, ShowRegion("a", grid.ball((0.0, 0.0, 0.0), 18.0), RED))
    process = grid.scene.painter._process
    assert process is not None
    process.kill()
    process.wait()
    with pytest.raises(EsccError, match="3D view has stopped"):
        grid.show(FRONT)
    with pytest.raises(EsccError, match="3D view has stopped"):  # nothing is started behind the reader's back
        grid.show(FRONT)


# In the reading


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    return hand


def section(reader: ReaderHand) -> SurfaceSection:
    found = reader.board.panel.sections["surface"]
    assert isinstance(found, SurfaceSection)
    return found


def opened(reader: ReaderHand) -> SurfacePane:
    """Press 0 and wait for the picture."""
    reader.key(Qt.Key.Key_0)
    pane = section(reader).pane
    assert pane is not None
    settled(reader)
    return pane


def settled(reader: ReaderHand) -> SurfacePane:
    pane = section(reader).pane
    assert pane is not None
    reader.qtbot.waitUntil(
        lambda: pane.image is not None and not pane._is_painting and not pane._is_wanted, timeout=WAIT_MS
    )
    assert pane.trouble == ""
    return pane


def drag(pane: SurfacePane, to: QPoint) -> None:
    at = QPointF(to), QPointF(pane.mapToGlobal(to))
    QApplication.sendEvent(pane, QMouseEvent(QEvent.Type.MouseMove, *at, LEFT, LEFT, Qt.KeyboardModifier.NoModifier))


def orange(pane: SurfacePane) -> int:
    image = pane.grab().toImage()
    found = 0
    for y in range(0, image.height(), 3):
        for x in range(0, image.width(), 3):
            color = image.pixelColor(x, y)
            found += color.red() > color.blue() + 40
    return found


def test_that_0_opens_the_view_below_the_side_views_and_closes_it_without_loading_vtk_here(reader: ReaderHand) -> None:
    views = reader.board.views
    heights = views.sagittal.height()
    assert "3D view first" in section(reader).cut.toolTip()
    pane = opened(reader)
    process = pane.scene.painter._process
    assert process is not None
    assert pane.isVisible()
    assert pane.geometry().top() > views.sagittal.geometry().bottom()
    assert pane.geometry().left() == views.sagittal.geometry().left()
    assert views.sagittal.height() < heights
    assert not any(name.startswith("vtk") for name in sys.modules)
    assert reader.window.desktop.settings.layout["reading.surface.is_shown"] is True
    reader.key(Qt.Key.Key_0)
    assert section(reader).pane is None
    assert process.poll() is not None
    assert views.sagittal.height() == heights
    assert reader.window.desktop.settings.layout["reading.surface.is_shown"] is False


def test_that_the_surface_follows_strokes_and_undo(reader: ReaderHand) -> None:
    pane = opened(reader)
    assert not pane.has_region
    assert orange(pane) == 0
    reader.board.hand.options.set_diameter(4)
    reader.stroke([(4, 3), (6, 6)])
    settled(reader)
    assert pane.has_region
    drawn = orange(pane)
    assert drawn > 20
    reader.board.undo()
    settled(reader)
    assert orange(pane) == 0
    reader.board.redo()
    settled(reader)
    assert orange(pane) == drawn


def test_that_nothing_is_called_missing_while_the_surface_is_on_its_way(reader: ReaderHand) -> None:
    reader.stroke([(4, 3), (6, 6)])
    reader.key(Qt.Key.Key_0)
    pane = section(reader).pane
    assert pane is not None
    said: list[str] = []
    pane.shown.connect(lambda: said.append(pane._words()))
    settled(reader)
    assert set(said) <= {"", "Preparing the 3D view"}
    assert said[-1] == ""


def test_that_the_mouse_turns_pushes_and_zooms_and_f_fits(reader: ReaderHand) -> None:
    reader.board.hand.options.set_diameter(4)
    reader.stroke([(4, 3), (6, 6)])
    pane = opened(reader)
    first, turn = pane.grab().toImage(), pane.turn.copy()
    QTest.mousePress(pane, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(60, 60))
    for x in range(60, 141, 20):
        drag(pane, QPoint(x, 60 + x // 7))
    settled(reader)
    assert pane.image.width() < pane.width()  # coarser while it turns
    QTest.mouseRelease(pane, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(140, 80))
    settled(reader)
    assert pane.image.width() == pane.width()
    assert pane.turn[0] @ turn[0] == pytest.approx(math.cos(math.radians(40)), abs=0.05)
    assert np.allclose(pane.turn @ pane.turn.T, np.eye(3))
    assert pane.grab().toImage() != first
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_Left)
    QTest.keyClick(pane, Qt.Key.Key_F)
    settled(reader)
    assert np.allclose(pane.turn, turn)
    assert pane.zoom == 1.0
    assert pane.letters() == ("R", "L", "HA", "FP")


def test_that_a_double_click_maximises_it_and_gives_the_room_back(reader: ReaderHand) -> None:
    pane = opened(reader)
    width = pane.width()
    QTest.mouseDClick(pane, LEFT)
    assert pane.width() == reader.board.views.width()
    assert not reader.board.views.axial.isVisible()
    settled(reader)
    QTest.mouseDClick(pane, LEFT)
    assert pane.width() == width
    assert reader.board.views.axial.isVisible()


def test_that_the_cut_follows_the_slice_and_bone_can_be_chosen(reader: ReaderHand) -> None:
    reader.board.hand.options.set_diameter(4)
    reader.stroke([(4, 3), (6, 6)])
    pane = opened(reader)
    whole = pane.grab().toImage()
    part = section(reader)
    assert "bone or vessels first" in part.above.toolTip()
    part.cut.setCurrentIndex(1)
    settled(reader)
    assert pane.caption == f"cut at slice {reader.view.index + 1}"
    assert pane.grab().toImage() != whole
    reader.key(Qt.Key.Key_PageDown)
    settled(reader)
    assert pane.caption == f"cut at slice {reader.view.index + 1}"
    part.cut.setCurrentIndex(0)
    part.context.setCurrentIndex(1)
    assert part.above.isEnabled()
    assert part.above.value() == 300
    part.above.setValue(100)
    settled(reader)
    part.context.setCurrentIndex(0)
    settled(reader)
    assert pane.caption == ""


def test_that_a_view_whose_painter_died_says_so_and_works_when_shown_again(reader: ReaderHand) -> None:
    pane = opened(reader)
    process = pane.scene.painter._process
    assert process is not None
    process.kill()
    process.wait()
    pane.repaint_scene()
    reader.qtbot.waitUntil(lambda: "has stopped" in pane.trouble, timeout=WAIT_MS)
    reader.stroke([(4, 3), (6, 6)])
    assert reader.kept.any()
    reader.key(Qt.Key.Key_0)
    assert opened(reader).has_region


def test_that_closing_the_reading_ends_the_painter(reader: ReaderHand) -> None:
    pane = opened(reader)
    process = pane.scene.painter._process
    assert process is not None
    reader.page.close_reading()
    reader.qtbot.waitUntil(lambda: reader.page.board is None, timeout=WAIT_MS)
    assert process.poll() is not None


def test_that_a_volume_of_one_slice_and_a_region_of_one_voxel_are_shown_and_cut() -> None:
    geometry = Geometry((40, 40, 1), (0.4, 0.4, 10.0), (0.0, 0.0, 0.0))
    scene = SurfaceScene(geometry, (20, 20, 0))
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[0, 20, 20] = True
    planes = VolumePlanes.of(Volume(np.full(geometry.shape, 40, dtype=np.int16), geometry), Progress())
    orders: list[Order] = [ShowRegion("a", voxels, RED), ShowTissue("t", planes, 300.0, GREEN, 1.0)]
    orders += [Cut(planes, plane, 0, GREY, ((voxels, RED),)) for plane in Plane]
    with ThreadPoolExecutor(1) as worker:
        picture = worker.submit(scene.show, orders, camera(FRONT), (1, 5000), Progress()).result()
        assert picture.has_region
        orders = [ShowRegion("a", voxels, RED), Cut(planes, None, 0, GREY, ())]
        picture = worker.submit(scene.show, orders, camera(FRONT), (SIZE, SIZE), Progress()).result()
    scene.painter.close()
    assert reddish(np.frombuffer(picture.pixels, dtype=np.uint8).reshape(SIZE, SIZE, 3).astype(int)).any()

"""Three views of one volume: one crosshair, one window, one region; room for the one that matters."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from escc_desktop.gui.viewer.panes import LinkedViews

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def views(qtbot, viewing) -> LinkedViews:
    made = LinkedViews()
    qtbot.addWidget(made)
    made.resize(900, 560)
    made.show()
    qtbot.waitExposed(made)
    made.set_volume(viewing.planes_of(viewing.phantom()))
    made.set_window(*viewing.GREY_WINDOW)
    return made


def test_that_the_axial_view_has_most_of_the_room_and_the_others_are_stacked_beside(views: LinkedViews) -> None:
    for size in ((900, 560), (1366, 700), (2560, 1300)):
        views.resize(*size)
        assert views.axial.width() >= 0.6 * views.width()
        assert views.axial.height() == views.height()
        assert views.coronal.x() == views.sagittal.x() > views.axial.geometry().right()
        assert views.coronal.geometry().bottom() < views.sagittal.y()


def test_that_a_click_takes_all_views_to_the_voxel(views: LinkedViews) -> None:
    told: list[tuple[int, int, int]] = []
    views.point_changed.connect(told.append)
    index = views.axial.index
    QTest.mouseClick(views.axial, LEFT, NONE, views.axial.plane_to_widget(4, 17).toPoint())
    assert views.point == (17, 4, index)
    assert (views.axial.index, views.coronal.index, views.sagittal.index) == (index, 4, 17)
    QTest.mouseClick(views.coronal, LEFT, NONE, views.coronal.plane_to_widget(2, 6).toPoint())
    assert views.point == (6, 4, 2)
    assert (views.axial.index, views.coronal.index, views.sagittal.index) == (2, 4, 6)
    assert told == [(17, 4, index), (6, 4, 2)]


def test_that_every_view_shows_the_voxel_of_the_crosshair(views: LinkedViews, viewing) -> None:
    for direction in ("identity", "all against", "coronal slices"):
        views.set_volume(viewing.planes_of(viewing.phantom(viewing.DIRECTIONS[direction])))
        views.set_look(views.look.windowed(*viewing.GREY_WINDOW))
        views.set_point((3, 15, 4))
        hu = views.axial.planes.hu[4, 15, 3]
        assert {viewing.grey_at(view, view.crosshair) for view in views.views} == {hu}


def test_that_turning_slices_moves_the_crosshair_of_the_others(views: LinkedViews, viewing) -> None:
    x, y, z = views.point
    viewing.turn_wheel(views.axial, 120)
    assert views.point == (x, y, z + 1)
    assert views.coronal.point == views.sagittal.point == (x, y, z + 1)
    viewing.turn_wheel(views.sagittal, -120)
    assert views.point == (x + 1, y, z + 1)
    assert views.axial.crosshair.x() == pytest.approx(views.axial.plane_to_widget(y, x + 1).x())


def test_that_window_and_overlay_are_one_for_all(views: LinkedViews, viewing) -> None:
    told: list[tuple[float, float]] = []
    views.window_changed.connect(lambda width, level: told.append((width, level)))
    viewing.drag(views.coronal, QPoint(100, 100), QPoint(50, 0), RIGHT)
    assert len({view.look for view in views.views}) == 1
    assert told[-1] == (views.look.width, views.look.level)
    QTest.keyClick(views.sagittal, Qt.Key.Key_S)
    assert not views.axial.look.has_overlay
    QTest.keyClick(views.axial, Qt.Key.Key_X)
    assert not views.coronal.look.has_annotations
    views.lock_window(True)
    QTest.keyClick(views.axial, Qt.Key.Key_2)
    assert views.look.width != 1500


def test_that_a_change_repaints_its_box_in_every_view_that_crosses_it(views: LinkedViews, viewing, qtbot) -> None:
    mask = np.zeros(views.axial.planes.hu.shape, dtype=bool)
    views.set_mask(mask)
    views.set_look(views.look.crosshair_toggled())
    x, y, z = views.point
    qtbot.wait(5)
    painted = {view.plane.value: viewing.Painted(view) for view in views.views}
    region = slice(z, z + 1), slice(y - 2, y + 3), slice(x + 2, x + 5)
    mask[region] = True
    views.mask_changed(region)
    qtbot.waitUntil(lambda: bool(painted["axial"].rects) and bool(painted["coronal"].rects))
    assert painted["sagittal"].rects == []
    for view in (views.axial, views.coronal):
        image = view.grab().toImage()
        _index, row, column = view.planes.place(view.plane, (x + 3, y, z))
        color = image.pixelColor(view.plane_to_widget(row, column).toPoint())
        assert color.red() > color.blue()
        box = painted[view.plane.value].rects[0]
        assert box.width() * box.height() < 0.2 * view.width() * view.height()


def test_that_a_double_click_maximises_and_gives_the_room_back(views: LinkedViews, viewing) -> None:
    viewing.double_click(views.sagittal, QPoint(80, 80))
    assert views.maximised is views.sagittal
    assert views.sagittal.size() == views.size()
    assert not views.axial.isVisible()
    viewing.double_click(views.sagittal, QPoint(80, 80))
    assert views.maximised is None
    assert views.axial.isVisible()
    assert views.axial.width() >= 0.6 * views.width()


def test_that_one_key_collapses_the_side_views_and_one_maximises(views: LinkedViews) -> None:
    QTest.keyClick(views.axial, Qt.Key.Key_C)
    assert views.axial.size() == views.size()
    assert not views.coronal.isVisible()
    assert not views.sagittal.isVisible()
    QTest.keyClick(views.axial, Qt.Key.Key_C)
    assert views.coronal.isVisible()
    views.coronal.setFocus()
    QTest.keyClick(views.coronal, Qt.Key.Key_M)
    assert views.maximised is views.coronal
    QTest.keyClick(views.coronal, Qt.Key.Key_M)
    assert views.maximised is None


def test_that_collapsing_the_side_views_keeps_the_picture_fitted(views: LinkedViews) -> None:
    before = views.axial.percent
    views.resize(900, 900)
    assert views.axial.percent > before
    views.axial.zoom(2, views.axial.crosshair)
    percent, middle = views.axial.percent, views.axial.widget_to_plane(views.axial.rect().center())
    views.show_side_views(False)
    assert views.axial.percent == percent
    assert views.axial.widget_to_plane(views.axial.rect().center()) == pytest.approx(middle, abs=0.1)


def test_that_actions_have_keys_of_their_own_and_do_what_the_keys_do(views: LinkedViews) -> None:
    actions = {action.action_id: action for action in views.actions_now()}
    keys = [key for action in actions.values() for key in action.keys]
    assert len(keys) == len(set(keys))
    assert all(action.text for action in actions.values())
    actions["viewer.window_2"].call()
    assert (views.coronal.look.width, views.coronal.look.level) == (1500, -600)
    views.lock_window(True)
    assert actions["viewer.window_1"].why_not()
    views.coronal.setFocus()
    actions["viewer.full_size"].call()
    assert views.coronal.percent == pytest.approx(100)
    assert views.axial.percent != pytest.approx(100)


def test_that_no_volume_is_an_empty_state_and_nothing_fails(views: LinkedViews, viewing) -> None:
    views.set_mask(np.zeros(views.axial.planes.hu.shape, dtype=bool))
    views.set_volume(None)
    assert views.point is None
    views.set_mask(None)
    views.mask_changed((slice(0, 1),) * 3)
    views.fit()
    views.set_point((1, 1, 1))
    for view in views.views:
        viewing.turn_wheel(view, 120)
        viewing.drag(view, QPoint(50, 50), QPoint(20, 20))
        viewing.drag(view, QPoint(50, 50), QPoint(20, 20), RIGHT)
        for key in (Qt.Key.Key_Left, Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_F, Qt.Key.Key_S):
            QTest.keyClick(view, key)
        view.zoom_to_100()
        view.repaint()
    image = viewing.pixels(views.axial.grab().toImage())
    assert 0 < (image[..., :3].max(axis=2) > 100).sum() < 4000


def test_that_a_region_of_another_shape_is_refused(views: LinkedViews) -> None:
    with pytest.raises(ValueError, match="shape"):
        views.set_mask(np.zeros((3, 3, 3), dtype=bool))


def test_that_a_new_volume_forgets_the_old_region_and_keeps_the_window(views: LinkedViews, viewing) -> None:
    views.set_mask(np.ones(views.axial.planes.hu.shape, dtype=bool))
    views.set_volume(viewing.planes_of(viewing.phantom(size=(9, 9, 9))))
    assert views.axial.hover is None or not views.axial.hover.label
    image = views.axial.grab().toImage()
    color = image.pixelColor(views.axial.plane_to_widget(1, 1).toPoint())
    assert color.red() == color.blue()
    assert (views.look.width, views.look.level) == viewing.GREY_WINDOW


def test_that_a_volume_taken_away_is_given_back_to_the_machine_at_once(views: LinkedViews, viewing) -> None:
    QTest.mouseMove(views.axial, QPoint(50, 50))
    views.axial.repaint()
    planes = weakref.ref(views.axial.planes)
    mask = np.zeros(planes().hu.shape, dtype=bool)
    voxels = weakref.ref(mask)
    views.set_mask(mask)
    del mask
    gc.disable()
    try:
        views.set_volume(None)
        assert planes() is None
        assert voxels() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("size", [(5, 6, 1), (1, 7, 3), (200, 3, 2)])
def test_that_volumes_of_one_slice_row_or_column_are_shown(views: LinkedViews, viewing, size) -> None:
    views.set_volume(viewing.planes_of(viewing.phantom(size=size)))
    views.set_mask(np.ones(size[::-1], dtype=bool))
    for view in views.views:
        view.zoom_to_100()
        view.repaint()
        view.fit()
        viewing.turn_wheel(view, 120)
        at = view.plane_to_widget(0, 0)
        assert view.voxel_at(*view.widget_to_plane(at)) is not None
        assert viewing.grey_at(view, at) == -1

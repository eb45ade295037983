"""The feature map as an oncologist uses it."""

from __future__ import annotations

import math
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot
from skimage.color import rgb2lab

from escc_desktop.features.maps import map_of
from escc_desktop.features.params import load_params
from escc_desktop.features.scene import Scene
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.patient import PatientPage
from escc_desktop.gui.viewer.colour_scale import SCALE, colours
from escc_desktop.gui.viewer.map_view import OPACITIES, USUAL_OPACITY
from escc_desktop.progress import Progress
from escc_desktop.workflow.patient_report import first_reading
from escc_desktop.workflow.project import Project

Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]


@pytest.fixture
def page(show_as: Show, studied_project: Studied, qtbot: QtBot) -> PatientPage:
    window = show_as(studied_project("oncologist"), "patient")
    qtbot.waitUntil(lambda: isinstance(window.current_page, PatientPage), timeout=20_000)
    shown = window.current_page
    assert isinstance(shown, PatientPage)
    qtbot.waitUntil(lambda: shown.numbers.lesion.found is not None, timeout=20_000)
    return shown


def opened(page: PatientPage, qtbot: QtBot, name: str = "") -> PatientPage:
    page.open_map(name)
    qtbot.waitUntil(lambda: page.right.voxels.map.shown is not None, timeout=20_000)
    return page


def rgb(colors: np.ndarray) -> np.ndarray:
    return np.stack([colors >> shift & 0xFF for shift in (16, 8, 0)], axis=-1)


def test_that_the_scale_is_viridis_and_rises_evenly() -> None:
    theirs = np.array([mpl.colormaps["viridis"](step)[:3] for step in range(256)]) * 255
    assert np.abs(rgb(SCALE).astype(float) - theirs).max() < 6
    lightness = rgb2lab(rgb(SCALE)[None] / 255)[0, :, 0]
    steps = np.diff(lightness)
    assert steps.min() > -0.2  # colours are whole numbers
    assert steps.reshape(-1, 51).sum(axis=1).max() < 1.2 * steps.reshape(-1, 51).sum(axis=1).min()


def test_that_values_beyond_the_scale_have_its_ends_and_what_is_no_number_none() -> None:
    found = colours(np.array([-9.0, 0.0, 1.0, 9.0, np.nan]), 0, 1, 1.0)
    assert found[0] == found[1] == SCALE[0] | 0xFF000000
    assert found[2] == found[3] == SCALE[-1] | 0xFF000000
    assert found[4] == 0
    assert (colours(np.full(3, 7.0), 7, 7, 1.0) == SCALE[128] | 0xFF000000).all()


def test_that_m_shows_the_map_of_the_models_first_feature_over_the_ct(page: PatientPage, qtbot: QtBot) -> None:
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    qtbot.keyClick(page.window(), Qt.Key.Key_M)
    qtbot.waitUntil(lambda: page.right.voxels.map.shown is not None, timeout=20_000)
    shown, view = page.right.voxels.map.shown, page.right.voxels.map.view
    names = [name for name in page.cohort.basis.card.feature_names if "_shape_" not in name]
    assert f"A_{shown.name}" == names[0]
    roi = first_reading(page.project.rois(), page.shown.patient_id)
    scene = Scene.of(page.project.volume(roi.series_uid), roi.mask)
    wanted = map_of(scene, load_params("ct_arterial"), shown.name, Progress())
    assert np.array_equal(shown.values, wanted.values, equal_nan=True)
    assert shown.region_value == wanted.region_value
    place = np.argwhere(np.isfinite(shown.values))[0] + [part.start for part in shown.box]
    voxel = int(place[2]), int(place[1]), int(place[0])
    view.set_point(voxel)
    hu = int(view.planes.hu[voxel[::-1]])
    grey = min(max(round((hu - 39.5) / 349 * 255 + 127.5), 0), 255)
    color = rgb(colours(np.array([shown.value_at(voxel)]), shown.low, shown.high, 1.0))[0]
    share = OPACITIES[USUAL_OPACITY]
    middle = view.plane_to_widget(voxel[1], voxel[0])
    pixel = view.grab().toImage().pixelColor(middle.toPoint()).getRgb()[:3]
    assert np.abs(np.array(pixel) - (share * color.astype(float) + (1 - share) * grey)).max() < 3
    qtbot.keyClick(page.window(), Qt.Key.Key_M)
    assert not page.right.has_map
    assert page.right.voxels.map.shown is None


def test_that_s_hides_the_map_and_d_makes_it_stronger(page: PatientPage, qtbot: QtBot) -> None:
    view = opened(page, qtbot, "original_firstorder_Mean").right.voxels.map.view
    view.setFocus()
    full = view.grab().toImage()
    qtbot.keyClick(view, Qt.Key.Key_S)
    bare = view.grab().toImage()
    assert bare != full
    qtbot.keyClick(view, Qt.Key.Key_S)
    assert view.grab().toImage() == full
    qtbot.keyClick(view, Qt.Key.Key_D)
    assert page.right.voxels.map.opacity.value() == USUAL_OPACITY + 1
    page.right.voxels.map.opacity.setValue(0)
    assert view.look.strength == 0


def test_that_the_mouse_reads_the_value_it_is_on(page: PatientPage, qtbot: QtBot) -> None:
    panel = opened(page, qtbot, "original_firstorder_Mean").right.voxels.map
    z, y, x = np.argwhere(np.isfinite(panel.shown.values))[5] + [part.start for part in panel.shown.box]
    panel.view.set_index(int(z))
    qtbot.mouseMove(panel.view, panel.view.plane_to_widget(y, x).toPoint())
    qtbot.waitUntil(lambda: panel.here_words.text() != "")
    value = panel.shown.value_at((int(x), int(y), int(z)))
    assert f"{value:.4g} HU".replace("-", "\N{MINUS SIGN}") in panel.here_words.text()
    panel.view._cursor = QPointF(1, 1)
    panel.view._tell_hover()
    assert panel.here_words.text() == ""
    assert math.isnan(panel.shown.value_at((0, 0, 0)))


def test_that_a_feature_of_the_nomogram_opens_its_map_and_a_covariate_the_record(
    page: PatientPage, qtbot: QtBot
) -> None:
    page.numbers.ruler.grab()
    axes = page.shown.ruler.axes
    keys = {spot.key for spot in page.numbers.ruler.spots if spot.key}
    assert keys == {axis.name for axis in axes if axis.table or axis.has_map}
    doors = {name for name in keys if name.startswith("A_")}
    assert doors == {axis.name for axis in axes if axis.is_feature and "_shape_" not in axis.name}
    name = max(doors)
    qtbot.mouseClick(
        page.numbers.ruler, Qt.MouseButton.LeftButton, pos=page.numbers.ruler.spot_of(name).rect.center().toPoint()
    )
    qtbot.waitUntil(lambda: page.right.voxels.map.shown is not None, timeout=20_000)
    assert f"A_{page.right.voxels.map.shown.name}" == name
    qtbot.keyClick(page.right.voxels.map.view, Qt.Key.Key_Escape)
    assert not page.right.has_map


def test_that_any_feature_can_be_chosen_and_is_computed_once(page: PatientPage, qtbot: QtBot) -> None:
    panel = opened(page, qtbot).right.voxels.map
    for box, text in ((panel.image, "wavelet-LLL"), (panel.of_family, "ngtdm"), (panel.feature, "Contrast")):
        box.setCurrentText(text)
        box.activated.emit(box.currentIndex())
        qtbot.waitUntil(lambda: panel.shown is not None, timeout=20_000)
    first = panel.shown
    assert first.name == "wavelet-LLL_ngtdm_Contrast"
    assert panel.signature.currentRow() == -1
    panel.signature.itemClicked.emit(panel.signature.item(0))
    panel.choose("original_firstorder_Entropy")
    panel.choose("A_wavelet-LLL_ngtdm_Contrast")
    qtbot.waitUntil(lambda: panel.shown is not None, timeout=20_000)
    assert panel.shown is first


def test_that_cancel_leaves_no_map_of_another_feature(page: PatientPage, qtbot: QtBot) -> None:
    panel = opened(page, qtbot, "original_firstorder_Mean").right.voxels.map
    panel.choose("wavelet-HHH_glcm_MCC")
    assert panel.cancel_button.isVisible()
    qtbot.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    assert panel.shown is None
    assert panel.cancel_button.isHidden()
    panel.choose("original_firstorder_Mean")
    qtbot.waitUntil(lambda: panel.shown is not None, timeout=20_000)


def test_that_another_patient_brings_the_numbers_back(page: PatientPage, qtbot: QtBot) -> None:
    opened(page, qtbot)
    page.desktop.choose_patient("P005")
    qtbot.waitUntil(lambda: page.shown.patient_id == "P005", timeout=20_000)
    assert not page.right.has_map
    assert page.right.voxels.map.view.planes is None


def test_that_who_sees_no_images_finds_no_door_to_a_map(show_as: Show, studied_project: Studied, qtbot: QtBot) -> None:
    window = show_as(studied_project("statistician"), "patient")
    qtbot.waitUntil(lambda: isinstance(window.current_page, PatientPage), timeout=20_000)
    page = window.current_page
    qtbot.waitUntil(lambda: page.shown is not None, timeout=20_000)
    page.numbers.ruler.grab()
    assert not any(spot.key.startswith("A_") for spot in page.numbers.ruler.spots)
    page.open_map()
    assert not page.right.has_map

"""The comparison as an oncologist, a statistician and a reader drive it: what both sides show, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication

from escc_desktop.gui.pages.compare import ComparePage
from escc_desktop.gui.pages.compare_board import Mode
from escc_desktop.gui.pages.compare_legend import BOTH, FIRST, SECOND
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.imaging.registration import STILL
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.store.kinds import SERIES, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.workflow.views.compare import ReadingPair

LEFT = Qt.MouseButton.LeftButton
WAIT = 20_000
PATIENT = "P003"
SHIFT_MM = 4.0


@pytest.fixture
def phases(studied_project):
    """Give a patient a second series of the same study (every HU 100 lower), and one of another frame of reference."""
    project = studied_project("coordinator")
    store = project._store
    uid = f"1.2.{int(PATIENT[1:])}"
    document = store.get(SERIES, uid)
    first = store.get(VOLUME, document.content["volume"])
    grid = first.geometry
    x, y, z = grid.origin_mm
    with store.write(project.principal, "import series") as writing:
        for name, origin, study in (
            ("1.9.same", (x, y, z), document.content["study_uid"]),
            ("1.9.moved", (x + SHIFT_MM, y, z), "1.3.later"),
        ):
            volume = Volume(first.hu - 100, Geometry(grid.size, grid.spacing_mm, origin))
            writing.put(VOLUME, volume)
            content = {**document.content, "volume": volume.digest, "study_uid": study, "description": name}
            writing.put(SERIES, Document(name, content))
    return uid


def _shown(show_as, project, qtbot, patient=PATIENT):
    window = show_as(project, "worklist" if project.principal.name != "statistician" else "agreement")
    window.desktop.choose_patient(patient)
    window.go("compare")
    qtbot.waitUntil(lambda: isinstance(window.current_page, ComparePage), timeout=WAIT)
    page = window.current_page
    _settle(page, qtbot)
    return page


def _settle(page, qtbot):
    qtbot.waitUntil(lambda: page.board.ready is not None and not page._opening.is_busy, timeout=WAIT)
    QApplication.processEvents()


def _choose(page, qtbot, place, uid):
    box = page.series[place]
    box.setCurrentIndex(box.findData(uid))
    box.activated.emit(box.currentIndex())
    _settle(page, qtbot)


def _two(page, qtbot, first, second):
    _choose(page, qtbot, 0, first)
    _choose(page, qtbot, 1, second)


def _wheel(view, notches):
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, -120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_that_two_phases_go_through_the_patient_together(show_as, studied_project, phases, qtbot):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _two(page, qtbot, phases, "1.9.same")
    board = page.board
    assert page.link_words.text() == "Linked by the position in the patient."
    # The lesion is marked at (4, -2, 130) mm: voxel (22, 15, 6) of a grid from (-40, -32, 100) by (2, 2, 5) mm.
    assert board.first.point == board.second.point == (22, 15, 6)
    before = board.first.index
    _wheel(board.first, 2)
    assert abs(board.first.index - before) == 2
    assert board.second.index == board.first.index
    _wheel(board.second, -1)
    assert board.first.index == board.second.index
    place = board.first.plane_to_widget(10, 12)
    qtbot.mouseClick(board.first, LEFT, pos=place.toPoint())
    assert board.first.point[:2] == (12, 10)
    assert board.second.point == board.first.point
    board.second.zoom(2.0, QPointF(50, 50))
    assert board.first.px_per_mm == pytest.approx(board.second.px_per_mm)
    qtbot.keyClick(board.first, Qt.Key.Key_2)
    assert (board.second.look.width, board.second.look.level) == (1500, -600)


def test_that_fading_mixes_greys_and_a_key_shows_one_in_place_of_the_other(show_as, studied_project, phases, qtbot):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _two(page, qtbot, phases, "1.9.same")
    board = page.board
    board.flip()
    qtbot.waitUntil(lambda: board.fused is not None, timeout=WAIT)
    assert board.mode is Mode.FADE
    assert board.alone.isVisible()
    assert not board.first.isVisible()
    one, other = (ready.image(Plane.AXIAL, 6).astype(int) for ready in (board.ready.first, board.ready.second))
    # Window 350/40: from -135 to 215 HU, with a step beyond either end for black and white.
    mixed = (np.clip(one, -136, 216) + np.clip(other, -136, 216)) / 2
    assert np.abs(board.fused.image(Plane.AXIAL, 6) - mixed).max() <= 1
    board.mix.slider.setValue(board.mix.slider.maximum())
    assert np.array_equal(board.fused.image(Plane.AXIAL, 6), other)
    board.flip()
    assert np.array_equal(board.fused.image(Plane.AXIAL, 6), one)


def test_that_a_checkerboard_is_made_of_squares_of_both(show_as, studied_project, phases, qtbot):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _two(page, qtbot, phases, "1.9.same")
    board = page.board
    board.toggle_checker()
    qtbot.waitUntil(lambda: board.fused is not None and board.fused.square_mm is not None, timeout=WAIT)
    one, other = (ready.image(Plane.AXIAL, 6) for ready in (board.ready.first, board.ready.second))
    seen = board.fused.image(Plane.AXIAL, 6)
    square = board.fused.square_mm
    for row, column in ((0, 0), (3, 35), (31, 0), (31, 39)):
        is_second = (int(row * 2.0 // square) + int(column * 2.0 // square)) % 2
        assert seen[row, column] == (other if is_second else one)[row, column]
    assert set(np.unique(one - seen)) == {0, 100}
    board.toggle_checker()
    assert board.mode is Mode.SIDE
    assert board.second.isVisible()


def test_that_series_of_two_frames_are_registered_first(show_as, studied_project, phases, qtbot):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _choose(page, qtbot, 0, phases)
    box = page.series[1]
    box.setCurrentIndex(box.findData("1.9.moved"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: page.board.link.motion is not None and "Registered" in page.link_words.text(), timeout=WAIT)
    x, _y, _z = page.board.link.motion.shift_of(page.board.ready.first.geometry)
    assert x == pytest.approx(SHIFT_MM, abs=2.5)
    assert page.board.buttons[Mode.FADE].isEnabled()


def test_that_a_registration_can_be_stopped_and_asked_for_again(show_as, studied_project, phases, qtbot, monkeypatch):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    monkeypatch.setattr("escc_desktop.gui.pages.compare.find_ready_motion", _waits_for_ever)
    _choose(page, qtbot, 0, phases)
    _choose(page, qtbot, 1, "1.9.moved")
    qtbot.waitUntil(page.cancel_button.isVisible, timeout=WAIT)
    qtbot.mouseClick(page.cancel_button, LEFT)
    assert "Not linked" in page.link_words.text()
    assert page.register_button.isVisible()
    assert "not laid over each other yet" in page.board.why_not(Mode.FADE)
    before = page.board.second.index
    _wheel(page.board.first, 1)
    assert page.board.second.index == before
    monkeypatch.setattr("escc_desktop.gui.pages.compare.find_ready_motion", lambda _ready, progress: STILL)
    qtbot.mouseClick(page.register_button, LEFT)
    qtbot.waitUntil(lambda: page.board.link.motion == STILL, timeout=WAIT)


def _waits_for_ever(_ready, progress):
    import time  # noqa: PLC0415

    while True:
        progress.advance(0, 1)
        time.sleep(0.01)


@pytest.mark.parametrize("role", ["oncologist", "statistician"])
def test_that_disagreement_is_painted_in_its_colours(show_as, studied_project, qtbot, role):
    window = show_as(studied_project(role), "agreement" if role == "statistician" else "worklist")
    patient = studied_project("coordinator").plan().repeat_patients[0]
    pair = ReadingPair(patient, f"{patient}/L1/A/first", f"{patient}/L1/B/first")
    window.desktop.go("compare", pair)
    qtbot.waitUntil(lambda: isinstance(window.current_page, ComparePage), timeout=WAIT)
    page = window.current_page
    _settle(page, qtbot)
    board, found = page.board, page.board.ready.opened.disagreement
    assert page.desktop.patient_id == patient
    assert f"Dice {found.dice:.3f}" in board.legend.numbers.text()
    board.choose_mode(Mode.DIFFERENCE)
    board.go_to_worst()
    board.set_strength(5)
    board.alone.choose_look(board.alone.look.annotations_toggled())
    qtbot.waitUntil(lambda: board.alone.index == found.worst_slice, timeout=WAIT)
    QApplication.processEvents()
    picture = board.alone.grab().toImage()
    for voxels, color in ((found.both, BOTH), (found.only_first, FIRST), (found.only_second, SECOND)):
        for row, column in np.argwhere(voxels[found.worst_slice])[:20]:
            at = board.alone.plane_to_widget(row, column).toPoint()
            if board.alone.rect().contains(at):
                seen = picture.pixelColor(at)
                assert _nearest(seen) == color, (row, column, seen.name())


def _nearest(seen):
    """Return which colour of the legend a tinted grey comes from."""

    def far(color):
        wanted = QColor(color)
        grey = min(
            (seen.red() - 0.75 * wanted.red()) / 0.25,
            (seen.green() - 0.75 * wanted.green()) / 0.25,
            (seen.blue() - 0.75 * wanted.blue()) / 0.25,
        )
        made = [0.25 * max(grey, 0) + 0.75 * part for part in (wanted.red(), wanted.green(), wanted.blue())]
        return sum(abs(a - b) for a, b in zip(made, (seen.red(), seen.green(), seen.blue()), strict=True))

    return min((BOTH, FIRST, SECOND), key=far)


def test_that_the_agreement_page_opens_the_pair_it_shows(show_as, studied_project, qtbot):
    window = show_as(studied_project("statistician"), "agreement")
    agreement = window.current_page
    qtbot.waitUntil(lambda: agreement.view is not None and agreement.pairs_card.shown is not None, timeout=WAIT)
    shown = agreement.pairs_card.shown
    qtbot.mouseClick(agreement.pairs_card.compare_button, LEFT)
    qtbot.waitUntil(lambda: isinstance(window.current_page, ComparePage), timeout=WAIT)
    page = window.current_page
    _settle(page, qtbot)
    assert page.board.ready.opened.disagreement.dice == pytest.approx(shown.dice)
    assert tuple(choice.session_id for choice in page.choices()) == shown.ids
    assert "your role sees no images" in page.board.first.caption[0]
    assert not page.series[0].isVisible()


def test_that_every_way_that_cannot_be_shown_says_why(show_as, studied_project, qtbot):
    page = _shown(show_as, studied_project("coordinator"), qtbot, "P005")
    board = page.board
    for mode in (Mode.FADE, Mode.CHECKER, Mode.DIFFERENCE):
        assert not board.buttons[mode].isEnabled()
        assert board.buttons[mode].toolTip() == board.why_not(mode) != ""
        board.choose_mode(mode)
        assert board.mode is Mode.SIDE
    for plane in Plane:
        board.choose_plane(plane)
        assert board.first.plane == board.second.plane == plane
    assert page.readings[0].toolTip() == "Your role sees no outlines."


def test_that_a_reader_before_the_end_sees_his_series_and_no_outline(show_as, small_project, qtbot):
    reader = small_project("A")
    for uid in ("1.2.1", "1.2.2", "1.2.3"):
        old = reader._store.get(SERIES, uid).content
        content = {"patient_id": f"P{uid[-1]}", "description": "ART", "study_date": "20240301", "study_uid": uid}
        document = Document(uid, {**old, **content, "phase": {"name": "arterial"}})
        reader._store.put(small_project("coordinator").principal, SERIES, document)
    window = show_as(reader, "reading")
    window.desktop.choose_patient("P1")
    window.go("compare")
    qtbot.waitUntil(lambda: isinstance(window.current_page, ComparePage), timeout=WAIT)
    page = window.current_page
    _settle(page, qtbot)
    assert [page.series[0].itemData(n) for n in range(page.series[0].count())] == ["1.2.1"]
    assert [page.readings[0].itemText(n) for n in range(page.readings[0].count())] == ["No outline"]
    assert "once every planned reading is signed" in page.readings[0].toolTip()


def test_that_another_way_of_showing_keeps_the_part_of_the_picture_that_is_shown(
    show_as, studied_project, phases, qtbot
):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _two(page, qtbot, phases, "1.9.same")
    board = page.board
    board.first.fit()
    board.choose_mode(Mode.FADE)
    qtbot.waitUntil(lambda: board.fused is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: board.alone.is_whole, timeout=WAIT)
    assert board.alone.px_per_mm == pytest.approx(board.alone.whole_px_per_mm)
    board.alone.zoom(3.0, board.alone.crosshair)
    board.choose_mode(Mode.SIDE)
    qtbot.waitUntil(board.first.isVisible, timeout=WAIT)
    for view in (board.first, board.second):
        assert view.px_per_mm == pytest.approx(3 * view.whole_px_per_mm)
    board.choose_mode(Mode.CHECKER)
    qtbot.wait(20)
    assert board.alone.px_per_mm == pytest.approx(3 * board.alone.whole_px_per_mm)


def test_that_the_slider_names_what_it_goes_from_and_to(show_as, studied_project, phases, qtbot):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _two(page, qtbot, phases, "1.9.same")
    mix = page.board.mix
    assert not mix.isVisible()
    page.board.choose_mode(Mode.FADE)
    first, second = (box.currentText() for box in page.series)
    left, right = mix.start.toolTip(), mix.end.toolTip()
    assert left != right
    assert set(left.split(" · ")) <= set(first.split(" · "))
    assert set(right.split(" · ")) <= set(second.split(" · "))
    assert mix.slider.accessibleName() == f"From {left} to {right}"
    page.board.choose_mode(Mode.CHECKER)
    assert (mix.start.text(), mix.end.text()) == ("Size of squares", "")


def test_that_registering_leaves_the_keyboard_with_the_pictures(show_as, studied_project, phases, qtbot):
    page = _shown(show_as, studied_project("oncologist"), qtbot)
    _two(page, qtbot, phases, "1.9.same")
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow, timeout=WAIT)
    page.register_button.setFocus()
    assert page.register_button.hasFocus()
    qtbot.mouseClick(page.register_button, LEFT)
    assert page.board.active.hasFocus()
    page.cancel_button.setFocus()
    qtbot.mouseClick(page.cancel_button, LEFT)
    assert page.board.active.hasFocus()

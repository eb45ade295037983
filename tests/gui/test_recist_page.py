"""The lesions page: the table with its reasons, the passport beside it, measurements taken into the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.recist import RecistPage
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.store.kinds import SERIES, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.workflow.passport import OUTLINED, PROPOSED
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.recist import RecistView

Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]
WAIT_MS = 20_000


@pytest.fixture
def open_page(show_as: Show, studied_project: Studied, qtbot: QtBot) -> Callable[[str], RecistPage]:
    def opened(name: str) -> RecistPage:
        window = show_as(studied_project(name), "recist")
        qtbot.waitUntil(lambda: isinstance(window.current_page, RecistPage), timeout=WAIT_MS)
        page = window.current_page
        assert isinstance(page, RecistPage)
        qtbot.waitUntil(lambda: page.shown is not None, timeout=WAIT_MS)
        return page

    return opened


def first_with_scans(page: RecistPage, qtbot: QtBot) -> None:
    """Walk to the first patient with a scan after the baseline."""
    while page.shown is None or len(page.shown.columns) < 2:
        before = page.shown
        page.step(1)
        qtbot.waitUntil(lambda before=before: page.shown is not before, timeout=WAIT_MS)


def test_that_the_page_opens_on_the_last_response_and_its_reason(
    open_page: Callable[[str], RecistPage], qtbot: QtBot
) -> None:
    page = open_page("statistician")
    first_with_scans(page, qtbot)
    view = page.shown
    assert view is not None
    names = [row.name for row in view.rows]
    row = names.index("Response, computed")
    assert page.why_title.text() == f"Response, computed: {view.rows[row].cells[-1].text}"
    assert view.rows[row].cells[-1].reason in page.why.text()
    page.table.look_at(0, 0)
    assert view.rows[0].cells[0].text in page.why_title.text()


def test_that_who_sees_no_images_is_told_so_beside_the_table(
    open_page: Callable[[str], RecistPage], qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.table.look_at(0, 0)
    qtbot.waitUntil(lambda: "sees no outlines" in page.passport.sentence.text(), timeout=WAIT_MS)
    assert page.passport.shown is None


def test_that_a_lesions_passport_is_shown_and_its_diameter_taken(
    open_page: Callable[[str], RecistPage], qtbot: QtBot
) -> None:
    page = open_page("oncologist")
    page.table.look_at(0, 0)
    qtbot.waitUntil(lambda: page.passport.shown is not None, timeout=WAIT_MS)
    entry = next(one for one in page.passport.shown.entries if one.kind == OUTLINED)
    offer = next(one for one in entry.offers if not one.by_hand)
    before = page.shown
    page.passport.take_measurement(offer)
    qtbot.waitUntil(lambda: page.shown is not before, timeout=WAIT_MS)
    assert page.shown.rows[0].cells[0].text == f"{offer.diameter_mm:.1f}"
    assert page.shown.rows[0].cells[0].session_id == offer.session_id


def test_that_a_proposal_is_shown_apart_from_what_was_drawn(
    open_page: Callable[[str], RecistPage], studied_project: Studied, qtbot: QtBot
) -> None:
    coordinator = studied_project("coordinator")
    series = next(one for one in coordinator.series() if one.content["patient_id"] == "P001")
    before: Volume = coordinator.volume(series.document_id)
    grid = before.geometry
    after = Volume(before.hu, Geometry(grid.size, grid.spacing_mm, (-36.0, -30.0, 104.0), grid.direction))
    content = {**series.content, "volume": after.digest, "study_uid": "1.9.1", "study_date": "20290502"}
    with coordinator._store.write(coordinator.principal, "a later CT") as writing:  # past the import
        writing.put(VOLUME, after)
        writing.put(SERIES, Document("1.9.2", content))
    page = open_page("oncologist")
    page.desktop.choose_patient("P001")
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.patient_id == "P001", timeout=WAIT_MS)
    page.table.look_at(0, 0)
    qtbot.waitUntil(lambda: page.passport.shown is not None, timeout=WAIT_MS)
    page.passport.propose(page.project, "1.9.2")
    qtbot.waitUntil(lambda: any(one.kind == PROPOSED for one in page.passport.shown.entries), timeout=WAIT_MS)
    words = [one.text() for tile in page.passport.tiles for one in tile.findChildren(type(page.why))]
    assert any("PROPOSAL" in one for one in words)


def test_that_the_passport_is_written(open_page: Callable[[str], RecistPage], qtbot: QtBot, tmp_path: Path) -> None:
    page = open_page("oncologist")
    page.table.look_at(0, 0)
    qtbot.waitUntil(lambda: page.passport.shown is not None, timeout=WAIT_MS)
    path = tmp_path / "passport.pdf"
    page.passport.print_to(str(path))
    qtbot.waitUntil(lambda: path.with_name("passport.pdf.json").exists(), timeout=WAIT_MS)
    assert path.read_bytes().startswith(b"%PDF")


def test_that_the_keys_walk_through_the_patients(open_page: Callable[[str], RecistPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    first = page.shown.patient_id
    page.step(1)
    qtbot.waitUntil(lambda: page.shown.patient_id != first, timeout=WAIT_MS)
    assert page.patients.currentText() == page.shown.patient_id == page.desktop.patient_id
    page.step(-1)
    qtbot.waitUntil(lambda: page.shown.patient_id == first, timeout=WAIT_MS)


def test_that_another_page_leads_to_a_patients_lesions(open_page: Callable[[str], RecistPage], qtbot: QtBot) -> None:
    page = open_page("oncologist")
    wanted = page.shown.patients[4]
    page.desktop.go("trial")
    page.desktop.go("recist", wanted)
    qtbot.waitUntil(lambda: page.isVisible() and page.shown.patient_id == wanted, timeout=WAIT_MS)


def test_that_without_records_the_page_says_what_it_is_for(open_page: Callable[[str], RecistPage]) -> None:
    page = open_page("oncologist")
    page._take(RecistView((), ""))  # as of a project without records
    assert not page.body.isVisible()

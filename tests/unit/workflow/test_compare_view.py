"""What may be compared, by whom, and what two outlines have in common."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.imaging.registration import AIR_HU, STILL
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.protocol import Protocol
from escc_desktop.store.kinds import PLAN, SERIES, SESSION, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.compare import (
    SideChoice,
    comparable,
    find_motion,
    lay_over,
    open_comparison,
)


def _open(project, known, first, second):
    return open_comparison(project, known, first, second, Progress())


def _pair(known):
    by_words = {one.words.split("reader ")[1]: one for one in known.readings}
    first, second = by_words["A, first reading"], by_words["B, first reading"]
    return SideChoice(first.series_uid, first.session_id), SideChoice(second.series_uid, second.session_id)


def _repeated(project):
    """Return a patient who was read three times, as the person sees him."""
    return next(
        known
        for patient in comparable(project, "", Progress()).patients
        if len((known := comparable(project, patient, Progress())).readings) == 3
    )


def _add_series(project, like, uid, **content):
    """Store another series of a patient, shifted by a voxel, as an import would."""
    store = project._store
    document = store.get(SERIES, like)
    grid = store.get(VOLUME, document.content["volume"]).geometry
    x, y, z = grid.origin_mm
    moved = Geometry(grid.size, grid.spacing_mm, (x + 2.0, y, z))
    volume = Volume(np.roll(store.get(VOLUME, document.content["volume"]).hu, 1, axis=1), moved)
    with store.write(project.principal, "import series") as writing:
        writing.put(VOLUME, volume)
        writing.put(SERIES, Document(uid, {**document.content, "volume": volume.digest, **content}))


def test_that_disagreement_is_counted_voxel_by_voxel(studied_project):
    project = studied_project("oncologist")
    known = _repeated(project)
    first, second = _pair(known)
    opened = _open(project, known, first, second)
    one, other = opened.first.outline, opened.second.outline
    found = opened.disagreement
    assert np.array_equal(found.both, np.logical_and(one, other))
    assert not (found.only_first & other).any()
    assert not (found.only_second & one).any()
    assert (found.both | found.only_first | found.only_second).sum() == np.logical_or(one, other).sum()
    assert found.per_slice[found.worst_slice] == max(found.per_slice)
    assert sum(found.per_slice) == (one != other).sum()
    both, left, right = found.volumes_mm3
    assert found.dice == pytest.approx(2 * both / (2 * both + left + right))
    assert opened.motion == STILL


def test_that_the_statistician_gets_outlines_and_not_one_voxel_of_the_image(studied_project):
    project = studied_project("statistician")
    known = _repeated(project)
    assert not known.has_images
    assert known.series == ()
    opened = _open(project, known, *_pair(known))
    assert (opened.first.volume.hu == AIR_HU).all()
    whole = _open(studied_project("oncologist"), _repeated(studied_project("oncologist")), *_pair(known))
    assert opened.disagreement.dice == whole.disagreement.dice
    start = opened.first.first_slice
    assert start + opened.disagreement.worst_slice == whole.disagreement.worst_slice
    z = slice(start, start + len(opened.first.volume.hu))
    assert whole.first.outline[z].sum() == opened.first.outline.sum() == whole.first.outline.sum()
    with pytest.raises(EsccError, match="outlines only"):
        _open(project, known, SideChoice("", known.readings[0].session_id), SideChoice(""))


def test_that_readers_compare_outlines_only_after_the_last_signature(studied_project):
    reader = studied_project("A")
    known = _repeated(reader)
    assert len(known.readings) == 3, "everything is signed in this study"
    assert known.window is None
    session = next(one for one in reader._store.all(SESSION) if one.is_signed)
    reader._store.put(
        studied_project("coordinator").principal,
        SESSION,
        replace(session, session_id="P001/L9/B/first", reader="B", state="open", signed_at=None),
    )
    again = comparable(reader, known.patient_id, Progress())
    assert again.readings == ()
    assert "once every planned reading is signed" in again.why_no_readings
    with pytest.raises(AccessDeniedError):
        _open(reader, again, *_pair(known))


def test_that_a_reader_is_held_to_the_window_of_his_readings_while_they_go_on(small_study, tmp_path):
    study = small_study.build(tmp_path / "project")
    with study.store:
        for uid in ("1.2.1", "1.2.2", "1.2.3"):
            old = study.store.get(SERIES, uid).content
            content = {"patient_id": f"P{uid[-1]}", "description": "", "study_date": "", "study_uid": uid}
            document = Document(uid, {**old, **content, "phase": {"name": "arterial"}})
            study.store.put(study.people["coordinator"], SERIES, document)
        rules = Protocol(window=(350, 40))
        study.store.put(study.people["coordinator"], PLAN, replace(study.plan, protocol=rules), "test")
        assert comparable(Project(study.store, study.people["A"]), "P1", Progress()).window == (350, 40)
        assert comparable(Project(study.store, study.people["oncologist"]), "P1", Progress()).window is None


def test_that_series_of_one_frame_are_linked_and_others_are_not(studied_project):
    project = studied_project("coordinator")
    own = comparable(project, "P003", Progress()).series[0]
    _add_series(project, own.series_uid, "1.2.same", frame_uid="7.1")
    _add_series(project, own.series_uid, "1.2.later", study_uid="1.3.later", frame_uid="7.2")
    _add_series(project, own.series_uid, "1.2.moved", frame_uid="7.3")
    known = comparable(project, "P003", Progress())
    assert len(known.series) == 4

    def motion(first, second):
        return _open(project, known, SideChoice(first), SideChoice(second)).motion

    assert motion(own.series_uid, "1.2.same") == STILL, "the first names no frame: one study"
    assert motion(own.series_uid, "1.2.later") is None
    assert motion("1.2.same", "1.2.moved") is None, "one study, but two frames by the scanner's word"
    assert motion("1.2.same", "1.2.same") == STILL


def test_that_the_second_series_is_laid_over_the_first_by_position(studied_project):
    project = studied_project("coordinator")
    own = comparable(project, "P003", Progress()).series[0]
    _add_series(project, own.series_uid, "1.2.same", description="VEN")
    known = comparable(project, "P003", Progress())
    opened = _open(project, known, SideChoice(own.series_uid), SideChoice("1.2.same"))
    over = lay_over(opened, opened.motion, Progress())
    assert over.geometry.difference(opened.first.volume.geometry) is None
    # Rolled by a row and moved by a column of 2 mm: voxel (z, y, x) shows what lay at (z, y - 1, x - 1).
    assert np.array_equal(over.hu[:, 1:, 1:], opened.first.volume.hu[:, :-1, :-1])
    found = find_motion(opened, Progress())
    assert found.angle_deg < 5


def test_that_only_series_and_readings_of_the_patient_are_offered(studied_project):
    project = studied_project("coordinator")
    known = comparable(project, "P005", Progress())
    assert known.patient_id == "P005"
    assert known.readings == ()
    assert known.why_no_readings == "Your role sees no outlines."
    assert comparable(project, "nobody", Progress()).patient_id == known.patients[0]
    with pytest.raises(AccessDeniedError):
        _open(project, known, SideChoice(known.series[0].series_uid, "P005/L1/A/first"), SideChoice("x"))

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import event, text

from escc_desktop.errors import EsccError
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.store import kinds
from escc_desktop.store.records import Document, document_kind
from escc_desktop.store.store import Login, Store

NOTE = document_kind("note")


@pytest.fixture
def project(small_study, tmp_path):
    clock = small_study.Clock()
    store, admin = small_study.empty_project(tmp_path / "project", clock)
    yield store, admin, clock
    store.close()


def test_that_what_was_put_comes_back_after_reopening(project, small_study):
    store, admin, _ = project
    content = {"id": "P1", "values": [1, 2.5, None, "食管"], "nested": {"a": True}}
    store.put(admin, kinds.PATIENT, Document("P1", content))
    store.close()
    with Store.open(store.folder, small_study.PASSPHRASE) as again:
        assert again.get(kinds.PATIENT, "P1") == Document("P1", content)
        assert again.all(kinds.PATIENT) == (Document("P1", content),)
        assert again.find(kinds.PATIENT, "P2") is None
        with pytest.raises(EsccError, match="no patient P2"):
            again.get(kinds.PATIENT, "P2")


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64", ">i2", "uint8"])
def test_that_a_volume_comes_back_bit_for_bit_read_only(project, dtype):
    store, admin, _ = project
    geometry = Geometry((5, 4, 3), (0.7, 0.7, 1.25), (-1.1, 2.2, 3.3), (0, 1, 0, -1, 0, 0, 0, 0, 1))
    hu = np.random.default_rng(1).integers(0, 200, geometry.shape).astype(dtype)
    volume = Volume(hu, geometry)
    store.put(admin, kinds.VOLUME, volume)
    found = store.get(kinds.VOLUME, volume.digest)
    assert np.array_equal(found.hu, hu)
    assert found.digest == volume.digest
    assert found.geometry.affine.tolist() == geometry.affine.tolist()
    assert not found.hu.flags.writeable


def test_that_the_plan_and_its_sessions_come_back_equal(small_study, tmp_path):
    study = small_study.build(tmp_path / "project")
    with study.store as store:
        assert store.get(kinds.PLAN, kinds.PLAN_ID) == study.plan
        assert set(store.all(kinds.SESSION)) == set(study.plan.sessions)
        lesion = store.get(kinds.LESION, kinds.lesion_key("P1", "L1"))
        assert (lesion.patient_id, lesion.point_mm) == ("P1", (0.0, 0.0, 104.0))


def test_that_records_are_revised_and_every_revision_stays(project):
    store, admin, clock = project
    for number in range(3):
        store.put(admin, NOTE, Document("x", {"number": number}), reason=f"change {number}")
        clock.forward(timedelta(hours=1))
    history = store.history(NOTE, "x")
    assert [revision.thing.content["number"] for revision in history] == [0, 1, 2]
    assert [revision.revision for revision in history] == [1, 2, 3]
    assert [revision.reason for revision in history] == ["change 0", "change 1", "change 2"]
    assert {revision.author for revision in history} == {admin.account_id}
    assert history[2].utc - history[0].utc == timedelta(hours=2)
    assert history[0].seq < history[1].seq < history[2].seq
    assert store.get(NOTE, "x").content["number"] == 2


@pytest.mark.parametrize("table", ["record", "audit", "journal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_that_the_database_itself_refuses_to_overwrite(small_study, tmp_path, table, statement):
    study = small_study.build(tmp_path / "project", patients=1, repeats=0)
    study.sign("P1/L1/A/first")
    with (
        study.store as store,
        pytest.raises(Exception, match=r"never overwritten|never deleted|append-only"),
        store._database.write() as connection,
    ):
        connection.execute(text(statement.format(table)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reading SET sealed_owner = x'00'",
        "UPDATE reading SET sealed_project = NULL",
        "DELETE FROM reading",
        "INSERT INTO journal VALUES ('P1/L1/A/first', 99, x'00')",
        "INSERT INTO record SELECT NULL, kind, record_id, 9, '', '', '', NULL, '', '' FROM record WHERE kind='session'",
        "INSERT INTO record SELECT NULL, kind, record_id, 9, '', '', '', NULL, '', '' FROM record WHERE kind='roi'",
    ],
)
def test_that_the_database_itself_keeps_a_signed_reading(small_study, tmp_path, statement):
    study = small_study.build(tmp_path / "project", patients=1, repeats=0)
    study.sign("P1/L1/A/first")
    with (
        study.store as store,
        pytest.raises(Exception, match=r"(?i)a signed reading is final|cannot be deleted"),
        store._database.write() as connection,
    ):
        connection.execute(text(statement))


def test_that_a_change_to_a_stale_revision_is_refused_whole(project):
    store, admin, _ = project
    store.put(admin, NOTE, Document("x", {}))
    store.put(admin, NOTE, Document("x", {}))

    def write_stale():
        with store.write(admin, "edit") as writing:
            writing.put(NOTE, Document("y", {}))
            writing.put(NOTE, Document("x", {}), after=1)

    with pytest.raises(EsccError, match="changed meanwhile"):
        write_stale()
    assert store.find(NOTE, "y") is None
    with store.write(admin, "edit") as writing:
        writing.put(NOTE, Document("x", {"new": 1}), after=2)
        writing.put(NOTE, Document("z", {}), after=0)
    assert store.get(NOTE, "x").content == {"new": 1}


def test_that_an_error_in_the_block_writes_nothing(project):
    store, admin, _ = project
    rows = len(store.ledger.rows())

    def write_and_fail():
        with store.write(admin, "edit") as writing:
            writing.put(NOTE, Document("x", {}))
            raise KeyError("stop")

    with pytest.raises(KeyError):
        write_and_fail()
    assert store.find(NOTE, "x") is None
    assert len(store.ledger.rows()) == rows


def test_that_a_reader_of_the_database_cannot_write(project):
    store, *_ = project
    with pytest.raises(EsccError), store._database.read() as connection:
        connection.execute(text("DELETE FROM meta"))


def test_that_every_write_transaction_begins_immediate(project):
    store, admin, _ = project
    statements = []
    event.listen(store._database._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    store.put(admin, NOTE, Document("x", {}))
    begins = [statement for statement in statements if statement.startswith("BEGIN")]
    assert begins == ["BEGIN IMMEDIATE"]
    statements.clear()
    store.get(NOTE, "x")
    assert "BEGIN" in statements
    assert "PRAGMA query_only = ON" in statements


def test_that_commits_are_durable_and_pages_encrypted(project):
    store, admin, _ = project
    with store._database.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    store.put(admin, kinds.PATIENT, Document("PLANTED-NAME", {"x": "PLANTED-CONTENT"}))
    store.close()
    for path in store.folder.rglob("*"):
        if path.is_file():
            assert b"PLANTED" not in path.read_bytes()


def test_that_nothing_is_called_written_once_the_folder_is_gone(project, tmp_path):
    store, admin, _ = project
    store.put(admin, kinds.PATIENT, Document("P1", {}))
    elsewhere = store.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(EsccError, match="folder is gone"):
        store.put(admin, kinds.PATIENT, Document("P2", {}))
    elsewhere.rename(store.folder)
    store.put(admin, kinds.PATIENT, Document("P2", {}))
    assert {document.document_id for document in store.all(kinds.PATIENT)} == {"P1", "P2"}


def test_that_a_backup_is_the_same_project(small_study, tmp_path):
    study = small_study.build(tmp_path / "project", patients=2, repeats=1)
    roi = study.sign("P1/L1/A/first")
    with study.store as store:
        notes = []
        store.back_up(study.people["admin"], tmp_path / "backup", Progress(lambda _, note: notes.append(note)))
        store.put(study.people["admin"], NOTE, Document("later", {}))
        head = store.ledger.head()
    assert notes
    with Store.open(tmp_path / "backup", small_study.PASSPHRASE) as backup:
        assert backup.verify() == ()
        statistician = study.people["statistician"]
        assert backup.get(kinds.ROI, "P1/L1/A/first", statistician).mask.digest == roi.mask.digest
        assert backup.find(NOTE, "later") is None
        assert backup.ledger.head().seq == head.seq - 1


def test_that_a_cancelled_backup_is_no_project(small_study, tmp_path):
    study = small_study.build(tmp_path / "project", patients=2, repeats=1)
    with study.store as store, pytest.raises(Cancelled):
        store.back_up(study.people["admin"], tmp_path / "backup", Progress(is_cancelled=lambda: True))
    with pytest.raises(EsccError, match="no project"):
        Store.open(tmp_path / "backup", small_study.PASSPHRASE)


def test_that_a_project_is_not_created_over_anything(small_study, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(EsccError, match="not empty"):
        small_study.empty_project(tmp_path, small_study.Clock())
    with pytest.raises(EsccError, match="cannot be used"):
        small_study.empty_project(tmp_path / "letter.txt", small_study.Clock())
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_that_a_missing_project_is_said_so(small_study, tmp_path):
    with pytest.raises(EsccError, match="There is no folder"):
        Store.open(tmp_path / "nowhere", small_study.PASSPHRASE)
    with pytest.raises(EsccError, match="no project"):
        Store.open(tmp_path, small_study.PASSPHRASE)


def test_that_a_project_needs_an_administrator_with_a_password(small_study, tmp_path):
    for login in (Login("", small_study.PASSWORD), Login("admin", "short")):
        with pytest.raises(EsccError):
            Store.create(tmp_path / "project", small_study.PASSPHRASE, login, cost=small_study.CHEAP)
        assert not (tmp_path / "project").exists()

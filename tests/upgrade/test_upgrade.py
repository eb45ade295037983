from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.reading.lesion import LesionSite
from escc_desktop.store import kinds
from escc_desktop.store.audit import AuditHead
from escc_desktop.store.lock import Passphrase, RecoveryKey
from escc_desktop.store.migrations import HEAD, schema_revision
from escc_desktop.store.store import Store
from escc_desktop.workflow.desk import ReadingDesk, verify_signature

HERE = Path(__file__).parent
REVISIONS = sorted(path.name for path in HERE.glob("revision_*"))
PASSWORD = "an old password"
BOX = np.zeros((3, 8, 9), dtype=bool)
BOX[1, 2:5, 3:7] = True


def test_that_every_schema_revision_has_its_project():
    assert REVISIONS[-1] == f"revision_{HEAD}"


@pytest.fixture(params=REVISIONS)
def old(request, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(HERE / request.param, folder)
    expected = json.loads((folder / "expected.json").read_text())
    opened = Store.open(folder, Passphrase("an old passphrase"), clock=lambda: datetime(2024, 3, 14, tzinfo=UTC))
    yield opened, expected
    opened.close()


def test_that_an_old_project_is_brought_up_to_date_and_is_sound(old):
    store, expected = old
    with store._database.read() as connection:
        assert schema_revision(connection) == HEAD
    assert store.verify() == ()
    store.ledger.verify(expected=AuditHead(*expected["audit"]))


def test_that_an_old_project_opens_with_its_recovery_key(old):
    store, expected = old
    store.close()
    Store.open(store.folder, RecoveryKey(expected["recovery_key"])).close()


def test_that_old_records_are_what_they_were(old):
    store, _ = old
    assert [revision.thing.content for revision in store.history(kinds.PATIENT, "P1")] == [
        {"age_years": 61},
        {"age_years": 62},
    ]
    lesion = store.get(kinds.LESION, "P1/L1")
    assert (lesion.site, lesion.irradiated, lesion.point_mm) == (LesionSite.PRIMARY, True, (-7.5, 23.25, -25.0))
    plan = store.get(kinds.PLAN, kinds.PLAN_ID)
    assert (plan.seed, plan.apart, plan.within) == (7, timedelta(days=10), timedelta(days=30))
    assert plan.repeat_patients == ("P1",)
    volume = store.get(kinds.VOLUME, store.get(kinds.SERIES, "1.2.3").content["volume"])
    assert volume.hu.dtype == np.int16
    assert np.array_equal(volume.hu.ravel(), np.arange(216) - 100)
    assert volume.geometry.origin_mm == (-10.5, 20.25, -30.0)


def test_that_an_old_signed_reading_is_what_was_signed(old):
    store, _ = old
    roi = store.get(kinds.ROI, "P1/L1/A/first", store.accounts.log_in("stat", PASSWORD))
    assert np.array_equal(roi.mask.voxels, BOX)
    assert roi.tools == ("brush",)
    assert (roi.signature.name, roi.signature.meaning) == ("A", "outlined by me")
    assert roi.signature.at == datetime(2024, 3, 1, 8, 0, tzinfo=UTC)
    verify_signature(store, roi)


def test_that_an_old_open_reading_goes_on_where_it_was_left(old):
    store, _ = old
    reader = store.accounts.log_in("A", PASSWORD)
    with ReadingDesk(store, reader).open("P1/L1/A/repeat") as reading:
        assert np.array_equal(reading.mask().voxels[0], BOX[1])
        assert reading.history.redo_name == "Redo eraser, slice 0"
        reading.sign(PASSWORD, "outlined again")
    with pytest.raises(EsccError, match="signed"):
        ReadingDesk(store, reader).open("P1/L1/A/repeat")

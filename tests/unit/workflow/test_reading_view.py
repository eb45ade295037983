"""What the reading page is told: a reader's own sessions, in the order of the plan, and when each opens."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError
from escc_desktop.features.params import load_params
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.reading.session import Occasion, Reader
from escc_desktop.workflow.change import Change
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.reading import open_reading, reading_agenda, sign_reading


def test_that_a_reader_sees_his_own_sessions_in_the_order_of_the_plan(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "project", patients=5, repeats=3)
    project = Project(study.store, study.people["A"])
    planned = [one for one in study.plan.sessions if one.reader is Reader.A and one.occasion is Occasion.FIRST]
    agenda = reading_agenda(project, Progress())
    assert [item.session.session_id for item in agenda] == [one.session_id for one in planned]
    assert all(item.verdict and not item.is_begun for item in agenda)
    signed = next(one for one in planned if one.patient_id in study.plan.repeat_patients)
    study.sign(signed.session_id)
    agenda = reading_agenda(project, Progress())
    # The repeat shows up with its first reading signed, and says from when it may be opened.
    assert agenda[-1].session.session_id == signed.session_id.replace("first", "repeat")
    assert agenda[-1].verdict.opens_at == study.clock.now + timedelta(days=10)
    study.clock.forward(timedelta(days=10))
    assert reading_agenda(project, Progress())[-1].verdict
    study.clock.forward(timedelta(days=21))
    late = reading_agenda(project, Progress())[-1].verdict
    assert not late
    assert late.opens_at is None
    study.store.close()


def test_that_who_does_not_read_has_no_agenda(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "project")
    for name in ("admin", "coordinator", "statistician", "oncologist"):
        with pytest.raises(AccessDeniedError):
            reading_agenda(Project(study.store, study.people[name]), Progress())
    study.store.close()


def test_that_a_signature_is_told_and_bound_to_the_settings_of_extraction(
    small_study: ModuleType, tmp_path: Path
) -> None:
    study = small_study.build(tmp_path / "project")
    project = Project(study.store, study.people["A"])
    told: list[Change] = []
    project.on_change(told.append)
    reading = open_reading(project, "P1/L1/A/first", Progress())
    reading.edit("brush", 2, np.ones((12, 10), dtype=np.bool_))
    roi = sign_reading(project, reading, small_study.PASSWORD, "outlined by me", Progress())
    assert roi.signature is not None
    assert dict(roi.signature.content)["params"] == load_params("ct_arterial").digest
    assert [change.kinds for change in told] == [{"session"}, {"session", "roi"}]
    assert reading_agenda(project, Progress())[0].session.reader is Reader.A
    study.store.close()


def test_that_a_cancelled_opening_leaves_the_reading_closed(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "project")
    project = Project(study.store, study.people["A"])
    with pytest.raises(Cancelled):
        open_reading(project, "P1/L1/A/first", Progress(is_cancelled=lambda: True))
    with open_reading(project, "P1/L1/A/first", Progress()) as reading:
        reading.edit("brush", 2, np.ones((12, 10), dtype=np.bool_))
    study.store.close()

"""What the administration may know, and what an administrator does about accounts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Role
from escc_desktop.store.crypto import WrongKeyError
from escc_desktop.store.store import Login
from escc_desktop.workflow.parts import parts
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.admin import AdminView, PlanView, admin_view, replace_password


def view_of(study: object, name: str) -> AdminView:
    return admin_view(Project(study.store, study.people[name]), Progress())  # type: ignore[attr-defined]


def plan_of(study: object) -> PlanView:
    plan = view_of(study, "coordinator").plan
    assert plan is not None
    return plan


def test_that_an_administrator_sees_nothing_of_the_readings_and_a_coordinator_no_accounts(
    small_study: ModuleType, tmp_path: Path
) -> None:
    study = small_study.build(tmp_path / "study")
    admin, coordinator = view_of(study, "admin"), view_of(study, "coordinator")
    assert (admin.plan, admin.is_planned) == (None, None)
    assert admin.people is not None
    assert admin.trail is not None
    assert (coordinator.people, coordinator.trail) == (None, None)
    assert coordinator.plan is not None
    for name in ("A", "statistician", "oncologist"):
        other = view_of(study, name)
        assert (other.people, other.plan, other.trail, other.may_back_up) == (None, None, None, False)


def test_that_repeats_wait_come_due_and_are_late_as_the_plan_says(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "study")
    patients = study.plan.repeat_patients
    assert plan_of(study).repeats == {"unread": 2}
    study.sign(small_study.session_id(patients[0], "A"))
    first_at = study.clock.now
    assert plan_of(study).repeats == {"unread": 1, "early": 1}
    study.clock.forward(timedelta(days=10))
    due = plan_of(study)
    assert due.repeats == {"unread": 1, "due": 1}
    assert due.earliest_close == first_at + timedelta(days=30)
    study.clock.forward(timedelta(days=20, seconds=1))
    late = plan_of(study)
    assert late.repeats == {"unread": 1, "late": 1}
    assert late.earliest_close is None
    counts = {(count.reader, count.occasion): (count.signed, count.total) for count in late.counts}
    assert counts == {("A", "first"): (1, 3), ("B", "first"): (0, 2), ("A", "repeat"): (0, 2)}


def test_that_the_trail_tells_who_signed_in_last_and_what_a_row_is_about(
    small_study: ModuleType, tmp_path: Path
) -> None:
    study = small_study.build(tmp_path / "study")
    study.clock.forward(timedelta(days=3))
    study.store.accounts.log_in("A", small_study.PASSWORD)
    with pytest.raises(AccessDeniedError):
        study.store.accounts.log_in("B", "wrong password")
    view = view_of(study, "admin")
    assert view.people is not None
    assert view.trail is not None
    last = {person.name: person.last_signed_in for person in view.people.people}
    assert last["A"] == study.clock.now
    assert last["B"] == study.clock.now - timedelta(days=3)
    newest = view.trail.rows[0]
    assert (newest.who, newest.action, newest.subject) == ("B", "log in", "wrong password")
    set_up = next(row for row in view.trail.rows if row.action == "set up")
    assert "lesion p1/l1" in set_up.search
    assert "volume" not in set_up.subject


def test_that_the_recovery_key_replaces_a_lost_password_and_no_other_does(
    small_study: ModuleType, tmp_path: Path
) -> None:
    login = Login("admin", small_study.PASSWORD)
    made = Project.create(tmp_path / "study", small_study.PASSPHRASE, login, cost=small_study.CHEAP)
    with made.project as project:
        project.add_account(Login("nora", "forgotten soon"), Role.ONCOLOGIST)
        new = Login("nora", "another password")
        other = "-".join(["ABCD"] * 8)
        with pytest.raises(WrongKeyError):
            replace_password(project, new, other, "forgot it", Progress())
        with pytest.raises(EsccError, match="no reason"):
            replace_password(project, new, made.recovery_key, " ", Progress())
        replace_password(project, new, made.recovery_key.lower().replace("-", " "), "forgot it", Progress())
        assert project.log_in(new).principal.role is Role.ONCOLOGIST
        with pytest.raises(AccessDeniedError):
            project.log_in(Login("nora", "forgotten soon"))


@pytest.mark.parametrize("name", ["A", "coordinator", "statistician", "oncologist"])
def test_that_only_administrators_manage_accounts(name: str, small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "study")
    with pytest.raises(AccessDeniedError):
        Project(study.store, study.people[name]).people()


def test_that_an_administrator_cannot_keep_himself_out(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "study")
    project = Project(study.store, study.people["admin"])
    with pytest.raises(EsccError, match="your own account"):
        project.people().disable(study.people["admin"].account_id, "by mistake")


def test_that_what_the_program_stands_on_is_listed_with_versions_and_licences() -> None:
    listed = {part.name.lower(): part for part in parts(Progress())}
    assert {"numpy", "simpleitk", "pyradiomics", "sqlcipher3", "fluent system icons"} <= set(listed)
    assert listed["sqlcipher3"].licence == "Zlib AND BSD-3-Clause AND Apache-2.0"
    assert not {"pytest", "mypy", "lifelines", "hypothesis"} & set(listed)

"""Folders written whole or not at all; backups cancelled half-way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.store.kinds import PLAN, PLAN_ID
from escc_desktop.store.store import Login
from escc_desktop.workflow.backup import restore_project
from escc_desktop.workflow.folders import whole_folder
from escc_desktop.workflow.project import Project


def test_that_a_folder_appears_at_the_end_only(tmp_path: Path) -> None:
    target = tmp_path / "new" / "results"
    with whole_folder(target) as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["a.txt"]
    assert [path.name for path in target.parent.iterdir()] == ["results"]


def test_that_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "results"
    target.mkdir()
    (target / "marker").write_text("old", encoding="utf-8")

    def fail() -> None:
        with whole_folder(target, "marker") as folder:
            (folder / "marker").write_text("new", encoding="utf-8")
            raise Cancelled

    with pytest.raises(Cancelled):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    assert (target / "marker").read_text(encoding="utf-8") == "old"


def test_that_an_earlier_result_is_replaced_and_other_work_is_not(tmp_path: Path) -> None:
    target = tmp_path / "results"
    for text in ("old", "new"):
        with whole_folder(target, "marker") as folder:
            (folder / "marker").write_text(text, encoding="utf-8")
    assert (target / "marker").read_text(encoding="utf-8") == "new"
    with pytest.raises(EsccError, match="holds other work"), whole_folder(target, "another"):
        pytest.fail("never entered")


def seen_by(study: object, name: str) -> Project:
    return Project(study.store, study.people[name])  # type: ignore[attr-defined]


def test_that_a_cancelled_backup_or_restore_leaves_nothing(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "project")
    with study.store:
        coordinator = seen_by(study, "coordinator")
        with pytest.raises(Cancelled):
            coordinator.back_up(tmp_path / "copy", Progress(is_cancelled=lambda: True))
        assert [path.name for path in tmp_path.iterdir()] == ["project"]
        coordinator.back_up(tmp_path / "copy", Progress())
    login = Login("coordinator", small_study.PASSWORD)
    with pytest.raises(Cancelled):
        restore_project(
            tmp_path / "copy", tmp_path / "again", small_study.PASSPHRASE, login, Progress(is_cancelled=lambda: True)
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "project"]


def test_that_only_those_who_may_get_a_restored_project(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "project")
    with study.store:
        seen_by(study, "coordinator").back_up(tmp_path / "copy", Progress())
    with pytest.raises(AccessDeniedError, match="may not back up"):
        restore_project(
            tmp_path / "copy", tmp_path / "x", small_study.PASSPHRASE, Login("A", small_study.PASSWORD), Progress()
        )
    assert not (tmp_path / "x").exists()


def test_that_a_prolonged_plan_keeps_the_first_and_the_reason(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "project")
    with study.store:
        coordinator = seen_by(study, "coordinator")
        with pytest.raises(EsccError, match="no reason"):
            coordinator.prolong_plan(timedelta(days=45), " ")
        with pytest.raises(EsccError, match="only ever made longer"):
            coordinator.prolong_plan(timedelta(days=30), "no change")
        with pytest.raises(AccessDeniedError):
            seen_by(study, "statistician").prolong_plan(timedelta(days=45), "impatience")
        coordinator.prolong_plan(timedelta(days=45), "the scanner stood still")
        history = study.store.history(PLAN, PLAN_ID)
    assert [revision.thing.within.days for revision in history] == [30, 45]
    assert [revision.reason for revision in history] == ["", "the scanner stood still"]
    assert history[0].thing.sessions == history[1].thing.sessions

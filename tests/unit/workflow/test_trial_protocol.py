"""A project's own protocol: read through one place, audited, refused whole where it does not fit what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from escc_desktop.errors import AccessDeniedError, EsccError, FaultsError
from escc_desktop.i18n import printing_in
from escc_desktop.resources import resource_path
from escc_desktop.trial.columns import table_specs
from escc_desktop.trial.eligibility import judge
from escc_desktop.trial.protocol import load_protocol, put_in_force
from escc_desktop.trial.rules import load_rules
from escc_desktop.trial.schedule import planned_scans
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.records_entry import TableEntry
from escc_desktop.workflow.records_lock import WHOLE_TRIAL, RecordState
from escc_desktop.workflow.trial_results import summarise
from escc_desktop.workflow.views.records_form import make_form

TEXT = resource_path("trial", "protocol.toml").read_text(encoding="utf-8")
OTHER = (
    TEXT.replace('"camrelizumab"', '"tislelizumab"')
    .replace("null_rate = 0.346", "null_rate = 0.2")
    .replace('code = "I1"\n', 'code = "A1"\n')
)


@pytest.fixture
def staff(small_study, tmp_path: Path) -> Iterator[dict[str, Project]]:
    store, people = small_study.staff(tmp_path / "project", small_study.Clock())
    yield {name: Project(store, principal) for name, principal in people.items()}
    store.close()
    put_in_force(None)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.toml"
    path.write_text(OTHER, encoding="utf-8")
    return path


def drugs_of_the_form() -> list[str]:
    fields = {field.name: field for field in make_form("treatments", (), None).fields}
    return [code for code, _words in fields["drug"].choices]


def test_that_another_protocol_is_what_forms_criteria_schedule_and_design_read(
    staff: dict[str, Project], other: Path
) -> None:
    project = staff["coordinator"]
    project.record_book().begin("P1", "2024-03-01", "male")
    (record,) = project.records()
    assert "camrelizumab" in drugs_of_the_form()
    days = load_protocol().schedule.days
    other.write_text(OTHER.replace(f"days = {list(days)}", f"days = {[day + 7 for day in days]}"), encoding="utf-8")
    before = planned_scans(record, record.survival.last_contact_date)
    project.protocol().change(other, "amendment 2")
    assert drugs_of_the_form()[0] == "tislelizumab"
    assert "camrelizumab" not in next(one for one in table_specs()["treatments"].columns if one.name == "drug").values
    assert judge(record).results[0].criterion.code == "A1"
    assert load_rules().schedule.days == tuple(day + 7 for day in days)
    after = planned_scans(record, record.survival.last_contact_date)
    assert (after[0].planned - before[0].planned).days == 7
    assert summarise(project.records()).null_rate == 0.2
    with pytest.raises(AccessDeniedError):
        staff["A"].protocol().text()
    assert staff["statistician"].protocol().text() == other.read_text(encoding="utf-8")
    row = staff["admin"].audit_rows()[-1]
    assert (row.action, row.reason) == ("set trial protocol", "amendment 2")


def test_that_the_project_still_follows_its_protocol_when_it_is_opened_again(
    staff: dict[str, Project], other: Path
) -> None:
    staff["coordinator"].protocol().change(other, "")
    put_in_force(None)  # as in another program
    Project(staff["coordinator"]._store, staff["A"].principal)
    assert load_protocol().drug_names[0] == "tislelizumab"


def test_that_a_protocol_that_does_not_know_what_is_recorded_is_refused_with_every_fault(
    staff: dict[str, Project], other: Path
) -> None:
    project = staff["coordinator"]
    book = project.record_book()
    book.begin("P1", "2024-03-01", "male")
    dose = {
        "cycle": "1", "day": "1", "drug": "camrelizumab", "start_date": "2024-03-01", "dose": "200", "dose_unit": "mg",
        "action": "given",
    }  # fmt: skip
    answer = {"criterion": "I1", "answer": "met"}
    entries = [TableEntry("P1", "treatments", (), (dose,)), TableEntry("P1", "eligibility", (), (answer,))]
    assert book.save(entries, "", leave_open=True).is_saved
    with pytest.raises(FaultsError) as refused:
        project.protocol().change(other, "amendment 2")
    assert [one.where for one in refused.value.faults] == ["drugs", "criteria"]
    assert load_protocol().drug_names[0] == "camrelizumab"


def test_that_a_protocol_changes_with_a_reason_by_the_coordinator_and_never_while_locked(
    staff: dict[str, Project], other: Path, tmp_path: Path
) -> None:
    project = staff["coordinator"]
    project.record_book().begin("P1", "2024-03-01", "male")
    for name in ("statistician", "oncologist", "A", "admin"):
        with pytest.raises(AccessDeniedError):
            staff[name].protocol().change(other, "mine")
    with pytest.raises(EsccError, match="without a reason"):
        project.protocol().change(other, " ")
    broken = tmp_path / "broken.toml"
    broken.write_text(TEXT.replace("alpha = 0.05", "alpha = 5.0").replace("arms = 1", 'arms = "one"'), encoding="utf-8")
    with pytest.raises(FaultsError) as refused:
        project.protocol().change(broken, "amendment")
    assert {one.where for one in refused.value.faults} == {"arms", "design, alpha"}
    project.record_book().set_state(WHOLE_TRIAL, RecordState.LOCKED, "closed")
    with pytest.raises(EsccError, match="locked"):
        project.protocol().change(other, "too late")
    assert load_protocol().drug_names[0] == "camrelizumab"


def test_that_criteria_are_said_in_chinese_where_chinese_is_spoken() -> None:
    criterion = load_protocol().criteria[0]
    with printing_in("zh_CN"):
        assert criterion.words == criterion.text_zh != ""
        fields = {field.name: field for field in make_form("eligibility", (), None).fields}
        assert criterion.text_zh in fields["criterion"].choices[0][1]
    assert criterion.words == criterion.text

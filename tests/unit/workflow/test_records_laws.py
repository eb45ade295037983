"""The laws of entry: no value is overwritten without a reason, history gives the record, locked means locked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escc_desktop.errors import AccessDeniedError, EsccError, FaultsError
from escc_desktop.store.kinds import TRIAL_RECORD
from escc_desktop.trial.exporting import write_tables
from escc_desktop.trial.importing import read_records
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.records_change import changes_between, filled, replay
from escc_desktop.workflow.records_double import WHOLE_ROW, differences
from escc_desktop.workflow.records_entry import TableEntry
from escc_desktop.workflow.records_lock import WHOLE_TRIAL, RecordState
from escc_desktop.workflow.records_queries import QueryState
from escc_desktop.workflow.records_rows import read_rows, rows_of

LAB = {"date": "2024-03-04", "analyte": "ldh", "value": "210", "unit": "U/L", "uln": "250", "method": "L to P"}


@pytest.fixture
def staff(small_study, tmp_path: Path) -> Iterator[dict[str, Project]]:
    """Return everybody's view of a project in which P1 was begun by the coordinator, last seen in June."""
    store, people = small_study.staff(tmp_path / "project", small_study.Clock())
    projects = {name: Project(store, principal) for name, principal in people.items()}
    book = projects["coordinator"].record_book()
    book.begin("P1", "2024-03-01", "male")
    seen = {"status": "alive", "last_contact_date": "2024-06-01"}
    assert save(projects["coordinator"], "survival", [seen], "seen at the clinic").is_saved
    yield projects
    store.close()


def save(project: Project, table: str, rows, reason: str = "", *, leave_open: bool = False, patient: str = "P1"):
    book = project.record_book()
    base = book.tables(patient).get(table, ())
    return book.save([TableEntry(patient, table, base, tuple(rows))], reason, leave_open=leave_open)


def labs(project: Project):
    return [dict(row) for row in project.record_book().tables("P1")["labs"]]


def test_that_a_first_entry_needs_no_reason_and_a_change_does(staff) -> None:
    coordinator = staff["coordinator"]
    assert save(coordinator, "labs", [LAB]).is_saved
    refused = save(coordinator, "labs", [{**LAB, "value": "310"}])
    assert not refused.is_saved
    assert [(one.column, one.old, one.new) for one in refused.overwritten] == [("value", "210", "310")]
    assert labs(coordinator)[0]["value"] == "210"
    assert save(coordinator, "labs", [{**LAB, "value": "310"}], "misread").is_saved
    last = coordinator.record_book().history("P1")[-1]
    assert (last.change.old, last.change.new, last.why) == ("210", "310", "misread")
    assert coordinator.record_book().names()[last.who] == "coordinator"
    assert last.at.utcoffset().total_seconds() == 0


def test_that_removing_a_row_needs_a_reason_too(staff) -> None:
    save(staff["coordinator"], "labs", [LAB])
    assert not save(staff["coordinator"], "labs", []).is_saved
    assert save(staff["coordinator"], "labs", [], "another patient's").is_saved
    assert labs(staff["coordinator"]) == []


def test_that_filling_an_empty_cell_needs_no_reason(staff) -> None:
    save(staff["coordinator"], "labs", [LAB])
    assert save(staff["coordinator"], "labs", [{**LAB, "lln": "120"}]).is_saved


_VALUES = st.lists(
    st.tuples(st.sampled_from(["ldh", "ast", "alt"]), st.integers(60, 400), st.sampled_from(["", "250", "300"])),
    max_size=3,
    unique_by=lambda one: one[0],
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_VALUES, min_size=1, max_size=4))
def test_that_the_history_replays_to_the_record(staff, steps) -> None:
    project = staff["coordinator"]
    for values in steps:
        rows = [{**LAB, "analyte": code, "value": str(value), "uln": uln} for code, value, uln in values]
        assert save(project, "labs", rows, "drawn", leave_open=True).is_saved
    history = project.record_book().history("P1")
    assert replay(one.change for one in history) == filled(project.record_book().tables("P1"))


@given(first=_VALUES, second=_VALUES)
def test_that_differences_of_two_entries_are_symmetric_and_none_between_equals(first, second) -> None:
    one, two = (
        [{**LAB, "analyte": code, "value": str(value), "uln": uln} for code, value, uln in rows]
        for rows in (first, second)
    )
    there, back = differences("labs", one, two), differences("labs", two, one)
    assert [(d.key, d.column, d.first, d.second) for d in there] == [(d.key, d.column, d.second, d.first) for d in back]
    assert differences("labs", one, list(reversed(one))) == ()
    assert bool(there) == (sorted(map(str, one)) != sorted(map(str, two)))


def test_that_a_record_of_rows_is_the_record(tmp_path: Path) -> None:
    write_records(draw_truth(6), tmp_path / "records")
    for record in read_records(tmp_path / "records").records:
        again, findings = read_rows(record.patient_id, rows_of(record))
        assert again == record
        assert not any(one.is_fault for one in findings)
        assert not changes_between(rows_of(record), rows_of(again))


def test_that_all_faults_come_at_once_and_nothing_is_written(staff) -> None:
    rows = [{**LAB, "unit": "miles", "uln": "x"}, {**LAB, "analyte": "gold", "date": "31.12."}]
    outcome = save(staff["coordinator"], "labs", rows)
    faults = {(one.row, one.column) for one in outcome.findings if one.is_fault}
    assert faults == {(0, "unit"), (0, "uln"), (1, "analyte"), (1, "date")}
    assert labs(staff["coordinator"]) == []


def test_that_a_value_in_another_unit_is_asked_about_and_kept_out_of_models_while_open(staff) -> None:
    row = {**LAB, "analyte": "tbil", "value": "0.8", "unit": "umol/L", "uln": "1.2"}
    asked = save(staff["coordinator"], "labs", [row])
    assert not asked.is_saved
    assert [(one.code, one.column) for one in asked.findings] == [("unit", "value")]
    assert save(staff["coordinator"], "labs", [row], leave_open=True).is_saved
    (query,) = staff["statistician"].record_book().queries("P1")
    assert query.is_automatic
    assert "mg/dL" in query.text
    assert staff["coordinator"].records()[0].labs[0].question == "unit"
    assert save(staff["coordinator"], "labs", [{**row, "unit": "mg/dL"}], "unit read from the source").is_saved
    assert staff["coordinator"].record_book().queries("P1")[0].state is QueryState.CLOSED
    assert staff["coordinator"].records()[0].labs[0].question == ""


def test_that_what_a_person_closed_stays_closed_while_the_checks_ask_the_same(staff) -> None:
    row = {**LAB, "analyte": "tbil", "value": "0.8", "unit": "umol/L"}
    save(staff["coordinator"], "labs", [row], leave_open=True)
    book = staff["statistician"].record_book()
    (query,) = book.queries("P1")
    with pytest.raises(EsccError, match="Nobody has answered"):
        book.close_query("P1", query.query_id)
    book.close_query("P1", query.query_id, "seen on the sheet")
    save(staff["coordinator"], "labs", [row, LAB], leave_open=True)
    assert [one.state for one in book.queries("P1")] == [QueryState.CLOSED]


def test_that_a_query_goes_from_asked_to_answered_to_closed(staff) -> None:
    statistician, oncologist = staff["statistician"].record_book(), staff["oncologist"].record_book()
    query = statistician.ask("P1", ("patients", (), "sex"), "Is this right?")
    with pytest.raises(AccessDeniedError):
        statistician.answer("P1", query.query_id, "yes")
    oncologist.answer("P1", query.query_id, "yes, seen in the chart")
    with pytest.raises(AccessDeniedError):
        oncologist.close_query("P1", query.query_id)
    statistician.close_query("P1", query.query_id)
    found = statistician.queries("P1")[-1]
    assert (found.state, [step.act for step in found.steps]) == (QueryState.CLOSED, ["raise", "answer", "close"])


@pytest.mark.parametrize("record_id", ["P1", WHOLE_TRIAL])
def test_that_locked_means_no_change_from_any_door(staff, tmp_path: Path, record_id: str) -> None:
    coordinator, statistician = staff["coordinator"].record_book(), staff["statistician"].record_book()
    save(staff["coordinator"], "labs", [LAB])
    query = statistician.ask("P1", ("patients", (), "sex"), "Is this right?")
    before = coordinator.history("P1")
    coordinator.set_state(record_id, RecordState.LOCKED, "data cut")
    folder = tmp_path / "records"
    folder.mkdir()
    write_tables(staff["coordinator"].records(), folder, {})
    table = folder / "survival.csv"
    table.write_text(table.read_text("utf-8").replace("2024-06-01", "2024-06-02"), encoding="utf-8")
    imports = staff["coordinator"].record_imports()
    doors = [
        lambda: save(staff["coordinator"], "labs", [{**LAB, "value": "300"}], "why"),
        lambda: save(staff["oncologist"], "labs", [LAB, {**LAB, "analyte": "ast", "uln": "40"}]),
        lambda: staff["oncologist"].record_book().enter_second("P1", "labs", [LAB]),
        lambda: statistician.ask("P1", ("patients", (), "sex"), "and this?"),
        lambda: coordinator.answer("P1", query.query_id, "yes"),
        lambda: imports.commit(imports.preview(folder), frozenset({"missing_table"}), "newer"),
    ]
    for door in doors:
        with pytest.raises(EsccError, match=r"locked|“closed”"):
            door()
    # Confirming that the record is closed leaves it out.
    assert imports.commit(imports.preview(folder), frozenset({"missing_table", "closed"}), "newer") == 0
    assert coordinator.history("P1") == before
    with pytest.raises(EsccError, match="reason"):
        coordinator.set_state(record_id, RecordState.OPEN, " ")
    coordinator.set_state(record_id, RecordState.OPEN, "a missing scan came")
    assert save(staff["coordinator"], "labs", [{**LAB, "value": "300"}], "why").is_saved


def test_that_a_frozen_record_takes_queries_and_nothing_else(staff) -> None:
    coordinator = staff["coordinator"].record_book()
    coordinator.set_state("P1", RecordState.FROZEN, "review")
    with pytest.raises(EsccError, match="frozen"):
        save(staff["coordinator"], "labs", [LAB])
    staff["statistician"].record_book().ask("P1", ("patients", (), "sex"), "Is this right?")
    with pytest.raises(AccessDeniedError):
        staff["oncologist"].record_book().set_state("P1", RecordState.OPEN, "go on")


def test_that_one_module_alone_writes_records() -> None:
    root = Path(__file__).parents[3] / "escc_desktop"
    writers = {
        path.name for path in root.rglob("*.py") if f"put({TRIAL_RECORD.name.upper()}" in path.read_text("utf-8")
    }
    assert writers == {"clinical_data.py"}


def test_that_changes_of_two_people_to_different_cells_are_both_kept(staff) -> None:
    save(staff["coordinator"], "labs", [LAB])
    base = staff["coordinator"].record_book().tables("P1")["labs"]
    save(staff["oncologist"], "labs", [{**LAB, "lln": "120"}])
    mine = (*base, {**LAB, "analyte": "ast", "value": "30", "uln": "40"})
    assert staff["coordinator"].record_book().save([TableEntry("P1", "labs", base, mine)], "").is_saved
    assert {(row["analyte"], row["lln"]) for row in labs(staff["coordinator"])} == {("ldh", "120"), ("ast", "")}


def test_that_anothers_change_meanwhile_is_not_overwritten(staff) -> None:
    base = staff["coordinator"].record_book().tables("P1").get("labs", ())
    save(staff["oncologist"], "labs", [LAB])
    with pytest.raises(EsccError, match="changed meanwhile"):
        staff["coordinator"].record_book().save([TableEntry("P1", "labs", base, ({**LAB, "value": "9"},))], "x")


def test_that_a_second_entry_is_anothers_and_its_differences_are_settled_with_reasons(staff) -> None:
    coordinator, oncologist = staff["coordinator"].record_book(), staff["oncologist"].record_book()
    save(staff["coordinator"], "labs", [LAB, {**LAB, "analyte": "ast", "value": "30", "uln": "40"}])
    with pytest.raises(AccessDeniedError, match="yourself"):
        coordinator.enter_second("P1", "labs", [LAB])
    second = [{**LAB, "value": "201"}, {**LAB, "analyte": "alt", "value": "25", "uln": "40"}]
    found = oncologist.enter_second("P1", "labs", second)
    assert {(one.key[1], one.column) for one in found.open} == {
        ("ldh", "value"),
        ("alt", WHOLE_ROW),
        ("ast", WHOLE_ROW),
    }
    by_name = {one.key[1]: one for one in found.open}
    with pytest.raises(EsccError, match="reason"):
        coordinator.settle("P1", by_name["ldh"], (True, ""))
    coordinator.settle("P1", by_name["ldh"], (True, "the sheet says 201"))
    coordinator.settle("P1", by_name["ast"], (False, "on the second sheet"))
    coordinator.settle("P1", by_name["alt"], (True, "overlooked"))
    done = coordinator.comparison("P1", "labs")
    assert done.open == ()
    assert len(done.settled) == 3
    assert {(row["analyte"], row["value"]) for row in labs(staff["coordinator"])} == {
        ("ldh", "201"), ("ast", "30"), ("alt", "25")
    }  # fmt: skip
    assert coordinator.history("P1")[-1].why in {"overlooked", "the sheet says 201"}


def test_that_a_draft_is_kept_for_its_author_alone_until_it_is_saved(staff) -> None:
    book = staff["coordinator"].record_book()
    entry = TableEntry("P1", "labs", (), ({"date": "2024-0"},))
    book.keep_draft(entry, "because")
    assert book.drafts("P1") == {"labs": (entry, "because")}
    assert staff["oncologist"].record_book().drafts("P1") == {}
    assert save(staff["coordinator"], "labs", [LAB]).is_saved
    assert book.drafts("P1") == {}


def test_that_the_screening_list_keeps_its_history_and_asks_for_reasons(staff) -> None:
    book = staff["coordinator"].record_book()
    person = {"patient_id": "S7", "date": "2024-02-01", "outcome": "not_enrolled", "reason": "NYHA III"}
    book.save_screening(TableEntry("", "screening", (), (person,)), "")
    assert book.screening() == (person,)
    with pytest.raises(EsccError, match="reason"):
        book.save_screening(TableEntry("", "screening", (person,), ({**person, "reason": "NYHA IV"},)), "")
    book.save_screening(TableEntry("", "screening", (person,), ()), "entered twice")
    assert book.screening() == ()


def test_that_a_screening_list_at_fault_names_every_fault_and_writes_nothing(staff) -> None:
    book = staff["coordinator"].record_book()
    rows = (
        {"patient_id": "S1", "date": "soon", "outcome": "not_enrolled", "reason": ""},
        {"patient_id": "S2", "date": "2024-02-01", "outcome": "", "reason": ""},
        {"patient_id": "S2", "date": "2024-02-01", "outcome": "enrolled", "reason": ""},
    )
    with pytest.raises(FaultsError) as refused:
        book.save_screening(TableEntry("", "screening", (), rows), "")
    assert [one.where for one in refused.value.faults] == [
        "S1, date", "S2, outcome", "S2, patient_id", "S2, patient_id",
    ]  # fmt: skip
    assert book.screening() == ()


def test_that_people_two_screeners_add_at_once_are_both_kept(staff) -> None:
    book = staff["coordinator"].record_book()
    one, two = (
        {"patient_id": code, "date": "2024-02-01", "outcome": "not_enrolled", "reason": "ECOG 2"} for code in "XY"
    )
    book.save_screening(TableEntry("", "screening", (), (one,)), "")
    book.save_screening(TableEntry("", "screening", (), (two,)), "")
    assert book.screening() == (one, two)


@pytest.mark.parametrize("name", ["statistician", "A", "admin"])
def test_that_who_only_views_enters_nothing(staff, name: str) -> None:
    book = staff[name].record_book()
    for act in (
        lambda: book.save([TableEntry("P1", "labs", (), (LAB,))], ""),
        lambda: book.begin("P9", "2024-01-01", "male"),
        lambda: book.set_state("P1", RecordState.LOCKED, "because"),
        lambda: book.save_screening(TableEntry("", "screening", (), ()), "x"),
    ):
        with pytest.raises(AccessDeniedError):
            act()

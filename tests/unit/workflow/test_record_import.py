"""What an import of records shows before it stores, and that it stores that, all of it, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from escc_desktop.errors import AccessDeniedError, EsccError, FaultsError
from escc_desktop.files import read_csv
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Role
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.store import Login
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.record_export import RecordsFormat, export_records
from escc_desktop.workflow.record_import import ChangeKind, Choices, write_faults

CHEAP = PasswordCost(memory_kib=8, time=1, lanes=1)
PASSWORD = "a password for tests"
TABLES = {
    "patients": "patient_id,start_date,sex,age_years\nP1,2021-01-04,male,67\nP2,2021-02-01,female,58\n",
    "survival": "patient_id,status,last_contact_date\nP1,alive,2021-12-01\nP2,alive,2021-12-01\n",
    "labs": "patient_id,date,analyte,value,unit\nP1,2021-01-02,ldh,210,U/L\nP1,2021-02-02,ldh,190,U/L\n",
    "screening": "patient_id,date,outcome,reason\nS9,2021-01-01,not_enrolled,ECOG 2\n",
}
USUAL = frozenset({"missing_table"})


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Project]:
    made = Project.create(tmp_path / "p", Passphrase("a passphrase for tests", CHEAP), Login("a", PASSWORD), cost=CHEAP)
    with made.project as project:
        for name, role in (("c", Role.COORDINATOR), ("s", Role.STATISTICIAN), ("o", Role.ONCOLOGIST)):
            project.add_account(Login(name, PASSWORD), role)
        yield project


@pytest.fixture
def project(admin: Project, source: Callable[..., Path]) -> Project:
    """A coordinator's project that holds the tables."""
    project = admin.log_in(Login("c", PASSWORD))
    assert project.import_records(source(), USUAL) == 2
    return project


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "records", **tables: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for table, text in (tables or TABLES).items():
            (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        return folder

    return write


def kinds(preview: object) -> dict[str, int]:
    return {str(kind): count for kind, count in preview.counts.items() if count}  # type: ignore[attr-defined]


def test_that_the_same_files_again_change_nothing_and_ask_nothing(project: Project, tmp_path: Path) -> None:
    preview = project.record_imports().preview(tmp_path / "records")
    assert kinds(preview) == {"unchanged": 7}
    assert not preview.questions
    assert not preview.is_changing


def test_that_old_and_new_values_are_shown_and_need_a_reason(project: Project, source: Callable[..., Path]) -> None:
    imports = project.record_imports()
    preview = imports.preview(source("next", labs=TABLES["labs"].replace("210", "220")))
    (change,) = [one for one in preview.changes if one.kind is ChangeKind.CHANGED]
    assert (change.patient_id, change.table, change.key) == ("P1", "labs", "2021-01-02 · ldh")
    assert [(cell.column, cell.before, cell.after) for cell in change.cells] == [("value", "210", "220")]
    assert preview.left_out == ("P2",)
    with pytest.raises(EsccError, match="would change"):
        imports.commit(preview)
    assert imports.commit(preview, reason="misread") == 1
    assert [lab.value for lab in project.records()[0].labs] == [220, 190]
    assert len(project.records()) == 2


def test_that_what_a_table_leaves_out_stays_unless_it_is_to_go(project: Project, source: Callable[..., Path]) -> None:
    imports = project.record_imports()
    shorter = source("next", labs="\n".join(TABLES["labs"].splitlines()[:2]) + "\n")
    assert kinds(imports.preview(shorter)) == {"left_out": 1, "unchanged": 1}
    removing = imports.preview(shorter, removes=True)
    assert kinds(removing) == {"removed": 1, "unchanged": 1}
    imports.commit(removing, reason="entered twice")
    assert len(project.records()[0].labs) == 1


def test_that_a_column_that_is_not_there_keeps_and_an_empty_cell_empties(
    project: Project, source: Callable[..., Path]
) -> None:
    text = "patient_id,start_date,sex,ecog\nP1,2021-01-04,male,\nP2,2021-02-01,female,1\n"
    imports = project.record_imports()
    imports.commit(imports.preview(source("ecog", patients=text)), reason="added")
    assert [one.baseline.age_years for one in project.records()] == [67, 58]
    emptied = "patient_id,start_date,sex,age_years\nP1,2021-01-04,male,\n"
    imports.commit(imports.preview(source("age", patients=emptied)), reason="wrong patient")
    assert [one.baseline.age_years for one in project.records()] == [None, 58]


def test_that_faults_anywhere_keep_everything_out(
    project: Project, source: Callable[..., Path], tmp_path: Path
) -> None:
    before = project.records()
    imports = project.record_imports()
    bad = source("bad", patients=TABLES["patients"].replace("67", "old"), labs=TABLES["labs"].replace("210", "220"))
    preview = imports.preview(bad)
    with pytest.raises(FaultsError):
        imports.commit(preview, reason="x")
    assert project.records() == before
    table = read_csv(write_faults(preview, tmp_path / "faults.csv"))
    assert ("fault", "patients.csv", "2", "age_years") in {row[:4] for row in table.rows}


def test_that_stored_rows_are_checked_with_what_comes(project: Project, source: Callable[..., Path]) -> None:
    later = "patient_id,date,analyte,value,unit\nP1,2022-06-01,ldh,210,U/L\n"
    (fault,) = project.record_imports().preview(source("late", labs=later)).faults
    assert fault.where == "labs.csv, row 2, column date"
    assert "after the last contact" in fault.what


def test_that_a_locked_record_is_left_as_it_is_and_the_rest_may_come(
    project: Project, source: Callable[..., Path]
) -> None:
    project.record_book().set_state("P1", "locked", "database closed")
    text = TABLES["patients"].replace("67", "66").replace("58", "57")
    imports = project.record_imports()
    preview = imports.preview(source("next", patients=text))
    assert preview.closed == {"P1": "locked"}
    assert [(one.code, one.where) for one in preview.questions] == [("closed", "P1")]
    with pytest.raises(FaultsError):
        imports.commit(preview, reason="birthday")
    assert imports.commit(preview, frozenset({"closed"}), "birthday") == 1
    assert [one.baseline.age_years for one in project.records()] == [67, 57]


def test_that_a_record_changed_since_the_preview_is_refused(project: Project, source: Callable[..., Path]) -> None:
    imports = project.record_imports()
    preview = imports.preview(source("one", labs=TABLES["labs"].replace("210", "220")))
    imports.commit(imports.preview(source("two", labs=TABLES["labs"].replace("210", "230"))), reason="first")
    with pytest.raises(EsccError, match="changed meanwhile"):
        imports.commit(preview, reason="second")
    assert project.records()[0].labs[0].value == 230


@pytest.mark.parametrize("kind", list(RecordsFormat))
def test_that_importing_what_was_exported_changes_nothing(
    kind: RecordsFormat, project: Project, tmp_path: Path
) -> None:
    suffix = {"csv": "", "xlsx": ".xlsx", "odm": ".xml"}[kind]
    out = export_records(project, tmp_path / f"out{suffix}", kind, progress=Progress())
    preview = project.record_imports().preview(out)
    assert kinds(preview) == {"unchanged": 7}
    assert not (preview.faults)
    assert not (preview.questions)
    assert not (preview.asks)
    again = export_records(project, tmp_path / f"again{suffix}", kind, progress=Progress())
    if kind is RecordsFormat.XLSX:
        assert out.read_bytes() == again.read_bytes()


def test_that_only_those_may_who_keep_the_records(admin: Project, project: Project, tmp_path: Path) -> None:
    for name in ("a", "o"):
        with pytest.raises(AccessDeniedError):
            export_records(
                admin.log_in(Login(name, PASSWORD)), tmp_path / "out", RecordsFormat.CSV, progress=Progress()
            )
    with pytest.raises(AccessDeniedError):
        admin.log_in(Login("s", PASSWORD)).record_imports().preview(tmp_path / "records", Choices())

"""Workbooks, encodings, dates, REDCap exports and ODM files as they really come: every fault at once, no traceback."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.trial.importing import judge, read_records
from escc_desktop.trial.sheets import Choices
from escc_desktop.trial.sources import read_source

PATIENTS = [["patient_id", "start_date", "sex", "age_years"], ["P1", "2021-01-04", "male", 67]]
SURVIVAL = [["patient_id", "status", "last_contact_date"], ["P1", "alive", "2021-12-01"]]
LABS = [["patient_id", "date", "analyte", "value", "unit"], ["P1", "2021-01-02", "ldh", 210, "U/L"]]
VISITS = [["patient_id", "visit", "date", "response"], ["P1", 1, "2021-02-01", "SD"], ["P1", 2, "2021-03-01", "SD"]]
USUAL = {"patients": PATIENTS, "survival": SURVIVAL, "labs": LABS, "visits": VISITS}
Rows = list[list[object]]
Edit = Callable[[Workbook], object]
NOTHING_ASKED = {"missing_table"}


def book(**tables: Rows) -> Workbook:
    made = Workbook()
    made.remove(made.active)
    for name, rows in {**USUAL, **tables}.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def edited(edit: Edit, **tables: Rows) -> bytes:
    made = book(**tables)
    edit(made)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def cell(sheet: str, place: str, value: object) -> bytes:
    return edited(lambda made: made[sheet].__setitem__(place, value))


def in_archive(name: str, data: bytes = b"", *, of: bytes | None = None) -> bytes:
    """A workbook with one more part in it, or an archive with that part alone."""
    stream = io.BytesIO(of or b"")
    with zipfile.ZipFile(stream, "a" if of else "w") as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def csv_of(rows: Rows) -> str:
    return "\n".join(",".join(str(cell) for cell in row) for row in rows) + "\n"


def folder_of(place: Path, **tables: str | bytes | None) -> Path:
    folder = place / "records"
    folder.mkdir()
    texts: dict[str, str | bytes | None] = {name: csv_of(rows) for name, rows in USUAL.items()}
    for name, content in {**texts, **tables}.items():
        if content is not None:
            raw = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name}.csv").write_bytes(raw)
    return folder


def look(source: Path, choices: Choices | None = None) -> tuple[list[str], list[str], list[str]]:
    """Faults, codes of the questions, keys of the questions with several answers."""
    choices = choices or Choices()
    judged = judge(read_source(source, choices), choices)
    codes = [one.code for one in judged.warnings if one.code not in NOTHING_ASKED]
    assert (not judged.records) == bool(judged.faults or judged.asks)
    return [str(fault) for fault in judged.faults], codes, [ask.key for ask in judged.asks]


# Workbooks

ODD_BOOKS: list[tuple[str, bytes, tuple[str, ...], tuple[str, ...]]] = [
    ("plain", edited(lambda made: None), (), ()),
    ("real dates", cell("patients", "B2", datetime.fromisoformat("2021-01-04")), (), ()),
    ("date with a clock", cell("patients", "B2", datetime.fromisoformat("2021-01-04T10:30")), (), ("date_time",)),
    ("day number", cell("patients", "B2", 44200), (), ("serial_date",)),
    ("date as a whole number", cell("patients", "B2", 20210104), (), ("date_format",)),
    ("Chinese date", cell("patients", "B2", "2021年1月4日"), (), ("date_format",)),
    ("Chinese header", cell("patients", "D1", "年龄"), (), ("other_header",)),
    ("header with a unit", cell("patients", "D1", "Age (years)"), (), ("other_header",)),
    ("Chinese sex", cell("patients", "C2", "男"), (), ("other_code",)),
    ("Chinese response", cell("visits", "D2", "疾病稳定"), (), ("other_code",)),
    ("Chinese analyte", cell("labs", "C2", "乳酸脱氢酶"), (), ("other_code",)),
    ("Chinese sheet", edited(lambda made: setattr(made["labs"], "title", "化验")), (), ()),
    ("hidden sheet", edited(lambda made: setattr(made["labs"], "sheet_state", "hidden")), (), ("hidden_sheet",)),
    ("other sheet", edited(lambda made: made.create_sheet("notes").append(["x"])), (), ("unknown_table",)),
    ("empty other sheet", edited(lambda made: made.create_sheet("Sheet9")), (), ()),
    ("blank rows between", edited(lambda made: made["labs"].insert_rows(2, 3)), (), ()),
    ("text that would be a formula", cell("survival", "B2", "alive"), (), ()),
    ("formula never calculated", cell("patients", "D2", "=60+7"), ("patients, row 2, column age_years",), ()),
    ("merged cells", edited(lambda made: made["labs"].merge_cells("A2:A3")), ("cells A2:A3", "unmerge"), ()),
    ("table twice", edited(lambda made: made.create_sheet("Labs ").append(["x"])), ("once more",), ()),
    ("column twice", cell("labs", "E1", "value"), ("column value stands more than once",), ()),
    ("column meant twice", cell("labs", "E1", "Value"), ("are both value",), ()),
    ("column without a name", cell("labs", "C1", None), ("column 3 has no name",), ()),
    ("column misspelt", cell("labs", "E1", "unitt"), ("column unit is missing; is unitt meant?",), ()),
    ("header only", edited(lambda made: made["labs"].delete_rows(2)), ("no rows",), ()),
    ("empty sheet", edited(lambda made: made["labs"].delete_rows(1, 2)), ("is empty",), ()),
    ("no survival", edited(lambda made: made.remove(made["survival"])), ("sheet survival: is missing",), ()),
    ("comma decimal", cell("labs", "D2", "210,5"), (), ("comma_decimal",)),
    ("thousands", cell("labs", "D2", "1,210"), (), ("thousands",)),
    ("negative", cell("labs", "D2", -210), ("outside",), ()),
    ("error value", cell("labs", "D2", "#DIV/0!"), ("no finite number",), ()),
    ("truth for a number", cell("labs", "D2", True), ("no finite number",), ()),
    ("time before day 1", cell("survival", "C2", "2020-12-01"), ("negative",), ()),
    ("control character", cell("labs", "E2", "U/L"), (), ()),
    ("three faults in three sheets",
     edited(lambda made: [made["patients"].__setitem__("C2", "mann"), made["labs"].__setitem__("C2", "xyz"),
                          made["visits"].__setitem__("D3", "better")]),
     ("sheet patients, row 2, column sex", "sheet labs, row 2, column analyte", "sheet visits, row 3, column response"),
     ()),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "faults", "codes"), [one[1:] for one in ODD_BOOKS], ids=[one[0] for one in ODD_BOOKS])
def test_that_an_odd_workbook_gives_all_its_faults_and_questions(
    raw: bytes, faults: tuple[str, ...], codes: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "study.xlsx").write_bytes(raw)
    told, asked, _ = look(tmp_path / "study.xlsx")
    for words in faults:
        assert any(words in line for line in told), told
    assert bool(told) == bool(faults), told
    assert all(line.startswith("study.xlsx, sheet ") for line in told)
    assert set(codes) <= set(asked)
    if not faults:
        assert set(asked) == set(codes)


PLAIN = edited(lambda made: None)
NO_BOOKS: list[tuple[str, str, bytes, str]] = [
    ("empty file", "a.xlsx", b"", "empty"),
    ("password", "a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
     "password"),
    ("old workbook", "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old workbook"),
    ("WPS", "a.et", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "WPS"),
    ("document protection", "a.xlsx", b"%TSD-Header-###%" + bytes(range(256)) * 4, "document protection"),
    ("bytes that look encrypted", "a.xlsx", bytes(range(256)) * 8, "document protection"),
    ("web page", "a.xlsx", b"<html><table><tr><td>P1</td></tr></table></html>", "web page"),
    ("other XML", "a.xlsx", b"<?xml version='1.0'?><Workbook/>", "XML"),
    ("text", "a.xlsx", b"patient_id,start_date\nP1,2021-01-04\n", "text table"),
    ("Chinese text", "a.xlsx", "患者编号,性别\nP1,男\n".encode("gb18030"), "text table"),
    ("OpenDocument", "a.ods", in_archive("mimetype", b"application/vnd.oasis.opendocument"), "OpenDocument"),
    ("binary workbook", "a.xlsb", in_archive("xl/workbook.bin"), "binary workbook"),
    ("Word file", "a.xlsx", in_archive("word/document.xml"), "no workbook"),
    ("cut off", "a.xlsx", PLAIN[: len(PLAIN) // 2], "damaged"),
    ("damaged inside", "a.xlsx", in_archive("xl/workbook.xml", b"<broken"), "cannot be read"),
    ("no table in it", "a.xlsx", edited(lambda made: [made.remove(made[name]) for name in USUAL if name != "labs"]
                                        and setattr(made["labs"], "title", "Sheet1")), "no sheet that is a table"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "words"), [one[1:] for one in NO_BOOKS], ids=[one[0] for one in NO_BOOKS])
def test_that_what_is_no_workbook_is_refused_in_one_sentence(name: str, raw: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(EsccError, match=words) as refused:
        read_records(tmp_path / name)
    assert name in refused.value.what
    assert refused.value.hint


def test_that_macros_are_asked_about_and_a_bomb_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.xlsm").write_bytes(in_archive("xl/vbaProject.bin", b"x", of=PLAIN))
    assert look(tmp_path / "m.xlsm")[1] == ["macros"]
    raw = bytearray(in_archive("xl/workbook.xml", b"x"))
    at = raw.index(b"PK\x01\x02") + 24  # the size the archive's directory declares
    raw[at : at + 4] = (600 << 20).to_bytes(4, "little")
    (tmp_path / "bomb.xlsx").write_bytes(raw)
    with pytest.raises(EsccError, match="absurdly large"):
        read_records(tmp_path / "bomb.xlsx")


# Encodings

CHINESE = "patient_id,status,last_contact_date,next_therapy\nP1,alive,2021-12-01,多西他赛\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_that_an_encoding_the_bytes_prove_is_not_asked(encoding: str, tmp_path: Path) -> None:
    found = read_records(folder_of(tmp_path, survival=CHINESE.encode(encoding)))
    assert not found.asks
    assert found.records[0].survival.next_therapy == "多西他赛"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be", "big5"])
def test_that_an_encoding_nothing_proves_is_asked_with_what_it_reads_like(encoding: str, tmp_path: Path) -> None:
    text = CHINESE if encoding != "big5" else CHINESE.replace("多西他赛", "多西他賽")
    raw = text.encode(encoding)
    folder = folder_of(
        tmp_path, survival=raw if "16" not in encoding else text.replace("多西他赛", "").encode(encoding)
    )
    faults, _, asks = look(folder)
    assert (faults, asks) == ([], ["encoding:survival.csv"])
    (ask,) = read_records(folder).asks
    assert encoding in {option.value for option in ask.options}
    assert look(folder, Choices(encoding=encoding))[2] == []
    assert look(folder, Choices(answers={"encoding:survival.csv": encoding}))[2] == []


def test_that_a_wrong_encoding_is_a_fault_and_all_other_faults_come_with_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, survival=CHINESE.encode("gb18030")[:-2] + b"\xff\n", labs="x\n")
    faults, _, _ = look(folder, Choices(encoding="gb18030"))
    assert any("survival.csv: cannot be read as gb18030" in fault for fault in faults)
    assert any("labs.csv" in fault for fault in faults)


# Dates


def visits(*days: str) -> str:
    return csv_of([VISITS[0], *(["P1", at, day, "SD"] for at, day in enumerate(days, start=1))])


def test_that_the_order_of_day_and_month_is_asked_once_a_column_with_examples(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, visits=visits("03/04/2021", "05/06/2021"))
    faults, _, asks = look(folder)
    assert (faults, asks) == ([], ["dates:visits.date"])
    (ask,) = read_records(folder).asks
    assert "03/04/2021, 05/06/2021" in ask.what
    for order, month in (("dmy", 4), ("mdy", 3)):
        for choices in (Choices(dates=order), Choices(answers={"dates:visits.date": order})):
            assert read_records(folder, choices).records[0].visits[0].date.month == month


@pytest.mark.parametrize(
    ("days", "faults"),
    [
        (("25/03/2021", "04/05/2021"), ()),
        (("03/25/2021", "04/05/2021"), ()),
        (("03/03/2021", "2021-04-04"), ()),
        (("25/03/2021", "03/26/2021"), ("has the day first",)),
        (("31/02/2021", "04/05/2021"), ("no day of the calendar",)),
        (("25/25/2021",), ("no day of the calendar",)),
        (("01/02/21",), ("two digits",)),
        (("4-Jan-2021",), ("no date",)),
        (("soon",), ("no date",)),
        (("99999",), ("no date",)),
    ],
)
def test_that_a_decided_column_is_read_and_an_impossible_date_is_a_fault(
    days: tuple[str, ...], faults: tuple[str, ...], tmp_path: Path
) -> None:
    told, _, asks = look(folder_of(tmp_path, visits=visits(*days)))
    assert not asks
    assert bool(told) == bool(faults)
    assert all(any(words in line for line in told) for words in faults), told


# Folders and single tables


@pytest.mark.parametrize(
    ("tables", "faults", "codes"),
    [
        ({"labs": csv_of(LABS).replace(",", ";")}, (), ("delimiter",)),
        ({"labs": csv_of(LABS).replace(",", "\t")}, (), ("delimiter",)),
        ({"labs": "patient_id\nP1\n"}, ("column date is missing", "column unit is missing"), ()),
        ({"labs": csv_of(LABS) + "P1,2021-01-03\n"}, ("labs.csv, row 3: 2 cells",), ()),
        ({"labs": csv_of(LABS) + "\n\n" + "P1,2021-01-03,xyz,1,U/L\n"}, ("labs.csv, row 5, column analyte",), ()),
        ({"labs": ""}, ("labs.csv: is empty",), ()),
        ({"labs": "\n\n"}, ("labs.csv: is empty",), ()),
        ({"labs": '"x\n'}, ("labs.csv, line",), ()),
        ({"lab": csv_of(LABS)}, (), ("unknown_table",)),
        ({"化验": csv_of(LABS)}, ("the table labs once more",), ()),
        ({"patients": None}, ("patients.csv: is missing",), ()),
        ({"survival": None}, ("survival.csv: is missing",), ()),
        ({"labs": csv_of(LABS).replace("U/L", "U/L\x07")}, ("control character",), ()),
        ({"labs": csv_of([LABS[0], LABS[1], LABS[1]])}, ("stands in row 2 already",), ()),
        ({"labs": csv_of([LABS[0], ["P9", *LABS[1][1:]]])}, ("P9 is not in patients.csv",), ()),
    ],
)
def test_that_an_odd_folder_gives_all_its_faults_and_questions(
    tables: dict[str, str | None], faults: tuple[str, ...], codes: tuple[str, ...], tmp_path: Path
) -> None:
    told, asked, _ = look(folder_of(tmp_path, **tables))
    assert all(any(words in line for line in told) for words in faults), told
    assert bool(told) == bool(faults), told
    assert set(codes) <= set(asked)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nothing", None, "does not exist"),
        ("notes.docx", b"x", "no kind of file"),
        ("features.csv", b"patient_id,mean\nP1,3\n", "no REDCap export"),
        ("big.xml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "entities"),
        ("cut.xml", b"<ODM", "well-formed"),
        ("page.xml", b"<html/>", "no ODM"),
        ("old.xml", b"<ODM xmlns='http://www.cdisc.org/ns/odm/v1.2'/>", "another version"),
        ("none.xml", b"<ODM xmlns='http://www.cdisc.org/ns/odm/v1.3'/>", "no item group"),
        ("text.xml", b"P1", "well-formed"),
    ],
)
def test_that_what_holds_no_records_is_refused_in_one_sentence(
    name: str, content: bytes | None, words: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EsccError, match=words) as refused:
        read_records(tmp_path / name)
    assert refused.value.hint


def test_that_a_folder_of_workbooks_points_to_the_workbook(tmp_path: Path) -> None:
    (tmp_path / "study.xlsx").write_bytes(PLAIN)
    with pytest.raises(EsccError, match=r"study\.xlsx"):
        read_records(tmp_path)


def test_that_faults_are_raised_together_with_their_number(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, patients=csv_of([PATIENTS[0], ["P1", "soon", "mann", "old"]]))
    with pytest.raises(FaultsError) as refused:
        read_records(folder)
    assert len(refused.value.faults) == 3
    assert "3 faults" in refused.value.what

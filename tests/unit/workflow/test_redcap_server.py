"""Records from a REDCap server: a recorded one on this machine; nothing goes anywhere else, the token nowhere."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Principal, Role
from escc_desktop.trial.importing import judge, read_records
from escc_desktop.trial.redcap import read_mapping
from escc_desktop.trial.sheets import Choices
from escc_desktop.workflow.redcap_server import checked_address, fetch_redcap

pytest.importorskip("redcap", reason="needs the optional part “redcap”")

TOKEN = "0123456789ABCDEF0123456789ABCDEF"
RECORDS = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,start_date,sex,age_years,surv_status,"
    "surv_last_contact_date,lab_date,lab_analyte,lab_value,lab_unit,patients_complete\n"
    "P1,,,2021-01-04,1,67,2,2021-12-01,,,,,2\n"
    "P1,labs,1,,,,,,2021-01-02,ldh,210,U/L,\n"
    "P1,labs,2,,,,,,2021-02-02,ldh,190,U/L,\n"
    "P2,,,2021-02-01,2,58,1,2021-11-01,,,,,2\n"
)
DICTIONARY = (
    "field_name,form_name,field_type,select_choices_or_calculations,text_validation_type_or_show_slider_number\n"
    "record_id,patients,text,,\n"
    'sex,patients,radio,"1, Male | 2, Female",\n'
    'surv_status,survival,dropdown,"1, Lost | 2, Alive | 3, Dead",\n'
)


class Recorded(BaseHTTPRequestHandler):
    """Answers as a REDCap server answered, and notes what it was asked."""

    asked: ClassVar[list[dict[str, str]]]
    answers: ClassVar[dict[str, tuple[int, str]]]

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        self.asked.append({**form, "path": self.path})
        status, text = self.answers.get(form.get("content", ""), (400, "error"))
        if form.get("format") == "json":
            is_known = form["content"] == "metadata" and status == 200
            rows = list(csv.DictReader(io.StringIO(text))) if is_known else {"error": "no events"}
            text = json.dumps(rows)
        self.send_response(status)
        self.send_header("Content-Type", "text/csv; charset=utf-8")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/api/")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


class Coordinator:
    """Stands for a project: only who asks matters here."""

    principal = Principal("1", "c", Role.COORDINATOR, None)


@pytest.fixture
def server() -> Iterator[tuple[str, type[Recorded]]]:
    class Here(Recorded):
        asked: ClassVar[list[dict[str, str]]] = []
        answers: ClassVar[dict[str, tuple[int, str]]] = {"record": (200, RECORDS), "metadata": (200, DICTIONARY)}

    made = HTTPServer(("127.0.0.1", 0), Here)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}/api/", Here
    made.shutdown()
    made.server_close()
    thread.join()


def test_that_records_come_from_the_address_that_was_typed_and_nothing_else_is_asked(
    server: tuple[str, type[Recorded]],
) -> None:
    url, handler = server
    found = fetch_redcap(Coordinator(), url, TOKEN, Choices(), Progress())  # type: ignore[arg-type]
    judged = judge(found)
    assert not judged.faults
    assert [(one.patient_id, one.baseline.sex, str(one.survival.status)) for one in judged.records] == [
        ("P1", "male", "alive"),
        ("P2", "female", "lost"),
    ]
    assert [lab.value for lab in judged.records[0].labs] == [210, 190]
    assert {form["content"] for form in handler.asked} <= {"metadata", "record", "formEventMapping", "version"}
    assert {form["token"] for form in handler.asked} == {TOKEN}


def test_that_the_files_of_the_same_project_give_the_same(tmp_path: Path) -> None:
    (tmp_path / "Trial_DATA.csv").write_text(RECORDS, encoding="utf-8")
    (tmp_path / "Trial_DataDictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    records = read_records(tmp_path / "Trial_DATA.csv").records
    assert [one.baseline.sex for one in records] == ["male", "female"]


def test_that_an_own_mapping_names_other_fields(tmp_path: Path) -> None:
    own = (
        '[patients]\nprefix = ""\nfields = { start_date = "c1d1" }\n'
        '[survival]\nprefix = "surv_"\n[choices.sex]\n1 = "male"\n2 = "female"\n'
    )
    (tmp_path / "own.toml").write_text('record = "code"\n' + own, encoding="utf-8")
    export = RECORDS.replace("record_id", "code").replace("start_date", "c1d1").replace(",2,2021-12", ",alive,2021-12")
    (tmp_path / "x.csv").write_text(export.replace(",1,2021-11", ",lost,2021-11"), encoding="utf-8")
    found = read_records(tmp_path / "x.csv", Choices(mapping=tmp_path / "own.toml"))
    assert [one.baseline.sex for one in found.records] == ["male", "female"]
    assert {"unmapped_field", "unmapped_form"} <= {one.code for one in found.warnings}
    assert not found.records[0].labs


@pytest.mark.parametrize(
    "text", ["[nose]\n", "record = 3\n", "[labs]\nfields = { nose = 'x' }\n", "[labs\n", "[choices.a]\nb = 1\n"]
)
def test_that_a_mapping_that_is_wrong_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EsccError, match=r"own\.toml"):
        read_mapping(tmp_path / "own.toml")


def test_that_two_events_that_disagree_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(RECORDS + "P1,,,2021-01-05,,,,,,,,,\n", encoding="utf-8")
    with pytest.raises(EsccError) as refused:
        read_records(tmp_path / "x.csv")
    assert any("row 6, column start_date: is another value than in row 2" in str(one) for one in refused.value.faults)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, "<html>login</html>"), (403, "ERROR: You do not have permissions to use the API"), (302, ""), (200, "")],
)
def test_that_a_server_that_does_not_answer_as_redcap_is_refused_without_the_token(
    status: int, text: str, server: tuple[str, type[Recorded]], caplog: pytest.LogCaptureFixture
) -> None:
    url, handler = server
    handler.answers = {"record": (status, text), "metadata": (status, text)}
    said = ""
    try:
        said = str(judge(fetch_redcap(Coordinator(), url, TOKEN, Choices(), Progress())).faults)  # type: ignore[arg-type]
    except EsccError as refused:
        said = f"{refused} {refused.detail}"
    assert len(said) > len("()")
    assert TOKEN not in said + caplog.text


def test_that_nobody_at_the_address_is_one_sentence() -> None:
    with pytest.raises(EsccError, match=r"127\.0\.0\.1 did not give the records") as refused:
        fetch_redcap(Coordinator(), "http://127.0.0.1:9/api/", TOKEN, Choices(), Progress())  # type: ignore[arg-type]
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://redcap.example.org/api/",
        "ftp://h/api/",
        "redcap",
        "https://a:b@h/api/",
        "https://h/api/?t=1",
        "http://[x",
    ],
)
def test_that_a_token_is_sent_to_no_doubtful_address(url: str) -> None:
    with pytest.raises(EsccError):
        checked_address(url)


def test_that_the_end_of_the_address_is_added() -> None:
    assert checked_address("https://redcap.example.org/redcap") == (
        "https://redcap.example.org/redcap/api/",
        "redcap.example.org",
    )
    assert checked_address("http://localhost:8080/api")[0] == "http://localhost:8080/api/"


def test_that_a_reader_may_not_ask(server: tuple[str, type[Recorded]]) -> None:
    class Reader:
        principal = Principal("2", "A", Role.READER, None)

    with pytest.raises(AccessDeniedError):
        fetch_redcap(Reader(), server[0], TOKEN, Choices(), Progress())  # type: ignore[arg-type]
    assert not server[1].asked

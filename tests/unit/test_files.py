from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.files import (
    canonical_json,
    csv_text,
    parse_json,
    read_csv,
    read_json,
    refuse_overwriting,
    write_csv,
    write_whole,
)


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_that_a_table_reads_the_same_in_every_known_encoding(tmp_path: Path, encoding: str) -> None:
    table = read_csv(write(tmp_path / "a.csv", "patient_id,医院\n001,安徽\n".encode(encoding)))
    assert table.header == ("patient_id", "医院")
    assert table.rows == (("001", "安徽"),)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,2\n3\n", "row 3"),
        (b"a,a\n1,2\n", "column a"),
        (b"a,\n1,2\n", "no name"),
        (b'a,b\n1,"2\n3,4\n', "quote"),
        (b"a,b\n1,\0\n", "NUL"),
        (b"a,b\n1,\xff\xff\n", "encoding"),
        (b"a\n" + b"x" * 20_000, "more than"),
    ],
)
def test_that_an_improper_table_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(EsccError, match=words) as caught:
        read_csv(write(tmp_path / "a.csv", content))
    assert "\n" not in str(caught.value)
    assert "a.csv" in str(caught.value)


def test_that_all_faults_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FaultsError) as caught:
        read_csv(write(tmp_path / "a.csv", "a,a\n1\n2,3\n4,5,6\n"))
    assert [fault.where for fault in caught.value.faults] == ["a.csv, header", "a.csv, row 2", "a.csv, row 4"]


def test_that_a_missing_file_or_folder_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="does not exist"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(EsccError, match="Cannot read"):
        read_csv(tmp_path)
    with pytest.raises(EsccError, match="Cannot write"):
        write_whole(tmp_path / "none" / "a.csv", "x")


def test_that_numbers_survive_a_csv_to_the_last_bit(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1e-300, -0.0, 123456789.123456789]
    write_csv(tmp_path / "a.csv", ["x"], [[value] for value in values], {"engine": "none"})
    assert [float(cell) for cell in read_csv(tmp_path / "a.csv").column("x")] == values
    assert json.loads((tmp_path / "a.csv.json").read_text())["engine"] == "none"


def test_that_missing_values_are_empty_and_formulas_are_text() -> None:
    assert csv_text(["a", "b", "c"], [[None, float("nan"), "=1+1"]]) == "a,b,c\n,,'=1+1\n"


def test_that_a_table_and_its_sidecar_stay_together_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "a.csv"
    write_csv(table, ["x"], [[1]], {"engine": "old"})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    synced: list[int] = []
    sync = os.fsync

    def full_disk(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(EsccError, match="No space left"):
        write_csv(table, ["x"], [[2]], {"engine": "new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_that_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.txt", "old")

    def full_disk(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(EsccError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_nothing_overwrites_what_it_is_made_from(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "x")
    (tmp_path / "link.csv").symlink_to(source)
    for out in (source, tmp_path / "link.csv"):
        with pytest.raises(EsccError, match="is an input"):
            refuse_overwriting(out, source)
    with pytest.raises(EsccError, match="is an input"):
        refuse_overwriting(tmp_path / "b", write(tmp_path / "b.json", "{}"))
    refuse_overwriting(tmp_path / "c.csv", source, None)


def test_that_written_files_can_be_read_by_colleagues(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "x")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[" * 10_000, "deeply"),
        (b'{"a": 1', "line 1"),
        (b"\x80\x04\x95", "UTF-8"),
        (b"9" * 20_000, "digit"),
    ],
)
def test_that_json_nobody_should_trust_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(EsccError, match=words):
        read_json(write(tmp_path / "a.json", content))


def test_that_a_huge_json_is_refused_before_parsing() -> None:
    with pytest.raises(EsccError, match="larger"):
        parse_json(b" " * 2_000_000, "a.json", max_bytes=2**20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(JSON.filter(lambda document: not isinstance(document, int) or abs(document) < 10**4000))
def test_that_canonical_json_reads_back_equal_and_is_stable(document: object) -> None:
    raw = canonical_json(document)
    assert parse_json(raw, "a.json") == document
    assert canonical_json(parse_json(raw, "a.json")) == raw

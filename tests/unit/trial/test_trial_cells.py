"""One cell to one value."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.cells import CellRefused, Limited, parse_cell
from escc_desktop.trial.columns import Column

NUMBER = Column("x", "number", range=(0.0, float("inf")), plausible=(1.0, 100.0), unit="mm")
LIMITED = Column("x", "limited", range=(0.0, float("inf")))
DATE = Column("d", "date")
FLAG = Column("f", "flag", values=("yes", "no"), synonyms={"1": "yes", "是": "yes"})
TEXT = Column("t", "text")


@pytest.mark.parametrize(
    ("text", "column", "value", "codes"),
    [
        ("12.5", NUMBER, 12.5, []),
        ("1e1", NUMBER, 10.0, []),
        ("12,5", NUMBER, 12.5, ["comma_decimal"]),
        ("1,234", NUMBER, 1234.0, ["thousands", "implausible"]),
        ("1,234.5", LIMITED, Limited(1234.5), ["thousands"]),
        ("１２", NUMBER, 12.0, ["full_width"]),
        ("0.5", NUMBER, 0.5, ["implausible"]),
        ("<0.5", LIMITED, Limited(0.5, "<"), ["limit"]),
        ("> 1000", LIMITED, Limited(1000.0, ">"), ["limit"]),
        ("＜0.5", LIMITED, Limited(0.5, "<"), ["full_width", "limit"]),
        ("2021-03-04", DATE, date(2021, 3, 4), []),
        ("2021/3/4", DATE, date(2021, 3, 4), ["date_format"]),
        ("20210304", DATE, date(2021, 3, 4), ["date_format"]),
        ("yes", FLAG, True, []),
        ("NO", FLAG, False, []),
        ("1", FLAG, True, ["other_code"]),
        ("是", FLAG, True, ["other_code"]),
        ("007", Column("c", "code"), "007", []),
        ("=cmd('calc')", TEXT, "=cmd('calc')", ["formula"]),
        ("+A1*2", TEXT, "+A1*2", ["formula"]),
        ("-", TEXT, "-", []),
        ("", TEXT, None, []),
    ],
)
def test_that_a_cell_is_understood(text: str, column: Column, value: object, codes: list[str]) -> None:
    found, notes = parse_cell(text, column)
    assert found == value
    assert [note.code for note in notes] == codes


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", Column("p", "code", required=True), "empty"),
        ("nan", NUMBER, "finite"),
        ("inf", NUMBER, "finite"),
        ("-inf", NUMBER, "finite"),
        ("1e999", NUMBER, "finite"),
        ("12 mm", NUMBER, "finite"),
        ("=1+1", NUMBER, "finite"),
        ("1,2,3", NUMBER, "finite"),
        ("٣", NUMBER, "finite"),
        ("-3", NUMBER, "outside"),
        ("<", LIMITED, "finite"),
        ("2.5", Column("i", "integer"), "whole"),
        ("03/04/2021", DATE, "ambiguous"),
        ("2021-02-30", DATE, "calendar"),
        ("2021-13-01", DATE, "calendar"),
        ("44258", DATE, "no date"),
        ("0021-01-01", DATE, "1900"),
        ("maybe", FLAG, "none of"),
    ],
)
def test_that_a_cell_is_refused(text: str, column: Column, words: str) -> None:
    with pytest.raises(CellRefused, match=words):
        parse_cell(text, column)


@given(st.text(max_size=30), st.sampled_from([NUMBER, LIMITED, DATE, FLAG, TEXT, Column("i", "integer")]))
def test_that_no_text_is_anything_but_understood_or_refused(text: str, column: Column) -> None:
    outcome: object = None
    try:
        parse_cell(text.strip(), column)
    except CellRefused as refusal:
        outcome = refusal
    assert outcome is None or str(outcome)


@given(st.floats(min_value=0.0, max_value=1e300))
def test_that_a_written_number_is_read_back(value: float) -> None:
    assert parse_cell(repr(value), LIMITED) == (Limited(value), ())

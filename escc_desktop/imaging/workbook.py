"""The cells of a workbook (.xlsx) as text; called in the sandbox child, which alone knows openpyxl's reader.

Nothing of a workbook is calculated, and none of its macros or links is followed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from escc_desktop.imaging.sandbox import Refused

MAX_INFLATED: Final = 512 << 20
MAX_CELLS: Final = 3_000_000
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_SAVE: Final = "Open it in the program it was made with and save it as an Excel workbook (.xlsx) without a password."
# What programs of document protection put before what they encrypt.
_SEALS: Final = (b"%TSD-Header-###%", b"\x62\x14\x23\x65", b"E-SafeNet", b"LDSEC", b"SmartSec")


def answer_workbook(arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the cells of the workbook whose bytes are sent along."""
    check_kind(payload)
    names = _checked_names(payload)
    values = load_workbook(io.BytesIO(payload), data_only=True, keep_links=False)
    # Most workbooks of records hold none, and reading twice takes twice as long.
    formulas = load_workbook(io.BytesIO(payload), keep_links=False) if _has_formulas(payload, names) else None
    document = {
        "has_macros": any(name.endswith("vbaProject.bin") for name in names),
        "counts_from_1904": values.epoch == CALENDAR_MAC_1904,
        "sheets": [_sheet(values, formulas, name) for name in values.sheetnames],
    }
    return document, b""


def check_kind(raw: bytes) -> None:
    """Refuse, with a reason, what is no workbook of this kind.

    Raises
    ------
    Refused
        It is empty, protected by a password, encrypted, of an older kind, a web page, or text.
    """
    if raw.startswith(b"PK\x03\x04"):
        return
    if not raw:
        raise Refused("empty", "The file is empty.", "Export the workbook again.")
    if raw.startswith(_COMPOUND):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            raise Refused("password", "The workbook is protected by a password.", _SAVE)
        raise Refused("old", "This is an old workbook (.xls, or .et of WPS).", _SAVE)
    if any(seal in raw[:4096] for seal in _SEALS):
        raise Refused(
            "protected",
            "The file is encrypted by document protection (DLP) of the institution.",
            "Have it decrypted by those who run it, then import the plain workbook.",
        )
    _refuse_text(raw)
    raise Refused(
        "unknown",
        "This is no workbook; its bytes look encrypted or damaged.",
        "If document protection (DLP) or WPS encrypted it, save a plain .xlsx copy; else export it again.",
    )


def _refuse_text(raw: bytes) -> None:
    start = raw[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        raise Refused("html", "This is a web page with the name of a workbook.", _SAVE)
    if start.startswith(b"<"):
        raise Refused("xml", "This is XML with the name of a workbook.", _SAVE)
    if is_text(raw):
        raise Refused("text", "This is a text table with the name of a workbook.", "Name it .csv and import it so.")


def is_text(raw: bytes) -> bool:
    """Whether bytes look like text in some encoding: hardly a control character among them."""
    head = raw[:2000]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    odd = sum(byte < 32 and byte not in b"\t\r\n" for byte in head)
    try:
        head.decode("gb18030", "strict" if len(raw) <= len(head) else "ignore")
    except UnicodeDecodeError:
        return False
    return odd == 0


def _checked_names(raw: bytes) -> list[str]:
    """Return the names in the archive; refuse what is no workbook inside, or inflates beyond measure."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise Refused("damaged", "The workbook is damaged or cut off.", "Copy or export it again.") from None
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("password", "The workbook is protected by a password.", _SAVE)
    if sum(entry.file_size for entry in entries) > MAX_INFLATED:
        raise Refused("bomb", "The workbook is absurdly large inside.", "Export the tables alone.")
    if "mimetype" in names:
        raise Refused("ods", "This is an OpenDocument file.", _SAVE)
    if "xl/workbook.bin" in names:
        raise Refused("xlsb", "This is a binary workbook (.xlsb).", _SAVE)
    if "xl/workbook.xml" not in names:
        raise Refused("other", "This archive holds no workbook.", _SAVE)
    return names


def _has_formulas(raw: bytes, names: list[str]) -> bool:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = (name for name in names if name.startswith("xl/worksheets/"))
        return any(_FORMULA.search(archive.read(name)) is not None for name in sheets)


def _sheet(values: Workbook, formulas: Workbook | None, name: str) -> dict[str, Any]:
    sheet, written = values[name], None if formulas is None else formulas[name]
    if not isinstance(sheet, Worksheet):
        return {"name": name, "is_hidden": False, "is_chart": True, "rows": [], "merged": [], "formulas": []}
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        raise Refused("size", f"The sheet {name} declares {sheet.max_row} x {sheet.max_column} cells.", _SAVE)
    rows = [[_text(cell.value) for cell in row] for row in sheet.iter_rows()]
    return {
        "name": name,
        "is_hidden": sheet.sheet_state != "visible",
        "is_chart": False,
        "rows": rows,
        "merged": sorted(str(area) for area in sheet.merged_cells.ranges),
        "formulas": list(_formulas(sheet, written)) if isinstance(written, Worksheet) else [],
    }


def _formulas(sheet: Worksheet, written: Worksheet) -> Iterator[dict[str, Any]]:
    """Yield where formulas stand, and whether the value they gave last was saved."""
    for number, row in enumerate(written.iter_rows(), start=1):
        for at, cell in enumerate(row, start=1):
            if cell.data_type == "f":
                yield {"row": number, "column": at, "has_value": sheet.cell(number, at).value is not None}


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, datetime):
        is_midnight = value.time() == time()
        return value.date().isoformat() if is_midnight else value.isoformat(timespec="seconds")
    if isinstance(value, date | time | timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)

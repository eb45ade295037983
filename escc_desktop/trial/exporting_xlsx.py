"""Trial records as one workbook with a sheet a table; the same records give the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from escc_desktop.errors import EsccError
from escc_desktop.files import format_number
from escc_desktop.trial.columns import Column, table_specs
from escc_desktop.trial.exporting import all_rows
from escc_desktop.trial.records import Screening, TrialRecord
from escc_desktop.trial.sheets import ABOUT_SHEET

# What says when a file was made would make two exports of the same records differ.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_STAMPS: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_AS_TEXT: Final = "@"


def workbook_bytes(
    records: Sequence[TrialRecord], screened: Sequence[Screening], provenance: Mapping[str, object]
) -> bytes:
    """Return an .xlsx workbook of all tables that have rows, and a sheet that says where they are from.

    Every text is stored as text, so that no spreadsheet takes it for a formula; numbers stay numbers.

    Raises
    ------
    EsccError
        A text holds a character that a workbook cannot.
    """
    book = Workbook(write_only=True)
    for name, rows in all_rows(records, screened).items():
        if rows or table_specs()[name].required:
            sheet = book.create_sheet(name)
            columns = table_specs()[name].columns
            sheet.freeze_panes = "B2"
            sheet.append([_heading(sheet, column.name) for column in columns])
            for row in rows:
                sheet.append([_cell(sheet, row[column.name], column) for column in columns])
    about = book.create_sheet(ABOUT_SHEET)
    for key, value in provenance.items():
        about.append([_text_cell(about, key), _text_cell(about, str(value))])
    stream = io.BytesIO()
    book.save(stream)
    return _without_time(stream.getvalue())


def _heading(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    cell = _text_cell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: WriteOnlyWorksheet, value: object, column: Column) -> object:
    if isinstance(value, float):
        # The library would write 16 digits; a number needs 17 to be read back the same.
        number = WriteOnlyCell(sheet, format_number(value))
        number.data_type = "n"
        return number
    if value is None or isinstance(value, int):
        return value
    if column.type == "date":
        cell = WriteOnlyCell(sheet, datetime.fromisoformat(str(value)))
        cell.number_format = "yyyy-mm-dd"
        return cell
    return _text_cell(sheet, str(value))


def _text_cell(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    try:
        cell = WriteOnlyCell(sheet, text)
    except IllegalCharacterError:
        raise EsccError("A text of the records holds a control character.", "Type it anew in the project.") from None
    cell.data_type = "s"
    cell.number_format = _AS_TEXT
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))
    return cell


def _without_time(raw: bytes) -> bytes:
    """Return the archive with no time in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as again:
        for entry in archive.infolist():
            data = archive.read(entry)
            if entry.filename == "docProps/core.xml":
                data = _STAMPS.sub(rb"\g<1>1980-01-01T00:00:00Z", data)
            plain = zipfile.ZipInfo(entry.filename, _NO_TIME)
            plain.compress_type = zipfile.ZIP_DEFLATED
            again.writestr(plain, data)
    return out.getvalue()

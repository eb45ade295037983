"""Trial records as CDISC ODM 1.3: what the tables are (MetaDataVersion) and what they hold (ClinicalData)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET  # only to write; what is read goes through the sandbox

from escc_desktop.errors import EsccError
from escc_desktop.files import MAX_CELL, format_number
from escc_desktop.trial.columns import Column, TableSpec, table_specs
from escc_desktop.trial.exporting import all_rows
from escc_desktop.trial.records import Screening, TrialRecord

NAMESPACE: Final = "http://www.cdisc.org/ns/odm/v1.3"
STUDY_OID: Final = "S.TRIAL"
VERSION_OID: Final = "MDV.1"
EVENT_OID: Final = "SE.TRIAL"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TYPES: Final = {"date": "date", "integer": "integer", "number": "float"}


@dataclass(frozen=True)
class OdmFile:
    """What stands at the head of the file.

    Attributes
    ----------
    file_oid
        Tells this file from every other; a digest of the records makes it the same for the same records.
    software
        Name and version of the program.
    """

    file_oid: str
    created: datetime
    software: str


def group_oid(spec: TableSpec) -> str:
    """Return the OID of a table's item group."""
    return f"IG.{spec.name.upper()}"


def item_oid(spec: TableSpec, column: Column) -> str:
    """Return the OID of a column's item."""
    return f"I.{spec.name.upper()}.{column.name.upper()}"


def odm_bytes(records: Sequence[TrialRecord], screened: Sequence[Screening], about: OdmFile) -> bytes:
    """Return an ODM 1.3.2 snapshot of the records.

    Raises
    ------
    EsccError
        A text holds a character that XML does not know.
    """
    root = ET.Element(
        "ODM",
        {
            "xmlns": NAMESPACE,
            "ODMVersion": "1.3.2",
            "FileType": "Snapshot",
            "Granularity": "All",
            "FileOID": about.file_oid,
            "CreationDateTime": about.created.isoformat(timespec="seconds"),
            "SourceSystem": about.software,
        },
    )
    _add_study(root)
    data = ET.SubElement(root, "ClinicalData", {"StudyOID": STUDY_OID, "MetaDataVersionOID": VERSION_OID})
    for patient_id, tables in _by_patient(all_rows(records, screened)).items():
        _add_subject(data, patient_id, tables)
    ET.indent(root, " ")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


Cells = Mapping[str, object]
Tables = Mapping[str, Sequence[Cells]]


def _by_patient(tables: Tables) -> dict[str, dict[str, list[Cells]]]:
    found: dict[str, dict[str, list[Cells]]] = {}
    for name, rows in tables.items():
        for row in rows:
            found.setdefault(str(row["patient_id"]), {}).setdefault(name, []).append(row)
    return found


def _add_subject(data: ET.Element, patient_id: str, tables: Tables) -> None:
    subject = ET.SubElement(data, "SubjectData", {"SubjectKey": _checked(patient_id)})
    event = ET.SubElement(subject, "StudyEventData", {"StudyEventOID": EVENT_OID})
    for name, rows in tables.items():
        spec = table_specs()[name]
        form = ET.SubElement(event, "FormData", {"FormOID": f"F.{name.upper()}"})
        for number, row in enumerate(rows, start=1):
            key = {} if spec.key == ("patient_id",) else {"ItemGroupRepeatKey": str(number)}
            group = ET.SubElement(form, "ItemGroupData", {"ItemGroupOID": group_oid(spec), **key})
            for column in spec.columns:
                text = _text(row[column.name])
                if text and column.name != "patient_id":
                    ET.SubElement(group, "ItemData", {"ItemOID": item_oid(spec, column), "Value": text})


def _text(value: object) -> str:
    return format_number(value) if value is None or isinstance(value, int | float) else _checked(str(value))


def _checked(text: str) -> str:
    if _UNWRITABLE.search(text):
        raise EsccError("A text of the records holds a control character, which XML does not know.", "Type it anew.")
    return text


# What the tables are


def _add_study(root: ET.Element) -> None:
    study = ET.SubElement(root, "Study", {"OID": STUDY_OID})
    names = ET.SubElement(study, "GlobalVariables")
    for name in ("StudyName", "StudyDescription", "ProtocolName"):
        ET.SubElement(names, name).text = "Trial records"
    units = ET.SubElement(study, "BasicDefinitions")
    for unit in dict.fromkeys(column.unit for _, column in _items() if column.unit):
        made = ET.SubElement(units, "MeasurementUnit", {"OID": f"MU.{unit.upper()}", "Name": unit})
        _translated(ET.SubElement(made, "Symbol"), unit)
    version = ET.SubElement(study, "MetaDataVersion", {"OID": VERSION_OID, "Name": "Tables of trial records"})
    _add_structure(version)
    for spec, column in _items():
        _add_item(version, spec, column)
    for spec, column in _items():
        if column.values:
            _add_code_list(version, spec, column)


def _items() -> Iterator[tuple[TableSpec, Column]]:
    for spec in table_specs().values():
        for column in spec.columns:
            if column.name != "patient_id":
                yield spec, column


def _add_structure(version: ET.Element) -> None:
    protocol = ET.SubElement(version, "Protocol")
    ET.SubElement(protocol, "StudyEventRef", {"StudyEventOID": EVENT_OID, "Mandatory": "Yes"})
    event = ET.SubElement(
        version, "StudyEventDef", {"OID": EVENT_OID, "Name": "Trial", "Repeating": "No", "Type": "Common"}
    )
    specs = table_specs().values()
    for spec in specs:
        mandatory = "Yes" if spec.required else "No"
        ET.SubElement(event, "FormRef", {"FormOID": f"F.{spec.name.upper()}", "Mandatory": mandatory})
    for spec in specs:
        form = ET.SubElement(
            version, "FormDef", {"OID": f"F.{spec.name.upper()}", "Name": spec.name, "Repeating": "No"}
        )
        ET.SubElement(form, "ItemGroupRef", {"ItemGroupOID": group_oid(spec), "Mandatory": "Yes"})
    for spec in specs:
        repeats = "No" if spec.key == ("patient_id",) else "Yes"
        group = ET.SubElement(
            version, "ItemGroupDef", {"OID": group_oid(spec), "Name": spec.name, "Repeating": repeats}
        )
        for column in spec.columns:
            if column.name != "patient_id":
                mandatory = "Yes" if column.required else "No"
                ET.SubElement(group, "ItemRef", {"ItemOID": item_oid(spec, column), "Mandatory": mandatory})


def _add_item(version: ET.Element, spec: TableSpec, column: Column) -> None:
    kind = _TYPES.get(column.type, "text")
    sizes = {
        "text": {"Length": str(MAX_CELL)},
        "integer": {"Length": "9"},
        "float": {"Length": "24", "SignificantDigits": "17"},
        "date": {},
    }
    item = ET.SubElement(
        version, "ItemDef", {"OID": item_oid(spec, column), "Name": column.name, "DataType": kind, **sizes[kind]}
    )
    _translated(ET.SubElement(item, "Question"), column.help or column.name.replace("_", " "))
    if column.unit:
        ET.SubElement(item, "MeasurementUnitRef", {"MeasurementUnitOID": f"MU.{column.unit.upper()}"})
    if column.values:
        ET.SubElement(item, "CodeListRef", {"CodeListOID": f"CL{item_oid(spec, column)[1:]}"})


def _add_code_list(version: ET.Element, spec: TableSpec, column: Column) -> None:
    made = ET.SubElement(
        version, "CodeList", {"OID": f"CL{item_oid(spec, column)[1:]}", "Name": column.name, "DataType": "text"}
    )
    for value in column.values:
        entry = ET.SubElement(made, "CodeListItem", {"CodedValue": value})
        _translated(ET.SubElement(entry, "Decode"), value.replace("_", " "))


def _translated(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "TranslatedText", {_XML_LANG: "en"}).text = text

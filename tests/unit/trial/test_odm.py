"""The ODM file has the structure the standard asks for: order, references, keys, values of the code lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from escc_desktop.errors import FaultsError
from escc_desktop.trial.importing import read_records
from escc_desktop.trial.odm import OdmFile, odm_bytes

NS = "{http://www.cdisc.org/ns/odm/v1.3}"
ABOUT = OdmFile("ESCC.test", datetime(2026, 1, 1, tzinfo=UTC), "test")
# ODM 1.3.2, the order of what may stand in an element.
ORDER = {
    "ODM": ["Study", "ClinicalData"],
    "Study": ["GlobalVariables", "BasicDefinitions", "MetaDataVersion"],
    "GlobalVariables": ["StudyName", "StudyDescription", "ProtocolName"],
    "MetaDataVersion": ["Protocol", "StudyEventDef", "FormDef", "ItemGroupDef", "ItemDef", "CodeList"],
    "ItemDef": ["Question", "MeasurementUnitRef", "CodeListRef"],
    "ClinicalData": ["SubjectData"],
    "SubjectData": ["StudyEventData"],
    "StudyEventData": ["FormData"],
    "FormData": ["ItemGroupData"],
    "ItemGroupData": ["ItemData"],
}


@pytest.fixture
def file(write_folder: Callable[..., Path], tmp_path: Path) -> Path:
    records = read_records(write_folder()).records
    path = tmp_path / "study.xml"
    path.write_bytes(odm_bytes(records, (), ABOUT))
    return path


def test_that_elements_stand_in_the_order_of_the_standard(file: Path) -> None:
    for element in ET.parse(file).iter():
        name = element.tag.removeprefix(NS)
        places = [ORDER[name].index(child.tag.removeprefix(NS)) for child in element] if name in ORDER else []
        assert places == sorted(places), name


def test_that_every_reference_is_defined_once(file: Path) -> None:
    root = ET.parse(file).getroot()
    for kind in ("StudyEvent", "Form", "ItemGroup", "Item", "CodeList", "MeasurementUnit"):
        name = kind if kind in {"CodeList", "MeasurementUnit"} else f"{kind}Def"
        defined = [one.get("OID") for one in root.iter(f"{NS}{name}")]
        assert len(set(defined)) == len(defined)
        used = {one.get(f"{kind}OID") for one in root.iter() if one.get(f"{kind}OID")}
        assert used <= set(defined), kind


def test_that_keys_are_unique_and_coded_values_are_of_their_lists(file: Path) -> None:
    root = ET.parse(file).getroot()
    assert root.get("FileType") == "Snapshot"
    assert [one.get("SubjectKey") for one in root.iter(f"{NS}SubjectData")] == ["007", "P2"]
    lists = {
        one.get("OID"): {item.get("CodedValue") for item in one.iter(f"{NS}CodeListItem")}
        for one in root.iter(f"{NS}CodeList")
    }
    coded = {
        item.get("OID"): lists[reference.get("CodeListOID")]
        for item in root.iter(f"{NS}ItemDef")
        for reference in item.iter(f"{NS}CodeListRef")
    }
    for form in root.iter(f"{NS}FormData"):
        keys = [one.get("ItemGroupRepeatKey") for one in form]
        assert len(set(keys)) == len(keys)
        for item in form.iter(f"{NS}ItemData"):
            assert item.get("ItemOID") not in coded or item.get("Value") in coded[item.get("ItemOID")]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('ItemGroupRepeatKey="2"', 'ItemGroupRepeatKey="1"', "stands more than once"),
        ('ItemGroupOID="IG.LABS" ItemGroupRepeatKey="1"',
         'ItemGroupOID="IG.LABS" ItemGroupRepeatKey="1" TransactionType="Remove"', "marked to be removed"),
        (' Value="male"', ' Value="mann"', "none of female, male"),
    ],
)  # fmt: skip
def test_that_an_odd_odm_file_gives_its_faults(old: str, new: str, words: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FaultsError) as refused:
        read_records(file)
    assert any(words in fault.what for fault in refused.value.faults)


def test_that_unknown_oids_are_listed_and_asked_about(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    text = text.replace('ItemOID="I.PATIENTS.ECOG" Value="1"', 'ItemOID="I.OTHER" Value="1"', 1)
    file.write_text(text.replace('ItemGroupOID="IG.VISITS"', 'ItemGroupOID="IG.NOSE"'), encoding="utf-8")
    asked = [one.what for one in read_records(file).warnings if one.code == "unknown_oid"]
    assert any("I.OTHER" in what for what in asked)
    assert any("IG.NOSE" in what for what in asked)

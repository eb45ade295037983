"""What a RECORDS_DIR gets for each kind of odd input (research/verdicts.md, "table")."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escc_desktop.errors import FaultsError
from escc_desktop.trial.importing import read_records

PATIENTS = (
    "patient_id,start_date,sex,age_years,n_metastatic_sites,"
    "metastasis_liver,metastasis_lung,metastasis_lymph_node,metastasis_other_sites,prior_surgery\n"
)
SURVIVAL = "patient_id,status,last_contact_date,death_date,next_therapy_date\n"
LABS = "patient_id,date,analyte,value,unit,lln,uln\n"
VISITS = "patient_id,visit,date,response\n"
EVENTS = "patient_id,term,grade,start_date,end_date\n"
LESIONS = "patient_id,lesion_id,date,site,role,axis,diameter_mm\n"
DOSES = "patient_id,cycle,drug,start_date,end_date,dose,dose_unit\n"

GOOD_PATIENT = "P1,2021-01-04,male,67,1,no,no,yes,0,no\n"
GOOD_SURVIVAL = "P1,alive,2021-12-01,,\n"


@pytest.fixture
def verdict(tmp_path: Path) -> Callable[[str, str | bytes], tuple[list[str], list[str]]]:
    """Return (faults, warning codes) of a folder whose one table is replaced."""

    def judge(name: str, text: str | bytes) -> tuple[list[str], list[str]]:
        tables: dict[str, str | bytes] = {
            "patients": PATIENTS + GOOD_PATIENT,
            "survival": SURVIVAL + GOOD_SURVIVAL,
            name: text,
        }
        for table, content in tables.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (tmp_path / f"{table}.csv").write_bytes(raw)
        try:
            found = read_records(tmp_path)
        except FaultsError as error:
            return [str(fault) for fault in error.faults], []
        codes = [warning.code for warning in found.warnings if warning.code != "missing_table"]
        return [], codes

    return judge


OK = [
    ("control utf8", "patients", PATIENTS + GOOD_PATIENT),
    ("utf16", "patients", (PATIENTS + GOOD_PATIENT).encode("utf-16")),
    ("utf8 bom", "patients", b"\xef\xbb\xbf" + (PATIENTS + GOOD_PATIENT).encode()),
    ("lab on day 1", "labs", LABS + "P1,2021-01-04,ast,20,U/L,,40\n"),
]
WARN = [
    ("age 999", "patients", PATIENTS + GOOD_PATIENT.replace("67", "999"), ["implausible"]),
    ("other codes", "patients", PATIENTS + GOOD_PATIENT.replace("0,no\n", "0,0\n"), ["other_code"]),
    ("sex in Chinese", "patients", PATIENTS + GOOD_PATIENT.replace("male", "男"), ["other_code"]),
    ("event other codes", "survival", SURVIVAL + "P1,1,2021-12-01,2021-12-01,\n", ["other_code"]),
    ("full-width digits", "patients", PATIENTS + GOOD_PATIENT.replace("67", "６７"), ["full_width"]),
    ("dates mixed", "survival", SURVIVAL + "P1,alive,2021/12/01,,\n", ["date_format"]),
    ("unknown column", "survival", "name," + SURVIVAL + "X," + GOOD_SURVIVAL, ["unknown_column"]),
    ("sites do not add up", "patients", PATIENTS + GOOD_PATIENT.replace("67,1", "67,2"), ["site_sum"]),
    ("mg/dL bilirubin", "labs", LABS + "P1,2021-01-02,ibil,0.3,umol/L,,17\n", ["unit"]),
    ("mg/dL creatinine", "labs", LABS + "P1,2021-01-02,cr,0.8,umol/L,,111\n", ["unit"]),
    (
        "mixed bilirubin units",
        "labs",
        LABS + "P1,2021-01-02,ibil,0.3,umol/L,,17\nP1,2021-02-02,ibil,6.1,umol/L,,17\n",
        ["unit"],
    ),
    ("hardly possible", "labs", LABS + "P1,2021-01-02,plt,90000,1e9/L,,350\n", ["unit"]),
    ("impossible in any unit", "labs", LABS + "P1,2021-01-02,ldh,99999,U/L,,250\n", ["implausible"]),
    ("comma decimal", "labs", LABS + 'P1,2021-01-02,ast,"20,5",U/L,,40\n', ["comma_decimal"]),
    ("thousands", "labs", LABS + 'P1,2021-01-02,ldh,"1,250",U/L,,250\n', ["thousands"]),
    ("less than", "labs", LABS + "P1,2021-01-02,cea,<0.5,ng/mL,,5\n", ["limit"]),
    (
        "sum of bilirubin",
        "labs",
        LABS + "P1,2021-01-02,tbil,20,umol/L,,\nP1,2021-01-02,dbil,4,umol/L,,\nP1,2021-01-02,ibil,5,umol/L,,\n",
        ["bilirubin_sum"],
    ),
    ("formula", "adverse_events", EVENTS + "P1,\"=cmd|' /C calc'!A0\",1,2021-01-20,\n", ["formula"]),
    ("event before day 1", "adverse_events", EVENTS + "P1,Fever,1,2020-12-20,\n", ["before_start"]),
    ("old baseline scan", "visits", VISITS + "P1,0,2020-11-01,\n", ["baseline_scan"]),
    ("node by long axis", "lesions", LESIONS + "P1,L1,2021-01-01,regional_node,target,long,20\n", ["axis"]),
]
REFUSE = [
    ("short year", "patients", PATIENTS + GOOD_PATIENT.replace("2021-01-04", "03/04/21"), "two digits"),
    ("impossible date", "patients", PATIENTS + GOOD_PATIENT.replace("2021-01-04", "2021-02-30"), "calendar"),
    ("nan", "patients", PATIENTS + GOOD_PATIENT.replace("67", "nan"), "finite"),
    ("inf", "patients", PATIENTS + GOOD_PATIENT.replace("67", "inf"), "finite"),
    ("duplicate ids", "patients", PATIENTS + GOOD_PATIENT + GOOD_PATIENT, "already"),
    ("duplicate columns", "patients", "sex," + PATIENTS + "male," + GOOD_PATIENT, "more than once"),
    ("missing column", "patients", (PATIENTS + GOOD_PATIENT).replace("sex", "sexe"), "column sex is missing"),
    ("empty", "patients", "", "empty"),
    ("header only", "patients", PATIENTS, "no rows"),
    ("header only, optional table", "labs", LABS, "no rows"),
    ("huge field", "patients", PATIENTS + GOOD_PATIENT.replace("P1", "P" * 20_000), "characters"),
    (
        "mixed encoding",
        "patients",
        (PATIENTS + GOOD_PATIENT).encode() + "男".encode() + "男".encode("gbk")[:1],
        "",
    ),
    ("nul bytes", "patients", (PATIENTS + GOOD_PATIENT).encode() + b"\0", "NUL"),
    ("ragged", "patients", PATIENTS + GOOD_PATIENT.replace(",no\n", "\n"), "cells"),
    ("unclosed quote", "patients", PATIENTS + GOOD_PATIENT.replace("male", '"male'), "quote"),
    ("code like a path", "patients", PATIENTS + GOOD_PATIENT.replace("P1", "../P1"), "no code"),
    ("code over two lines", "patients", PATIENTS + GOOD_PATIENT.replace("P1", '"P\n1"'), "no code"),
    ("endless integer", "patients", PATIENTS + GOOD_PATIENT.replace("67", "1e300"), "outside"),
    ("required cell empty", "patients", PATIENTS + GOOD_PATIENT.replace("male", ""), "every row"),
    ("no survival", "survival", SURVIVAL + GOOD_SURVIVAL.replace("P1", "P2"), "no row in survival.csv"),
    ("unknown patient", "survival", SURVIVAL + GOOD_SURVIVAL + GOOD_SURVIVAL.replace("P1", "P2"), "patients.csv"),
    ("death before start", "survival", SURVIVAL + "P1,dead,2020-12-01,2020-12-01,\n", "negative"),
    ("contact before start", "survival", SURVIVAL + "P1,alive,2020-12-01,,\n", "negative"),
    ("dead without a date", "survival", SURVIVAL + "P1,dead,2021-12-01,,\n", "although the patient is dead"),
    ("alive with a death", "survival", SURVIVAL + "P1,alive,2021-12-01,2021-12-01,\n", "although death_date"),
    ("contact after death", "survival", SURVIVAL + "P1,dead,2021-12-05,2021-12-01,\n", "after the death"),
    ("next therapy before start", "survival", SURVIVAL + "P1,alive,2021-12-01,,2020-01-01\n", "before day 1"),
    ("no unit of it", "labs", LABS + "P1,2021-01-02,ast,20,mmol/L,,40\n", "no unit"),
    ("unknown analyte", "labs", LABS + "P1,2021-01-02,xyz,20,U/L,,40\n", "none of"),
    ("negative lab", "labs", LABS + "P1,2021-01-02,ast,-20,U/L,,40\n", "outside"),
    ("limits reversed", "labs", LABS + "P1,2021-01-02,plt,200,1e9/L,350,125\n", "above lln"),
    ("lab after death", "labs", LABS + "P1,2023-01-02,ast,20,U/L,,40\n", "last contact"),
    ("lab twice", "labs", LABS + 2 * "P1,2021-01-02,ast,20,U/L,,40\n", "already"),
    ("visit before start", "visits", VISITS + "P1,1,2021-01-01,SD\n", "negative"),
    ("visits out of order", "visits", VISITS + "P1,1,2021-03-01,SD\nP1,2,2021-02-01,SD\n", "does not lie after"),
    ("visit without response", "visits", VISITS + "P1,1,2021-03-01,\n", "NE"),
    ("baseline with response", "visits", VISITS + "P1,0,2021-01-01,SD\n", "baseline"),
    ("unknown response", "visits", VISITS + "P1,1,2021-03-01,better\n", "none of"),
    ("dose before start", "treatments", DOSES + "P1,1,apatinib,2021-01-01,,250,mg_per_day\n", "before day 1"),
    ("end before start", "treatments", DOSES + "P1,1,apatinib,2021-01-04,2021-01-03,250,mg_per_day\n", "before"),
    ("grade 6", "adverse_events", EVENTS + "P1,Fever,6,2021-02-01,\n", "outside"),
    ("grade 5 alive", "adverse_events", EVENTS + "P1,Fever,5,2021-02-01,\n", "not dead"),
    ("event after last contact", "adverse_events", EVENTS + "P1,Fever,1,2022-02-01,\n", "last contact"),
]


@pytest.mark.parametrize("code", ["11010519491231002X", "13812345678", "王小明"])
def test_that_a_code_that_looks_personal_is_questioned(tmp_path: Path, code: str) -> None:
    (tmp_path / "patients.csv").write_text(PATIENTS + GOOD_PATIENT.replace("P1", code), encoding="utf-8")
    (tmp_path / "survival.csv").write_text(SURVIVAL + GOOD_SURVIVAL.replace("P1", code), encoding="utf-8")
    warnings = [warning for warning in read_records(tmp_path).warnings if warning.code == "personal"]
    assert [warning.file for warning in warnings] == ["patients.csv", "survival.csv"]
    assert not any(code in str(warning) for warning in warnings)


@given(st.binary(max_size=400))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_no_bytes_are_anything_but_records_or_faults(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "patients.csv").write_bytes(raw)
    (tmp_path / "survival.csv").write_text(SURVIVAL + GOOD_SURVIVAL, encoding="utf-8")
    with pytest.raises(FaultsError):
        read_records(tmp_path)


@given(st.integers(0, 3), st.integers(0, 300), st.sampled_from([*'\x00"\n,;=-<9é男', "", "nan", "1e309", "2021-99-99"]))
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_no_damage_is_anything_but_records_or_faults(tmp_path: Path, which: int, place: int, what: str) -> None:
    tables = {
        "patients": PATIENTS + GOOD_PATIENT,
        "survival": SURVIVAL + GOOD_SURVIVAL,
        "labs": LABS + "P1,2021-01-02,ast,20,U/L,,40\nP1,2021-01-02,ibil,5,umol/L,,17\n",
        "visits": VISITS + "P1,0,2021-01-01,\nP1,1,2021-02-01,SD\n",
    }
    name = list(tables)[which]
    text = tables[name]
    tables[name] = text[: place % len(text)] + what + text[place % len(text) + 1 :]
    for table, content in tables.items():
        (tmp_path / f"{table}.csv").write_text(content, encoding="utf-8", newline="")
    faults: tuple[object, ...] = ()
    try:
        read_records(tmp_path)
    except FaultsError as error:
        faults = error.faults
    assert all(str(fault) for fault in faults)


@pytest.mark.parametrize(("name", "text"), [case[1:] for case in OK], ids=[case[0] for case in OK])
def test_that_a_good_table_imports_without_a_question(verdict: Callable, name: str, text: str | bytes) -> None:
    assert verdict(name, text) == ([], [])


@pytest.mark.parametrize(("name", "text", "codes"), [case[1:] for case in WARN], ids=[case[0] for case in WARN])
def test_that_an_odd_table_imports_with_its_question(verdict: Callable, name: str, text: str, codes: list[str]) -> None:
    assert verdict(name, text) == ([], codes)


@pytest.mark.parametrize(("name", "text", "words"), [case[1:] for case in REFUSE], ids=[case[0] for case in REFUSE])
def test_that_a_bad_table_is_refused_with_a_sentence(
    verdict: Callable, name: str, text: str | bytes, words: str
) -> None:
    faults, _ = verdict(name, text)
    assert any(words in fault for fault in faults), faults
    assert all(fault.startswith(tuple(f"{table}.csv" for table in ("patients", "survival", name))) for fault in faults)

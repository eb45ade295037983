"""A small RECORDS_DIR written by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


def _load_lesion_rows() -> None:
    spec = spec_from_file_location("lesion_rows", Path(__file__).parent / "lesion_rows.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["lesion_rows"] = module_from_spec(spec)
    spec.loader.exec_module(module)


_load_lesion_rows()

TABLES = {
    "patients": (
        "patient_id,start_date,sex,age_years,ecog,height_cm,weight_kg,n_metastatic_sites,metastasis_liver,"
        "metastasis_lung,metastasis_lymph_node,metastasis_other_sites\n"
        "007,2021-01-04,male,67,1,170,62.5,2,no,no,yes,1\n"
        "P2,2021-02-01,female,58,0,,,1,no,no,yes,0\n"
    ),
    "labs": (
        "patient_id,date,analyte,value,unit,lln,uln,method,confirmed\n"
        "007,2021-01-02,tbil,9.5,umol/L,,23,,\n"
        "007,2021-01-02,dbil,4.5,umol/L,,6,,\n"
        "007,2021-01-02,ibil,5.0,umol/L,,17,,\n"
        "007,2020-12-30,ast,19,U/L,,40,,\n"
        "007,2021-01-03,ast,21,U/L,,40,,\n"
        "007,2021-02-03,ast,55,U/L,,40,,\n"
        "P2,2021-01-29,cea,<0.5,ng/mL,,5,,\n"
        "P2,2021-01-29,alb,3.9,g/dL,3.5,5.5,,\n"
        "P2,2021-01-29,ast,,U/L,,40,,\n"
    ),
    "treatments": (
        "patient_id,cycle,drug,start_date,end_date,dose,dose_unit,action,reason\n"
        "007,1,camrelizumab,2021-01-04,,200,mg,given,\n"
        "007,1,apatinib,2021-01-04,2021-01-24,250,mg_per_day,given,\n"
    ),
    "visits": (
        "patient_id,visit,date,response\n"
        "007,0,2020-12-28,\n"
        "007,1,2021-02-01,PR\n"
        "007,2,2021-03-01,PR\n"
        "007,3,2021-03-29,PD\n"
        "P2,0,2021-01-20,\n"
    ),
    "lesions": (
        "patient_id,lesion_id,date,site,role,axis,diameter_mm,irradiated\n"
        "007,L1,2020-12-28,primary,target,long,30.0,no\n"
        "007,L1,2021-02-01,primary,target,long,20.0,no\n"
        "007,L1,2021-03-01,primary,target,long,18.0,no\n"
        "007,L1,2021-03-29,primary,target,long,24.0,no\n"
    ),
    "adverse_events": (
        "patient_id,term,grade,start_date,end_date,serious,immune_related,related_to,action\n"
        "007,Leukopenia,3,2021-01-15,2021-01-22,no,no,irinotecan,dose reduced\n"
        "007,Fatigue,1,2021-01-15,,no,not_assessed,,\n"
    ),
    "survival": (
        "patient_id,status,last_contact_date,death_date,next_therapy_date,next_therapy\n"
        "007,dead,2021-10-04,2021-10-04,2021-04-20,docetaxel\n"
        "P2,lost,2021-03-15,,,\n"
    ),
}


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write the tables, some of them changed by (old, new) pairs, and return the folder."""

    def write(**changes: tuple[str, str] | None) -> Path:
        for name, text in TABLES.items():
            change = changes.get(name, ("", ""))
            if change is None:
                continue
            assert change[0] in text
            (tmp_path / f"{name}.csv").write_text(text.replace(*change, 1), encoding="utf-8")
        return tmp_path

    return write

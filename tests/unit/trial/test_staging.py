"""AJCC 8 clinical stage groups of squamous cell carcinoma of the esophagus, and stages that do not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from escc_desktop.trial.records import Baseline, LesionMeasurement, Survival, TrialRecord, VitalStatus
from escc_desktop.trial.staging import agrees, stage_group, stage_questions

START = date(2024, 1, 8)
# AJCC Cancer Staging Manual, 8th edition, chapter 16: clinical (cTNM), squamous cell carcinoma.
PUBLISHED = [
    ("0", ["Tis"], ["N0"], ["M0"]),
    ("I", ["T1", "T1a", "T1b"], ["N0", "N1"], ["M0"]),
    ("II", ["T2"], ["N0", "N1"], ["M0"]),
    ("II", ["T3"], ["N0"], ["M0"]),
    ("III", ["T3"], ["N1"], ["M0"]),
    ("III", ["T1", "T1a", "T1b", "T2", "T3"], ["N2"], ["M0"]),
    ("IVA", ["T4", "T4a", "T4b"], ["N0", "N1", "N2"], ["M0"]),
    ("IVA", ["TX", "T0", "T1", "T1a", "T1b", "T2", "T3", "T4", "T4a", "T4b"], ["N3"], ["M0"]),
    ("IVB", ["TX", "T0", "Tis", "T1", "T2", "T3", "T4", "T4a", "T4b"], ["NX", "N0", "N1", "N2", "N3"], ["M1"]),
]


@pytest.mark.parametrize(("group", "t", "n", "m"), PUBLISHED)
def test_that_stage_groups_are_those_of_the_table(group: str, t: list[str], n: list[str], m: list[str]) -> None:
    for categories in product(t, n, m):
        assert stage_group(*categories) == group, categories


@pytest.mark.parametrize(
    "tnm",
    [("TX", "N0", "M0"), ("T2", "NX", "M0"), ("T0", "N1", "M0"), ("Tis", "N1", "M0"), ("T3", "N1", ""), ("", "", "")],
)
def test_that_what_the_table_does_not_hold_has_no_group(tnm: tuple[str, str, str]) -> None:
    assert stage_group(*tnm) is None


def test_that_stage_iv_stands_for_both_of_its_parts() -> None:
    assert agrees("IV", "IVA")
    assert agrees("IV", "IVB")
    assert not agrees("IVA", "IVB")
    assert not agrees("IV", "III")


def record(*sites: str, **baseline: object) -> TrialRecord:
    lesions = tuple(
        LesionMeasurement(f"L{index}", START, site, "target", "long", 20.0) for index, site in enumerate(sites)
    )
    return TrialRecord(
        "P1", START, replace(Baseline("male", 60, 1), **baseline), Survival(VitalStatus.ALIVE, START), lesions=lesions
    )


@pytest.mark.parametrize(
    ("sites", "baseline", "codes"),
    [
        ((), {"t_stage": "T3", "n_stage": "N1", "m_stage": "M0", "stage": "IVB"}, ["stage"]),
        ((), {"t_stage": "T3", "n_stage": "N1", "m_stage": "M1", "stage": "IV"}, []),
        ((), {"m_stage": "M0", "distant_metastasis": True}, ["m_flag"]),
        (("distant_node",), {"m_stage": "M0", "n_stage": "N1"}, ["distant_node"]),
        (("regional_node",), {"m_stage": "M0", "n_stage": "N1"}, []),
        (("regional_node",), {"n_stage": "N0"}, ["regional_node"]),
        (("liver",), {"m_stage": "M0"}, ["m0_organ"]),
        (("lung",), {"m_stage": "M1", "metastasis_lung": False}, ["organ"]),
        ((), {"m_stage": "M0", "metastasis_liver": True}, ["m0_organ"]),
        (
            (),
            {
                "m_stage": "M1",
                "metastasis_liver": False,
                "metastasis_lung": False,
                "metastasis_lymph_node": False,
                "metastasis_other_sites": 0,
            },
            ["m1_without"],
        ),
        (("primary", "distant_node"), {"m_stage": "M1", "n_stage": "N2", "distant_metastasis": True}, []),
    ],
)
def test_that_a_stage_which_does_not_fit_is_questioned(
    sites: tuple[str, ...], baseline: dict[str, object], codes: list[str]
) -> None:
    assert [question.code for question in stage_questions(record(*sites, **baseline))] == codes

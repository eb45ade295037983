"""The trial as data: what the paper states, another trial, and files that describe none."""

from __future__ import annotations

from pathlib import Path

import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.resources import resource_path
from escc_desktop.trial.columns import table_specs
from escc_desktop.trial.ctcae import find_term
from escc_desktop.trial.protocol import load_protocol, parse_protocol
from escc_desktop.trial.rules import load_rules

TEXT = resource_path("trial", "protocol.toml").read_text(encoding="utf-8")


def test_that_the_shipped_trial_is_the_papers() -> None:
    trial = load_protocol()
    assert (trial.registration, trial.line, trial.arms) == ("ChiCTR2000028857", 2, 1)
    design = trial.design
    assert (design.null_rate, design.target_rate, design.alpha, design.power, design.dropout) == (
        0.346,
        0.55,
        0.05,
        0.9,
        0.1,
    )
    assert (trial.cycle.days, trial.cycle.combination_cycles) == (21, (4, 6))
    given = {drug.name: (drug.dose_mg, drug.per, drug.route, drug.days[0], drug.days[-1]) for drug in trial.drugs}
    assert given == {
        "camrelizumab": (200.0, "dose", "IV", 1, 1),
        "apatinib": (250.0, "day", "PO", 1, 21),
        "irinotecan": (60.0, "m2", "IV", 1, 8),
    }
    assert [drug.name for drug in trial.drugs if not drug.is_reducible] == ["camrelizumab"]
    assert {drug.name for drug in trial.drugs if "maintenance" in drug.phases} == {"camrelizumab", "apatinib"}
    assert len([one for one in trial.criteria if one.kind == "inclusion"]) == 15
    assert len([one for one in trial.criteria if one.kind == "exclusion"]) == 9
    assert all(one.source == "paper" and one.why and one.text_zh for one in trial.criteria)


def test_that_schedule_and_drugs_have_one_source() -> None:
    assert load_rules().schedule is load_protocol().schedule
    drug = next(column for column in table_specs()["treatments"].columns if column.name == "drug")
    assert drug.values == load_protocol().drug_names


def test_that_what_the_paper_does_not_state_is_marked() -> None:
    assert all(hold.source == "practice" for hold in load_protocol().holds)
    assert load_protocol().surface.source == "practice"
    assert all(find_term(hold.term) for hold in load_protocol().holds if hold.term)


def test_that_another_trial_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(
        TEXT.replace("days = 21\n", "days = 28\n").replace('"camrelizumab"', '"tislelizumab"'), encoding="utf-8"
    )
    other = load_protocol(path)
    assert other.cycle.days == 28
    assert other.drug_names[0] == "tislelizumab"
    assert load_protocol().cycle.days == 21


def test_that_every_fault_is_told_at_once() -> None:
    broken = (
        TEXT.replace("null_rate = 0.346", "null_rate = 1.346")
        .replace("arms = 1", 'arms = "one"')
        .replace("then_every_days = 84", "then_every = 84")
        .replace("levels = [1.0, 0.8, 0.6]", "levels = [0.8, 1.0]")
    )
    with pytest.raises(FaultsError) as told:
        parse_protocol(broken, "broken.toml")
    places = {fault.where for fault in told.value.faults}
    assert places == {"arms", "design, null_rate", "drugs 3", "schedule, then_every_days", "schedule, then_every"}
    assert "broken.toml describes no trial" in told.value.what
    assert "(and 4 more)" in told.value.what


def test_that_names_nobody_defined_are_told_at_once() -> None:
    broken = (
        TEXT.replace(
            'drugs = ["irinotecan"]\nlab = { analyte = "anc"', 'drugs = ["docetaxel"]\nlab = { analyte = "anc"', 1
        )
        .replace('analyte = "hgb"', 'analyte = "ferritin"')
        .replace('value = 100.0, unit = "1e9/L" }\nsource', 'value = 100.0, unit = "mg/dL" }\nsource')
        .replace('field = "ecog"', 'field = "karnofsky"')
        .replace('code = "I8"', 'code = "I7"')
        .replace("days = [1, 8]", "days = [1, 28]")
        .replace(
            'rule = { type = "lab", analyte = "cr", op = "<=", of_uln = 1.5 }',
            'rule = { type = "lab", analyte = "cr" }',
        )
    )
    with pytest.raises(FaultsError) as told:
        parse_protocol(broken, "broken.toml")
    assert [fault.what for fault in told.value.faults] == [
        "I7 stands there twice",
        "a cycle of 21 days has no day 28",
        "the regimen has no drug docetaxel",
        "the baseline has no field karnofsky",
        "ferritin is not in analytes.toml",
        "mg/dL is no unit of plt; use 1e9/L or cells/uL",
        "a laboratory rule needs either a number as value with its unit, or of_uln",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "describes no trial"),
        ("name = ", "is no TOML"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("a = 1\n" * 2, "is no TOML"),
    ],
)
def test_that_what_is_no_protocol_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(EsccError, match=said):
        parse_protocol(text, "x.toml")


def test_that_a_huge_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(EsccError, match="too large"):
        load_protocol(path)
    with pytest.raises(EsccError, match="does not exist"):
        load_protocol(tmp_path / "none.toml")

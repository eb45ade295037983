"""Whom a card may judge: taken from the training patients, and outside it no probability, with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.table import FeatureTable, RoiKey, write_feature_table
from escc_desktop.files import CsvTable, csv_text
from escc_desktop.prognosis.applicability import applicability, outside, unsaid
from escc_desktop.prognosis.card import ModelCard, finished, save_card
from escc_desktop.prognosis.card_parts import Applicability, Requirement
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.score import Assessment, assess

PATIENT = {"prior_chemotherapy": "1", "prior_immunotherapy": "0", "regimen": "camrelizumab+apatinib+irinotecan"}


def _with(table: CsvTable, prefix: str = "", **columns: str) -> ClinicalTable:
    rows = tuple((f"{prefix}{row[0]}", *row[1:], *columns.values()) for row in table.rows)
    return parse_clinical(CsvTable((*table.header, *columns), rows, table.name))


@pytest.fixture
def card(made: Development, cohort: Any) -> ModelCard:
    clinical = _with(cohort.csv, **PATIENT)
    joined = assemble(cohort.table, clinical, "os", "largest")
    content = {name: getattr(made.cards["radiomics"], name) for name in ModelCard.model_fields if name != "digest"}
    return finished(**{**content, "applicability": applicability(Applicability(), clinical, joined)})


def _verdict(
    card: ModelCard, cohort: Any, *, site: str = "primary", phase: str = "arterial", **changed: str
) -> Assessment:
    first = cohort.table.select(reader="A", occasion="first")
    keys = tuple(RoiKey(f"N{key.patient_id}", key.lesion_id, site, "A", "first") for key in first.keys)
    scan = ScanFacts(0.8, 5.0, None, 120.0, "B30f", None, 1210.0, phase=phase)
    table = FeatureTable(keys, first.names, first.values * 1.0001, tuple(scan for _ in keys))
    verdicts = assess(card, table, _with(cohort.csv, "N", **{**PATIENT, **changed}))
    return next(one for one in verdicts if "outside_range" not in {caution.code for caution in one.cautions})


def test_that_a_card_knows_line_prior_inhibitor_regimen_and_sites_of_its_patients(card: ModelCard) -> None:
    assert card.applicability.sites == ("primary",)
    assert {one.column: one.allowed for one in card.applicability.requirements} == {
        name: (value,) for name, value in PATIENT.items()
    }
    assert unsaid(card.applicability) == ()
    assert unsaid(Applicability()) == ("line of therapy", "prior immune checkpoint inhibitor", "regimen")


def test_that_a_patient_of_the_same_kind_gets_a_probability(card: ModelCard, cohort: Any) -> None:
    verdict = _verdict(card, cohort)
    assert verdict.survival is not None
    assert not [caution for caution in verdict.cautions if caution.withholds]


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"prior_chemotherapy": "0"}, "prior_chemotherapy 0, card 1"),
        ({"prior_immunotherapy": "1"}, "prior_immunotherapy 1, card 0"),
        ({"prior_immunotherapy": ""}, "prior_immunotherapy not known, card 0"),
        ({"regimen": "docetaxel"}, "regimen docetaxel, card camrelizumab+apatinib+irinotecan"),
        ({"site": "liver"}, "lesion site liver, card primary"),
        ({"phase": "venous"}, "phase venous, card arterial"),
    ],
)
def test_that_outside_of_it_the_probability_is_withheld_with_the_reason(
    card: ModelCard, cohort: Any, changed: dict[str, str], detail: str
) -> None:
    verdict = _verdict(card, cohort, **changed)
    assert (verdict.survival, verdict.lower, verdict.upper) == (None, None, None)
    assert detail in [caution.detail for caution in verdict.cautions if caution.code == "outside_applicability"]


def test_that_values_and_images_outside_the_training_ranges_withhold_it_too(card: ModelCard, cohort: Any) -> None:
    first = cohort.table.select(reader="A", occasion="first")
    keys = tuple(RoiKey(f"N{key.patient_id}", key.lesion_id, "primary", "A", "first") for key in first.keys)
    clinical = _with(cohort.csv, "N", **PATIENT)
    sharp = tuple(ScanFacts(0.8, 5.0, None, 120.0, "B99x", None, 1210.0) for _ in keys)
    for table in (
        FeatureTable(keys, first.names, first.values * 3),
        FeatureTable(keys, first.names, first.values * 1.0001, sharp),
    ):
        assert all(verdict.survival is None for verdict in assess(card, table, clinical))


def test_that_a_stated_requirement_stays_as_it_is_stated(cohort: Any) -> None:
    stated = Applicability(
        requirements=(Requirement(column="prior_immunotherapy", allowed=("0", "1")),), sites=("liver",)
    )
    clinical = _with(cohort.csv, **PATIENT)
    found = applicability(stated, clinical, assemble(cohort.table, clinical, "os", "largest"))
    assert found.sites == ("liver",)
    assert found.requirements[0].allowed == ("0", "1")
    assert [one.column for one in found.requirements].count("prior_immunotherapy") == 1


def test_that_nothing_known_of_the_training_patients_is_required_of_nobody(cohort: Any) -> None:
    clinical = _with(cohort.csv, prior_immunotherapy="")
    found = applicability(Applicability(), clinical, assemble(cohort.table, clinical, "os", "largest"))
    assert found.requirements == ()
    assert list(outside(found.model_copy(update={"sites": ()}), ("liver",), {})) == []


def test_that_the_command_withholds_it_like_the_card(
    card: ModelCard, cohort: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = cohort.table.select(reader="A", occasion="first")
    keys = tuple(RoiKey(f"N{key.patient_id}", key.lesion_id, "primary", "A", "first") for key in first.keys)
    write_feature_table(tmp_path / "features.csv", FeatureTable(keys, first.names, first.values * 1.0001), {})
    save_card(tmp_path / "card.json", card)
    rows = [[f"N{row[0]}", *row[1:], "1", k % 2, PATIENT["regimen"]] for k, row in enumerate(cohort.rows)]
    (tmp_path / "clinical.csv").write_text(csv_text((*cohort.header, *PATIENT), rows), encoding="utf-8")
    arguments = ["assess", *(str(tmp_path / name) for name in ("card.json", "features.csv", "clinical.csv"))]
    arguments += ["-o", str(tmp_path / "out.csv"), "--json"]
    with pytest.raises(SystemExit) as left:
        run_app(build(arguments), arguments)
    assert left.value.code == 0
    verdicts = json.loads(capsys.readouterr().out)["assessments"]
    for k, verdict in enumerate(verdicts):
        reasons = [caution for caution in verdict["cautions"] if caution.startswith("outside_applicability")]
        assert len(reasons) == k % 2
        if k % 2:
            assert verdict["survival"] is None
            assert "prior_immunotherapy 1, card 0" in reasons[0]
    assert any(verdict["survival"] is not None for verdict in verdicts)

"""The prediction ledger: what may be locked, the chain, and calibration that grows by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.files import csv_text, parse_csv, read_csv
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical
from escc_desktop.prognosis.ledger import Locked, check_chain, judge, lock
from escc_desktop.prognosis.score import Assessment, Caution
from escc_desktop.store.records import Document
from escc_desktop.workflow.ledger import (
    COLUMNS,
    PREDICTION,
    PredictionLedger,
    judged_document,
    judged_text,
    write_ledger,
)
from escc_desktop.workflow.paper import published_card
from tests.small_study import Clock, staff

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
NOBODY = [("P000", 0.0, 0)]


def card() -> ModelCard:
    return published_card("clinical")


def clinical(rows: list[tuple[str, float, int]]) -> ClinicalTable:
    return parse_clinical(parse_csv(csv_text(("patient_id", "os_months", "os_event"), rows), "clinical.csv"))


def verdict(patient: str, survival: float | None = 0.6, *cautions: Caution) -> Assessment:
    return Assessment(patient, 0.1, "LOW", 50.0, survival, None, None, cautions)


def test_that_only_who_cannot_be_known_yet_is_locked_and_everyone_else_has_a_reason() -> None:
    known = clinical([("P1", 0.5, 0), ("P2", 0.5, 1), ("P3", 9.0, 0)])
    verdicts = [
        verdict("P1"),
        verdict("P2"),
        verdict("P3"),
        verdict("P4", None),
        verdict("P5", 0.5, Caution("in_training")),
        verdict("P6"),
    ]
    found = lock(card(), verdicts, known, (), NOW)
    assert [entry.patient_id for entry in found.entries] == ["P1", "P6"]
    assert {one.patient_id: one.why.split()[0] for one in found.left_out} == {
        "P2": "the", "P3": "followed", "P4": "the", "P5": "the",
    }  # fmt: skip
    assert found.entries[1].followed_months == 0
    assert found.entries[1].previous == found.entries[0].digest


def ledger_of(n: int) -> tuple[Locked, ...]:
    rng = np.random.default_rng(1)
    verdicts = [verdict(f"P{k:03d}", float(p)) for k, p in enumerate(rng.uniform(0.3, 0.9, n))]
    return lock(card(), verdicts, clinical(NOBODY), (), NOW).entries


def test_that_nobody_is_locked_twice_under_one_card() -> None:
    first = ledger_of(3)
    again = lock(card(), [verdict("P001"), verdict("P009")], clinical(NOBODY), first, NOW)
    assert [entry.patient_id for entry in again.entries] == ["P009"]
    check_chain((*first, *again.entries))


@pytest.mark.parametrize("change", ["survival", "removed", "swapped", "end"])
def test_that_any_change_breaks_the_chain_where_it_happened(change: str) -> None:
    ledger = list(ledger_of(4))
    check_chain(ledger)
    if change == "survival":
        ledger[1] = replace(ledger[1], survival=0.99)
    elif change == "removed":
        del ledger[1]
    elif change == "swapped":
        ledger[1], ledger[2] = ledger[2], ledger[1]
    else:
        ledger[3] = replace(ledger[3], survival=0.99)
    with pytest.raises(EsccError, match=f"entry {4 if change == 'end' else 2}"):
        check_chain(ledger)


def followed(ledger: tuple[Locked, ...], time: np.ndarray, until: float) -> ClinicalTable:
    """Return the outcomes known when everybody has been followed for so many months."""
    patients = [entry.patient_id for entry in ledger]
    return clinical([(one, round(min(t, until), 3), int(t <= until)) for one, t in zip(patients, time, strict=True)])


def test_that_calibration_grows_with_the_outcomes_and_is_right_where_predictions_are() -> None:
    ledger = ledger_of(400)
    rate = -np.log([entry.survival for entry in ledger]) / ledger[0].horizon_months
    rng = np.random.default_rng(2)
    n_covered = 0
    for _ in range(20):
        time = rng.exponential(1 / rate).clip(0.05)
        (young,), (old,) = judge(ledger, followed(ledger, time, 2.0)), judge(ledger, followed(ledger, time, 20.0))
        assert old.in_the_large is not None
        n_covered += old.in_the_large.lower < 1 < old.in_the_large.upper
    assert n_covered >= 16  # of 19 expected; fewer has a probability of 0.3 %
    assert young.in_the_large is None
    assert young.n_locked == old.n_locked == old.n_followed == old.n_settled == 400
    assert old.c is not None
    assert old.c.c > 0.5
    assert sum(group.n for group in old.groups) == 400
    assert "observed over expected" in judged_text(judged_document(old))
    assert "Too few" in judged_text(judged_document(young))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[object, dict[str, object]]]:
    store, people = staff(tmp_path / "study", Clock())
    yield store, people
    store.close()


def test_that_a_project_keeps_it_for_good_and_shows_what_was_tampered_with(project: tuple, tmp_path: Path) -> None:
    store, people = project
    told: list[str] = []
    ledger = PredictionLedger(store, people["statistician"], lambda *ids: told.extend(ids))
    ledger.lock(card(), [verdict("P1"), verdict("P2")], clinical(NOBODY))
    ledger.lock(card(), [verdict("P1"), verdict("P3")], clinical(NOBODY))
    entries = ledger.entries()
    assert [entry.patient_id for entry in entries] == ["P1", "P2", "P3"]
    assert entries[0].at == store.clock().isoformat()
    assert len(told) == 3
    write_ledger(entries, tmp_path / "ledger.csv")
    assert read_csv(tmp_path / "ledger.csv").header == COLUMNS
    assert not store.verify()
    store.put(people["statistician"], PREDICTION, Document("00000002", {**store.get(PREDICTION, "00000002").content}))
    with pytest.raises(EsccError, match="written twice"):
        ledger.entries()


def test_that_readers_neither_lock_nor_see_predictions(project: tuple) -> None:
    store, people = project
    ledger = PredictionLedger(store, people["A"], lambda *_: None)
    with pytest.raises(AccessDeniedError):
        ledger.lock(card(), [], clinical(NOBODY))
    with pytest.raises(AccessDeniedError):
        ledger.entries()

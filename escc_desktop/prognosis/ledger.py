"""The prediction ledger: what a card said before anybody knew, chained by digests, and how right it was afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, digest
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.score import Assessment
from escc_desktop.stats.calibration import CalibrationGroup, calibration_groups, equal_sizes
from escc_desktop.stats.performance import CIndex, c_index
from escc_desktop.stats.recalibration import InTheLarge, in_the_large
from escc_desktop.stats.survival import Endpoint

START = "0" * 64
# Whoever was followed longer has lived through a part of what the card predicts from the start.
LATEST_MONTHS = 1.0
ENOUGH_EVENTS = 10
ENOUGH_FOR_GROUPS = 30
IN_TRAINING = "in_training"


@dataclass(frozen=True)
class Locked:
    """One prediction as it was locked.

    Attributes
    ----------
    number
        1 for the first of the ledger.
    followed_months
        What was known of the patient then: alive (or free of progression) so long.
    at
        UTC, ISO 8601.
    previous, digest
        Of the entry before, and of this one with it.
    """

    number: int
    card: str
    endpoint: str
    horizon_months: float
    patient_id: str
    rad_score: float | None
    risk_group: str | None
    survival: float
    lower: float | None
    upper: float | None
    followed_months: float
    at: str
    previous: str
    digest: str = ""

    @property
    def sealed(self) -> Locked:
        """The same with its digest."""
        content = {name: value for name, value in asdict(self).items() if name != "digest"}
        return Locked(**content, digest=digest(canonical_json(content)))


@dataclass(frozen=True)
class LeftOut:
    """A patient whose prediction was not locked, and why."""

    patient_id: str
    why: str


@dataclass(frozen=True)
class Locking:
    """What one locking added, and who was left out."""

    entries: tuple[Locked, ...]
    left_out: tuple[LeftOut, ...]


def lock(
    card: ModelCard, verdicts: Sequence[Assessment], clinical: ClinicalTable, ledger: Sequence[Locked], at: datetime
) -> Locking:
    """Return new entries for the end of a ledger: of patients whose outcome nobody can know yet.

    Parameters
    ----------
    clinical
        What is known of the endpoint now; who is not in it counts as followed for 0 months.
    at
        Now, with its time zone.
    """
    done = {entry.patient_id for entry in ledger if entry.card == card.digest}
    known = _known(clinical, card.endpoint)
    entries, left_out = [], []
    previous, number = (ledger[-1].digest, ledger[-1].number) if ledger else (START, 0)
    for verdict in verdicts:
        followed, has_event = known.get(verdict.patient_id, (0.0, False))
        why = _why_not(verdict, followed, has_event, verdict.patient_id in done)
        if why or verdict.survival is None:
            left_out.append(LeftOut(verdict.patient_id, why))
            continue
        number += 1
        entry = Locked(
            number, card.digest, card.endpoint, card.horizon_months, verdict.patient_id, verdict.rad_score,
            verdict.risk_group, verdict.survival, verdict.lower, verdict.upper, followed, at.isoformat(), previous,
        ).sealed  # fmt: skip
        entries.append(entry)
        previous = entry.digest
    return Locking(tuple(entries), tuple(left_out))


def _known(clinical: ClinicalTable, endpoint: str) -> dict[str, tuple[float, bool]]:
    time, event = clinical.endpoint_rows(endpoint)
    return {
        patient: (float(months), bool(seen == 1))
        for patient, months, seen in zip(clinical.patients, time, event, strict=True)
        if math.isfinite(months)
    }


def _why_not(verdict: Assessment, followed: float, has_event: bool, is_locked: bool) -> str:
    if is_locked:
        return "locked already"
    if verdict.survival is None:
        return "the probability is withheld"
    if any(caution.code == IN_TRAINING for caution in verdict.cautions):
        return "the patient trained the card"
    if has_event:
        return "the event is known"
    if followed > LATEST_MONTHS:
        return f"followed for {followed:.1f} months already"
    return ""


def check_chain(ledger: Sequence[Locked]) -> None:
    """Recompute every digest and link.

    Raises
    ------
    EsccError
        Names the first entry that was altered, removed or put in.
    """
    previous = START
    for number, entry in enumerate(ledger, start=1):
        if entry.number != number or entry.previous != previous or entry.sealed.digest != entry.digest:
            raise EsccError(
                f"The prediction ledger is broken at entry {number}.",
                "It was altered; restore the project from a backup.",
            )
        previous = entry.digest


@dataclass(frozen=True, eq=False)
class Judged:
    """How right the locked predictions of one card were, by what is known now.

    Attributes
    ----------
    n_locked, n_followed, n_events, n_settled
        Entries; those followed beyond what was known at locking; events among them by the horizon; those whose state
        at the horizon is known.
    in_the_large, c, groups
        None or empty while events are too few to say anything.
    """

    card: str
    horizon_months: float
    n_locked: int
    n_followed: int
    n_events: int
    n_settled: int
    in_the_large: InTheLarge | None = None
    c: CIndex | None = None
    groups: tuple[CalibrationGroup, ...] = ()


def judge(ledger: Sequence[Locked], clinical: ClinicalTable) -> tuple[Judged, ...]:
    """Judge each card of the ledger by the outcomes known now; nothing of it feeds back into a card."""
    return tuple(_judge_card(entries, clinical) for entries in _by_card(ledger))


def _by_card(ledger: Sequence[Locked]) -> Iterator[list[Locked]]:
    for card in dict.fromkeys(entry.card for entry in ledger):
        yield [entry for entry in ledger if entry.card == card]


def _judge_card(entries: list[Locked], clinical: ClinicalTable) -> Judged:
    horizon, known = entries[0].horizon_months, _known(clinical, entries[0].endpoint)
    rows = [
        (entry.survival, *known[entry.patient_id])
        for entry in entries
        if entry.patient_id in known and known[entry.patient_id][0] > entry.followed_months
    ]
    survival, time, event = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0),) * 3
    by_horizon = event.astype(bool) & (time <= horizon)
    counts = (len(entries), len(rows), int(by_horizon.sum()), int((by_horizon | (time >= horizon)).sum()))
    if counts[2] < ENOUGH_EVENTS or float(time.max()) < horizon:
        return Judged(entries[0].card, horizon, *counts)
    endpoint = Endpoint(np.minimum(time, horizon), by_horizon)
    sizes = equal_sizes(len(rows), 3)
    return Judged(
        entries[0].card,
        horizon,
        *counts,
        in_the_large=in_the_large(endpoint, survival, horizon),
        c=c_index(endpoint, 1 - survival),
        groups=calibration_groups(endpoint, survival, horizon, sizes) if len(rows) >= ENOUGH_FOR_GROUPS else (),
    )

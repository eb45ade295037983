"""The reading plan: who reads what, which patients are read again, and when that may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionRule, LesionSite
from escc_desktop.reading.protocol import FREE, Protocol
from escc_desktop.reading.session import Occasion, Reader, ReadingSession, SessionState

__all__ = [
    "APART",
    "WITHIN",
    "Lesion",
    "LesionRole",
    "LesionRule",
    "LesionSite",
    "Occasion",
    "Reader",
    "ReadingPlan",
    "ReadingSession",
    "SessionState",
    "Verdict",
    "draw_plan",
]

APART = timedelta(days=10)
WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Verdict:
    """Whether something may be done; if not, why and, where waiting is enough, from when."""

    allowed: bool
    reason: str = ""
    hint: str = ""
    opens_at: datetime | None = None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True)
class ReadingPlan:
    """All sessions of the study, drawn once.

    Attributes
    ----------
    repeat_patients
        The drawn patients: reader A reads them again, reader B reads them once. Sorted.
    apart, within
        Least and most time between A's first reading and the repeat, both ends included.
    rule
        How several lesions become one value per patient.
    sessions
        In the order they should be read: A first, B first, A repeat, each in its own seeded order.
    protocol
        What readers may do and see; plans of earlier programs left it to them.
    """

    seed: int
    apart: timedelta
    within: timedelta
    rule: LesionRule
    repeat_patients: tuple[str, ...]
    sessions: tuple[ReadingSession, ...]
    protocol: Protocol = FREE

    def session(self, session_id: str) -> ReadingSession:
        """Return the planned session; unknown ids are an error."""
        for session in self.sessions:
            if session.session_id == session_id:
                return session
        raise EsccError(f"The reading plan has no session {session_id}.", "Look at the plan for its sessions.")

    def prolonged(self, within: timedelta) -> ReadingPlan:
        """Return the plan with more time between first reading and repeat; less is an error."""
        if within <= self.within:
            raise EsccError(
                f"The plan allows {self.within.days} days already.", "An interval is only ever made longer."
            )
        return replace(self, within=within)

    def may_open(self, session: ReadingSession, signed_sessions: Iterable[ReadingSession], now: datetime) -> Verdict:
        """Say whether `session` may be opened (or signed) at `now`, given what is signed."""
        if now.utcoffset() is None:
            raise ValueError("now must carry its time zone")
        signed = {done.session_id: done.signed_at for done in signed_sessions if done.is_signed}
        if session.session_id in signed:
            return Verdict(False, f"Reading {session.session_id} is already signed.", "A signed reading is final.")
        if session.occasion is Occasion.FIRST:
            return Verdict(True)
        first_id = planned_id(session.patient_id, session.lesion_id, session.reader, Occasion.FIRST)
        first_at = signed.get(first_id)
        if first_at is None:
            return Verdict(
                False, f"The first reading {first_id} is not signed yet.", "Sign it; the repeat follows later."
            )
        # In UTC: arithmetic within one time zone would ignore a change to summer time.
        return self._interval(session, first_at.astimezone(UTC), now.astimezone(UTC))

    def _interval(self, session: ReadingSession, first_at: datetime, now: datetime) -> Verdict:
        opens, closes = first_at + self.apart, first_at + self.within
        if now < opens:
            return Verdict(
                False,
                f"Reading {session.session_id} comes too early: the first was signed {_days(now - first_at)} ago, "
                f"the plan asks for at least {_days(self.apart)}.",
                f"It may be opened from {opens:%Y-%m-%d %H:%M} UTC.",
                opens,
            )
        if now > closes:
            return Verdict(
                False,
                f"Reading {session.session_id} comes too late: the first was signed {_days(now - first_at)} ago, "
                f"the plan allows at most {_days(self.within)}.",
                "Record the deviation by revising the plan with a longer interval and a reason.",
            )
        return Verdict(True)


def draw_plan(
    lesions: Sequence[Lesion],
    repeats: int,
    seed: int,
    *,
    interval: tuple[timedelta, timedelta] = (APART, WITHIN),
    rule: LesionRule = LesionRule.LARGEST,
    protocol: Protocol = FREE,
) -> ReadingPlan:
    """Draw the patients of the agreement arm and lay out every session.

    Parameters
    ----------
    lesions
        All marked lesions; every one is read by A. Their order does not matter.
    repeats
        How many patients are drawn for A's repeat and B's reading.
    seed
        Same seed and lesions, same plan.
    interval
        Least and most time between A's first reading and the repeat, both included.
    protocol
        The same for every session.
    """
    ordered = sorted(lesions, key=lambda lesion: (lesion.patient_id, lesion.lesion_id))
    _refuse_faulty(ordered)
    patients = sorted({lesion.patient_id for lesion in ordered})
    if not 0 <= repeats <= len(patients):
        raise EsccError(
            f"{repeats} repeats cannot be drawn from {len(patients)} patients with lesions.",
            f"Ask for 0 to {len(patients)} repeats.",
        )
    apart, within = interval
    if not timedelta(0) <= apart <= within:
        raise EsccError("The interval between first reading and repeat is not a range.", "Give least, then most.")
    generator = np.random.default_rng(seed)
    drawn = tuple(sorted(patients[index] for index in generator.permutation(len(patients))[:repeats]))
    again = [lesion for lesion in ordered if lesion.patient_id in drawn]
    sessions: list[ReadingSession] = []
    for reader, occasion, read in (
        (Reader.A, Occasion.FIRST, ordered),
        (Reader.B, Occasion.FIRST, again),
        (Reader.A, Occasion.REPEAT, again),
    ):
        sessions += [_plan_session(read[index], reader, occasion) for index in generator.permutation(len(read))]
    return ReadingPlan(seed, apart, within, rule, drawn, tuple(sessions), protocol)


def _refuse_faulty(lesions: Sequence[Lesion]) -> None:
    keys = [(lesion.patient_id, lesion.lesion_id) for lesion in lesions]
    faults = [
        Fault(f"patient {patient}, lesion {lesion}", "marked twice")
        for patient, lesion in sorted({key for key in keys if keys.count(key) > 1})
    ]
    if faults:
        raise FaultsError("The lesions cannot be planned.", faults, "Give each lesion of a patient its own id.")


def _plan_session(lesion: Lesion, reader: Reader, occasion: Occasion) -> ReadingSession:
    session_id = planned_id(lesion.patient_id, lesion.lesion_id, reader, occasion)
    return ReadingSession(session_id, lesion.patient_id, lesion.lesion_id, lesion.series_uid, reader, occasion)


def planned_id(patient_id: str, lesion_id: str, reader: Reader, occasion: Occasion) -> str:
    """Return the id of a planned session."""
    return f"{patient_id}/{lesion_id}/{reader}/{occasion}"


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.3g} days"

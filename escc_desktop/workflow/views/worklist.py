"""The worklist: patients, their series and their readings, as far as the signed-in person may know of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from escc_desktop.errors import AccessDeniedError
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion
from escc_desktop.reading.session import Occasion, Reader, ReadingSession
from escc_desktop.store.accounts import Role
from escc_desktop.store.kinds import LESION, PATIENT, PLAN, PLAN_ID, SERIES, SESSION
from escc_desktop.store.records import Document, Kind
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project

T = TypeVar("T")
SURE_PHASE = 0.5


class ReadingState(StrEnum):
    """How far a reading is."""

    TO_READ = "to_read"
    IN_PROGRESS = "in_progress"
    SIGNED = "signed"
    WAITING = "waiting"


class PatientState(StrEnum):
    """How far the readings of a patient are; the filters of the page."""

    NONE = "none"
    TO_READ = "to_read"
    IN_PROGRESS = "in_progress"
    SIGNED = "signed"


class Problem(StrEnum):
    """What somebody should look at."""

    NO_SERIES = "no_series"
    NO_ARTERIAL = "no_arterial"
    UNSURE_PHASE = "unsure_phase"
    CONFIRMED_FINDING = "confirmed_finding"


@dataclass(frozen=True)
class FindingLine:
    """One finding of a stored series: its code, how grave it is ("FIX" or "WARN"), its sentence."""

    code: str
    severity: str
    message: str


@dataclass(frozen=True)
class SeriesLine:
    """One series of a patient.

    Attributes
    ----------
    phase, confidence, evidence
        The contrast phase as recognised.
    size, spacing_mm
        Along x, y, z; None where the project does not say.
    positions_mm
        Where the slices lie along the normal; None in projects of earlier programs.
    """

    series_uid: str
    description: str
    study_date: str
    phase: str
    confidence: float
    evidence: tuple[str, ...]
    n_files: int | None
    size: tuple[int, int, int] | None
    spacing_mm: tuple[float, float, float] | None
    kernel: str
    findings: tuple[FindingLine, ...]
    positions_mm: tuple[float, ...] | None


@dataclass(frozen=True)
class ReadingLine:
    """One reading the person may know of.

    Attributes
    ----------
    why_not
        Why it cannot be opened now, for its own reader.
    """

    session_id: str
    lesion_id: str
    reader: Reader
    occasion: Occasion
    state: ReadingState
    signed_at: datetime | None
    why_not: str


@dataclass(frozen=True)
class PatientLine:
    """One row of the worklist.

    Attributes
    ----------
    series
        The chosen one first.
    """

    patient_id: str
    series: tuple[SeriesLine, ...]
    lesions: tuple[Lesion, ...]
    readings: tuple[ReadingLine, ...]
    state: PatientState
    problems: tuple[Problem, ...]
    changed_at: datetime | None

    @property
    def chosen(self) -> SeriesLine | None:
        """The series that stands for the patient."""
        return self.series[0] if self.series else None

    @property
    def n_findings(self) -> int:
        """How many findings its series have."""
        return sum(len(series.findings) for series in self.series)

    def next_reading(self) -> ReadingLine | None:
        """Return the reading to go on with: one begun, else one to read."""
        for state in (ReadingState.IN_PROGRESS, ReadingState.TO_READ):
            for reading in self.readings:
                if reading.state is state:
                    return reading
        return None


@dataclass(frozen=True)
class Worklist:
    """Everything the page shows.

    Attributes
    ----------
    columns
        Readers and occasions that have a reading the person may know of.
    is_planned
        Whether the readings are planned; None if the person may not know.
    """

    patients: tuple[PatientLine, ...]
    columns: tuple[tuple[Reader, Occasion], ...]
    is_planned: bool | None
    n_signed: int

    @property
    def n_lesions(self) -> int:
        """How many lesions are marked."""
        return sum(len(patient.lesions) for patient in self.patients)


def worklist(project: Project, progress: Progress) -> Worklist:
    """Return the worklist as the signed-in person may see it.

    Raises
    ------
    AccessDeniedError
        The person may not view images.
    Cancelled
        From `progress`.
    """
    progress.advance(0, 4)
    series = _by_patient(project, progress)
    lesions = _allowed(project, Operation.VIEW_LESIONS, LESION)
    progress.advance(2, 4)
    readings = _readings(project)
    changes = _changes(project, lesions)
    progress.advance(3, 4)
    ids = {*series, *readings, *(lesion.patient_id for lesion in lesions)}
    ids |= {document.document_id for document in project.view.all(PATIENT)}
    is_own = project.principal.role is Role.READER
    patients = tuple(
        _patient(
            patient_id,
            series.get(patient_id, ()),
            tuple(lesion for lesion in lesions if lesion.patient_id == patient_id),
            (readings.get(patient_id, ()), is_own),
            changes.get(patient_id),
        )
        for patient_id in sorted(ids - {""})
    )
    every = [reading for patient in patients for reading in patient.readings]
    columns = tuple(sorted({(reading.reader, reading.occasion) for reading in every}))
    n_signed = sum(reading.state is ReadingState.SIGNED for reading in every)
    return Worklist(patients, columns, _is_planned(project), n_signed)


def _allowed(project: Project, operation: Operation, kind: Kind[T]) -> tuple[T, ...]:
    return project.view.all(kind) if project.may(operation) else ()


def _is_planned(project: Project) -> bool | None:
    if not project.may(Operation.VIEW_PLAN):
        return None
    return project.view.find(PLAN, PLAN_ID) is not None


def _by_patient(project: Project, progress: Progress) -> dict[str, tuple[SeriesLine, ...]]:
    found: dict[str, list[SeriesLine]] = {}
    documents = project.view.all(SERIES)
    for done, document in enumerate(documents):
        progress.advance(1 + done / len(documents), 4)
        line = _series(project, document)
        found.setdefault(str(document.content.get("patient_id", "")), []).append(line)
    return {patient: tuple(lines) for patient, lines in found.items()}


def _series(project: Project, document: Document) -> SeriesLine:
    content: Mapping[str, Any] = document.content
    phase: Mapping[str, Any] = content.get("phase") or {}
    size, spacing = content.get("size"), content.get("spacing_mm")
    if size is None or spacing is None:  # a project of an earlier program
        geometry = project.view.geometry(document.document_id)
        size, spacing = (None, None) if geometry is None else (geometry.size, geometry.spacing_mm)
    positions = content.get("positions_mm")
    return SeriesLine(
        document.document_id,
        str(content.get("description", "")),
        str(content.get("study_date", "")),
        str(phase.get("name", "unknown")),
        float(phase.get("confidence", 0.0)),
        tuple(phase.get("evidence", ())),
        content.get("n_files"),
        None if size is None else tuple(size),
        None if spacing is None else tuple(spacing),
        str((content.get("acquisition") or {}).get("kernel") or ""),
        tuple(FindingLine(*finding) for finding in content.get("findings", ())),
        None if positions is None else tuple(positions),
    )


def _readings(project: Project) -> dict[str, list[ReadingLine]]:
    """Return the readings the person may know of, by patient; a reader's own only."""
    found: dict[str, list[ReadingLine]] = {}
    if not project.may(Operation.VIEW_SESSIONS):
        return found
    begun = project.view.begun()
    for session in sorted(project.sessions(), key=lambda one: (one.lesion_id, one.occasion, one.reader)):
        why_not = _why_not(project, session)
        found.setdefault(session.patient_id, []).append(
            ReadingLine(
                session.session_id,
                session.lesion_id,
                session.reader,
                session.occasion,
                _state(session, begun, why_not),
                session.signed_at,
                why_not,
            )
        )
    return found


def _state(session: ReadingSession, begun: frozenset[str], why_not: str) -> ReadingState:
    if session.is_signed:
        return ReadingState.SIGNED
    if why_not:
        return ReadingState.WAITING
    return ReadingState.IN_PROGRESS if session.session_id in begun else ReadingState.TO_READ


def _why_not(project: Project, session: ReadingSession) -> str:
    """Say why a reader's own repeat is not open to him now; a first reading always is."""
    is_open = session.is_signed or session.occasion is Occasion.FIRST
    if is_open or project.principal.role is not Role.READER:
        return ""
    try:
        project.require_open(session.session_id)
    except AccessDeniedError as refusal:
        return str(refusal)
    return ""


def _changes(project: Project, lesions: Iterable[Lesion]) -> dict[str, datetime]:
    """Return when something the person may know of was last written about each patient."""
    times: list[tuple[str, datetime]] = list(project.view.changed_at(PATIENT).items())
    owner = {document.document_id: str(document.content.get("patient_id", "")) for document in project.view.all(SERIES)}
    times += [(owner[uid], at) for uid, at in project.view.changed_at(SERIES).items() if uid in owner]
    if project.may(Operation.VIEW_LESIONS):
        times += [(key.rpartition("/")[0], at) for key, at in project.view.changed_at(LESION).items()]
    if project.may(Operation.VIEW_SESSIONS):
        whose = {session.session_id: session.patient_id for session in project.sessions()}
        times += [(whose[key], at) for key, at in project.view.changed_at(SESSION).items() if key in whose]
    last: dict[str, datetime] = {}
    for patient, at in times:
        last[patient] = max(at, last.get(patient, at))
    return last


def _patient(
    patient_id: str,
    series: Sequence[SeriesLine],
    lesions: tuple[Lesion, ...],
    read: tuple[Sequence[ReadingLine], bool],
    changed_at: datetime | None,
) -> PatientLine:
    ordered = _chosen_first(series, lesions)
    readings, is_own = read
    state = _patient_state(readings, is_own=is_own)
    return PatientLine(patient_id, ordered, lesions, tuple(readings), state, tuple(_problems(ordered)), changed_at)


def _chosen_first(series: Sequence[SeriesLine], lesions: Sequence[Lesion]) -> tuple[SeriesLine, ...]:
    """Order series: the one lesions are marked on, then arterial before others, the surest first."""
    marked = {lesion.series_uid for lesion in lesions}

    def rank(line: SeriesLine) -> tuple[bool, bool, float, str]:
        return line.series_uid not in marked, line.phase != "arterial", -line.confidence, line.series_uid

    return tuple(sorted(series, key=rank))


def _problems(series: Sequence[SeriesLine]) -> Iterable[Problem]:
    if not series:
        yield Problem.NO_SERIES
        return
    arterial = [line for line in series if line.phase == "arterial"]
    if not arterial:
        yield Problem.NO_ARTERIAL
    elif max(line.confidence for line in arterial) < SURE_PHASE:
        yield Problem.UNSURE_PHASE
    if any(finding.severity == "WARN" for line in series for finding in line.findings):
        yield Problem.CONFIRMED_FINDING


def _patient_state(readings: Sequence[ReadingLine], *, is_own: bool) -> PatientState:
    states = {reading.state for reading in readings}
    if not states:
        return PatientState.NONE
    if states == {ReadingState.SIGNED}:
        return PatientState.SIGNED
    # To a reader a repeat that is open to him now is to be read, whatever he has signed before.
    is_to_read = states == {ReadingState.TO_READ} or (is_own and ReadingState.TO_READ in states)
    if is_to_read and ReadingState.IN_PROGRESS not in states:
        return PatientState.TO_READ
    return PatientState.IN_PROGRESS

"""Trial records into a project in two steps: everything that would change is shown, then it is stored, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from escc_desktop.errors import EsccError, Fault
from escc_desktop.files import write_csv
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import SCREENING, TRIAL_RECORD
from escc_desktop.store.store import Store
from escc_desktop.trial.checks import Remark
from escc_desktop.trial.differences import CellChange, ChangeKind, RowChange, count_kinds, differences
from escc_desktop.trial.importing import (
    USUAL,
    Judgement,
    RecordsImport,
    Stored,
    judge,
    open_questions_error,
    refuse_faults,
)
from escc_desktop.trial.records import Screening
from escc_desktop.trial.sheets import Ask, Choices, Found, Option
from escc_desktop.trial.sources import read_source
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.clinical_data import record_of, store_records
from escc_desktop.workflow.records_lock import RecordState, state

__all__ = [
    "Ask",
    "CellChange",
    "ChangeKind",
    "Choices",
    "Option",
    "Question",
    "RecordImports",
    "RecordsPreview",
    "RowChange",
    "write_faults",
]

CLOSED = "closed"
_STAYS = frozenset({ChangeKind.UNCHANGED, ChangeKind.LEFT_OUT})


@dataclass(frozen=True)
class Question:
    """Something that must be answered by yes: its kind, its place, what it is."""

    code: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class RecordsPreview:
    """What an import would change, all that is wrong, and all that is asked; nothing is stored yet.

    Attributes
    ----------
    changes
        Every row of the source and every stored row it leaves out, by patient and table.
    asks
        Questions with several answers; with `Choices.answers` the preview is made again.
    left_out
        Patients of the project whom the source does not name; they stay as they are.
    closed
        Patients whose record is frozen or locked, and which of both: their changes are refused.
    to_store, revisions
        What `RecordImports.commit` stores, and the revisions it rests on.
    """

    source: str
    changes: tuple[RowChange, ...] = ()
    faults: tuple[Fault, ...] = ()
    questions: tuple[Question, ...] = ()
    asks: tuple[Ask, ...] = ()
    left_out: tuple[str, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)
    to_store: RecordsImport = RecordsImport((), ())  # noqa: RUF009  # frozen
    revisions: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[ChangeKind, int]:
        """How many rows there are of each kind."""
        return count_kinds(self.changes)

    @property
    def is_changing(self) -> bool:
        """Whether there is anything to import."""
        return any(one.kind not in _STAYS and one.patient_id not in self.closed for one in self.changes)

    @property
    def needs_reason(self) -> bool:
        """Whether something that stands would change or go, so that the import needs a reason."""
        kinds = {ChangeKind.CHANGED, ChangeKind.REMOVED}
        return any(one.kind in kinds and one.patient_id not in self.closed for one in self.changes)

    def open_questions(self, accept: frozenset[str]) -> tuple[Question, ...]:
        """Return the questions that were not answered by yes."""
        return tuple(one for one in self.questions if one.code not in accept)


class RecordImports:
    """Previews and imports trial records for one person, whose right is checked at every call."""

    def __init__(self, store: Store, principal: Principal, tell: Callable[..., object]) -> None:
        self._store = store
        self._principal = principal
        self._tell = tell

    def preview(
        self, source: Path, choices: Choices = USUAL, *, removes: bool = False, progress: Progress | None = None
    ) -> RecordsPreview:
        """Read a source and say what importing it would change; see `preview_found`.

        Raises
        ------
        EsccError
            There is no such source, or it is not what it seems.
        """
        self._require()
        progress = progress or Progress()
        progress.advance(0, 2, source.name)
        found = read_source(source, choices)
        progress.advance(1, 2, source.name)
        return self.preview_found(found, choices, removes=removes)

    def preview_found(self, found: Found, choices: Choices = USUAL, *, removes: bool = False) -> RecordsPreview:
        """Say what importing tables would change of what the project holds.

        Parameters
        ----------
        removes
            Whether rows go that a table leaves out of a patient it names.
        """
        self._require()
        records = tuple(record_of(document) for document in self._store.all(TRIAL_RECORD))
        judged = judge(found, choices, Stored(records, tuple(_screened(self._store))), removes=removes)
        changes = differences(judged, removes=removes)
        touched = sorted({one.patient_id for one in changes if one.kind not in _STAYS})
        states = {patient_id: state(self._store, patient_id) for patient_id in touched}
        closed = {patient_id: str(each) for patient_id, each in states.items() if each is not RecordState.OPEN}
        named = {one.patient_id for one in changes}
        return RecordsPreview(
            found.name,
            changes,
            judged.faults,
            (*_asked(judged.warnings, changes), *_about_closed(closed, changes)),
            judged.asks,
            tuple(one.patient_id for one in records if one.patient_id not in named),
            closed,
            _to_store(judged, changes, closed),
            {patient_id: self._store.revision(TRIAL_RECORD, patient_id) for patient_id in touched},
        )

    def commit(self, preview: RecordsPreview, accept: frozenset[str] = frozenset(), reason: str = "") -> int:
        """Store what a preview showed, all or none, and return how many patients' records changed.

        Parameters
        ----------
        accept
            Codes of the questions that were looked at and answered by yes.
        reason
            Why what stands is changed; needed where anything is.

        Raises
        ------
        FaultsError
            The tables are at fault, or hold questions that were not answered: all of them.
        EsccError
            There is no reason although something changes, or a record was changed or closed since the preview.
        """
        self._require()
        refuse_faults(preview.faults, preview.source)
        questions = preview.open_questions(accept)
        if preview.asks or questions:
            raise open_questions_error(preview.source, preview.asks, questions)
        if preview.needs_reason and not reason.strip():
            raise EsccError("Values that stand in the project would change.", "Give the reason; it stays on record.")
        why = f"import of {preview.source}" + (f": {reason.strip()}" if reason.strip() else "")
        changed = store_records(self._store, self._principal, preview.to_store, why, preview.revisions)
        self._tell("trial_record", *changed)
        return len(changed)

    def screened(self) -> tuple[Screening, ...]:
        """Return everybody looked at for the trial."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return tuple(_screened(self._store))

    def _require(self) -> None:
        require(self._principal, Operation.IMPORT_RECORDS)
        require(self._principal, Operation.VIEW_OUTCOME)


def write_faults(preview: RecordsPreview, out: Path) -> Path:
    """Write all faults and questions as a table, to mend the files by.

    Raises
    ------
    EsccError
        The place cannot be written.
    """
    rows = [("fault", *_cells(fault.where), fault.what) for fault in preview.faults]
    rows += [("question", *_cells(ask.where), ask.what) for ask in preview.asks]
    rows += [("question", *_cells(one.where), one.what) for one in preview.questions]
    write_csv(out, ("kind", "file", "row", "column", "what"), rows, {"source": preview.source})
    return out


def _cells(where: str) -> tuple[str, str, str]:
    """Return file, row and column of a place in words."""
    parts = where.split(", ")
    row = next((part.removeprefix("row ") for part in parts if part.startswith("row ")), "")
    column = next((part.removeprefix("column ") for part in parts if part.startswith("column ")), "")
    rest = [part for part in parts if not part.startswith(("row ", "column "))]
    return ", ".join(rest), row, column


def _screened(store: Store) -> Iterator[Screening]:
    for document in store.all(SCREENING):
        content = document.content
        if content.get("outcome"):
            day = date.fromisoformat(content["date"])
            yield Screening(document.document_id, day, content["outcome"], content["reason"])


def _asked(warnings: Sequence[Remark], changes: Sequence[RowChange]) -> Iterator[Question]:
    """Yield what must be answered: what a row that stands as it is asks was answered when it came in."""
    if changes and all(one.kind in _STAYS for one in changes):
        return
    same = {(one.place, one.number) for one in changes if one.kind is ChangeKind.UNCHANGED}
    for remark in warnings:
        if (remark.file, remark.row) not in same:
            yield Question(remark.code, remark.where, remark.what)


def _about_closed(closed: Mapping[str, str], changes: Sequence[RowChange]) -> Iterator[Question]:
    for patient_id, how in closed.items():
        count = sum(one.patient_id == patient_id and one.kind not in _STAYS for one in changes)
        rows = "1 row" if count == 1 else f"{count} rows"
        yield Question(CLOSED, patient_id, f"the record is {how}; the changes of {rows} are not imported")


def _to_store(judged: Judgement, changes: Sequence[RowChange], closed: Mapping[str, str]) -> RecordsImport:
    """Return the records that change, and nobody else's, so that what stays gets no new revision."""
    moved = {(one.patient_id, one.table == "screening") for one in changes if one.kind not in _STAYS}
    open_to = {(patient_id, is_screened) for patient_id, is_screened in moved if patient_id not in closed}
    records = tuple(one for one in judged.records if (one.patient_id, False) in open_to)
    people = tuple(one for one in judged.screened if (one.patient_id, True) in open_to)
    return RecordsImport(records, judged.warnings, people)

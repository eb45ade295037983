"""The reading desk: open, edit, resume, sign. Nothing here knows features or scores, so none can steer a contour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from escc_desktop import version
from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.files import canonical_json, digest
from escc_desktop.imaging.mask import Mask, MaskEdit
from escc_desktop.imaging.volume import Volume
from escc_desktop.reading.history import History, Note, Step, StepKind
from escc_desktop.reading.lesion import Lesion
from escc_desktop.reading.notes import check_notes
from escc_desktop.reading.plan import Verdict, planned_id
from escc_desktop.reading.protocol import Protocol
from escc_desktop.reading.session import NO_NOTES, Occasion, ReadingSession, Roi, Signature
from escc_desktop.store.accounts import Principal
from escc_desktop.store.audit import Entry
from escc_desktop.store.kinds import LESION, PLAN, PLAN_ID, ROI, SERIES, SESSION, VOLUME, lesion_key
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import Operation, require, visible_sessions
from escc_desktop.workflow.first_slice import FirstSlice, marked_slice
from escc_desktop.workflow.journal import Journal


@dataclass(frozen=True)
class AgendaItem:
    """One of a reader's own sessions.

    Attributes
    ----------
    verdict
        Whether it may be opened now; if not, why.
    is_begun
        Whether it was opened before.
    """

    session: ReadingSession
    lesion: Lesion
    verdict: Verdict
    is_begun: bool


class ReadingDesk:
    """Where readers work.

    Parameters
    ----------
    params_digest
        Digest of the extraction params of the study; becomes part of every signature.
    """

    def __init__(self, store: Store, principal: Principal, params_digest: str = "") -> None:
        self._store = store
        self._principal = principal
        self._params_digest = params_digest

    def open(self, session_id: str) -> Reading:
        """Open one's own session, or resume it where it was left, even by a crash.

        Raises
        ------
        AccessDeniedError
            Not the reader's session, or not open to him now; says why and from when.
        EsccError
            It is signed, or the project has no volume of its series.
        """
        require(self._principal, Operation.READ)
        session = self.require_open(session_id)
        store = self._store
        lesion = store.get(LESION, lesion_key(session.patient_id, session.lesion_id))
        volume = store.get(VOLUME, self._volume_digest(session.series_uid))
        key = store.readings.start(self._principal, session_id)
        history = History(np.zeros(volume.geometry.shape, dtype=np.bool_))
        steps = store.readings.journal(session_id, key)
        history.replay(Step.from_bytes(step) for step in steps)
        check_notes(history.notes, volume.geometry)

        def append(first: int, new_steps: list[bytes]) -> None:
            store.readings.append(self._principal.account_id, session_id, key, first, new_steps)

        subject = volume, lesion, store.get(PLAN, PLAN_ID).protocol
        return Reading(self, session, subject, history, Journal(append, len(steps)))

    def first_slice(self, session_id: str) -> FirstSlice:
        """Return the slice of the lesion's mark of a session that may be opened now; nothing is opened."""
        require(self._principal, Operation.READ)
        session = self.require_open(session_id)
        lesion = self._store.get(LESION, lesion_key(session.patient_id, session.lesion_id))
        volume = marked_slice(self._store, self._volume_digest(session.series_uid), lesion)
        return FirstSlice(volume, self._store.get(PLAN, PLAN_ID).protocol)

    def agenda(self) -> tuple[AgendaItem, ...]:
        """Return one's own sessions in the order of the plan; empty before anything is planned."""
        require(self._principal, Operation.READ)
        plan = self._store.find(PLAN, PLAN_ID)
        if plan is None:
            return ()
        own = {session.session_id: session for session in visible_sessions(self._principal, self._store.all(SESSION))}
        begun, now = self._store.readings.begun(), self._store.clock()
        return tuple(
            AgendaItem(
                own[planned.session_id],
                self._store.get(LESION, lesion_key(planned.patient_id, planned.lesion_id)),
                plan.may_open(own[planned.session_id], own.values(), now),
                planned.session_id in begun,
            )
            for planned in plan.sessions
            if planned.session_id in own
        )

    def note_sending(self, session_id: str, address: str) -> None:
        """Write into the audit trail that the image of a reading is sent to a server that proposes outlines."""
        require(self._principal, Operation.READ)
        with self._store.ledger.write(self._principal.account_id, "send image to AI server") as entry:
            entry.details.update(session=session_id, address=address)

    def require_open(self, session_id: str) -> ReadingSession:
        """Return the session if this reader may work on it now; else say why not."""
        own = {session.session_id: session for session in self._own_of_lesion(session_id)}
        session = own.get(session_id)
        if session is None:
            raise AccessDeniedError(f"You have no reading {session_id}.", "Look at your list of readings.")
        plan = self._store.get(PLAN, PLAN_ID)
        verdict = plan.may_open(session, own.values(), self._store.clock())
        if not verdict:
            raise AccessDeniedError(verdict.reason, verdict.hint)
        return session

    def _own_of_lesion(self, session_id: str) -> tuple[ReadingSession, ...]:
        """Return a session and the first reading it may repeat, as far as the reader may know of them."""
        session = self._store.find(SESSION, session_id)
        if session is None:
            return ()
        known = [session]
        if session.occasion is not Occasion.FIRST:
            first_id = planned_id(session.patient_id, session.lesion_id, session.reader, Occasion.FIRST)
            first = self._store.find(SESSION, first_id)
            known += [] if first is None else [first]
        return visible_sessions(self._principal, known)

    def sign(self, reading: Reading, password: str, meaning: str) -> Roi:
        """Sign a reading: see `Reading.sign`."""
        if not meaning.strip():
            raise EsccError("The signature has no meaning.", 'Say what it stands for, such as "outlined by me".')
        session = self.require_open(reading.session.session_id)
        reading.flush()
        mask = reading.mask()
        if mask.is_empty:
            raise EsccError(f"Reading {session.session_id} has no voxel.", "Outline the lesion before you sign.")
        self._store.accounts.confirm(self._principal, password, "signature")
        signed = session.sign(self._store.clock())
        roi = self._roi(reading, mask, signed, meaning.strip())
        key = self._store.readings.key(self._principal, session.session_id)

        def release(entry: Entry) -> None:
            self._store.readings.release(entry, session.session_id, key)

        with self._store.write(self._principal, "sign reading", meaning.strip()) as writing:
            writing.put(SESSION, signed)
            writing.put(ROI, roi)
            writing.then(release)
        return roi

    def _roi(self, reading: Reading, mask: Mask, session: ReadingSession, meaning: str) -> Roi:
        if session.signed_at is None:
            raise ValueError("an unsigned session has no Roi")
        unsigned = Roi(
            mask=mask,
            patient_id=session.patient_id,
            lesion_id=session.lesion_id,
            site=reading.lesion.site,
            reader=session.reader,
            occasion=session.occasion,
            session_id=session.session_id,
            series_uid=session.series_uid,
            volume_digest=reading.volume.digest,
            tools=tuple(dict.fromkeys(edit.label for edit in reading.history.done if edit.layer == 0)),
            slice_tools=tuple(reading.history.tools_by_slice().items()),
            notes=canonical_json(reading.history.notes).decode(),
        )
        content = {**signed_content(unsigned), "params": self._params_digest, "version": version()}
        who = self._principal
        signature = Signature(who.account_id, who.name, session.signed_at, meaning, tuple(sorted(content.items())))
        value = who.sign(canonical_json(signature.statement())).hex()
        return replace(unsigned, signature=replace(signature, value=value))

    def _volume_digest(self, series_uid: str) -> str:
        series = self._store.find(SERIES, series_uid)
        volume_digest = None if series is None else series.content.get("volume")
        if not isinstance(volume_digest, str):
            raise EsccError("The project has no volume of this reading's series.", "Import its images first.")
        return volume_digest


class Reading:
    """An open reading: the mask under the reader's hands.

    Attributes
    ----------
    session, volume, lesion
        What is read.
    protocol
        What the plan allows in it.
    history
        Its edits; `history.voxels` is the live mask, not to be written to.
    """

    def __init__(
        self,
        desk: ReadingDesk,
        session: ReadingSession,
        subject: tuple[Volume, Lesion, Protocol],
        history: History,
        journal: Journal,
    ) -> None:
        self.session = session
        self.volume, self.lesion, self.protocol = subject
        self.history = history
        self._desk = desk
        self._journal = journal
        self._is_closed = False

    def edit(self, label: str, slice_index: int, change: MaskEdit | NDArray[np.bool_]) -> None:
        """Change the mask, or another region of the reading, by one named edit.

        Parameters
        ----------
        label
            The tool, such as "brush".
        slice_index
            The slice (z) the reader was on; a two-dimensional `change` is its new content.
        change
            An edit of any layer, or new voxels of the lesion: one slice (y, x) or all (z, y, x).

        Raises
        ------
        EsccError
            The reading is final or closed, or the study forbids the tool.
        """
        if not self.protocol.allows(label):
            raise EsccError(
                f"The protocol of this study forbids the tool “{label}” in readings.", "Draw it with another tool."
            )
        edit = change if isinstance(change, MaskEdit) else self._between(label, slice_index, change)
        if edit.is_empty:
            return
        self._take(Step(StepKind.EDIT, edit))

    def undo(self) -> MaskEdit:
        """Take back the last edit and return it."""
        self._take(Step(StepKind.UNDO))
        return self.history.edits[self.history.cursor]

    def redo(self) -> MaskEdit:
        """Do the last undone edit again and return it."""
        self._take(Step(StepKind.REDO))
        return self.history.edits[self.history.cursor - 1]

    def note(self, name: str, value: object) -> None:
        """Note something beside the voxels, as durable as a stroke; see `reading.history.Note`."""
        if self.history.notes.get(name) != value:
            self._take(Step(StepKind.NOTE, note=Note(name, value)))

    def mask(self) -> Mask:
        """Return a copy of the live mask of the lesion."""
        return Mask(self.history.voxels.copy(), self.volume.geometry)

    @property
    def acknowledged(self) -> int:
        """How many steps of the whole journal are durable."""
        return self._journal.acknowledged

    @property
    def is_saved(self) -> bool:
        """Whether every step is durable."""
        return self._journal.is_idle

    @property
    def trouble(self) -> EsccError | None:
        """Why the last attempt to save failed; None once it succeeded."""
        return self._journal.trouble

    def flush(self) -> None:
        """Return once every step is durable; raise EsccError if it cannot be made so."""
        self._journal.flush()

    def sign(self, password: str, meaning: str) -> Roi:
        """Make the reading final.

        Parameters
        ----------
        password
            Of the reader's account, typed again.
        meaning
            What the signature stands for.

        Returns
        -------
        The Roi: the fold of all edits, with a signature bound to mask, volume, params and version.
        """
        self._refuse_final()
        roi = self._desk.sign(self, password, meaning)
        if roi.signature is not None:
            self.session = self.session.sign(roi.signature.at)
        return roi

    def note_sending(self, address: str) -> None:
        """Note that its image is sent to a server; see `ReadingDesk.note_sending`."""
        self._desk.note_sending(self.session.session_id, address)

    def close(self) -> None:
        """Make every step durable and stop; where that fails, raise and stay open, so that nothing is lost."""
        if self._is_closed:
            return
        self.flush()
        self.abandon()

    def abandon(self) -> None:
        """Stop without another attempt to save; what is durable stays. Closing twice is harmless."""
        if not self._is_closed:
            self._is_closed = True
            self._journal.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        finally:
            self.abandon()

    def _take(self, step: Step) -> None:
        self._refuse_final()
        self.history.take(step)
        self._journal.add(step.to_bytes())

    def _between(self, label: str, slice_index: int, after: NDArray[np.bool_]) -> MaskEdit:
        before = self.history.voxels
        depth = before.shape[0]
        if not 0 <= slice_index < depth or after.shape not in {before.shape, before.shape[1:]}:
            raise ValueError(f"voxels of shape {after.shape} for slice {slice_index} of a mask {before.shape}")
        if after.ndim == 3:
            return MaskEdit.between(before, after, label, slice_index)
        # A view that repeats the slice costs nothing; only the region named is looked at.
        repeated = np.broadcast_to(after, before.shape)
        _, rows, columns = before.shape
        region = (slice(slice_index, slice_index + 1), slice(0, rows), slice(0, columns))
        return MaskEdit.between(before, repeated, label, slice_index, region)

    def _refuse_final(self) -> None:
        if self.session.is_signed:
            raise EsccError(f"Reading {self.session.session_id} is signed.", "A signed reading is final.")
        if self._is_closed:
            raise EsccError(f"Reading {self.session.session_id} is closed.", "Open it again.")


def signed_content(roi: Roi) -> dict[str, str]:
    """Return what a signature holds of the Roi itself, recomputed from it."""
    named: list[object] = [
        roi.patient_id,
        roi.lesion_id,
        roi.site,
        roi.reader,
        roi.occasion,
        roi.session_id,
        roi.series_uid,
        list(roi.tools),
    ]
    if roi.slice_tools or roi.notes != NO_NOTES:
        # Readings signed before this was kept have signatures that do not hold it.
        named += [[[index, list(labels)] for index, labels in roi.slice_tools], roi.notes]
    return {"mask": roi.mask.digest, "volume": roi.volume_digest, "roi": digest(canonical_json(named))}


def verify_signature(store: Store, roi: Roi) -> None:
    """Raise EsccError unless the Roi is exactly what its reader signed."""
    signature = roi.signature
    if signature is None:
        raise EsccError(f"Reading {roi.session_id} is not signed.", "Wait until its reader signs it.")
    content = dict(signature.content)
    is_same = all(content.get(name) == value for name, value in signed_content(roi).items())
    message = canonical_json(signature.statement())
    try:
        value = bytes.fromhex(signature.value)
    except ValueError:
        value = b""
    if not is_same or not store.accounts.is_signature(signature.account_id, message, value):
        raise EsccError(f"The signature of reading {roi.session_id} is invalid.", "Restore the project from a backup.")

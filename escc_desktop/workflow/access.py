"""Who may do and see what: roles, and the blinding of readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from escc_desktop.errors import AccessDeniedError
from escc_desktop.imaging.volume import Geometry
from escc_desktop.reading.protocol import FREE, Protocol
from escc_desktop.reading.session import Occasion, ReadingSession
from escc_desktop.store.accounts import Principal, Role
from escc_desktop.store.kinds import (
    FEATURES,
    PLAN,
    PLAN_ID,
    ROI,
    SERIES,
    SESSION,
    THUMBNAIL,
    VOLUME,
    lesion_key,
    volume_geometry,
)
from escc_desktop.store.records import Kind
from escc_desktop.store.store import Store

__all__ = ["Operation", "Principal", "Role", "View", "is_allowed", "require", "visible_sessions"]

T = TypeVar("T")


class Operation(StrEnum):
    """Everything one may ask a project for."""

    IMPORT_IMAGES = "import images"
    VIEW_IMAGES = "view images"
    IMPORT_RECORDS = "import trial records"
    VIEW_OUTCOME = "view trial records"
    ENTER_RECORDS = "enter trial records"
    QUERY_RECORDS = "raise and close queries"
    LOCK_RECORDS = "freeze and lock trial records"
    MARK_LESIONS = "mark lesions"
    VIEW_LESIONS = "view lesions"
    PLAN_READINGS = "plan readings"
    VIEW_PLAN = "view the reading plan"
    VIEW_SESSIONS = "view reading sessions"
    READ = "read"
    VIEW_ROIS = "view regions of interest"
    EXTRACT = "extract features"
    VIEW_FEATURES = "view features"
    VIEW_MAPS = "view feature maps"
    TRY_CONTOURS = "try contours"
    DEVELOP = "develop models"
    VIEW_MODELS = "view models"
    TRY_FEATURES = "try feature values"
    ASSESS = "assess patients"
    VIEW_ASSESSMENTS = "view assessments"
    REPORT = "write reports"
    EXPORT = "export tables"
    EXPORT_RECORDS = "export trial records"
    SET_PROTOCOL = "set the trial's protocol"
    CHANGE_SETTINGS = "change settings"
    MANAGE_ACCOUNTS = "manage accounts"
    VIEW_AUDIT = "view the audit trail"
    BACK_UP = "back up and restore"


_O = Operation
# What is not named here is denied. Readers have neither outcome, features, models nor scores: a live score would let
# them steer the contour. Administrators see nothing clinical.
POLICY: Mapping[Role, frozenset[Operation]] = {
    Role.READER: frozenset({_O.VIEW_IMAGES, _O.VIEW_LESIONS, _O.VIEW_SESSIONS, _O.READ, _O.VIEW_ROIS}),
    Role.COORDINATOR: frozenset({
        _O.IMPORT_IMAGES, _O.VIEW_IMAGES, _O.IMPORT_RECORDS, _O.VIEW_OUTCOME, _O.MARK_LESIONS, _O.VIEW_LESIONS,
        _O.PLAN_READINGS, _O.VIEW_PLAN, _O.VIEW_SESSIONS, _O.EXTRACT, _O.REPORT, _O.CHANGE_SETTINGS, _O.BACK_UP,
        _O.ENTER_RECORDS, _O.QUERY_RECORDS, _O.LOCK_RECORDS, _O.EXPORT_RECORDS, _O.SET_PROTOCOL,
    }),
    Role.STATISTICIAN: frozenset({
        _O.VIEW_OUTCOME, _O.VIEW_LESIONS, _O.VIEW_PLAN, _O.VIEW_SESSIONS, _O.VIEW_ROIS, _O.EXTRACT, _O.VIEW_FEATURES,
        _O.DEVELOP, _O.VIEW_MODELS, _O.TRY_FEATURES, _O.ASSESS, _O.VIEW_ASSESSMENTS, _O.REPORT, _O.EXPORT,
        _O.CHANGE_SETTINGS, _O.QUERY_RECORDS, _O.EXPORT_RECORDS,
    }),
    Role.ONCOLOGIST: frozenset({
        _O.VIEW_IMAGES, _O.IMPORT_RECORDS, _O.ENTER_RECORDS, _O.VIEW_OUTCOME, _O.VIEW_LESIONS, _O.VIEW_ROIS,
        _O.VIEW_MAPS, _O.TRY_CONTOURS, _O.VIEW_MODELS, _O.VIEW_ASSESSMENTS, _O.REPORT,
    }),
    Role.ADMINISTRATOR: frozenset({_O.MANAGE_ACCOUNTS, _O.VIEW_AUDIT, _O.BACK_UP, _O.CHANGE_SETTINGS}),
}  # fmt: skip

_TO_VIEW: Mapping[str, Operation] = {
    "patient": _O.VIEW_IMAGES,
    "series": _O.VIEW_IMAGES,
    "volume": _O.VIEW_IMAGES,
    "thumbnail": _O.VIEW_IMAGES,
    "lesion": _O.VIEW_LESIONS,
    "plan": _O.VIEW_PLAN,
    "session": _O.VIEW_SESSIONS,
    "roi": _O.VIEW_ROIS,
    "features": _O.VIEW_FEATURES,
    "perturbed": _O.VIEW_FEATURES,
    "trial_record": _O.VIEW_OUTCOME,
    "screening": _O.VIEW_OUTCOME,
    "trial_protocol": _O.VIEW_OUTCOME,
    "record_state": _O.VIEW_OUTCOME,
    "record_queries": _O.VIEW_OUTCOME,
    "card": _O.VIEW_MODELS,
    "result": _O.VIEW_MODELS,
    "configuration": _O.VIEW_MODELS,
    "figure": _O.VIEW_MODELS,
    "assessment": _O.VIEW_ASSESSMENTS,
    "prediction": _O.VIEW_ASSESSMENTS,
    "settings": _O.CHANGE_SETTINGS,
}


# Which records of a kind a session needs; a reader sees these, of his own sessions only.
_NEEDED: Mapping[str, Callable[[ReadingSession], str]] = {
    "patient": lambda session: session.patient_id,
    "lesion": lambda session: lesion_key(session.patient_id, session.lesion_id),
    "session": lambda session: session.session_id,
}


def is_allowed(role: Role, operation: Operation) -> bool:
    """Say whether the policy grants an operation to a role."""
    return operation in POLICY.get(role, frozenset())


def require(principal: Principal, operation: Operation) -> None:
    """Raise AccessDeniedError unless the principal's role may do this."""
    if not is_allowed(principal.role, operation):
        granted = [role.value for role in Role if is_allowed(role, operation)]
        raise AccessDeniedError(
            f"The role {principal.role} may not {operation}.", f"It is for: {', '.join(granted) or 'nobody'}."
        )


def visible_sessions(principal: Principal, sessions: Iterable[ReadingSession]) -> tuple[ReadingSession, ...]:
    """Return the sessions whose existence and state the principal may know.

    A reader knows his own; a repeat shows up once the first reading is signed, so that nobody reads more carefully
    what will be read again.
    """
    known = tuple(sessions)
    if principal.role is not Role.READER:
        return known
    own = tuple(session for session in known if session.reader is principal.reader)
    signed_firsts = {
        (session.patient_id, session.lesion_id)
        for session in own
        if session.occasion is Occasion.FIRST and session.is_signed
    }
    return tuple(
        session
        for session in own
        if session.occasion is Occasion.FIRST or (session.patient_id, session.lesion_id) in signed_firsts
    )


def are_over(sessions: Iterable[ReadingSession]) -> bool:
    """Return whether every planned reading is signed: from then on nobody can be led by what another one drew."""
    known = tuple(sessions)
    return bool(known) and all(session.is_signed for session in known)


def readable_sessions(principal: Principal, sessions: Iterable[ReadingSession]) -> tuple[ReadingSession, ...]:
    """Return the sessions whose contents the principal may see.

    A reader's own first reading is hidden from him until its repeat, if one is planned, is signed; the other
    reader's until all are.
    """
    sessions = tuple(sessions)
    if principal.role is Role.READER and are_over(sessions):
        return sessions
    visible = visible_sessions(principal, sessions)
    if principal.role is not Role.READER:
        return tuple(session for session in visible if session.is_signed)
    to_repeat = {
        (session.patient_id, session.lesion_id)
        for session in visible
        if session.occasion is Occasion.REPEAT and not session.is_signed
    }
    return tuple(
        session
        for session in visible
        if session.occasion is Occasion.REPEAT or (session.patient_id, session.lesion_id) not in to_repeat
    )


class View:
    """What one principal may see of a store; every read that is asked for by a person goes through here."""

    def __init__(self, store: Store, principal: Principal) -> None:
        self._store = store
        self.principal = principal

    def get(self, kind: Kind[T], record_id: str) -> T:
        """Return a record, or refuse as if what must stay hidden did not exist for this principal."""
        self._require(kind)
        is_blinded = kind.is_sealed or self.principal.role is Role.READER
        if is_blinded and record_id not in self._open_ids(kind):
            raise AccessDeniedError(
                f"{kind.name.capitalize()} {record_id} is not open to you.", "Readers work blind to other readings."
            )
        return self._store.get(kind, record_id, self.principal)

    def all(self, kind: Kind[T]) -> tuple[T, ...]:
        """Return all records of a kind the principal may see, by id."""
        self._require(kind)
        ids = self._open_ids(kind)
        return tuple(self._store.get(kind, record_id, self.principal) for record_id in ids)

    def find(self, kind: Kind[T], record_id: str) -> T | None:
        """Return a record that is open to the principal; None if it is hidden or absent."""
        self._require(kind)
        return self._store.get(kind, record_id, self.principal) if record_id in self._open_ids(kind) else None

    def changed_at(self, kind: Kind[T]) -> dict[str, datetime]:
        """Return when each record the principal may see was written last, by id."""
        self._require(kind)
        open_ids = frozenset(self._open_ids(kind))
        return {key: at for key, at in self._store.changed_at(kind).items() if key in open_ids}

    def begun(self) -> frozenset[str]:
        """Return the ids of the sessions the principal may know of that were opened at least once."""
        return self._store.readings.begun() & {session.session_id for session in self.sessions()}

    def geometry(self, series_uid: str) -> Geometry | None:
        """Return the grid of a series the principal may see, without reading its voxels."""
        series = self.find(SERIES, series_uid)
        digest = None if series is None else series.content.get("volume")
        return None if digest is None else volume_geometry(self._store.detach(VOLUME, digest).document)

    def map_settings(self, session_id: str) -> Mapping[str, Any] | None:
        """Return the settings the features of a signed reading rest on, to whom may see them on the images.

        None where nothing was extracted yet.

        Raises
        ------
        AccessDeniedError
            The role sees no feature maps, or the reading is not signed.
        """
        require(self.principal, Operation.VIEW_MAPS)
        self.get(ROI, session_id)
        found = self._store.find(FEATURES, session_id, self.principal)
        settings: Mapping[str, Any] | None = None if found is None else found.vector.provenance.get("settings")
        return settings

    def protocol(self) -> Protocol:
        """Return what readers may do and see; whoever reads is told."""
        plan = self._store.find(PLAN, PLAN_ID)
        return FREE if plan is None else plan.protocol

    def are_readings_over(self) -> bool:
        """Return whether every planned reading is signed, so that readers may see each other's."""
        return are_over(self._store.all(SESSION))

    def readable(self) -> tuple[ReadingSession, ...]:
        """Return the signed readings whose outlines the principal may see, without opening any."""
        require(self.principal, Operation.VIEW_ROIS)
        readable = readable_sessions(self.principal, self._store.all(SESSION))
        return tuple(session for session in readable if session.is_signed)

    def sessions(self) -> tuple[ReadingSession, ...]:
        """Return the sessions the principal may know of."""
        require(self.principal, Operation.VIEW_SESSIONS)
        return visible_sessions(self.principal, self._store.all(SESSION))

    def _open_ids(self, kind: Kind[T]) -> tuple[str, ...]:
        """Return the ids of a kind's records that blinding leaves open."""
        session_of = self._store.session_ids(kind)
        if kind.is_sealed:
            readable = {session.session_id for session in readable_sessions(self.principal, self._store.all(SESSION))}
            return tuple(record_id for record_id, session_id in session_of.items() if session_id in readable)
        if self.principal.role is not Role.READER:
            return tuple(session_of)
        own = visible_sessions(self.principal, self._store.all(SESSION))
        to_read = self._to_read(kind.name, own)
        return tuple(record_id for record_id in session_of if record_id in to_read)

    def _to_read(self, kind_name: str, own: Iterable[ReadingSession]) -> set[str]:
        """Return the ids of what a reader needs for his own sessions: no follow-up CT, no other patient.

        Of series those the plan lists for his patients too.
        """
        if kind_name not in {VOLUME.name, SERIES.name, THUMBNAIL.name}:
            identify = _NEEDED[kind_name]
            return {identify(session) for session in own}
        sessions = tuple(own)
        uids = {session.series_uid for session in sessions} | self._listed({one.patient_id for one in sessions})
        if kind_name != VOLUME.name:
            return uids
        series = (self._store.find(SERIES, uid) for uid in uids)
        return {document.content["volume"] for document in series if document is not None}

    def _listed(self, patients: set[str]) -> set[str]:
        """Return the series of some patients that the plan lets readers look at beside those they outline."""
        found = {uid: self._store.find(SERIES, uid) for uid in self.protocol().series}
        return {uid for uid, one in found.items() if one is not None and one.content["patient_id"] in patients}

    def _require(self, kind: Kind[T]) -> None:
        operation = _TO_VIEW.get(kind.name)
        if operation is None:
            raise AccessDeniedError(f"No role may view {kind.name} records.", "Add them to the access policy first.")
        require(self.principal, operation)

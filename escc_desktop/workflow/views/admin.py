"""The administration page: people, the plan, the audit trail, backups, and what the program is made of.

Each part is None for those whose role may not see it. Nothing here is clinical.
"""

from __future__ import annotations

import platform
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from escc_desktop import version
from escc_desktop.progress import Progress
from escc_desktop.reading.plan import ReadingPlan
from escc_desktop.reading.protocol import Protocol
from escc_desktop.reading.session import Occasion, Reader, ReadingSession
from escc_desktop.store.accounts import Role
from escc_desktop.store.audit import AuditHead
from escc_desktop.store.store import Login
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.parts import Part, parts
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.study_files import audit_documents, write_audit

ROLES: Final = tuple(str(role) for role in Role)
SIGN_IN: Final = "log in"
_SHOWN, _LONG = 3, 28


@dataclass(frozen=True)
class Person:
    """An account.

    Attributes
    ----------
    locked_until
        Until when too many wrong passwords keep it out; None when they do not.
    last_signed_in
        None if never.
    is_self
        Whether it is who is looking.
    """

    account_id: str
    name: str
    role: str
    reader: str
    is_disabled: bool
    locked_until: datetime | None
    last_signed_in: datetime | None
    is_self: bool


@dataclass(frozen=True)
class PeopleView:
    """All accounts by name, and the readers' letters that are still free."""

    people: tuple[Person, ...]
    free_readers: tuple[str, ...]


@dataclass(frozen=True)
class ReadingCount:
    """How many readings of one kind are signed."""

    reader: str
    occasion: str
    signed: int
    total: int


@dataclass(frozen=True)
class PlanView:
    """How far the readings are.

    Attributes
    ----------
    repeats
        How many repeats are signed, wait for their first reading or for their day, are due now, or are too late.
    may_prolong
        Whether the person may allow more time and there is a repeat that could use it.
    earliest_close
        When the next repeat that is due now becomes too late.
    protocol
        What readers may do and see.
    """

    apart_days: float
    within_days: float
    protocol: Protocol
    n_patients: int
    n_repeat_patients: int
    counts: tuple[ReadingCount, ...]
    repeats: dict[str, int]
    earliest_close: datetime | None
    may_prolong: bool


@dataclass(frozen=True)
class TrailRow:
    """One row of the audit trail in words; `search` is everything in it in small letters."""

    seq: int
    at: datetime
    who: str
    action: str
    subject: str
    reason: str
    search: str


@dataclass(frozen=True)
class TrailView:
    """The audit trail, newest first."""

    rows: tuple[TrailRow, ...]
    last_backup: datetime | None


@dataclass(frozen=True)
class AboutView:
    """What the program is."""

    version: str
    python: str
    system: str
    folder: Path
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class AdminView:
    """What the signed-in person may see of the administration; `is_planned` is None where he may not know."""

    people: PeopleView | None
    is_planned: bool | None
    plan: PlanView | None
    trail: TrailView | None
    may_back_up: bool
    about: AboutView


@dataclass(frozen=True)
class Checked:
    """What a check of the whole project found; `wrong` is empty when all is sound."""

    wrong: tuple[str, ...]
    head: AuditHead | None


def admin_view(project: Project, progress: Progress) -> AdminView:
    """Return what the page shows."""
    trail = _trail(project) if project.may(Operation.VIEW_AUDIT) else None
    progress.advance(1, 4)
    people = _people(project, trail) if project.may(Operation.MANAGE_ACCOUNTS) else None
    progress.advance(2, 4)
    plan, is_planned = None, None
    if project.may(Operation.PLAN_READINGS):
        sessions = project.sessions()
        is_planned = bool(sessions)
        plan = _plan(project, project.plan(), sessions) if sessions else None
    about = AboutView(
        version(), platform.python_version(), platform.platform(), project.folder, parts(progress.part(0.75, 1))
    )
    return AdminView(people, is_planned, plan, trail, project.may(Operation.BACK_UP), about)


def add_account(project: Project, login: Login, role: str, reader: str, progress: Progress) -> str:
    """Add an account with its first password and return its name; `reader` is "" but for readers."""
    progress.advance(0, 1)
    return project.add_account(login, Role(role), Reader(reader) if reader else None).name


def disable_account(project: Project, account_id: str, reason: str, progress: Progress) -> None:
    """Keep an account out for good."""
    progress.advance(0, 1)
    project.people().disable(account_id, reason)


def unlock_account(project: Project, account_id: str, reason: str, progress: Progress) -> None:
    """Let an account in again after too many wrong passwords."""
    progress.advance(0, 1)
    project.people().unlock(account_id, reason)


def replace_password(project: Project, login: Login, recovery_key: str, reason: str, progress: Progress) -> None:
    """Give an account a new password by the authority of the recovery key."""
    progress.advance(0, 1)
    project.people().replace_password(login, recovery_key, reason)


def prolong_plan(project: Project, within_days: int, reason: str, progress: Progress) -> None:
    """Allow more time between first reading and repeat."""
    progress.advance(0, 1)
    project.prolong_plan(timedelta(days=within_days), reason)


def check_trail(project: Project, noted: str, progress: Progress) -> AuditHead:
    """Recompute the audit trail and return its end; `noted` is an end noted earlier, or ""."""
    progress.advance(0, 1)
    return project.check_audit(AuditHead.parse(noted) if noted.strip() else None)


def check_project(project: Project, progress: Progress) -> Checked:
    """Check database, trail and every stored image and outline."""
    wrong = project.verify(progress)
    return Checked(wrong, None if wrong else project.check_audit())


def save_trail(project: Project, out: Path, progress: Progress) -> Path:
    """Check the trail and write it as a table."""
    progress.advance(0, 1)
    head = project.check_audit()
    write_audit(out, audit_documents(project), head)
    return out


def back_up(project: Project, folder: Path, progress: Progress) -> Path:
    """Copy the project into a new or empty folder."""
    project.back_up(folder, progress)
    return folder


def backup_name(project_folder: Path, today: datetime) -> str:
    """Return the proposed name of a backup's folder."""
    return f"{project_folder.name}-backup-{today:%Y-%m-%d}"


def _people(project: Project, trail: TrailView | None) -> PeopleView:
    accounts, now = project.accounts(), project.now()
    seen: dict[str, datetime] = {}
    for row in trail.rows if trail is not None else ():
        if row.action == SIGN_IN and row.reason == "" and row.subject == "accepted":
            seen.setdefault(row.who, row.at)
    people = tuple(
        Person(
            account.account_id,
            account.name,
            str(account.role),
            str(account.reader or ""),
            account.is_disabled,
            account.locked_until if account.locked_until is not None and account.locked_until > now else None,
            seen.get(account.name),
            account.account_id == project.principal.account_id,
        )
        for account in accounts
    )
    taken = {account.reader for account in accounts if not account.is_disabled}
    return PeopleView(people, tuple(str(reader) for reader in Reader if reader not in taken))


def _plan(project: Project, plan: ReadingPlan, sessions: tuple[ReadingSession, ...]) -> PlanView:
    state = {session.session_id: session for session in sessions}
    planned = [state.get(session.session_id, session) for session in plan.sessions]
    total = Counter((str(session.reader), str(session.occasion)) for session in planned)
    signed = Counter((str(session.reader), str(session.occasion)) for session in planned if session.is_signed)
    repeats, earliest = _repeats(plan, planned, project.now())
    return PlanView(
        plan.apart / timedelta(days=1),
        plan.within / timedelta(days=1),
        plan.protocol,
        len({session.patient_id for session in planned}),
        len(plan.repeat_patients),
        tuple(ReadingCount(reader, occasion, signed[reader, occasion], n) for (reader, occasion), n in total.items()),
        repeats,
        earliest,
        project.may(Operation.PLAN_READINGS) and set(repeats) != {"signed"},
    )


def _repeats(
    plan: ReadingPlan, sessions: list[ReadingSession], now: datetime
) -> tuple[dict[str, int], datetime | None]:
    firsts = {
        (session.patient_id, session.lesion_id, session.reader): session.signed_at
        for session in sessions
        if session.occasion is Occasion.FIRST
    }
    found: Counter[str] = Counter()
    closing: list[datetime] = []
    for session in sessions:
        if session.occasion is not Occasion.REPEAT:
            continue
        first_at = firsts.get((session.patient_id, session.lesion_id, session.reader))
        state = _repeat_state(plan, session, first_at, now)
        found[state] += 1
        if state == "due" and first_at is not None:
            closing.append(first_at.astimezone(UTC) + plan.within)
    return dict(found), min(closing, default=None)


def _repeat_state(plan: ReadingPlan, session: ReadingSession, first_at: datetime | None, now: datetime) -> str:
    if session.is_signed:
        return "signed"
    if first_at is None:
        return "unread"
    passed = now.astimezone(UTC) - first_at.astimezone(UTC)
    if passed < plan.apart:
        return "early"
    return "due" if passed <= plan.within else "late"


def _trail(project: Project) -> TrailView:
    names = {account.account_id: account.name for account in project.accounts()}
    rows = [_trail_row(document, names) for document in reversed(audit_documents(project))]
    backups = (row.at for row in rows if row.action == "back up")
    return TrailView(tuple(rows), next(backups, None))


def _trail_row(document: dict[str, Any], names: dict[str, str]) -> TrailRow:
    about = _about(document["details"], names)
    at = datetime.fromisoformat(document["utc"])
    who, action, reason = document["name"], document["action"], document["reason"]
    search = " ".join((f"{at:%Y-%m-%d %H:%M:%S}", who, action, *about, reason)).lower()
    shown = [_short(thing) for thing in about[:_SHOWN]]
    if len(about) > _SHOWN:
        shown.append(f"+ {len(about) - _SHOWN}")
    return TrailRow(document["seq"], at, who, action, ", ".join(shown), reason, search)


def _about(details: dict[str, Any], names: dict[str, str]) -> list[str]:
    """Return what a row is about: a reading, an account, records by name without their revision."""
    about = [str(details["session"])] if "session" in details else []
    account = details.get("account")
    if isinstance(account, dict):
        about.append(f"{names.get(account['id'], account['id'])} ({account['role']})")
    elif "outcome" in details:
        about.append(str(details["outcome"]))
    elif isinstance(account, str):
        about.append(names.get(account, account))
    records = (name.rsplit(" ", 1)[0] for name in details.get("records", {}))
    return about + [name for name in records if not name.startswith("volume ")]  # which the series names


def _short(thing: str) -> str:
    """Return a record's name with a long number cut to its end."""
    kind, _, number = thing.partition(" ")
    return f"{kind} …{number[-6:]}" if len(number) > _LONG and " " not in number else thing

"""What a principal may know of a project at a glance; what his role may not see is None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Sized
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from escc_desktop import version
from escc_desktop.errors import AccessDeniedError
from escc_desktop.reading.plan import ReadingPlan
from escc_desktop.reading.session import ReadingSession
from escc_desktop.store.accounts import Role
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project


def overview(project: Project) -> dict[str, Any]:
    """Return counts and the plan, ready for JSON."""
    who = project.principal
    return {
        "folder": str(project.folder),
        "program": f"escc-desktop {version()}",
        "user": who.name,
        "role": str(who.role),
        "reader": None if who.reader is None else str(who.reader),
        "accounts": _count(project, Operation.MANAGE_ACCOUNTS, project.accounts),
        "series": _count(project, Operation.VIEW_IMAGES, project.series),
        "records": _count(project, Operation.VIEW_OUTCOME, project.records),
        "lesions": _count(project, Operation.VIEW_LESIONS, project.lesions),
        "sessions": _session_counts(project),
        "cards": _count(project, Operation.VIEW_MODELS, project.cards),
        "audit_head": _audit_head(project),
    }


def _count(project: Project, operation: Operation, ask: Callable[[], Sized]) -> int | None:
    return len(ask()) if project.may(operation) else None


def _session_counts(project: Project) -> dict[str, int] | None:
    if not project.may(Operation.VIEW_SESSIONS):
        return None
    states = Counter(str(session.state) for session in project.sessions())
    return {"open": states["open"], "signed": states["signed"]}


def _audit_head(project: Project) -> str | None:
    return str(project.check_audit()) if project.may(Operation.VIEW_AUDIT) else None


def plan_document(plan: ReadingPlan, sessions: Sequence[ReadingSession]) -> dict[str, Any]:
    """Return a plan with the state of its sessions, ready for JSON."""
    state = {session.session_id: session for session in sessions}
    return {
        "seed": plan.seed,
        "apart_days": plan.apart / timedelta(days=1),
        "within_days": plan.within / timedelta(days=1),
        "rule": str(plan.rule),
        "repeat_patients": list(plan.repeat_patients),
        "forbidden_tools": sorted(plan.protocol.forbidden),
        "window_hu": None if plan.protocol.window is None else list(plan.protocol.window),
        "series_beside": sorted(plan.protocol.series),
        "sessions": [_session(state.get(planned.session_id, planned)) for planned in plan.sessions],
    }


def reading_list(project: Project) -> dict[str, Any]:
    """Return the plan and its sessions; a reader gets his own sessions, and whether each is open to him now."""
    if project.principal.role is not Role.READER:
        return plan_document(project.plan(), project.sessions())
    return {"sessions": [{**_session(own), **_openness(project, own)} for own in project.sessions()]}


def _session(session: ReadingSession) -> dict[str, Any]:
    document = asdict(session)
    document["signed_at"] = None if session.signed_at is None else session.signed_at.isoformat()
    return document


def _openness(project: Project, session: ReadingSession) -> dict[str, Any]:
    try:
        project.require_open(session.session_id)
    except AccessDeniedError as refusal:
        return {"may_open": False, "why_not": str(refusal)}
    return {"may_open": True, "why_not": None}

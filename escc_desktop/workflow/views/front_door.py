"""What the window asks before a project is open, and of an open one for the frame around its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress
from escc_desktop.store.cost import STRONG, PasswordCost
from escc_desktop.store.kinds import LESION, PATIENT
from escc_desktop.store.lock import KEY_FILE, Lock, OsKeyring, Passphrase, RecoveryKey, has_safe_keyring, lock_methods
from escc_desktop.store.place import refuse_missing, refuse_unsafe_place
from escc_desktop.store.store import DATABASE_FILE, Login
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.demo.opening import STAFF_NAMES, is_demo_project, open_demo_project, switch_staff
from escc_desktop.workflow.project import CreatedProject, Project

__all__ = [
    "Login",
    "Method",
    "NewProject",
    "ProjectSeen",
    "Unlock",
    "create_project",
    "keyring_is_safe",
    "look_at",
    "look_at_all",
    "open_as_staff",
    "open_project",
    "patients_of",
    "sign_in_again",
    "staff_of",
    "switch_staff",
]


class Method(StrEnum):
    """How a project is unlocked."""

    PASSPHRASE = Passphrase.method
    KEYRING = OsKeyring.method
    RECOVERY = RecoveryKey.method


@dataclass(frozen=True)
class ProjectSeen:
    """A project folder seen from outside.

    Attributes
    ----------
    trouble
        Why it cannot be opened; None when nothing speaks against it.
    methods
        How it can be unlocked; the first one is the one to offer.
    staff
        The people of a synthetic project, whose passwords lie beside it; empty for real ones.
    """

    folder: Path
    trouble: EsccError | None = None
    methods: tuple[Method, ...] = ()
    staff: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unlock:
    """What a person typed to open a project."""

    method: Method
    login: Login
    secret: str = field(default="", repr=False)

    @property
    def lock(self) -> Lock:
        """What opens the project."""
        if self.method is Method.KEYRING:
            return OsKeyring()
        return RecoveryKey(self.secret) if self.method is Method.RECOVERY else Passphrase(self.secret)


@dataclass(frozen=True)
class NewProject:
    """What a person chose for a new project; without a passphrase it is locked by the system's keyring."""

    folder: Path
    administrator: Login
    passphrase: str | None = field(default=None, repr=False)
    cost: PasswordCost = STRONG


def look_at(folder: Path) -> ProjectSeen:
    """Say what a folder is, as far as that can be said without opening it."""
    try:
        refuse_missing(folder, (KEY_FILE, DATABASE_FILE))
        refuse_unsafe_place(folder)
        methods = tuple(Method(name) for name in lock_methods(folder))
    except EsccError as error:
        return ProjectSeen(folder, error)
    order = (Method.KEYRING, Method.PASSPHRASE, Method.RECOVERY)
    staff = STAFF_NAMES if is_demo_project(folder) else ()
    return ProjectSeen(folder, None, tuple(method for method in order if method in methods), staff)


def look_at_all(folders: Sequence[Path], progress: Progress) -> tuple[ProjectSeen, ...]:
    """Say what each of these folders is."""
    seen = []
    for done, folder in enumerate(folders):
        progress.advance(done, len(folders))
        seen.append(look_at(folder))
    return tuple(seen)


def keyring_is_safe(progress: Progress) -> bool:
    """Say whether this machine has a keyring a project may be locked with."""
    progress.advance(0, 1)
    return has_safe_keyring()


def open_project(folder: Path, unlock: Unlock, progress: Progress) -> Project:
    """Open a project and sign in.

    Raises
    ------
    EsccError
        Missing, locked by another program, read-only, damaged, newer, a wrong key or login; each in its own words.
    """
    progress.advance(0, 1)
    return Project.open(folder, unlock.lock, unlock.login)


def open_as_staff(folder: Path, name: str, progress: Progress) -> Project:
    """Open a synthetic project as one of its people."""
    return open_demo_project(folder, name, progress)


def sign_in_again(project: Project, login: Login, progress: Progress) -> Project:
    """Return an open project as somebody else sees it."""
    progress.advance(0, 1)
    return project.log_in(login)


def create_project(choice: NewProject, progress: Progress) -> CreatedProject:
    """Make a project with its administrator.

    Raises
    ------
    EsccError
        The folder cannot be used, or passphrase or password is too short; nothing is left behind.
    """
    progress.advance(0, 1)
    lock: Lock = OsKeyring() if choice.passphrase is None else Passphrase(choice.passphrase, choice.cost)
    return Project.create(choice.folder, lock, choice.administrator, cost=choice.cost)


def staff_of(project: Project, progress: Progress) -> tuple[str, ...]:
    """Return the people of a synthetic project; empty for a real one."""
    progress.advance(0, 1)
    return STAFF_NAMES if is_demo_project(project.folder) else ()


def patients_of(project: Project, progress: Progress) -> tuple[str, ...]:
    """Return the ids of all patients the signed-in person may know of."""
    progress.advance(0, 1)
    found: set[str] = set()
    if project.may(Operation.VIEW_IMAGES):
        found |= {document.document_id for document in project.view.all(PATIENT)}
    if project.may(Operation.VIEW_LESIONS):
        found |= {lesion.patient_id for lesion in project.view.all(LESION)}
    if project.may(Operation.VIEW_OUTCOME):
        found |= {record.patient_id for record in project.records()}
    return tuple(sorted(found))

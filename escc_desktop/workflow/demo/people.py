"""The synthetic study's staff, its clock and its project: who does what, and when."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.files import read_json, write_json
from escc_desktop.reading.session import Reader
from escc_desktop.store.accounts import Role
from escc_desktop.store.audit import Clock
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.store import Login
from escc_desktop.workflow.project import Project

# The data is synthetic and its passwords lie beside it; the least cost that is still sound keeps the demo quick.
COST = PasswordCost(memory_kib=19 * 1024, time=2, lanes=1)
STAFF: dict[str, tuple[Role, Reader | None]] = {
    "administrator": (Role.ADMINISTRATOR, None),
    "coordinator": (Role.COORDINATOR, None),
    "reader-a": (Role.READER, Reader.A),
    "reader-b": (Role.READER, Reader.B),
    "statistician": (Role.STATISTICIAN, None),
    "oncologist": (Role.ONCOLOGIST, None),
}
ACCOUNTS_FILE = "accounts.json"
START = datetime(2024, 6, 3, 8, 0, tzinfo=UTC)


class StudyClock:
    """Tells the time of the synthetic study; it goes on by itself and can be set forward."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the time; a second later each time, so that everything has an order."""
        self._now += timedelta(seconds=1)
        return self._now

    def forward_to(self, when: datetime) -> None:
        """Set the clock to `when` unless it is later already."""
        self._now = max(self._now, when)


@dataclass(frozen=True)
class Keys:
    """Passphrase and passwords of a synthetic project, drawn anew for each."""

    passphrase: str
    passwords: dict[str, str]

    def login(self, name: str) -> Login:
        """Return name and password of one of the staff."""
        return Login(name, self.passwords[name])

    @property
    def lock(self) -> Passphrase:
        """What opens the project."""
        return Passphrase(self.passphrase, COST)


def make_keys(folder: Path) -> Keys:
    """Draw passphrase and passwords and write them beside the project."""
    keys = Keys(secrets.token_urlsafe(12), {name: secrets.token_urlsafe(9) for name in STAFF})
    note = "Passwords of a synthetic study, kept here so that anybody can open it. Never do this with real data."
    write_json(folder / ACCOUNTS_FILE, {"note": note, "passphrase": keys.passphrase, "passwords": keys.passwords})
    return keys


def read_keys(folder: Path) -> Keys:
    """Return the keys written beside a synthetic project."""
    document = read_json(folder / ACCOUNTS_FILE)
    if not isinstance(document, dict) or not {"passphrase", "passwords"} <= set(document):
        raise EsccError(f"{ACCOUNTS_FILE} is damaged.", "Remove the demo's folder and build it again.")
    return Keys(document["passphrase"], document["passwords"])


def create_project(folder: Path, keys: Keys, clock: Clock) -> Project:
    """Make the project with all its accounts; it is returned as the administrator sees it."""
    created = Project.create(folder, keys.lock, keys.login("administrator"), clock=clock, cost=COST)
    for name, (role, reader) in STAFF.items():
        if role is not Role.ADMINISTRATOR:
            created.project.add_account(keys.login(name), role, reader)
    return created.project

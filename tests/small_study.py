"""A study of a few small patients, for tests of store, desk and blinding. Its password cost is for tests only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.reading.plan import Lesion, LesionRole, LesionSite, Occasion, Reader, ReadingPlan, draw_plan
from escc_desktop.reading.session import Roi
from escc_desktop.store.accounts import Principal, Role
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.kinds import LESION, PLAN, SERIES, SESSION, VOLUME
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.records import Document
from escc_desktop.store.store import Login, Store
from escc_desktop.workflow.desk import ReadingDesk

CHEAP = PasswordCost(memory_kib=8, time=1, lanes=1)
PASSPHRASE = Passphrase("a passphrase for tests", CHEAP)
PASSWORD = "a password for tests"
GEOMETRY = Geometry((10, 12, 6), (0.8, 0.8, 2.0), (-4.0, -5.0, 100.0))


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, span: timedelta) -> None:
        self.now += span


def empty_project(folder: Path, clock: Clock) -> tuple[Store, Principal]:
    new = Store.create(folder, PASSPHRASE, Login("admin", PASSWORD), clock=clock, cost=CHEAP)
    return new.store, new.administrator


@dataclass
class SmallStudy:
    store: Store
    clock: Clock
    plan: ReadingPlan
    people: dict[str, Principal] = field(default_factory=dict)

    def desk(self, reader: str) -> ReadingDesk:
        return ReadingDesk(self.store, self.people[reader], params_digest="f" * 64)

    def sign(self, session_id: str, seed: int = 0) -> Roi:
        voxels = np.random.default_rng(seed).random(GEOMETRY.shape) < 0.3
        voxels[0, 0, 0] = True
        with self.desk(self.plan.session(session_id).reader).open(session_id) as reading:
            reading.edit("brush", 3, voxels)
            return reading.sign(PASSWORD, "outlined by me")


def staff(folder: Path, clock: Clock) -> tuple[Store, dict[str, Principal]]:
    """Make an empty project with one account a role."""
    store, admin = empty_project(folder, clock)
    people = {"admin": admin}
    for name, role, reader in (
        ("A", Role.READER, Reader.A),
        ("B", Role.READER, Reader.B),
        ("coordinator", Role.COORDINATOR, None),
        ("statistician", Role.STATISTICIAN, None),
        ("oncologist", Role.ONCOLOGIST, None),
    ):
        store.accounts.create(admin, name, PASSWORD, role, reader)
        people[name] = store.accounts.log_in(name, PASSWORD)
    return store, people


def build(folder: Path, patients: int = 3, repeats: int = 2) -> SmallStudy:
    """Make a project with images, lesions, plan and one account a role, nothing read yet."""
    clock = Clock()
    store, people = staff(folder, clock)
    lesions = [
        Lesion("L1", f"P{number}", LesionSite.PRIMARY, LesionRole.TARGET, False, (0.0, 0.0, 104.0), f"1.2.{number}")
        for number in range(1, patients + 1)
    ]
    plan = draw_plan(lesions, repeats, seed=7)
    with store.write(people["coordinator"], "set up") as writing:
        for number, lesion in enumerate(lesions, start=1):
            hu = np.random.default_rng(number).integers(-100, 200, GEOMETRY.shape).astype(np.int16)
            volume = Volume(hu, GEOMETRY)
            writing.put(VOLUME, volume)
            writing.put(SERIES, Document(lesion.series_uid, {"volume": volume.digest}))
            writing.put(LESION, lesion)
        writing.put(PLAN, plan)
        for session in plan.sessions:
            writing.put(SESSION, session)
    return SmallStudy(store, clock, plan, people)


def session_id(patient: str, reader: str, occasion: str = Occasion.FIRST) -> str:
    return f"{patient}/L1/{reader}/{occasion}"

"""The project folder: domain objects in, domain objects out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import RowMapping, func, insert, select

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.files import write_whole
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Accounts, Principal
from escc_desktop.store.audit import Clock, Entry, Ledger, utc_now
from escc_desktop.store.blobs import Blobs, blob_files, sweep
from escc_desktop.store.cost import STRONG, PasswordCost
from escc_desktop.store.crypto import decrypt, derive, encrypt
from escc_desktop.store.database import BUSY_TIMEOUT_S, Database
from escc_desktop.store.lock import KEY_FILE, Lock, RecoveryKey, add_lock, create_key, open_key
from escc_desktop.store.place import make_empty_folder, refuse_missing, refuse_unsafe_place
from escc_desktop.store.readings import Readings
from escc_desktop.store.records import (
    Json,
    Kind,
    NewRecord,
    Revision,
    TrackingPort,
    all_rows,
    blob_addresses,
    decode_payload,
    encode_payload,
    insert_records,
    latest_revision,
    latest_rows,
)
from escc_desktop.store.tables import meta, record

T = TypeVar("T")
DATABASE_FILE = "project.db"
BLOB_FOLDER = "blobs"


@dataclass(frozen=True)
class Login:
    """Name and password of an account."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class NewProject:
    """A project just created; the recovery key is shown once and kept nowhere."""

    store: Store
    administrator: Principal
    recovery_key: str


@dataclass(frozen=True)
class Detached:
    """A record and the blobs it names, for a child process that reads without the database."""

    document: Json
    blobs: Blobs


class Store:
    """An opened project folder: `project.db`, `project.key` and `blobs/`.

    Attributes
    ----------
    accounts, readings, ledger
        Who may log in; keys and journals of readings; the audit trail.
    clock
        Tells the time of everything written.
    """

    def __init__(self, folder: Path, data_key: bytes, database: Database, clock: Clock, cost: PasswordCost) -> None:
        self.folder = folder
        self.clock = clock
        self._data_key = data_key
        self._database = database
        self.ledger = Ledger(database, derive(data_key, "audit"), clock)
        self.accounts = Accounts(database, self.ledger, cost)
        self.readings = Readings(database, self.ledger, self.accounts, derive(data_key, "readings"))
        self._blobs = Blobs(folder / BLOB_FOLDER / "sha256", derive(data_key, "blobs"))

    @classmethod
    def create(
        cls,
        folder: Path,
        lock: Lock,
        administrator: Login,
        *,
        clock: Clock = utc_now,
        cost: PasswordCost = STRONG,
    ) -> NewProject:
        """Make a project in a new or empty folder.

        Parameters
        ----------
        lock
            How it will be opened: passphrase or the keyring of this machine.
        administrator
            Its first account.
        cost
            Cost of account passwords.
        """
        refuse_unsafe_place(folder)
        is_new = not folder.exists()
        make_empty_folder(folder)
        try:
            return cls._create(folder, lock, administrator, clock, cost)
        except BaseException:
            for path in folder.iterdir():
                path.unlink()
            if is_new:
                folder.rmdir()
            raise

    @classmethod
    def _create(cls, folder: Path, lock: Lock, administrator: Login, clock: Clock, cost: PasswordCost) -> NewProject:
        recovery = RecoveryKey.generate()
        project_id, data_key = create_key(folder, [lock, recovery])
        database = Database(folder / DATABASE_FILE, derive(data_key, "database"))
        try:
            database.bring_up_to_date()
            with database.write() as connection:
                connection.execute(insert(meta).values(name="project_id", value=project_id))
            store = cls(folder, data_key, database, clock, cost)
            principal = store.accounts.create_first(
                administrator.name, administrator.password, recovery.escrow_key(project_id)
            )
        except BaseException:
            database.close()
            raise
        return NewProject(store, principal, recovery.text)

    @classmethod
    def open(
        cls,
        folder: Path,
        lock: Lock,
        *,
        clock: Clock = utc_now,
        cost: PasswordCost = STRONG,
        timeout_s: float = BUSY_TIMEOUT_S,
    ) -> Store:
        """Open a project, bringing an older one up to date.

        Raises
        ------
        EsccError
            No project there, on a network share, of a newer program, busy, read-only, damaged, or not opened by
            this lock; each in its own words.
        """
        refuse_missing(folder, (KEY_FILE, DATABASE_FILE))
        refuse_unsafe_place(folder)
        project_id, data_key = open_key(folder, lock)
        database = Database(folder / DATABASE_FILE, derive(data_key, "database"), timeout_s)
        try:
            database.bring_up_to_date()
            _refuse_other_project(database, project_id)
        except BaseException:
            database.close()
            raise
        sweep(folder / BLOB_FOLDER)
        return cls(folder, data_key, database, clock, cost)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add_lock(self, author: Principal, lock: Lock) -> None:
        """Let the project be opened by this lock too, in place of an older one of the same method."""
        with self.ledger.write(author.account_id, "add lock") as entry:
            entry.details["method"] = lock.method
            project_id = entry.connection.execute(select(meta.c.value).where(meta.c.name == "project_id")).scalar_one()
            add_lock(self.folder, lock, project_id, self._data_key)

    def reset_password(self, recovery: RecoveryKey, login: Login, reason: str) -> None:
        """Give an account, the administrator's too, a new password by the authority of the recovery key."""
        project_id, _ = open_key(self.folder, recovery)
        self.accounts.reset_password(login.name, login.password, recovery.escrow_key(project_id), reason)

    @contextmanager
    def write(self, author: Principal, action: str, reason: str = "") -> Iterator[Writing]:
        """Collect objects and write all of them in one transaction at the end of the block, or none.

        Blobs are written while collecting, before any row names them and before anybody has to wait.
        """
        writing = Writing(self, author)
        yield writing
        with self.ledger.write(author.account_id, action, reason) as entry:
            insert_records(entry, author.account_id, reason, writing.records)
            for step in writing.steps:
                step(entry)

    def put(self, author: Principal, kind: Kind[T], thing: T, reason: str = "") -> None:
        """Write one object as the next revision of its record."""
        with self.write(author, f"put {kind.name}", reason) as writing:
            writing.put(kind, thing)

    def get(self, kind: Kind[T], record_id: str, principal: Principal | None = None) -> T:
        """Return the last revision of a record; unknown ids are an error.

        Parameters
        ----------
        principal
            Needed for what belongs to a reading.
        """
        found = self.find(kind, record_id, principal)
        if found is None:
            raise EsccError(f"The project has no {kind.name} {record_id}.", f"Look at its list of {kind.name} records.")
        return found

    def find(self, kind: Kind[T], record_id: str, principal: Principal | None = None) -> T | None:
        """Return the last revision of a record, or None."""
        with self._database.read() as connection:
            row = connection.execute(latest_rows(kind.name, record_id)).mappings().first()
        return None if row is None else self._decode(kind, row, principal)

    def revision(self, kind: Kind[T], record_id: str) -> int:
        """Return the number of a record's last revision; 0 without one."""
        with self._database.read() as connection:
            return latest_revision(connection, kind.name, record_id)

    def detach(self, kind: Kind[T], record_id: str) -> Detached:
        """Return a record of a kind that belongs to no reading, to be decoded in a child process."""
        with self._database.read() as connection:
            row = connection.execute(latest_rows(kind.name, record_id)).mappings().first()
        if row is None or kind.is_sealed:
            raise EsccError(f"The project has no open {kind.name} {record_id}.", "Import it first.")
        return Detached(decode_payload(row["payload"], kind.name, record_id), self._blobs)

    def all(self, kind: Kind[T], principal: Principal | None = None) -> tuple[T, ...]:
        """Return the last revision of every record of a kind, by id; of readings, those the principal can open."""
        with self._database.read() as connection:
            rows = connection.execute(latest_rows(kind.name)).mappings().all()
        things = []
        for row in rows:
            try:
                things.append(self._decode(kind, row, principal))
            except AccessDeniedError:
                continue
        return tuple(things)

    def session_ids(self, kind: Kind[T]) -> dict[str, str | None]:
        """Return the ids of all records of a kind, sorted, each with the session of the reading it belongs to."""
        statement = (
            select(record.c.record_id, func.max(record.c.session_id).label("session_id"))
            .where(record.c.kind == kind.name)
            .group_by(record.c.record_id)
            .order_by(record.c.record_id)
        )
        with self._database.read() as connection:
            return {row.record_id: row.session_id for row in connection.execute(statement)}

    def changed_at(self, kind: Kind[T]) -> dict[str, datetime]:
        """Return when each record of a kind was written last, by id."""
        statement = (
            select(record.c.record_id, func.max(record.c.utc).label("utc"))
            .where(record.c.kind == kind.name)
            .group_by(record.c.record_id)
        )
        with self._database.read() as connection:
            return {row.record_id: datetime.fromisoformat(row.utc) for row in connection.execute(statement)}

    def history(self, kind: Kind[T], record_id: str, principal: Principal | None = None) -> tuple[Revision[T], ...]:
        """Return all revisions of a record, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(all_rows(kind.name, record_id)).mappings().all()
        return tuple(
            Revision(
                self._decode(kind, row, principal),
                row["record_id"],
                row["revision"],
                row["seq"],
                row["author"],
                datetime.fromisoformat(row["utc"]),
                row["reason"],
            )
            for row in rows
        )

    def verify(self, progress: Progress | None = None) -> tuple[str, ...]:
        """Check pages, rows, audit trail and blobs; return what is wrong, empty when all is sound.

        Of a reading that is not signed only its reader can check the contents.
        """
        progress = progress or Progress()
        wrong = list(self._database.damage())
        try:
            self.ledger.verify()
        except EsccError as error:
            wrong.append(error.what)
        with self._database.read() as connection:
            addresses = blob_addresses(connection)
        for number, (session_id, address) in enumerate(addresses):
            progress.advance(number, len(addresses), "checking images and outlines")
            blobs = self._blobs if session_id is None else self._signed_blobs(session_id)
            try:
                if blobs is not None:
                    blobs.get(address)
            except EsccError as error:
                wrong.append(error.what)
        return tuple(wrong)

    def back_up(self, author: Principal, folder: Path, progress: Progress) -> None:
        """Copy the project into a new or empty folder while others may go on working; the copy is a project too.

        The database goes first: every blob it names is there already, as blobs are written before rows.
        """
        make_empty_folder(folder)
        with self.ledger.write(author.account_id, "back up"):
            pass
        self._database.copy_to(folder / DATABASE_FILE)
        blobs = blob_files(self.folder / BLOB_FOLDER)
        for number, path in enumerate(blobs):
            progress.advance(number, len(blobs), "copying blobs")
            copy = folder / path.relative_to(self.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            write_whole(copy, path.read_bytes())
        # The key goes last: without it the copy is no project yet.
        write_whole(folder / KEY_FILE, (self.folder / KEY_FILE).read_bytes())

    def _decode(self, kind: Kind[T], row: RowMapping, principal: Principal | None) -> T:
        payload, port = row["payload"], self._blobs
        if kind.is_sealed:
            key = self.readings.key(principal, row["session_id"])
            payload = decrypt(derive(key, "record"), payload, f"{kind.name} {row['record_id']}")
            port = self._reading_blobs(row["session_id"], key)
        return kind.decode(decode_payload(payload, kind.name, row["record_id"]), port)

    def _encode(self, kind: Kind[T], thing: T, author: Principal, after: int | None) -> NewRecord:
        record_id = kind.identify(thing)
        if kind.session_of is None:
            plain_port = TrackingPort(self._blobs)
            payload = encode_payload(kind.encode(thing, plain_port))
            return NewRecord(kind.name, record_id, payload, tuple(plain_port.put_addresses), None, after)
        session_id = kind.session_of(thing)
        key = self.readings.key(author, session_id)
        port = TrackingPort(self._reading_blobs(session_id, key))
        payload = encode_payload(kind.encode(thing, port))
        sealed = encrypt(derive(key, "record"), payload, f"{kind.name} {record_id}")
        return NewRecord(kind.name, record_id, sealed, tuple(port.put_addresses), session_id, after)

    def _signed_blobs(self, session_id: str) -> Blobs | None:
        key = self.readings.signed_key(session_id)
        return None if key is None else self._reading_blobs(session_id, key)

    def _reading_blobs(self, session_id: str, key: bytes) -> Blobs:
        folder = self.folder / BLOB_FOLDER / "readings" / self.readings.folder_name(session_id)
        return Blobs(folder, derive(key, "blobs"))


class Writing:
    """Objects on their way into one transaction."""

    def __init__(self, store: Store, author: Principal) -> None:
        self._store = store
        self._author = author
        self.records: list[NewRecord] = []
        self.steps: list[Callable[[Entry], None]] = []

    def put(self, kind: Kind[T], thing: T, *, after: int | None = None) -> None:
        """Add an object.

        Parameters
        ----------
        after
            The revision it was derived from (0: a new record); if another one was written meanwhile, the whole
            transaction is refused.
        """
        self.records.append(self._store._encode(kind, thing, self._author, after))  # noqa: SLF001  # its other half

    def then(self, step: Callable[[Entry], None]) -> None:
        """Run `step` in the transaction, after the records."""
        self.steps.append(step)


def _refuse_other_project(database: Database, project_id: str) -> None:
    with database.read() as connection:
        found = connection.execute(select(meta.c.value).where(meta.c.name == "project_id")).scalar()
    if found != project_id:
        raise EsccError("Database and key file belong to two projects.", "Restore both from one backup.")

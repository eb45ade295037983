"""The encrypted database file: connections, transactions, and what its complaints mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, QueuePool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlcipher3 import dbapi2

from escc_desktop.errors import EsccError
from escc_desktop.store.migrations import upgrade

BUSY_TIMEOUT_S = 10.0


class Database:
    """One SQLCipher file in WAL mode, every commit durable, every write transaction taken at once.

    A deferred transaction that reads and then writes fails at once when another process wrote in between, however
    long the timeout: so writers begin IMMEDIATE, and readers cannot write.

    Parameters
    ----------
    key
        32 bytes, given to SQLCipher raw.
    timeout_s
        How long a writer waits for another one.
    """

    def __init__(self, path: Path, key: bytes, timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._path = path
        self._key = key
        self._timeout_s = timeout_s
        self._engine = create_engine(
            "sqlite+pysqlite://", module=dbapi2, creator=self._connect, poolclass=QueuePool, pool_size=4
        )
        event.listen(self._engine, "begin", _begin)

    def bring_up_to_date(self) -> None:
        """Migrate to the schema of this program; a database that is there already needs no write."""
        with self.write() as connection:
            upgrade(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database and cannot change it."""
        with _sentences(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose work is committed whole, durably, at the end of the block."""
        with (
            _sentences(),
            self._engine.connect().execution_options(is_writer=True) as connection,
            connection.begin(),
        ):
            # A file deleted under an open connection still takes commits, which nobody will ever see again.
            if not os.path.exists(self._path):  # noqa: PTH110  # False too where the place cannot be reached
                raise EsccError("The project's folder is gone.", "Bring it back to where it was and try again.")
            yield connection

    def damage(self) -> tuple[str, ...]:
        """Return what SQLCipher and SQLite find wrong with the file; empty when it is sound."""
        with self.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA cipher_integrity_check").scalars().all()
            rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return (*map(str, pages), *(str(row) for row in rows if row != "ok"), *map(str, orphans))

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the database, under the same key, while others may go on working."""
        target = _open(path, self._key, self._timeout_s)
        try:
            with self.read() as connection:
                connection.connection.driver_connection.backup(target)  # type: ignore[union-attr]
        finally:
            target.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _connect(self) -> Any:
        return _open(self._path, self._key, self._timeout_s)


def _open(path: Path, key: bytes, timeout_s: float) -> Any:
    connection = dbapi2.connect(str(path), timeout=timeout_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: Connection) -> None:
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if is_writer else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


_MEANINGS = (
    ("database is locked", "The project is busy: another program is writing to it.", "Wait a moment and try again."),
    ("readonly", "The project can be read but not written.", "Check the rights of its folder and files."),
    ("unable to open", "The project's database cannot be opened.", "Check the rights of its folder and files."),
    ("full", "The disk of the project is full.", "Free some space and try again; nothing was lost."),
    ("disk I/O error", "The disk of the project fails.", "Check the disk; then try again or restore a backup."),
    ("not a database", "The project's database is damaged or belongs to another key.", "Restore it from a backup."),
    ("malformed", "The project's database is damaged.", "Restore it from a backup."),
    ("a signed reading is final", "A signed reading is final.", "Nothing about it can be changed."),
    ("UNIQUE constraint failed: journal", "The reading is open in another window.", "Close one of the two."),
)


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn the complaints of the database into sentences."""
    try:
        yield
    except (SQLAlchemyError, dbapi2.Error) as error:
        said = str(getattr(error, "orig", error))
        for words, what, hint in _MEANINGS:
            if words in said:
                raise EsccError(what, hint, detail=said) from error
        raise EsccError(f"The project's database reports: {said}.", "Nothing was changed.", detail=said) from error

"""Bring a project's database to the schema of this program."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from escc_desktop.errors import EsccError

HEAD = "0001"


def upgrade(connection: Connection) -> None:
    """Run the missing steps inside the caller's transaction: all of them or none.

    Raises
    ------
    EsccError
        The database was written by a newer version of the program.
    """
    revision = schema_revision(connection)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise EsccError(
            f"The project has schema {revision}; this program knows schemas up to {HEAD}.",
            "Open it with the newer version of the program that wrote it.",
        )
    from alembic import command  # noqa: PLC0415  # 16 MB, for a new project or one of an earlier program
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def schema_revision(connection: Connection) -> str | None:
    """Return the revision the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision

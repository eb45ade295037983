from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from escc_desktop.errors import EsccError
from escc_desktop.store import migrations, tables
from escc_desktop.store.database import Database
from escc_desktop.store.store import Store

KEY = bytes(32)


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "project.db", KEY)
    yield database
    database.close()


def test_that_the_migrations_end_where_the_program_says():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_that_migrating_an_empty_database_gives_the_tables_the_program_uses(database):
    database.bring_up_to_date()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        assert migrations.schema_revision(connection) == migrations.HEAD


def test_that_a_project_of_a_newer_program_is_refused(small_study, tmp_path):
    store, _ = small_study.empty_project(tmp_path / "project", small_study.Clock())
    with store.ledger.write("", "pretend") as entry:
        entry.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(EsccError, match="9999") as caught:
        Store.open(tmp_path / "project", small_study.PASSPHRASE)
    assert "newer version" in caught.value.hint


def test_that_a_migration_that_fails_half_way_leaves_nothing(database, monkeypatch):
    real = command.upgrade

    def fail(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(KeyboardInterrupt):
        database.bring_up_to_date()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0

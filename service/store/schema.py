"""Bringing the database to the shape this version needs; forward only."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> bool:
    """Apply what is missing; True when something was. Safe to call from many processes at once."""
    if not is_behind(database):
        return False
    with _one_at_a_time(database), database.write() as connection:
        database.lock_row(connection, "migrate")
        if _current(connection) == _newest():
            return False
        settings = _alembic()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    return True


def is_behind(database: Database) -> bool:
    """Whether this version needs a migration that the database has not seen."""
    with database.read() as connection:
        return _current(connection) != _newest()


def _alembic() -> AlembicConfig:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return settings


def _newest() -> str | None:
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def _current(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _one_at_a_time(database: Database) -> AbstractContextManager[None]:
    if not database.is_sqlite:
        return nullcontext()
    return _file_lock(Path(database.url.removeprefix("sqlite:///") + ".migrate.lock"))

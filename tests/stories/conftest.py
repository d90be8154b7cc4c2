"""Databases for stories: the same two kinds as everywhere, but cheap, for there are hundreds of stories.

SQLite lies in memory-backed files, PostgreSQL is one database that is emptied; what only costs time
here, waiting for disks, is shown by the crash tests on real ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.databases import Databases

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[Databases]:
    """SQLite databases without a disk, where this machine has such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="stories-") as directory:
        made = Databases(Path(directory))
        yield made
        made.close()


@pytest.fixture(scope="session")
def postgresql_database(databases: Databases) -> Iterator[str]:
    """One migrated database for all stories of this process."""
    url = databases.fresh("postgresql")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" SET synchronous_commit = off')
    yield url
    databases.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, sqlite_databases: Databases) -> Iterator[str]:
    """An empty, migrated database; every story is told on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        url = sqlite_databases.fresh("sqlite")
        yield url
        sqlite_databases.drop(url)
    else:
        url = request.getfixturevalue("postgresql_database")
        yield url
        empty(url)


def empty(url: str) -> None:
    """Take every row out again, but for the revision of the schema."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        for (table,) in tables.fetchall():
            connection.execute(f'DELETE FROM "{table}"')

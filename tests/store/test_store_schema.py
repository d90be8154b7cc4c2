"""The database is brought to this version's shape, by whoever comes first, once."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from store_examples import at_once

import service.store
from service.store.database import Database
from service.store.schema import is_behind, migrate
from tests.databases import Databases

MIGRATE = """
import sys
from service.store.database import Database
from service.store.schema import migrate
sys.stdin.readline()
print(migrate(Database(sys.argv[1], 2)))
"""
STORE = Path(service.store.__file__).parent


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, cheap_databases: Databases) -> Iterator[Database]:
    """A database nobody has migrated."""
    url = cheap_databases.empty(request.param)
    opened = Database(url, pool_size=8)
    yield opened
    opened.close()
    cheap_databases.drop(url)


def test_a_second_migration_does_nothing(empty: Database) -> None:
    assert is_behind(empty)
    assert migrate(empty)
    assert not is_behind(empty)
    tables = sa.inspect(empty.engine).get_table_names()
    assert not migrate(empty)
    assert sa.inspect(empty.engine).get_table_names() == tables


@pytest.mark.thorough
def test_many_processes_migrate_an_empty_database_once(empty: Database) -> None:
    command = [sys.executable, "-c", MIGRATE, empty.url]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60) for racer in racers]
    assert sorted(out.strip() for out, _ in said) == ["False", "False", "True"], said
    assert not is_behind(empty)


def test_migrating_in_threads_is_safe_too(empty: Database) -> None:
    assert sorted(at_once(6, lambda _: migrate(empty))) == [False] * 5 + [True]


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    with empty.write() as tx:
        tx.exec_driver_sql("CREATE TABLE callbacks (x INTEGER)")
    with pytest.raises(sa.exc.SQLAlchemyError):
        migrate(empty)
    assert set(sa.inspect(empty.engine).get_table_names()) == {"callbacks"}
    assert is_behind(empty)


def statements() -> list[tuple[str, sa.TextClause]]:
    """Every fixed SQL statement of the store's modules."""
    found = []
    for path in sorted(STORE.glob("*.py")):
        module = importlib.import_module(f"service.store.{path.stem}") if path.stem != "__init__" else service.store
        found += [
            (f"{path.stem}.{name}", value) for name, value in vars(module).items() if isinstance(value, sa.TextClause)
        ]
    return found


def test_every_statement_of_the_store_is_understood_by_the_database(database: Database) -> None:
    known = statements()
    assert len(known) > 35
    for name, statement in known:
        if not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement.text):
            continue  # a setting: nothing to plan
        if "advisory" in statement.text and database.is_sqlite:
            continue
        text = re.sub(r"\bIN :(\w+)", r"IN (:\1)", statement.text)
        with database.read() as connection:
            filled = dict.fromkeys(re.findall(r"(?<!:):(\w+)", text))
            try:
                connection.execute(sa.text(f"EXPLAIN {text}"), filled)
            except sa.exc.SQLAlchemyError as error:
                raise AssertionError(f"{name}: {error}") from error


def test_finding_what_is_due_reads_no_finished_callbacks(database: Database) -> None:
    """The index that keeps the starter's question cheap is the one the database chooses."""
    from service.store import due

    for statement in (due._ANY, due._LATE):
        with database.engine.begin() as connection:
            if not database.is_sqlite:
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            prefix = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
            plan = str(connection.execute(sa.text(prefix + statement.text), {"now": 1}).all())
        assert re.search("callbacks_(due|deadline)", plan), plan


def test_every_index_and_constraint_says_what_it_promises() -> None:
    for path in (STORE / "migrations" / "versions").glob("*.py"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if "create_index(" in line or "UniqueConstraint(" in line:
                before = [each.strip() for each in lines[max(0, number - 12) : number]]
                assert any(each.startswith("#") for each in before), f"{path.name}:{number + 1}"

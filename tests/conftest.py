"""What tests share: both databases, the sandbox, and a service wired to them in this process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.sandbox.serve import InThread
from service.store.database import Database
from tests.databases import Databases
from tests.harness import Harness

MEMORY, ROOM = Path("/dev/shm"), 2**30


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Fresh databases of both kinds on a real disk."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def cheap_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The same without a disk, where this machine has such a place: there are thousands of tests."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(dir=MEMORY if in_memory else None, prefix="tests-") as directory:
        made = Databases(Path(directory), cheap=True)
        yield made
        made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, cheap_databases: Databases) -> Iterator[str]:
    """An empty, migrated database; the test runs on SQLite and on PostgreSQL."""
    url = cheap_databases.fresh("sqlite") if request.param == "sqlite" else cheap_databases.shared()
    yield url
    cheap_databases.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = Database(database_url, pool_size=6)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[InThread]:
    """Both vendors over real HTTP, one for all tests of this process."""
    with InThread() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: InThread) -> InThread:
    """Both vendors, as seeded, without limits that tests would wait for."""
    shared_sandbox.world.reset()
    return shared_sandbox


@pytest.fixture
def harness(database_url: str, sandbox: InThread, tmp_path: Path) -> Iterator[Harness]:
    """The whole service in this process, on a clock that stands still until it is moved."""
    made = Harness(database_url, sandbox, tmp_path)
    yield made
    made.close()


# Told on PostgreSQL in the fast suite too; all other stories there belong to the thorough one.
ALWAYS_ON_BOTH = (
    "test_deal_becomes",
    "test_delivered_twice",
    "test_answer_lost",
    "test_two_callbacks",
    "test_web_accept",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast suite stays under a minute: what the sandbox itself can do, and most stories and pages on
    PostgreSQL, are left to the thorough one."""
    for item in items:
        folders = item.path.relative_to(Path(__file__).parent).parts
        on_postgresql = "postgresql" in item.name and folders[0] in ("stories", "web")
        if folders[0] == "sandbox" or (on_postgresql and not item.path.name.startswith(ALWAYS_ON_BOTH)):
            item.add_marker(pytest.mark.thorough)

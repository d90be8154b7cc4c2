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
def databases() -> Iterator[Databases]:
    """Fresh databases of both kinds on a real disk, and not where another run of pytest tidies up."""
    with tempfile.TemporaryDirectory(prefix="tests-") as directory:
        made = Databases(Path(directory))
        yield made
        made.close()


@pytest.fixture(scope="session")
def cheap_databases() -> Iterator[Databases]:
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


# The main job's stories are in the fast suite as a whole, the last three on PostgreSQL too.
MAIN_STORIES = ("test_hundred_deliveries", "test_known_customer_and_items_cost_one_call", "test_two_callbacks")
MAIN_STORIES_ON_BOTH = ("test_answer_lost_after_create", "test_deal_becomes_an_invoice", "test_delivered_twice")
# What an operator does now and then, and what takes long, told to the last detail.
FIRST_ONLY = (
    "hubspot/test_hubspot_definitions",
    "registration/",
    "stories/",
    "web/test_web_connect",
    "web/test_web_gunicorn",
    "web/test_web_invoice_sync",
    "web/test_web_options",
    "web/test_web_pages",
    "web/test_web_sync",
)
THOROUGH = ("sandbox/", "web/test_web_connect_refused")
# What waits for other processes or for time to pass: once is fast.
THOROUGH_ON_POSTGRESQL = ("web/", "engine/", "store/test_store_locks", "store/test_store_resealing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast suite stays under a minute; the thorough one has the rest that needs no process to be killed."""
    begun: set[Path] = set()
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        name, on_postgresql = item.path.name, "postgresql" in item.name
        if place.startswith(FIRST_ONLY):
            main = MAIN_STORIES_ON_BOTH if on_postgresql else MAIN_STORIES_ON_BOTH + MAIN_STORIES
            is_first = item.path not in begun and not on_postgresql and item.get_closest_marker("thorough") is None
            begun |= {item.path} if is_first else set()
            is_fast = is_first or name.startswith(main)
        else:
            is_fast = not place.startswith(THOROUGH) and not (
                place.startswith(THOROUGH_ON_POSTGRESQL) and on_postgresql
            )
        if not is_fast:
            item.add_marker(pytest.mark.thorough)

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


# The stories of the fast suite: the main job with what goes wrong most, and each feature's own once.
FAST_STORIES = (
    "test_access_revoked_then_reconnected",
    "test_answer_lost_after_create",
    "test_created_and_sent",
    "test_customer_name_is_taken",
    "test_deal_becomes_an_invoice",
    "test_delivered_twice",
    "test_estimate_becomes_an_invoice",
    "test_hundred_deliveries",
    "test_invoice_is_voided",
    "test_known_customer_and_items_cost_one_call",
    "test_mirror_of_an_invoice",
    "test_overdue_by_the_clock",
    "test_payment_is_recorded",
    "test_product_unknown_in_quickbooks",
    "test_quickbooks_down_for_an_hour",
    "test_recipes",
    "test_tax_worlds",
    "test_throttled_without_retry_after",
    "test_two_callbacks_for_one_deal",
    "test_validation_fault_told_once",
    "test_webhooks_bring_records_in_step",
    "test_what_happens_in_quickbooks",
)
# These on PostgreSQL too.
FAST_ON_BOTH = ("test_answer_lost_after_create", "test_deal_becomes_an_invoice", "test_delivered_twice")
# What an operator does now and then, told to the last detail.
THOROUGH = ("sandbox/", "registration/test_registration_export", "web/test_web_connect_refused")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast suite stays under a minute; the thorough one has the rest that needs no process to be killed."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        name, on_postgresql = item.path.name, "postgresql" in item.name
        is_story, is_page = place.startswith("stories/"), place.startswith("web/")
        if (
            place.startswith(THOROUGH)
            or (is_story and not name.startswith(FAST_ON_BOTH if on_postgresql else FAST_STORIES))
            or (is_page and on_postgresql)
        ):
            item.add_marker(pytest.mark.thorough)

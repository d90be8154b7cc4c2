"""The processes that crash tests share: one installation per database for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.crash.processes import Installation, running
from tests.databases import Databases

DATABASES = ("sqlite", "postgresql")
HERE = Path(__file__).parent
EMPTY = SimpleNamespace(params={})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n 2 --dist loadgroup` each database has its own process, and its installation is made once."""
    for item in items:
        if item.path.parent == HERE:
            chosen = [value for value in getattr(item, "callspec", EMPTY).params.values() if value in DATABASES]
            item.add_marker(pytest.mark.xdist_group(chosen[0] if chosen else DATABASES[-1]))


@pytest.fixture(scope="session", params=DATABASES)
def processes(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Sandbox, web and one worker on a fresh database; SQLite first, then PostgreSQL."""
    url = databases.fresh(request.param)
    with running(url, tmp_path_factory.mktemp(request.param)) as made:
        yield made
    databases.drop(url)


@pytest.fixture
def installation(processes: Installation) -> Iterator[Installation]:
    """The shared installation, everything up and calm; afterwards nothing was refused."""
    processes.repair()
    yield processes
    processes.end_trouble()
    assert processes.new_refusals() == []

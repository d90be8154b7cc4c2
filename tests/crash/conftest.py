"""The processes that crash tests share: one installation per database for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.processes import Installation, running
from tests.databases import Databases

DATABASES = ("sqlite", "postgresql")


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

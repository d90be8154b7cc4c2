"""A browser and a service for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser

from service.sandbox.serve import InThread
from tests.databases import Databases
from tests.harness import Harness


@pytest.fixture
def service(databases: Databases, sandbox: InThread, tmp_path: Path) -> Iterator[Harness]:
    """The service over the sandbox, on SQLite: what a browser shows does not depend on the database."""
    url = databases.fresh("sqlite")
    made = Harness(url, sandbox, tmp_path)
    yield made
    made.close()
    databases.drop(url)


@pytest.fixture
def browser(service: Harness) -> Iterator[Browser]:
    """A window at the service's address."""
    made = Browser(service.public_url)
    yield made
    made.close()

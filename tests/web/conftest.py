"""The accept edge, connected and not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from web_examples import Web

from tests.databases import Databases


@pytest.fixture
def make_web(cheap_databases: Databases, tmp_path: Path) -> Iterator[Callable[..., Web]]:
    """Web processes with settings of their own, each with a fresh SQLite database."""
    made: list[tuple[Web, str]] = []

    def make(**settings: str) -> Web:
        url = cheap_databases.fresh("sqlite")
        web = Web(url, tmp_path, **settings)
        web.connect()
        made.append((web, url))
        return web

    yield make
    for web, url in made:
        web.close()
        cheap_databases.drop(url)


@pytest.fixture
def web(make_web: Callable[..., Web]) -> Web:
    """One that is connected, with the settings of the contract's vectors."""
    return make_web()


@pytest.fixture
def on_both(database_url: str, tmp_path: Path) -> Iterator[Web]:
    """The same, on SQLite and on PostgreSQL."""
    web = Web(database_url, tmp_path)
    web.connect()
    yield web
    web.close()

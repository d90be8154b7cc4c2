"""The files as they are when everything stops at once: every acknowledged callback is in them. SQLite's own."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.processes import Installation, running
from tests.databases import Databases

pytestmark = pytest.mark.slow


@pytest.fixture
def on_sqlite(databases: Databases, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose database is a file."""
    url = databases.fresh("sqlite")
    with running(url, tmp_path) as made:
        yield made
    databases.drop(url)


def test_copied_at_random_moments(on_sqlite: Installation, tmp_path: Path) -> None:
    luck = random.Random(11)
    tenants = [on_sqlite.add_tenant(deals=40) for _ in range(3)]
    source = Path(on_sqlite.database_url.removeprefix("sqlite:///"))
    copies = []
    for number in range(40):
        for tenant, deal_ids in tenants:
            on_sqlite.enroll(tenant, deal_ids[number])
        if number % 8 == 7:
            time.sleep(luck.uniform(0, 0.15))
            acknowledged = {
                each["callback_id"]
                for each in on_sqlite.hubspot_callbacks()
                if any((delivery["status"] or 0) == 200 for delivery in each["deliveries"])
            }
            copies.append((acknowledged, copy_stopped(on_sqlite, source, tmp_path / f"copy-{number}")))

    assert len(copies) == 5
    for acknowledged, copied in copies:
        assert acknowledged
        connection = sqlite3.connect(copied)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert acknowledged <= {row[0] for row in connection.execute("SELECT callback_id FROM callbacks")}
        connection.close()


def copy_stopped(installation: Installation, source: Path, directory: Path) -> Path:
    """Database and log of changes as SIGKILL of everybody would leave them; the index of the log is memory only."""
    directory.mkdir()
    everybody = (installation.web, installation.worker)
    for process in everybody:
        process.signal(signal.SIGSTOP)
    time.sleep(0.02)
    for suffix in ("", "-wal"):
        if (part := Path(f"{source}{suffix}")).exists():
            shutil.copy(part, directory / f"copied.sqlite{suffix}")
    for process in everybody:
        process.signal(signal.SIGCONT)
    return directory / "copied.sqlite"

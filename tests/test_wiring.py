"""A command that calls a vendor beside the workers keeps their pauses and takes no more than a share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.clock import FixedClock
from service.config import load_config
from service.engine.slots import Slot
from service.errors import TryLater
from service.store.database import Database
from service.store.pauses import Pause, Pauses
from service.wiring import Stores, make_command_services, open_stores
from tests.harness import environment

COMMANDS = Path(__file__).parents[1] / "service" / "commands"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def stores_of(database: Database, directory: Path) -> Stores:
    config = load_config(environment(database.url, "http://127.0.0.1:1"), instance=directory / "instance")
    return open_stores(config, clock=FixedClock(NOW), pool_size=4)


def test_a_command_takes_a_share_when_a_worker_is_alive(database: Database, tmp_path: Path) -> None:
    stores = stores_of(database, tmp_path)
    _, whole = make_command_services(stores).pacing.left("realm:1")
    slot = Slot(database)
    _, half = make_command_services(stores).pacing.left("realm:1")
    slot.release()
    stores.database.close()
    assert half.calls * 2 == whole.calls


def test_a_command_keeps_the_pause_of_a_worker(database: Database, tmp_path: Path) -> None:
    Pauses(database).keep(Pause("realm:1", NOW + timedelta(minutes=1), "429", 1))
    stores = stores_of(database, tmp_path)
    pacing = make_command_services(stores).pacing
    with pytest.raises(TryLater), pacing.turn("realm:1"):
        pass
    with pacing.turn("realm:2"):
        pass
    stores.database.close()


def test_every_command_does_so() -> None:
    for path in COMMANDS.glob("*.py"):
        assert "make_services" not in path.read_text(), path.name

"""Whoever holds one lock can take another: a realm is learnt under its lock, and its token refreshed under another."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from service.store.database import Database
from service.store.locks import Locks


@pytest.mark.timeout(20)
def test_names_never_wait_for_each_other(database_url: str) -> None:
    database = Database(database_url, 48)
    locks = Locks(database)
    with ExitStack() as held:
        for number in range(40):
            held.enter_context(locks.hold(f"realm:{number}"))
    database.close()


@pytest.mark.timeout(20)
def test_a_held_lock_takes_no_connection_from_who_writes(database_url: str) -> None:
    database = Database(database_url, 2)
    locks = Locks(database)
    with ExitStack() as held:
        for number in range(40):
            held.enter_context(locks.hold(f"refresh:quickbooks:{number}"))
        with database.write() as tx:
            tx.exec_driver_sql("DELETE FROM pauses")
    database.close()

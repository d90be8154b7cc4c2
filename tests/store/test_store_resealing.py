"""Keys are changed while everybody works: nothing is lost, and the old key may go in the end."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from store_examples import NOW, at_once

from service.clock import SystemClock
from service.engine.tokens import Refreshed, Tokens
from service.errors import ConfigError
from service.store.credentials import Credentials
from service.store.database import Database
from service.store.locks import Locks
from service.store.resealing import Resealing, Seals
from service.store.vault import Vault

OLD, NEW, OTHER = (
    "an-old-key-of-32-characters-0000",
    "the-new-key-of-32-characters-111",
    "a-third-key-of-32-characters-222",
)
OWNERS = [str(number) for number in range(6)]


def credentials(database: Database, *keys: str) -> Credentials:
    return Credentials(database, Vault(keys), Locks(database))


def keep_all(database: Database, *keys: str) -> None:
    for owner in OWNERS:
        credentials(database, *keys).keep(
            "quickbooks",
            owner,
            refresh_token=f"refresh-{owner}-0",
            access_token=f"access-{owner}-0",
            access_expires_at=NOW + timedelta(hours=1),
            now=NOW,
        )


def test_everything_comes_under_the_first_key_and_the_old_one_may_go(database: Database) -> None:
    keep_all(database, OLD)
    rotating = Resealing(database, Vault([NEW, OLD]))
    assert rotating.count() == Seals(first=0, older=6, closed=0)
    with pytest.raises(ConfigError):
        credentials(database, NEW).find("quickbooks", "1")
    assert rotating.reseal() == 6
    assert rotating.reseal() == 0
    assert rotating.count() == Seals(first=6, older=0, closed=0)
    found = credentials(database, NEW).find("quickbooks", "1")
    assert found is not None
    assert (found.refresh_token, found.access_token, found.version) == ("refresh-1-0", "access-1-0", 1)
    assert found.updated_at == NOW, "the tokens are as old as before"


def test_what_no_key_opens_is_left_alone_and_counted(database: Database) -> None:
    keep_all(database, OLD)
    assert Resealing(database, Vault([NEW])).reseal() == 0
    assert Resealing(database, Vault([NEW])).count() == Seals(first=0, older=0, closed=6)
    with database.write() as tx:
        tx.exec_driver_sql("UPDATE credentials SET refresh_token = 'rubbish' WHERE owner_id = '1'")
    rotating = Resealing(database, Vault([NEW, OLD]))
    assert rotating.reseal() == 5
    assert rotating.count() == Seals(first=5, older=0, closed=1)


def test_a_token_swapped_into_another_row_is_not_made_good_by_resealing(database: Database) -> None:
    keep_all(database, OLD)
    with database.write() as tx:
        tx.exec_driver_sql(
            "UPDATE credentials SET refresh_token = (SELECT o.refresh_token FROM credentials o "
            "WHERE o.owner_id = '2') WHERE owner_id = '1'"
        )
    assert Resealing(database, Vault([NEW, OLD])).reseal() == 5
    with pytest.raises(ConfigError, match="does not open in its row"):
        credentials(database, NEW, OLD).find("quickbooks", "1")


def test_a_row_that_changes_meanwhile_is_not_overwritten(database: Database) -> None:
    """Between reading and writing somebody refreshes: the newer token must stay."""
    keep_all(database, OLD)
    late = credentials(database, OLD)

    class Slow(Vault):
        def seal(self, secret: str, place: str) -> str:
            if place == "quickbooks:3:access":
                late.keep("quickbooks", "3", refresh_token="newer", now=NOW)
            return super().seal(secret, place)

    assert Resealing(database, Slow([NEW, OLD])).reseal() == 5
    found = late.find("quickbooks", "3")
    assert found is not None
    assert found.refresh_token == "newer"


def test_keys_are_rotated_under_load(database: Database) -> None:
    """Old and new processes at once, each with both keys in its own order, refreshing all the time."""
    keep_all(database, OLD)
    issued = dict.fromkeys(OWNERS, 0)
    guard, stop = threading.Lock(), threading.Event()

    def refresh(token: str) -> Refreshed:
        """The vendor: every refresh token works once."""
        _, owner, number = token.split("-")
        with guard:
            assert int(number) == issued[owner], "an old refresh token was used"
            issued[owner] += 1
            count = issued[owner]
        return Refreshed(f"access-{owner}-{count}", f"refresh-{owner}-{count}", timedelta(hours=1))

    def use(number: int) -> int:
        keys = (OLD, NEW) if number % 2 else (NEW, OLD)
        store = credentials(database, *keys)
        if number < 2:
            rounds = 0
            while not stop.is_set():
                Resealing(database, Vault([NEW, OLD])).reseal()
                rounds += 1
            return rounds
        tokens = Tokens("quickbooks", store, refresh, SystemClock())
        for turn in range(12):
            owner = OWNERS[(number + turn) % len(OWNERS)]
            token = tokens.access_token(owner)
            assert token.startswith(f"access-{owner}-")
            tokens.access_token(owner, rejected=token)
        if number == 9:
            stop.set()
        return 0

    try:
        at_once(10, use)
    finally:
        stop.set()
    rotating = Resealing(database, Vault([NEW, OLD]))
    rotating.reseal()
    assert rotating.count() == Seals(first=6, older=0, closed=0)
    for owner in OWNERS:
        found = credentials(database, NEW).find("quickbooks", owner)
        assert found is not None
        assert found.refresh_token == f"refresh-{owner}-{issued[owner]}"


def test_a_copied_database_without_keys_gives_no_token(database: Database, tmp_path: Path) -> None:
    keep_all(database, OLD)
    for keys in ((OTHER,), (NEW, OTHER)):
        thief = credentials(database, *keys)
        for owner in OWNERS:
            with pytest.raises(ConfigError):
                thief.find("quickbooks", owner)
    if database.is_sqlite:
        copied = tmp_path / "copy.sqlite"
        with database.write() as tx:  # the whole of the log belongs to a copy
            tx.exec_driver_sql("SELECT 1")
        source = Path(database.url.removeprefix("sqlite:///"))
        for part in source.parent.glob(f"{source.name}*"):
            shutil.copy(part, copied.with_name(part.name.replace(source.name, copied.name)))
        with sqlite3.connect(copied) as stolen:
            text = "\n".join(stolen.iterdump())
        stolen.close()
        assert text.count('INSERT INTO "credentials"') == len(OWNERS)
        assert "refresh-1-0" not in text
        assert "access-1-0" not in text

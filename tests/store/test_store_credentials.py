"""Tokens are readable with the key and in their own row only, and never stand in clear."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_examples import NOW, PORTAL, at_once, rows

from service.errors import ConfigError
from service.store.credentials import KEYS_WRONG, LIMITED, LIVE, REVOKED, Credential, Credentials
from service.store.database import Database
from service.store.locks import Locks
from service.store.vault import Vault

OLD_KEY, KEY = "an-old-key-of-32-characters-0000", "the-key-of-32-characters-1111111"
ACCESS, REFRESH = "canary-access-token", "canary-refresh-token"
SOON = NOW + timedelta(minutes=30)


def credentials(database: Database, *keys: str) -> Credentials:
    return Credentials(database, Vault(keys or (KEY,)), Locks(database))


def keep(database: Database, owner_id: str = str(PORTAL), *keys: str, vendor: str = "hubspot") -> Credentials:
    store = credentials(database, *keys)
    store.keep(
        vendor,  # type: ignore[arg-type]
        owner_id,
        refresh_token=f"{REFRESH}-{owner_id}",
        access_token=f"{ACCESS}-{owner_id}",
        access_expires_at=SOON,
        refresh_expires_at=NOW + timedelta(days=100),
        hard_expires_at=NOW + timedelta(days=1825),
        now=NOW,
    )
    return store


def found(store: Credentials, owner_id: str = str(PORTAL)) -> Credential:
    credential = store.find("hubspot", owner_id)
    assert credential is not None
    return credential


def test_a_credential_gives_back_what_was_kept(database: Database) -> None:
    kept = found(keep(database))
    assert (kept.access_token, kept.refresh_token) == (f"{ACCESS}-{PORTAL}", f"{REFRESH}-{PORTAL}")
    assert (kept.access_expires_at, kept.refresh_expires_at) == (SOON, NOW + timedelta(days=100))
    assert (kept.hard_expires_at, kept.state, kept.version) == (NOW + timedelta(days=1825), LIVE, 1)
    assert credentials(database).find("quickbooks", str(PORTAL)) is None
    assert credentials(database).find("hubspot", "7") is None


def test_what_keeps_an_access_from_being_good_is_noted_until_it_is_renewed(database: Database) -> None:
    store = keep(database)
    kept = found(store)
    for state in (LIMITED, KEYS_WRONG):
        store.mark(kept, state)
        marked = found(store)
        assert (marked.state, marked.version, marked.updated_at) == (state, kept.version, kept.updated_at)
    assert store.lift_limits() == 0, "our own keys are no question of what was granted"
    store.mark(kept, LIMITED)
    assert (store.lift_limits(), found(store).state) == (1, LIVE)
    store.mark(kept, KEYS_WRONG)
    keep(database)
    assert found(store).state == LIVE
    store.mark(kept, LIMITED)
    assert found(store).state == LIVE, "another access than the one that was limited"
    store.revoke(found(store), NOW)
    store.mark(found(store), KEYS_WRONG)
    assert found(store).state == REVOKED


def test_no_token_stands_in_clear_anywhere(database: Database) -> None:
    keep(database)
    (row,) = rows(database, "SELECT * FROM credentials")
    assert "canary" not in repr(row)
    if database.is_sqlite:
        path = Path(database.url.removeprefix("sqlite:///"))
        assert all(b"canary" not in part.read_bytes() for part in path.parent.glob(path.name + "*"))


def test_a_credential_never_prints_its_tokens(database: Database) -> None:
    kept = found(keep(database))
    assert "canary" not in f"{kept} {kept!r} {[kept]!r}"


def test_another_key_opens_nothing_and_the_message_tells_no_secret(database: Database) -> None:
    keep(database)
    with pytest.raises(ConfigError, match="ENCRYPTION_KEYS") as refused:
        credentials(database, "another-key-of-32-characters-222").find("hubspot", str(PORTAL))
    assert KEY not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_what_an_old_key_sealed_stays_readable_and_the_new_one_seals(database: Database) -> None:
    keep(database, "1", OLD_KEY)
    rotated = keep(database, "2", KEY, OLD_KEY)
    assert found(rotated, "1").refresh_token == f"{REFRESH}-1"
    assert found(rotated, "2").refresh_token == f"{REFRESH}-2"
    new_only = credentials(database, KEY)
    assert found(new_only, "2").refresh_token == f"{REFRESH}-2"
    with pytest.raises(ConfigError):
        new_only.find("hubspot", "1")
    # The next refresh brings the row under the new key.
    rotated.keep("hubspot", "1", refresh_token="newer", now=NOW)
    assert found(new_only, "1").refresh_token == "newer"


@pytest.mark.parametrize("column", ["access_token", "refresh_token"])
def test_a_token_copied_into_another_row_does_not_open(column: str, database: Database) -> None:
    store = keep(database, "1")
    keep(database, "2")
    with database.write() as tx:
        tx.exec_driver_sql(
            f"UPDATE credentials SET {column} = (SELECT o.{column} FROM credentials o WHERE o.owner_id = '2') "
            "WHERE owner_id = '1'"
        )
    with pytest.raises(ConfigError, match="does not open in its row"):
        store.find("hubspot", "1")
    assert found(store, "2")


def test_a_token_copied_into_the_other_column_or_vendor_does_not_open(database: Database) -> None:
    store = keep(database, "1")
    keep(database, "1", vendor="quickbooks")
    with database.write() as tx:
        tx.exec_driver_sql("UPDATE credentials SET access_token = refresh_token WHERE vendor = 'hubspot'")
        tx.exec_driver_sql(
            "UPDATE credentials SET refresh_token = (SELECT o.refresh_token FROM credentials o "
            "WHERE o.vendor = 'hubspot') WHERE vendor = 'quickbooks'"
        )
    for vendor in ("hubspot", "quickbooks"):
        with pytest.raises(ConfigError):
            store.find(vendor, "1")  # type: ignore[arg-type]


def test_keeping_again_replaces_and_numbers_on(database: Database) -> None:
    store = keep(database)
    store.keep("hubspot", str(PORTAL), refresh_token="second", now=SOON)
    kept = found(store)
    assert (kept.refresh_token, kept.access_token, kept.version, kept.updated_at) == ("second", None, 2, SOON)
    assert kept.hard_expires_at == NOW + timedelta(days=1825), "an answer that does not say when keeps what was said"


def test_revoking_is_for_the_version_that_was_read(database: Database) -> None:
    store = keep(database)
    old = found(store)
    store.keep("hubspot", str(PORTAL), refresh_token="second", now=NOW)
    assert not store.revoke(old, NOW), "somebody has reconnected meanwhile"
    assert found(store).state == LIVE
    assert store.revoke(found(store), SOON)
    gone = found(store)
    assert (gone.state, gone.access_token, gone.updated_at) == (REVOKED, None, SOON)
    assert not store.revoke(old, NOW)
    store.keep("hubspot", str(PORTAL), refresh_token="third", now=NOW)
    assert found(store).state == LIVE


def test_all_lists_every_credential(database: Database) -> None:
    keep(database, "2")
    keep(database, "1", vendor="quickbooks")
    assert [(c.vendor, c.owner_id) for c in keep(database, "1").all()] == [
        ("hubspot", "1"),
        ("hubspot", "2"),
        ("quickbooks", "1"),
    ]


def test_writers_at_once_lose_no_version(database: Database) -> None:
    store = credentials(database)
    at_once(16, lambda number: store.keep("hubspot", "1", refresh_token=f"token-{number}", now=NOW))
    assert found(store, "1").version == 16


def test_the_right_to_refresh_is_held_by_one(database: Database) -> None:
    store = credentials(database)
    inside: list[int] = []

    def refresh(_: int) -> None:
        with store.refreshing("quickbooks", "1"):
            inside.append(1)
            assert len(inside) == 1
            inside.pop()

    at_once(12, refresh)


@given(secret=st.text(max_size=300), place=st.text(max_size=40), other=st.text(max_size=40))
def test_sealing_is_undone_only_in_its_place(secret: str, place: str, other: str) -> None:
    vault = Vault([KEY])
    try:
        place.encode(), secret.encode(), other.encode()
    except UnicodeEncodeError:
        return
    sealed = vault.seal(secret, place)
    assert sealed != vault.seal(secret, place), "a nonce is used once"
    assert vault.open(sealed, place) == secret
    if other != place:
        with pytest.raises(ConfigError):
            vault.open(sealed, other)


@pytest.mark.parametrize("stored", ["", "v1", "v1.a", "v1.a.b.c", "plain-token", "v1.00000000.AAAA"])
def test_what_was_not_sealed_does_not_open(stored: str) -> None:
    with pytest.raises(ConfigError):
        Vault([KEY]).open(stored, "hubspot:1:access")


def test_a_sealed_token_that_was_tampered_with_does_not_open() -> None:
    vault = Vault([KEY])
    sealed = vault.seal("secret", "place")
    head, name, text = sealed.split(".")
    for changed in (f"{head}.{name}.{text[:-6]}", f"{head}.{name}.", f"{head}.{name}.{text[4:]}", f"{head}.{name}.é"):
        with pytest.raises(ConfigError):
            vault.open(changed, "place")
    with pytest.raises(ConfigError, match="not in ENCRYPTION_KEYS"):
        vault.open(f"{head}.ffffffff.{text}", "place")


def test_a_vault_tells_what_an_older_key_sealed() -> None:
    old = Vault([OLD_KEY]).seal("secret", "place")
    rotated = Vault([KEY, OLD_KEY])
    assert rotated.is_old(old)
    assert not rotated.is_old(rotated.seal("secret", "place"))


def test_a_vault_without_keys_does_not_start() -> None:
    with pytest.raises(ConfigError, match="ENCRYPTION_KEYS"):
        Vault([])

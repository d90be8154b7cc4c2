"""Access tokens: one refresh however many ask, kept before they are used, given up only when revoked."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.clock import FixedClock
from service.engine.tokens import MARGIN, REST, SETTINGS_REST, Refreshed, Tokens
from service.errors import ConfigError, NotConnected, SettingsWrong, TryLater
from service.store.credentials import KEYS_WRONG, LIVE, REVOKED, Credential, Credentials
from service.store.database import Database
from service.store.locks import Locks
from service.store.vault import Vault

OWNER = "9341450000000001"
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Vendor:
    """Rotates the refresh token each time and takes only the newest; may be down or revoked."""

    def __init__(self, lifetime: timedelta = HOUR) -> None:
        self.lifetime, self.refreshes, self.fails = lifetime, 0, None  # type: ignore[var-annotated]
        self.lock = threading.Lock()

    @property
    def newest(self) -> str:
        return f"refresh-{self.refreshes}"

    def refresh(self, token: str) -> Refreshed:
        with self.lock:
            if self.fails is not None:
                raise self.fails
            assert token == self.newest, "an old refresh token was used"
            time.sleep(0.01)
            self.refreshes += 1
            return Refreshed(f"access-{self.refreshes}", self.newest, self.lifetime, timedelta(days=100))


class Worker:
    """One process' tokens over the shared database."""

    def __init__(self, database: Database, vendor: Vendor, clock: FixedClock) -> None:
        # A vault of its own, too: nothing is shared with other workers but the database.
        self.credentials = Credentials(database, Vault(["a-key-of-more-than-16-characters"]), Locks(database))
        self.tokens = Tokens("quickbooks", self.credentials, vendor.refresh, clock)

    def get(self, rejected: str | None = None) -> str:
        return self.tokens.access_token(OWNER, rejected)

    def connect(self, refresh_token: str = "refresh-0", now: datetime = START) -> None:
        self.credentials.keep("quickbooks", OWNER, refresh_token=refresh_token, now=now)

    def row(self) -> Credential:
        found = self.credentials.find("quickbooks", OWNER)
        assert found is not None
        return found


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def worker(database: Database, vendor: Vendor, clock: FixedClock) -> Worker:
    made = Worker(database, vendor, clock)
    made.connect()
    return made


def all_at_once(count: int, workers: list[Worker], rejected: str | None = None) -> list[str]:
    barrier, got = threading.Barrier(count), []

    def run(number: int) -> None:
        barrier.wait(10)
        got.append(workers[number % len(workers)].get(rejected))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == count
    return got


def test_the_first_call_refreshes_and_the_next_ones_do_not(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    assert [worker.get() for _ in range(3)] == ["access-1"] * 3
    assert vendor.refreshes == 1
    row = worker.row()
    assert (row.access_token, row.refresh_token, row.access_expires_at) == ("access-1", "refresh-1", START + HOUR)
    assert row.refresh_expires_at == START + timedelta(days=100)
    clock.advance(HOUR - MARGIN - timedelta(seconds=1))
    assert worker.get() == "access-1"
    clock.advance(timedelta(seconds=1))
    assert worker.get() == "access-2", "ahead of time, not after a 401"


def test_fifty_threads_cause_one_refresh(worker: Worker, vendor: Vendor) -> None:
    assert set(all_at_once(50, [worker])) == {"access-1"}
    assert vendor.refreshes == 1


def test_several_workers_cause_one_refresh(
    worker: Worker, database: Database, vendor: Vendor, clock: FixedClock
) -> None:
    others = [Worker(database, vendor, clock) for _ in range(3)]
    assert set(all_at_once(20, [worker, *others])) == {"access-1"}
    assert vendor.refreshes == 1


def test_a_rejected_token_is_never_given_again(worker: Worker, vendor: Vendor) -> None:
    first = worker.get()
    assert worker.get(rejected=first) == "access-2"
    assert worker.get() == "access-2"
    assert worker.get(rejected=first) == "access-2", "somebody was late with the news"
    assert vendor.refreshes == 2


def test_fifty_rejections_of_one_token_cause_one_refresh(
    worker: Worker, database: Database, vendor: Vendor, clock: FixedClock
) -> None:
    first = worker.get()
    assert set(all_at_once(50, [worker, Worker(database, vendor, clock)], rejected=first)) == {"access-2"}
    assert vendor.refreshes == 2


def test_another_workers_refresh_is_taken_over(
    worker: Worker, database: Database, vendor: Vendor, clock: FixedClock
) -> None:
    first = worker.get()
    other = Worker(database, vendor, clock)
    assert other.get(rejected=first) == "access-2"
    assert worker.get(rejected=first) == "access-2"
    assert vendor.refreshes == 2


@pytest.mark.parametrize("seconds", [10, 60, 300, 360])
def test_a_short_lifetime_does_not_refresh_for_every_call(
    seconds: int, worker: Worker, vendor: Vendor, clock: FixedClock
) -> None:
    vendor.lifetime = timedelta(seconds=seconds)
    for _ in range(8):  # four fifths of it, in steps
        worker.get()
        clock.advance(vendor.lifetime / 10 - timedelta(milliseconds=1))
    assert vendor.refreshes == 1
    clock.advance(timedelta(seconds=1))
    worker.get()
    assert vendor.refreshes == 2


def test_a_revoked_access_is_noted_and_not_asked_for_again(worker: Worker, vendor: Vendor) -> None:
    first = worker.get()
    vendor.fails = NotConnected("Connect again.", "quickbooks")
    asked = vendor.refreshes
    for rejected in (first, None, first):
        with pytest.raises(NotConnected):
            worker.get(rejected)
    assert worker.row().state == REVOKED
    vendor.fails = AssertionError("nobody shall ask any more")  # type: ignore[assignment]
    with pytest.raises(NotConnected):
        worker.get()
    assert vendor.refreshes == asked


def test_reconnecting_is_seen_at_once(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    first = worker.get()
    vendor.fails = NotConnected("Connect again.", "quickbooks")
    with pytest.raises(NotConnected):
        worker.get(first)
    vendor.fails = None
    worker.connect(vendor.newest, clock.now())
    assert worker.get() == "access-2"
    assert worker.row().state == LIVE


def test_a_reconnect_during_a_refused_refresh_counts(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    def refresh(token: str) -> Refreshed:
        worker.connect("refresh-new", clock.now())
        raise NotConnected("Connect again.", "quickbooks")

    tokens = Tokens("quickbooks", worker.credentials, refresh, clock)
    with pytest.raises(NotConnected):
        tokens.access_token(OWNER)
    row = worker.row()
    assert (row.state, row.refresh_token) == (LIVE, "refresh-new")


def test_a_vendor_that_is_down_changes_nothing(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    first = worker.get()
    clock.advance(HOUR)
    vendor.fails = TryLater("QuickBooks is down.")
    before = worker.row()
    for rejected in (None, first):
        with pytest.raises(TryLater):
            worker.get(rejected)
    after = worker.row()
    assert (after.state, after.version, after.refresh_token, after.access_token) == (
        LIVE,
        before.version,
        before.refresh_token,
        before.access_token,
    )
    vendor.fails = None
    with pytest.raises(TryLater):
        worker.get()
    clock.advance(REST)
    assert worker.get() == "access-2"


def test_what_was_never_connected_is_not_connected(worker: Worker) -> None:
    with pytest.raises(NotConnected, match="Reconnect quickbooks"):
        worker.tokens.access_token("7")


def test_tokens_of_somebody_else_are_never_used(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    """Somebody joined a portal with the refresh token of another: that one's data would be read and written."""

    def refresh(token: str) -> Refreshed:
        return replace(vendor.refresh(token), owner_id="another")

    tokens = Tokens("quickbooks", worker.credentials, refresh, clock)
    with pytest.raises(NotConnected, match=f"connect {OWNER} again"):
        tokens.access_token(OWNER)
    row = worker.row()
    assert (row.state, row.access_token) == (REVOKED, None)


def test_our_own_keys_are_no_fault_of_the_realm(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    vendor.fails = ConfigError(["QUICKBOOKS_CLIENT_SECRET"])
    with pytest.raises(SettingsWrong, match="QUICKBOOKS_CLIENT_SECRET") as caught:
        worker.get()
    assert caught.value.after is None, "the callback's own back-off"
    assert worker.row().state == KEYS_WRONG
    vendor.fails = None
    with pytest.raises(SettingsWrong):
        worker.get()
    clock.advance(SETTINGS_REST)
    assert worker.get() == "access-1"
    assert worker.row().state == LIVE


def test_new_tokens_are_kept_before_anybody_has_them(worker: Worker, vendor: Vendor, clock: FixedClock) -> None:
    """Were they used first and lost in a crash, the realm would have to be connected again."""
    with worker.credentials._database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE credentials RENAME TO credentials_away")
    with pytest.raises(Exception, match="credentials"):
        worker.get()
    assert vendor.refreshes == 0
    with worker.credentials._database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE credentials_away RENAME TO credentials")
    assert worker.get() == "access-1"
    assert worker.row().refresh_token == vendor.newest


def test_a_new_token_the_database_did_not_take_is_written_later(
    worker: Worker, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("keep", {}, TimeoutError())

    with monkeypatch.context() as patched:
        patched.setattr(worker.credentials, "keep", away)
        for _ in range(2):
            with pytest.raises(sa.exc.OperationalError):
                worker.get()
    assert vendor.refreshes == 1, "the old refresh token is refused by now"
    assert worker.get() == "access-1"
    assert worker.row().refresh_token == "refresh-1"
    assert vendor.refreshes == 1


def test_tokens_are_never_printed(worker: Worker) -> None:
    made = Refreshed("secret-access", "secret-refresh", HOUR)
    worker.get()
    held = worker.tokens._held[OWNER]
    assert "secret" not in repr(made)
    assert "access-1" not in repr(held)

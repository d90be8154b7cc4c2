"""Rows and threads that the storage tests share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from service.ids import CallbackId, CustomerId, Mark, PortalId, RealmId, RequestId
from service.store.callbacks import Arrival, StoredCallback
from service.store.database import Database
from service.store.due import Due, Start
from service.store.reservations import Reservation

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PORTAL, REALM = PortalId(1234567), RealmId("9341450000000001")
Result = TypeVar("Result")


def arrival(callback_id: str = "ap-1", **changes: Any) -> Arrival:
    """A callback as the web edge knows it; `after` is how many seconds later than the others it came."""
    received_at = NOW + timedelta(seconds=changes.pop("after", 0))
    made = Arrival(
        portal_id=PORTAL,
        callback_id=CallbackId(callback_id),
        action="create-invoice",
        object_type="DEAL",
        object_id=changes.pop("deal", "9876543210"),
        realm_id=REALM,
        inputs={"dueInDays": "30"},
        context={"workflow_id": "555000111", "action_id": "1", "test": False},
        body_hash="a" * 64,
        received_at=received_at,
        deadline_at=received_at + timedelta(days=7, hours=-1),
        expires_at=received_at + timedelta(days=7),
    )
    return replace(made, **changes)


def reservation(callback_id: str = "ap-1", generation: int = 1, **changes: Any) -> Reservation:
    """A write that is about to be sent."""
    made = Reservation(
        portal_id=PORTAL,
        callback_id=CallbackId(callback_id),
        generation=generation,
        realm_id=REALM,
        entity="Invoice",
        request_id=RequestId(f"{callback_id}-{generation}"),
        mark=Mark(f"[hs:{callback_id}]"),
        customer_id=CustomerId("58"),
        body='{"CustomerRef":{"value":"58"},"PrivateNote":"Zoë’s — 1,500.00"}'.encode(),
        state="open",
        reserved_at=NOW,
        look_first=False,
    )
    return replace(made, **changes)


def plenty(_portal_id: PortalId, _realm_id: str, _running: int) -> int:
    """Room for all."""
    return 1000


def start(
    database: Database,
    now: datetime = NOW,
    room_of: Callable[[PortalId, str, int], int] = plenty,
    room: int = 1000,
) -> list[Start]:
    """Begin what may begin; enqueued nowhere."""
    return Due(database).start(now, room_of, room, lambda _tx, _start: None)


def ids(starts: list[Start]) -> list[str]:
    """The callbacks that began, in order."""
    return [each.callback_id for each in starts]


def rows(database: Database, statement: str, **parameters: Any) -> list[Any]:
    """Whatever a test wants to see."""
    with database.read() as connection:
        return list(connection.execute(sa.text(statement), parameters).all())


def state_of(database: Database, callback: StoredCallback | Arrival) -> str:
    """A callback's state, from its row."""
    (row,) = rows(
        database,
        "SELECT state FROM callbacks WHERE portal_id = :portal_id AND callback_id = :callback_id",
        portal_id=callback.portal_id,
        callback_id=callback.callback_id,
    )
    return str(row.state)


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Let `count` threads do something at the same moment; raises what one of them raised."""
    barrier, results, errors = threading.Barrier(count), [None] * count, []

    def run(number: int) -> None:
        try:
            barrier.wait(10)
            results[number] = act(number)  # type: ignore[call-overload]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]
    return results  # type: ignore[return-value]

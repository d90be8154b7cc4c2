from __future__ import annotations

from datetime import UTC, datetime, timedelta

from service.ids import DealId, PortalId, RealmId
from service.store.database import Database
from service.store.previews import Previews

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REST = timedelta(minutes=1)
KEY = (PortalId(7), RealmId("77"), DealId("501"))


def test_made_by_one_worker_and_read(database: Database) -> None:
    previews = Previews(database)
    previews.ask(*KEY, {"taxCodeId": "3"}, NOW)
    (asked,) = previews.claim(NOW, REST, 5)
    assert (asked.inputs, asked.document) == ({"taxCodeId": "3"}, None)
    assert previews.claim(NOW, REST, 5) == []
    previews.keep(asked, {"total": "1.00"})
    found = previews.find(*KEY)
    assert found is not None
    assert found.document == {"total": "1.00"}
    assert previews.claim(NOW + REST, REST, 5) == []
    assert previews.find(PortalId(7), RealmId("77"), DealId("502")) is None


def test_a_worker_that_died_leaves_it_to_another(database: Database) -> None:
    previews = Previews(database)
    previews.ask(*KEY, {}, NOW)
    assert len(previews.claim(NOW, REST, 5)) == 1
    assert len(previews.claim(NOW + REST, REST, 5)) == 1


def test_asked_again_while_it_was_made(database: Database) -> None:
    """The answer to the first question is not shown for the second."""
    previews = Previews(database)
    previews.ask(*KEY, {"a": "1"}, NOW)
    (first,) = previews.claim(NOW, REST, 5)
    previews.ask(*KEY, {"a": "2"}, NOW + timedelta(seconds=1))
    previews.keep(first, {"of": "the first"})
    (second,) = previews.claim(NOW + timedelta(seconds=1), REST, 5)
    assert (second.inputs, second.document) == ({"a": "2"}, None)


def test_forgotten_after_a_while(database: Database) -> None:
    previews = Previews(database)
    previews.ask(*KEY, {}, NOW)
    assert previews.forget(NOW) == 0
    assert previews.forget(NOW + timedelta(seconds=1)) == 1
    assert previews.find(*KEY) is None

"""What an operator asks about a mapping is answered once, and only what was asked last."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.ids import PortalId, RealmId
from service.store.database import Database
from service.store.mapping_requests import MappingRequest, MappingRequests
from service.store.sync import SyncTables

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ASKED = MappingRequest(PortalId(1), RealmId("2"), "contacts", {"fields": []}, ("7", "8"), "operator", NOW)


def test_answered_by_one_worker_and_due_again_when_it_died(database: Database) -> None:
    requests = MappingRequests(database)
    requests.ask(ASKED)
    assert requests.claim(NOW, MINUTE, 5) == [ASKED]
    assert requests.claim(NOW, MINUTE, 5) == []
    assert requests.claim(NOW + MINUTE, MINUTE, 5) == [ASKED]
    requests.keep(ASKED, {"problems": []})
    assert requests.claim(NOW + 9 * MINUTE, MINUTE, 5) == []
    assert requests.find(ASKED.portal_id, ASKED.realm_id, "contacts") == replace(ASKED, answer={"problems": []})
    assert requests.find(ASKED.portal_id, ASKED.realm_id, "products") is None


def test_asked_again_meanwhile_only_the_last_is_answered(database: Database) -> None:
    requests = MappingRequests(database)
    requests.ask(ASKED)
    (first,) = requests.claim(NOW, MINUTE, 5)
    again = replace(ASKED, records=None, asked_at=NOW + MINUTE)
    requests.ask(again)
    requests.keep(first, {"problems": ["of the first"]})
    assert requests.claim(NOW + MINUTE, MINUTE, 5) == [again]
    requests.keep(again, {"version": 1})
    requests.ask(replace(again, asked_at=NOW + 2 * MINUTE))
    assert requests.claim(NOW + 2 * MINUTE, MINUTE, 5)[0].answer is None


def test_forgotten_by_time_and_with_the_object(database: Database) -> None:
    tables = SyncTables(database)
    requests = tables.mapping_requests
    requests.ask(ASKED)
    requests.forget(NOW)
    assert requests.find(ASKED.portal_id, ASKED.realm_id, "contacts") is not None
    requests.forget(NOW + MINUTE)
    assert requests.find(ASKED.portal_id, ASKED.realm_id, "contacts") is None
    requests.ask(ASKED)
    tables.settings.forget(tables.settings.find(ASKED.portal_id, ASKED.realm_id, "contacts"))
    assert requests.find(ASKED.portal_id, ASKED.realm_id, "contacts") is None

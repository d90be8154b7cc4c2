"""A webhook that HubSpot signed is written down once, for what is kept in step; anything else leaves no trace."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from web_examples import PORTAL, PUBLIC_URL, REALM, SECRET, Web, signed

from service.hubspot.webhook import parse_webhook
from service.sandbox.hubspot.signatures import webhook_headers

PATH = "/hubspot/webhooks"


def event(kind: str = "contact.propertyChange", object_id: int = 301, **more: Any) -> dict[str, Any]:
    told = {
        "eventId": 100, "subscriptionId": 12345, "portalId": PORTAL, "appId": 777, "occurredAt": 1790000001000,
        "subscriptionType": kind, "attemptNumber": 0, "objectId": object_id, "propertyName": "email",
        "propertyValue": "jane@example.com", "changeSource": "CRM", "sourceId": "userId:42", "changeFlag": "UPDATED",
    }  # fmt: skip
    return told | more


@pytest.fixture
def listener(web: Web) -> Web:
    web.connect()
    settings = web.stores.sync.settings
    settings.keep(replace(settings.find(PORTAL, REALM, "contacts"), state="on"), web.clock.now())
    return web


def send(web: Web, *events: dict[str, Any]) -> int:
    return web.send(json.dumps(events).encode(), PATH).status_code


def hints(web: Web) -> list[tuple[str, str, str, str]]:
    with web.stores.database.read() as connection:
        found = connection.execute(sa.text("SELECT scope, kind, entity_id, reason FROM hints ORDER BY kind, entity_id"))
        return [tuple(row) for row in found]


def test_events_become_one_hint_for_each_object(listener: Web) -> None:
    assert (
        send(listener, event(), event(propertyName="phone"), event("object.creation", 302, objectTypeId="0-1")) == 200
    )
    assert hints(listener) == [(str(PORTAL), "contacts", "301", "updated"), (str(PORTAL), "contacts", "302", "created")]


def test_v2_is_for_actions_not_for_webhooks(listener: Web) -> None:
    body = json.dumps([event()]).encode()
    headers = signed(body, f"{PUBLIC_URL}{PATH}", listener.clock.now(), version="v2")
    assert listener.post(body, headers, PATH).status_code == 401
    assert hints(listener) == []


def test_a_merge_is_about_all_of_them(listener: Web) -> None:
    send(listener, event("contact.merge", 303, primaryObjectId=301, mergedObjectIds=[302], newObjectId=303))
    assert [(row[2], row[3]) for row in hints(listener)] == [("301", "merged"), ("302", "merged"), ("303", "merged")]


def test_what_is_off_is_not_heard_but_privacy_is(listener: Web) -> None:
    send(listener, event("product.creation"), event("company.deletion"), event("deal.creation"))
    assert hints(listener) == []
    settings = listener.stores.sync.settings
    settings.keep(replace(settings.find(PORTAL, REALM, "contacts"), state="off"), listener.clock.now())
    send(listener, event(), event("contact.privacyDeletion"))
    assert [(row[2], row[3]) for row in hints(listener)] == [("301", "privacy")]


def test_a_strange_event_does_not_hold_up_the_others(listener: Web) -> None:
    assert send(listener, {"portalId": "x"}, event(), event("contact.somethingNew")) == 200
    assert len(hints(listener)) == 1


def test_signed_by_nobody_or_long_ago_it_is_refused(listener: Web) -> None:
    body = json.dumps([event()]).encode()
    headers = signed(body, f"{PUBLIC_URL}{PATH}", listener.clock.now(), "another secret")
    assert listener.post(body, headers, PATH).status_code == 401
    assert listener.post(body, {}, PATH).status_code == 401
    v1 = webhook_headers(SECRET, f"{PUBLIC_URL}{PATH}", body, "0")
    only = {name: value for name, value in v1.items() if not name.endswith(("v3", "Timestamp"))}
    assert listener.post(body, only, PATH).status_code == 200, "HubSpot still sends webhooks with v1 alone"
    assert listener.post(body, v1, PATH).status_code == 401, "a v3 signature decides alone"
    assert len(hints(listener)) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b"[1, NaN]", b"[" * 60 + b"]" * 60])
def test_what_is_no_list_is_refused(body: bytes, listener: Web) -> None:
    assert listener.send(body, PATH).status_code == 400


def test_a_list_of_anything_is_read() -> None:
    assert parse_webhook(b'[1, null, [], "x", {"portalId": 1, "subscriptionType": "contact.creation"}]') == ([], 5)

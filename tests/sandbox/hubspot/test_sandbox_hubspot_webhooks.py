"""CRM webhooks to a subscriber. Contract 6."""

from __future__ import annotations

import hashlib
from typing import Any

from hubspot_caller import DEALS, US, Caller, Receiver, wait_for

CONTACTS = "/crm/objects/2026-03/contacts"


def events(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for sent in receiver.received for event in sent["json"]]


def test_nothing_is_sent_unless_asked_for(hubspot: Caller, receiver: Receiver) -> None:
    hubspot.make("contacts", email="new@example.com")
    assert hubspot.control("webhooks") == {"url": None, "sent": []}


def test_what_happens_to_objects_is_told(hubspot: Caller, receiver: Receiver) -> None:
    receiver.always = (200, {}, {})
    hubspot.control("webhooks", {"url": f"{receiver.url}/hubspot/webhooks"})
    contact = hubspot.post(CONTACTS, {"properties": {"email": "new@example.com"}}).json["id"]
    hubspot.patch(f"{CONTACTS}/{contact}", {"properties": {"email": "newer@example.com", "firstname": ""}})
    hubspot.control(f"objects/{US}/contacts/{contact}", None, "DELETE")
    kept, gone = hubspot.story("one-line"), hubspot.story("returning")
    hubspot.post(f"{DEALS}/merge", {"primaryObjectId": kept, "objectIdToMerge": gone})
    wait_for(lambda: len(events(receiver)) == 4)
    created, changed, deleted, merged = sorted(events(receiver), key=lambda event: int(event["eventId"]))
    assert (created["subscriptionType"], created["objectTypeId"], created["changeFlag"]) == (
        "contact.creation",
        "0-1",
        "NEW",
    )
    assert (changed["propertyName"], changed["propertyValue"]) == ("email", "newer@example.com")
    assert (changed["changeSource"], changed["sourceId"]) == ("INTEGRATION", "700001")
    assert (deleted["subscriptionType"], deleted["changeSource"]) == ("contact.deletion", "CRM")
    assert (merged["primaryObjectId"], merged["mergedObjectIds"]) == (int(kept), [int(gone)])
    sent = receiver.received[0]
    v1 = hashlib.sha256(b"sandbox-hubspot-secret" + sent["body"]).hexdigest()
    assert (sent["headers"]["x-hubspot-signature"], sent["headers"]["x-hubspot-signature-version"]) == (v1, "v1")
    assert "x-hubspot-signature-v3" in sent["headers"]


def test_a_failed_batch_is_tried_again(hubspot: Caller, receiver: Receiver) -> None:
    receiver.answers = [(401, {}, {}), (500, {}, {})]
    receiver.always = (200, {}, {})
    hubspot.control("webhooks", {"url": f"{receiver.url}/hubspot/webhooks", "properties": {"contact": ["email"]}})
    hubspot.world.hubspot.settings.webhook_kind = "object"
    contact = hubspot.post(CONTACTS, {"properties": {"email": "new@example.com"}}).json["id"]
    wait_for(lambda: len(receiver.received) == 3)
    assert [sent["json"][0]["attemptNumber"] for sent in receiver.received] == [0, 1, 2]
    assert events(receiver)[0]["subscriptionType"] == "object.creation"
    hubspot.patch(f"{CONTACTS}/{contact}", {"properties": {"lastname": "Nobody subscribed"}})
    hubspot.patch(f"{CONTACTS}/{contact}", {"properties": {"email": "other@example.com"}})
    wait_for(lambda: len(receiver.received) == 4)
    assert events(receiver)[-1]["propertyName"] == "email"


def test_at_most_a_hundred_events_and_repeats_on_demand(hubspot: Caller, receiver: Receiver) -> None:
    receiver.always = (200, {}, {})
    hubspot.control("webhooks", {"url": f"{receiver.url}/hubspot/webhooks"})
    hubspot.world.hubspot.settings.webhook_repeats = 2
    with hubspot.world.hubspot.lock:
        for number in range(120):
            hubspot.make("contacts", email=f"n{number}@example.com")
    wait_for(lambda: len(receiver.received) == 4)
    assert sorted(len(sent["json"]) for sent in receiver.received) == [20, 20, 100, 100]


def test_a_privacy_deletion_erases(hubspot: Caller, receiver: Receiver) -> None:
    receiver.always = (200, {}, {})
    contact = hubspot.make("contacts", email="gone@example.com")
    hubspot.control("webhooks", {"url": f"{receiver.url}/hubspot/webhooks"})
    hubspot.control(f"objects/{US}/contacts/{contact}?privacy=true", None, "DELETE")
    wait_for(lambda: events(receiver))
    assert events(receiver)[0]["subscriptionType"] == "contact.privacyDeletion"
    assert hubspot.control(f"objects/{US}/contacts/{contact}")["properties"] == {"hs_object_id": contact}

"""What is asked of HubSpot when a deal and all that belongs to it is read."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest

from service.errors import NotConnected, RefusedByHubSpot, TryLater
from service.hubspot.answers import AccountDetails, Association, AssociationType, CrmRecord
from service.hubspot.gateway import Gateway
from service.ids import PortalId
from service.wire import Wire

PORTAL = PortalId(1234567)


def test_deals_are_read_a_hundred_at_a_time_at_the_dated_path(gateway, hubspot):
    hubspot.will_say(200, {"status": "COMPLETE", "results": [{"id": "7", "properties": {"amount": "1.50", "x": None}}]})
    assert gateway.read_objects(PORTAL, "deals", ["7"], ["amount", "x"]) == {
        "7": CrmRecord("7", {"amount": "1.50", "x": None})
    }
    (asked,) = hubspot.asked
    assert (asked.method, asked.path) == ("POST", "/hubspot/crm/objects/2026-03/deals/batch/read")
    assert asked.json == {"properties": ["amount", "x"], "propertiesWithHistory": [], "inputs": [{"id": "7"}]}
    assert asked.headers["authorization"] == "Bearer token-1234567-1"
    assert asked.headers["content-type"] == "application/json"
    assert "x-portal-id" not in asked.headers


def test_more_than_a_hundred_take_two_calls_and_none_takes_no_call(gateway, hubspot):
    hubspot.always(lambda asked: (200, {"results": [{**each, "properties": {}} for each in asked.json["inputs"]]}))
    assert gateway.read_objects(PORTAL, "deals", [], ["amount"]) == {}
    assert len(gateway.read_objects(PORTAL, "deals", [str(n) for n in range(1, 102)] + ["1"], ["amount"])) == 101
    assert [len(each.json["inputs"]) for each in hubspot.asked] == [100, 1]


def test_a_deleted_deal_is_absent(gateway, hubspot):
    missing = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["8"]}}
    hubspot.will_say(207, {"results": [{"id": "7", "properties": {}}], "numErrors": 1, "errors": [missing]})
    assert set(gateway.read_objects(PORTAL, "deals", ["7", "8"], [])) == {"7"}


def test_associations_follow_every_page_and_ids_are_text(gateway, hubspot):
    kind = {"category": "HUBSPOT_DEFINED", "typeId": 19, "label": None}

    def page(to, after=None):
        paging = {"paging": {"next": {"after": after, "link": "x"}}} if after else {}
        return {"from": {"id": "7"}, "to": [{"toObjectId": to, "associationTypes": [kind]}], **paging}

    hubspot.will_say(200, {"results": [page(501, "p2")]})
    hubspot.will_say(207, {"results": [page("502")], "errors": [{"category": "OBJECT_NOT_FOUND"}]})
    types = (AssociationType("HUBSPOT_DEFINED", 19, None),)
    assert gateway.read_associations(PORTAL, "deals", "line_items", ["7", "8"]) == {
        "7": [Association("501", types), Association("502", types)],
        "8": [],
    }
    assert hubspot.lines == ["POST /crm/associations/2026-03/deals/line_items/batch/read"] * 2
    assert hubspot.asked[0].json == {"inputs": [{"id": "7"}, {"id": "8"}]}
    assert hubspot.asked[1].json == {"inputs": [{"id": "7", "after": "p2"}]}


def test_a_page_that_never_ends_is_left(gateway, hubspot):
    entry = {"toObjectId": 1, "associationTypes": []}
    hubspot.always(
        lambda _: (200, {"results": [{"from": {"id": "7"}, "to": [entry], "paging": {"next": {"after": "1"}}}]})
    )
    assert gateway.read_associations(PORTAL, "deals", "contacts", ["7"]) == {"7": [Association("1", ())]}
    assert len(hubspot.asked) == 2


def test_the_portal_tells_its_time_zone_and_currencies(gateway, hubspot):
    hubspot.will_say(
        200,
        {
            "portalId": 1234567,
            "accountType": "STANDARD",
            "timeZone": "US/Eastern",
            "companyCurrency": "USD",
            "additionalCurrencies": ["EUR"],
            "utcOffset": "-04:00",
            "uiDomain": "app.hubspot.com",
        },
    )
    assert gateway.account_details(PORTAL) == AccountDetails(PORTAL, "US/Eastern", "USD", ("EUR",), "app.hubspot.com")
    assert hubspot.lines == ["GET /account-info/2026-03/details"]
    assert hubspot.asked[0].headers["authorization"] == "Bearer token-1234567-1"


def test_a_refused_token_is_replaced_once(gateway, hubspot, tokens):
    hubspot.will_say(401, {"category": "EXPIRED_AUTHENTICATION"})
    hubspot.will_say(200, {"results": []})
    assert gateway.read_objects(PORTAL, "deals", ["7"], []) == {}
    assert [each.headers["authorization"] for each in hubspot.asked] == [
        "Bearer token-1234567-1",
        "Bearer token-1234567-2",
    ]
    assert tokens.rejected == ["token-1234567-1"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_refused_twice_parks_the_portal(gateway, hubspot, status):
    hubspot.always(lambda _: (status, {"category": "INVALID_AUTHENTICATION"}))
    with pytest.raises(NotConnected) as caught:
        gateway.read_objects(PORTAL, "deals", ["7"], [])
    assert caught.value.vendor == "hubspot"
    assert caught.value.refused_token == "token-1234567-2", "the newest there was"
    assert "token" not in str(caught.value)
    assert len(hubspot.asked) == 2


def test_a_403_that_names_no_reason_is_about_what_was_asked_for(gateway, hubspot):
    """A tier without an API answers so (contract 4.8); the refresh tells that the portal lets us in."""
    hubspot.always(lambda _: (403, {"status": "error"}))
    with pytest.raises(RefusedByHubSpot) as caught:
        gateway.property_names(PORTAL, "invoices")
    assert caught.value.status == 403


def test_heirs_that_hubspot_does_not_search_for_are_none(gateway, hubspot):
    hubspot.will_say(400, {"category": "VALIDATION_ERROR"})
    assert gateway.find_heirs(PORTAL, "deals", "7") == []


def test_a_missing_scope_is_named_and_not_asked_for_again(gateway, hubspot):
    errors = [{"message": "x", "context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}]
    hubspot.will_say(403, {"category": "MISSING_SCOPES", "errors": errors})
    with pytest.raises(RefusedByHubSpot, match=r"crm\.objects\.deals\.read") as caught:
        gateway.read_objects(PORTAL, "deals", ["7"], [])
    assert (caught.value.status, caught.value.category) == (403, "MISSING_SCOPES")
    assert len(hubspot.asked) == 1


def test_a_429_pauses_the_portal_for_the_span_of_its_policy(gateway, hubspot, pace):
    hubspot.will_say(429, {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"})
    with pytest.raises(TryLater) as caught:
        gateway.read_objects(PORTAL, "deals", ["7"], [])
    assert caught.value.after == timedelta(seconds=10)
    assert pace.told == [("pause", "portal:1234567", timedelta(seconds=10))]


def test_no_calls_left_pauses_the_portal_before_hubspot_has_to(gateway, hubspot, pace):
    quota = {"X_HubSpot_RateLimit_Max": "110", "X_HubSpot_RateLimit_Interval_Milliseconds": "10000"}
    hubspot.will_say(200, {"results": []}, X_HubSpot_RateLimit_Remaining="1", **quota)
    hubspot.will_say(200, {"results": []}, X_HubSpot_RateLimit_Remaining="0", **quota)
    gateway.read_objects(PORTAL, "deals", ["7"], [])
    gateway.read_objects(PORTAL, "deals", ["7"], [])
    scope = "portal:1234567"
    assert pace.told == [("well", scope), ("well", scope), ("pause", scope, timedelta(seconds=10))]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 523, 524])
def test_a_5xx_is_tried_later_and_counted_as_illness(gateway, hubspot, pace, status):
    hubspot.will_say(status, b"<html>", Retry_After="7")
    with pytest.raises(TryLater) as caught:
        gateway.read_objects(PORTAL, "deals", ["7"], [])
    assert caught.value.after == timedelta(seconds=7)
    assert pace.told == [("ill", "portal:1234567")]


def test_a_lost_answer_is_tried_later(gateway, hubspot, pace):
    hubspot.will_lose_the_answer()
    with pytest.raises(TryLater):
        gateway.read_objects(PORTAL, "deals", ["7"], [])
    assert pace.told == [("ill", "portal:1234567")]
    assert len(hubspot.asked) == 1


def test_nobody_listening_is_tried_later(pace, tokens):
    gateway = Gateway(api_url="http://127.0.0.1:9", version="2026-03", wire=Wire(), pace=pace, access_token=tokens)
    with pytest.raises(TryLater):
        gateway.property_names(PORTAL, "deals")


@pytest.mark.parametrize(
    "body", [b"", b"<html>sign in</html>", b"[]", b'{"results": 1}', b'{"results":[{"id":true}]}', b"[" * 9999]
)
def test_a_good_status_with_a_strange_body_is_tried_later(gateway, hubspot, body):
    hubspot.will_say(200, body)
    with pytest.raises(TryLater):
        gateway.read_objects(PORTAL, "deals", ["7"], [])


def test_each_call_is_one_log_line_without_token_or_text(gateway, hubspot, caplog):
    caplog.set_level(logging.INFO, logger="service.hubspot")
    hubspot.will_say(200, {"results": []}, X_HubSpot_Correlation_Id="c-1")
    hubspot.will_say(400, {"category": "VALIDATION_ERROR", "correlationId": "c-2", "message": "Acme"})
    gateway.read_objects(PORTAL, "deals", ["7"], ["dealname"])
    with pytest.raises(RefusedByHubSpot):
        gateway.read_objects(PORTAL, "deals", ["7"], ["dealname"])
    first, second = caplog.records
    assert (first.method, first.path) == ("POST", "/crm/objects/2026-03/deals/batch/read")
    assert (first.status, first.trace) == (200, "c-1")
    assert (second.status, second.trace, second.category) == (400, "c-2", "VALIDATION_ERROR")
    assert first.milliseconds > 0
    assert "token-" not in str(first.__dict__) + str(second.__dict__)
    assert "Acme" not in str(second.__dict__)


def test_portals_do_not_mix_when_threads_call_at_once(gateway, hubspot):
    hubspot.always(
        lambda asked: (200, {"results": [{"id": "1", "properties": {"seen": asked.headers["authorization"]}}]})
    )
    seen: dict[int, set[str | None]] = {}

    def call(portal: int) -> None:
        reads = (gateway.read_objects(PortalId(portal), "deals", ["1"], ["seen"]) for _ in range(10))
        seen[portal] = {read["1"].properties["seen"] for read in reads}

    threads = [threading.Thread(target=call, args=(portal,)) for portal in range(1, 6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert seen == {portal: {f"Bearer token-{portal}-1"} for portal in range(1, 6)}

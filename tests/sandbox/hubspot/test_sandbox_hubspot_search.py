"""Searching objects. Contract 4.10."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hubspot_caller import DEALS, Caller


def search(hubspot: Caller, *filters: dict[str, Any], **more: Any) -> list[str]:
    body = {"filterGroups": [{"filters": list(filters)}], "properties": ["dealname"], "limit": 100, **more}
    answer = hubspot.post(f"{DEALS}/search", body)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json["results"]]


def rule(name: str, operator: str, value: str | None = None, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **({"value": value} if value is not None else {}), **more}


def test_filters(hubspot: Caller) -> None:
    hubspot.world.hubspot.settings.limits = False
    assert search(hubspot, rule("dealname", "EQ", "fountain for amy's aviary")) == [hubspot.story("one-line")]
    assert search(hubspot, rule("amount", "GT", "100000")) == [hubspot.story("big")]
    assert search(hubspot, rule("amount", "BETWEEN", "430", highValue="450")) == [hubspot.story("three-lines")]
    assert search(hubspot, rule("deal_currency_code", "IN", values=["EUR"])) == [hubspot.story("euro")]
    assert hubspot.story("no-lines-no-amount") in search(hubspot, rule("amount", "NOT_HAS_PROPERTY"))
    assert search(hubspot, rule("dealname", "IN", values=["Nobody to send it to"])) == []
    assert search(hubspot, rule("dealname", "IN", values=["nobody to send it to"])) == [hubspot.story("no-contact")]
    assert search(hubspot, rule("dealname", "CONTAINS_TOKEN", "koi")) == [hubspot.story("unknown-product")]
    assert search(hubspot, rule("closedate", "LT", "2026-11-01T00:00:00Z")) == [hubspot.story("service-date")]
    line = next(iter(hubspot.world.hubspot.portals[hubspot.portal_id].objects["line_items"]))
    assert search(hubspot, rule("associations.line_items", "EQ", line)) == [hubspot.story("one-line")]
    descending = search(hubspot, sorts=[{"propertyName": "amount", "direction": "DESCENDING"}])
    assert descending[0] == hubspot.story("big")
    assert hubspot.refusals == []


def test_what_is_new_is_not_found_at_once(hubspot: Caller) -> None:
    new = hubspot.make("deals", dealname="Brand new", dealstage="closedwon")
    wanted = rule("dealname", "EQ", "Brand new")
    assert search(hubspot, wanted) == []
    hubspot.world.clock.advance(timedelta(seconds=2))
    assert search(hubspot, wanted) == [new]
    hubspot.patch(f"{DEALS}/{new}", {"properties": {"dealname": "Renamed"}})
    assert search(hubspot, wanted) == [new]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 100, "after": "9950"},
        {"filterGroups": [{"filters": [rule("amount", "LIKE", "1")]}]},
        {"filterGroups": [{"filters": [rule("qbo_invoice_id", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [rule("amount", "EQ", "1")] * 7}]},
        {"filterGroups": [{"filters": [rule("amount", "EQ", "1")]}] * 6},
        {"query": "x" * 3001},
        {"colour": "red"},
    ],
)
def test_limits_of_a_search(hubspot: Caller, body: dict[str, Any]) -> None:
    assert hubspot.post(f"{DEALS}/search", body).status_code == 400
    assert len(hubspot.refusals) == 1

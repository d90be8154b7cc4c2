"""HubSpot's numbers, paths and properties, and which of several objects is meant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import NotConnected, RefusedByHubSpot, ServiceError, TryLater
from service.hubspot import faults, limits
from service.hubspot.answers import Association, AssociationType, CrmRecord
from service.hubspot.companies import choose_company
from service.hubspot.contacts import choose_contact
from service.hubspot.line_items import sort_line_items
from service.hubspot.paths import UnknownPath, date_path
from service.hubspot.properties import DEAL_PROPERTIES, INVOICE_GROUP, STATUS_OPTIONS, rename_definitions
from service.ids import PortalId
from service.wire import Answer


def belonging(object_id: str, type_id: int = 3, label: str | None = None, category: str = "HUBSPOT_DEFINED"):
    return Association(object_id, (AssociationType(category, type_id, label),))


def test_limits_keep_a_margin_below_the_documented_ones():
    (portal,) = limits.windows(limits.portal_scope(PortalId(7)))
    (search,) = limits.windows(limits.search_scope(PortalId(7)))
    assert (portal.calls, portal.seconds) == (50, 5.4)
    assert (search.calls, search.seconds) == (4, 1.05)
    assert limits.windows("realm:1") == ()


def test_limit_headers_are_read_when_all_are_there():
    names = ("X-HubSpot-RateLimit-Max", "X-HubSpot-RateLimit-Remaining", "X-HubSpot-RateLimit-Interval-Milliseconds")
    headers = dict(zip(names, ("110", "109", "10000"), strict=True))
    assert limits.parse_quota(headers) == limits.Quota(110, 109, timedelta(seconds=10))
    assert limits.parse_quota({}) is None
    for name in names:
        for value in ("", "x", "-1", "٣", "9" * 99):
            assert limits.parse_quota({**headers, name: value}) is None


@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, b'{"policyName":"TEN_SECONDLY_ROLLING"}', {}, 10),
        (429, b'{"policyName":"SECONDLY"}', {}, 1),
        (429, b'{"policyName":"DAILY"}', {}, 3600),
        (429, b"<html>", {}, 10),
        (429, b"{}", {"Retry-After": "30"}, 30),
        (423, b"", {}, 2),
        (477, b"", {"Retry-After": "90"}, 90),
        (477, b"", {}, 60),
        (503, b"", {"Retry-After": "9999999"}, 86400),
        (503, b"", {"Retry-After": "Wed, 21 Oct"}, None),
        (503, b"", {}, None),
    ],
)
def test_how_long_hubspot_is_left_alone(status, body, headers, seconds):
    span = None if seconds is None else timedelta(seconds=seconds)
    with pytest.raises(TryLater) as caught:
        faults.check_answer(Answer(status, headers, body))
    assert caught.value.after == span


@given(
    st.integers(100, 599),
    st.binary() | st.from_regex(r'\{"(errors|category)":(1|\[1\]|\{\}|"\w+"|null)\}').map(str.encode),
)
def test_every_answer_is_good_or_one_of_our_errors(status, body):
    try:
        faults.check_answer(Answer(status, {}, body))
    except ServiceError:
        return
    assert 200 <= status < 300


def test_text_of_hubspot_does_not_reach_a_sentence():
    body = b'{"message":"Acme Inc","category":"Acme Inc","errors":[{"code":"a b","context":{"propertyName":["x y"]}}]}'
    with pytest.raises(RefusedByHubSpot) as caught:
        faults.check_answer(Answer(400, {}, body))
    assert (
        caught.value.sentence
        == "HubSpot refused the request (HTTP 400): try again, and tell the operator if it stays so"
    )
    with pytest.raises(NotConnected):
        faults.check_answer(Answer(403, {}, body))


def test_paths_are_dated_and_an_unknown_one_is_a_bug():
    assert date_path("/automation/v4/actions/callbacks/complete", "2026-09") == (
        "/automation/actions/callbacks/2026-09/complete"
    )
    assert date_path("/automation/v4/actions/7/8", "2026-03") == "/automation/actions/2026-03/7/8"
    for path in ("/crm/v3/owners/", "/crm/objects/2026-03/deals", "", "/cms/v3/pages"):
        with pytest.raises(UnknownPath):
            date_path(path, "2026-03")


def test_the_deal_properties_are_those_promised():
    assert INVOICE_GROUP.body()["name"] == "quickbooks_invoice"
    assert [each.name for each in DEAL_PROPERTIES[:5]] == [
        f"qbo_invoice_{each}" for each in ("amount", "recipient", "number", "status", "due_date")
    ]
    assert len({each.name for each in DEAL_PROPERTIES}) == len(DEAL_PROPERTIES) == 22
    assert [value for value, _ in STATUS_OPTIONS] == [
        *("draft", "sent", "viewed", "partially_paid", "paid", "overdue", "voided", "deleted"),
    ]
    for each in DEAL_PROPERTIES:
        body = each.body(INVOICE_GROUP)
        assert body["formField"] is False
        assert body["groupName"] == "quickbooks_invoice"
        assert ("options" in body) == (body["type"] == "enumeration")


def test_a_portal_may_use_its_own_names():
    renamed = rename_definitions(DEAL_PROPERTIES, {"qbo_invoice_amount": "billed"})
    assert [each.name for each in renamed[:2]] == ["billed", "qbo_invoice_recipient"]


def test_the_primary_contact_is_billed_else_the_oldest():
    assert choose_contact([]) is None
    assert choose_contact([belonging("1000"), belonging("999")]) == "999"
    assert choose_contact([belonging("1"), belonging("5", 7, "Primary", "USER_DEFINED")]) == "5"
    billing = [belonging("9", 8, "Billing", "USER_DEFINED"), belonging("1"), belonging("5", 8, "Billing")]
    assert choose_contact(billing, "billing ") == "5"
    assert choose_contact(billing, "Signer") is None


def test_the_primary_company_is_billed_else_the_oldest():
    assert choose_company([]) is None
    assert choose_company([belonging("70", 341), belonging("9", 341)]) == "9"
    assert choose_company([belonging("1", 341), belonging("8", 5)]) == "8"
    assert choose_company([belonging("1", 341), belonging("8", 5, None, "USER_DEFINED")]) == "1"


def test_line_items_stand_as_on_the_deal():
    items = [("11", "2"), ("2", "10"), ("30", None), ("4", None), ("5", "nan"), ("6", "0")]
    ordered = sort_line_items(CrmRecord(each, {"hs_position_on_quote": position}) for each, position in items)
    assert [each.id for each in ordered] == ["6", "11", "2", "4", "5", "30"]

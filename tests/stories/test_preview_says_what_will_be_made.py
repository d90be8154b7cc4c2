"""A preview is exactly the invoice that is made afterwards, and makes nothing itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.ids import DealId, PortalId, RealmId
from service.workflows.preview_invoice import make_previews, preview_invoice
from tests.harness import PORTAL, REALM, Harness

MANY = "9341450000000004"


def preview(
    harness: Harness, deal_id: str, inputs: dict[str, str] | None = None, realm_id: str = REALM
) -> dict[str, Any]:
    return preview_invoice(harness.services, PORTAL, RealmId(realm_id), DealId(deal_id), inputs or {})


def sent(harness: Harness, deal_id: str) -> Any:
    rows = harness.rows(
        "SELECT r.body FROM reservations r JOIN callbacks c ON c.callback_id = r.callback_id WHERE c.object_id = :id",
        id=deal_id,
    )
    return json.loads(rows[-1].body)


def test_the_body_to_the_byte(harness: Harness) -> None:
    """Known customer and items: all but the mark is what is sent."""
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"AllowShipping": True}})
    inputs = {"discountPercent": "7.5", "shippingAmount": "4", "dueInDays": "10", "messageToCustomer": "Thanks"}
    for name in ("three-lines", "thirds", "line-discount-amount"):
        deal_id = harness.story(name)
        before = harness.counts()
        made = preview(harness, deal_id, inputs)
        assert harness.counts() == before
        harness.enroll(deal_id, inputs)
        harness.work()
        body = sent(harness, deal_id)
        for each in (body, made["body"]):
            each["PrivateNote"] = each["PrivateNote"].partition("[")[0]
        assert made["body"] == body
    assert harness.refusals() == []


def test_who_and_what_and_why(harness: Harness) -> None:
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    lines = [
        {"name": "Anything", "hs_sku": "CONCRETE", "price": "9.5", "quantity": "2"},
        {"name": "design", "price": "75", "quantity": "1"},
        {"name": "Unheard of", "price": "1", "quantity": "1"},
    ]
    deal_id = harness.make_deal(lines, contact)

    made = preview(harness, deal_id, {"itemNotFound": "create"})

    assert "e-mail" in made["customer"]["why"]
    assert [each["why"] for each in made["lines"]] == [
        'has the SKU "CONCRETE"',
        'is called "Design"',
        'will be created as "Unheard of"',
    ]
    assert (made["total"], made["currency"], made["total_is"]) == ("95.00", "USD", "before tax")
    harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.work()
    again = preview(harness, deal_id, {"itemNotFound": "create"})
    assert again["customer"]["why"] == "known from before"
    assert {each["why"] for each in again["lines"]} == {"known from before"}
    assert "already has an invoice" in again["remarks"][0]
    assert harness.refusals() == []


def test_new_customer_for_another_currency(harness: Harness) -> None:
    harness.connect(realm_id=MANY)
    contact = {"firstname": "", "lastname": "Dock Street Grill", "email": "office@dockstreetgrill.example"}
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2", "hs_line_item_currency_code": "EUR"}
    deal_id = harness.make_deal([line], contact, deal_currency_code="EUR")
    before = harness.counts(MANY)

    made = preview(harness, deal_id, realm_id=MANY)

    assert (made["customer"]["name"], made["customer"]["why"]) == ("Dock Street Grill (EUR)", "does not exist yet")
    assert made["body"]["CurrencyRef"] == {"value": "EUR"}
    assert harness.counts(MANY) == before
    assert harness.refusals() == []


@pytest.mark.parametrize("currency", [{}, {"deal_currency_code": "USD"}])
def test_a_portal_that_nobody_has_met_stays_as_it_is(harness: Harness, currency: dict[str, str]) -> None:
    """Not even our deal properties are created: the first action does that."""
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")), **currency)

    for _ in range(2):
        assert preview(harness, deal_id)["total"] == "150.00"

    assert harness.calls("hubspot", "/properties") == []
    assert {each["method"] for each in harness.calls("hubspot")} <= {"GET", "POST"}
    written = [each["path"] for each in harness.calls("hubspot") if each["method"] == "POST"]
    assert all(path.endswith(("/batch/read", "/token")) for path in written), written
    assert harness.refusals() == []
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.calls("hubspot", "/properties") != []


def test_asked_for_on_the_page_and_made_by_the_worker(harness: Harness) -> None:
    harness.connect()
    now = harness.clock.now()
    asked = {"one-line": None, "no-lines": "NO_LINE_ITEMS", "no-contact": "NO_CUSTOMER"}
    for name in asked:
        harness.stores.previews.ask(PORTAL, REALM, DealId(harness.story(name)), {"taxCodeId": "exempt"}, now)

    assert make_previews(harness.services) == len(asked)
    assert make_previews(harness.services) == 0

    for name, code in asked.items():
        found = harness.stores.previews.find(PORTAL, REALM, DealId(harness.story(name)))
        assert found is not None
        assert found.document is not None
        assert (found.document.get("refusal") or {}).get("code") == code
    assert harness.stores.previews.find(PortalId(1), REALM, DealId("1")) is None
    assert harness.invoices() == []
    assert harness.refusals() == []

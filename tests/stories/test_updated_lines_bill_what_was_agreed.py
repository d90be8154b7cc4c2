"""The deal's line items replace the invoice's: with the same tax, discount and words of others as before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.ids import PortalId
from service.workflows.know_realm import learn_realm
from tests.harness import PORTAL, REALM, Harness
from tests.stories.invoiced_deals import DESIGN
from tests.stories.test_invoice_is_updated import add_line, updates

UK_PORTAL, UK, MANY = PortalId(20000002), "9341450000000003", "9341450000000004"
CONCRETE = {"name": "Concrete", "hs_sku": "CONCRETE", "price": "100", "quantity": "1"}
BUNDLE: dict[str, Any] = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "19"}}}
LINES = {"lines": "line_items"}
AMY = "1"
CLASSES = {"AccountingInfoPrefs": {"ClassTrackingPerTxnLine": True}}
DAYS = {"SalesFormsPrefs": {"AllowServiceDate": True}}
SHIPS = {"SalesFormsPrefs": {"AllowShipping": True, "AllowDiscount": True, "AllowDeposit": True}}


def bill(
    harness: Harness,
    inputs: dict[str, str],
    lines: list[dict[str, str]],
    portal_id: PortalId = PORTAL,
    realm_id: str = REALM,
) -> tuple[str, dict[str, Any]]:
    """A deal with its invoice."""
    harness.connect(portal_id, realm_id)  # type: ignore[arg-type]
    seeded = "uk-one-line" if portal_id == UK_PORTAL else "one-line"
    contact = harness.contact_of(harness.story(seeded, portal_id), portal_id)
    deal_id = harness.make_deal(lines, contact, portal_id)
    callback_id = harness.enroll(deal_id, inputs, portal_id)
    harness.work()
    return deal_id, harness.assert_invoiced_once(callback_id, deal_id, portal_id, realm_id)


def tax(harness: Harness) -> None:
    """The customer of these deals pays tax."""
    harness.act("edit", kind="Customer", id=AMY, changes={"Taxable": True})


def add(harness: Harness, deal_id: str, line: dict[str, str], portal_id: PortalId = PORTAL) -> None:
    asked: dict[str, Any] = {"portal_id": portal_id, "object_type": "line_items", "properties": line}
    harness.ask_sandbox("POST", "/hubspot/objects", asked | {"associations": {"deals": [{"id": deal_id}]}})


def update(
    harness: Harness,
    deal_id: str,
    inputs: dict[str, str],
    portal_id: PortalId = PORTAL,
    realm_id: str = REALM,
) -> dict[str, Any]:
    """The invoice after an update that ended well."""
    callback_id = harness.enroll(deal_id, inputs, portal_id, action="update-invoice")
    harness.work()
    outputs = harness.assert_done(callback_id, deal_id, portal_id)
    (after,) = harness.invoices_of(deal_id, realm_id)
    assert float(outputs["invoiceAmount"]) == after["TotalAmt"]
    assert harness.refusals() == []
    return after


def refuse(harness: Harness, deal_id: str, inputs: dict[str, str], code: str) -> str:
    callback_id = harness.enroll(deal_id, inputs, action="update-invoice")
    harness.work()
    sentence = harness.assert_refused(callback_id, deal_id, code)
    assert harness.refusals() == []
    return sentence


def details(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["SalesItemLineDetail"] for each in invoice["Line"] if "SalesItemLineDetail" in each]


def test_prices_with_tax_stay_prices_with_tax(harness: Harness) -> None:
    """120.00 is 120.00 while nothing changed, and 180.00 with 60.00 more."""
    line = {**CONCRETE, "price": "60", "quantity": "2"}
    deal_id, before = bill(harness, {"prices": "with_tax"}, [line], UK_PORTAL, UK)
    assert before["TotalAmt"] == 120
    after = update(harness, deal_id, LINES, UK_PORTAL, UK)
    assert (after["TotalAmt"], updates(harness)) == (120, [])
    add(harness, deal_id, {**DESIGN, "price": "60", "quantity": "1"}, UK_PORTAL)
    after = update(harness, deal_id, LINES, UK_PORTAL, UK)
    assert (after["TotalAmt"], after["TxnTaxDetail"]["TotalTax"]) == (180, 30)


def test_prices_with_tax_that_quickbooks_understands_otherwise(harness: Harness) -> None:
    """An update of lines that comes out otherwise is told with the invoice; one without changes is not."""
    harness.set_sandbox(quickbooks={"inclusive_amount": "net"})
    harness.connect(UK_PORTAL, UK)  # type: ignore[arg-type]
    deal_id = harness.story("uk-one-line", UK_PORTAL)
    harness.enroll(deal_id, {"prices": "with_tax"}, UK_PORTAL)
    harness.work()
    harness.enroll(deal_id, LINES, UK_PORTAL, action="update-invoice")
    harness.work()
    assert updates(harness) == []
    add(harness, deal_id, DESIGN, UK_PORTAL)

    callback_id = harness.enroll(deal_id, LINES, UK_PORTAL, action="update-invoice")
    harness.work()

    outputs = harness.hubspot_callback(callback_id)["outputs"]
    (invoice,) = harness.invoices_of(deal_id, UK)
    assert (outputs["invoiceId"], outputs["errorCode"]) == (invoice["Id"], "TOTAL_DIFFERS")
    assert (harness.deal(deal_id, UK_PORTAL)["qbo_invoice_error"] or "").startswith("TOTAL_DIFFERS: ")
    assert harness.refusals() == []


def test_rate_of_a_whole_sale_stays(harness: Harness) -> None:
    tax(harness)
    deal_id, before = bill(harness, {"taxCodeId": "3"}, [{**CONCRETE, "quantity": "2"}])
    assert before["TotalAmt"] == 218.2
    add(harness, deal_id, {**DESIGN, "price": "100", "quantity": "1"})
    assert update(harness, deal_id, LINES)["TotalAmt"] == 327.3
    assert update(harness, deal_id, {**LINES, "taxCodeId": "exempt"})["TotalAmt"] == 300


def test_new_lines_are_taxed_as_their_items_are(harness: Harness) -> None:
    """As on a new invoice, the update's own new item among them; once the customer is exempt, no further line is."""
    tax(harness)
    harness.subscribe()
    deal_id, _ = bill(harness, {"itemNotFound": "create"}, [CONCRETE])
    for line in ({**DESIGN, "price": "100", "quantity": "1"}, {"name": "Gravel", "price": "50", "quantity": "1"}):
        add(harness, deal_id, line)
    after = update(harness, deal_id, LINES)
    assert [each["TaxCodeRef"]["value"] for each in details(after)] == ["TAX", "NON", "TAX"]
    assert after["TotalAmt"] == 262
    harness.act("edit", kind="Customer", id=AMY, changes={"Taxable": False})
    harness.follow()
    add(harness, deal_id, {**CONCRETE, "name": "More concrete"})
    after = update(harness, deal_id, LINES)
    assert [each["TaxCodeRef"]["value"] for each in details(after)] == ["TAX", "NON", "TAX", "NON"]


def test_a_customers_own_code_is_for_lines_and_shipping(harness: Harness) -> None:
    """Where tax goes by codes, also for lines that stay."""
    harness.subscribe()
    harness.change_realm(UK, preferences=SHIPS)
    deal_id, before = bill(harness, {}, [DESIGN], UK_PORTAL, UK)
    customer_id = before["CustomerRef"]["value"]
    harness.act("edit", UK, kind="Customer", id=customer_id, changes={"DefaultTaxCodeRef": {"value": "3"}})
    harness.follow()
    after = update(harness, deal_id, {"shippingAmount": "5"}, UK_PORTAL, UK)
    assert [each["TaxCodeRef"]["value"] for each in details(after)] == ["2", "3"]
    after = update(harness, deal_id, {"taxCodeId": "taxable"}, UK_PORTAL, UK)
    assert [each["TaxCodeRef"]["value"] for each in details(after)] == ["3", "3"]


def test_a_moment_chosen_at_first_is_still_its_day(harness: Harness) -> None:
    """23:30 in California, tomorrow already in UTC: new lines bear the day that the first ones bear."""
    harness.change_realm(preferences=DAYS)
    moment = str(int(datetime(2026, 11, 13, 7, 30, tzinfo=UTC).timestamp() * 1000))
    deal_id, _ = bill(harness, {"taxCodeId": "exempt", "serviceDate": moment}, [DESIGN])
    add_line(harness, deal_id)
    after = update(harness, deal_id, LINES)
    assert [each["ServiceDate"] for each in details(after)] == ["2026-11-12", "2026-11-12"]


def test_a_persons_bundle_and_words_stay(harness: Harness) -> None:
    deal_id, before = bill(harness, {"taxCodeId": "exempt"}, [DESIGN])
    words = {"DetailType": "DescriptionOnly", "Description": "As agreed in May", "DescriptionLineDetail": {}}
    subtotal = {**words, "Description": "Subtotal:"}
    lines = [words, before["Line"][0], subtotal, BUNDLE]
    before = harness.act("edit_invoice", invoice_id=before["Id"], changes={"Line": lines})
    assert before["TotalAmt"] == 525
    add_line(harness, deal_id)

    after = update(harness, deal_id, LINES)

    assert after["TotalAmt"] == 550
    told = [each.get("Description") for each in after["Line"][:-1]]
    assert told == ["As agreed in May", "Design", "Gardening", "Subtotal: 175.00", None]
    assert [each["LineNum"] for each in after["Line"][:-1]] == [1, 2, 3, 4, 5]
    assert "bundle" in refuse(harness, deal_id, {"taxCodeId": "taxable"}, "INVALID_INPUT")


def test_a_persons_tax_code_class_and_day_stay_on_their_line(harness: Harness) -> None:
    harness.change_realm(preferences=CLASSES | DAYS)
    inputs = {"taxCodeId": "exempt", "classId": "5", "serviceDate": "2026-11-01"}
    deal_id, before = bill(harness, inputs, [DESIGN, CONCRETE])
    edited = [dict(each) for each in before["Line"][:2]]
    changes = {"TaxCodeRef": {"value": "TAX"}, "ClassRef": {"value": "1"}, "ServiceDate": "2026-11-09"}
    edited[1]["SalesItemLineDetail"] = {**edited[1]["SalesItemLineDetail"], **changes}
    harness.act("edit_invoice", invoice_id=before["Id"], changes={"Line": edited})
    add_line(harness, deal_id)

    after = update(harness, deal_id, LINES)

    told = [(each["TaxCodeRef"]["value"], each["ClassRef"]["value"], each["ServiceDate"]) for each in details(after)]
    assert told == [("NON", "5", "2026-11-01"), ("TAX", "1", "2026-11-09"), ("NON", "5", "2026-11-01")]
    assert [each["Id"] for each in after["Line"][:2]] == [each["Id"] for each in before["Line"][:2]]


def test_a_discount_in_percent_follows_the_lines(harness: Harness) -> None:
    harness.change_realm(preferences=SHIPS)
    deal_id, before = bill(harness, {"discountPercent": "10", "shippingAmount": "5", "taxCodeId": "exempt"}, [DESIGN])
    assert before["TotalAmt"] == 140
    add_line(harness, deal_id)
    after = update(harness, deal_id, LINES)
    assert after["TotalAmt"] == 162.5
    numbers = [each["LineNum"] for each in after["Line"] if "LineNum" in each]
    assert sorted(set(numbers)) == sorted(numbers)
    # A person gave another one: from then on it is an amount.
    given = [each for each in after["Line"] if each["DetailType"] != "SubTotalLineDetail"]
    given[-1] = {**given[-1], "Amount": 20}
    harness.act("edit_invoice", invoice_id=after["Id"], changes={"Line": given})
    add_line(harness, deal_id)
    assert update(harness, deal_id, LINES)["TotalAmt"] == 185
    # What an earlier update chose counts like what the invoice was made with.
    assert update(harness, deal_id, {**LINES, "discountPercent": "50", "shippingAmount": "0"})["TotalAmt"] == 100
    add_line(harness, deal_id)
    assert update(harness, deal_id, LINES)["TotalAmt"] == 112.5


def test_deal_without_a_currency_is_in_the_portals(harness: Harness) -> None:
    harness.connect(UK_PORTAL, MANY)  # type: ignore[arg-type]
    contact = {"firstname": "Leeds", "lastname": "Lanterns", "email": "office@leedslanterns.example"}
    deal_id = harness.make_deal([DESIGN], contact, UK_PORTAL)
    callback_id = harness.enroll(deal_id, {}, UK_PORTAL)
    harness.work()
    before = harness.assert_invoiced_once(callback_id, deal_id, UK_PORTAL, MANY)
    assert before["CurrencyRef"]["value"] == "GBP"
    add(harness, deal_id, CONCRETE, UK_PORTAL)
    assert update(harness, deal_id, LINES, UK_PORTAL, MANY)["TotalAmt"] == 250


def test_refused_before_an_item_is_created(harness: Harness) -> None:
    """Too small for its discount or deposit, paid in part, or in closed books: nothing is left behind."""
    harness.change_realm(preferences=SHIPS)
    new = {**LINES, "itemNotFound": "create"}
    gnome = {"name": "Garden gnome", "price": "1", "quantity": "1"}
    items = len(harness.books("Item"))
    for inputs, code in (({"discountAmount": "100"}, "TOTAL_NOT_POSITIVE"), ({"deposit": "100"}, "DEPOSIT_TOO_LARGE")):
        deal_id, _ = bill(harness, {**inputs, "taxCodeId": "exempt"}, [DESIGN])
        replace_lines(harness, deal_id, gnome)
        refuse(harness, deal_id, new, code)
    deal_id, invoice = bill(harness, {}, [DESIGN])
    replace_lines(harness, deal_id, gnome)
    harness.act("receive_payment", invoice_id=invoice["Id"], amount=10)
    refuse(harness, deal_id, new, "INVOICE_PAID")
    deal_id, invoice = bill(harness, {}, [DESIGN])
    replace_lines(harness, deal_id, gnome)
    harness.change_realm(book_close_date=invoice["TxnDate"])
    learn_realm(harness.services, REALM, harness.clock.now())
    refuse(harness, deal_id, new, "BOOKS_CLOSED")
    assert len(harness.books("Item")) == items


def replace_lines(harness: Harness, deal_id: str, line: dict[str, str]) -> None:
    found = harness.ask_sandbox("GET", f"/hubspot/objects/{PORTAL}/deals/{deal_id}")
    for line_id in found["associations"]["line_items"]:
        harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/line_items/{line_id}")
    add(harness, deal_id, line)


def test_item_that_is_gone_is_looked_for_anew(harness: Harness) -> None:
    """The item we remembered is inactive, and another one has its SKU now."""
    sprinkler = {"name": "Sod", "hs_sku": "SOD", "price": "10", "quantity": "1"}
    bill(harness, {"taxCodeId": "exempt"}, [sprinkler])
    other, _ = bill(harness, {"taxCodeId": "exempt"}, [DESIGN])
    harness.act("edit", kind="Item", id="14", changes={"Sku": "OLD"})
    harness.act("edit", kind="Item", id="15", changes={"Sku": "SOD"})
    harness.act("deactivate", kind="Item", id="14")
    add(harness, other, sprinkler)

    after = update(harness, other, LINES)

    assert [each["ItemRef"]["value"] for each in details(after)] == ["4", "15"]
    # Nothing else has its SKU: said clearly, with what to do.
    third, _ = bill(harness, {"taxCodeId": "exempt"}, [DESIGN])
    harness.act("deactivate", kind="Item", id="15")
    add(harness, third, sprinkler)
    assert "inactive" in refuse(harness, third, {**LINES, "itemNotFound": "fail"}, "ITEM_INACTIVE")

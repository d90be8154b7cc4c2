"""All of the Create invoice action's choices, as they come out in QuickBooks' books."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from service.ids import RealmId
from service.store.connection_settings import change_settings
from tests.harness import PORTAL, Harness

LINES = [
    {"name": "Concrete", "hs_sku": "CONCRETE", "price": "100", "quantity": "2"},
    {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"},
]
BILLING_LABEL = 101
EXEMPT = {"taxCodeId": "exempt"}


def bill(harness: Harness, inputs: dict[str, str], lines: list[dict[str, str]] | None = None) -> tuple[str, str]:
    deal_id = harness.make_deal(lines or LINES, harness.contact_of(harness.story("one-line")))
    callback_id = harness.enroll(deal_id, EXEMPT | inputs)
    harness.work()
    return callback_id, deal_id


def test_discount_shipping_deposit(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"AllowShipping": True}})
    for inputs, total, balance in (
        ({"discountPercent": "10"}, 247.5, 247.5),
        ({"discountAmount": "0.01", "shippingAmount": "12.5", "deposit": "100"}, 287.49, 187.49),
        ({"discountPercent": "33.333", "depositAccountId": "35", "deposit": "183.33"}, 183.33, 0),
    ):
        invoice = harness.assert_invoiced_once(*bill(harness, inputs))
        assert (invoice["TotalAmt"], invoice["Balance"]) == (total, balance), inputs
    assert harness.refusals() == []


def test_what_is_switched_off_is_refused(harness: Harness) -> None:
    harness.connect()
    off = {"AllowDiscount": False, "AllowDeposit": False, "AllowShipping": False}
    tracking = {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False, "TrackDepartments": False}
    harness.change_realm(preferences={"SalesFormsPrefs": off, "AccountingInfoPrefs": tracking})
    before = harness.counts()
    for name, value in (
        ("discountPercent", "10"),
        ("discountAmount", "1"),
        ("shippingAmount", "1"),
        ("deposit", "1"),
        ("classId", "1"),
        ("locationId", "1"),
        ("serviceDate", "2026-11-01"),
    ):
        callback_id, deal_id = bill(harness, {name: value})
        assert name in harness.assert_refused(callback_id, deal_id, "QBO_SETTING_OFF")
    assert harness.counts() == before
    assert harness.refusals() == []


def test_amounts_that_cannot_be(harness: Harness) -> None:
    harness.connect()
    before = harness.counts()
    for inputs, code in (
        ({"discountPercent": "100"}, "TOTAL_NOT_POSITIVE"),
        ({"discountAmount": "275.01"}, "TOTAL_NOT_POSITIVE"),
        ({"discountAmount": "275.01", "shippingAmount": "50"}, "TOTAL_NOT_POSITIVE"),
        ({"deposit": "275.01"}, "DEPOSIT_TOO_LARGE"),
        ({"discountPercent": "1", "discountAmount": "1"}, "INVALID_INPUT"),
        ({"discountPercent": "101"}, "INVALID_INPUT"),
        ({"deposit": "-1"}, "INVALID_INPUT"),
        ({"emailCc": "nobody"}, "INVALID_INPUT"),
        ({"invoiceNumber": "{month}/{count}"}, "INVALID_INPUT"),
        ({"prices": "with_tax"}, "INVALID_INPUT"),
    ):
        harness.assert_refused(*bill(harness, inputs), code)
    assert harness.counts() == before
    assert harness.refusals() == []


@pytest.mark.parametrize("per_line", [True, False])
def test_class_and_location(harness: Harness, per_line: bool) -> None:
    harness.connect()
    tracking = {"ClassTrackingPerTxn": not per_line, "ClassTrackingPerTxnLine": per_line}
    harness.change_realm(preferences={"AccountingInfoPrefs": tracking})

    invoice = harness.assert_invoiced_once(*bill(harness, {"classId": "5", "locationId": "2"}))

    assert invoice["DepartmentRef"]["value"] == "2"
    classes = [each["SalesItemLineDetail"].get("ClassRef") for each in sold(invoice)]
    assert ("ClassRef" in invoice, all(classes)) == (not per_line, per_line)
    assert harness.refusals() == []


def test_words_and_copies(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"AllowServiceDate": True}})
    inputs = {
        "poNumber": "PO-77",
        "customField1": "Crew 9",
        "messageToCustomer": "Thank you.",
        "emailCc": "one@example.com; two@example.com",
        "emailBcc": "books@example.com",
        "serviceDate": "2026-11-01",
    }
    invoice = harness.assert_invoiced_once(*bill(harness, inputs))

    assert invoice["CustomerMemo"]["value"] == "PO number: PO-77\nThank you."
    assert [(each["Name"], each["StringValue"]) for each in invoice["CustomField"]] == [("Crew #", "Crew 9")]
    assert invoice["BillEmailCc"]["Address"] == "one@example.com, two@example.com"
    assert invoice["BillEmailBcc"]["Address"] == "books@example.com"
    assert {each["SalesItemLineDetail"]["ServiceDate"] for each in sold(invoice)} == {"2026-11-01"}
    assert harness.refusals() == []


def test_purchase_order_has_a_field_of_its_own(harness: Harness) -> None:
    harness.connect()
    names = [{"StringValue": "P.O. Number", "Type": "StringType", "Name": "SalesFormsPrefs.SalesCustomName2"}]
    harness.change_realm(preferences={"SalesFormsPrefs": {"CustomField": [{"CustomField": names}]}})

    callback_id, deal_id = bill(harness, {"poNumber": "PO-77", "customField3": "nowhere"})

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert [(each["DefinitionId"], each["StringValue"]) for each in invoice["CustomField"]] == [("2", "PO-77")]
    assert "CustomerMemo" not in invoice
    assert "remark" in harness.timeline(callback_id)
    assert harness.refusals() == []


def test_paying_online(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"ETransactionPaymentEnabled": True}})
    for choice, card, ach in (("card", True, False), ("ach", False, True), ("card_and_ach", True, True)):
        invoice = harness.assert_invoiced_once(*bill(harness, {"onlinePayment": choice}))
        assert (invoice["AllowOnlineCreditCardPayment"], invoice["AllowOnlineACHPayment"]) == (card, ach)
    assert harness.refusals() == []


def test_bill_to_by_association_label(harness: Harness) -> None:
    """The deal's accountant gets the invoice, not its primary contact."""
    harness.connect()
    accountant = {"firstname": "Rita", "lastname": "Ledger", "email": "rita@example.com"}
    below: dict[str, Any] = {
        "line_items": [{"properties": each} for each in LINES],
        "contacts": [
            {"id": harness.contact_of(harness.story("one-line"))},
            {"properties": accountant, "label_type": BILLING_LABEL},
        ],
    }
    asked = {"portal_id": PORTAL, "object_type": "deals", "properties": {"dealname": "x"}, "associations": below}
    deal_id = str(harness.ask_sandbox("POST", "/hubspot/objects", asked)["id"])

    callback_id = harness.enroll(deal_id, EXEMPT | {"billTo": "labelled", "billToLabel": f"contacts:{BILLING_LABEL}"})
    harness.work()

    assert harness.assert_invoiced_once(callback_id, deal_id)["CustomerRef"]["name"] == "Rita Ledger"
    for inputs, code in (
        ({"billTo": "labelled"}, "INVALID_INPUT"),
        ({"billTo": "labelled", "billToLabel": "companies:99"}, "NO_CUSTOMER"),
    ):
        callback_id = harness.enroll(deal_id, EXEMPT | inputs)
        harness.work()
        harness.assert_refused(callback_id, deal_id, code)
    assert harness.refusals() == []


def test_new_items_are_what_the_author_says(harness: Harness) -> None:
    harness.connect()
    line = {"name": "Garden gnome: large", "price": "9.99", "quantity": "3"}
    inputs = {"itemNotFound": "create", "newItemType": "non_inventory", "incomeAccountId": "79"}

    harness.assert_invoiced_once(*bill(harness, inputs, [line]))

    (item,) = [each for each in harness.books("Item") if each["Name"].startswith("Garden gnome")]
    assert (item["Name"], item["Type"]) == ("Garden gnome - large", "NonInventory")
    assert item["IncomeAccountRef"]["value"] == "79"
    assert harness.refusals() == []


def test_number_from_a_template(harness: Harness) -> None:
    numbered = "9341450000000005"
    harness.connect(realm_id=numbered)
    today = harness.clock.now()
    for number in (f"R{today:%Y}-7", f"R{today:%Y}-7-2"):
        callback_id, deal_id = bill(harness, {"invoiceNumber": "R{year}-7"})
        assert harness.assert_invoiced_once(callback_id, deal_id, realm_id=numbered)["DocNumber"] == number
    assert harness.refusals() == []


def test_number_from_the_operators_template(harness: Harness) -> None:
    """Chosen by its name; when the operator has taken it away, nothing is made without a number."""
    numbered = RealmId("9341450000000005")
    harness.connect(realm_id=numbered)
    give = partial(change_settings, harness.stores.database, PORTAL, numbered)
    assert give({"number_templates": {"By year": "Y{year}-1"}}, harness.clock.now())
    today = harness.clock.now()
    for number in (f"Y{today:%Y}-1", f"Y{today:%Y}-1-2"):
        callback_id, deal_id = bill(harness, {"numberTemplate": "By year"})
        assert harness.assert_invoiced_once(callback_id, deal_id, realm_id=numbered)["DocNumber"] == number
    before = harness.counts(numbered)
    callback_id, deal_id = bill(harness, {"numberTemplate": "By month"})
    assert '"By month"' in harness.assert_refused(callback_id, deal_id, "INVALID_INPUT")
    assert harness.counts(numbered) == before
    assert harness.refusals() == []


def sold(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in invoice["Line"] if each["DetailType"] == "SalesItemLineDetail"]

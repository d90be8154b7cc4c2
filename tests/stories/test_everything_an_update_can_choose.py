"""All of the Update invoice action's choices, as they come out in QuickBooks' books; what is not said stays."""

from __future__ import annotations

from typing import Any

from tests.harness import PORTAL, Harness
from tests.stories.invoiced_deals import ADA, DESIGN
from tests.stories.test_invoice_is_updated import updates
from tests.stories.test_updated_lines_bill_what_was_agreed import (
    CLASSES,
    DAYS,
    SHIPS,
    bill,
    details,
    refuse,
    tax,
    update,
)

EXEMPT = {"taxCodeId": "exempt"}


def test_words_copies_and_fields(harness: Harness) -> None:
    """Each is changed alone, and the second time there is nothing to write."""
    harness.change_realm(preferences={"AccountingInfoPrefs": {"TrackDepartments": True, "ClassTrackingPerTxn": True}})
    harness.change_realm(preferences={"AccountingInfoPrefs": {"ClassTrackingPerTxnLine": False}})
    names = [
        {"StringValue": name, "Type": "StringType", "Name": f"SalesFormsPrefs.SalesCustomName{number}"}
        for number, name in ((1, "Crew #"), (2, "Gate"))
    ]
    harness.change_realm(preferences={"SalesFormsPrefs": {"CustomField": [{"CustomField": names}]}})
    deal_id, before = bill(harness, {**EXEMPT, "customField1": "Crew 9", "poNumber": "PO-1"}, [DESIGN])
    said = {
        "customField2": "North",
        "messageToCustomer": "Thank you.",
        "emailCc": "one@example.com; two@example.com",
        "emailBcc": "books@example.com",
        "classId": "5",
        "locationId": "2",
        "invoiceDate": "2026-11-20",
        "onlinePayment": "none",
    }
    for _ in range(2):
        after = update(harness, deal_id, said)
    assert len(updates(harness)) == 1
    told = {each["DefinitionId"]: each.get("StringValue") for each in after["CustomField"]}
    assert told == {"1": "Crew 9", "2": "North"}
    assert after["CustomerMemo"]["value"] == "PO number: PO-1\nThank you."
    assert (after["BillEmailCc"]["Address"], after["BillEmailBcc"]["Address"]) == (
        "one@example.com, two@example.com",
        "books@example.com",
    )
    assert (after["ClassRef"]["value"], after["DepartmentRef"]["value"]) == ("5", "2")
    assert (after["TxnDate"], after["Line"], after["TotalAmt"]) == ("2026-11-20", before["Line"], 150)

    after = update(harness, deal_id, {"poNumber": "PO-2", "customField1": "Crew 3"})
    assert after["CustomerMemo"]["value"] == "PO number: PO-2\nThank you."
    assert [each["StringValue"] for each in after["CustomField"]] == ["Crew 3", "North"]
    assert after["ClassRef"]["value"] == "5"


def test_a_field_the_company_does_not_show_is_remarked(harness: Harness) -> None:
    deal_id, _ = bill(harness, EXEMPT, [DESIGN])
    callback_id = harness.enroll(deal_id, {"customField3": "x", "onlinePayment": "card"}, action="update-invoice")
    harness.work()
    harness.assert_done(callback_id, deal_id)
    assert "remark" in harness.timeline(callback_id)


def test_paying_online(harness: Harness) -> None:
    harness.change_realm(preferences={"SalesFormsPrefs": {"ETransactionPaymentEnabled": True}})
    deal_id, _ = bill(harness, {**EXEMPT, "onlinePayment": "card"}, [DESIGN])
    for choice, card, ach in (("ach", False, True), ("card_and_ach", True, True), ("none", False, False)):
        after = update(harness, deal_id, {"onlinePayment": choice})
        assert (after["AllowOnlineCreditCardPayment"], after["AllowOnlineACHPayment"]) == (card, ach)


def test_discount_shipping_and_deposit_on_lines_that_stay(harness: Harness) -> None:
    harness.change_realm(preferences=SHIPS)
    deal_id, before = bill(harness, EXEMPT, [DESIGN])
    for said, total, balance in (
        ({"discountPercent": "10"}, 135, 135),
        ({"shippingAmount": "5"}, 140, 140),
        ({"deposit": "40", "depositAccountId": "35"}, 140, 100),
        ({"discountAmount": "20", "shippingAmount": "7"}, 137, 97),
        ({"discountAmount": "0", "shippingAmount": "0", "deposit": "0"}, 150, 150),
    ):
        for _ in range(2):
            after = update(harness, deal_id, said)
            assert (after["TotalAmt"], after["Balance"]) == (total, balance), said
    assert len(updates(harness)) == 5
    assert after["Line"][0]["Id"] == before["Line"][0]["Id"]
    for said, code in (
        ({"deposit": "150.01"}, "DEPOSIT_TOO_LARGE"),
        ({"discountAmount": "150"}, "TOTAL_NOT_POSITIVE"),
        ({"discountAmount": "1", "discountPercent": "1"}, "INVALID_INPUT"),
        ({"prices": "with_tax"}, "INVALID_INPUT"),
    ):
        refuse(harness, deal_id, said, code)
    assert harness.invoices_of(deal_id) == [after]


def test_tax_class_and_day_on_lines_that_stay(harness: Harness) -> None:
    """They are for all lines of the invoice, and its amounts stay."""
    harness.change_realm(preferences=CLASSES | DAYS)
    tax(harness)
    deal_id, _ = bill(harness, EXEMPT, [DESIGN, {**DESIGN, "price": "25"}])
    for said, total in (({"taxCodeId": "3"}, 218.2), ({"classId": "5", "serviceDate": "2026-11-03"}, 218.2)):
        for _ in range(2):
            after = update(harness, deal_id, said)
            assert after["TotalAmt"] == total
    assert len(updates(harness)) == 2
    told = [(each["TaxCodeRef"]["value"], each["ClassRef"]["value"], each["ServiceDate"]) for each in details(after)]
    assert told == [("TAX", "5", "2026-11-03")] * 2
    assert update(harness, deal_id, EXEMPT)["TotalAmt"] == 200


def test_what_is_switched_off_is_refused(harness: Harness) -> None:
    off = {"AllowDiscount": False, "AllowDeposit": False, "AllowShipping": False, "AllowServiceDate": False}
    tracking = {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False, "TrackDepartments": False}
    harness.change_realm(preferences={"SalesFormsPrefs": off, "AccountingInfoPrefs": tracking})
    deal_id, _ = bill(harness, EXEMPT, [DESIGN])
    for name in ("discountPercent", "discountAmount", "shippingAmount", "deposit", "classId", "locationId"):
        assert name in refuse(harness, deal_id, {name: "1"}, "QBO_SETTING_OFF")
    assert "serviceDate" in refuse(harness, deal_id, {"serviceDate": "2026-11-03"}, "QBO_SETTING_OFF")


def test_lines_of_a_paid_invoice_stay(harness: Harness) -> None:
    harness.change_realm(preferences=SHIPS)
    tax(harness)
    deal_id, invoice = bill(harness, EXEMPT, [DESIGN])
    harness.act("receive_payment", invoice_id=invoice["Id"], amount=100)
    for said in ({"discountAmount": "1"}, {"shippingAmount": "1"}, {"taxCodeId": "taxable"}):
        refuse(harness, deal_id, said, "INVOICE_PAID")
    refuse(harness, deal_id, {"deposit": "50.01"}, "DEPOSIT_TOO_LARGE")
    assert update(harness, deal_id, {"poNumber": "PO-1", "deposit": "50"})["Balance"] == 0


def test_address_of_either_side(harness: Harness) -> None:
    """HubSpot's, then again QuickBooks' own: each written once, however it stands there afterwards."""
    harness.connect()
    contact = ADA | {"address": "1 Broadway", "city": "New York", "state": "New York", "zip": "10004"}
    deal_id = harness.make_deal([DESIGN], contact)
    harness.enroll(deal_id, {**EXEMPT, "addresses": "quickbooks"})
    harness.work()
    (invoice,) = harness.invoices_of(deal_id)
    there = {"Line1": "9 Ferry Rd.", "City": "Boston", "CountrySubDivisionCode": "MA", "PostalCode": "02101"}
    asked: dict[str, Any] = {"BillAddr": there, "ShipAddr": there}
    harness.act("edit", kind="Customer", id=invoice["CustomerRef"]["value"], changes=asked)
    for said, line in (("hubspot", "1 Broadway"), ("quickbooks", "9 Ferry Rd.")):
        for _ in range(2):
            after = update(harness, deal_id, {"addresses": said})
            assert (after["BillAddr"]["Line1"], after["ShipAddr"]["Line1"]) == (line, line)
    assert len(updates(harness)) == 2


def test_nobody_to_take_an_address_from(harness: Harness) -> None:
    deal_id, _ = bill(harness, EXEMPT, [DESIGN])
    contact_id = harness.contact_of(deal_id)
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/contacts/{contact_id}")
    refuse(harness, deal_id, {"addresses": "hubspot"}, "NO_CUSTOMER")

"""An estimate becomes an invoice: the link, the lines and the total are kept, and it happens once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import PORTAL, REALM, Harness

UK_PORTAL, VAT_REALM = 20000002, "9341450000000003"
CREATE, CONVERT = "create-estimate", "convert-estimate-to-invoice"


def estimate(harness: Harness, deal_id: str, inputs: dict[str, str] | None = None, portal_id: int = PORTAL) -> str:
    """The id of a new estimate for the deal."""
    callback_id = harness.enroll(deal_id, inputs, portal_id, action=CREATE)
    harness.work()
    return str(harness.hubspot_callback(callback_id)["outputs"]["estimateId"])


def in_books(harness: Harness, estimate_id: str, realm_id: str = REALM) -> dict[str, Any]:
    (found,) = [each for each in harness.books("Estimate", realm_id) if each["Id"] == estimate_id]
    return found


def convert(harness: Harness, deal_id: str, inputs: dict[str, str] | None = None, portal_id: int = PORTAL) -> str:
    callback_id = harness.enroll(deal_id, inputs, portal_id, action=CONVERT)
    harness.work()
    return callback_id


def sold(sale: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the lines of a sale say."""
    return [
        (each.get("Description"), each["Amount"], detail["ItemRef"]["value"], detail["Qty"], detail["UnitPrice"],
         detail["TaxCodeRef"]["value"])
        for each in sale["Line"] if (detail := each.get("SalesItemLineDetail"))
    ]  # fmt: skip


def assert_converted_once(
    harness: Harness, callback_id: str, deal_id: str, estimate_id: str, portal_id: int = PORTAL, realm_id: str = REALM
) -> dict[str, Any]:
    """One invoice, linked to the estimate, which is closed; lines and total are the same. Returns the invoice."""
    invoice = harness.assert_invoiced_once(callback_id, deal_id, portal_id, realm_id)
    before = in_books(harness, estimate_id, realm_id)
    assert invoice["LinkedTxn"] == [{"TxnId": estimate_id, "TxnType": "Estimate"}]
    assert before["TxnStatus"] in ("Closed", "Converted")
    assert sold(invoice) == sold(before)
    assert (invoice["TotalAmt"], invoice["TxnTaxDetail"]) == (before["TotalAmt"], before["TxnTaxDetail"])
    assert harness.hubspot_callback(callback_id)["outputs"]["estimateId"] == estimate_id
    return invoice


def test_in_the_us(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("three-lines")
    estimate_id = estimate(harness, deal_id, {"taxCodeId": "2", "discountPercent": "10", "messageToCustomer": "Hi"})
    assert not harness.deal(deal_id).get("qbo_invoice_id")

    callback_id = convert(harness, deal_id, {"dueInDays": "10"})

    invoice = assert_converted_once(harness, callback_id, deal_id, estimate_id)
    assert invoice["CustomerMemo"] == {"value": "Hi"}
    assert invoice["DueDate"] == str((harness.clock.now() + timedelta(days=10)).date())
    assert harness.deal(deal_id)["qbo_invoice_status"] == "draft"
    assert harness.refusals() == []


@pytest.mark.parametrize("inputs", [{"taxCodeId": "3"}, {"taxCodeId": "2", "prices": "with_tax"}], ids=["on top", "in"])
def test_in_a_vat_company(harness: Harness, inputs: dict[str, str]) -> None:
    harness.connect(UK_PORTAL, VAT_REALM)
    deal_id = harness.story("uk-one-line", UK_PORTAL)
    estimate_id = estimate(harness, deal_id, inputs, UK_PORTAL)

    callback_id = convert(harness, deal_id, portal_id=UK_PORTAL)

    assert_converted_once(harness, callback_id, deal_id, estimate_id, UK_PORTAL, VAT_REALM)
    assert harness.refusals() == []


def test_what_somebody_changed_in_the_estimate_is_invoiced(harness: Harness) -> None:
    """The estimate is what the customer agreed to, whatever the deal says by now."""
    harness.connect()
    deal_id = harness.another_deal()
    estimate_id = estimate(harness, deal_id)
    detail = {"ItemRef": {"value": "4"}, "Qty": 3, "UnitPrice": 80, "TaxCodeRef": {"value": "NON"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 240, "Description": "x", "SalesItemLineDetail": detail}
    changes = {"Id": estimate_id, "SyncToken": "0", "TxnStatus": "Accepted", "Line": [line]}
    harness.services.quickbooks.update(REALM, "Estimate", changes)

    callback_id = convert(harness, deal_id)

    assert assert_converted_once(harness, callback_id, deal_id, estimate_id)["TotalAmt"] == 240
    assert harness.deal(deal_id)["qbo_invoice_amount"] == "240.00"
    assert harness.refusals() == []


def test_answer_lost_after_commit(harness: Harness) -> None:
    harness.set_sandbox(quickbooks={"requestid_other_body": "error_600"})
    harness.connect()
    deal_id = harness.story("one-line")
    estimate_id = estimate(harness, deal_id)
    harness.trouble("lose_answer", r"/invoice\?", method="POST", times=2)

    callback_id = harness.enroll(deal_id, action=CONVERT)
    harness.finish()

    assert_converted_once(harness, callback_id, deal_id, estimate_id)
    assert len({each["requestid"] for each in harness.creates("invoice")}) == 1
    assert len(harness.creates("invoice")) == 2
    assert harness.replayed() == 1
    assert harness.refusals() == []


def test_request_lost_before_commit(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    estimate_id = estimate(harness, deal_id)
    harness.trouble("lose_request", r"/invoice\?", method="POST")

    callback_id = harness.enroll(deal_id, action=CONVERT)
    harness.finish()

    assert_converted_once(harness, callback_id, deal_id, estimate_id)
    assert harness.refusals() == []


def test_delivered_many_times_and_at_once(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    estimate_id = estimate(harness, deal_id)
    callback_id = harness.enroll(deal_id, action=CONVERT)

    harness.deliver_again(callback_id, times=10, at_once=True)
    harness.work(together=True)

    assert_converted_once(harness, callback_id, deal_id, estimate_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


@pytest.mark.parametrize("after", ["closed", "converted", "unchanged"])
@pytest.mark.parametrize("shows_invoice", [True, False])
def test_converting_twice_makes_one_invoice(harness: Harness, after: str, shows_invoice: bool) -> None:
    """Whatever QuickBooks itself does to the estimate: that is not documented."""
    settings = {"estimate_after_conversion": after, "estimate_shows_invoice": shows_invoice}
    harness.set_sandbox(quickbooks=settings)
    harness.connect()
    deal_id = harness.another_deal()
    estimate_id = estimate(harness, deal_id)

    callbacks = [convert(harness, deal_id), convert(harness, deal_id), convert(harness, deal_id)]

    for callback_id in callbacks:
        assert_converted_once(harness, callback_id, deal_id, estimate_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_two_deals_name_the_same_estimate(harness: Harness) -> None:
    """At the same moment, and by hand: the second gets the first one's invoice."""
    harness.connect()
    deals = [harness.another_deal(), harness.another_deal()]
    estimate_id = estimate(harness, deals[0])
    callbacks = [harness.enroll(each, {"estimateId": estimate_id}, action=CONVERT) for each in deals]

    harness.work(together=True)

    told = [harness.hubspot_callback(each)["outputs"] for each in callbacks]
    assert [each["errorCode"] for each in told] == ["", ""]
    assert len({each["invoiceId"] for each in told}) == 1
    (owner,) = [each for each in deals if harness.invoices_of(each)]
    assert [row.deal_id for row in harness.rows("SELECT deal_id FROM invoices")] == [owner]
    assert harness.deal(owner)["qbo_invoice_id"] == told[0]["invoiceId"]
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_deleted_invoice_lets_the_estimate_be_converted_again(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    estimate_id = estimate(harness, deal_id)
    first = harness.assert_invoiced_once(convert(harness, deal_id), deal_id)
    harness.services.quickbooks.delete(REALM, "Invoice", first["Id"], first["SyncToken"])
    assert in_books(harness, estimate_id)["TxnStatus"] == "Accepted"

    callback_id = convert(harness, deal_id)

    assert assert_converted_once(harness, callback_id, deal_id, estimate_id)["Id"] != first["Id"]
    assert harness.refusals() == []


def test_closed_without_an_invoice(harness: Harness) -> None:
    """A person closed or rejected it: nothing is billed that nobody wants."""
    harness.connect()
    for status, code in (("Closed", "ESTIMATE_CLOSED"), ("Rejected", "ESTIMATE_NOT_FOUND")):
        deal_id = harness.another_deal()
        estimate_id = estimate(harness, deal_id)
        changes = {"Id": estimate_id, "SyncToken": "0", "TxnStatus": status}
        harness.services.quickbooks.update(REALM, "Estimate", changes)

        sentence = harness.assert_refused(convert(harness, deal_id), deal_id, code)
        assert "estimate" in sentence
        named = convert(harness, deal_id, {"estimateId": estimate_id})
        assert status.lower() in harness.assert_refused(named, deal_id, "ESTIMATE_CLOSED")
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_no_estimate_to_convert(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    assert "estimateId" in harness.assert_refused(convert(harness, deal_id), deal_id, "ESTIMATE_NOT_FOUND")
    named = convert(harness, deal_id, {"estimateId": "987654"})
    assert "987654" in harness.assert_refused(named, deal_id, "ESTIMATE_NOT_FOUND")
    wrong = convert(harness, deal_id, {"estimateId": "E-7"})
    assert "estimateId" in harness.assert_refused(wrong, deal_id, "INVALID_INPUT")


def test_books_are_closed(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    estimate(harness, deal_id)
    harness.change_realm(book_close_date=str((harness.clock.now() + timedelta(days=2)).date()))
    harness.pass_time(timedelta(days=1, hours=1))  # for the realm's settings to be read again

    harness.assert_refused(convert(harness, deal_id), deal_id, "BOOKS_CLOSED")
    assert harness.invoices() == []


def test_an_estimate_a_person_wrote(harness: Harness) -> None:
    """With a discount in percent and a tax rate for the whole: all of it is kept."""
    harness.connect()
    deal_id = harness.another_deal()

    callback_id = convert(harness, deal_id, {"estimateId": "41"})

    invoice = assert_converted_once(harness, callback_id, deal_id, "41")
    assert Decimal(str(invoice["TotalAmt"])) == Decimal("581.25")
    assert harness.refusals() == []


def test_numbers_of_our_own(harness: Harness) -> None:
    numbered = "9341450000000005"
    harness.connect(realm_id=numbered)
    deal_id = harness.story("one-line")
    estimate_id = estimate(harness, deal_id)

    callback_id = convert(harness, deal_id)
    invoice = assert_converted_once(harness, callback_id, deal_id, estimate_id, realm_id=numbered)
    assert invoice["DocNumber"].startswith(f"D{deal_id}")


def test_the_total_differs_from_the_estimate(harness: Harness) -> None:
    """A bundle costs what it costs today: made anyway, and said."""
    harness.connect()
    deal_id = harness.another_deal()
    group = {"GroupItemRef": {"value": "19"}, "Quantity": 1}
    body = b'{"CustomerRef":{"value":"20"},"Line":[{"DetailType":"GroupLineDetail","GroupLineDetail":%s}]}'
    made = harness.services.quickbooks.create(
        REALM,
        "Estimate",
        body % str(group).replace("'", '"').encode(),
        "a-person",  # type: ignore[arg-type]
    )
    harness.services.quickbooks.update(REALM, "Item", {"Id": "7", "SyncToken": "0", "UnitPrice": 60})

    callback_id = convert(harness, deal_id, {"estimateId": made["Id"]})

    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("SUCCESS", "TOTAL_DIFFERS")
    assert "395" in told["outputs"]["errorMessage"]
    assert harness.deal(deal_id)["qbo_invoice_error"].startswith("TOTAL_DIFFERS")


def test_in_another_currency(harness: Harness) -> None:
    many = "9341450000000004"
    harness.connect(realm_id=many)
    contact = {"firstname": "Rotterdam", "lastname": "Tulpen", "email": "office@rotterdamtulpen.example"}
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    deal_id = harness.make_deal([line], contact, deal_currency_code="EUR")
    estimate_id = estimate(harness, deal_id)

    callback_id = convert(harness, deal_id)

    invoice = assert_converted_once(harness, callback_id, deal_id, estimate_id, realm_id=many)
    assert invoice["CurrencyRef"]["value"] == "EUR"
    assert harness.refusals() == []


def test_with_automated_tax(harness: Harness) -> None:
    """The engine reckons from the same address, and comes to the same."""
    automated = "9341450000000002"
    harness.connect(realm_id=automated)
    contact = {"firstname": "Pine", "lastname": "Dental", "email": "office@pinestreetdental.example"}
    line = {"name": "Concrete", "hs_sku": "CONCRETE", "price": "100", "quantity": "2"}
    deal_id = harness.make_deal([line], contact)
    estimate_id = estimate(harness, deal_id, {"taxCodeId": "taxable"})

    callback_id = convert(harness, deal_id)

    assert assert_converted_once(harness, callback_id, deal_id, estimate_id, realm_id=automated)["TotalAmt"] > 200
    assert harness.refusals() == []


def test_somebody_converted_it_by_hand(harness: Harness) -> None:
    """The invoice there is given, and is the deal's from now on."""
    harness.connect()
    deal_id = harness.another_deal()
    estimate_id = estimate(harness, deal_id)
    customer = in_books(harness, estimate_id)["CustomerRef"]["value"]
    harness.services.quickbooks.create(
        REALM,
        "Invoice",
        b'{"CustomerRef":{"value":"%s"},"LinkedTxn":[{"TxnId":"%s","TxnType":"Estimate"}],"Line":[{"Amount":150,'
        b'"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"4"}}}]}'
        % (customer.encode(), estimate_id.encode()),
        "by-hand",  # type: ignore[arg-type]
    )

    callback_id = convert(harness, deal_id)

    told = harness.hubspot_callback(callback_id)["outputs"]
    assert harness.deal(deal_id)["qbo_invoice_id"] == told["invoiceId"] != ""
    assert len([each for each in harness.books("Invoice") if each["TotalAmt"] == 150]) == 1
    assert harness.refusals() == []

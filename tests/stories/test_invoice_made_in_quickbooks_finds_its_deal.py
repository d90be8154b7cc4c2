"""An accountant makes an invoice in QuickBooks: its deal shows it, when it is plain which; else a person chooses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.ids import CustomerId, DealId, InvoiceId
from service.store.adoptions import ADOPTED, CHOSEN, REFUSED, REVIEW, UNRELATED, Adoption
from service.store.hints import TakenHint
from service.store.links import Link
from service.workflows.adopt_invoice import meet_strangers
from service.workflows.catch_up import catch_up
from tests.harness import PORTAL, REALM, Harness


def born(harness: Harness, customer_id: str, amount: str = "80", **fields: Any) -> str:
    """An invoice made by hand in QuickBooks, heard of by a webhook."""
    made = harness.act("create_invoice", customer_id=customer_id, amount=amount, fields=fields)
    hear(harness, made["Id"])
    return str(made["Id"])


def hear(harness: Harness, invoice_id: str, **more: Any) -> int:
    hint = TakenHint("quickbooks", REALM, "Invoice", invoice_id, frozenset({"created"}), **more)
    return meet_strangers(harness.services, PORTAL, REALM, [hint])


def adoption(harness: Harness, invoice_id: str) -> Adoption:
    found = harness.services.adoptions.find(REALM, InvoiceId(invoice_id))
    assert found is not None
    return found


def deal_of(harness: Harness, invoice_id: str) -> str | None:
    row = harness.services.invoices.find(REALM, [invoice_id]).get(InvoiceId(invoice_id))
    return row.deal_id if row else None


@pytest.fixture
def customer_id(harness: Harness) -> str:
    """A customer whom we know: an earlier deal of the contact was invoiced."""
    harness.connect()
    harness.enroll(harness.story("one-line"))
    harness.work()
    (invoice,) = harness.invoices()
    return str(CustomerId(invoice["CustomerRef"]["value"]))


def of_same_contact(harness: Harness, **properties: str) -> str:
    return harness.make_deal([], harness.contact_of(harness.story("one-line")), **properties)


def test_by_customer_and_amount(harness: Harness, customer_id: str) -> None:
    deal_id = of_same_contact(harness, amount="80", dealname="Another fountain")
    of_same_contact(harness, amount="81")
    invoice_id = born(harness, customer_id)
    harness.adopt()
    assert (adoption(harness, invoice_id).state, deal_of(harness, invoice_id)) == (ADOPTED, deal_id)
    assert harness.refusals() == []


def test_by_po_number(harness: Harness, customer_id: str) -> None:
    of_same_contact(harness, amount="80")
    deal_id = of_same_contact(harness, amount="999", hs_po_number="PO-77")
    invoice_id = born(harness, customer_id, CustomerMemo={"value": "PO number: po-77"})
    harness.adopt()
    assert deal_of(harness, invoice_id) == deal_id


def test_po_number_of_a_customer_nobody_knows_is_for_a_person(harness: Harness) -> None:
    harness.connect()
    invoice_id = born(harness, "2", CustomerMemo={"value": "PO number: PO-7731/26"})
    harness.adopt()
    found = adoption(harness, invoice_id)
    assert (found.state, found.reason) == (REVIEW, "whose deal it is is not known")
    assert [each.deal_id for each in found.candidates] == [harness.story("purchase-order")]
    assert harness.refusals() == []


def test_two_deals_of_that_amount_are_for_a_person(harness: Harness, customer_id: str) -> None:
    deals = {of_same_contact(harness, amount="80"), of_same_contact(harness, amount="80")}
    invoice_id = born(harness, customer_id)
    harness.adopt()
    found = adoption(harness, invoice_id)
    assert (found.state, {each.deal_id for each in found.candidates}) == (REVIEW, deals)
    assert deal_of(harness, invoice_id) is None


def test_nobodys_invoice_is_left_alone(harness: Harness, customer_id: str) -> None:
    stranger = next(each["Id"] for each in harness.books("Customer") if each["Id"] != customer_id)
    invoice_id = born(harness, stranger)
    harness.adopt()
    assert adoption(harness, invoice_id).state == UNRELATED


def test_a_copy_for_another_customer_is_not_tied_by_its_mark(harness: Harness, customer_id: str) -> None:
    (invoice,) = harness.invoices()
    stranger = next(each["Id"] for each in harness.books("Customer") if each["Id"] != customer_id)
    harness.services.links.keep(
        PORTAL, REALM, [Link("contact", harness.contact_of(harness.story("hours")), stranger)], harness.clock.now()
    )
    invoice_id = born(harness, stranger, PrivateNote=invoice["PrivateNote"])
    harness.adopt()
    found = adoption(harness, invoice_id)
    assert (found.state, found.reason) == (REVIEW, "the deal is another customer's")


def test_the_customers_own_copy_is_the_deals(harness: Harness, customer_id: str) -> None:
    (invoice,) = harness.invoices()
    invoice_id = born(harness, customer_id, PrivateNote=invoice["PrivateNote"])
    harness.adopt()
    assert deal_of(harness, invoice_id) == harness.story("one-line")


def test_our_own_invoice_is_never_adopted(harness: Harness, customer_id: str) -> None:
    (invoice,) = harness.invoices()
    assert hear(harness, invoice["Id"]) == 0


def test_an_invoice_whose_answer_was_lost_waits_for_its_callback(harness: Harness) -> None:
    harness.connect()
    harness.trouble("lose_answer", "/invoice", times=1, method="POST")
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.work()
    (invoice,) = harness.invoices()
    assert hear(harness, invoice["Id"]) == 1
    harness.adopt()
    assert deal_of(harness, invoice["Id"]) is None
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    harness.adopt()
    assert adoption(harness, invoice["Id"]).state != REVIEW


def test_a_person_chooses(harness: Harness, customer_id: str) -> None:
    deals = [of_same_contact(harness, amount="80"), of_same_contact(harness, amount="80")]
    invoice_id = born(harness, customer_id)
    harness.adopt()
    found = adoption(harness, invoice_id)
    harness.services.adoptions.decide(found, state=CHOSEN, deal_id=DealId("404404"), due_at=harness.clock.now())
    harness.adopt()
    back = adoption(harness, invoice_id)
    assert back.state == REVIEW
    assert "no deal 404404" in back.reason
    harness.services.adoptions.decide(back, state=CHOSEN, deal_id=DealId(deals[1]), due_at=harness.clock.now())
    harness.adopt()
    assert deal_of(harness, invoice_id) == deals[1]


def test_refused_for_good(harness: Harness, customer_id: str) -> None:
    of_same_contact(harness, amount="81")
    invoice_id = born(harness, customer_id)
    harness.adopt()
    harness.services.adoptions.decide(adoption(harness, invoice_id), state=REFUSED)
    hear(harness, invoice_id)
    harness.adopt()
    assert adoption(harness, invoice_id).state == REFUSED


def test_hubspot_away_is_waited_for(harness: Harness, customer_id: str) -> None:
    deal_id = of_same_contact(harness, amount="80")
    invoice_id = born(harness, customer_id)
    harness.trouble("status", "/crm/", status=503, times=3)
    harness.adopt()
    assert deal_of(harness, invoice_id) is None
    for _ in range(8):
        harness.adopt()
    assert deal_of(harness, invoice_id) == deal_id


def test_found_by_catching_up_and_decided_once(harness: Harness, customer_id: str) -> None:
    deal_id = of_same_contact(harness, amount="80")
    stranger = next(each["Id"] for each in harness.books("Customer") if each["Id"] != customer_id)
    catch_up(harness.services)
    made = harness.act("create_invoice", customer_id=customer_id, amount="80")
    other = harness.act("create_invoice", customer_id=stranger, amount="80")
    harness.pass_time(timedelta(hours=2))
    catch_up(harness.services)
    harness.adopt()
    assert deal_of(harness, made["Id"]) == deal_id
    assert adoption(harness, other["Id"]).state == UNRELATED
    before = len(harness.calls("hubspot"))
    hear(harness, other["Id"])
    harness.adopt()
    assert len(harness.calls("hubspot")) == before


def test_deleted_before_anybody_chose(harness: Harness, customer_id: str) -> None:
    of_same_contact(harness, amount="81")
    invoice_id = born(harness, customer_id)
    harness.adopt()
    harness.act("delete_invoice", invoice_id=invoice_id)
    gone = TakenHint("quickbooks", REALM, "Invoice", invoice_id, frozenset({"deleted"}))
    meet_strangers(harness.services, PORTAL, REALM, [gone])
    found = adoption(harness, invoice_id)
    assert (found.state, found.status, found.reason) == (REFUSED, "deleted", "deleted in QuickBooks")


def test_made_by_hand_from_an_estimate_of_ours(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.enroll(deal_id, action="create-estimate")
    harness.work()
    (estimate,) = [each for each in harness.books("Estimate") if "[hs:" in (each.get("PrivateNote") or "")]
    customer = estimate["CustomerRef"]["value"]
    invoice_id = born(harness, customer, "99", LinkedTxn=[{"TxnId": estimate["Id"], "TxnType": "Estimate"}])
    harness.adopt()
    assert deal_of(harness, invoice_id) == deal_id
    assert adoption(harness, invoice_id).reason == "made from the deal's estimate"


def test_by_a_workflow(harness: Harness, customer_id: str) -> None:
    deal_id = of_same_contact(harness, amount="81")
    invoice_id = born(harness, customer_id)
    harness.act("receive_payment", invoice_id=invoice_id, amount="30")
    harness.adopt()
    (made,) = [each for each in harness.books("Invoice") if each["Id"] == invoice_id]
    callback_id = harness.enroll(deal_id, {"invoiceNumber": made["DocNumber"]}, action="adopt-invoice")
    harness.work()
    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceId"], outputs["invoiceStatus"]) == (invoice_id, "partially_paid")
    assert harness.calls("quickbooks", f"/invoice/{invoice_id}") == [], "the query had all of it"
    assert adoption(harness, invoice_id).state == ADOPTED
    harness.follow(hearing=False)
    assert harness.deal(deal_id)["qbo_invoice_last_payment_date"]
    other = of_same_contact(harness)
    taken = harness.enroll(other, {"invoiceId": invoice_id}, action="adopt-invoice")
    unknown = harness.enroll(deal_id, {"invoiceNumber": "no such"}, action="adopt-invoice")
    harness.work()
    harness.assert_refused(taken, other, "INVOICE_OF_ANOTHER_DEAL")
    harness.assert_refused(unknown, deal_id, "INVOICE_NOT_FOUND")
    assert harness.refusals() == []

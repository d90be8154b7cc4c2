"""Money arrives: a payment stands once on the timeline of each deal it settles, and is corrected when it changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.writing import create
from tests.harness import PORTAL, REALM, Harness

MINUTE = timedelta(minutes=1)


def invoiced(harness: Harness, deals: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """So many deals of one customer with their invoices, 150.00 each."""
    harness.connect()
    harness.subscribe()
    made = [harness.another_deal() for _ in range(deals)]
    callbacks = [harness.enroll(deal_id) for deal_id in made]
    harness.finish()
    found = [harness.assert_invoiced_once(callback, deal) for callback, deal in zip(callbacks, made, strict=True)]
    harness.follow()
    harness.pass_time(MINUTE)
    return list(zip(made, found, strict=True))


def notes(harness: Harness, deal_id: str) -> list[str]:
    """What the deal's timeline says, oldest first."""
    portal = harness.world.hubspot.portals[PORTAL]
    with harness.world.hubspot.lock:
        ids = portal.associations.of("deals", deal_id, "notes")
        rows = [portal.objects["notes"][each] for each in sorted(ids, key=int)]
        return [str(row.properties["hs_note_body"]) for row in rows if not row.archived]


def pay(harness: Harness, *lines: tuple[dict[str, Any], int], total: int, **fields: Any) -> str:
    """A payment over several invoices, as QuickBooks' own page makes it; returns its id."""
    body = {
        "CustomerRef": lines[0][0]["CustomerRef"],
        "TotalAmt": total,
        "Line": [
            {"Amount": amount, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": "Invoice"}]} for one, amount in lines
        ],
        **fields,
    }
    realm = harness.world.quickbooks.realm(REALM)
    with realm.lock:
        return str(create(realm, KINDS["Payment"], body)["Id"])


def test_several_payments_on_one_invoice_are_several_notes(harness: Harness) -> None:
    ((deal_id, invoice),) = invoiced(harness)
    for amount in ("50", "100"):
        harness.act("receive_payment", invoice_id=invoice["Id"], amount=amount)
        harness.follow()
        harness.pass_time(MINUTE)
    said = notes(harness, deal_id)
    assert [("50.00 USD" in said[0]), ("100.00 USD" in said[1])] == [True, True]
    assert f"on invoice {invoice['DocNumber']}" in said[0]
    harness.act("send_invoice", invoice_id=invoice["Id"], to="amy@example.com")
    harness.follow()
    assert notes(harness, deal_id) == said
    assert harness.refusals() == []


def test_one_payment_over_several_deals_is_a_note_on_each(harness: Harness) -> None:
    (first, one), (second, two) = invoiced(harness, 2)
    pay(harness, (one, 150), (two, 30), total=200, PaymentRefNum="<b>17</b>")
    harness.follow()
    for deal_id, amount in ((first, "150.00"), (second, "30.00")):
        (said,) = notes(harness, deal_id)
        assert "Payment of 200.00 USD received" in said
        assert f"{amount} on invoice" in said
        assert "&lt;b&gt;17&lt;/b&gt;" in said
    assert harness.deal(first)["qbo_invoice_status"] == "paid"
    assert harness.deal(second)["qbo_invoice_balance"] == "120.00"


@pytest.mark.parametrize("undo", ["void_payment", "delete_payment", "unapply_payment"])
def test_a_payment_that_is_undone_is_struck_out(undo: str, harness: Harness) -> None:
    ((deal_id, invoice),) = invoiced(harness)
    payment = harness.act("receive_payment", invoice_id=invoice["Id"])
    harness.follow()
    assert "<s>" not in notes(harness, deal_id)[0]
    harness.pass_time(MINUTE)
    harness.act(undo, payment_id=payment["Id"])
    harness.follow()
    (said,) = notes(harness, deal_id)
    assert "<s>Payment " in said
    assert ("no longer applied" if undo == "unapply_payment" else "voided or deleted") in said
    assert harness.deal(deal_id)["qbo_invoice_amount_paid"] == "0.00"


@pytest.mark.parametrize("kind", ["lose_answer", "lose_request"])
def test_an_answer_that_is_lost_leaves_one_note(kind: str, harness: Harness) -> None:
    ((deal_id, invoice),) = invoiced(harness)
    harness.trouble(kind, "/objects/2026-03/notes", vendor="hubspot", method="POST")
    harness.act("receive_payment", invoice_id=invoice["Id"])
    harness.follow()
    for _ in range(3):
        harness.pass_time(timedelta(minutes=10))
        harness.follow(hearing=False)
    assert len(notes(harness, deal_id)) == 1


def test_a_note_that_a_person_deleted_does_not_come_back(harness: Harness) -> None:
    ((deal_id, invoice),) = invoiced(harness)
    payment = harness.act("receive_payment", invoice_id=invoice["Id"])
    harness.follow()
    portal = harness.world.hubspot.portals[PORTAL]
    (note_id,) = portal.associations.of("deals", deal_id, "notes")
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/notes/{note_id}")
    harness.pass_time(MINUTE)
    harness.act("void_payment", payment_id=payment["Id"])
    harness.follow()
    assert notes(harness, deal_id) == []
    assert harness.follow(hearing=False) == 0


def test_money_that_was_there_before_the_invoice_is_shown(harness: Harness) -> None:
    harness.connect()
    harness.subscribe()
    deal_id = harness.another_deal()
    harness.act("receive_payment", customer_id="1", amount="5000")
    harness.enroll(deal_id)
    harness.finish()
    harness.follow()
    deal = harness.deal(deal_id)
    # QuickBooks applies unapplied money to a new invoice by itself, after it has answered the create.
    assert (deal["qbo_invoice_status"], deal["qbo_invoice_amount_paid"]) == ("paid", "150.00")
    assert deal["qbo_invoice_last_payment_date"]
    assert len(notes(harness, deal_id)) == 1


def test_money_that_an_action_recorded_is_shown_without_a_webhook(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id)
    harness.finish()
    harness.enroll(deal_id, {"amount": "60"}, action="record-payment")
    harness.finish()
    harness.follow()
    deal = harness.deal(deal_id)
    assert (deal["qbo_invoice_status"], deal["qbo_invoice_amount_paid"]) == ("partially_paid", "60.00")
    assert deal["qbo_invoice_last_payment_date"]
    assert len(notes(harness, deal_id)) == 1


def test_a_payment_that_touches_nothing_of_ours_is_not_kept(harness: Harness) -> None:
    invoiced(harness)
    harness.act("receive_payment", customer_id="2", amount="10")
    harness.follow()
    assert harness.rows("SELECT * FROM payments") == []


def test_a_credit_that_is_applied_is_no_money(harness: Harness) -> None:
    ((deal_id, invoice),) = invoiced(harness)
    realm = harness.world.quickbooks.realm(REALM)
    with realm.lock:
        line = {
            "Amount": 40, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
        }  # fmt: skip
        memo = create(realm, KINDS["CreditMemo"], {"CustomerRef": invoice["CustomerRef"], "Line": [line]})
        lines = [
            {"Amount": 40, "LinkedTxn": [{"TxnId": txn["Id"], "TxnType": kind}]}
            for txn, kind in ((invoice, "Invoice"), (memo, "CreditMemo"))
        ]
        create(realm, KINDS["Payment"], {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 0, "Line": lines})
    harness.follow()
    assert harness.deal(deal_id)["qbo_invoice_balance"] == "110.00"
    (said,) = notes(harness, deal_id)
    assert "Credit applied" in said
    assert "40.00 on invoice" in said

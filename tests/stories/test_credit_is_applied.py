"""A credit memo pays the deal's invoice at once, where the author wants that: once, and as far as both go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import REALM, Harness

APPLY = {"applyTo": "deal_invoice"}


@pytest.fixture(autouse=True)
def nothing_by_itself(harness: Harness) -> None:
    """QuickBooks applies no credit by itself, as it may be set up to do."""
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"AutoApplyCredit": False, "AutoApplyPayments": False}})


def invoiced(harness: Harness, price: str = "75") -> str:
    """A deal with an invoice for two of something."""
    line = {"name": "Design", "hs_sku": "DESIGN", "price": price, "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")))
    harness.enroll(deal_id)
    harness.work()
    return deal_id


def credit(harness: Harness, deal_id: str, inputs: dict[str, str]) -> dict[str, Any]:
    """The outputs of a new credit memo for the deal."""
    callback_id = harness.enroll(
        deal_id, {"existingCreditMemo": "create_another", **inputs}, action="create-credit-memo"
    )
    harness.finish()
    outputs: dict[str, Any] = harness.hubspot_callback(callback_id)["outputs"]
    return outputs


def applications(harness: Harness) -> list[dict[str, Any]]:
    return [each for each in harness.books("Payment") if "[hs:" in (each.get("PrivateNote") or "")]


def test_whole(harness: Harness) -> None:
    deal_id = invoiced(harness)

    told = credit(harness, deal_id, APPLY)

    assert (told["errorCode"], told["creditMemoAmount"], told["creditMemoBalance"]) == ("", "150.00", "0.00")
    (invoice,) = harness.invoices_of(deal_id)
    (payment,) = applications(harness)
    assert (invoice["Balance"], payment["TotalAmt"], payment["UnappliedAmt"]) == (0, 0, 0)
    assert harness.refusals() == []


def test_as_far_as_the_invoice_goes(harness: Harness) -> None:
    """The first takes half off, the second the other half, and keeps its own."""
    deal_id = invoiced(harness)
    half = {**APPLY, "discountPercent": "50"}

    assert credit(harness, deal_id, half)["creditMemoBalance"] == "0.00"
    assert credit(harness, deal_id, APPLY)["creditMemoBalance"] == "75.00"
    assert credit(harness, deal_id, APPLY)["creditMemoBalance"] == "150.00"

    (invoice,) = harness.invoices_of(deal_id)
    assert invoice["Balance"] == 0
    assert len(applications(harness)) == 2
    assert harness.refusals() == []


def test_only_where_wanted(harness: Harness) -> None:
    deal_id = invoiced(harness)
    assert credit(harness, deal_id, {})["creditMemoBalance"] == "150.00"
    assert applications(harness) == []


def test_all_answers_lost(harness: Harness) -> None:
    """Of the credit memo, then of what applies it: one of each."""
    harness.set_sandbox(quickbooks={"requestid_other_body": "error_600"})
    deal_id = invoiced(harness)
    harness.trouble("lose_answer", r"/creditmemo\?", method="POST", times=2)
    harness.trouble("lose_answer", r"/payment\?", method="POST", times=2)

    told = credit(harness, deal_id, APPLY)

    assert (told["errorCode"], told["creditMemoBalance"]) == ("", "0.00")
    assert len(applications(harness)) == 1
    assert len([each for each in harness.books("CreditMemo") if f"deal {deal_id} [" in each["PrivateNote"]]) == 1
    assert harness.refusals() == []


def test_there_is_no_invoice(harness: Harness) -> None:
    """The credit memo is made all the same, and says so."""
    deal_id = harness.another_deal()
    told = credit(harness, deal_id, APPLY)
    assert (told["errorCode"], told["creditMemoBalance"]) == ("INVOICE_NOT_FOUND", "150.00")
    assert (harness.deal(deal_id)["qbo_invoice_error"] or "").startswith("INVOICE_NOT_FOUND: ")


def test_the_credit_there_is_was_never_applied(harness: Harness) -> None:
    """A later step asks for it: it is applied once, though the answer is lost and the deal comes by again."""
    deal_id = invoiced(harness)
    first = credit(harness, deal_id, {})
    assert first["creditMemoBalance"] == "150.00"
    harness.trouble("lose_answer", r"/payment\?", method="POST")

    for _ in range(2):
        told = credit(harness, deal_id, {**APPLY, "existingCreditMemo": "return_it"})
        assert (told["creditMemoId"], told["creditMemoBalance"]) == (first["creditMemoId"], "0.00")
        assert told["errorCode"] == ""

    (invoice,) = harness.invoices_of(deal_id)
    assert invoice["Balance"] == 0
    assert len(applications(harness)) == 1
    assert harness.refusals() == []


def test_the_credit_that_was_being_applied_is_deleted(harness: Harness) -> None:
    """Before the try without an answer is repeated: a new one is made and applied."""
    deal_id = invoiced(harness)
    old = credit(harness, deal_id, {})["creditMemoId"]
    harness.trouble("lose_request", r"/payment\?", method="POST")
    again = harness.enroll(deal_id, APPLY, action="create-credit-memo")
    harness.work()
    token = next(each["SyncToken"] for each in harness.books("CreditMemo") if each["Id"] == old)
    harness.services.quickbooks.delete(REALM, "CreditMemo", old, token)

    harness.finish()

    told = harness.hubspot_callback(again)["outputs"]
    assert told["creditMemoId"] not in ("", old)
    assert (told["errorCode"], told["creditMemoBalance"]) == ("", "0.00")
    assert len(applications(harness)) == 1
    assert harness.refusals() == []

"""A workflow voids the deal's invoice: once, and not when money was received for it."""

from __future__ import annotations

import json

import pytest

from service.workflows.learn_connection import learn_connections
from tests.harness import PORTAL, Harness
from tests.stories.invoiced_deals import MORE_TROUBLE, invoiced

VOID = r"/invoice\?.*operation=void"


def fault(code: str) -> str:
    """QuickBooks' answer that refuses with a code."""
    error = {"Message": "Refused", "Detail": "Refused", "code": code, "element": ""}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-11-22T05:35:56-07:00"})


def test_voided_and_shown_on_the_deal(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)

    callback_id = harness.enroll(deal_id, action="void-invoice")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceId"], outputs["invoiceStatus"], outputs["invoiceBalance"]) == (
        invoice["Id"],
        "voided",
        "0.00",
    )
    assert harness.deal(deal_id)["qbo_invoice_status"] == "voided"
    (voided,) = harness.invoices_of(deal_id)
    assert (voided["TotalAmt"], voided["PrivateNote"].startswith("Voided")) == (0, True)
    assert harness.refusals() == []


@pytest.mark.parametrize("spelling", ["plain", "docs"])
def test_mirror_of_what_was_voided(harness: Harness, spelling: str) -> None:
    """The documentation's sample of the answer spells the kinds of lines in another way."""
    harness.set_sandbox(quickbooks={"void_spelling": spelling})
    deal_id, _ = invoiced(harness)
    learn_connections(harness.services)
    harness.mirror()
    (before,) = [each for each in harness.mirrors() if each["deals"] == [deal_id]]

    callback_id = harness.enroll(deal_id, action="void-invoice")
    harness.work()
    harness.mirror()

    harness.assert_done(callback_id, deal_id)
    (after,) = [each for each in harness.mirrors() if each["deals"] == [deal_id]]
    assert [each["name"] for each in after["lines"]] == [each["name"] for each in before["lines"]]
    assert len(after["lines"]) == 1


@pytest.mark.parametrize("trouble", ["lose_answer", "lose_request", *MORE_TROUBLE])
def test_answer_lost(harness: Harness, trouble: str) -> None:
    """The deal's other invoice is left alone, although it is the one that is shown when the run begins again."""
    deal_id, first = invoiced(harness)
    harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()
    harness.trouble(trouble, VOID, method="POST", status=503)

    callback_id = harness.enroll(deal_id, {"invoiceNumber": first["DocNumber"]}, action="void-invoice")
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == first["Id"]
    assert sorted(each["TotalAmt"] for each in harness.invoices_of(deal_id)) == [0, 150]
    assert harness.refusals() == []


def test_answer_lost_and_another_invoice_shown(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()
    shown = harness.deal(deal_id)["qbo_invoice_id"]
    harness.trouble("lose_answer", VOID, method="POST")

    callback_id = harness.enroll(deal_id, action="void-invoice")
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == shown
    left = [each["Id"] for each in harness.invoices_of(deal_id) if each["TotalAmt"]]
    assert left == [each["Id"] for each in harness.invoices_of(deal_id) if each["Id"] != shown]


def test_paid_invoice_is_left_alone(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    harness.act("receive_payment", invoice_id=invoice["Id"])

    callback_id = harness.enroll(deal_id, action="void-invoice")
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "INVOICE_PAID")
    assert sentence.startswith("The invoice has payments and was not voided: remove or refund them")
    assert harness.invoices_of(deal_id)[0]["TotalAmt"] == 150


def test_paid_just_now_and_refused_by_quickbooks(harness: Harness) -> None:
    """Between our look and our void: QuickBooks' own refusal says the same."""
    deal_id, _ = invoiced(harness)
    harness.trouble("status", VOID, method="POST", status=400, answer=fault("6450"))

    callback_id = harness.enroll(deal_id, action="void-invoice")
    harness.work()

    harness.assert_refused(callback_id, deal_id, "INVOICE_PAID")


def test_changed_between_look_and_void(harness: Harness) -> None:
    """Another sync token: read again, then voided."""
    deal_id, _ = invoiced(harness)
    harness.trouble("status", VOID, method="POST", status=400, answer=fault("5010"))

    callback_id = harness.enroll(deal_id, action="void-invoice")
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceStatus"] == "voided"


def test_delivered_twice_and_voided_again(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    first = harness.enroll(deal_id, action="void-invoice")
    harness.deliver_again(first)
    harness.work()
    second = harness.enroll(deal_id, {"invoiceId": invoice["Id"]}, action="void-invoice")
    harness.work()

    for callback_id in (first, second):
        assert harness.assert_done(callback_id, deal_id)["invoiceStatus"] == "voided"
    assert len([each for each in harness.calls("quickbooks", "/invoice") if "operation=void" in each["query"]]) == 1
    assert harness.refusals() == []


@pytest.mark.parametrize("action", ["void-invoice", "refresh-invoice"])
def test_hubspot_invoice_means_what_it_mirrors(harness: Harness, action: str) -> None:
    """Of a deal's two invoices each has its HubSpot invoice; a workflow runs on the older one's."""
    deal_id, first = invoiced(harness)
    harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()
    learn_connections(harness.services)
    harness.mirror()
    with harness.world.hubspot.lock:
        mirrors = harness.world.hubspot.portals[PORTAL].objects["invoices"].values()
        (mirror_id,) = [each.id for each in mirrors if each.properties.get("qbo_invoice_id") == first["Id"]]

    callback_id = harness.enroll(mirror_id, action=action, object_type="invoices")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == first["Id"]
    if action == "void-invoice":
        assert {each["Id"]: each["TotalAmt"] for each in harness.invoices_of(deal_id)}[first["Id"]] == 0
    assert harness.refusals() == []

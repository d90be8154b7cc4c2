"""Every QuickBooks invoice has one HubSpot invoice object, on the deal and in step, whatever gets lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.hubspot import scopes
from service.ids import DealId, InvoiceId
from service.store.connection_settings import change_settings
from service.store.hints import Hint
from service.workflows.learn_connection import learn_connections
from tests.harness import PORTAL, REALM, Harness


def invoiced(harness: Harness, story: str = "three-lines") -> str:
    """A deal of the seed with its invoice; HubSpot's invoice properties are made."""
    harness.connect()
    learn(harness)
    deal_id = harness.story(story)
    harness.enroll(deal_id)
    harness.work()
    return deal_id


def learn(harness: Harness) -> None:
    """As the worker does at connect: create properties, see what the portal takes."""
    learn_connections(harness.services)


def test_one_mirror_on_the_deal_with_its_own_lines(harness: Harness) -> None:
    deal_id = invoiced(harness)
    assert harness.mirrors() == []
    before = len(harness.calls("hubspot"))
    harness.mirror()

    (invoice,), (mirror,) = harness.invoices(), harness.mirrors()
    assert mirror["deals"] == [deal_id]
    assert mirror["contacts"] == [harness.contact_of(deal_id)]
    assert mirror["hs_invoice_billable"] == "false"
    assert mirror["hs_invoice_status"] == "draft"
    assert mirror["hs_number"] == invoice["DocNumber"]
    assert mirror["hs_amount_billed"] == mirror["hs_balance_due"] == "440.00"
    assert mirror["qbo_invoice_key"] == f"{REALM}:{invoice['Id']}"
    assert [(line["name"], line["quantity"], line["price"]) for line in mirror["lines"]] == [
        (each["SalesItemLineDetail"]["ItemRef"]["name"].rpartition(":")[2], *amounts)
        for each, amounts in zip(invoice["Line"], [("1", "275"), ("1", "15"), ("2", "75")], strict=False)
    ]
    assert len(harness.calls("hubspot")) - before <= 4
    assert harness.refusals() == []


def test_nothing_is_written_when_nothing_changed(harness: Harness) -> None:
    deal_id = invoiced(harness)
    harness.mirror()
    before = len(harness.calls("hubspot"))
    assert harness.mirror() == 0
    touch(harness, deal_id)
    assert harness.mirror() == 1
    assert len(harness.calls("hubspot")) == before


def touch(harness: Harness, deal_id: str) -> None:
    """The invoice is kept again, unchanged, as after a hint."""
    (known,) = harness.services.invoices.of_deal(PORTAL, DealId(deal_id))
    with harness.services.database.write() as tx:
        harness.services.invoices.keep(tx, known)


@pytest.mark.parametrize("kind", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("path", ["/crm/objects/2026-03/invoices", "/crm/objects/2026-03/line_items"])
def test_answer_or_request_lost(harness: Harness, kind: str, path: str) -> None:
    invoiced(harness)
    harness.trouble(kind, path, times=1, method="POST")
    for _ in range(4):
        harness.mirror()
        harness.pass_time(timedelta(minutes=6))
    (mirror,) = harness.mirrors()
    assert len(mirror["lines"]) == 3
    assert mirror["qbo_invoice_days_overdue"] == "0"


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["lose_answer", "lose_request", "status"])
@pytest.mark.parametrize("skip", range(6))
def test_whatever_call_gets_lost(harness: Harness, kind: str, skip: int) -> None:
    """Three new mirrors, one of them changed before it is there: each once, with its lines, on its deal."""
    deals = [invoiced(harness), *(harness.another_deal() for _ in range(2))]
    for deal_id in deals[1:]:
        harness.enroll(deal_id)
    harness.work()
    harness.trouble(kind, "/crm/", times=1, skip=skip, status=503)
    for _ in range(5):
        harness.mirror()
        harness.act("send_invoice", invoice_id=harness.invoices()[0]["Id"], to="amy@example.com")
        read_again(harness, deals[0])
        harness.pass_time(timedelta(minutes=6))
    harness.mirror()
    mirrors = harness.mirrors()
    assert sorted(each["deals"][0] for each in mirrors) == sorted(deals)
    assert sorted(len(each["lines"]) for each in mirrors) == [1, 1, 3]
    assert sorted(each["qbo_invoice_status"] or "" for each in mirrors) == ["draft", "draft", "sent"]
    assert all(each["contacts"] for each in mirrors)


def test_overdue_by_the_clock_alone(harness: Harness) -> None:
    invoiced(harness)
    harness.mirror()
    harness.pass_time(timedelta(days=32))
    harness.mirror()
    (mirror,) = harness.mirrors()
    assert (mirror["hs_invoice_status"], mirror["qbo_invoice_status"]) == ("open", "overdue")
    days = int(mirror["qbo_invoice_days_overdue"] or 0)
    harness.pass_time(timedelta(days=1))
    harness.mirror()
    assert harness.mirrors()[0]["qbo_invoice_days_overdue"] == str(days + 1)


def test_a_property_that_cannot_be_written_is_dropped_and_remembered(harness: Harness) -> None:
    # HubSpot's definitions do not tell: only the refusal does.
    harness.connect()
    learn(harness)
    harness.set_sandbox(hubspot={"invoice_read_only": ["hs_amount_billed", "hs_balance_due", "hs_title"]})
    for _ in range(3):
        harness.enroll(harness.another_deal())
    harness.work()
    harness.mirror()
    mirrors = harness.mirrors()
    assert len(mirrors) == 3
    assert all(each["hs_amount_paid"] == "0.00" and not each.get("hs_amount_billed") for each in mirrors)
    refused = [each for each in harness.calls("hubspot", "/invoices") if each["status"] == 400]
    assert len(refused) == 1


def test_value_that_a_portal_does_not_take(harness: Harness) -> None:
    invoiced(harness)
    set_mapping(harness, {"hs_language": "PrivateNote"})
    harness.mirror()
    (mirror,) = harness.mirrors()
    assert not mirror.get("hs_language")
    assert mirror["hs_amount_billed"] == "440.00"


def set_mapping(harness: Harness, mapping: dict[str, str]) -> None:
    now = harness.clock.now()
    assert change_settings(harness.services.database, PORTAL, REALM, {"invoice_properties": mapping}, now)


def test_portal_without_invoices_is_left_alone(harness: Harness) -> None:
    harness.connect()
    granted = [each for each in all_scopes(harness) if "invoices" not in each]
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": granted})
    learn(harness)
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.mirror()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.mirrors() == []
    findings = harness.services.preflights.all()[PORTAL, REALM].findings
    assert "MIRROR_OFF" in [each.code for each in findings]
    # Granted later: nothing is lost.
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": all_scopes(harness)})
    harness.pass_time(timedelta(minutes=5))
    harness.connect()
    learn(harness)
    harness.mirror()
    assert len(harness.mirrors()) == 1


def all_scopes(harness: Harness) -> list[str]:
    return [*scopes.REQUIRED, *scopes.OPTIONAL]


def test_what_hubspot_does_not_take_is_said(harness: Harness) -> None:
    invoiced(harness)
    harness.trouble("status", "/objects/2026-03/invoices", status=400, times=None)
    harness.mirror()
    (refused,) = harness.services.mirrors.refused()
    assert refused.note
    harness.calm()
    harness.pass_time(timedelta(days=1, minutes=1))
    harness.mirror()
    assert harness.services.mirrors.refused() == []
    assert len(harness.mirrors()) == 1


def test_turned_off(harness: Harness) -> None:
    invoiced(harness)
    change_settings(harness.services.database, PORTAL, REALM, {"mirror": "off"}, harness.clock.now())
    assert harness.mirror() == 0
    assert harness.mirrors() == []


def test_deal_deleted_before_its_invoice_is_mirrored(harness: Harness) -> None:
    deal_id = invoiced(harness)
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/deals/{deal_id}")
    harness.mirror()
    (mirror,) = harness.mirrors()
    assert mirror["deals"] == []
    assert mirror["contacts"] != []


def test_mirror_deleted_by_a_person_is_made_anew(harness: Harness) -> None:
    deal_id = invoiced(harness)
    harness.mirror()
    (mirror,) = harness.mirrors()
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/invoices/{mirror['hs_object_id']}")
    harness.pass_time(timedelta(days=32))
    harness.mirror()
    (again,) = harness.mirrors()
    assert again["hs_object_id"] != mirror["hs_object_id"]
    assert (again["deals"], len(again["lines"])) == ([deal_id], 3)


def test_database_restored_from_before_the_mirror(harness: Harness) -> None:
    deal_id = invoiced(harness)
    harness.mirror()
    with harness.services.database.write() as tx:
        tx.execute(sa.text("DELETE FROM mirrors"))
    touch(harness, deal_id)
    for _ in range(3):
        harness.mirror()
        harness.pass_time(timedelta(minutes=6))
    (mirror,) = harness.mirrors()
    assert len(mirror["lines"]) == 3


@pytest.mark.thorough
def test_a_thousand_invoices_and_their_midnight(harness: Harness) -> None:
    """1,000 mirrors cost a call for a hundred of them, and one for a hundred lines; a midnight a call for a hundred."""
    deal_id = invoiced(harness, "one-line")
    (known,) = harness.services.invoices.of_deal(PORTAL, DealId(deal_id))
    with harness.services.database.write() as tx:
        for number in range(1000):
            invoice_id = InvoiceId(str(700_000 + number))
            document = known.document.replace(f'"Id":"{known.invoice_id}"', f'"Id":"{invoice_id}"')
            harness.services.invoices.keep(tx, replace(known, invoice_id=invoice_id, document=document))
    before = len(harness.calls("hubspot"))
    harness.mirror(most=40)
    assert len(harness.mirrors()) == 1001
    assert len(harness.calls("hubspot")) - before <= 2 * 11 + 4
    harness.pass_time(timedelta(days=32))
    before = len(harness.calls("hubspot"))
    harness.mirror(most=40)
    assert {each["qbo_invoice_status"] for each in harness.mirrors()} == {"overdue"}
    # Beside them what is read once a day: access, portal, properties.
    assert len(harness.calls("hubspot")) - before <= 11 + 4
    assert harness.refusals() == []


def test_hundred_invoices_in_a_few_calls(harness: Harness) -> None:
    harness.connect()
    learn(harness)
    rows: list[Any] = []
    for _ in range(12):
        rows.append(harness.enroll(harness.another_deal()))
    harness.work()
    before = len(harness.calls("hubspot"))
    harness.mirror()
    assert len(harness.mirrors()) == 12
    assert len(harness.calls("hubspot")) - before <= 6


def test_portal_that_opens_only_invoices_with_lines(harness: Harness) -> None:
    """Whether HubSpot checks invoices that it does not bill is not known: as a draft, with lines, then open."""
    harness.set_sandbox(hubspot={"nonbillable_invoices_checked": True})
    deal_id = invoiced(harness)
    harness.act("send_invoice", invoice_id=harness.invoices()[0]["Id"], to="amy@example.com")
    read_again(harness, deal_id)
    harness.mirror()
    (mirror,) = harness.mirrors()
    assert (mirror["hs_invoice_status"], mirror["qbo_invoice_status"]) == ("open", "sent")
    assert len(mirror["lines"]) == 3


def test_paid_in_quickbooks_shows_on_the_mirror(harness: Harness) -> None:
    harness.subscribe()
    invoiced(harness)
    harness.mirror()
    harness.pass_time(timedelta(minutes=1))
    harness.act("receive_payment", invoice_id=harness.invoices()[0]["Id"], amount="40")
    harness.follow()
    before = len(harness.calls("hubspot"))
    harness.mirror()
    (mirror,) = harness.mirrors()
    assert (mirror["qbo_invoice_status"], mirror["hs_balance_due"]) == ("partially_paid", "400.00")
    assert mirror["qbo_invoice_last_payment_date"] == harness.world.quickbooks.realm(REALM).today()
    assert len(harness.calls("hubspot")) == before + 1


def read_again(harness: Harness, deal_id: str) -> None:
    """As after a webhook."""
    hint = Hint("quickbooks", REALM, "Invoice", harness.invoices()[0]["Id"], frozenset({"emailed"}))
    harness.services.hints.hear([hint], harness.clock.now())
    harness.follow(hearing=False)


def test_invoice_made_in_quickbooks_is_mirrored_before_it_has_a_deal(harness: Harness) -> None:
    invoiced(harness, "one-line")
    harness.subscribe()
    made = harness.act("create_invoice", customer_id=harness.invoices()[0]["CustomerRef"]["value"], amount="80")
    harness.follow()
    harness.pass_time(timedelta(minutes=1))
    harness.mirror()
    mirror = next(each for each in harness.mirrors() if each["qbo_invoice_id"] == made["Id"])
    contact = harness.contact_of(harness.story("one-line"))
    assert (mirror["deals"], mirror["contacts"], len(mirror["lines"])) == ([], [contact], 1)
    deal_id = harness.make_deal([], contact, amount="80")
    harness.adopt()
    harness.follow()
    harness.mirror()
    (again,) = [each for each in harness.mirrors() if each["qbo_invoice_id"] == made["Id"]]
    assert again["deals"] == [deal_id]
    assert harness.deal(deal_id)["qbo_invoice_id"] == made["Id"]
    assert harness.refusals() == []


def test_only_invoices_of_deals(harness: Harness) -> None:
    invoiced(harness, "one-line")
    change_settings(harness.services.database, PORTAL, REALM, {"mirror": "deals"}, harness.clock.now())
    harness.subscribe()
    made = harness.act("create_invoice", customer_id=harness.invoices()[0]["CustomerRef"]["value"], amount="80")
    harness.follow()
    harness.pass_time(timedelta(minutes=1))
    harness.mirror()
    assert [each["qbo_invoice_id"] for each in harness.mirrors()] == [harness.invoices()[0]["Id"]]
    harness.make_deal([], harness.contact_of(harness.story("one-line")), amount="80")
    harness.adopt()
    harness.mirror()
    assert made["Id"] in [each["qbo_invoice_id"] for each in harness.mirrors()]

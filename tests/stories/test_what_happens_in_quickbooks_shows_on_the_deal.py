"""Sent, viewed, paid in part, paid, voided, deleted: QuickBooks says so, and the deal shows it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import PORTAL, REALM, Harness

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["cloudevents", "legacy"])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def invoiced(harness: Harness, shape: str = "cloudevents", **more: object) -> tuple[str, str]:
    """A deal with its invoice, 150.00, and QuickBooks telling what changes; nothing heard is left."""
    harness.connect()
    harness.subscribe(shape=shape, **more)
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.finish()
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    harness.follow()
    harness.pass_time(MINUTE)
    return deal_id, invoice["Id"]


def shown(harness: Harness, deal_id: str, *names: str) -> tuple[str, ...]:
    deal = harness.deal(deal_id)
    return tuple(deal[f"qbo_invoice_{name}"] or "" for name in names)


def test_the_life_of_an_invoice(harness: Harness, shape: str) -> None:
    deal_id, invoice_id = invoiced(harness, shape)
    assert shown(harness, deal_id, "status", "balance") == ("draft", "150.00")
    seen = []
    for act, more in (
        ("send_invoice", {"to": "amy@example.com"}),
        ("view_invoice", {}),
        ("receive_payment", {"amount": "50"}),
        ("receive_payment", {"amount": "100"}),
    ):
        harness.act(act, invoice_id=invoice_id, **more)
        harness.follow()
        seen.append(shown(harness, deal_id, "status", "balance", "amount_paid"))
        harness.pass_time(MINUTE)
    assert seen == [
        ("sent", "150.00", "0.00"),
        ("viewed", "150.00", "0.00"),
        ("partially_paid", "100.00", "50.00"),
        ("paid", "0.00", "150.00"),
    ]
    today = harness.world.quickbooks.realm(REALM).today()
    assert shown(harness, deal_id, "last_payment_date", "paid_date") == (today, today)
    assert harness.deal(deal_id)["qbo_invoiced_balance"] == "0.00"
    assert harness.refusals() == []


@pytest.mark.parametrize("announces", [True, False], ids=["invoice is told", "only the payment is told"])
def test_a_payment_shows_whether_or_not_its_invoice_is_told(announces: bool, harness: Harness) -> None:
    harness.set_sandbox(quickbooks={"payment_announces_invoice": announces})
    deal_id, invoice_id = invoiced(harness)
    payment = harness.act("receive_payment", invoice_id=invoice_id)
    harness.follow()
    assert shown(harness, deal_id, "status") == ("paid",)
    harness.pass_time(MINUTE)
    harness.act("unapply_payment", payment_id=payment["Id"])
    harness.follow()
    assert shown(harness, deal_id, "status", "balance", "last_payment_date") == ("draft", "150.00", "")


@pytest.mark.parametrize("note", ["Voided", "Anulada"])
def test_a_voided_invoice_is_voided_in_any_language(note: str, harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness)
    harness.act("void_invoice", invoice_id=invoice_id)
    realm = harness.world.quickbooks.realm(REALM)
    with realm.lock:
        row = realm.get("Invoice", invoice_id)
        assert row is not None
        realm.put("Invoice", {**row, "PrivateNote": row["PrivateNote"].replace("Voided", note)})
    harness.follow()
    assert shown(harness, deal_id, "status", "balance") == ("voided", "0.00")
    assert harness.deal(deal_id)["qbo_invoice_count"] == "0"
    harness.pass_time(MINUTE)
    harness.act("edit_invoice", invoice_id=invoice_id, changes={"CustomerMemo": {"value": "sorry"}})
    harness.follow()
    assert shown(harness, deal_id, "status") == ("voided",), "what was said once is not forgotten"


def test_a_deleted_invoice_is_deleted(harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness)
    harness.act("receive_payment", invoice_id=invoice_id)
    harness.follow()
    harness.pass_time(MINUTE)
    harness.act("delete_invoice", invoice_id=invoice_id)
    harness.follow()
    assert shown(harness, deal_id, "status", "balance") == ("deleted", "0.00")
    assert harness.follow() == 0


def test_a_payment_that_is_voided_or_deleted_opens_the_invoice_again(harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness)
    for undo in ("void_payment", "delete_payment"):
        payment = harness.act("receive_payment", invoice_id=invoice_id)
        harness.follow()
        assert shown(harness, deal_id, "status") == ("paid",)
        harness.pass_time(MINUTE)
        harness.act(undo, payment_id=payment["Id"])
        harness.follow()
        assert shown(harness, deal_id, "status", "amount_paid", "paid_date") == ("draft", "0.00", "")
        harness.pass_time(MINUTE)


def test_told_twice_out_of_order_and_again_costs_nothing_more(harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness, duplicate=2, reorder=True)
    harness.act("send_invoice", invoice_id=invoice_id, to="amy@example.com")
    harness.act("receive_payment", invoice_id=invoice_id, amount="50")
    harness.hear()
    before = len(harness.calls("quickbooks")), len(harness.calls("hubspot"))
    harness.follow()
    assert shown(harness, deal_id, "status") == ("partially_paid",)
    harness.wait_for(lambda: len(harness.world.quickbooks.webhooks.state()["deliveries"]) % 3 == 0)
    harness.follow()
    # One query for the payments, one for the invoices; one write for the deal: each once again at most, if the
    # repeats came later.
    assert len(harness.calls("quickbooks")) - before[0] <= 4
    assert len(harness.calls("hubspot", "/deals")) - before[1] <= 2


def test_our_own_writes_come_back_and_cost_no_read(harness: Harness) -> None:
    harness.connect()
    harness.subscribe()
    harness.enroll(harness.another_deal())
    harness.finish()
    harness.hear()
    assert any(each["kind"] == "Invoice" for each in harness.world.quickbooks.webhooks.state()["events"])
    before = len(harness.calls("quickbooks")), len(harness.calls("hubspot"))
    assert harness.follow() > 0
    assert (len(harness.calls("quickbooks")), len(harness.calls("hubspot"))) == before


def test_a_customer_that_was_merged_shows_under_its_new_name(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    harness.act("merge_customers", keep_id="2", lose_id="1")
    harness.follow()
    assert "Bill's Windsurf Shop" in str(harness.deal(deal_id)["qbo_invoice_recipient"])


def test_a_deleted_deal_is_left_alone(harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness)
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/deals/{deal_id}")
    harness.act("send_invoice", invoice_id=invoice_id, to="amy@example.com")
    assert harness.follow() > 0
    assert harness.follow() == 0
    harness.pass_time(MINUTE)
    harness.act("receive_payment", invoice_id=invoice_id)
    before = len(harness.calls("hubspot", "/deals"))
    harness.follow()
    assert len(harness.calls("hubspot", "/deals")) == before, "not asked again the same day"


@pytest.mark.parametrize("keeps", [True, False], ids=["into the other", "into a third"])
def test_a_merged_deals_invoices_are_the_other_deals(keeps: bool, harness: Harness) -> None:
    harness.set_sandbox(hubspot={"merge_keeps_primary_id": keeps, "search_delay_seconds": 0})
    deal_id, invoice_id = invoiced(harness)
    harness.act("receive_payment", invoice_id=invoice_id, amount="50")
    harness.follow()
    path = f"/hubspot/objects/{PORTAL}/deals/merge"
    heir = harness.ask_sandbox("POST", path, {"kept": harness.make_deal(), "gone": deal_id})["id"]
    harness.pass_time(MINUTE)
    harness.act("receive_payment", invoice_id=invoice_id)
    harness.follow()
    assert shown(harness, heir, "id", "status") == (invoice_id, "paid")
    assert len(harness.rows("SELECT * FROM payment_notes WHERE deal_id = :heir", heir=heir)) == 2
    assert harness.follow() == 0
    assert harness.refusals() == []


def test_nothing_is_lost_while_quickbooks_or_hubspot_is_away(harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness)
    for path in ("/query", "/crm/objects"):
        harness.trouble("status", path, status=503, times=50)
        harness.act("receive_payment", invoice_id=invoice_id, amount="50")
        harness.follow()
        harness.calm()
        harness.pass_time(timedelta(minutes=10))
        harness.follow(hearing=False)
    assert shown(harness, deal_id, "balance") == ("50.00",)


def test_a_paused_connection_waits_and_a_removed_one_forgets(harness: Harness) -> None:
    deal_id, invoice_id = invoiced(harness)
    harness.stores.connections.change_state(PORTAL, REALM, "paused", harness.clock.now())
    harness.act("send_invoice", invoice_id=invoice_id, to="amy@example.com")
    harness.follow()
    assert shown(harness, deal_id, "status") == ("draft",)
    harness.stores.connections.change_state(PORTAL, REALM, "live", harness.clock.now())
    harness.pass_time(MINUTE)
    harness.follow()
    assert shown(harness, deal_id, "status") == ("sent",)

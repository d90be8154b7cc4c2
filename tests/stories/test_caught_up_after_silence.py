"""Webhooks that never came: change data and the nightly comparison bring deals to what the books hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.sandbox.quickbooks import changes as sandbox_changes
from service.workflows.catch_up import catch_up, catch_up_realm
from service.workflows.check_invoices import check_nightly, check_realm
from tests.harness import PORTAL, REALM, Harness

HOURS = timedelta(hours=2)


def invoiced(harness: Harness, count: int = 1) -> list[tuple[str, str]]:
    """Deals with their invoices, in a realm that is known until now, and from which no webhook comes."""
    harness.connect()
    made = [harness.another_deal() for _ in range(count)]
    callbacks = [harness.enroll(deal_id) for deal_id in made]
    harness.finish()
    found = [harness.assert_invoiced_once(one, two)["Id"] for one, two in zip(callbacks, made, strict=True)]
    assert catch_up(harness.services) == 1
    harness.follow()
    return list(zip(made, found, strict=True))


def status(harness: Harness, deal_id: str) -> str | None:
    return harness.deal(deal_id)["qbo_invoice_status"]


def act_on_all(harness: Harness, pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Something else happens to each invoice, while nobody listens; returns what each deal must say."""
    (paid, a), (part, b), (voided, c), (deleted, d), (sent, e) = pairs
    harness.act("receive_payment", invoice_id=a)
    harness.act("receive_payment", invoice_id=b, amount="50")
    harness.act("void_invoice", invoice_id=c)
    harness.act("delete_invoice", invoice_id=d)
    harness.act("send_invoice", invoice_id=e, to="amy@example.com")
    return {paid: "paid", part: "partially_paid", voided: "voided", deleted: "deleted", sent: "sent"}


@pytest.mark.parametrize("days", [1, 20, 29, 45])
def test_however_long_the_silence_was(days: int, harness: Harness) -> None:
    pairs = invoiced(harness, 5)
    harness.pass_time(timedelta(hours=1))
    expected = act_on_all(harness, pairs)
    harness.pass_time(timedelta(days=days))
    before = len(harness.calls("quickbooks", "/cdc"))
    assert catch_up(harness.services) == 1
    harness.follow()
    if days > 29:
        # Change data reaches back thirty days: what was deleted is found by the comparison.
        assert status(harness, pairs[3][0]) == "draft"
        check_nightly(harness.services)
        harness.pass_time(timedelta(days=1))
        check_nightly(harness.services)
        harness.follow()
    else:
        assert len(harness.calls("quickbooks", "/cdc")) - before == 1
    found = {deal_id: status(harness, deal_id) for deal_id, _ in pairs}
    late = {"sent": "overdue", "partially_paid": "overdue"} if days > 30 else {}
    assert found == {deal_id: late.get(wanted, wanted) for deal_id, wanted in expected.items()}
    assert harness.refusals() == []


def test_once_an_hour_and_one_call_for_everything(harness: Harness) -> None:
    pairs = invoiced(harness, 2)
    assert catch_up(harness.services) == 0
    harness.pass_time(HOURS)
    harness.act("receive_payment", invoice_id=pairs[0][1])
    before = len(harness.calls("quickbooks", "/v3/company"))
    assert catch_up(harness.services) == 1
    assert catch_up(harness.services) == 0
    assert len(harness.calls("quickbooks", "/v3/company")) - before == 1
    harness.follow()
    assert status(harness, pairs[0][0]) == "paid"
    (note,) = harness.rows("SELECT * FROM payment_notes")
    assert note.note_id


def test_too_much_for_one_answer(harness: Harness) -> None:
    pairs = invoiced(harness, 5)
    harness.pass_time(HOURS)
    expected = act_on_all(harness, pairs)
    full(harness)
    check_nightly(harness.services)
    news = catch_up_realm(harness.services, PORTAL, REALM)
    assert len(news.invoices) >= 4
    harness.pass_time(timedelta(days=1))
    check_nightly(harness.services)
    harness.follow()
    assert {deal_id: status(harness, deal_id) for deal_id, _ in pairs} == expected


def full(harness: Harness) -> None:
    """A thousand customers' invoices more, all of them changed just now."""
    realm = harness.world.quickbooks.realm(REALM)
    with realm.lock:
        like = next(iter(realm.shelves["Invoice"]))
        now = realm.now_stamp()
        for number in range(sandbox_changes.MOST_OBJECTS + 20):
            copy: dict[str, Any] = {**like, "Id": str(500_000 + number), "Balance": 1, "LinkedTxn": []}
            realm.put("Invoice", {**copy, "MetaData": {"CreateTime": now, "LastUpdatedTime": now}})


def test_the_comparison_finds_and_repairs_what_drifted(harness: Harness) -> None:
    pairs = invoiced(harness, 5)
    harness.pass_time(HOURS)
    expected = act_on_all(harness, pairs)
    left = check_realm(harness.services, PORTAL, REALM, repair=False)
    assert len(left.drifts) == 5
    report = check_realm(harness.services, PORTAL, REALM)
    assert [each.invoice_id for each in report.drifts] == [each.invoice_id for each in left.drifts]
    assert 3 <= report.reads <= 5
    harness.follow()
    assert {deal_id: status(harness, deal_id) for deal_id, _ in pairs} == expected
    again = check_realm(harness.services, PORTAL, REALM)
    assert (again.drifts, again.reads) == ([], 1)
    assert check_realm(harness.services, PORTAL, REALM, every=True).drifts == []


def test_a_realm_that_is_away_is_asked_again(harness: Harness) -> None:
    pairs = invoiced(harness)
    harness.pass_time(HOURS)
    harness.act("receive_payment", invoice_id=pairs[0][1])
    harness.trouble("status", "/cdc", status=503, times=3)
    assert catch_up(harness.services) == 0
    harness.calm()
    harness.pass_time(timedelta(minutes=10))
    assert catch_up(harness.services) == 1
    harness.follow()
    assert status(harness, pairs[0][0]) == "paid"

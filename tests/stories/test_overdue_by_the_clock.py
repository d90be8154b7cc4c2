"""A due date passes at the realm's midnight: nobody tells us, and the deal says overdue within minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.ids import RealmId
from service.store.invoices import KnownInvoice
from service.workflows.know_realm import know_realm
from service.workflows.sweep_overdue import sweep_overdue
from service.workflows.view_invoice import known_invoice
from tests.harness import PORTAL, REALM, Harness

SECOND = timedelta(seconds=1)


def zone_of(harness: Harness) -> ZoneInfo:
    return know_realm(harness.services, PORTAL, REALM).zone


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def invoiced(harness: Harness, due_in_days: int = 10) -> tuple[str, str, date]:
    """A deal, its invoice and its due date."""
    harness.connect()
    harness.subscribe()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, {"dueInDays": str(due_in_days)})
    harness.finish()
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    harness.follow()
    return deal_id, invoice["Id"], date.fromisoformat(invoice["DueDate"])


def sweep(harness: Harness) -> tuple[int, int]:
    """Let the clock's work be done; how many invoices moved, and how often deals were written."""
    before = len(harness.calls("hubspot", "/objects/2026-03/deals"))
    moved = sweep_overdue(harness.services)
    harness.follow()
    return moved, len(harness.calls("hubspot", "/objects/2026-03/deals")) - before


def shown(harness: Harness, deal_id: str) -> tuple[str | None, str | None]:
    deal = harness.deal(deal_id)
    return deal["qbo_invoice_status"], deal["qbo_invoice_days_overdue"]


def test_overdue_from_midnight_on_and_a_day_more_every_day(harness: Harness) -> None:
    deal_id, _, due = invoiced(harness)
    end = midnight(due + timedelta(days=1), zone_of(harness))
    harness.pass_time(end - SECOND - harness.clock.now())
    assert sweep(harness) == (0, 0)
    assert shown(harness, deal_id) == ("draft", "0")
    harness.pass_time(SECOND)
    reads = len(harness.calls("quickbooks", "/query"))
    assert sweep(harness)[0] == 1
    assert shown(harness, deal_id) == ("overdue", "1")
    assert harness.deal(deal_id)["qbo_invoice_worst_status"] == "overdue"
    assert len(harness.calls("quickbooks", "/query")) == reads, "known from our own rows"
    assert sweep(harness) == (0, 0)
    harness.pass_time(timedelta(days=2))
    assert sweep(harness)[0] == 0
    assert shown(harness, deal_id) == ("overdue", "3")


def test_back_when_the_due_date_moves_and_when_it_is_paid(harness: Harness) -> None:
    deal_id, invoice_id, due = invoiced(harness)
    harness.pass_time(midnight(due + timedelta(days=3), zone_of(harness)) - harness.clock.now())
    sweep(harness)
    assert shown(harness, deal_id) == ("overdue", "3")
    later = (due + timedelta(days=30)).isoformat()
    harness.act("edit_invoice", invoice_id=invoice_id, changes={"DueDate": later})
    harness.follow()
    assert shown(harness, deal_id) == ("draft", "0")
    assert harness.deal(deal_id)["qbo_invoice_due_date"] == later
    harness.pass_time(timedelta(days=40))
    sweep(harness)
    assert shown(harness, deal_id)[0] == "overdue"
    harness.act("receive_payment", invoice_id=invoice_id, amount="10")
    harness.follow()
    assert shown(harness, deal_id)[0] == "overdue", "late is late, also when some is paid"
    harness.pass_time(SECOND)
    harness.act("receive_payment", invoice_id=invoice_id)
    harness.follow()
    assert shown(harness, deal_id) == ("paid", "0")
    assert sweep(harness) == (0, 0)


def fill(harness: Harness, count: int, due: date) -> list[str]:
    """So many deals with an open invoice each, as if they had been invoiced one by one."""
    deals = [harness.make_deal() for _ in range(count)]
    now, rows = harness.clock.now(), []
    entity = {**harness.books("Invoice")[0], "TotalAmt": 150, "Balance": 150, "PrivateNote": "", "LinkedTxn": []}
    for number, deal_id in enumerate(deals):
        one = {**entity, "Id": str(900_000 + number), "SyncToken": "0", "DueDate": due.isoformat()}
        row = known_invoice(one, PORTAL, RealmId(REALM), deal_id, None, due, now)  # type: ignore[arg-type]
        rows.append(row)
    keep(harness, rows)
    return deals


def keep(harness: Harness, rows: list[KnownInvoice]) -> None:
    with harness.services.database.write() as tx:
        for row in rows:
            harness.services.invoices.keep(tx, row)


@pytest.mark.parametrize("count", [120, pytest.param(5000, marks=pytest.mark.thorough)])
def test_thousands_fall_overdue_at_one_midnight_in_a_hundredth_as_many_calls(count: int, harness: Harness) -> None:
    harness.connect()
    harness.finish()
    due = harness.clock.now().astimezone(zone_of(harness)).date()
    deals = fill(harness, count, due)
    harness.pass_time(midnight(due + timedelta(days=1), zone_of(harness)) - harness.clock.now())
    moved, calls = sweep(harness)
    assert moved == count
    assert calls == -(-count // 100)
    assert {shown(harness, deal_id) for deal_id in deals} == {("overdue", "1")}
    assert harness.refusals() == []

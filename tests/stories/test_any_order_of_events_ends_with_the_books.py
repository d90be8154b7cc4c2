"""A day of webhooks that come twice, late, in any order or not at all ends with deals that say what the books say."""

from __future__ import annotations

import contextlib
import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.sandbox.quickbooks.acts import perform_act
from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.webhook_bodies import Event, body_of
from service.sandbox.quickbooks.webhooks import sign
from service.workflows.catch_up import catch_up
from service.workflows.sweep_overdue import sweep_overdue
from tests.harness import PORTAL, REALM, Harness

FEW = [("sqlite", 1), ("sqlite", 2)]
# The order of events is no matter of the database: hundreds on one, some on the other.
HUNDREDS = [
    pytest.param(kind, seed, marks=pytest.mark.thorough)
    for kind, seeds in (("sqlite", range(3, 203)), ("postgresql", range(203, 223)))
    for seed in seeds
]


class Day:
    """One day in the life of some deals' invoices, thrown by a seed."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.harness, self.dice = harness, random.Random(seed)
        self.realm = harness.world.quickbooks.realm(REALM)
        self.deal_of: dict[str, str] = {}
        self.told = 0

    def invoice_deals(self) -> None:
        """Three deals with one invoice each, and one with two."""
        self.harness.connect()
        deals = [self.harness.another_deal() for _ in range(4)]
        for deal_id in (*deals, deals[0]):
            callback_id = self.harness.enroll(deal_id, {"existingInvoice": "create_another", "dueInDays": "1"})
            self.harness.finish()
            self.deal_of[self.harness.assert_invoiced(callback_id, deal_id)["Id"]] = deal_id
        catch_up(self.harness.services)

    def act(self) -> None:
        """A person does something in QuickBooks; what cannot be done is not."""
        invoice_id = self.dice.choice(list(self.deal_of))
        payments = list(self.realm.shelves["Payment"].rows)[-4:]
        amount = self.dice.choice(["20", "75.50", "150"])
        day = (date.fromisoformat(self.realm.today()) + timedelta(days=self.dice.randint(-3, 3))).isoformat()
        choices: list[dict[str, Any]] = [
            {"act": "receive_payment", "invoice_id": invoice_id, "amount": amount, "date": day},
            {"act": "receive_payment", "invoice_id": invoice_id, "amount": amount},
            {"act": "receive_payment", "invoice_id": invoice_id},
            {"act": "send_invoice", "invoice_id": invoice_id, "to": "amy@example.com"},
            {"act": "view_invoice", "invoice_id": invoice_id},
            {"act": "edit_invoice", "invoice_id": invoice_id, "changes": {"DueDate": day}},
            {"act": self.dice.choice(["void_invoice", "delete_invoice"]), "invoice_id": invoice_id},
            *({"act": each, "payment_id": self.dice.choice(payments)} for each in
              ("void_payment", "delete_payment", "unapply_payment") if payments),
        ]  # fmt: skip
        asked = self.dice.choice(choices)
        with contextlib.suppress(Fault, KeyError):
            perform_act(self.realm, asked["act"], asked)

    def deliver(self, drop: float) -> None:
        """Some of what has not been told is told, some of it twice, some never, in an order of its own."""
        events = list(self.harness.world.quickbooks.webhooks.events)
        fresh, self.told = events[self.told :], len(events)
        late = events[: self.told][-3:] if self.dice.random() < 0.5 else []
        sent = [each for each in (*fresh, *late) if self.dice.random() >= drop]
        sent += [each for each in sent if self.dice.random() < 0.3]
        self.dice.shuffle(sent)
        while sent:
            size = self.dice.randint(1, len(sent))
            self.post(sent[:size])
            sent = sent[size:]
            if self.dice.random() < 0.5:
                self.follow()

    def post(self, events: list[Event]) -> None:
        body = body_of(events, self.dice.choice(["cloudevents", "legacy"]), self.dice.choice(["void", "voided"]))
        answer = self.harness.web.post("/quickbooks/webhooks", data=body, headers={"intuit-signature": sign(body)})
        assert answer.status_code == 200

    def follow(self) -> None:
        """The worker's rounds, now and then with a vendor that is away."""
        if self.dice.random() < 0.2:
            path = self.dice.choice(["/query", "/deals/", "/notes"])
            self.harness.trouble("status", path, status=503, times=1)
        self.harness.follow(hearing=False)
        self.harness.calm()

    def live(self, drop: float) -> None:
        """The day itself."""
        for _ in range(self.dice.randint(4, 12)):
            for _ in range(self.dice.randint(1, 3)):
                self.act()
            # Sometimes everything happens within one second.
            self.harness.pass_time(timedelta(seconds=self.dice.choice([0, 0.4, 1, 90, 4000])))
            self.deliver(drop)
            if self.dice.random() < 0.3:
                sweep_overdue(self.harness.services)
            self.follow()

    def end(self) -> None:
        """Everybody has had time: what was put off is due, what was dropped is caught up, the clock is right."""
        for _ in range(3):
            self.harness.pass_time(timedelta(hours=2))
            catch_up(self.harness.services)
            sweep_overdue(self.harness.services)
            self.harness.follow(hearing=False)

    def expected(self, invoice_id: str) -> dict[str, str]:
        """What the deal of this invoice must show, from the books alone."""
        row = self.realm.get("Invoice", invoice_id)
        if row is None:
            return {"status": "deleted", "balance": "0.00"}
        shown = self.realm.shown("Invoice", row)
        total, balance = Decimal(str(shown["TotalAmt"])), Decimal(str(shown["Balance"]))
        payments = [each for each in self.realm.shelves["Payment"] if self._settles(each, invoice_id)]
        last = max((each["TxnDate"] for each in payments), default="")
        status = self._status(shown, total, balance)
        return {
            "status": status,
            "amount": f"{total:.2f}",
            "balance": f"{balance:.2f}",
            "amount_paid": f"{total - balance:.2f}",
            "due_date": shown["DueDate"],
            "last_payment_date": last,
            "paid_date": last if status == "paid" else "",
        }

    def _settles(self, payment: dict[str, Any], invoice_id: str) -> bool:
        return any(link["TxnId"] == invoice_id for line in payment["Line"] for link in line["LinkedTxn"])

    def _status(self, shown: dict[str, Any], total: Decimal, balance: Decimal) -> str:
        if total == 0:
            return "voided"
        if balance == 0:
            return "paid"
        if shown["DueDate"] < self.realm.today():
            return "overdue"
        if balance < total:
            return "partially_paid"
        if shown.get("EInvoiceStatus") == "Viewed":
            return "viewed"
        return "sent" if shown["EmailStatus"] == "EmailSent" else "draft"

    def check(self) -> None:
        """Deals with one invoice show that one, and every deal adds up."""
        for deal_id in set(self.deal_of.values()):
            deal = self.harness.deal(deal_id)
            ours = [self.expected(each) for each, of in self.deal_of.items() if of == deal_id]
            if len(ours) == 1:
                shown = {name: deal[f"qbo_invoice_{name}"] or "" for name in ours[0]}
                assert shown == ours[0]
            live = [each for each in ours if each["status"] not in ("deleted", "voided")]
            assert deal["qbo_invoice_count"] == str(len(live))
            owed = sum((Decimal(each["balance"]) for each in live), Decimal(0))
            assert (deal["qbo_invoiced_balance"] or "0.00") == f"{owed:.2f}"
        assert self.harness.rows("SELECT * FROM hints") == []
        assert self.harness.refusals() == []
        self.check_notes()

    def check_notes(self) -> None:
        """Each payment at most once on a deal, and not struck out exactly while it settles something there."""
        portal = self.harness.world.hubspot.portals[PORTAL]
        for deal_id in set(self.deal_of.values()):
            ids = portal.associations.of("deals", deal_id, "notes")
            said = [str(portal.objects["notes"][each].properties["hs_note_body"]) for each in ids]
            standing = [body for body in said if "<s>" not in body]
            ours = [each for each, of in self.deal_of.items() if of == deal_id]
            wanted = [
                each["Id"]
                for each in self.realm.shelves["Payment"]
                if any(self._settles(each, invoice_id) for invoice_id in ours)
            ]
            found = [body.partition("QuickBooks payment ")[2].partition(" ")[0] for body in standing]
            assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize(("database_url", "seed"), [*FEW, *HUNDREDS], indirect=["database_url"])
def test_deals_end_as_the_books(seed: int, harness: Harness) -> None:
    day = Day(harness, seed)
    harness.set_sandbox(quickbooks={"payment_announces_invoice": seed % 3 != 0})
    day.invoice_deals()
    day.live(drop=(0.0, 0.3, 0.9)[seed % 3])
    day.end()
    day.check()


def test_without_a_lost_event_nothing_needs_to_be_caught_up(harness: Harness) -> None:
    day = Day(harness, 7)
    day.invoice_deals()
    day.live(drop=0.0)
    before = len(harness.calls("quickbooks", "/cdc"))
    for _ in range(3):
        harness.pass_time(timedelta(minutes=20))
        sweep_overdue(harness.services)
        harness.follow(hearing=False)
    assert len(harness.calls("quickbooks", "/cdc")) == before
    day.check()

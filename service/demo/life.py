"""The chapter about an invoice's life: what happens in QuickBooks shows on the deal, and two workflows tell people."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from service.demo.evidence import US

if TYPE_CHECKING:
    from service.demo.story import Story

# The two recipes of the operator's page `/recipes`, as the sandbox's workflows take them.
OVERDUE: dict[str, Any] = {
    "name": "E-mail customers who have not paid by the due date",
    "trigger": {"property": "qbo_invoice_status", "in": ["overdue"],
                "filters": [{"property": "qbo_invoice_balance", "greater_than": 0}]},
    "steps": [{"send_email": {"to": "{{contact.email}}", "subject": "Invoice {{qbo_invoice_number}} is overdue",
                              "text": "{{qbo_invoice_balance}} was due on {{qbo_invoice_due_date}}"}}],
}  # fmt: skip
PAYMENT: dict[str, Any] = {
    "name": "Tell Slack whenever a payment is collected",
    "trigger": {"property": "qbo_invoice_amount_paid", "greater_than": 0,
                "filters": [{"property": "qbo_invoice_status", "in": ["partially_paid", "paid", "overdue"]}]},
    "steps": [{"post_to_slack": {"channel": "#payments", "text": "{{dealname}}: {{qbo_invoice_amount_paid}} of "
                                 "{{qbo_invoice_amount}} {{qbo_invoice_currency}} paid"}}],
}  # fmt: skip
PATIENCE = 30.0


def tell_life(story: Story) -> None:
    """Sent, paid in part, overdue, paid: each on the deal, the customer mailed once, Slack told of each payment."""
    story.chapter("An invoice lives in QuickBooks, and two HubSpot workflows tell people")
    for recipe in (OVERDUE, PAYMENT):
        story.ask("POST", "/hubspot/workflows", {"portal_id": int(US.portal), **recipe})
        story.say(f"  workflow “{recipe['name']}”")
    deal_id = story.evidence.deal_id("returning")
    story.enroll(deal_id)
    invoice_id = story.evidence.deal(deal_id)["qbo_invoice_id"]
    passed = datetime.fromisoformat(story.ask("GET", "/clock")["now"]).date() - timedelta(days=3)
    long_ago = {"TxnDate": (passed - timedelta(days=30)).isoformat(), "DueDate": passed.isoformat()}
    for what, act, more, status in (
        ("the invoice is mailed", "send_invoice", {"to": "amy@example.com"}, "sent"),
        ("50.00 are paid", "receive_payment", {"amount": "50"}, "partially_paid"),
        ("its due date has passed", "edit_invoice", {"changes": long_ago}, "overdue"),
        ("the rest is paid", "receive_payment", {}, "paid"),
    ):
        _act(story, act, invoice_id, more)
        seconds = _wait_for_status(story, deal_id, status)
        balance = story.evidence.deal(deal_id)["qbo_invoice_balance"]
        story.say(f"  QuickBooks: {what}; the deal says {status}, {balance} open, {seconds:.1f} s later")
    _show_mirror(story, invoice_id)
    for each in _told(story):
        text = (
            f"to {each['to']}: {each['subject']}" if each["kind"] == "email" else f"{each['channel']}: {each['text']}"
        )
        story.say(f"  {each['kind']:<6} {text}")


def find_wrong(story: Story) -> list[str]:
    """What the two workflows should have told, and did not, or told twice."""
    kinds = [each["kind"] for each in _told(story)]
    expected = ["slack", "email", "slack"]
    return [] if kinds == expected else [f"the workflows told {kinds} instead of {expected}"]


def _act(story: Story, act: str, invoice_id: str, more: dict[str, Any]) -> None:
    path = f"/quickbooks/realms/{US.realm}/acts"
    story.ask("POST", path, {"act": act, "invoice_id": invoice_id, **more})


def _wait_for_status(story: Story, deal_id: str, status: str) -> float:
    began = time.monotonic()
    while story.evidence.deal(deal_id)["qbo_invoice_status"] != status:
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"the deal did not become {status} in {PATIENCE:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - began


def _show_mirror(story: Story, invoice_id: str) -> None:
    """The HubSpot invoice object, once it is in step."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        for each in story.evidence.hubspot_invoices():
            if each.get("qbo_invoice_id") == invoice_id and each.get("hs_invoice_status") == "paid":
                story.say(f"  HubSpot's invoice object: number {each['hs_number']}, {each['hs_amount_billed']}, "
                          f"{each['hs_invoice_status']}")  # fmt: skip
                return
        time.sleep(0.2)
    raise RuntimeError("HubSpot has no paid invoice object")


def _told(story: Story) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = story.ask("GET", f"/hubspot/outbox?portal={US.portal}")["sent"]
    return found

"""The two recipes, run by HubSpot's workflows as the page describes them: told once each, whatever is repeated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.hubspot.properties import DEAL_PROPERTIES, STATUS_OPTIONS
from service.web.recipes import ANY_OF, GREATER, OVERDUE, PAYMENT, RECIPES, Filter, Recipe
from service.workflows.sweep_overdue import sweep_overdue
from tests.harness import PORTAL, Harness


def define(harness: Harness, recipe: Recipe) -> int:
    """Build the workflow in HubSpot exactly as the recipe says."""
    kinds = {"email": "send_email", "slack": "post_to_slack"}
    steps = [{kinds[step.kind]: {**dict(step.fields), "text": step.text}} for step in recipe.steps]
    trigger = {**condition(recipe.event), "filters": [condition(each) for each in recipe.filters]}
    asked = {"portal_id": PORTAL, "name": recipe.title, "steps": steps, "trigger": trigger}
    return int(harness.ask_sandbox("POST", "/hubspot/workflows", asked)["workflow_id"])


def condition(each: Filter) -> dict[str, Any]:
    """A filter with the values behind its labels."""
    if each.operator == GREATER:
        return {"property": each.name, "greater_than": int(each.values[0])}
    assert each.operator == ANY_OF
    values = {label: value for value, label in STATUS_OPTIONS}
    return {"property": each.name, "in": [values[label] for label in each.values]}


def told(harness: Harness, kind: str) -> list[dict[str, Any]]:
    sent = harness.ask_sandbox("GET", f"/hubspot/outbox?portal={PORTAL}")["sent"]
    return [each for each in sent if each["kind"] == kind]


def enroll_by_workflow(harness: Harness, deal_id: str) -> None:
    """The first workflow: a won deal becomes an invoice."""
    asked = {"portal_id": PORTAL, "steps": [{"action": "create-invoice", "inputs": {}}]}
    workflow = harness.ask_sandbox("POST", "/hubspot/workflows", asked)["workflow_id"]
    harness.ask_sandbox("POST", f"/hubspot/workflows/{workflow}/enroll", {"deal_id": deal_id})
    harness.wait_for(lambda: bool(harness.rows("SELECT 1 FROM callbacks")))
    harness.finish()


def pass_days(harness: Harness, days: int) -> None:
    for _ in range(days):
        harness.pass_time(timedelta(days=1))
        sweep_overdue(harness.services)
        harness.follow()


def test_enrol_invoice_overdue_paid_each_told_once(harness: Harness) -> None:
    harness.connect()
    harness.subscribe(duplicate=2, reorder=True)
    for recipe in RECIPES:
        define(harness, recipe)
    deal_id = harness.story("one-line")
    enroll_by_workflow(harness, deal_id)
    (invoice,) = harness.invoices()
    harness.follow()
    assert told(harness, "email") == told(harness, "slack") == []

    harness.pass_time(timedelta(days=29))
    pass_days(harness, 1)
    assert told(harness, "email") == []
    pass_days(harness, 4)
    (mail,) = told(harness, "email")
    assert (mail["to"], mail["subject"]) == ("Birds@intuit.com", f"Invoice {invoice['DocNumber']} is overdue")
    assert f"due on {invoice['DueDate']}" in mail["text"]
    assert told(harness, "slack") == []

    harness.act("receive_payment", invoice_id=invoice["Id"], amount="100")
    harness.follow()
    harness.act("receive_payment", invoice_id=invoice["Id"])
    harness.follow()
    pass_days(harness, 3)
    messages = [each["text"] for each in told(harness, "slack")]
    total = f"{invoice['TotalAmt']:.2f}"
    assert [each.partition(" paid")[0] for each in messages] == [
        f"Fountain for Amy's aviary: 100.00 of {total} USD",
        f"Fountain for Amy's aviary: {total} of {total} USD",
    ]
    assert len(told(harness, "email")) == 1
    assert harness.refusals() == []


def test_due_date_moved_and_passed_again(harness: Harness) -> None:
    harness.connect()
    harness.subscribe()
    define(harness, OVERDUE)
    enroll_by_workflow(harness, harness.story("one-line"))
    (invoice,) = harness.invoices()
    pass_days(harness, 32)
    later = (harness.clock.now() + timedelta(days=10)).date().isoformat()
    harness.act("edit_invoice", invoice_id=invoice["Id"], changes={"DueDate": later})
    harness.follow()
    assert harness.deal(harness.story("one-line"))["qbo_invoice_status"] == "draft"
    pass_days(harness, 12)
    assert len(told(harness, "email")) == 2


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda each: each.name)
def test_recipes_speak_of_what_deals_have(recipe: Recipe) -> None:
    names = {each.name for each in DEAL_PROPERTIES}
    assert all(each.name in names for each in (recipe.event, *recipe.filters))
    assert all(str(each) for each in recipe.filters)
    assert condition(recipe.event)


def test_invoice_without_payment_is_no_news(harness: Harness) -> None:
    harness.connect()
    harness.subscribe()
    define(harness, PAYMENT)
    enroll_by_workflow(harness, harness.story("one-line"))
    (invoice,) = harness.invoices()
    harness.act("void_invoice", invoice_id=invoice["Id"])
    harness.follow()
    assert told(harness, "slack") == []

"""What happens beforehand in HubSpot or QuickBooks, so that the next action cannot be done.

Each is given the story and the deal, and may return inputs for the action that follows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service.demo.evidence import US, Place

if TYPE_CHECKING:
    from service.demo.story import Story

Inputs = dict[str, str]
Mishap = Callable[["Story", str], Inputs]

# An estimate that somebody wrote in the seeded company, and that nobody has answered yet.
ESTIMATE = "41"
NO_FILES = json.dumps(
    {
        "status": "error",
        "message": "This app hasn't been granted all required scopes to make this call.",
        "category": "MISSING_SCOPES",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": ["files"]},
            }
        ],
    }
)


def nothing(_story: Story, _deal_id: str) -> Inputs:
    """All is well so far."""
    return {}


def delete_deal(story: Story, deal_id: str) -> Inputs:
    """Somebody deletes the deal that the workflow has just enrolled."""
    story.ask("DELETE", f"/hubspot/objects/{US.portal}/deals/{deal_id}")
    return {}


def retire_customer(story: Story, _deal_id: str) -> Inputs:
    """Somebody makes the deal's customer inactive."""
    customers = story.ask("GET", f"/quickbooks/realms/{US.realm}/books")["Customer"]
    (dukes,) = (each for each in customers if each["DisplayName"] == "Dukes Basketball Camp")
    _act(story, US, "deactivate", kind="Customer", id=dukes["Id"])
    return {}


def invoice_a_share(story: Story, deal_id: str) -> Inputs:
    """60 % of the deal are billed; what comes next for the deal waits for it."""
    inputs = {"lines": "deal_percentage", "percentage": "60"}
    story.post(deal_id, action="create-invoice", inputs=inputs)
    return inputs


def offer_once(story: Story, deal_id: str) -> Inputs:
    """The deal gets an estimate; what comes next for it waits for that."""
    story.post(deal_id, action="create-estimate")
    return {}


def close_estimate(story: Story, _deal_id: str) -> Inputs:
    """Somebody closes an estimate."""
    _act(story, US, "edit", kind="Estimate", id=ESTIMATE, changes={"TxnStatus": "Closed"})
    return {"estimateId": ESTIMATE}


def name_a_voided_invoice(story: Story, _deal_id: str) -> Inputs:
    """One that was voided in QuickBooks long ago."""
    invoices = story.ask("GET", f"/quickbooks/realms/{US.realm}/books")["Invoice"]
    return {"invoiceId": next(each["Id"] for each in invoices if "Voided" in (each.get("PrivateNote") or ""))}


def name_an_invoice_of_another_deal(story: Story, _deal_id: str) -> Inputs:
    """The one that this demo began with."""
    return {"invoiceId": story.evidence.deal(story.evidence.deal_id("three-lines"))["qbo_invoice_id"]}


def add_tax_once_more(story: Story, _deal_id: str) -> Inputs:
    """QuickBooks takes prices with tax for prices without."""
    story.ask("POST", "/settings", {"quickbooks": {"inclusive_amount": "net"}})
    return {}


def add_tax_as_ever(story: Story) -> None:
    """QuickBooks takes prices with tax for what they are."""
    story.ask("POST", "/settings", {"quickbooks": {"inclusive_amount": "gross"}})


def forbid_files(story: Story, _deal_id: str) -> Inputs:
    """HubSpot lets the app keep no files."""
    rule = {"kind": "status", "vendor": "hubspot", "path": "/files/", "status": 403, "answer": NO_FILES, "times": None}
    story.ask("POST", "/trouble", rule)
    return {}


def lose_every_create(story: Story, deal_id: str) -> Inputs:
    """The connection breaks whenever the deal's invoice is sent."""
    rule = {"kind": "lose_request", "vendor": "quickbooks", "method": "POST", "path": "/invoice", "times": None}
    story.ask("POST", "/trouble", {**rule, "body": f"HubSpot deal {deal_id} "})
    return {}


def spoil_company(story: Story, place: Place) -> None:
    """A company without a default item, without an account for income, and without a subscription."""
    realm = f"/quickbooks/realms/{place.realm}"
    for each in story.ask("GET", f"{realm}/books")["Account"]:
        if each["AccountType"] == "Income":
            _act(story, place, "deactivate", kind="Account", id=each["Id"])
    story.ask("POST", realm, {"preferences": {"OtherPrefs": {"NameValue": []}}, "subscription_status": "EXPIRED"})


def _act(story: Story, place: Place, act: str, **more: Any) -> None:
    story.ask("POST", f"/quickbooks/realms/{place.realm}/acts", {"act": act, **more})

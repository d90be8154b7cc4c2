"""Two QuickBooks companies in one portal: the author sees whose terms are whose, and never gets the other's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.workflows.learn_connection import learn_connections
from service.workflows.refresh_options import refresh_options
from tests.harness import REALM, Harness

OTHER_REALM = "9341450000000002"
DEFINITION = Path(__file__).parent.parent.parent / "action_definitions" / "create-invoice.json"


def set_up_action(harness: Harness) -> None:
    """The action as it is registered: HubSpot knows from it what to tell a dropdown."""
    text = DEFINITION.read_text().replace("{PUBLIC_URL}", "https://invoice.example.com")
    harness.world.hubspot.definitions.create(json.loads(text))


def open_dropdown(harness: Harness, field: str, **inputs: Any) -> dict[str, str]:
    """Label to value, as the author sees them."""
    said = harness.ask_sandbox("POST", "/hubspot/options", {"field": field, "inputs": inputs})
    assert said["status"] == 200, said
    return {each["label"]: each["value"] for each in said["answer"]["options"]}


@pytest.mark.parametrize("told_all", [False, True])
def test_terms_are_chosen_from_the_company_meant(told_all: bool, harness: Harness) -> None:
    harness.set_sandbox(hubspot={"options_told_all_inputs": told_all})
    harness.connect()
    harness.connect(realm_id=OTHER_REALM)
    set_up_action(harness)
    learn_connections(harness.services)
    refresh_options(harness.services)
    chosen = {"realmId": OTHER_REALM}
    companies = {value: label for label, value in open_dropdown(harness, "companies").items()}

    terms = open_dropdown(harness, "terms", **chosen)

    name = "Net 30" if told_all else f"Net 30 ({companies[OTHER_REALM]})"
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, {**chosen, "termId": terms[name], "taxCodeId": "exempt"})
    harness.work()
    invoice = harness.assert_invoiced_once(callback_id, deal_id, realm_id=OTHER_REALM)
    (net_30,) = [each for each in harness.books("Term", OTHER_REALM) if each["Name"] == "Net 30"]
    assert invoice["SalesTermRef"]["value"] == net_30["Id"]
    assert harness.refusals() == []


def test_terms_of_the_other_company_are_refused(harness: Harness) -> None:
    harness.connect()
    harness.connect(realm_id=OTHER_REALM)
    learn_connections(harness.services)
    refresh_options(harness.services)
    companies = {value: label for label, value in open_dropdown(harness, "companies").items()}
    terms = open_dropdown(harness, "terms")
    deal_id = harness.another_deal()

    wrong = harness.enroll(deal_id, {"realmId": OTHER_REALM, "termId": terms[f"Net 30 ({companies[REALM]})"]})
    harness.work()

    assert "termId of the action is from another" in harness.assert_refused(wrong, deal_id, "INVALID_INPUT")
    assert harness.invoices(OTHER_REALM) == []
    assert harness.refusals() == []


def test_the_company_comes_from_a_property_of_the_deal(harness: Harness) -> None:
    harness.connect()
    harness.connect(realm_id=OTHER_REALM)
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    contact = harness.contact_of(harness.story("one-line"))
    deal_id = harness.make_deal([line], contact, description=OTHER_REALM)

    callback_id = harness.enroll(deal_id, {"realmId": {"property": "description"}, "taxCodeId": "exempt"})
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id, realm_id=OTHER_REALM)
    assert harness.refusals() == []

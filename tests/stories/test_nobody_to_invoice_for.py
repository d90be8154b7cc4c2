"""Nothing can be worked on: the workflow hears it at once and is never left waiting."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness

OTHER_REALM = "9341450000000002"


def assert_answered_at_once(harness: Harness, callback_id: str, code: str) -> str:
    """The answer itself was the outcome: no BLOCK, no run, no call to anybody."""
    told = harness.hubspot_callback(callback_id)
    assert (told["state"], told["execution_state"], told["completed_by"]) == ("completed", "FAIL_CONTINUE", "answer")
    assert told["outputs"]["errorCode"] == code
    assert told["deliveries"][0]["status"] == 200
    assert "BLOCK" not in told["deliveries"][0]["answer"]
    assert harness.work() == 0
    assert harness.calls("quickbooks") == []
    sentence: str = told["outputs"]["errorMessage"]
    return sentence


def test_portal_not_connected(harness: Harness) -> None:
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id)

    assert_answered_at_once(harness, callback_id, "PORTAL_NOT_CONNECTED")
    first = harness.hubspot_callback(callback_id)["deliveries"][0]["answer"]
    # Connected afterwards, the same callback is answered as before; a new one works.
    harness.connect()
    harness.deliver_again(callback_id)
    assert harness.hubspot_callback(callback_id)["deliveries"][1]["answer"] == first
    again = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced_once(again, deal_id)
    assert harness.refusals() == []


def test_unknown_action(harness: Harness) -> None:
    harness.connect()
    callback_id = harness.enroll(harness.story("one-line"), action="brew-coffee")
    assert_answered_at_once(harness, callback_id, "UNKNOWN_ACTION")
    assert harness.refusals() == []


def test_several_realms_and_none_chosen(harness: Harness) -> None:
    harness.connect()
    harness.connect(realm_id=OTHER_REALM)
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id)
    assert_answered_at_once(harness, callback_id, "REALM_NOT_CHOSEN")
    wrong = harness.enroll(deal_id, {"realmId": "9341450000000003"})
    assert_answered_at_once(harness, wrong, "REALM_NOT_CHOSEN")

    chosen = harness.enroll(deal_id, {"realmId": OTHER_REALM, "taxCodeId": "exempt"})
    harness.work()
    harness.assert_invoiced_once(chosen, deal_id, realm_id=OTHER_REALM)
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_each_realm_has_its_own_invoice_of_a_deal(harness: Harness) -> None:
    harness.connect()
    harness.connect(realm_id=OTHER_REALM)
    deal_id = harness.another_deal()

    for realm_id in ("9341450000000001", OTHER_REALM):
        callback_id = harness.enroll(deal_id, {"realmId": realm_id, "taxCodeId": "exempt"})
        harness.work()
        harness.assert_invoiced_once(callback_id, deal_id, realm_id=realm_id)
        harness.pass_time(timedelta(minutes=5))
    assert harness.deal(deal_id)["qbo_invoice_count"] == "2"
    assert harness.refusals() == []


def test_enrolled_object_is_no_deal(harness: Harness) -> None:
    harness.connect()
    contact_id = harness.contact_of(harness.story("one-line"))

    callback_id = harness.enroll("", object_id=contact_id, object_type="contacts")
    harness.work()

    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("FAIL_CONTINUE", "INVALID_INPUT")
    assert harness.invoices() == []
    assert harness.refusals() == []

"""QuickBooks gives no usable answer to a create again and again: it is looked for soon, and made once all the same."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.harness import REALM, Harness

INVOICE = r"/invoice\?"
UNEXPECTED = (
    "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again."
)


def fault(code: str, detail: str = "") -> str:
    """QuickBooks' answer with a code."""
    error = {"Message": "m", "Detail": detail, "code": code, "element": ""}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-11-22T08:00:00-08:00"})


@pytest.mark.parametrize(("status", "answer"), [(500, ""), (504, "<html>"), (400, fault("6000", UNEXPECTED))])
def test_made_and_every_answer_is_an_error(harness: Harness, status: int, answer: str) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("late_status", INVOICE, method="POST", status=status, answer=answer, times=None)

    callback_id = harness.enroll(deal_id)
    took = harness.finish()

    assert took < timedelta(minutes=1)
    harness.assert_invoiced_once(callback_id, deal_id)
    first, second = harness.creates("invoice")
    assert first["requestid"] == second["requestid"]
    assert harness.refusals() == []


def test_not_made_and_every_answer_is_an_error(harness: Harness) -> None:
    """Looked for before each try from the third on; one request id, so that QuickBooks may recognise it."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", INVOICE, method="POST", status=500, times=4)

    callback_id = harness.enroll(deal_id)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    creates = harness.creates("invoice")
    assert (len(creates), len({each["requestid"] for each in creates})) == (5, 1)
    looks = [each for each in harness.calls("quickbooks", f"{REALM}/query") if "MetaData.CreateTime" in each["query"]]
    assert len(looks) == 3
    assert harness.refusals() == []


def test_a_failed_answer_is_repeated_for_ever(harness: Harness) -> None:
    """QuickBooks may keep an answer that failed under its request id: another one takes over within the hour."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(harness.another_deal())
    harness.work()
    harness.set_sandbox(quickbooks={"requestid_replays_failures": True})
    harness.change_realm(write_fault="10000")
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.change_realm(write_fault=None)
    took = harness.finish()

    assert took < timedelta(minutes=75)
    harness.assert_invoiced_once(callback_id, deal_id)
    assert len({each["requestid"] for each in harness.creates("invoice")[1:]}) == 2
    assert harness.refusals() == []


def test_request_id_is_used_up_and_nothing_is_there(harness: Harness) -> None:
    """Code 600 again and again: another request id, once nothing can be under way under the old one."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", INVOICE, method="POST", status=500)
    callback_id = harness.enroll(deal_id)
    harness.work()
    (first,) = harness.creates("invoice")
    used_up = f"requestid={first['requestid']}"
    harness.trouble("status", used_up, method="POST", status=400, answer=fault("600"), times=None)

    took = harness.finish()

    assert timedelta(seconds=120) < took < timedelta(minutes=5)
    harness.assert_invoiced_once(callback_id, deal_id)
    *before, last = harness.creates("invoice")
    assert [each["requestid"] for each in before] == [first["requestid"]] * 3
    assert last["requestid"] != first["requestid"]
    states = harness.rows(
        "SELECT generation, state FROM reservations WHERE callback_id = :id ORDER BY 1", id=callback_id
    )
    assert [tuple(row) for row in states] == [(1, "replaced"), (2, "created")]
    assert harness.refusals() == []


def test_made_and_answered_with_600(harness: Harness) -> None:
    """Looked for at once: QuickBooks has said that there is something to be found."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("late_status", INVOICE, method="POST", status=400, answer=fault("600"), times=None)

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_an_answer_that_belongs_to_another_write(harness: Harness) -> None:
    """Somebody else's invoice under our request id: ours is made under another one."""
    harness.connect()
    other = harness.another_deal()
    harness.enroll(other)
    harness.work()
    (theirs,) = harness.invoices_of(other)
    deal_id = harness.another_deal()
    harness.trouble("status", INVOICE, method="POST", status=200, answer=json.dumps({"Invoice": theirs}), times=2)

    callback_id = harness.enroll(deal_id)
    took = harness.finish()

    assert took < timedelta(minutes=5)
    harness.assert_invoiced_once(callback_id, deal_id)
    _, first, second, third = harness.creates("invoice")
    assert first["requestid"] == second["requestid"] != third["requestid"]


@pytest.mark.parametrize("kind", ["late_status", "status"])
def test_a_duplicate_is_ours_or_a_refusal(harness: Harness, kind: str) -> None:
    """Code 630: something has what must be unique. Where that is our own, it is found by its mark."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble(kind, INVOICE, method="POST", status=400, answer=fault("630"))

    callback_id = harness.enroll(deal_id)
    harness.work()

    if kind == "late_status":
        harness.assert_invoiced_once(callback_id, deal_id)
    else:
        assert "too much like it" in harness.assert_refused(callback_id, deal_id, "QBO_REJECTED")
        assert harness.invoices_of(deal_id) == []
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_worker_ended_in_the_middle_and_the_request_id_is_forgotten(harness: Harness) -> None:
    """Nobody wrote down how the call ended, nor knows how long ago that was: looked for before it is sent again."""
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", INVOICE, method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    with harness.stores.database.write() as tx:  # as the starter counts it
        tx.execute(sa.text("UPDATE callbacks SET crashes = 1 WHERE callback_id = :id"), {"id": callback_id})
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_mailed_invoice_is_not_made_again_when_its_request_id_is_forgotten(harness: Harness) -> None:
    """It is made, its e-mail's answer is lost, and minutes later its request id means nothing any more."""
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", r"/send\?", method="POST")

    callback_id = harness.enroll(deal_id, {"send": "now"})
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []

"""Workflows: an action, a wait for a property, a branch, an e-mail and a Slack message."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot_caller import DEALS, US, Caller, Receiver, wait_for

STATUS = {"groupName": "dealinformation", "name": "qbo_invoice_status", "label": "Status", "type": "string",
          "fieldType": "text"}  # fmt: skip
STEPS: list[dict[str, Any]] = [
    {"action": "create-invoice", "inputs": {"billTo": "primary_contact"}},
    {
        "branch": {
            "output": "errorCode",
            "is_known": True,
            "then": [{"post_to_slack": {"channel": "#billing", "text": "{{dealname}}: {{output.errorCode}}"}}],
            "else": [
                {"wait_until": {"property": "qbo_invoice_status", "in": ["overdue", "paid"]}},
                {"branch": {"property": "qbo_invoice_status", "equals": "overdue",
                            "then": [{"send_email": {"to": "{{contact.email}}",
                                                     "subject": "Invoice {{output.invoiceNumber}} is late"}},
                                     {"action": "send-invoice"}]}},
            ],
        }
    },
]  # fmt: skip


def test_an_invoice_that_becomes_overdue(hubspot: Caller, receiver: Receiver) -> None:
    hubspot.post("/crm/properties/2026-03/deals", STATUS)
    workflow = hubspot.control("workflows", {"portal_id": US, "name": "Dunning", "steps": STEPS})["workflow_id"]
    outputs = {"hs_execution_state": "SUCCESS", "invoiceNumber": "1042"}
    receiver.always = (200, {}, {"outputFields": outputs})
    deal = hubspot.story("one-line")
    hubspot.control(f"workflows/{workflow}/enroll", {"deal_id": deal})

    def enrolment() -> dict[str, Any]:
        return dict(hubspot.control("workflows")["workflows"][0]["enrolments"][0])

    wait_for(lambda: enrolment()["waits_for"] == "qbo_invoice_status")
    assert receiver.received[0]["json"]["context"]["workflowId"] == workflow
    hubspot.patch(f"{DEALS}/{deal}", {"properties": {"qbo_invoice_status": "sent"}})
    assert hubspot.control("outbox")["sent"] == []
    hubspot.patch(f"{DEALS}/{deal}", {"properties": {"qbo_invoice_status": "overdue"}})
    wait_for(lambda: enrolment()["state"] == "done")
    mail = hubspot.control("outbox")["sent"][0]
    assert (mail["to"], mail["subject"]) == ("Birds@intuit.com", "Invoice 1042 is late")
    assert [sent["path"] for sent in receiver.received] == [
        "/hubspot/actions/create-invoice",
        "/hubspot/actions/send-invoice",
    ]
    assert receiver.received[1]["json"]["callbackId"].endswith("-2-0")


def test_a_failure_goes_to_slack(hubspot: Caller, receiver: Receiver) -> None:
    workflow = hubspot.control("workflows", {"steps": STEPS})["workflow_id"]
    receiver.always = (200, {}, {"outputFields": {"hs_execution_state": "FAIL_CONTINUE", "errorCode": "NO_CUSTOMER"}})
    hubspot.control(f"workflows/{workflow}/enroll", {"deal_id": hubspot.story("no-contact")})
    sent = wait_for(lambda: hubspot.control(f"outbox?portal={US}")["sent"])
    assert (sent[0]["channel"], sent[0]["text"]) == ("#billing", "Nobody to send it to: NO_CUSTOMER")


def test_a_property_triggers_and_re_enrols(hubspot: Caller) -> None:
    hubspot.post("/crm/properties/2026-03/deals", STATUS)
    tell = [{"post_to_slack": {"channel": "#late", "text": "{{dealname}} is {{qbo_invoice_status}}"}}]
    trigger = {"property": "qbo_invoice_status", "in": ["overdue"]}
    hubspot.control("workflows", {"steps": tell, "trigger": trigger})
    hubspot.control("workflows", {"steps": tell, "trigger": trigger, "re_enroll": False})
    path = f"{DEALS}/{hubspot.story('one-line')}"
    for status in ("sent", "overdue", "overdue", "paid", "overdue"):
        hubspot.patch(path, {"properties": {"qbo_invoice_status": status}})
    texts = [each["text"] for each in hubspot.control("outbox")["sent"]]
    assert texts == ["Fountain for Amy's aviary is overdue"] * 3


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"dance": {}}],
        [{"action": 5}],
        [{"action": "create-invoice", "retries": 5}],
        [{"branch": {"property": "x", "equals": "y", "maybe": []}}],
        [{"send_email": {"from": "me"}}],
    ],
)
def test_a_workflow_nobody_can_run_is_refused(hubspot: Caller, steps: list[Any]) -> None:
    answer = hubspot.http.post("/_sandbox/hubspot/workflows", json={"steps": steps})
    assert answer.status_code == 400

"""The worker is killed in every other action's write, after the vendor has done it: each is done once.

A tenant for each write; all of them are inside their calls when the one worker is killed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.crash.checks import check_rows_completed
from tests.crash.processes import INPUTS, Installation, Tenant
from tests.crash.test_worker_killed_at_each_call import MOMENTS

pytestmark = pytest.mark.slow

# So long no answer comes: until the slowest run is in its call too.
HELD_SECONDS = 15.0
# What the vendor has not done yet arrives so long after it was sent, beside the repetition.
LATE_SECONDS = 3.0
PHONE = "555-0199"
TOLD_AS = {
    "Estimate": "estimateId",
    "SalesReceipt": "salesReceiptId",
    "CreditMemo": "creditMemoId",
    "Customer": "customerId",
}


@dataclass(frozen=True, slots=True)
class Write:
    """A write of an action and what it leaves. `path`: {realm} and {deal} are filled in.

    `made`: what the books have more than before; `changed`: what has been written once more in them.
    """

    action: str
    path: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    body: str = ""
    made: Mapping[str, int] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    another_deal: bool = False


WRITES = {
    "estimate": Write("create-estimate", r"/{realm}/estimate\?", made={"Estimate": 1}),
    "receipt": Write("create-sales-receipt", r"/{realm}/salesreceipt\?", made={"SalesReceipt": 1}),
    "memo": Write("create-credit-memo", r"/{realm}/creditmemo\?", made={"CreditMemo": 1}),
    "credit": Write(
        "create-credit-memo",
        r"/{realm}/payment\?",
        {"applyTo": "deal_invoice"},
        made={"CreditMemo": 1, "Payment": 1},
        changed=("Invoice",),
    ),
    "void": Write("void-invoice", r"/{realm}/invoice\?.*operation=void", changed=("Invoice",)),
    "update": Write("update-invoice", r"/{realm}/invoice\?", {"messageToCustomer": "Thank you!"}, changed=("Invoice",)),
    # A run is in one of them each: the first upload is held, so that the other run comes to its note.
    "file": Write("attach-invoice-pdf", "/files/2026-03/files"),
    "note": Write("attach-invoice-pdf", r"/objects/2026-03/notes\?", body="hs_attachment_ids"),
    "customer": Write("create-or-update-customer", r"/{realm}/customer\?", made={"Customer": 1}, another_deal=True),
    "phone": Write("create-or-update-customer", r"/{realm}/customer\?", changed=("Customer",)),
    # Nothing is written to the books: the invoice is shown on its deal.
    "adopted": Write("adopt-invoice", r"/deals/{deal}\?", method="PATCH", another_deal=True),
}


@dataclass(slots=True)
class Work:
    """What a write is done to, and the books before it."""

    tenant: Tenant
    deal_id: str
    inputs: dict[str, str]
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(installation: Installation, moment: str) -> None:
    """All that was asked for is there once: in the books, on the deal and in the workflow."""
    installation.set_sandbox(quickbooks={"refresh_grace_seconds": 60})
    # A note that has not come is waited for, a minute: see the story of the attached PDF.
    writes = {name: write for name, write in WRITES.items() if name != "note" or moment == "after"}
    works = prepare(installation, writes)
    seconds = LATE_SECONDS if moment == "during" else HELD_SECONDS
    struck = {
        name: installation.trouble(
            MOMENTS[moment],
            write.path.format(realm=works[name].tenant.realm_id, deal=works[name].deal_id),
            method=write.method,
            body=write.body,
            seconds=seconds,
        )
        for name, write in writes.items()
    }

    asked = {name: enroll(installation, works[name], write.action) for name, write in writes.items()}
    installation.wait_for(
        lambda: all(hits() == 1 for hits in struck.values()), "the worker to be in each call", HELD_SECONDS
    )
    arrived_at = time.monotonic() + LATE_SECONDS + 0.5
    installation.worker.kill()
    installation.start_worker()
    installation.wait_until_completed(list(asked.values()))

    if moment == "during":
        time.sleep(max(0.0, arrived_at - time.monotonic()))
    check_rows_completed(installation, asked.values())
    for name, callback_id in asked.items():
        told = installation.hubspot_callback(callback_id)
        assert (told["state"], told["execution_state"]) == ("completed", "SUCCESS"), (name, told["outputs"])
        assert told["effective_completions"] == (0 if told["completed_by"] == "answer" else 1), name
        assert not told["outputs"].get("errorCode"), (name, told["outputs"])
        check_books(installation, name, works[name])
        check_told(installation, name, works[name], told["outputs"])
    assert installation.new_refusals() == []


def prepare(installation: Installation, writes: Mapping[str, Write]) -> dict[str, Work]:
    """A tenant for each write, with an invoice of its deal; another deal where it wants one."""
    works = {}
    for name in writes:
        tenant = installation.take_tenant()
        works[name] = Work(tenant, installation.make_deal(tenant, str(tenant.portal_id)), dict(INPUTS))
    installation.wait_until_completed([enroll(installation, work, "create-invoice") for work in works.values()])
    contact_id = read_deal(installation, works["phone"])["associations"]["contacts"][0]
    portal_id = works["phone"].tenant.portal_id
    path = f"/hubspot/objects/{portal_id}/contacts/{contact_id}"
    installation.ask_sandbox("PATCH", path, {"properties": {"phone": PHONE}})
    for name, write in writes.items():
        work = works[name]
        work.inputs = dict(write.inputs)
        if write.another_deal:
            work.deal_id = installation.make_deal(work.tenant, f"other {work.tenant.portal_id}")
    adopted = works["adopted"]
    (invoice,) = installation.invoices(adopted.tenant)
    act = {"act": "create_invoice", "customer_id": invoice["CustomerRef"]["value"], "amount": "80"}
    path = f"/quickbooks/realms/{adopted.tenant.realm_id}/acts"
    adopted.inputs["invoiceId"] = installation.ask_sandbox("POST", path, act)["Id"]
    for work in works.values():
        work.before = installation.books(work.tenant)
    return works


def enroll(installation: Installation, work: Work, action: str) -> str:
    return installation.enroll(work.tenant, work.deal_id, inputs=work.inputs, action=action)[0]


def read_deal(installation: Installation, work: Work) -> dict[str, Any]:
    found: dict[str, Any] = installation.ask_sandbox(
        "GET", f"/hubspot/objects/{work.tenant.portal_id}/deals/{work.deal_id}"
    )
    return found


def check_books(installation: Installation, name: str, work: Work) -> None:
    """What the action makes was made once, what it changes was changed once, and nothing else in the realm."""
    before, after = versions(work.before), versions(installation.books(work.tenant))
    made = Counter(kind for kind, _ in after.keys() - before.keys())
    changed = Counter({(kind, key): after[kind, key] - before[kind, key] for kind, key in before})
    assert made == WRITES[name].made, name
    assert sorted(kind for kind, _ in changed.elements()) == sorted(WRITES[name].changed), name
    assert before.keys() <= after.keys(), name


def versions(books: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """How often each object of a realm was written."""
    return {
        (kind, str(each["Id"])): int(each["SyncToken"])
        for kind, rows in books.items()
        if isinstance(rows, list)
        for each in rows
        if "SyncToken" in each
    }


def check_told(installation: Installation, name: str, work: Work, outputs: Mapping[str, str]) -> None:
    """What the workflow and the deal are told is what the books and the portal have."""
    books, deal, action = installation.books(work.tenant), read_deal(installation, work), WRITES[name].action
    for kind in WRITES[name].made:
        if kind in TOLD_AS:
            old = {each["Id"] for each in work.before[kind]}
            assert [each["Id"] for each in books[kind] if each["Id"] not in old] == [outputs[TOLD_AS[kind]]], name
    if action in ("void-invoice", "update-invoice", "attach-invoice-pdf", "adopt-invoice"):
        shown = deal["properties"]
        told = (outputs["invoiceId"], outputs["invoiceStatus"])
        assert (shown["qbo_invoice_id"], shown["qbo_invoice_status"]) == told, name
    if action == "void-invoice":
        assert outputs["invoiceStatus"] == "voided"
    if action == "attach-invoice-pdf":
        # Uploaded again, it is the same file; a note more would be seen by everybody.
        assert deal["associations"]["notes"] == [outputs["noteId"]], name
    if action == "adopt-invoice":
        assert outputs["invoiceId"] == work.inputs["invoiceId"]

"""The worker is killed at each call of sending an invoice and of recording a payment: each happens once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash.conftest import DATABASES
from tests.crash.processes import INPUTS, Installation, Tenant, running
from tests.crash.test_worker_killed_at_each_call import HELD_SECONDS, MOMENTS, Call
from tests.databases import Databases

pytestmark = pytest.mark.slow

# Whether QuickBooks knows request ids of sends is not documented: here it does not.
SETTINGS = {"quickbooks": {"refresh_grace_seconds": 60, "requestid_send_void": "ignored"}}
# So long an e-mail is on its way: the next worker looks, and sees nothing, before it has gone out.
SENDING_SECONDS = 4.0
READ = Call("invoice read", r"/invoice/\d+\?", "GET")
TOLD = (
    Call("deal update", "/crm/objects/2026-03/deals/", "PATCH"),
    Call("callback completion", "/automation/actions/callbacks/2026-03/"),
)
CALLS = {
    "send-invoice": (READ, Call("send", r"/invoice/\d+/send"), *TOLD),
    "record-payment": (READ, Call("payment create", r"/payment\?"), *TOLD),
}


@pytest.fixture(scope="module", params=DATABASES)
def impatient(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation whose workers look soon whether an e-mail was sent."""
    url, directory = databases.fresh(request.param), tmp_path_factory.mktemp("impatient")
    with running(url, directory, nursery="tests.crash.impatient_worker", settings=SETTINGS) as made:
        yield made
    databases.drop(url)


@pytest.mark.parametrize(
    ("action", "call"),
    [(action, call) for action, calls in CALLS.items() for call in calls],
    ids=lambda part: part if isinstance(part, str) else part.name.replace(" ", "-"),
)
def test_killed(impatient: Installation, action: str, call: Call) -> None:
    """Three runs of three tenants are inside the same call, each at another moment of it."""
    impatient.repair()
    impatient.set_sandbox(**SETTINGS)
    work = invoiced_deals(impatient, len(MOMENTS))
    seconds = SENDING_SECONDS if call.name == "send" else HELD_SECONDS
    struck = [impatient.trouble(kind, call.path, method=call.method, seconds=seconds) for kind in MOMENTS.values()]

    asked = [impatient.enroll(tenant, deal_id, action=action)[0] for tenant, deal_id in work]
    impatient.wait_for(
        lambda: all(hits() == 1 for hits in struck), f"the worker to call: {call.name}", 15, callback_id=asked[0]
    )
    arrived_at = time.monotonic() + seconds + 0.5
    impatient.worker.kill()
    impatient.start_worker()
    impatient.wait_until_completed(asked)
    # What was on its way has arrived by then, beside whatever was repeated.
    time.sleep(max(0.0, arrived_at - time.monotonic()))

    check = {"send-invoice": check_sent_once, "record-payment": check_paid_once}[action]
    for callback_id, (tenant, deal_id) in zip(asked, work, strict=True):
        told = impatient.hubspot_callback(callback_id)
        assert (told["state"], told["execution_state"]) == ("completed", "SUCCESS"), told["outputs"]
        assert told["effective_completions"] == (0 if told["completed_by"] == "answer" else 1)
        check(impatient, tenant, told["outputs"])
        assert impatient.deal(tenant, deal_id)["qbo_invoice_status"] == told["outputs"]["invoiceStatus"]
    assert impatient.new_refusals() == []


def invoiced_deals(installation: Installation, number: int) -> list[tuple[Tenant, str]]:
    """Deals of so many tenants, each with its invoice."""
    made = [installation.take_tenant() for _ in range(number)]
    work = [(tenant, installation.make_deal(tenant, str(tenant.portal_id))) for tenant in made]
    installation.wait_until_completed([installation.enroll(*each, inputs=INPUTS)[0] for each in work])
    return work


def check_sent_once(installation: Installation, tenant: Tenant, outputs: dict[str, Any]) -> None:
    """Each e-mail counts one up: created with 0, sent with 1."""
    (invoice,) = installation.invoices(tenant)
    assert (invoice["Id"], invoice["EmailStatus"], invoice["SyncToken"]) == (outputs["invoiceId"], "EmailSent", "1")


def check_paid_once(installation: Installation, tenant: Tenant, outputs: dict[str, Any]) -> None:
    """One payment of ours, and nothing left open."""
    ours = [each for each in installation.books(tenant)["Payment"] if "[hs:" in (each.get("PrivateNote") or "")]
    assert [each["Id"] for each in ours] == [outputs["paymentId"]]
    (invoice,) = installation.invoices(tenant)
    assert (invoice["Balance"], outputs["invoiceStatus"]) == (0, "paid")

"""One deal ends the worker whenever it is worked on: it is given up in the end, and all others are invoiced."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from service.clock import SystemClock
from service.ids import CallbackId, PortalId
from tests.crash.conftest import DATABASES
from tests.crash.processes import INPUTS, Installation, running
from tests.databases import Databases

pytestmark = pytest.mark.slow

# A token that is lost with the worker is another test.
SETTINGS = {"quickbooks": {"refresh_grace_seconds": 60}}


@pytest.fixture(params=DATABASES)
def doomed(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation whose workers die of one deal."""
    url = databases.fresh(request.param)
    with running(
        url, tmp_path_factory.mktemp("doomed"), nursery="tests.crash.deadly_worker", settings=SETTINGS
    ) as made:
        yield made
    databases.drop(url)


def test_given_up(doomed: Installation) -> None:
    tenant, others = doomed.add_tenant(deals=12)
    deadly = doomed.make_deal(tenant, "deadly")
    (doomed.directory / "workers" / "deadly").write_text(deadly)
    (victim,) = doomed.enroll(tenant, deadly, inputs=INPUTS)
    asked = dict(zip(doomed.enroll(tenant, *others), others, strict=True))

    deaths, end = 0, time.monotonic() + 100
    while doomed.hubspot_callback(victim)["state"] in ("sent", "blocked"):
        assert time.monotonic() < end, doomed.evidence(victim)
        if not doomed.worker.alive:
            deaths += 1
            doomed.worker.start()
        # It waits longer after every death; an operator may hurry it, and so do we.
        row = doomed.stores.callbacks.find(PortalId(tenant.portal_id), CallbackId(victim))
        if row is not None and row.state == "waiting":
            doomed.stores.callbacks.replay(row, row.deadline_at, SystemClock().now())
        time.sleep(0.02)

    told = doomed.hubspot_callback(victim)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("FAIL_CONTINUE", "INTERNAL_ERROR")
    assert told["effective_completions"] == 1
    assert 3 <= deaths <= 12
    assert doomed.deal(tenant, deadly)["qbo_invoice_error"]
    doomed.wait_until_completed(list(asked))
    assert all(doomed.hubspot_callback(callback_id)["execution_state"] == "SUCCESS" for callback_id in asked)
    assert len(doomed.invoices(tenant)) == len(others)
    assert doomed.new_refusals() == []

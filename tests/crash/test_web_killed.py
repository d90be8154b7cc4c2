"""The web process is killed: before and after it has written a callback down, and again and again under load."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

import pytest

from tests.crash.checks import check_every_answer_has_its_row, check_invoiced_once
from tests.crash.processes import Installation, Process

pytestmark = pytest.mark.slow

WORD = "die"  # see dying_web
GUNICORN = ["-m", "gunicorn", "-c", "python:service.web.server", "tests.crash.dying_web:app"]


@pytest.fixture
def dying_web(installation: Installation) -> Iterator[Process]:
    """In the place of the web process, one that dies at a word."""
    installation.web.kill()
    directory = installation.directory / "dying"
    made = Process("dying-web", GUNICORN, installation.environment, directory)
    made.start()
    installation.wait_for(installation.web_ready, "the dying web process")
    yield made
    made.kill()


@pytest.mark.parametrize("early", ["accept", "404"])
@pytest.mark.parametrize(("moment", "rows"), [("before", 0), ("after", 1)])
def test_killed_before_it_answers(
    installation: Installation, dying_web: Process, moment: str, rows: int, early: str
) -> None:
    """`early`: whether HubSpot takes a completion before it has our BLOCK."""
    installation.set_sandbox(hubspot={"early_completion": early, "redelivery_seconds": 1.0})
    tenant = installation.take_tenant()
    deal_id = installation.make_deal(tenant, str(tenant.portal_id))
    (installation.directory / "dying" / WORD).write_text(moment)

    (callback_id,) = installation.enroll(tenant, deal_id)
    installation.wait_for(lambda: not dying_web.alive, "the end of the web process")
    assert len(installation.rows("SELECT 1 FROM callbacks WHERE callback_id = :id", id=callback_id)) == rows
    assert all(each["status"] is None for each in installation.hubspot_callback(callback_id)["deliveries"])

    installation.restart_web()
    installation.wait_until_completed([callback_id])
    check_invoiced_once(installation, tenant, {callback_id: deal_id})
    assert len(installation.rows("SELECT 1 FROM callbacks WHERE callback_id = :id", id=callback_id)) == 1


def test_killed_under_load(installation: Installation) -> None:
    luck, deals = random.Random(3), {}
    tenants = [installation.add_tenant(deals=15) for _ in range(4)]
    begun = time.monotonic()
    for number in range(15):
        for tenant, deal_ids in tenants:
            (callback_id,) = installation.enroll(tenant, deal_ids[number])
            deals[callback_id] = (tenant, deal_ids[number])
        if number % 3 == 2:
            time.sleep(luck.uniform(0, 0.1))
            installation.web.kill()
            check_every_answer_has_its_row(installation)
            installation.restart_web()
    assert time.monotonic() - begun < 60

    installation.wait_until_completed(list(deals), seconds=60)
    for tenant, _ in tenants:
        check_invoiced_once(
            installation, tenant, {key: deal for key, (whose, deal) in deals.items() if whose == tenant}
        )
    check_every_answer_has_its_row(installation)


def test_delivered_again_answered_alike(installation: Installation) -> None:
    tenant = installation.take_tenant()
    deal_id = installation.make_deal(tenant, str(tenant.portal_id))
    installation.worker.kill()
    (callback_id,) = installation.enroll(tenant, deal_id)
    installation.wait_for(lambda: installation.hubspot_callback(callback_id)["state"] == "blocked", "BLOCK")
    installation.web.kill()
    installation.restart_web()
    assert {_answer(installation, callback_id)["hs_execution_state"] for _ in range(3)} == {"BLOCK"}

    installation.start_worker()
    installation.wait_until_completed([callback_id])
    outputs = installation.hubspot_callback(callback_id)["outputs"]
    installation.web.kill()
    installation.restart_web()
    assert _answer(installation, callback_id) == {**outputs, "hs_execution_state": "SUCCESS"}
    check_invoiced_once(installation, tenant, {callback_id: deal_id})


def _answer(installation: Installation, callback_id: str) -> dict[str, str]:
    """What one more delivery is answered."""
    before = len(installation.hubspot_callback(callback_id)["deliveries"])
    installation.ask_sandbox("POST", f"/hubspot/callbacks/{callback_id}/deliver", {"times": 1})

    def deliveries() -> list[dict[str, object]]:
        found: list[dict[str, object]] = installation.hubspot_callback(callback_id)["deliveries"]
        return found

    installation.wait_for(lambda: len(deliveries()) > before and deliveries()[-1]["status"] is not None, "an answer")
    fields: dict[str, str] = json.loads(str(deliveries()[-1]["answer"]))["outputFields"]
    return fields

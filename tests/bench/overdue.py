"""Thousands of invoices fall overdue at one midnight: how many calls HubSpot gets, and how long its limit makes it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from service.ids import DealId, PortalId, RealmId
from service.store.invoices import Invoices
from service.workflows.view_invoice import known_invoice
from tests.bench.follow import CALM_SECONDS, wait_until
from tests.bench.stage import Stage
from tests.bench.town import Pair, Town

BATCH = "/deals/batch/update"
FIRST_INVOICE = 900_000


def measure_overdue(kind: str, invoices: int) -> dict[str, Any]:
    """Open invoices of as many deals, due yesterday, met by a worker that starts. Raises: RuntimeError."""
    with Stage(kind) as stage:
        stage.start_sandbox()
        town = Town(stage, 1, invoices)
        (pair,) = town.pairs
        # A first life of the worker meets the portal: properties, settings, lists.
        stage.start_worker()
        _wait_for_calm(town)
        _fill(stage, pair)
        before = len(town.calls())
        wait_until(lambda: _written(town, before) >= -(-invoices // 100), "the deals", 120.0)
        calls = [each for each in town.calls()[before:] if each["path"].endswith(BATCH)]
        began, ended = min(each["at"] for each in calls), max(each["at"] for each in calls)
        last = town.ask("GET", f"/hubspot/objects/{pair.portal_id}/deals/{pair.deals[-1]}")["properties"]
        if last["qbo_invoice_status"] != "overdue":
            raise RuntimeError(f"the last deal says {last['qbo_invoice_status']}")
        return {"invoices": invoices, "calls": len(calls), "seconds": ended - began}


def describe_overdue(kind: str, found: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    return (
        f"overdue, {kind}: {found['invoices']} invoices at one midnight\n"
        f"  {found['calls']} calls to HubSpot in {found['seconds']:.1f} s, under its limit of 110 in 10 s"
    )


def _fill(stage: Stage, pair: Pair) -> None:
    """As if each deal had been invoiced a month ago."""
    now = datetime.now(UTC)
    yesterday = now.date() - timedelta(days=2)
    table = Invoices(stage.stores.database)
    with stage.stores.database.write() as tx:
        for number, deal_id in enumerate(pair.deals):
            entity = {
                "Id": str(FIRST_INVOICE + number), "SyncToken": "0", "DocNumber": str(number), "TotalAmt": 150,
                "Balance": 150, "DueDate": yesterday.isoformat(), "CustomerRef": {"value": "1", "name": "Amy"},
            }  # fmt: skip
            row = known_invoice(
                entity, PortalId(pair.portal_id), RealmId(pair.realm_id), DealId(str(deal_id)), None, yesterday, now
            )
            table.keep(tx, row)


def _written(town: Town, before: int) -> int:
    return sum(each["path"].endswith(BATCH) for each in town.calls()[before:])


def _wait_for_calm(town: Town) -> None:
    counted, since = -1, time.monotonic()
    while time.monotonic() - since < CALM_SECONDS:
        now = town.count_calls()
        if now != counted:
            counted, since = now, time.monotonic()
        time.sleep(0.2)

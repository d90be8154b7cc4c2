"""How long it takes from QuickBooks' webhook to the deal's property, and the vendor calls within that time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.bench.stage import Stage
from tests.bench.town import Pair, Town, describe_calls

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.005
# Webhooks of what the enrolling did have been followed by then.
CALM_SECONDS = 3.0


def measure_follow(kind: str, payments: int) -> dict[str, Any]:
    """One payment after the other, each on an invoice of its own. Raises: RuntimeError when one never shows."""
    with Stage(kind) as stage:
        stage.start_sandbox()
        town = Town(stage, 1, payments)
        stage.start_web()
        stage.start_worker()
        (pair,) = town.pairs
        heard = {"url": f"{stage.web_url}/quickbooks/webhooks", "enabled": True, "gather_seconds": 0.0}
        deals = list(pair.deals)
        town.enroll(pair, payments)
        wait_until(lambda: town.count_states().get("completed", 0) >= payments, "the invoices")
        town.ask("POST", "/quickbooks/webhooks", heard)
        time.sleep(CALM_SECONDS)
        before = len(town.calls())
        waits = sorted(_pay(town, pair, deal_id) for deal_id in deals)
        calls = describe_calls(town.calls()[before:])
        return {
            "payments": payments,
            "p50_seconds": waits[len(waits) // 2],
            "p99_seconds": waits[int(len(waits) * 0.99)],
            "calls": calls,
        }


def describe_follow(kind: str, found: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    per = {vendor: own["calls"] / found["payments"] for vendor, own in found["calls"].items()}
    return "\n".join(
        (
            f"follow, {kind}: {found['payments']} payments, one after the other",
            f"  webhook to deal   median {found['p50_seconds']:.2f} s, p99 {found['p99_seconds']:.2f} s",
            f"  vendor calls      QuickBooks {per['quickbooks']:.2f}, HubSpot {per['hubspot']:.2f} for each",
        )
    )


def _pay(town: Town, pair: Pair, deal_id: int) -> float:
    """Seconds from the payment in QuickBooks to the deal that says so."""
    invoice_id = _shown(town, pair, deal_id)["qbo_invoice_id"]
    town.ask("POST", f"/quickbooks/realms/{pair.realm_id}/acts", {"act": "receive_payment", "invoice_id": invoice_id})
    began = time.monotonic()
    wait_until(lambda: _shown(town, pair, deal_id)["qbo_invoice_status"] == "paid", f"deal {deal_id}")
    return time.monotonic() - began


def _shown(town: Town, pair: Pair, deal_id: int) -> dict[str, Any]:
    found: dict[str, Any] = town.ask("GET", f"/hubspot/objects/{pair.portal_id}/deals/{deal_id}")["properties"]
    return found


def wait_until(happened: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Until something is so. Raises: RuntimeError."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds:.0f} s for {what}")
        time.sleep(LOOK_SECONDS)

"""The way back, told in the demo: what happens in QuickBooks shows on the deal within a second or so."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from service.demo.evidence import US, Evidence
from service.demo.processes import Processes

PATIENCE_SECONDS = 30.0


class WayBack:
    """Acts of people in QuickBooks, and the deal after each."""

    def __init__(self, processes: Processes, evidence: Evidence) -> None:
        self._processes, self._evidence = processes, evidence

    def subscribe(self) -> None:
        """Have QuickBooks send its webhooks to the service."""
        url = f"{self._processes.service_url}/quickbooks/webhooks"
        self._processes.ask("POST", "/quickbooks/webhooks", {"url": url, "enabled": True})

    def live(self, deal_id: str) -> list[str]:
        """The life of a deal's invoice; returns what was seen of it, a line each. Raises: RuntimeError."""
        (invoice,) = self._evidence.sales_of(deal_id)
        half, passed = round(float(invoice["TotalAmt"]) / 2, 2), datetime.now(UTC).date() - timedelta(days=2)
        overdue = {"DueDate": passed.isoformat()}
        story: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
            ("is sent to the customer", "sent", "send_invoice", {"to": "amy@example.com"}),
            ("is opened by the customer", "viewed", "view_invoice", {}),
            (f"is paid in part ({half})", "partially_paid", "receive_payment", {"amount": half}),
            (f"gets a due date that has passed ({passed})", "overdue", "edit_invoice", {"changes": overdue}),
            ("is paid", "paid", "receive_payment", {}),
        )
        seen = []
        for what, status, act, more in story:
            asked = {"act": act, "invoice_id": invoice["Id"], **more}
            self._processes.ask("POST", f"/quickbooks/realms/{US.realm}/acts", asked)
            seconds = self._wait_for(deal_id, status)
            deal = self._evidence.deal(deal_id)
            balance, late = deal["qbo_invoice_balance"], deal["qbo_invoice_days_overdue"]
            seen.append(f"{what}: {status}, balance {balance}, days overdue {late}   after {seconds:.1f} s")
        return seen

    def _wait_for(self, deal_id: str, status: str) -> float:
        """Seconds until the deal says so."""
        began = time.monotonic()
        while self._evidence.deal(deal_id)["qbo_invoice_status"] != status:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise RuntimeError(f"waited {PATIENCE_SECONDS:.0f} s for the deal to say {status}")
            time.sleep(0.05)
        return time.monotonic() - began

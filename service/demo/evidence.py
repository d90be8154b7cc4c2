"""What both vendors hold, read from the sandbox's books and never from the service's own log."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from service.demo.processes import Processes

PORTAL = "20000001"
REALM = "9341450000000001"


class Evidence:
    """HubSpot's side and QuickBooks' side of what the service did."""

    def __init__(self, processes: Processes) -> None:
        self._ask = processes.ask

    def deal_id(self, story: str) -> str:
        """The id of a seeded deal."""
        return str(self._ask("GET", "/hubspot/stories")[PORTAL][story])

    def deal(self, deal_id: str) -> dict[str, Any]:
        """The deal's properties in HubSpot."""
        properties: dict[str, Any] = self._object("deals", deal_id)["properties"]
        return properties

    def line_items(self, deal_id: str) -> list[dict[str, Any]]:
        """The deal's line items in HubSpot."""
        ids = self._object("deals", deal_id)["associations"].get("line_items", {})
        return [self._object("line_items", line_item_id)["properties"] for line_item_id in ids]

    def callback(self, callback_id: str) -> dict[str, Any]:
        """What HubSpot knows of a callback."""
        found: dict[str, Any] = self._ask("GET", f"/hubspot/callbacks/{callback_id}")
        return found

    def callbacks(self) -> list[dict[str, Any]]:
        """Every callback HubSpot ever gave out."""
        found: list[dict[str, Any]] = self._ask("GET", f"/hubspot/callbacks?portal={PORTAL}")["callbacks"]
        return found

    def invoices(self) -> list[dict[str, Any]]:
        """The invoices in QuickBooks that carry a mark of ours."""
        found = self._ask("GET", f"/quickbooks/realms/{REALM}/books")["Invoice"]
        return [each for each in found if "[hs:" in (each.get("PrivateNote") or "")]

    def invoices_of(self, deal_id: str) -> list[dict[str, Any]]:
        """Those made for one deal."""
        return [each for each in self.invoices() if f"HubSpot deal {deal_id} " in each["PrivateNote"]]

    def wait_until_ended(self, callback_id: str, seconds: float = 60) -> dict[str, Any]:
        """The callback once the workflow may go on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.callback(callback_id)
            if found["state"] in ("completed", "expired", "failed"):
                return found
            time.sleep(0.1)
        raise RuntimeError(f"{callback_id} was not completed in {seconds:.0f} s")

    def disagreements(self) -> list[str]:
        """Where books and deals do not agree; empty when all is as promised."""
        wrong: list[str] = []
        invoices = {each["Id"]: each for each in self.invoices()}
        claimed: dict[str, str] = {}
        for callback in self.callbacks():
            name, invoice_id = callback["callback_id"], callback["outputs"].get("invoiceId")
            if callback["effective_completions"] != 1:
                wrong.append(f"{name} was completed {callback['effective_completions']} times")
            if callback["execution_state"] == "SUCCESS":
                if invoice_id not in invoices:
                    wrong.append(f"{name} succeeded, but invoice {invoice_id} is not in the books")
                elif self.deal(callback["object"]["id"])["qbo_invoice_id"] != invoice_id:
                    wrong.append(f"the deal of {name} does not carry invoice {invoice_id}")
                claimed[str(invoice_id)] = name
        wrong += [f"invoice {each} belongs to no callback" for each in invoices if each not in claimed]
        wrong += [f"refused by a vendor: {each['refused']}" for each in self._ask("GET", "/refusals")["refusals"]]
        return wrong

    def counts(self) -> dict[str, int]:
        """Requests each vendor got so far."""
        found: dict[str, int] = self._ask("GET", "/counts")
        return found

    def _object(self, object_type: str, object_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("GET", "/books")["hubspot"]["portals"][PORTAL]["objects"][object_type][
            object_id
        ]
        return found


def money(value: Any) -> str:
    """An amount as people write it."""
    return f"{Decimal(str(value)):,.2f}"

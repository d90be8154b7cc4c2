"""What both vendors hold, read from the sandbox's books and never from the service's own log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.demo.processes import Processes


@dataclass(frozen=True, slots=True)
class Place:
    """A portal and the realm it is joined to."""

    portal: str
    realm: str


US = Place("20000001", "9341450000000001")
UK = Place("20000002", "9341450000000003")
# What an action's outputs name, and what QuickBooks calls it.
SALES = {"invoiceId": "Invoice", "estimateId": "Estimate"}


class Evidence:
    """HubSpot's side and QuickBooks' side of what the service did."""

    def __init__(self, processes: Processes) -> None:
        self._ask = processes.ask

    def deal_id(self, story: str, place: Place = US) -> str:
        """The id of a seeded deal."""
        return str(self._ask("GET", "/hubspot/stories")[place.portal][story])

    def deal(self, deal_id: str, place: Place = US) -> dict[str, Any]:
        """The deal's properties in HubSpot."""
        properties: dict[str, Any] = self._object("deals", deal_id, place)["properties"]
        return properties

    def hubspot_invoices(self, place: Place = US) -> list[dict[str, Any]]:
        """The invoice objects in HubSpot."""
        found = self._ask("GET", "/books")["hubspot"]["portals"][place.portal]["objects"].get("invoices", {})
        return [each["properties"] for each in found.values()]

    def line_items(self, deal_id: str, place: Place = US) -> list[dict[str, Any]]:
        """The deal's line items in HubSpot."""
        ids = self._object("deals", deal_id, place)["associations"].get("line_items", [])
        return [self._object("line_items", line_item_id, place)["properties"] for line_item_id in ids]

    def callback(self, callback_id: str) -> dict[str, Any]:
        """What HubSpot knows of a callback."""
        found: dict[str, Any] = self._ask("GET", f"/hubspot/callbacks/{callback_id}")
        return found

    def callbacks(self, place: Place | None = None) -> list[dict[str, Any]]:
        """Every callback HubSpot ever gave out, or those of one portal."""
        path = f"/hubspot/callbacks?portal={place.portal}" if place else "/hubspot/callbacks"
        found: list[dict[str, Any]] = self._ask("GET", path)["callbacks"]
        return found

    def sales(self, entity: str = "Invoice", place: Place = US) -> list[dict[str, Any]]:
        """The invoices (or others) in QuickBooks that carry a mark of ours."""
        found = self._ask("GET", f"/quickbooks/realms/{place.realm}/books").get(entity, [])
        return [each for each in found if "[hs:" in (each.get("PrivateNote") or "")]

    def sales_of(self, deal_id: str, entity: str = "Invoice", place: Place = US) -> list[dict[str, Any]]:
        """Those made for one deal."""
        return [each for each in self.sales(entity, place) if f"HubSpot deal {deal_id} " in each["PrivateNote"]]

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
        wrong = [problem for place in (US, UK) for problem in self._disagreements_of(place)]
        return wrong + [f"refused by a vendor: {each['refused']}" for each in self._ask("GET", "/refusals")["refusals"]]

    def _disagreements_of(self, place: Place) -> list[str]:
        wrong: list[str] = []
        books = {name: {each["Id"] for each in self.sales(entity, place)} for name, entity in SALES.items()}
        claimed: dict[str, set[str]] = {name: set() for name in SALES}
        for callback in self.callbacks(place):
            name, outputs = callback["callback_id"], callback["outputs"]
            told = {key: outputs[key] for key in SALES if outputs.get(key)}
            # What cannot be worked on at all is answered at once; HubSpot takes that for the completion.
            ends = callback["effective_completions"] + (callback["completed_by"] == "answer")
            if ends != 1:
                wrong.append(f"{name} was completed {ends} times")
            if bool(told) != (callback["execution_state"] == "SUCCESS"):
                wrong.append(f"{name} ended as {callback['execution_state']} with {told or 'nothing'}")
            for key, sale_id in told.items():
                claimed[key].add(sale_id)
                if sale_id not in books[key]:
                    wrong.append(f"{name} succeeded, but {SALES[key]} {sale_id} is not in the books")
            shown = self.deal(callback["object"]["id"], place).get("qbo_invoice_id") or ""
            if "invoiceId" in told and shown != told["invoiceId"]:
                wrong.append(f"the deal of {name} does not carry invoice {told['invoiceId']}")
        return wrong + [
            f"{SALES[key]} {sale_id} belongs to no callback" for key in SALES for sale_id in books[key] - claimed[key]
        ]

    def counts(self) -> dict[str, int]:
        """Requests each vendor got so far."""
        found: dict[str, int] = self._ask("GET", "/counts")
        return found

    def _object(self, object_type: str, object_id: str, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("GET", f"/hubspot/objects/{place.portal}/{object_type}/{object_id}")
        return found


def money(value: Any) -> str:
    """An amount as people write it."""
    return f"{Decimal(str(value)):,.2f}"

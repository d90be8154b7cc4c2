"""Many portals and realms in the sandbox, made by its controls, and what its books say afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import requests

from tests.bench.stage import Stage

LIKE_PORTAL, LIKE_REALM = 20000001, "9341450000000001"
FIRST_PORTAL, FIRST_REALM = 30000001, 9341459000000001
LINES = 3
# The sandbox's bench deals go round eight people and six products: after eight, all are known.
DEALS_TO_KNOW_ALL = 8


@dataclass
class Pair:
    """A portal joined to a realm, and its deals that have not been enrolled yet."""

    portal_id: int
    realm_id: str
    deals: list[int]


class Town:
    """The sandbox's world as the bench uses it, over HTTP."""

    def __init__(self, stage: Stage, pairs: int, deals_each: int) -> None:
        self._url, self._session = stage.sandbox_url, requests.Session()
        self.ask("POST", "/settings", {"hubspot": {"actions_url": stage.web_url, "signatures": "v3"}})
        self.pairs = [self._make_pair(stage, number, deals_each) for number in range(pairs)]

    def ask(self, method: str, path: str, document: Any = None) -> Any:
        """One of the sandbox's own controls."""
        answer = self._session.request(method, f"{self._url}/_sandbox{path}", json=document, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def enroll(self, pair: Pair, count: int) -> list[str]:
        """So many deals reach the action at once; returns the callbacks' ids."""
        chosen, pair.deals = pair.deals[:count], pair.deals[count:]
        if len(chosen) < count:
            raise RuntimeError(f"portal {pair.portal_id} has no deals left")
        asked = {"portal_id": pair.portal_id, "deal_ids": chosen, "action": "create-invoice"}
        found: list[str] = self.ask("POST", "/hubspot/enroll", asked)["callback_ids"]
        return found

    def count_states(self) -> dict[str, int]:
        """How many callbacks HubSpot has in each state."""
        found: dict[str, int] = self.ask("GET", "/hubspot/callbacks/summary")
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Every request a vendor got so far, oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", "/requests")["requests"]
        return found

    def count_calls(self) -> int:
        """How many requests the vendors got so far."""
        return sum(self.ask("GET", "/counts").values())

    def check_books(self, callbacks: int) -> dict[str, int]:
        """Compare both vendors' books with what was enrolled. Raises: RuntimeError when they differ."""
        refusals = self.ask("GET", "/refusals")["refusals"]
        told = [each for pair in self.pairs for each in self._callbacks(pair)]
        found = {
            "callbacks": len(told),
            "invoices": sum(self._count_invoices(pair) for pair in self.pairs),
            "completions": sum(each["completions"] for each in told),
            "successes": sum(each["execution_state"] == "SUCCESS" for each in told),
            "refusals": len(refusals),
        }
        if found != dict.fromkeys(("callbacks", "invoices", "completions", "successes"), callbacks) | {"refusals": 0}:
            raise RuntimeError(f"{callbacks} enrolled, the books say {found}; {refusals[:3]}")
        return found

    def _callbacks(self, pair: Pair) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/hubspot/callbacks?portal={pair.portal_id}")["callbacks"]
        return found

    def _count_invoices(self, pair: Pair) -> int:
        books = self.ask("GET", f"/quickbooks/realms/{pair.realm_id}/books")
        invoices = books.get("entities", books).get("Invoice", [])
        return sum("[hs:" in (each.get("PrivateNote") or "") for each in invoices)

    def _make_pair(self, stage: Stage, number: int, deals: int) -> Pair:
        portal_id, realm_id = FIRST_PORTAL + number, str(FIRST_REALM + number)
        asked = {"portal_id": portal_id, "like": LIKE_PORTAL, "deals": deals, "lines": LINES}
        portal = self.ask("POST", "/hubspot/portals", asked)
        self.ask("POST", "/quickbooks/realms", {"realm_id": realm_id, "like": LIKE_REALM})
        realms = self.ask("GET", "/credentials")["quickbooks"]["realms"]
        stage.connect(portal_id, realm_id, portal["refresh_token"], realms[realm_id]["refresh_token"])
        return Pair(portal_id, realm_id, portal["deal_ids"])


def describe_calls(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """How many calls each vendor got and how many of them were reads; calls for tokens stand apart."""
    found: dict[str, Any] = {}
    for vendor in ("hubspot", "quickbooks"):
        own = [each for each in calls if each["vendor"] == vendor]
        work = [each for each in own if "oauth" not in each["path"] and ".well-known" not in each["path"]]
        found[vendor] = {
            "calls": len(work),
            "reads": sum(is_read(each) for each in work),
            "tokens": len(own) - len(work),
            "failed": sum((each["status"] or 599) >= 400 for each in work),
            "kinds": dict(Counter(_kind(each) for each in work).most_common()),
        }
    return found


def is_read(call: dict[str, Any]) -> bool:
    """Whether a call changes nothing: a GET, or a POST that asks."""
    return call["method"] == "GET" or call["path"].endswith(("/batch/read", "/search", "/query"))


def _kind(call: dict[str, Any]) -> str:
    """A call without the ids in its path."""
    parts = [part for part in call["path"].split("/") if part and not any(letter.isdigit() for letter in part[2:])]
    return f"{call['method']} {'/'.join(parts)}"

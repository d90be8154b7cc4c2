"""How our invoices are recognised inside QuickBooks. Knows no row and no call; only derives."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal

from service.ids import CallbackId, DealId, Mark, PortalId, RealmId, RequestId
from service.invoicing.money import to_json_number

_MARK = re.compile(r"\[(hs:[0-9a-f]{16})\]")
PART, REST = "part", "rest"
_PART = re.compile(r"HubSpot deal \S+ \[hs:[0-9a-f]{16}\] ((?:[0-9]{1,3}(?:\.[0-9]{1,15})?) %|part|rest)(?:\n|\Z)")
_SIGNED = re.compile(r"HubSpot deal (\S+) \[hs:[0-9a-f]{16}\]")


def derive_mark(portal_id: PortalId, realm_id: RealmId, callback_id: CallbackId) -> Mark:
    """One callback has one mark, whatever generation of its invoice is sent."""
    return Mark("hs:" + _digest(["mark", portal_id, realm_id, callback_id])[:16])


def derive_request_id(
    portal_id: PortalId, realm_id: RealmId, callback_id: CallbackId, generation: int, purpose: str = "invoice"
) -> RequestId:
    """One write has one request id, 43 characters; a changed body takes the next generation.

    `purpose` keeps the several writes of one callback (customer, item, invoice) apart.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features  (at most 50 characters)
    return RequestId("hs-" + _digest([purpose, portal_id, realm_id, callback_id, generation])[:40])


def sign_note(deal_id: DealId, mark: Mark, part: str = "") -> str:
    """The first words of a private note tell the deal, the mark, and what part of a split deal it is."""
    return " ".join(filter(None, [f"HubSpot deal {deal_id} [{mark}]", part]))


def write_share(share: Decimal) -> str:
    """A share of a deal, as a note says it: "30 %"."""
    return f"{to_json_number(share)} %"


def read_part(private_note: str | None) -> str:
    """What part of its deal the sale is: "30 %", PART or REST; "" when it is not one of several."""
    found = _PART.match(private_note or "")
    return found[1] if found else ""


def read_share(private_note: str | None) -> Decimal:
    """How many per cent of its deal the sale is for; 0: it is no share."""
    share, _, sign = read_part(private_note).partition(" ")
    return Decimal(share) if sign else Decimal(0)


def carries(private_note: str | None, mark: Mark) -> bool:
    """The invoice is the one this mark was made for."""
    return f"[{mark}]" in (private_note or "")


def names_deal(private_note: str | None, deal_id: DealId) -> bool:
    """The invoice was made by us for this deal, by whatever callback."""
    return str(deal_id) in _SIGNED.findall(private_note or "")


def find_deal(private_note: str | None) -> DealId | None:
    """The deal we made it for, where the note says so."""
    named = _SIGNED.findall(private_note or "")
    return DealId(named[0]) if named else None


def list_marks(private_note: str | None) -> tuple[Mark, ...]:
    """Every mark in a private note: an accountant's copy of an invoice carries the mark of the first."""
    return tuple(Mark(each) for each in dict.fromkeys(_MARK.findall(private_note or "")))


def list_named_deals(private_note: str | None) -> tuple[DealId, ...]:
    """The deals that a private note says it was made for."""
    return tuple(DealId(each) for each in dict.fromkeys(_SIGNED.findall(private_note or "")) if each.isdecimal())


def read_signature(private_note: str | None) -> str:
    """The line that tells deal and mark, as `sign_note` wrote it; "" where there is none."""
    return next((line for line in (private_note or "").splitlines() if _MARK.search(line)), "")


def drop_marks(text: str) -> str:
    """What an author writes must not pass for a mark of ours."""
    return _MARK.sub(r"(\1)", text)


def _digest(parts: list[object]) -> str:
    # A JSON list keeps ("1", "23") and ("12", "3") apart; joined text would not.
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()

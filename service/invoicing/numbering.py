"""Invoice numbers of our own, for realms that give none. Knows no counter: a number is derived."""

from __future__ import annotations

import hashlib
import re

from service.ids import DealId, Mark

MAX_NUMBER = 21
"""Longest DocNumber."""


def derive_number(prefix: str, deal_id: DealId, mark: Mark, generation: int = 0) -> str:
    """A realm with custom numbers gets a number people can trace to the deal.

    "D9123456789-4F1C9A": the deal and six digits of the mark, so that a second invoice of the
    deal differs even where QuickBooks accepts duplicates silently. A later generation (the number
    was taken) takes other digits. At most 21 characters; a very long deal id gives way to digits.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (DocNumber)
    digest = hashlib.sha256(f"{mark}/{generation}".encode()).hexdigest().upper()
    digits = mark.removeprefix("hs:")[:6].upper() if generation == 0 else digest[:6]
    number = f"{prefix}{deal_id}-{digits}"
    if re.fullmatch(r"[A-Za-z0-9-]+", number) and len(number) <= MAX_NUMBER:
        return number
    return (prefix + digest)[:MAX_NUMBER]

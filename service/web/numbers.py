"""Ids as they come in addresses and forms."""

from __future__ import annotations

from service.errors import PageNotFound
from service.ids import PortalId, RealmId

LONGEST = 18


def read_portal(text: str | None) -> PortalId:
    """Raises: PageNotFound when it is no portal's id."""
    return PortalId(int(_digits(text, "HubSpot portal")))


def read_realm(text: str | None) -> RealmId:
    """Raises: PageNotFound when it is no realm's id."""
    return RealmId(_digits(text, "QuickBooks company"))


def _digits(text: str | None, name: str) -> str:
    if not text or not text.isascii() or not text.isdigit() or len(text) > LONGEST:
        raise PageNotFound(f"This is not the id of a {name}. Nothing was changed.")
    return text

"""What the app asks a portal for, and what it can do without."""

from __future__ import annotations

# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
REQUIRED = (
    "oauth",
    "automation",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "crm.objects.contacts.read",
    "crm.objects.companies.read",
    "crm.objects.line_items.read",
)
# Not every portal's tier has them: a missing one turns off the mirror, notes or the sync, no invoice.
OPTIONAL = (
    "crm.objects.contacts.write",
    "crm.objects.companies.write",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.write",
    "crm.objects.products.read",
    "crm.objects.products.write",
    "crm.objects.quotes.read",
    "files",
    "crm.objects.invoices.read",
    "crm.objects.invoices.write",
    "crm.schemas.invoices.read",
    "crm.schemas.invoices.write",
    "crm.objects.line_items.write",
    "e-commerce",
)
# `e-commerce` stands for these: the older, wider scope.
_WIDER = {
    f"crm.objects.{kind}.{right}": "e-commerce" for kind in ("line_items", "products") for right in ("read", "write")
}


def find_missing(wanted: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the wanted scopes a portal has not granted."""
    return tuple(each for each in wanted if each not in granted and _WIDER.get(each) not in granted)

"""Names that QuickBooks takes, for customers and items. Knows no list of names already taken."""

from __future__ import annotations

import re

from service.invoicing.deal import LineItem, Recipient, RecipientKind
from service.invoicing.text import clean_name, cut_text

_LONGEST_DISPLAY_NAME = 500
_LONGEST_ITEM_NAME = 100


def derive_display_name(recipient: Recipient) -> str:
    """A company is named by its name, a contact by theirs; without one, by what is known."""
    person, company = recipient.person_name, recipient.company_name
    names = (person, company) if recipient.kind == RecipientKind.CONTACT else (company, person)
    fallback = f"HubSpot {recipient.kind.value} {recipient.object_id}"
    known = [_drop_colons(name) for name in (*names, recipient.email, fallback)]
    return cut_text(next(filter(None, known)), _LONGEST_DISPLAY_NAME)


def derive_alternative_name(display_name: str, attempt: int) -> str:
    """When a vendor or employee has the name, the customer says that it is one.

    Attempt 1 "Acme (Customer)", 2 "Acme (Customer 2)" and so on; 0 is the name itself.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer  (DisplayName)
    # Customers, vendors and employees share one list of names (6240).
    if attempt < 1:
        return cut_text(display_name, _LONGEST_DISPLAY_NAME)
    suffix = " (Customer)" if attempt == 1 else f" (Customer {attempt})"
    return cut_text(display_name, _LONGEST_DISPLAY_NAME - len(suffix)) + suffix


def derive_currency_name(display_name: str, currency: str) -> str:
    """A second customer for another currency says which: "Acme (EUR)"."""
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-multiple-currencies
    # A customer's currency is fixed when it is made, and names are taken once.
    suffix = f" ({currency})"
    return cut_text(display_name, _LONGEST_DISPLAY_NAME - len(suffix)) + suffix


def derive_customer_names(display_name: str, currency: str | None, most: int = 5) -> list[str]:
    """What a customer may be called, the best name first; `currency` None: the realm has only one."""
    base = derive_currency_name(display_name, currency) if currency else display_name
    alternatives = [derive_alternative_name(base, attempt) for attempt in range(1, most)]
    return list(dict.fromkeys([cut_text(display_name, _LONGEST_DISPLAY_NAME), base, *alternatives]))


def derive_item_name(line_item: LineItem) -> str:
    """An item is called like the line item, as far as QuickBooks allows."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item  (Name)
    name = _drop_colons(line_item.name or line_item.sku) or f"Line item {line_item.id}"
    return cut_text(name, _LONGEST_ITEM_NAME)


def derive_sku_name(line_item: LineItem) -> str:
    """Another item of the same name says which by its SKU: "Chair (CH-BLUE)"."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item  (Name)
    suffix = f" ({cut_text(_drop_colons(line_item.sku), _LONGEST_ITEM_NAME // 2)})"
    return cut_text(derive_item_name(line_item), _LONGEST_ITEM_NAME - len(suffix.encode("utf-16-le")) // 2) + suffix


def list_item_names(line_item: LineItem) -> list[str]:
    """The names by which a line item's item may be found; of one with categories QuickBooks filters the last."""
    last = clean_name(line_item.name.rpartition(":")[2])
    return [derive_item_name(line_item), *([last] if ":" in line_item.name and last else [])]


def _drop_colons(name: str) -> str:
    # A colon would mean parent and child.
    return re.sub(r"\s*:[\s:]*", " - ", clean_name(name).strip(" :"))

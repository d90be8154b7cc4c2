"""Which currency an invoice is in. Knows no exchange rate: nothing is converted here."""

from __future__ import annotations

from collections.abc import Sequence

from service.errors import CurrencyMismatch
from service.invoicing.deal import Deal, LineItem
from service.invoicing.realm import RealmFacts


def decide_currency(
    deal: Deal, billed: Sequence[LineItem], realm: RealmFacts, customer_currency: str | None = None
) -> str:
    """An invoice is in the deal's currency, where realm and customer have it too.

    Raises: CurrencyMismatch.
    """
    currency = deal.currency or realm.home_currency
    for line in billed:
        if line.currency and line.currency != currency:
            raise CurrencyMismatch(
                f"{line.label} is in {line.currency}, the deal in {currency}. Give both the same currency in HubSpot."
            )
    if not realm.multicurrency and currency != realm.home_currency:
        raise CurrencyMismatch(
            f"The deal is in {currency}, but the QuickBooks company only does {realm.home_currency}. "
            "Change the deal's currency, or switch on multicurrency in QuickBooks."
        )
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-multiple-currencies
    expected = (customer_currency or realm.home_currency) if realm.multicurrency else currency
    if currency != expected:
        raise CurrencyMismatch(
            f"The deal is in {currency}, but the customer in QuickBooks is in {expected} and stays so. "
            f"Create a second customer in {currency} there, or change the deal's currency."
        )
    return currency

"""What a realm's settings mean for an invoice. Knows not how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.ids import ItemId


class SalesTax(StrEnum):
    """How the realm taxes sales; detected from its preferences, not asked for."""

    NONE = "none"
    US_MANUAL = "us_manual"
    US_AUTOMATED = "us_automated"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class RealmFacts:
    """The settings of a realm that shape a draft.

    `custom_numbers`: QuickBooks leaves numbering to us. `default_term_id` is what QuickBooks
    applies by itself when an invoice names no terms. `book_close_date`: this day and all before
    it are closed. None everywhere: not set in the realm.
    """

    home_currency: str
    multicurrency: bool = False
    sales_tax: SalesTax = SalesTax.NONE
    custom_numbers: bool = False
    default_tax_code_id: str | None = None
    default_term_id: str | None = None
    book_close_date: date | None = None
    default_item_id: ItemId | None = None
    default_income_account_id: str | None = None

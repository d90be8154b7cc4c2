"""What a realm's settings mean for an invoice. Knows not how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from service.errors import SettingOff
from service.ids import ItemId


class SalesTax(StrEnum):
    """How the realm taxes sales; detected from its preferences, not asked for."""

    NONE = "none"
    US_MANUAL = "us_manual"
    US_AUTOMATED = "us_automated"
    CODES = "codes"

    @property
    def is_us(self) -> bool:
        """Lines are taxable or not; the rate is another matter."""
        return self in (SalesTax.US_MANUAL, SalesTax.US_AUTOMATED)


@dataclass(frozen=True, slots=True)
class RealmFacts:
    """The settings of a realm that shape a draft.

    `custom_numbers`: QuickBooks leaves numbering to us. `default_term_id` is what QuickBooks
    applies by itself when an invoice names no terms. `book_close_date`: this day and all before
    it are closed. `custom_fields`: names of the company's own fields by number. `tax_codes_by_rate`:
    the operator's mapping of HubSpot's tax rates (id, label or percentage), and of "exempt".
    `number_templates`: the operator's templates of numbers by name. None everywhere: not set in the realm.
    """

    home_currency: str
    outside_us: bool = False
    multicurrency: bool = False
    sales_tax: SalesTax = SalesTax.NONE
    custom_numbers: bool = False
    default_tax_code_id: str | None = None
    default_term_id: str | None = None
    book_close_date: date | None = None
    default_item_id: ItemId | None = None
    default_income_account_id: str | None = None
    allow_discount: bool = False
    allow_deposit: bool = False
    allow_shipping: bool = False
    class_per_sale: bool = False
    class_per_line: bool = False
    locations: bool = False
    service_dates: bool = False
    online_payments: bool = False
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    tax_codes_by_rate: Mapping[str, str] = field(default_factory=dict)
    number_templates: Mapping[str, str] = field(default_factory=dict)


def refuse_off(what: str, names: str) -> SettingOff:
    """The sentence for something that the realm's settings do not allow; `names` of the action's inputs."""
    return SettingOff(
        f"The action asks for {what}, which is switched off in QuickBooks. Switch it on there "
        f"(Account and settings), or leave {names} empty in the action."
    )

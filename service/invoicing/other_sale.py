"""What estimates, sales receipts and credit memos share, and invoices do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marshmallow import fields

from service.invoicing.inputs import Send
from service.invoicing.money import Money
from service.invoicing.sale_inputs import SaleInputs, SaleSchema


@dataclass(frozen=True, slots=True)
class OtherSaleInputs(SaleInputs):
    """The author's choices; None means that nothing was said."""

    send: Send = Send.NO


class OtherSaleSchema(SaleSchema):
    """The inputs that the three share; number, date and what exists already each action names after its sale."""

    send = fields.Enum(Send, by_value=True, data_key="send")


@dataclass(frozen=True, slots=True)
class SaleView:
    """An estimate, sales receipt or credit memo as last seen in QuickBooks. Amounts in `currency`.

    `balance`: what a credit memo has left. `status`: an estimate's, in QuickBooks' word.
    """

    id: str
    number: str
    total: Decimal
    balance: Decimal
    currency: str
    txn_date: date | None
    expiration_date: date | None
    recipient: str
    status: str
    url: str

    @property
    def amount_text(self) -> str:
        """The total, as HubSpot takes numbers."""
        return Money(self.total, self.currency).text()

    @property
    def balance_text(self) -> str:
        """What is left, as HubSpot takes numbers."""
        return Money(self.balance, self.currency).text()

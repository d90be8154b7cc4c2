"""Deals, line items and recipients as HubSpot's property values tell them. Knows no QuickBooks rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from service.errors import DealHasNoAmount, LineItemUnusable
from service.ids import DealId, ObjectId
from service.invoicing.dates import parse_date
from service.invoicing.money import NotANumber, drop_double_noise, parse_decimal, to_json_number
from service.invoicing.text import clean_name, clean_text, quote_text

Properties = Mapping[str, str | None]
"""HubSpot's property values: text or None, numbers and dates too."""

AMOUNT_LINE_ID = ObjectId("deal")
"""The id of the one line that stands for the whole deal."""

DEAL_PROPERTIES = ("dealname", "amount", "deal_currency_code", "qbo_invoice_id")
LINE_ITEM_PROPERTIES = (
    "name",
    "description",
    "quantity",
    "price",
    "amount",
    "discount",
    "hs_discount_percentage",
    "hs_sku",
    "hs_product_id",
    "hs_line_item_currency_code",
    "hs_position_on_quote",
    "recurringbillingfrequency",
    "hs_recurring_billing_start_date",
    "hs_tax_rate_group_id",
    "hs_tax_label",
    "hs_tax_rate",
)
CONTACT_PROPERTIES = (
    "firstname",
    "lastname",
    "email",
    "company",
    "phone",
    "address",
    "city",
    "state",
    "zip",
    "country",
)
COMPANY_PROPERTIES = ("name", "phone", "address", "address2", "city", "state", "zip", "country")


@dataclass(frozen=True, slots=True)
class Billed:
    """What earlier sales took of a deal: everything together (`total`), and the shares among it.

    `share` in per cent, and what that came to (`by_shares`). `is_split`: one of them is a share or part.
    """

    total: Decimal = Decimal(0)
    share: Decimal = Decimal(0)
    by_shares: Decimal = Decimal(0)
    is_split: bool = False


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal. `amount` None: empty or no number; `currency` None: the portal's own.

    `billed` is known of a deal that is split.
    """

    id: DealId
    name: str
    amount: Decimal | None = None
    currency: str | None = None
    invoice_id: str | None = None
    billed: Billed = Billed()


@dataclass(frozen=True, slots=True)
class LineItem:
    """A line item. `discount` is per unit; `amount` is HubSpot's own net, only to compare with.

    `tax_rates`: the names of its tax rate in HubSpot, the surest first: id, label, percentage.
    """

    id: ObjectId
    name: str
    quantity: Decimal | None
    price: Decimal | None
    discount: Decimal = Decimal(0)
    discount_percentage: Decimal = Decimal(0)
    description: str = ""
    amount: Decimal | None = None
    sku: str = ""
    product_id: str = ""
    currency: str | None = None
    position: Decimal | None = None
    frequency: str = ""
    start_date: date | None = None
    tax_rates: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How a sentence names the line item."""
        return _label(self.id, self.name)


class RecipientKind(StrEnum):
    """Whom HubSpot knows the recipient as."""

    CONTACT = "contact"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; empty text where HubSpot has none."""

    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """The contact or company an invoice goes to; empty text where HubSpot has none."""

    kind: RecipientKind
    object_id: ObjectId
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    company_name: str = ""
    phone: str = ""
    address: Address = Address()

    @property
    def person_name(self) -> str:
        """Given and family name, as far as known."""
        return f"{self.given_name} {self.family_name}".strip()


def read_deal(deal_id: DealId, properties: Properties) -> Deal:
    """A deal is understood; an amount that is no number counts as none."""
    name = clean_name(properties.get("dealname")) or f"Deal {deal_id}"
    currency = clean_name(properties.get("deal_currency_code")).upper() or None
    invoice_id = clean_name(properties.get("qbo_invoice_id")) or None
    return Deal(deal_id, name, _parse_or_none(properties.get("amount")), currency, invoice_id)


def read_line_item(line_item_id: ObjectId, properties: Properties) -> LineItem:
    """A line item is understood to the digit.

    Raises: LineItemUnusable when quantity, price or a discount is no number.
    """
    name = clean_name(properties.get("name"))
    where = _label(line_item_id, name)
    return LineItem(
        id=line_item_id,
        name=name,
        quantity=_parse_number(where, "quantity", properties.get("quantity")),
        price=_parse_number(where, "price", properties.get("price")),
        discount=_parse_number(where, "discount", properties.get("discount")) or Decimal(0),
        discount_percentage=_parse_number(where, "discount percentage", properties.get("hs_discount_percentage"))
        or Decimal(0),
        description=clean_text(properties.get("description")),
        amount=_parse_or_none(properties.get("amount")),
        sku=clean_name(properties.get("hs_sku")),
        product_id=clean_name(properties.get("hs_product_id")),
        currency=clean_name(properties.get("hs_line_item_currency_code")).upper() or None,
        position=_parse_or_none(properties.get("hs_position_on_quote")),
        frequency=clean_name(properties.get("recurringbillingfrequency")).lower(),
        start_date=parse_date(properties.get("hs_recurring_billing_start_date") or ""),
        tax_rates=_read_tax_rates(properties),
    )


def read_recipient(kind: RecipientKind, object_id: ObjectId, properties: Properties) -> Recipient:
    """A contact or a company is understood as somebody to invoice."""
    is_contact = kind == RecipientKind.CONTACT
    street = [clean_name(properties.get(name)) for name in ("address", "address2")]
    return Recipient(
        kind=RecipientKind(kind),
        object_id=object_id,
        given_name=clean_name(properties.get("firstname")) if is_contact else "",
        family_name=clean_name(properties.get("lastname")) if is_contact else "",
        email=clean_name(properties.get("email")),
        company_name=clean_name(properties.get("company" if is_contact else "name")),
        phone=clean_name(properties.get("phone")),
        address=Address(
            street=", ".join(filter(None, street)),
            city=clean_name(properties.get("city")),
            region=clean_name(properties.get("state")),
            postal_code=clean_name(properties.get("zip")),
            country=clean_name(properties.get("country")),
        ),
    )


def sort_line_items(line_items: Iterable[LineItem]) -> list[LineItem]:
    """Lines stand on the invoice as on the quote: by position, then by id, unplaced ones last."""
    return sorted(line_items, key=lambda line: (line.position is None, line.position or 0, *id_rank(line.id)))


def id_rank(value: str) -> tuple[int, str]:
    """Ids that are digits compare as numbers."""
    return (int(value), "") if value.isascii() and value.isdecimal() and len(value) < 100 else (0, value)


def derive_amount_line(deal: Deal) -> LineItem:
    """The deal as a whole is one line.

    Raises: DealHasNoAmount.
    """
    if deal.amount is None:
        raise DealHasNoAmount(
            'The deal has no amount that is a number. Fill in "Amount" on the deal, '
            'or set "lines" to line_items in the action.'
        )
    return LineItem(AMOUNT_LINE_ID, deal.name, Decimal(1), deal.amount, currency=deal.currency)


def _label(line_item_id: ObjectId, name: str) -> str:
    return f"The line item {quote_text(name)} (id {line_item_id})" if name else f"The line item {line_item_id}"


def _parse_number(where: str, what: str, text: str | None) -> Decimal | None:
    if text is None or not text.strip():
        return None
    try:
        return parse_decimal(drop_double_noise(text))
    except NotANumber as error:
        raise LineItemUnusable(
            f"{where} has the {what} {quote_text(text)}: {error}. Correct the {what} on the deal's line item."
        ) from error


def _read_tax_rates(properties: Properties) -> tuple[str, ...]:
    # https://developers.hubspot.com/docs/api-reference/crm-line-items-v3/guide  (hs_tax_rate is a percentage)
    percentage = _parse_or_none(properties.get("hs_tax_rate"))
    names = (
        clean_name(properties.get("hs_tax_rate_group_id")),
        clean_name(properties.get("hs_tax_label")),
        to_json_number(percentage) if percentage is not None else "",
    )
    return tuple(filter(None, names))


def _parse_or_none(text: str | None) -> Decimal | None:
    try:
        return parse_decimal(drop_double_noise(text or ""))
    except NotANumber:
        return None

"""A deal becomes a draft, or a sentence that says why not. Knows no call and no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import ItemNotFound
from service.ids import CustomerId, ItemId, Mark
from service.invoicing.billing import check_total, plan_lines
from service.invoicing.body import canonical_body
from service.invoicing.currency import decide_currency
from service.invoicing.deal import Deal, LineItem, Recipient
from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.line import DraftLine, draft_line
from service.invoicing.marks import drop_marks, sign_note
from service.invoicing.money import Money, round_half_up
from service.invoicing.numbering import derive_number
from service.invoicing.realm import RealmFacts
from service.invoicing.tax import decide_tax
from service.invoicing.terms import decide_due_date, decide_txn_date
from service.invoicing.text import cut_text, is_email

_LONGEST_NOTE = 4000
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice before QuickBooks has given it an id.

    None: the field stays out and QuickBooks' own default applies. `currency` is sent only where
    `sends_currency`. `remarks` are differences a person should hear of; the draft stands anyway.
    """

    customer_id: CustomerId
    currency: str
    txn_date: date
    lines: tuple[DraftLine, ...]
    private_note: str
    sends_currency: bool = False
    number: str | None = None
    due_date: date | None = None
    term_id: str | None = None
    tax_calculation: str | None = None
    bill_email: str | None = None
    message: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def total(self) -> Money:
        """What QuickBooks must come to before tax."""
        return Money(sum((line.amount for line in self.lines), Decimal(0)), self.currency)

    def body(self) -> bytes:
        """The exact bytes of the create, equal for equal drafts."""
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#create-an-invoice
        fields: dict[str, object | None] = {
            "CustomerRef": {"value": self.customer_id},
            "DocNumber": self.number,
            "TxnDate": self.txn_date.isoformat(),
            "DueDate": self.due_date.isoformat() if self.due_date else None,
            "SalesTermRef": {"value": self.term_id} if self.term_id else None,
            "CurrencyRef": {"value": self.currency} if self.sends_currency else None,
            "GlobalTaxCalculation": self.tax_calculation,
            "BillEmail": {"Address": self.bill_email} if self.bill_email else None,
            "EmailStatus": "NotSet",
            "PrivateNote": self.private_note,
            "CustomerMemo": {"value": self.message} if self.message else None,
            "Line": [line.fields(number) for number, line in enumerate(self.lines, 1)],
        }
        return canonical_body({name: value for name, value in fields.items() if value is not None})


def read_item_ids(body: bytes) -> tuple[ItemId, ...]:
    """The items that a draft's bytes bill, each once."""
    lines = json.loads(body)["Line"]
    return tuple(dict.fromkeys(ItemId(line["SalesItemLineDetail"]["ItemRef"]["value"]) for line in lines))


def draft_invoice(
    deal: Deal,
    line_items: Sequence[LineItem],
    *,
    customer_id: CustomerId,
    item_ids: Mapping[str, ItemId],
    inputs: CreateInvoiceInputs,
    realm: RealmFacts,
    today: date,
    mark: Mark,
    recipient: Recipient | None = None,
    customer_currency: str | None = None,
    generation: int = 0,
) -> Draft:
    """A deal is billed to the cent, or the reason why it cannot be is named.

    `item_ids` by line item id, as `plan_items` gives them with the created ones added; `today` in
    the realm's time zone; `customer_currency` None: the realm's home currency.
    Raises: CannotInvoice.
    """
    billed = plan_lines(deal, line_items, inputs)
    currency = decide_currency(deal, billed, realm, customer_currency)
    txn_date = decide_txn_date(inputs, realm, today)
    tax = decide_tax(realm, inputs.tax_code_id)
    lines = tuple(draft_line(it, _item_id(it, item_ids), currency, tax.line_code) for it in billed)
    number = _decide_number(deal, inputs, realm, mark, generation)
    draft = Draft(
        customer_id=customer_id,
        currency=currency,
        txn_date=txn_date,
        lines=lines,
        private_note=_write_note(deal, inputs, mark),
        sends_currency=realm.multicurrency,
        number=number,
        due_date=decide_due_date(inputs, txn_date),
        term_id=inputs.term_id,
        tax_calculation=tax.calculation,
        bill_email=recipient.email if recipient and is_email(recipient.email) else None,
        message=cut_text(inputs.message_to_customer, _LONGEST_MESSAGE),
        remarks=_compare(deal, billed, lines, inputs, number, currency),
    )
    check_total(draft.total)
    return draft


def _item_id(line: LineItem, item_ids: Mapping[str, ItemId]) -> ItemId:
    if line.id not in item_ids:
        raise ItemNotFound(
            f"{line.label} has no item in QuickBooks. Create an item with its SKU or name there, "
            'or choose a default item as "defaultItemId" in the Create invoice action.'
        )
    return item_ids[line.id]


def _decide_number(
    deal: Deal, inputs: CreateInvoiceInputs, realm: RealmFacts, mark: Mark, generation: int
) -> str | None:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (DocNumber)
    # Without custom numbers QuickBooks counts by itself; with them, none sent means none given.
    if not realm.custom_numbers:
        return None
    return inputs.invoice_number or derive_number("D", deal.id, mark, generation)


def _write_note(deal: Deal, inputs: CreateInvoiceInputs, mark: Mark) -> str:
    signature = sign_note(deal.id, mark)
    return cut_text("\n".join(filter(None, [signature, drop_marks(inputs.private_note)])), _LONGEST_NOTE)


def _compare(
    deal: Deal,
    billed: Sequence[LineItem],
    lines: Sequence[DraftLine],
    inputs: CreateInvoiceInputs,
    number: str | None,
    currency: str,
) -> tuple[str, ...]:
    remarks = [
        f"{item.label} is {Money(line.amount, currency)} here and {Money(item.amount, currency)} in HubSpot."
        for item, line in zip(billed, lines, strict=True)
        if item.amount is not None and not item.frequency and round_half_up(item.amount, currency) != line.amount
    ]
    total = sum((line.amount for line in lines), Decimal(0))
    if deal.amount is not None and round_half_up(deal.amount, currency) != total:
        remarks.append(f"The invoice is {Money(total, currency)}, the deal's amount {Money(deal.amount, currency)}.")
    if inputs.invoice_number and number is None:
        remarks.append("QuickBooks numbers invoices itself in this company, so the number of the action was not used.")
    return tuple(remarks)

"""A deal becomes a draft, or a sentence that says why not. Knows no call and no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from service.errors import DepositTooLarge
from service.ids import CustomerId, DealId, ItemId, Mark
from service.invoicing.billing import check_total, plan_lines
from service.invoicing.body import canonical_body
from service.invoicing.currency import decide_currency
from service.invoicing.deal import Deal, LineItem, Recipient
from service.invoicing.header import decide_number, derive_header, list_header_remarks
from service.invoicing.inputs import CreateInvoiceInputs, OnlinePayment
from service.invoicing.line import DraftLine
from service.invoicing.lines import SHIPPING_ITEM, DraftLines, draft_lines
from service.invoicing.marks import drop_marks, sign_note
from service.invoicing.money import Money, round_half_up
from service.invoicing.realm import RealmFacts, refuse_off
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.split import name_part
from service.invoicing.tax import TaxFacts, may_add_tax
from service.invoicing.terms import decide_due_date, decide_txn_date
from service.invoicing.text import cut_text, is_email

_LONGEST_NOTE = 4000


@dataclass(frozen=True, slots=True)
class Draft:
    """A sale before QuickBooks has given it an id.

    `header`: fields of any sale, `own`: those of this kind of sale only; what is left out, QuickBooks
    decides. `remarks` are differences a person should hear of; the draft stands anyway.
    """

    customer_id: CustomerId
    txn_date: date
    billed: DraftLines
    private_note: str
    number: str | None = None
    bill_email: str | None = None
    header: Mapping[str, object] = field(default_factory=dict)
    own: Mapping[str, object] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[DraftLine, ...]:
        """What is sold, without shipping and discount."""
        return self.billed.lines

    @property
    def total(self) -> Money:
        """What QuickBooks must come to before tax, or with it where the prices hold it."""
        return self.billed.total

    def body(self) -> bytes:
        """The exact bytes of the create, equal for equal drafts."""
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#create-an-invoice
        fields: dict[str, object | None] = {
            "CustomerRef": {"value": self.customer_id},
            "DocNumber": self.number,
            "TxnDate": self.txn_date.isoformat(),
            "BillEmail": {"Address": self.bill_email} if self.bill_email else None,
            "PrivateNote": self.private_note,
            **self.header,
            **self.own,
            **self.billed.fields(),
        }
        return canonical_body({name: value for name, value in fields.items() if value is not None})


def read_item_ids(body: bytes) -> tuple[ItemId, ...]:
    """The items that a draft's bytes sell, each once."""
    details = (line.get("SalesItemLineDetail") for line in json.loads(body)["Line"])
    items = dict.fromkeys(ItemId(detail["ItemRef"]["value"]) for detail in details if detail)
    return tuple(item for item in items if item != SHIPPING_ITEM)


def is_flat(body: bytes) -> bool:
    """Every line of a draft's bytes is one unit, so that no amount can be computed differently."""
    details = (line.get("SalesItemLineDetail") for line in json.loads(body)["Line"])
    return all(detail["Qty"] == 1 for detail in details if detail)


def draft_sale(
    deal: Deal,
    line_items: Sequence[LineItem],
    *,
    customer_id: CustomerId,
    item_ids: Mapping[str, ItemId],
    inputs: SaleInputs,
    realm: RealmFacts,
    today: date,
    mark: Mark,
    recipient: Recipient | None = None,
    customer_currency: str | None = None,
    tax_facts: TaxFacts | None = None,
    generation: int = 0,
    prefix: str = "D",
    flat: bool = False,
) -> Draft:
    """A deal is sold to the cent, or the reason why it cannot be is named.

    What all kinds of sales share; the kind adds its `own` fields. `item_ids` by line item id, as
    `plan_items` gives them with the created ones added; `today` in the realm's time zone;
    `customer_currency` None: the realm's home currency; `tax_facts`: what QuickBooks' lists say of customer
    and items; `prefix` of a number of ours; `flat`: every line is one unit at its net amount.
    Raises: CannotInvoice.
    """
    billed = plan_lines(deal, line_items, inputs)
    currency = decide_currency(deal, billed, realm, customer_currency)
    txn_date = decide_txn_date(inputs, realm, today)
    lines = draft_lines(billed, item_ids, currency, inputs, realm, tax_facts, txn_date=txn_date, flat=flat)
    check_total(lines.total)
    number = decide_number(deal.id, inputs, realm, mark, txn_date, generation, prefix)
    return Draft(
        customer_id=customer_id,
        txn_date=txn_date,
        billed=lines,
        private_note=write_note(deal.id, mark, inputs.private_note, name_part(inputs)),
        number=number,
        bill_email=inputs.recipient_email or (recipient.mail_to if recipient and is_email(recipient.mail_to) else None),
        header=derive_header(inputs, realm, currency, recipient),
        remarks=(
            *_compare(deal, billed, lines, inputs, number),
            *list_header_remarks(inputs, realm),
            *lines.tax.list_remarks(),
        ),
    )


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
    tax_facts: TaxFacts | None = None,
    generation: int = 0,
    flat: bool = False,
) -> Draft:
    """An invoice for the deal: `draft_sale` with terms, due date, deposit and ways to pay.

    Raises: CannotInvoice.
    """
    draft = draft_sale(
        deal,
        line_items,
        customer_id=customer_id,
        item_ids=item_ids,
        inputs=inputs,
        realm=realm,
        today=today,
        mark=mark,
        recipient=recipient,
        customer_currency=customer_currency,
        tax_facts=tax_facts,
        generation=generation,
        flat=flat,
    )
    due_date = decide_due_date(inputs, draft.txn_date)
    deposit = decide_deposit(draft.total, inputs, realm)
    own: dict[str, object | None] = {
        "DueDate": due_date.isoformat() if due_date else None,
        "SalesTermRef": {"value": inputs.term_id} if inputs.term_id else None,
        "EmailStatus": "NotSet",
        "Deposit": deposit or None,
        "DepositToAccountRef": {"value": inputs.deposit_account_id} if deposit and inputs.deposit_account_id else None,
        **allow_online(inputs.online_payment, realm),
    }
    remarks = (*draft.remarks, *list_online_remarks(inputs, realm))
    return replace(draft, own={name: value for name, value in own.items() if value is not None}, remarks=remarks)


def list_online_remarks(inputs: CreateInvoiceInputs, realm: RealmFacts) -> tuple[str, ...]:
    """What QuickBooks will not offer the customer."""
    if inputs.online_payment in (None, OnlinePayment.NONE) or realm.online_payments:
        return ()
    return ("QuickBooks takes no online payments in this company, so the invoice cannot be paid online.",)


def decide_deposit(total: Money, inputs: CreateInvoiceInputs, realm: RealmFacts) -> Decimal:
    """What has been paid already is taken off the balance; 0 when nothing has.

    Where QuickBooks adds tax that only it can reckon, it decides whether the deposit is too large.
    Raises: SettingOff, DepositTooLarge.
    """
    may_grow = may_add_tax(realm, inputs.tax_code_id, inputs.prices)
    return limit_deposit(inputs.deposit, total, realm, may_grow=may_grow)


def limit_deposit(wanted: Decimal | None, total: Money, realm: RealmFacts, *, may_grow: bool) -> Decimal:
    """As `decide_deposit`; `may_grow`: QuickBooks may come to more than `total`.

    Raises: SettingOff, DepositTooLarge.
    """
    deposit = round_half_up(wanted or Decimal(0), total.currency)
    if deposit and not realm.allow_deposit:
        raise refuse_off("a deposit", "deposit")
    if deposit > total.amount and not may_grow:
        raise DepositTooLarge(
            f"The deposit of {Money(deposit, total.currency)} is more than the invoice's {total}. "
            'Lower "deposit" in the action, or the property it comes from.'
        )
    return deposit


def allow_online(payment: OnlinePayment | None, realm: RealmFacts) -> dict[str, object]:
    """How the customer may pay online; nothing where nothing was chosen, or the company takes no such payments."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
    if payment is None or not realm.online_payments:
        return {}
    return {
        "AllowOnlineCreditCardPayment": payment in (OnlinePayment.CARD, OnlinePayment.CARD_AND_ACH),
        "AllowOnlineACHPayment": payment in (OnlinePayment.ACH, OnlinePayment.CARD_AND_ACH),
    }


def write_note(deal_id: DealId, mark: Mark, words: str, part: str = "") -> str:
    """The private note: deal, mark and what part of the deal it is, then the author's words."""
    return cut_text("\n".join(filter(None, [sign_note(deal_id, mark, part), drop_marks(words)])), _LONGEST_NOTE)


def _compare(
    deal: Deal, billed: Sequence[LineItem], lines: DraftLines, inputs: SaleInputs, number: str | None
) -> tuple[str, ...]:
    currency, total = lines.currency, lines.total
    remarks = [
        f"{item.label} is {Money(line.amount, currency)} here and {Money(item.amount, currency)} in HubSpot."
        for item, line in zip(billed, lines.lines, strict=True)
        if item.amount is not None and not item.frequency and round_half_up(item.amount, currency) != line.amount
    ]
    if deal.amount is not None and round_half_up(deal.amount, currency) != total.amount and not inputs.lines.splits:
        remarks.append(f"It comes to {total}, the deal's amount is {Money(deal.amount, currency)}.")
    if (inputs.number or inputs.number_template) and number is None:
        remarks.append("QuickBooks numbers invoices itself in this company, so the number of the action was not used.")
    return tuple(remarks)

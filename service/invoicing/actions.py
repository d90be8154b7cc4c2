"""The workflow actions of this service, each once. Knows what they promise, not how they are done.

An action is a name here, `action_definitions/<name>.json` for HubSpot, and the function of its name in
`workflows/<name>.py`. README has the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from service import errors
from service.errors import CannotInvoice
from service.invoicing import conversion, credit_memo, customer, estimate, sales_receipt
from service.invoicing.adopt import AdoptInvoiceSchema
from service.invoicing.attachment import AttachPdfSchema
from service.invoicing.conversion import ConversionSchema
from service.invoicing.credit_memo import CreditMemoSchema
from service.invoicing.customer import CustomerSchema
from service.invoicing.estimate import EstimateSchema
from service.invoicing.input_fields import InputsSchema, load_inputs
from service.invoicing.inputs import CreateInvoiceSchema
from service.invoicing.invoice import OUTPUT_NAMES
from service.invoicing.payment import RecordPaymentSchema
from service.invoicing.refresh import RefreshInvoiceSchema
from service.invoicing.sales_receipt import SalesReceiptSchema
from service.invoicing.send import SendInvoiceSchema
from service.invoicing.update import UpdateInvoiceSchema
from service.invoicing.void import VoidInvoiceSchema

Refusals = frozenset[type[CannotInvoice]]

# However an action is meant, it can end so.
ALWAYS: Refusals = frozenset(
    {
        CannotInvoice,
        errors.UnknownAction,
        errors.InputInvalid,
        errors.PortalNotConnected,
        errors.RealmNotChosen,
        errors.DealNotFound,
        errors.BooksClosed,
        errors.SubscriptionEnded,
        errors.RefusedByQuickBooks,
        errors.RefusedByHubSpot,
        errors.NotDoneInTime,
        errors.GivenUp,
    }
)
# Actions on an invoice there is.
ON_INVOICES: Refusals = frozenset(
    {
        errors.InvoiceNotFound,
        errors.InvoiceOfAnotherDeal,
        errors.InvoiceVoided,
        errors.InvoicePaid,
        errors.NoEmailAddress,
        errors.PaymentTooLarge,
    }
)


# What can be wrong with the line items of a deal.
LINES: Refusals = frozenset(
    {
        errors.DealHasNoLineItems,
        errors.DealHasNoAmount,
        errors.LineItemUnusable,
        errors.TotalNotPositive,
        errors.CurrencyMismatch,
        errors.ItemNotFound,
        errors.ItemInactive,
        errors.NoDefaultItem,
        errors.NoIncomeAccount,
        errors.TaxCodeMissing,
        errors.SettingOff,
    }
)


# Only when something is created that is no invoice, or an invoice from it.
ON_OTHER_SALES: Refusals = frozenset({errors.SaleExists, errors.EstimateNotFound, errors.EstimateClosed})


def all_refusals() -> Refusals:
    """Every reason there is, `CannotInvoice` itself included."""
    branches: list[type[CannotInvoice]] = [CannotInvoice]
    found: set[type[CannotInvoice]] = set()
    while branches:
        branch = branches.pop()
        found.add(branch)
        branches += branch.__subclasses__()
    return frozenset(found)


def drafting() -> Refusals:
    """What can be wrong with a deal that is to become an invoice."""
    return all_refusals() - ON_INVOICES - ON_OTHER_SALES | {errors.NoEmailAddress}


def drafting_other() -> Refusals:
    """What can be wrong with a deal that is to become an estimate, a sales receipt or a credit memo."""
    return drafting() - {errors.InvoiceExists, errors.DepositTooLarge} | {errors.SaleExists}


DEALS = ("DEAL",)
# What becomes of a deal may be asked of its quote.
DEALS_AND_QUOTES = ("DEAL", "QUOTE")


@dataclass(frozen=True, slots=True)
class Action:
    """What an action promises.

    `title` as people know it; `object_types`: what it can be used on; `refusals` beyond `ALWAYS`.
    """

    title: str
    schema: type[InputsSchema]
    refusals: Refusals
    object_types: tuple[str, ...] = DEALS
    outputs: tuple[str, ...] = OUTPUT_NAMES

    @property
    def leads_to_deal(self) -> bool:
        """Of a quote, its deal is meant: the callback is worked on as if the deal had been enrolled."""
        return self.object_types == DEALS_AND_QUOTES

    @property
    def error_codes(self) -> frozenset[str]:
        """Every code it can end with."""
        return frozenset(each.code for each in ALWAYS | self.refusals)


# What leads to one invoice: the deal itself, or what has one deal.
AROUND_INVOICES = ("DEAL", "QUOTE", "INVOICE")

ACTIONS: dict[str, Action] = {
    "create-invoice": Action(
        "Create invoice",
        CreateInvoiceSchema,
        # It may also send what it has made.
        drafting(),
        DEALS_AND_QUOTES,
    ),
    "send-invoice": Action(
        "Send invoice",
        SendInvoiceSchema,
        frozenset({errors.InvoiceNotFound, errors.InvoiceVoided, errors.NoEmailAddress}),
        AROUND_INVOICES,
    ),
    "create-estimate": Action(
        "Create estimate", EstimateSchema, drafting_other(), DEALS_AND_QUOTES, estimate.OUTPUT_NAMES
    ),
    "create-sales-receipt": Action(
        "Create sales receipt", SalesReceiptSchema, drafting_other(), DEALS_AND_QUOTES, sales_receipt.OUTPUT_NAMES
    ),
    "create-credit-memo": Action(
        "Create credit memo",
        CreditMemoSchema,
        drafting_other() | {errors.InvoiceNotFound},
        outputs=credit_memo.OUTPUT_NAMES,
    ),
    "convert-estimate-to-invoice": Action(
        "Convert estimate to invoice",
        ConversionSchema,
        frozenset(
            {
                errors.EstimateNotFound,
                errors.EstimateClosed,
                errors.SplitTooLarge,
                errors.LineItemUnusable,
                errors.TotalNotPositive,
                errors.TotalDiffers,
                errors.NumberTaken,
            }
        ),
        DEALS_AND_QUOTES,
        conversion.OUTPUT_NAMES,
    ),
    "void-invoice": Action(
        "Void invoice",
        VoidInvoiceSchema,
        frozenset({errors.InvoiceNotFound, errors.InvoicePaid}),
        AROUND_INVOICES,
    ),
    "refresh-invoice": Action(
        "Refresh invoice", RefreshInvoiceSchema, frozenset({errors.InvoiceNotFound}), AROUND_INVOICES
    ),
    "adopt-invoice": Action(
        "Adopt invoice", AdoptInvoiceSchema, frozenset({errors.InvoiceNotFound, errors.InvoiceOfAnotherDeal})
    ),
    "attach-invoice-pdf": Action(
        "Attach invoice PDF",
        AttachPdfSchema,
        frozenset({errors.InvoiceNotFound}),
        AROUND_INVOICES,
        (*OUTPUT_NAMES, "noteId", "fileId"),
    ),
    "create-or-update-customer": Action(
        "Create or update customer",
        CustomerSchema,
        frozenset(
            {errors.DealHasNoRecipient, errors.CustomerNotFound, errors.CustomerInactive, errors.CurrencyMismatch}
        ),
        ("CONTACT", "COMPANY", "DEAL"),
        customer.OUTPUT_NAMES,
    ),
    "update-invoice": Action(
        "Update invoice",
        UpdateInvoiceSchema,
        LINES
        | {errors.InvoiceNotFound, errors.InvoiceVoided, errors.InvoicePaid}
        | {errors.DealHasNoRecipient, errors.DepositTooLarge, errors.TotalDiffers},
        AROUND_INVOICES,
    ),
    "record-payment": Action(
        "Record payment",
        RecordPaymentSchema,
        frozenset({errors.InvoiceNotFound, errors.InvoiceVoided, errors.InvoicePaid, errors.PaymentTooLarge}),
        AROUND_INVOICES,
        (*OUTPUT_NAMES, "paymentId"),
    ),
}


def check_request(action: str, object_type: str, inputs: Mapping[str, str]) -> None:
    """What is senseless whatever the deal holds is refused. Raises: UnknownAction, InputInvalid."""
    if action not in ACTIONS:
        raise errors.UnknownAction("This action does not exist any more: choose another one in the workflow.")
    asked = ACTIONS[action]
    if object_type not in asked.object_types:
        known = ", ".join(f"{each.lower()}s" for each in asked.object_types).replace("companys", "companies")
        raise errors.InputInvalid(
            f"The {asked.title} action works on {known}: use it in a workflow based on one of these."
        )
    load_inputs(schema_of(action), inputs, asked.title)


@cache
def schema_of(action: str) -> InputsSchema:
    """Who reads an action's inputs; making one costs more than reading with it."""
    return ACTIONS[action].schema()


def output_names(action: str) -> tuple[str, ...]:
    """The outputs of an action; those of every action for one that is no more."""
    return ACTIONS[action].outputs if action in ACTIONS else OUTPUT_NAMES

"""The workflow actions of this service, each once. Knows what they promise, not how they are done.

An action is a name here, `action_definitions/<name>.json` for HubSpot, and the function of its name in
`workflows/<name>.py`. README has the recipe.
"""

from __future__ import annotations

from dataclasses import dataclass

from service import errors
from service.errors import CannotInvoice
from service.invoicing.input_fields import InputsSchema
from service.invoicing.inputs import CreateInvoiceSchema
from service.invoicing.invoice import OUTPUT_NAMES
from service.invoicing.send import SendInvoiceSchema

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
        errors.InvoiceVoided,
        errors.NoEmailAddress,
    }
)


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
    """What can be wrong with a deal that is to become an invoice, or anything else with lines."""
    return all_refusals() - ON_INVOICES


@dataclass(frozen=True, slots=True)
class Action:
    """What an action promises.

    `title` as people know it; `object_types`: what it can be used on; `refusals` beyond `ALWAYS`.
    """

    title: str
    schema: type[InputsSchema]
    refusals: Refusals
    object_types: tuple[str, ...] = ("DEAL",)
    outputs: tuple[str, ...] = OUTPUT_NAMES

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
        drafting() | {errors.NoEmailAddress},
    ),
    "send-invoice": Action(
        "Send invoice",
        SendInvoiceSchema,
        frozenset({errors.InvoiceNotFound, errors.InvoiceVoided, errors.NoEmailAddress}),
        AROUND_INVOICES,
    ),
}


def output_names(action: str) -> tuple[str, ...]:
    """The outputs of an action; those of every action for one that is no more."""
    return ACTIONS[action].outputs if action in ACTIONS else OUTPUT_NAMES

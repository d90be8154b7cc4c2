"""The two workflows this service is mostly installed for, step by step, as data: page, README and tests read it.

Names and labels are those of our deal properties; a portal with names of its own has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.hubspot.properties import DEAL_PROPERTIES


@dataclass(frozen=True, slots=True)
class Filter:
    """One line of a trigger: a property, HubSpot's word for the comparison, and the values by their labels."""

    name: str
    operator: str
    values: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How HubSpot's editor calls the property."""
        return next(each.label for each in DEAL_PROPERTIES if each.name == self.name)

    def __str__(self) -> str:
        return " ".join([self.label, self.operator, " or ".join(self.values)]).strip()


@dataclass(frozen=True, slots=True)
class Step:
    """One action after the trigger; `kind` is "email" or "slack". {{names}} are tokens: pick them in the editor."""

    kind: str
    action: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A deal-based workflow. `event`: the change that starts it; `filters` hold as well at that moment."""

    name: str
    title: str
    purpose: str
    event: Filter
    filters: tuple[Filter, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


ANY_OF, GREATER, KNOWN = "is any of", "is greater than", "is known"

OVERDUE = Recipe(
    "overdue-follow-up",
    "E-mail customers who have not paid by the due date",
    "The day after the due date, by the company's own calendar, the customer gets one e-mail with a link to pay.",
    Filter("qbo_invoice_status", ANY_OF, ("Overdue",)),
    (Filter("qbo_invoice_balance", GREATER, ("0",)),),
    (
        Step(
            "email",
            "Send email to the deal's contacts",
            "Dear {{contact.firstname}}, invoice {{qbo_invoice_number}} over {{qbo_invoice_amount}} "
            "{{qbo_invoice_currency}} was due on {{qbo_invoice_due_date}}; {{qbo_invoice_balance}} is still open. "
            "You can pay here: {{qbo_invoice_pay_link}}",
            (("to", "{{contact.email}}"), ("subject", "Invoice {{qbo_invoice_number}} is overdue")),
        ),
    ),
    (
        "Another e-mail each week: add “Delay 7 days”, then “If/then branch: Invoice status is any of Overdue”, then "
        "the next e-mail.",
        "A payment or a new due date takes the status back by itself; a deal that falls overdue again is enrolled "
        "again.",
    ),
)

PAYMENT = Recipe(
    "payment-alert",
    "Tell Slack whenever a payment is collected",
    "Seconds after a payment is recorded in QuickBooks, in part or in full, the team's channel says so.",
    Filter("qbo_invoice_amount_paid", GREATER, ("0",)),
    (Filter("qbo_invoice_status", ANY_OF, ("Partial payment", "Paid in full", "Overdue")),),
    (
        Step(
            "slack",
            "Send Slack notification",
            "{{dealname}}: {{qbo_invoice_amount_paid}} of {{qbo_invoice_amount}} {{qbo_invoice_currency}} paid on "
            "invoice {{qbo_invoice_number}}, {{qbo_invoice_balance}} open",
            (("channel", "#payments"),),
        ),
    ),
    (
        "Only when it is paid in full: add the filter “Invoice balance is equal to 0”.",
        "Deals with several invoices: build the same on HubSpot invoices (invoice-based workflow, “QuickBooks amount "
        "paid”), for a deal shows the invoice that changed last.",
        "A payment that is voided lowers the amount: with several payments that is one message too many.",
    ),
)

RECIPES = (OVERDUE, PAYMENT)

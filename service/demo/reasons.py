"""Every reason why something cannot be done, with what happens to reach it. A test names what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from service.demo import history, mishaps
from service.demo.evidence import UK, US, Place
from service.demo.mishaps import Inputs, Mishap

# A portal joined to two realms, as it is to the first and to the second; and one that is joined to none.
SPOILT = Place("20000003", "9341450000000002")
NUMBERED = Place("20000003", "9341450000000005")
UNJOINED = Place("20000004", "")


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, what happened, and what the workflow asked for.

    `deal`: a seeded one by the name of its story, or "" for the one deal of a portal made for this. `before`
    happens before HubSpot posts the action, `after` while the service works on it.
    """

    code: str
    happened: str
    deal: str = ""
    action: str = "create-invoice"
    inputs: Inputs = field(default_factory=dict)
    place: Place = US
    before: Mishap = mishaps.nothing
    after: Callable[[str], None] | None = None


DEAL = (
    Reason("NO_CUSTOMER", "a deal without a contact", "no-contact"),
    Reason("NO_LINE_ITEMS", "a deal without line items", "no-lines"),
    Reason("NO_AMOUNT", "a deal without an amount", "no-lines-no-amount", inputs={"lines": "deal_amount"}),
    Reason("BAD_LINE_ITEM", "a line item without a price", "no-price"),
    Reason("TOTAL_NOT_POSITIVE", "a discount of 100 %", "free-of-charge"),
    Reason("CURRENCY_MISMATCH", "a deal in euro, a company that has dollars", "euro"),
    Reason("DEAL_NOT_FOUND", "a deal that was deleted meanwhile", "lost", before=mishaps.delete_deal),
)
AUTHOR = (
    Reason("INVALID_INPUT", "a due date in words", "own-line", inputs={"dueInDays": "soon"}),
    Reason("UNKNOWN_ACTION", "an action that was taken away", "own-line", "create-proforma"),
    Reason("REALM_NOT_CHOSEN", "two companies, and none chosen", place=NUMBERED),
    Reason("CUSTOMER_NOT_FOUND", "a new customer, not to be created", "new-customer",
           inputs={"customerNotFound": "fail"}),
    Reason("ITEM_NOT_FOUND", "a new product, not to be created", "unknown-product", inputs={"itemNotFound": "fail"}),
    Reason("NO_DEFAULT_ITEM", "a new product, and no default item", place=SPOILT, inputs={"realmId": SPOILT.realm}),
    Reason("NO_INCOME_ACCOUNT", "a new product, and no account for it", place=SPOILT,
           inputs={"realmId": SPOILT.realm, "itemNotFound": "create"}),
    Reason("TAX_CODE_MISSING", "exempt from VAT, but by which code?", "uk-company-only", place=UK,
           inputs={"taxCodeId": "exempt", "billTo": "primary_company"}),
    Reason("DUPLICATE_NUMBER", "the number of another invoice", place=NUMBERED,
           inputs={"realmId": NUMBERED.realm, "invoiceNumber": "BB-0042"}),
    Reason("SPLIT_TOO_LARGE", "60 % of a deal are billed, then 60 % more", "amount-differs",
           before=mishaps.invoice_a_share),
    Reason("DEPOSIT_TOO_LARGE", "500.00 paid in advance of 100.00", "thirds",
           inputs={"deposit": "500", "taxCodeId": "exempt"}),
    Reason("INVOICE_EXISTS", "a second invoice, where that is to fail", "one-line", inputs={"existingInvoice": "fail"}),
    Reason("SALE_EXISTS", "a second estimate, where that is to fail", "right-to-left", "create-estimate",
           {"existingEstimate": "fail"}, before=mishaps.offer_once),
    Reason("INVOICE_NOT_FOUND", "an invoice to send, and there is none", "apostrophe", "send-invoice"),
    Reason("ESTIMATE_NOT_FOUND", "an estimate to convert, and there is none", "pennies",
           "convert-estimate-to-invoice"),
    Reason("INVOICE_OF_ANOTHER_DEAL", "an invoice to adopt that another deal has", "two-contacts", "adopt-invoice",
           before=mishaps.name_an_invoice_of_another_deal),
    Reason("PAYMENT_TOO_LARGE", "9999.00 received for 440.00", "three-lines", "record-payment", {"amount": "9999"}),
    Reason("NO_EMAIL", "created, but mailed to nobody", "contact-without-email", inputs={"send": "now"}),
)  # fmt: skip
VENDORS = (
    Reason("CUSTOMER_INACTIVE", "an inactive customer", "service-date", before=mishaps.retire_customer),
    Reason("ITEM_INACTIVE", "an inactive item", "inactive-product", inputs={"itemNotFound": "fail"}),
    Reason("ESTIMATE_CLOSED", "an estimate that somebody closed", "emoji", "convert-estimate-to-invoice",
           before=mishaps.close_estimate),
    Reason("INVOICE_VOIDED", "a voided invoice to send", "emoji", "send-invoice", before=mishaps.name_a_voided_invoice),
    Reason("INVOICE_PAID", "a paid invoice to void", "returning", "void-invoice"),
    Reason("BOOKS_CLOSED", "a date in closed books", "two-contacts", inputs={"invoiceDate": "2017-01-01"}),
    Reason("QBO_SETTING_OFF", "shipping, which the company does not charge", "bundle", inputs={"shippingAmount": "9"}),
    Reason("QBO_REJECTED", "terms that QuickBooks does not have", "no-sku", inputs={"termId": "999"}),
    Reason("HUBSPOT_REJECTED", "a PDF, and no permission for files", "three-lines", "attach-invoice-pdf",
           before=mishaps.forbid_files),
    Reason("TOTAL_DIFFERS", "created, but QuickBooks adds the tax once more", "uk-one-line", place=UK,
           inputs={"prices": "with_tax"}, before=mishaps.add_tax_once_more),
)  # fmt: skip
OPERATOR = (
    Reason("PORTAL_NOT_CONNECTED", "a portal that nobody has connected", place=UNJOINED),
    Reason("QBO_SUBSCRIPTION_ENDED", "a subscription that has ended", place=SPOILT,
           inputs={"realmId": SPOILT.realm, "defaultItemId": "4"}),
    Reason("NOT_DONE_IN_TIME", "no answer from QuickBooks for a week (the demo moves the deadline)", "purchase-order",
           before=mishaps.lose_every_create, after=history.pass_deadline),
    Reason("INTERNAL_ERROR", "ten workers ended while they worked on it (the demo sets the count)",
           "uk-new-customer", place=UK, before=mishaps.lose_every_create, after=history.bury_workers),
)  # fmt: skip

CHAPTERS: tuple[tuple[str, tuple[Reason, ...]], ...] = (
    ("What the deal lacks", DEAL),
    ("What the author of the workflow chose", AUTHOR),
    ("How things stand in QuickBooks and HubSpot", VENDORS),
    ("What the operator must see to", OPERATOR),
)
"""Who can put it right, and the reasons that are theirs."""

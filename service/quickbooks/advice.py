"""What a person should do about a fault, by Intuit's code."""

from __future__ import annotations

from collections.abc import Sequence

from service.quickbooks.answer_shapes import Fault

# A sentence travels to a deal property and to a callback's output; Details can be pages long.
_LONGEST_DETAIL = 500
_MOST_FAULTS = 3

_GENERAL = "QuickBooks refused the request"

# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
_ADVICE = {
    "610": "Something in the request no longer exists in QuickBooks: choose another or create it again",
    "620": "QuickBooks cannot link these transactions: check the customer and the status of both",
    "630": "QuickBooks has another one that is too much like it: look there for its number, and change that",
    "700": "The parent does not exist in QuickBooks: choose another parent",
    "800": "Other entries in QuickBooks depend on this one: remove them first",
    "2010": "QuickBooks does not take one of the fields: turn off the setting that fills it",
    "2020": "A field QuickBooks requires is missing: fill it on the deal or in the workflow action",
    "2040": "A field holds characters QuickBooks does not take: remove them",
    "2050": "A field is too long for QuickBooks: shorten it",
    "2210": "An e-mail address is not valid: correct it on the contact or company",
    "2220": "QuickBooks does not know the currency: turn it on in QuickBooks or change the deal's currency",
    "2250": "The invoice has no lines: add line items to the deal",
    "2290": "QuickBooks does not take a negative amount on this line: use an invoice discount instead",
    "2500": "The invoice names something QuickBooks does not have: choose another customer, item, term or account",
    "3000": "A custom field is not set up in QuickBooks: correct it in QuickBooks or leave it out",
    "5020": "The QuickBooks user who connected may not do this: reconnect as an administrator",
    "5030": "The QuickBooks plan of this company does not include this feature: upgrade it or turn the feature off",
    "6000": "QuickBooks refused the business rules of this invoice: read its reason and correct the deal",
    "6070": "An amount is not quantity times unit price: correct quantity or price of the line item",
    "6080": "The customer has no name: fill the name of the contact or company",
    "6090": "The discount has neither amount nor percent: fill one of them",
    "6100": "The tax code of a line must be TAX or NON in a US company: choose one of these",
    "6130": "QuickBooks cannot change who is billed for this customer: change it in QuickBooks",
    "6140": "The invoice number is already used in QuickBooks: choose another number",
    "6160": "This tax code cannot be used on new invoices: choose another tax code",
    "6170": "Tax was given although tax does not apply: choose another tax setting",
    "6190": "The QuickBooks subscription has ended or has a billing problem: renew it in QuickBooks",
    "6200": "The books are closed for this date: use a later invoice date or open the books in QuickBooks",
    "6210": "The books are closed for this date: use a later invoice date or open the books in QuickBooks",
    "6230": "This tax code cannot be used on this invoice: choose another tax code",
    "6240": "The name is already used by a customer, vendor or employee: choose another name",
    "6250": "The customer does not exist in QuickBooks or is inactive: make it active or choose another",
    "6270": "The invoice date is before the item's inventory start date: use a later date",
    "6420": "There is no e-mail address to send to: fill it on the contact or company",
    "6450": "The transaction is settled and cannot be voided: refund it in QuickBooks",
    "6470": "The tax code is missing or has no rate: choose a tax code for every line",
    "6480": "The transaction is matched to the bank and cannot be changed: undo the match in QuickBooks",
    "6520": "A tracked inventory item needs a quantity: fill the quantity of the line item",
    "6540": "The transaction is deposited and cannot be changed: undo the deposit in QuickBooks",
}

MADE_INACTIVE = "Something the request names was made inactive in QuickBooks: make it active or choose another"


def state_refusal(faults: Sequence[Fault], made_inactive: bool = False) -> str:
    """One sentence for people: the fix, then Intuit's codes and reasons.

    Not for logs: it may hold customer text.
    """
    first = faults[0].code if faults else ""
    advice = MADE_INACTIVE if made_inactive else _ADVICE.get(first, _GENERAL)
    reasons = [_reason(fault) for fault in faults[:_MOST_FAULTS]]
    return " ".join([f"{advice}.", *(reason for reason in reasons if reason)])


def _reason(fault: Fault) -> str:
    name = f"QuickBooks {fault.code}" if fault.code else "QuickBooks"
    reason = " ".join((fault.detail or fault.message).split())[:_LONGEST_DETAIL]
    where = f" ({fault.element})" if fault.element and fault.element not in reason else ""
    if not reason and not fault.code:
        return ""
    return f"{name}{where}: {reason}" if reason else f"{name}{where}."

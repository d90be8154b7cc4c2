"""How a draft asks for tax. QuickBooks computes the tax itself; we only choose codes."""

from __future__ import annotations

from dataclasses import dataclass

from service.errors import InputInvalid, TaxCodeMissing
from service.invoicing.realm import RealmFacts, SalesTax

_US_CODES = {"TAX": "TAX", "taxable": "TAX", "NON": "NON", "exempt": "NON"}
_TAXABLE, _EXEMPT = ("TAX", "taxable"), ("NON", "exempt")


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax fields of a draft; None: the field stays out and QuickBooks' defaults apply."""

    line_code: str | None = None
    calculation: str | None = None


def decide_tax(realm: RealmFacts, tax_code_id: str | None) -> Tax:
    """A draft is taxed as the realm says, unless the author says otherwise.

    Raises: TaxCodeMissing, InputInvalid.
    """
    if realm.sales_tax == SalesTax.NONE:
        return _decide_without_tax(tax_code_id)
    if realm.sales_tax == SalesTax.CODES:
        return Tax(_decide_code(realm, tax_code_id), "TaxExcluded")
    return Tax(_decide_us_code(tax_code_id))


def _decide_without_tax(tax_code_id: str | None) -> Tax:
    if tax_code_id is None or tax_code_id in _EXEMPT:
        return Tax()
    raise InputInvalid(
        "The Create invoice action asks for tax, but sales tax is switched off in QuickBooks. "
        'Switch it on there, or set "taxCodeId" in the action to exempt or leave it empty.'
    )


def _decide_us_code(tax_code_id: str | None) -> str | None:
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    # A line's code can only be TAX or NON (6100). Left out, the item's and the customer's defaults apply.
    if tax_code_id is None:
        return None
    if tax_code_id not in _US_CODES:
        raise InputInvalid(
            f'In this QuickBooks company "taxCodeId" must be taxable or exempt (it is "{tax_code_id}"). '
            "Change it in the Create invoice action."
        )
    return _US_CODES[tax_code_id]


def _decide_code(realm: RealmFacts, tax_code_id: str | None) -> str:
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-non-us-locales
    # Every line needs a code, otherwise QuickBooks refuses the invoice (6000).
    if tax_code_id in _EXEMPT:
        raise TaxCodeMissing(
            "This QuickBooks company taxes by codes, so there is no plain exempt. "
            'Choose its exempt or zero-rated tax code as "taxCodeId" in the Create invoice action.'
        )
    chosen = realm.default_tax_code_id if tax_code_id is None or tax_code_id in _TAXABLE else tax_code_id
    if not chosen:
        raise TaxCodeMissing(
            "This QuickBooks company needs a tax code on every line and has no default. "
            'Choose a tax code as "taxCodeId" in the Create invoice action.'
        )
    return chosen

"""How a sale asks for tax. QuickBooks computes the tax itself; we only choose codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.errors import InputInvalid, TaxCodeMissing
from service.invoicing.deal import LineItem
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.sale_inputs import Prices

_US_CODES = {"TAX": "TAX", "taxable": "TAX", "NON": "NON", "exempt": "NON"}
_TAXABLE, _EXEMPT = ("TAX", "taxable"), ("NON", "exempt")


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax fields of a sale; None: the field stays out and QuickBooks' defaults apply.

    `line_code` for lines whose tax rate in HubSpot is not among `codes_by_rate`; `sale_code` is the
    rate of a whole sale, in the US only. `needs_code`: QuickBooks refuses lines without one.
    """

    line_code: str | None = None
    calculation: str | None = None
    sale_code: str | None = None
    codes_by_rate: Mapping[str, str] = field(default_factory=dict)
    needs_code: bool = False

    @property
    def is_inclusive(self) -> bool:
        """The lines' amounts hold the tax."""
        return self.calculation == "TaxInclusive"

    def code_of(self, line_item: LineItem) -> str | None:
        """The line's own tax rate decides, where the operator has said what it means; else the action.

        Raises: TaxCodeMissing.
        """
        known = (self.codes_by_rate[rate] for rate in line_item.tax_rates if rate in self.codes_by_rate)
        return self.require(next(known, self.line_code))

    def require(self, code: str | None) -> str | None:
        """A code where QuickBooks wants one.

        Raises: TaxCodeMissing.
        """
        # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-non-us-locales
        # Every line needs a code, otherwise QuickBooks refuses the invoice (6000).
        if code is None and self.needs_code:
            raise TaxCodeMissing(
                "This QuickBooks company needs a tax code on every line and has no default. "
                'Choose a tax code as "taxCodeId" in the action.'
            )
        return code


def decide_tax(realm: RealmFacts, tax_code_id: str | None, prices: Prices = Prices.WITHOUT_TAX) -> Tax:
    """A sale is taxed as the realm says, unless the author says otherwise.

    Raises: TaxCodeMissing, InputInvalid.
    """
    if realm.sales_tax == SalesTax.CODES:
        calculation = "TaxInclusive" if prices == Prices.WITH_TAX else "TaxExcluded"
        by_rate = {rate: _decide_code(realm, code) or "" for rate, code in realm.tax_codes_by_rate.items()}
        return Tax(_decide_code(realm, tax_code_id), calculation, codes_by_rate=by_rate, needs_code=True)
    if prices == Prices.WITH_TAX:
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
        # GlobalTaxCalculation is not applicable in US companies.
        raise InputInvalid(
            "Prices with tax are only known to QuickBooks companies that tax by codes (VAT, GST), and this one "
            'does not. Set "prices" to without_tax in the action.'
        )
    if realm.sales_tax == SalesTax.NONE:
        return _decide_without_tax(tax_code_id)
    by_rate = {rate: _decide_us_code(realm, code).line_code or "TAX" for rate, code in realm.tax_codes_by_rate.items()}
    us = _decide_us_code(realm, tax_code_id)
    sale_code = us.sale_code
    if sale_code is None and realm.sales_tax == SalesTax.US_MANUAL and "TAX" in by_rate.values():
        sale_code = realm.default_tax_code_id
    return Tax(us.line_code, sale_code=sale_code, codes_by_rate=by_rate)


def find_tax_code_problems(codes_by_rate: Mapping[str, object]) -> list[str]:
    """What is wrong with an operator's mapping of tax rates; empty when nothing is."""
    return [
        f"the tax rate {rate!r} must lead to taxable, exempt or the id of a tax code"
        for rate, code in codes_by_rate.items()
        if not (isinstance(code, str) and (code in _US_CODES or (code.isascii() and code.isdigit())))
    ]


def _decide_without_tax(tax_code_id: str | None) -> Tax:
    if tax_code_id is None or tax_code_id in _EXEMPT:
        return Tax()
    raise InputInvalid(
        "The action asks for tax, but sales tax is switched off in QuickBooks. "
        'Switch it on there, or set "taxCodeId" in the action to exempt or leave it empty.'
    )


def _decide_us_code(realm: RealmFacts, tax_code_id: str | None) -> Tax:
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    # A line's code can only be TAX or NON (6100). Left out, the item's and the customer's defaults apply.
    if tax_code_id is None:
        return Tax()
    if tax_code_id in _US_CODES:
        # By hand, a sale that names no rate may be taxed at none (not verified): the company's own, then.
        by_hand = realm.sales_tax == SalesTax.US_MANUAL and tax_code_id in _TAXABLE
        return Tax(_US_CODES[tax_code_id], sale_code=realm.default_tax_code_id if by_hand else None)
    if realm.sales_tax == SalesTax.US_MANUAL:
        # There the code of the whole sale chooses the rate, and its lines say that they are taxable.
        return Tax("TAX", sale_code=tax_code_id)
    raise InputInvalid(
        "QuickBooks computes this company's sales tax from the address, "
        f'so "taxCodeId" must be taxable or exempt (it is "{tax_code_id}"). Change it in the action.'
    )


def _decide_code(realm: RealmFacts, tax_code_id: str | None) -> str | None:
    if tax_code_id in _EXEMPT:
        raise TaxCodeMissing(
            "This QuickBooks company taxes by codes, so there is no plain exempt. "
            'Choose its exempt or zero-rated tax code as "taxCodeId" in the action.'
        )
    return realm.default_tax_code_id if tax_code_id is None or tax_code_id in _TAXABLE else tax_code_id

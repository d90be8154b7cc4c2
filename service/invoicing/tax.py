"""How a sale asks for tax. QuickBooks computes the tax itself; we only choose codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from service.errors import InputInvalid, LineItemUnusable, TaxCodeMissing
from service.ids import ItemId
from service.invoicing.deal import LineItem
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.sale_inputs import Prices
from service.invoicing.text import quote_text

EXEMPT_CODE = "exempt"
"""In an operator's mapping: which code is meant by exempt, where a realm taxes by codes."""

_TAXABLE, _EXEMPT = ("TAX", "taxable"), ("NON", EXEMPT_CODE)


@dataclass(frozen=True, slots=True)
class TaxFacts:
    """What QuickBooks' own lists say of tax; None, or an item that is not in it: they say nothing.

    `customer_taxable` False: exempt in the US. `customer_code_id`: the code the customer is taxed by.
    """

    customer_taxable: bool | None = None
    customer_code_id: str | None = None
    items_taxable: Mapping[ItemId, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaxChoice:
    """What a line asks for, and the rate it wants for the whole sale (US by hand only); None: neither is said."""

    line_code: str | None = None
    sale_code: str | None = None


@dataclass(frozen=True, slots=True)
class Tax:
    """How one sale is taxed: the realm's way, the author's choice, and what QuickBooks' lists say.

    `calculation` None: the field stays out. Each line is decided when it is asked for, so that an entry of
    the operator's mapping that fits nothing harms only lines that have its rate.
    """

    realm: RealmFacts
    chosen: str | None = None
    calculation: str | None = None
    facts: TaxFacts = field(default_factory=TaxFacts)

    @property
    def is_inclusive(self) -> bool:
        """The lines' amounts hold the tax."""
        return self.calculation == "TaxInclusive"

    @property
    def is_exempt_in_us(self) -> bool:
        """The customer pays no sales tax, whatever is sold."""
        return self.realm.sales_tax.is_us and self.facts.customer_taxable is False

    def choose(self, line_item: LineItem, item_id: ItemId | None = None) -> TaxChoice:
        """The line's own tax rate decides, where the operator has said what it means; else the action.

        Where neither says anything: the customer, then (in the US) the item, then the realm.
        Raises: TaxCodeMissing, InputInvalid.
        """
        rates = self.realm.tax_codes_by_rate
        rate = next((each for each in line_item.tax_rates if each in rates), None)
        return self._choose(self.chosen if rate is None else rates[rate], rate, item_id)

    def choose_plainly(self) -> TaxChoice:
        """As for a line without a rate of its own, whatever it sells.

        Raises: TaxCodeMissing.
        """
        return self._choose(self.chosen, None, None)

    def choose_shipping(self) -> TaxChoice:
        """As a line without a rate of its own; in the US QuickBooks knows by itself whether shipping is taxed.

        Raises: TaxCodeMissing.
        """
        return self.choose_plainly() if self.realm.sales_tax == SalesTax.CODES else TaxChoice()

    def decide_sale_code(self, sold: Iterable[TaxChoice]) -> str | None:
        """The one rate of the whole sale, in the US by hand; None: it is not said.

        `sold`: what the lines ask for that cost something. Raises: LineItemUnusable when they want several.
        """
        if self.realm.sales_tax != SalesTax.US_MANUAL:
            return None
        choices = [each for each in sold if each.line_code == "TAX"]
        named = sorted({each.sale_code for each in choices if each.sale_code is not None})
        if len(named) > 1:
            # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
            # TxnTaxCodeRef is the rate of the whole transaction; a line only says whether it is taxable.
            raise LineItemUnusable(
                f"The line items want different tax rates (the tax codes {' and '.join(named)}), and QuickBooks taxes "
                "all lines of a sale by one. Split the deal, or give its line items one tax rate."
            )
        # A sale that names no rate may be taxed at none (not verified): the customer's own, else the company's.
        own = self.facts.customer_code_id or self.realm.default_tax_code_id
        return named[0] if named else own if choices else None

    def list_remarks(self) -> tuple[str, ...]:
        """What of the author's choice was not followed."""
        if not self.is_exempt_in_us or self.chosen is None or self.chosen in _EXEMPT:
            return ()
        return ("QuickBooks has the customer as exempt from sales tax, so nothing was taxed although the action asks.",)

    def _choose(self, wanted: str | None, rate: str | None, item_id: ItemId | None) -> TaxChoice:
        if self.realm.sales_tax == SalesTax.CODES:
            return TaxChoice(self._choose_code(wanted, rate))
        return self._choose_us(wanted, rate, item_id) if self.realm.sales_tax.is_us else TaxChoice()

    def _choose_code(self, wanted: str | None, rate: str | None) -> str:
        if wanted in _EXEMPT:
            code = self.realm.tax_codes_by_rate.get(EXEMPT_CODE)
            if code is None or not _is_code_id(code):
                raise TaxCodeMissing(
                    f"This QuickBooks company taxes by codes, so it has no plain exempt as {_tell_source(rate)} says. "
                    'Choose its exempt or zero-rated tax code as "taxCodeId" in the action, or have the operator name '
                    f'it: `connections set --tax-codes`, {{"{EXEMPT_CODE}": "5"}} for instance.'
                )
            return code
        if wanted is not None and wanted not in _TAXABLE:
            return wanted
        code = self.facts.customer_code_id or self.realm.default_tax_code_id
        if code is None:
            # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-non-us-locales
            # Every line needs a code, otherwise QuickBooks refuses the invoice (6000).
            raise TaxCodeMissing(
                "This QuickBooks company needs a tax code on every line, and neither it nor the customer has a "
                'default. Choose a tax code as "taxCodeId" in the action.'
            )
        return code

    def _choose_us(self, wanted: str | None, rate: str | None, item_id: ItemId | None) -> TaxChoice:
        # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
        # A line's code can only be TAX or NON (6100). It is always said: left out, a documented answer has NON
        # on a line, so that a sale that must be taxed might go without, and nobody would see it.
        if self.realm.sales_tax == SalesTax.US_AUTOMATED:
            _check_automated(wanted, rate)
        if self.is_exempt_in_us or wanted in _EXEMPT:
            return TaxChoice("NON")
        if wanted is None:
            is_untaxed = item_id is not None and self.facts.items_taxable.get(item_id) is False
            return TaxChoice("NON" if is_untaxed else "TAX")
        # By hand the code of the whole sale chooses the rate, and its lines say that they are taxable.
        return TaxChoice("TAX", sale_code=None if wanted in _TAXABLE else wanted)


def decide_tax(
    realm: RealmFacts, chosen: str | None, prices: Prices = Prices.WITHOUT_TAX, facts: TaxFacts | None = None
) -> Tax:
    """A sale is taxed as the realm says, unless the author says otherwise; `chosen` is the author's tax code.

    Raises: InputInvalid.
    """
    facts = facts or TaxFacts()
    if realm.sales_tax == SalesTax.CODES:
        return Tax(realm, chosen, "TaxInclusive" if prices == Prices.WITH_TAX else "TaxExcluded", facts)
    if prices == Prices.WITH_TAX:
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
        # GlobalTaxCalculation is not applicable in US companies.
        raise InputInvalid(
            "Prices with tax are only known to QuickBooks companies that tax by codes (VAT, GST), and this one "
            'does not. Set "prices" to without_tax in the action.'
        )
    if realm.sales_tax == SalesTax.US_AUTOMATED:
        _check_automated(chosen)
    if realm.sales_tax == SalesTax.NONE and chosen is not None and chosen not in _EXEMPT:
        raise InputInvalid(
            "The action asks for tax, but sales tax is switched off in QuickBooks. "
            'Switch it on there, or set "taxCodeId" in the action to exempt or leave it empty.'
        )
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
    # GlobalTaxCalculation is required outside the US, also where no tax is charged.
    is_required = realm.sales_tax == SalesTax.NONE and realm.outside_us
    return Tax(realm, chosen, "NotApplicable" if is_required else None, facts)


def may_add_tax(realm: RealmFacts, chosen: str | None, prices: Prices) -> bool:
    """QuickBooks may come to more than the lines do, by tax that only it can reckon."""
    if realm.sales_tax == SalesTax.NONE or prices == Prices.WITH_TAX:
        return False
    return not (realm.sales_tax.is_us and chosen in _EXEMPT and not realm.tax_codes_by_rate)


def decide_taxable(realm: RealmFacts) -> bool | None:
    """What a new customer or item says of tax; None: nothing, since the US alone asks.

    Nobody has said that it is exempt, and left out, a documented answer has it untaxed: tax that is not charged is
    owed by the seller, and nobody sees it missing.
    """
    return True if realm.sales_tax.is_us else None


def asks_customer(realm: RealmFacts, chosen: str | None) -> bool:
    """Whether a sale's tax depends on what QuickBooks says of the customer."""
    if realm.sales_tax == SalesTax.CODES:
        return chosen is None or chosen in _TAXABLE
    return realm.sales_tax.is_us


def asks_items(tax: Tax) -> bool:
    """Whether a sale's tax depends on what QuickBooks says of its items."""
    return tax.realm.sales_tax.is_us and tax.chosen is None and not tax.is_exempt_in_us


def find_tax_code_problems(codes_by_rate: Mapping[str, object], sales_tax: SalesTax | None = None) -> list[str]:
    """What is wrong with an operator's mapping of tax rates; empty when nothing is.

    `sales_tax`: how the realm taxes; None: that is not known yet.
    """
    return [
        *(
            f"the tax rate {rate!r} must lead to taxable, exempt or the id of a tax code"
            for rate, code in codes_by_rate.items()
            if not (isinstance(code, str) and (code in (*_TAXABLE, *_EXEMPT) or _is_code_id(code)))
        ),
        *_find_misfits(codes_by_rate, sales_tax),
    ]


def _find_misfits(codes_by_rate: Mapping[str, object], sales_tax: SalesTax | None) -> Iterator[str]:
    named = codes_by_rate.get(EXEMPT_CODE)
    for rate, code in codes_by_rate.items():
        if sales_tax == SalesTax.CODES and code in _EXEMPT and not (isinstance(named, str) and _is_code_id(named)):
            yield (
                f"the tax rate {rate!r} leads to exempt, but this company taxes by codes: lead it to the id of a tax "
                f'code, or say which one exempt is, {{"{EXEMPT_CODE}": "5"}} for instance'
            )
        if sales_tax == SalesTax.US_AUTOMATED and isinstance(code, str) and _is_code_id(code):
            yield (
                f"the tax rate {rate!r} leads to the tax code {code}, but QuickBooks computes this company's sales "
                "tax from the address: lead it to taxable or exempt"
            )


def _is_code_id(code: str) -> bool:
    return code.isascii() and code.isdigit()


def _check_automated(wanted: str | None, rate: str | None = None) -> None:
    if wanted is not None and _is_code_id(wanted):
        place = "in the action" if rate is None else "with `connections set --tax-codes`"
        raise InputInvalid(
            "QuickBooks computes this company's sales tax from the address, so a tax can only be taxable or exempt; "
            f"{_tell_source(rate)} says {quote_text(wanted)}. Change it {place}."
        )


def _tell_source(rate: str | None) -> str:
    return '"taxCodeId"' if rate is None else f"the operator's mapping of the tax rate {quote_text(rate)}"

"""The lines an invoice shall have: the deal's, or those there with what was chosen for them. Knows no header.

What neither the deal nor the action says stays as it is on each line, whoever wrote it: tax code, class, service
date, discount, shipping, and what a person has added (texts, bundles, billed time).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from service.errors import CannotInvoice, InputInvalid
from service.ids import ItemId
from service.invoicing.billing import check_total
from service.invoicing.deal import LineItem
from service.invoicing.earlier_choices import sale_code_of
from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.invoice_lines import (
    BUNDLE,
    SALE,
    InvoiceLines,
    Line,
    amount_of,
    item_of,
    leave_out,
    read_lines,
    reference_of,
    write_lines,
)
from service.invoicing.line import find_line_period
from service.invoicing.lines import draft_lines
from service.invoicing.money import Money
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.sale_inputs import Prices
from service.invoicing.tax import Tax, TaxChoice, TaxFacts, decide_tax, may_add_tax
from service.invoicing.update import UpdateInvoiceInputs, UpdateLines
from service.invoicing.update_extras import Extras, plan_extras

_REFERENCES = ("ItemRef", "TaxCodeRef", "ClassRef")


@dataclass(frozen=True, slots=True)
class PlannedLines:
    """`changes`: QuickBooks' fields that are not so yet; `wanted`: the lines as they shall be; `total` without tax
    added to it, which `may_grow` by what only QuickBooks can reckon. `remarks` are differences a person should hear of.
    """

    changes: Mapping[str, Any]
    wanted: Mapping[str, Any]
    total: Money
    may_grow: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """An invoice and what is chosen for it; `sale`: what was chosen at any time; `calculation`: as it shall be."""

    entity: Mapping[str, Any]
    there: InvoiceLines
    inputs: UpdateInvoiceInputs
    sale: CreateInvoiceInputs
    realm: RealmFacts
    currency: str
    tax: Tax
    calculation: str | None

    @property
    def reprices(self) -> bool:
        """The amounts mean something else from now on."""
        return self.there.is_inclusive != (self.calculation == "TaxInclusive")


def plan_deal_lines(
    entity: Mapping[str, Any],
    billed: Sequence[LineItem],
    item_ids: Mapping[str, ItemId],
    *,
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
    realm: RealmFacts,
    currency: str,
    txn_date: date,
    tax_facts: TaxFacts | None = None,
) -> PlannedLines:
    """The deal's line items in the places of the lines that came from it.

    `billed` and `item_ids` as `draft_lines` takes them; `earlier` as `join_choices` gives it; the `txn_date` wanted.
    Raises: CannotInvoice.
    """
    case = _open(entity, inputs, earlier, realm, currency, tax_facts)
    # Discount and shipping are the invoice's own, unless the action says otherwise.
    bare = replace(case.sale, discount_percent=None, discount_amount=None, shipping=None)
    if "service_date" not in inputs.said and not realm.service_dates:
        bare = replace(bare, service_date=None)  # they were on when it was chosen
    drafted = draft_lines(billed, item_ids, currency, bare, case.realm, tax_facts, txn_date=txn_date)
    fields = [line.fields(number) for number, line in enumerate(drafted.lines, 1)]
    found = _match(case.there.sold, fields)
    sold = [
        told if there is None else _update(case, there, told, _unsaid(case, item, txn_date))
        for item, told, there in zip(billed, fields, found, strict=True)
    ]
    named = (
        case.tax.choose(item, item_ids[item.id]).sale_code
        for item, line in zip(billed, drafted.lines, strict=True)
        if line.amount and _has_rate(case, item)
    )
    return _plan(case, sold, _decide_sale_code(case, drafted.sale_tax_code, any(named), found, sold))


def plan_kept_lines(
    entity: Mapping[str, Any],
    *,
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
    realm: RealmFacts,
    currency: str,
    tax_facts: TaxFacts | None = None,
) -> PlannedLines:
    """The lines there, with what the action says of all of them.

    Raises: CannotInvoice.
    """
    case = _open(entity, inputs, earlier, realm, currency, tax_facts)
    if "prices" in inputs.said and case.reprices:
        raise InputInvalid(
            'The invoice keeps its lines, and "prices" would give their amounts another meaning. '
            'Set "lines" to line_items in the action, or leave "prices" empty.'
        )
    if inputs.sale.tax_code_id and any(BUNDLE in line for line in case.there.beside):
        raise InputInvalid(
            "The invoice has a bundle, whose tax is that of its items in QuickBooks. "
            'Leave "taxCodeId" empty in the action, or change the invoice in QuickBooks.'
        )
    said = inputs.sale
    told: dict[str, Any] = {}
    choice = case.tax.choose_plainly() if said.tax_code_id else TaxChoice()
    if choice.line_code:
        told["TaxCodeRef"] = {"value": choice.line_code}
    if said.class_id and realm.class_per_line:
        told["ClassRef"] = {"value": said.class_id}
    if said.service_date:
        told["ServiceDate"] = said.service_date.isoformat()
    sold = [_add(line, told) for line in case.there.sold]
    code = case.tax.decide_sale_code([choice] if any(line.get("Amount") for line in sold) else [])
    return _plan(case, sold, _decide_sale_code(case, code, False, case.there.sold, sold))


def choose_sale(
    entity: Mapping[str, Any], inputs: UpdateInvoiceInputs, earlier: CreateInvoiceInputs, realm: RealmFacts
) -> tuple[CreateInvoiceInputs, RealmFacts]:
    """What was chosen at any time and still means something, and the realm as far as it concerns this invoice.

    How the invoice is taxed stands in the invoice itself: somebody may have changed it since it was made.
    """
    sale = inputs.over(earlier)
    calculation = entity.get("GlobalTaxCalculation")
    if "prices" not in inputs.said:
        sale = replace(sale, prices=Prices.WITH_TAX if calculation == "TaxInclusive" else Prices.WITHOUT_TAX)
    if calculation == "NotApplicable" and inputs.said.keys().isdisjoint({"tax_code_id", "prices"}):
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
        # A person has taken the whole sale out of tax: its lines have no codes (6170).
        return replace(sale, tax_code_id=None), replace(realm, sales_tax=SalesTax.NONE)
    if "tax_code_id" not in inputs.said:
        sale = _forget_old_code(sale, realm)
    return sale, realm


def _open(
    entity: Mapping[str, Any],
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
    realm: RealmFacts,
    currency: str,
    tax_facts: TaxFacts | None,
) -> _Case:
    there = read_lines(entity)
    sale, realm = choose_sale(entity, inputs, earlier, realm)
    tax = decide_tax(realm, sale.tax_code_id, sale.prices, tax_facts)
    calculation = tax.calculation or there.calculation
    if realm.sales_tax == SalesTax.NONE:
        # Tax was switched off after the sale, whose lines still have their codes.
        calculation = there.calculation or tax.calculation
    return _Case(entity, there, inputs, sale, realm, currency, tax, calculation)


def _forget_old_code(sale: CreateInvoiceInputs, realm: RealmFacts) -> CreateInvoiceInputs:
    """A code chosen long ago may mean nothing to the company as it is set up today."""
    try:
        decide_tax(realm, sale.tax_code_id, sale.prices)
    except CannotInvoice:
        return replace(sale, tax_code_id=None)
    return sale


def _match(there: Sequence[Line], drafted: Sequence[Line]) -> list[Line | None]:
    """For each drafted line the one there that it is: the same item and text, the same item and name, the same text."""
    keys: tuple[Callable[[Line], object], ...] = (
        lambda line: (item_of(line), line.get("Description")),
        lambda line: (item_of(line), _name(line)),
        lambda line: line.get("Description"),
    )
    found: dict[int, Line] = {}
    left = list(there)
    for key in keys:
        waiting: dict[object, deque[Line]] = defaultdict(deque)
        for line in left:
            waiting[key(line)].append(line)
        for at, line in enumerate(drafted):
            if at not in found and waiting[key(line)]:
                found[at] = waiting[key(line)].popleft()
        left = leave_out(left, found.values())
    return [found.get(at) for at in range(len(drafted))]


def _name(line: Line) -> str:
    return str(line.get("Description") or "").partition("\n")[0]


def _has_rate(case: _Case, item: LineItem) -> bool:
    """The deal says how the line item is taxed."""
    return any(rate in case.realm.tax_codes_by_rate for rate in item.tax_rates)


def _unsaid(case: _Case, item: LineItem, txn_date: date) -> set[str]:
    """What neither the deal nor this action says of a line."""
    said, unsaid = case.inputs.said, set()
    if "tax_code_id" not in said and not _has_rate(case, item):
        unsaid.add("TaxCodeRef")
    if "class_id" not in said:
        unsaid.add("ClassRef")
    has_day = item.start_date or find_line_period(item, txn_date)
    if "service_date" not in said and not (case.realm.service_dates and has_day):
        unsaid.add("ServiceDate")
    return unsaid


def _update(case: _Case, there: Line, drafted: Line, unsaid: set[str]) -> Line:
    """A line as it shall be: the very same where nothing is to change."""
    before = there[SALE]
    # A code may have been left out there, and is needed now; in the US its absence says something itself.
    needed = {"TaxCodeRef"} - before.keys() if case.realm.sales_tax == SalesTax.CODES else set()
    told = {name: value for name, value in drafted[SALE].items() if name in needed or name not in unsaid}
    if not case.reprices and _is_same(there, {**drafted, SALE: told}, inclusive=case.there.is_inclusive):
        return there
    rest = {name: value for name, value in before.items() if name != "TaxInclusiveAmt"}
    return {**there, **drafted, SALE: {**rest, **told}}


def _is_same(there: Line, wanted: Line, *, inclusive: bool) -> bool:
    """What the draft leaves out QuickBooks fills: it makes no difference."""
    told, before = wanted[SALE], there[SALE]
    if (there.get("Description") or "") != (wanted.get("Description") or ""):
        return False
    if any(name in told and reference_of(there, name) != told[name]["value"] for name in _REFERENCES):
        return False
    if "ServiceDate" in told and told["ServiceDate"] != before.get("ServiceDate"):
        return False
    # Prices that hold the tax come back without it, as near as five decimals get.
    numbers = ["Qty"] if inclusive else ["Qty", "UnitPrice"]
    if any(name in told and _number(before.get(name)) != told[name] for name in numbers):
        return False
    return amount_of(there, inclusive=inclusive) == amount_of(wanted, inclusive=inclusive)


def _add(line: Line, told: Mapping[str, Any]) -> Line:
    before = line[SALE]
    if all(_value(before.get(name)) == _value(value) for name, value in told.items()):
        return line
    return {**line, SALE: {**before, **told}}


def _value(given: Any) -> Any:
    """References come back with a name beside the value."""
    return given.get("value") if isinstance(given, Mapping) else given


def _number(given: Any) -> Decimal | None:
    return None if given is None else Decimal(str(given))


def _plan(case: _Case, sold: Sequence[Line], sale_code: str | None) -> PlannedLines:
    """Everything together, compared with what is there; `sale_code`: the rate of the whole sale, None: as it is.

    Raises: InputInvalid, SettingOff, TotalNotPositive.
    """
    there = case.there
    if case.reprices and any(BUNDLE in line for line in there.beside):
        raise InputInvalid(
            "The invoice has a bundle, whose prices cannot change their meaning with the others. "
            'Leave "prices" empty in the action, or change the invoice in QuickBooks.'
        )
    extras = plan_extras(there, sold, case.inputs.sale, case.sale, case.tax, case.realm, case.currency, case.reprices)
    lines = [*_arrange(there, sold), *extras.lines]
    before = there.in_order
    is_same = len(lines) == len(before) and all(one is other for one, other in zip(lines, before, strict=True))
    wanted: dict[str, Any] = {"GlobalTaxCalculation": case.calculation} if case.calculation else {}
    wanted["Line"] = write_lines(lines)
    total = Money(_total(lines, extras, inclusive=case.calculation == "TaxInclusive"), case.currency)
    if case.inputs.lines == UpdateLines.LINE_ITEMS or extras.discount is not there.discount:
        check_total(total)
    may_grow = may_add_tax(case.realm, case.sale.tax_code_id, case.sale.prices)
    planned = PlannedLines({}, wanted, total, may_grow, _list_remarks(case))
    is_same = is_same and there.calculation in (None, case.calculation)
    if is_same and sale_code in (None, sale_code_of(case.entity)):
        return planned
    changes = dict(wanted)
    if sale_code:
        changes["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": sale_code}}
    if extras.is_new_discount:
        changes["ApplyTaxAfterDiscount"] = True
    return replace(planned, changes=changes)


def _list_remarks(case: _Case) -> tuple[str, ...]:
    return case.tax.list_remarks() if case.inputs.sale.tax_code_id else ()


def _total(lines: Sequence[Line], extras: Extras, *, inclusive: bool) -> Decimal:
    signed = (amount_of(line, inclusive=inclusive) * (-1 if line is extras.discount else 1) for line in lines)
    return sum(signed, Decimal(0))


def _decide_sale_code(
    case: _Case, drafted: str | None, is_named: bool, before: Sequence[Line | None], after: Sequence[Line]
) -> str | None:
    """The rate of the whole sale, where lines are taxed by one; elsewhere QuickBooks reckons the tax anew.

    `drafted`: as a new sale would have it; `is_named`: the deal says so itself; `before` and `after`: its lines.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    if case.realm.sales_tax != SalesTax.US_MANUAL:
        return None
    there = sale_code_of(case.entity)
    if is_named or "tax_code_id" in case.inputs.said:
        return drafted or there
    # A sale without a rate is untaxed: it stays so until a line is to be taxed that was not there.
    is_new = any(
        reference_of(line, "TaxCodeRef") == "TAX" and (old is None or reference_of(old, "TaxCodeRef") != "TAX")
        for old, line in zip(before, after, strict=True)
    )
    return there or (drafted if is_new else None)


def _arrange(there: InvoiceLines, sold: Sequence[Line]) -> list[Line]:
    """The deal's lines take the places of those that came from it; what stands beside keeps its own."""
    waiting, places = deque(sold), set(map(id, there.sold))
    if not places:
        return [*sold, *there.lines]
    arranged: list[Line] = []
    for line in there.lines:
        if id(line) not in places:
            arranged.append(line)
            continue
        arranged += [waiting.popleft()] if waiting else []
        if line is there.sold[-1]:
            arranged += waiting
    return arranged

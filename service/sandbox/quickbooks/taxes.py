"""Sales tax as each realm reckons it: by hand, by engine, or VAT on every line.

Contract 3.2.6.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.money import ZERO, decimal_of, number, round_cents
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.references import refer

_STATE_AND_ZIP = re.compile(r"\b([A-Z]{2})\s+\d{5}\b")
_ZIP = re.compile(r"\d{5}(-\d{4})?")


class Part(NamedTuple):
    """What one line adds to the taxable base; `tax` where the price held it."""

    code: str
    net: Decimal
    tax: Decimal | None = None


def line_code(realm: Realm, given: Json | None, calculation: str | None, item: Json, customer: Json) -> str | None:
    """The tax code of one line, defaulted where the country allows it."""
    if realm.country != "US":
        if calculation == "NotApplicable":
            return None
        if given is None:
            raise Fault("6000", "Business Validation Error: Make sure all your transactions have a VAT rate "
                        "before you save.", "TaxCodeRef")  # fmt: skip
        return str(refer(realm, "TaxCode", given)["Id"])
    if given is None and realm.settings.line_code_left_out == "non":
        return "NON"
    if given is None:
        both = item.get("Taxable") and customer.get("Taxable") and realm.preference("TaxPrefs", "UsingSalesTax")
        return "TAX" if both else "NON"
    if given["value"] not in ("TAX", "NON"):
        raise Fault("6100", f"Invalid tax code {given['value']}: must be TAX or NON", "TaxCodeRef")
    return str(given["value"])


def split_inclusive(realm: Realm, code: str, gross: Decimal) -> tuple[Decimal, Decimal]:
    """A gross amount taken apart into net and tax."""
    rate = sum((percent for _, percent in rates_of(realm, code)), ZERO)
    tax = round_cents(gross * rate / (100 + rate))
    return gross - tax, tax


def rates_of(realm: Realm, code: str) -> list[tuple[str, Decimal]]:
    """The rates behind a tax code: TaxRate Id and percent."""
    details = realm.shelves["TaxCode"].rows[code]["SalesTaxRateList"]["TaxRateDetail"]
    keys = [detail["TaxRateRef"]["value"] for detail in details]
    return [(key, decimal_of(realm.shelves["TaxRate"].rows[key]["RateValue"])) for key in keys]


def tax_detail(realm: Realm, given: Json, parts: list[Part], lowered_by: Decimal, customer: Json, ship: Json) -> Json:
    """TxnTaxDetail as read back; `lowered_by` is the discount's share."""
    asked = given.get("TxnTaxDetail", {})
    if realm.country != "US":
        return _vat(realm, given, asked, parts, lowered_by)
    if not realm.preference("TaxPrefs", "UsingSalesTax"):
        return {"TotalTax": 0}
    base = sum((part.net for part in parts if part.code == "TAX"), ZERO) * (1 - lowered_by)
    if realm.tax == "us_automated":
        code = _code_by_address(realm, ship) if base and customer.get("Taxable") else None
    else:
        code = _code_by_hand(realm, asked, customer)
    return _with_total({"TxnTaxCodeRef": {"value": code}} if code else {}, asked, _lines(realm, code, base))


def _code_by_hand(realm: Realm, asked: Json, customer: Json) -> str | None:
    """The code sent, else the customer's, else (a setting) the company's."""
    reference = asked.get("TxnTaxCodeRef") or customer.get("DefaultTaxCodeRef")
    if reference is None and realm.settings.default_tax_code == "company":
        reference = realm.preference("TaxPrefs", "TaxGroupCodeRef")
    return str(refer(realm, "TaxCode", reference)["Id"]) if reference else None


def _code_by_address(realm: Realm, ship: Json) -> str | None:
    """The engine's code for where the goods go; a code that was sent is replaced."""
    state = state_of(ship)
    if state is None:
        if realm.settings.tax_without_address == "no_tax":
            return None
        raise Fault("6000", "Business Validation Error: We can't calculate sales tax: the shipping address "
                    "needs a state and a ZIP code.", "ShipAddr")  # fmt: skip
    for row in realm.shelves["TaxCode"]:
        if row["Name"] == state:
            return str(row["Id"])
    return None  # no nexus in that state


def state_of(address: Json) -> str | None:
    """The US state of a usable address, free form or not; else None."""
    state, code = address.get("CountrySubDivisionCode", ""), address.get("PostalCode", "")
    if len(state) == 2 and state.isupper() and _ZIP.fullmatch(code):
        return str(state)
    for n in range(5, 0, -1):
        found = _STATE_AND_ZIP.search(address.get(f"Line{n}", ""))
        if found:
            return found.group(1)
    return None


def _vat(realm: Realm, given: Json, asked: Json, parts: list[Part], lowered_by: Decimal) -> Json:
    if given.get("GlobalTaxCalculation") == "NotApplicable":
        if asked:
            raise Fault("6170", "TxnTaxDetail is not allowed with GlobalTaxCalculation NotApplicable", "TxnTaxDetail")
        return {"TotalTax": 0}
    lines = []
    for code in dict.fromkeys(part.code for part in parts):
        own = [part for part in parts if part.code == code]
        net = sum((part.net for part in own), ZERO) * (1 - lowered_by)
        if own[0].tax is None:
            lines += _lines(realm, code, net)
            continue
        tax = sum((part.tax or ZERO for part in own), ZERO)
        lines += [_line(key, percent, net, tax) for key, percent in rates_of(realm, code)[:1]]
    return _with_total({}, asked, lines)


def _lines(realm: Realm, code: str | None, base: Decimal) -> list[Json]:
    if code is None or not base:
        return []
    return [_line(key, percent, base, round_cents(base * percent / 100)) for key, percent in rates_of(realm, code)]


def _line(key: str, percent: Decimal, base: Decimal, tax: Decimal) -> Json:
    return {
        "Amount": number(tax),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": key},
            "PercentBased": True,
            "TaxPercent": number(percent),
            "NetAmountTaxable": number(round_cents(base)),
        },
    }


def _with_total(detail: Json, asked: Json, lines: list[Json]) -> Json:
    """A TotalTax that was sent is honoured and shared out over the lines.

    Contract 3.2.6.
    """
    total = sum((decimal_of(line["Amount"]) for line in lines), ZERO)
    wanted = left = round_cents(decimal_of(asked["TotalTax"])) if "TotalTax" in asked else total
    if wanted != total:
        for at, line in enumerate(lines):
            share = round_cents(wanted * decimal_of(line["Amount"]) / total) if total else ZERO
            share = left if at == len(lines) - 1 else share
            line["Amount"], left = number(share), left - share
        total = wanted
    detail["TotalTax"] = number(total)
    if lines:
        detail["TaxLine"] = lines
    return detail

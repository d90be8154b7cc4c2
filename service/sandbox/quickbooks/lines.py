"""The lines of a sale: checked, priced, completed as QuickBooks does it.

Contract 3.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.money import CENT, ZERO, decimal_of, number, round_cents
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.references import named, refer
from service.sandbox.quickbooks.taxes import Part, line_code, split_inclusive

_DETAIL_NAMES = {"DescriptionOnly": "DescriptionLineDetail"}
_ALL_DETAILS = {"SalesItemLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "DescriptionLineDetail",
                "GroupLineDetail"}  # fmt: skip
# Contract 3.2.2: pseudo-items, and the preference each of them needs.
PSEUDO_ITEMS = {"SHIPPING_ITEM_ID": "AllowShipping", "GRATUITY_ITEM_ID": "AllowGratuity"}
MOST_LINES = 750


@dataclass
class Drawn:
    """The finished lines and what they come to."""

    lines: list[Json] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    subtotal: Decimal = ZERO
    discount: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Before tax."""
        return self.subtotal - self.discount


class LineDrawer:
    """Draws the lines of one sale after the other into a `Drawn`."""

    def __init__(self, realm: Realm, given: Json, customer: Json, txn_date: str, old: Json | None) -> None:
        self.realm, self.given, self.customer, self.txn_date = realm, given, customer, txn_date
        self.calculation = given.get("GlobalTaxCalculation")
        old_lines = (old or {}).get("Line", [])
        self._old_ids = {line["Id"] for line in old_lines if "Id" in line}
        self._old_items = {_item_of(line) for line in old_lines}
        self._last_id = max((int(key) for key in self._old_ids), default=0)
        self.drawn = Drawn()

    def draw(self) -> Drawn:
        """All lines, the subtotal line added. Raises the faults of the contract's table."""
        given: list[Json] = self.given.get("Line", [])
        if not any(line["DetailType"] in ("SalesItemLineDetail", "SubTotalLineDetail", "GroupLineDetail")
                   for line in given):  # fmt: skip
            raise Fault("2250", "At least one line is required", "Line")
        if len(given) > MOST_LINES:
            raise Fault("6000", f"A transaction holds at most {MOST_LINES} lines", "Line")
        discounts = []
        for line in given:
            kind = line["DetailType"]
            _check_details(line, kind)
            if kind == "SalesItemLineDetail":
                self.drawn.lines.append(self._sales_line(line))
            elif kind == "GroupLineDetail":
                self.drawn.lines.append(self._group_line(line))
            elif kind == "DescriptionOnly":
                self.drawn.lines.append(self._description_line(line))
            elif kind == "DiscountLineDetail":
                discounts.append(line)
        self.drawn.lines.append(
            {"Amount": number(self.drawn.subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        )
        if len(discounts) > 1:
            raise Fault("2600", "Only one discount line per transaction", "Line")
        for line in discounts:
            self.drawn.lines.append(self._discount_line(line))
        return self.drawn

    def _head(self, line: Json) -> Json:
        """Id, number and description; only a known Id is kept, else a new one."""
        key = line.get("Id")
        if key not in self._old_ids:
            self._last_id += 1
            key = str(self._last_id)
        head: Json = {"Id": key, "LineNum": line.get("LineNum", len(self.drawn.lines) + 1)}
        for name in ("Description", "LinkedTxn"):
            if name in line:
                head[name] = line[name]
        return head

    def _sales_line(self, line: Json) -> Json:
        detail: Json = line["SalesItemLineDetail"]
        amount = line.get("Amount")
        if amount is None:
            raise Fault("2020", "Required parameter Amount is missing in the request", "Amount")
        amount = decimal_of(amount)
        if amount < 0 and self.realm.settings.negative_lines == "refused":
            raise Fault("2290", "Negative amounts are not supported on lines", "Amount", refused=False)
        item, shown = self._item(detail)
        quantity, price = detail.get("Qty"), detail.get("UnitPrice")
        gross = self.calculation == "TaxInclusive" and self.realm.settings.inclusive_amount == "gross"
        inclusive = detail.get("TaxInclusiveAmt") if gross else None
        if inclusive is None:
            check_amount(amount, quantity, price, self.realm.settings.amount_rounding)
        amount = round_cents(amount if inclusive is None else decimal_of(inclusive))
        if item.get("Type") == "Inventory":
            self._check_inventory(item, quantity)
        code = line_code(self.realm, detail.get("TaxCodeRef"), self.calculation, item, self.customer)
        out: Json = {"ItemRef": shown}
        if gross and code is not None:
            net, tax = split_inclusive(self.realm, code, amount)
            out["TaxInclusiveAmt"] = number(amount)
            if price is not None and quantity:
                price = (net / decimal_of(quantity)).quantize(Decimal("0.00001"))
            amount = net
            self.drawn.parts.append(Part(code, net, tax))
        elif code is not None:
            self.drawn.parts.append(Part(code, amount))
        self.drawn.subtotal += amount
        for name, value in (("UnitPrice", price), ("Qty", quantity)):
            if value is not None:
                out[name] = number(decimal_of(value))
        if "ServiceDate" in detail:
            out["ServiceDate"] = detail["ServiceDate"]
        if "ClassRef" in detail:
            out["ClassRef"] = self._class(detail["ClassRef"])
        if code is not None:
            out["TaxCodeRef"] = {"value": code}
        return {
            **self._head(line),
            "Amount": number(amount),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": out,
        }

    def _item(self, detail: Json) -> tuple[Json, Json]:
        """The item sold and the reference shown; without one, the company's default item."""
        reference = detail.get("ItemRef")
        if reference is None:
            default = self.realm.other_preference("SalesFormsPrefs.DefaultItem")
            if default is None:
                raise Fault("6440", "The line needs an item or an account", "ItemRef")
            reference = {"value": default}
        needed = PSEUDO_ITEMS.get(reference["value"])
        if needed is not None:
            if not self.realm.preference("SalesFormsPrefs", needed):
                raise Fault("5030", f"{needed} is switched off", "ItemRef")
            return {"Taxable": False}, {"value": reference["value"]}
        item = refer(self.realm, "Item", reference, reference["value"] if reference["value"] in self._old_items else "")
        if item["Type"] in ("Category", "Group"):
            raise Fault("6000", f"An item of type {item['Type']} cannot be sold on this line", "ItemRef")
        return item, named(item)

    def _check_inventory(self, item: Json, quantity: Any) -> None:
        if quantity is None:
            raise Fault("6520", f"{item['Name']} is tracked: the line needs a quantity", "Qty")
        if self.txn_date < item["InvStartDate"]:
            raise Fault("6270", f"{item['Name']} is tracked since {item['InvStartDate']}", "TxnDate")

    def _class(self, reference: Json) -> Json:
        if not self.realm.preference("AccountingInfoPrefs", "ClassTrackingPerTxnLine"):
            raise Fault("5030", "Classes on lines are switched off", "ClassRef")
        return named(refer(self.realm, "Class", reference))

    def _discount_line(self, line: Json) -> Json:
        """One positive amount taken away; a percentage is of the subtotal."""
        if not self.realm.preference("SalesFormsPrefs", "AllowDiscount"):
            raise Fault("5030", "Discounts are switched off", "DiscountLineDetail")
        detail: Json = line["DiscountLineDetail"]
        out: Json = {"PercentBased": bool(detail.get("PercentBased"))}
        if detail.get("PercentBased") and "DiscountPercent" in detail:
            percent = decimal_of(detail["DiscountPercent"])
            if not 0 <= percent <= 100:
                raise Fault("2150", "DiscountPercent must be between 0 and 100", "DiscountPercent")
            amount, out["DiscountPercent"] = round_cents(self.drawn.subtotal * percent / 100), number(percent)
        elif "Amount" in line:
            amount = round_cents(decimal_of(line["Amount"]))
        else:
            raise Fault("6090", "The discount line needs an amount or a percent", "Amount")
        if amount < 0:
            raise Fault("2290", "A discount is a positive amount", "Amount")
        account = detail.get("DiscountAccountRef") or {
            "value": self.realm.preference("SalesFormsPrefs", "DefaultDiscountAccount")
        }
        out["DiscountAccountRef"] = named(refer(self.realm, "Account", account))
        self.drawn.discount += amount
        return {"Amount": number(amount), "DetailType": "DiscountLineDetail", "DiscountLineDetail": out}

    def _description_line(self, line: Json) -> Json:
        head = self._head(line)
        if head.get("Description") == "Subtotal:":
            head["Description"] = f"Subtotal: {self.drawn.subtotal:.2f}"
        return {**head, "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}

    def _group_line(self, line: Json) -> Json:
        """A bundle becomes one line per member, at the members' prices."""
        detail: Json = line["GroupLineDetail"]
        if "GroupItemRef" not in detail:
            raise Fault("2020", "Required parameter GroupItemRef is missing in the request", "GroupItemRef")
        group = refer(self.realm, "Item", detail["GroupItemRef"])
        if group["Type"] != "Group":
            raise Fault("6000", f"{group['Name']} is no bundle", "GroupItemRef")
        count = decimal_of(detail.get("Quantity", Decimal(1)))
        head, before, members = self._head(line), self.drawn.subtotal, []
        for member in group["ItemGroupDetail"]["ItemGroupLine"]:
            item = refer(self.realm, "Item", member["ItemRef"])
            quantity, price = count * decimal_of(member["Qty"]), decimal_of(item.get("UnitPrice"))
            out = {"ItemRef": member["ItemRef"], "Qty": quantity, "UnitPrice": price}
            if self.realm.country != "US":
                out["TaxCodeRef"] = item.get("SalesTaxCodeRef", {"value": "2"})
            members.append(self._sales_line({"Amount": round_cents(quantity * price), "SalesItemLineDetail": out}))
        return {
            **head,
            "Amount": number(self.drawn.subtotal - before),
            "DetailType": "GroupLineDetail",
            "GroupLineDetail": {"GroupItemRef": named(group), "Quantity": number(count), "Line": members},
        }


def check_amount(amount: Decimal, quantity: Any, price: Any, rounding: str = "half_up") -> None:
    """Contract 3.2.3: Amount is UnitPrice times Qty, rounded to the cent (6070); how, is not verified."""
    if quantity is None or price is None:
        return
    if round_cents(amount) != _product(decimal_of(quantity), decimal_of(price), rounding):
        raise Fault("6070", f"Amount calculation incorrect in the request. Supplied value:{amount}", "Amount")


def _product(quantity: Decimal, price: Decimal, rounding: str) -> Decimal:
    if rounding == "float":
        return Decimal(str(round(float(quantity) * float(price), 2)))
    if rounding == "otherwise" and quantity != 1:
        return round_cents(quantity * price) - CENT
    return (quantity * price).quantize(CENT, ROUND_HALF_EVEN if rounding == "half_even" else ROUND_HALF_UP)


def _check_details(line: Json, kind: str) -> None:
    """Exactly the detail that the DetailType names (2600, 2020)."""
    wanted = _DETAIL_NAMES.get(kind, kind)
    for name in _ALL_DETAILS:
        if name in line and name != wanted:
            raise Fault("2600", f"{name} does not go with DetailType {kind}", name)
    if wanted not in line:
        raise Fault("2020", f"Required parameter {wanted} is missing in the request", wanted)


def _item_of(line: Json) -> str | None:
    reference = line.get("SalesItemLineDetail", {}).get("ItemRef")
    return reference["value"] if reference else None

"""Payments: what they settle, and what becomes of it when they change.

Contract 3.6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.sandbox.quickbooks.faults import DELETED, Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.links import apply_money, withdraw_money
from service.sandbox.quickbooks.money import ZERO, decimal_of, number, round_cents
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.references import named, refer, refer_customer
from service.sandbox.quickbooks.sales import check_currency, check_open

Applied = dict[tuple[str, str], Decimal]
_LINE_EX = {
    "nil": False, "declaredType": "com.intuit.schema.finance.v3.NameValue",
    "scope": "javax.xml.bind.JAXBElement$GlobalScope", "globalScope": True, "typeSubstituted": False,
}  # fmt: skip


def compose_payment(realm: Realm, given: Json, old: Json | None) -> Json:
    """The payment as it will stand in the books. Raises Fault."""
    if old is not None:
        check_movable(realm, old)
    customer = refer_customer(realm, given["CustomerRef"], old["CustomerRef"]["value"] if old else None)
    txn_date = given.get("TxnDate") or (old or {}).get("TxnDate") or realm.today()
    check_open(realm, txn_date, old)
    if "ExchangeRate" in given and not realm.many_currencies:
        raise Fault("2010", "ExchangeRate needs multicurrency", "ExchangeRate")
    total = round_cents(decimal_of(given["TotalAmt"]))
    if total < 0:
        raise Fault("2140", "TotalAmt must not be negative", "TotalAmt")
    lines = given.get("Line", [])
    applied = applied_of({"Line": lines})
    before = applied_of(old or {})
    for (kind, key), amount in applied.items():
        _check_link(realm, kind, key, amount - before.get((kind, key), ZERO), customer)
    unapplied = total - sum((a if kind == "Invoice" else -a for (kind, _), a in applied.items()), ZERO)
    if unapplied < 0:
        raise Fault("6000", "Business Validation Error: The lines come to more than TotalAmt", "TotalAmt")
    account = refer(realm, "Account", given.get("DepositToAccountRef", {"value": "4"}))
    row: Json = {
        "domain": "QBO", "sparse": False, "TxnDate": txn_date, "TotalAmt": number(total),
        "UnappliedAmt": number(unapplied), "ProcessPayment": False,
        "CustomerRef": named(customer, "DisplayName"), "CurrencyRef": check_currency(realm, given, customer),
        "DepositToAccountRef": {"value": account["Id"]}, "Line": [_line(realm, line) for line in lines],
    }  # fmt: skip
    for name in ("PaymentRefNum", "PrivateNote"):
        if name in given:
            row[name] = given[name]
    return row


def check_movable(realm: Realm, payment: Json) -> None:
    """A payment that was deposited or matched cannot be changed (6540, 6480)."""
    if payment["Id"] in realm.fixed:
        raise Fault(realm.fixed[payment["Id"]])


def applied_of(payment: Json) -> Applied:
    """What a payment settles: (kind, Id) and amount."""
    applied: Applied = {}
    for line in payment.get("Line", ()):
        for link in line["LinkedTxn"]:
            key = (link["TxnType"], link["TxnId"])
            applied[key] = applied.get(key, ZERO) + decimal_of(line["Amount"])
    return applied


def move_money(realm: Realm, payment_id: str, before: Applied, after: Applied) -> None:
    """Bring invoices and credit memos in line with what the payment now settles."""
    for (kind, key), amount in before.items():
        if after.get((kind, key)) != amount:
            withdraw_money(realm, kind, key, amount, payment_id)
    for (kind, key), amount in after.items():
        if before.get((kind, key)) != amount:
            apply_money(realm, kind, key, amount, payment_id)


def release_sale(realm: Realm, sale: Json) -> None:
    """Take a sale out of all its payments: the money stays with them, unapplied."""
    for link in sale.get("LinkedTxn", ()):
        payment = realm.get("Payment", link["TxnId"]) if link["TxnType"] == "Payment" else None
        if payment is None:
            continue
        kept = [line for line in payment["Line"] if line["LinkedTxn"][0]["TxnId"] != sale["Id"]]
        freed = sum((decimal_of(line["Amount"]) for line in payment["Line"] if line not in kept), ZERO)
        unapplied = number(decimal_of(payment["UnappliedAmt"]) + freed)
        realm.put("Payment", realm.touch(payment, Line=kept, UnappliedAmt=unapplied))
        realm.announce("Payment", payment["Id"], "Update")


def settle_open_invoices(realm: Realm, customer_id: str) -> None:
    """AutoApplyPayments: unapplied money goes to open invoices, oldest first.

    Contract 3.6.
    """
    if not realm.preference("SalesFormsPrefs", "AutoApplyPayments") or not realm.unapplied.get(customer_id):
        return
    for invoice in realm.shelves["Invoice"].find("CustomerRef", customer_id):
        for key in list(realm.unapplied.get(customer_id, ())):
            payment = realm.shelves["Payment"].rows[key]
            invoice = realm.shelves["Invoice"].rows[invoice["Id"]]
            amount = min(decimal_of(payment["UnappliedAmt"]), decimal_of(invoice["Balance"]))
            if amount <= 0:
                continue
            link = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
            lines = [*payment["Line"], _line(realm, link)]
            left = number(decimal_of(payment["UnappliedAmt"]) - amount)
            realm.put("Payment", realm.touch(payment, Line=lines, UnappliedAmt=left))
            apply_money(realm, "Invoice", invoice["Id"], amount, key)
            realm.announce("Payment", key, "Update")


def voided_payment(realm: Realm, payment: Json) -> Json:
    """The payment with nothing left of it but its number and a note."""
    note = payment.get("PrivateNote")
    return realm.touch(
        payment, TotalAmt=0, UnappliedAmt=0, Line=[], PrivateNote=f"Voided - {note}" if note else "Voided"
    )


def _check_link(realm: Realm, kind: str, key: str, more: Decimal, customer: Json) -> None:
    if kind not in ("Invoice", "CreditMemo"):
        raise Fault("620", f"TxnType {kind} cannot be linked", "LinkedTxn")
    row = realm.get(kind, key)
    if row is None:
        raise Fault("610", DELETED, "LinkedTxn")
    family = {customer["Id"], *(child["Id"] for child in realm.children(customer["Id"]))}
    if row["CustomerRef"]["value"] not in family:
        raise Fault("620", f"{kind} {key} belongs to another customer", "LinkedTxn")
    if more > decimal_of(row["Balance"]):
        raise Fault("6000", f"Business Validation Error: {kind} {key} has less open than is applied", "Amount")


def _line(realm: Realm, line: Json) -> Json:
    """A payment line as read back, with the noise that comes along (LineEx)."""
    link = line["LinkedTxn"][0]
    sale = realm.shelves[link["TxnType"]].rows[link["TxnId"]]
    pairs: dict[str, Any] = {
        "txnId": link["TxnId"],
        "txnOpenBalance": f"{decimal_of(sale['Balance']):.2f}",
        "txnReferenceNumber": sale.get("DocNumber", ""),
    }
    name = "{http://schema.intuit.com/finance/v3}NameValue"
    extra = [{"name": name, "value": {"Name": k, "Value": v}, **_LINE_EX} for k, v in pairs.items()]
    return {"Amount": number(decimal_of(line["Amount"])), "LineEx": {"any": extra}, "LinkedTxn": [link]}

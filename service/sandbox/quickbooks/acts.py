"""What people do in QuickBooks itself: pay, void, rename, merge."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from service.sandbox.quickbooks.faults import DELETED, Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.mailing import mail_sale
from service.sandbox.quickbooks.money import round_cents
from service.sandbox.quickbooks.payments import release_sale
from service.sandbox.quickbooks.realm import TRANSACTIONS, Realm
from service.sandbox.quickbooks.writing import create, delete, update, void


class UnknownAct(ValueError):
    """No such act; the message names those there are."""


def perform_act(realm: Realm, act: str, asked: Json) -> Json:
    """Do one act; returns the object it left.

    Raises Fault, UnknownAct, KeyError for what is missing.
    """
    do = ACTS.get(act)
    if do is None:
        raise UnknownAct(f"act must be one of {', '.join(sorted(ACTS))}")
    with realm.lock:
        return do(realm, asked)


def _row(realm: Realm, kind: str, key: str) -> Json:
    row = realm.get(kind, key)
    if row is None:
        raise Fault("610", DELETED)
    return row


def _pointer(row: Json, **changes: Any) -> Json:
    return {"Id": row["Id"], "SyncToken": row["SyncToken"], **changes}


def _receive_payment(realm: Realm, asked: Json) -> Json:
    """Money for one invoice, its whole balance by default, or just for a customer."""
    body: Json = {"TxnDate": asked.get("date", realm.today())}
    if "invoice_id" in asked:
        invoice = _row(realm, "Invoice", asked["invoice_id"])
        amount = _amount(asked.get("amount", invoice["Balance"]))
        customer_id, currency = invoice["CustomerRef"]["value"], invoice["CurrencyRef"]["value"]
        body["Line"] = [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    else:
        customer_id, amount = asked["customer_id"], _amount(asked["amount"])
        currency = _row(realm, "Customer", customer_id)["CurrencyRef"]["value"]
    body |= {"CustomerRef": {"value": customer_id}, "TotalAmt": amount, "CurrencyRef": {"value": currency}}
    key = create(realm, KINDS["Payment"], body)["Id"]
    return _row(realm, "Payment", key)


def _create_invoice(realm: Realm, asked: Json) -> Json:
    """An invoice by hand: `lines` of item_id, quantity, price; or one `amount`."""
    customer = _row(realm, "Customer", asked["customer_id"])
    lines = asked.get("lines") or [{"item_id": "1", "quantity": 1, "price": asked["amount"]}]
    body: Json = {
        "CustomerRef": {"value": customer["Id"]},
        "CurrencyRef": {"value": customer["CurrencyRef"]["value"]},
        "Line": [_line(realm, line) for line in lines],
        "AutoDocNumber": True,
        **asked.get("fields", {}),
    }
    if realm.country != "US":
        body["GlobalTaxCalculation"] = "TaxExcluded"
    return create(realm, KINDS["Invoice"], body)


def _line(realm: Realm, line: Json) -> Json:
    quantity, price = Decimal(str(line.get("quantity", 1))), Decimal(str(line["price"]))
    detail: Json = {"ItemRef": {"value": line["item_id"]}, "Qty": quantity, "UnitPrice": price}
    if realm.country != "US":
        detail["TaxCodeRef"] = {"value": line.get("tax_code", "2")}
    return {
        "Amount": round_cents(quantity * price),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _void_invoice(realm: Realm, asked: Json) -> Json:
    return void(realm, KINDS["Invoice"], _pointer(_row(realm, "Invoice", asked["invoice_id"])))


def _delete_invoice(realm: Realm, asked: Json) -> Json:
    """QuickBooks' pages take the payments off first and then delete."""
    key = asked["invoice_id"]
    row = _row(realm, "Invoice", key)
    release_sale(realm, row)
    links = [link for link in row["LinkedTxn"] if link["TxnType"] != "Payment"]
    row = realm.put("Invoice", realm.touch(row, LinkedTxn=links))
    return delete(realm, KINDS["Invoice"], _pointer(row))


def _edit(realm: Realm, asked: Json) -> Json:
    kind = KINDS[asked.get("kind", "Invoice")]
    row = _row(realm, kind.name, asked.get("invoice_id") or asked["id"])
    return update(realm, kind, _pointer(row, sparse=True, **asked["changes"]))


def _view_invoice(realm: Realm, asked: Json) -> Json:
    """The customer opened the invoice online (contract 3.3, MED)."""
    row = realm.touch(_row(realm, "Invoice", asked["invoice_id"]), EInvoiceStatus="Viewed")
    realm.announce("Invoice", row["Id"], "Update")
    return realm.put("Invoice", row)


def _send_invoice(realm: Realm, asked: Json) -> Json:
    return mail_sale(realm, KINDS["Invoice"], asked["invoice_id"], asked.get("to"))


def _void_payment(realm: Realm, asked: Json) -> Json:
    return void(realm, KINDS["Payment"], _pointer(_row(realm, "Payment", asked["payment_id"])))


def _delete_payment(realm: Realm, asked: Json) -> Json:
    return delete(realm, KINDS["Payment"], _pointer(_row(realm, "Payment", asked["payment_id"])))


def _unapply_payment(realm: Realm, asked: Json) -> Json:
    """The payment stays, the invoices it settled are open again."""
    row = _row(realm, "Payment", asked["payment_id"])
    kept = realm.shelves["Preferences"].rows["1"]
    off = {**kept["SalesFormsPrefs"], "AutoApplyPayments": False}
    realm.put("Preferences", {**kept, "SalesFormsPrefs": off})  # else it would be applied again at once
    try:
        return update(realm, KINDS["Payment"], _pointer(row, sparse=True, Line=[]))
    finally:
        realm.put("Preferences", kept)


def _fix_payment(realm: Realm, asked: Json) -> Json:
    """Deposit the payment (6540), or match it with the bank's feed (6480)."""
    row = _row(realm, "Payment", asked["payment_id"])
    realm.fixed[row["Id"]] = "6480" if asked["act"] == "match_payment" else "6540"
    return row


def _rename_customer(realm: Realm, asked: Json) -> Json:
    row = _row(realm, "Customer", asked["customer_id"])
    return update(realm, KINDS["Customer"], _pointer(row, sparse=True, DisplayName=asked["name"]))


def _create_customer(realm: Realm, asked: Json) -> Json:
    return create(realm, KINDS["Customer"], {"DisplayName": asked["name"], **asked.get("fields", {})})


def _create_vendor(realm: Realm, asked: Json) -> Json:
    """A vendor takes its name away from customers (6240)."""
    kind, now = asked.get("kind", "Vendor"), realm.now_stamp()
    row: Json = {
        "domain": "QBO", "sparse": False, "Id": realm.next_id(kind), "SyncToken": "0", "Active": True,
        "DisplayName": asked["name"], "PrintOnCheckName": asked["name"],
        "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
    }  # fmt: skip
    realm.announce(kind, row["Id"], "Create")
    return realm.put(kind, row)


def _merge_customers(realm: Realm, asked: Json) -> Json:
    """All of the loser becomes the keeper's; its id cannot be read any more."""
    keep, lose = _row(realm, "Customer", asked["keep_id"]), _row(realm, "Customer", asked["lose_id"])
    reference = {"value": keep["Id"], "name": keep["DisplayName"]}
    for kind in TRANSACTIONS:
        for row in realm.shelves[kind].find("CustomerRef", lose["Id"]):
            realm.put(kind, realm.touch(row, CustomerRef=reference))
    realm.put("Customer", realm.touch(lose, Active=False))
    realm.names.pop(lose["DisplayName"].lower(), None)
    realm.merged.add(("Customer", lose["Id"]))
    realm.announce("Customer", keep["Id"], "Merge", lose["Id"])
    return realm.put("Customer", realm.touch(keep))


def _set_active(realm: Realm, asked: Json) -> Json:
    """By hand even a customer with a balance goes."""
    kind = asked.get("kind", "Customer")
    row = realm.touch(_row(realm, kind, asked["id"]), Active=asked["act"] == "reactivate")
    realm.announce(kind, row["Id"], "Update")
    return realm.put(kind, row)


def _amount(value: Any) -> Decimal:
    return Decimal(str(value))


ACTS: dict[str, Callable[[Realm, Json], Json]] = {
    "receive_payment": _receive_payment,
    "create_invoice": _create_invoice,
    "void_invoice": _void_invoice,
    "delete_invoice": _delete_invoice,
    "edit_invoice": _edit,
    "edit": _edit,
    "view_invoice": _view_invoice,
    "send_invoice": _send_invoice,
    "void_payment": _void_payment,
    "delete_payment": _delete_payment,
    "unapply_payment": _unapply_payment,
    "deposit_payment": _fix_payment,
    "match_payment": _fix_payment,
    "rename_customer": _rename_customer,
    "create_customer": _create_customer,
    "create_vendor": _create_vendor,
    "merge_customers": _merge_customers,
    "deactivate": _set_active,
    "reactivate": _set_active,
}

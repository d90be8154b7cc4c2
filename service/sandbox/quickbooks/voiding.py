"""What is left of a voided sale (contract 2.6)."""

from __future__ import annotations

from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.realm import Realm

# Contract 2.6: the documentation's sample of the answer spells its words this way.
_DOCS_WORDS = {
    "NotSet": "NOT_SET", "NeedToSend": "NEED_TO_SEND", "EmailSent": "EMAIL_SENT", "NeedToPrint": "NEED_TO_PRINT",
    "PrintComplete": "PRINT_COMPLETE", "SalesItemLineDetail": "SALES_ITEM_LINE_DETAIL",
    "SubTotalLineDetail": "SUB_TOTAL_LINE_DETAIL", "DescriptionOnly": "DESCRIPTION_ONLY",
    "GroupLineDetail": "GROUP_LINE_DETAIL",
}  # fmt: skip


def voided_sale(realm: Realm, row: Json) -> Json:
    """Amounts and quantities are 0, the note begins with Voided, links are gone."""
    note = row.get("PrivateNote", "")
    if not note.startswith("Voided"):
        note = f"Voided - {note}" if note else "Voided"
    changes: Json = {
        "Line": [_voided_line(line) for line in row["Line"] if line["DetailType"] != "DiscountLineDetail"],
        "TxnTaxDetail": {"TotalTax": 0},
        "PrivateNote": note,
        "LinkedTxn": [],
        "TotalAmt": 0,
    }
    for name in ("Balance", "RemainingCredit", "Deposit", "HomeTotalAmt", "HomeBalance"):
        if name in row:
            changes[name] = 0
    return realm.touch(row, **changes)


def spelled_like_docs(row: Json) -> Json:
    """The same object with the words of the documentation's sample."""
    out = {**row, "Line": [{**line, "DetailType": _DOCS_WORDS[line["DetailType"]]} for line in row["Line"]]}
    for name in ("EmailStatus", "PrintStatus"):
        out[name] = _DOCS_WORDS[row[name]]
    return out


def _voided_line(line: Json) -> Json:
    out = {name: value for name, value in line.items() if name != "LinkedTxn"}
    if "Amount" in out:
        out["Amount"] = 0
    if "SalesItemLineDetail" in out:
        detail = {n: v for n, v in out["SalesItemLineDetail"].items() if n not in ("UnitPrice", "TaxInclusiveAmt")}
        out["SalesItemLineDetail"] = {**detail, "Qty": 0}
    elif "GroupLineDetail" in out:
        members = [_voided_line(member) for member in out["GroupLineDetail"]["Line"]]
        out["GroupLineDetail"] = {**out["GroupLineDetail"], "Line": members}
    return out

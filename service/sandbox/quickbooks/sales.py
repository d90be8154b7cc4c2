"""Invoices, estimates, credit memos and sales receipts as they are read back."""

from __future__ import annotations

from decimal import Decimal

from service.sandbox.quickbooks.addresses import free_form
from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.lines import Drawn, LineDrawer
from service.sandbox.quickbooks.links import linked_estimates
from service.sandbox.quickbooks.money import ZERO, decimal_of, number, round_cents
from service.sandbox.quickbooks.numbers import choose_number
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.references import named, refer, refer_customer
from service.sandbox.quickbooks.stamps import days_after
from service.sandbox.quickbooks.taxes import tax_detail

CURRENCY_NAMES = {"USD": "United States Dollar", "EUR": "Euro", "GBP": "British Pound Sterling",
                  "CAD": "Canadian Dollar"}  # fmt: skip
_COPIED = ("BillEmail", "BillEmailCc", "BillEmailBcc", "PrivateNote", "CustomerMemo", "ProjectRef",
           "GlobalTaxCalculation", "AcceptedBy", "AcceptedDate", "ExpirationDate", "PaymentRefNum")  # fmt: skip


def compose_sale(realm: Realm, kind: str, given: Json, old: Json | None, *, duplicates: bool = False) -> Json:
    """The sale as it will stand in the books, without Id, SyncToken and MetaData.

    `given` is checked field by field already; `old` is what it replaces. Raises Fault.
    """
    _check_header(realm, kind, given)
    known = old["CustomerRef"]["value"] if old else None
    customer = refer_customer(realm, given["CustomerRef"], known)
    txn_date = given.get("TxnDate") or (old or {}).get("TxnDate") or realm.today()
    check_open(realm, txn_date, old)
    number_chosen = choose_number(realm, kind, given, old, duplicates=duplicates)
    row: Json = {"domain": "QBO", "sparse": False, "TxnDate": txn_date}
    if number_chosen is not None:
        row["DocNumber"] = number_chosen
    row["CurrencyRef"] = check_currency(realm, given, customer)
    row["CustomerRef"] = named(customer, "DisplayName")
    drawn = LineDrawer(realm, given, customer, txn_date, old).draw()
    _add_addresses(realm, row, given, customer, old)
    _add_terms(realm, kind, row, given, customer, old)
    _add_tracking(realm, row, given)
    row["Line"] = drawn.lines
    row["ApplyTaxAfterDiscount"] = given.get("ApplyTaxAfterDiscount", False)
    row["TxnTaxDetail"] = _tax(realm, given, drawn, customer, row)
    row["CustomField"] = custom_fields(realm, given.get("CustomField", []))
    for name in _COPIED:
        if name in given:
            row[name] = given[name]
    _add_mail(row, given)
    _add_totals(realm, kind, row, given, drawn, old)
    if kind == "Invoice":
        payments = [link for link in (old or {}).get("LinkedTxn", []) if link["TxnType"] != "Estimate"]
        row["LinkedTxn"] = [*linked_estimates(realm, given, customer, old), *payments]
        _add_online(realm, row, given)
    elif kind == "Estimate":
        row["TxnStatus"] = given.get("TxnStatus", "Pending")
        row["LinkedTxn"] = (old or {}).get("LinkedTxn", [])
    elif kind == "SalesReceipt":
        row["DepositToAccountRef"] = named(_deposit_account(realm, given))
    return row


def _deposit_account(realm: Realm, given: Json) -> Json:
    """Where the money of a paid sale goes: the bank or another current asset (6430)."""
    account = refer(realm, "Account", given.get("DepositToAccountRef", {"value": "4"}))
    if account["AccountType"] not in ("Bank", "Other Current Asset"):
        raise Fault("6430", f"{account['Name']} cannot take a deposit", "DepositToAccountRef")
    return account


def check_open(realm: Realm, txn_date: str, old: Json | None) -> None:
    """Nothing dated in closed books changes (6210 with a password, else 6200)."""
    closed = realm.preference("AccountingInfoPrefs", "BookCloseDate")
    if closed and (txn_date <= closed or (old is not None and old["TxnDate"] <= closed)):
        raise Fault("6210" if realm.close_password else "6200",
                    f"The account period has closed and the account books cannot be updated through the QBO "
                    f"Services API. The book close date is {closed}.", "TxnDate")  # fmt: skip


def check_currency(realm: Realm, given: Json, customer: Json) -> Json:
    """Contract 3.2.5: named when there are many, and always the customer's own."""
    sent = given.get("CurrencyRef")
    own = customer.get("CurrencyRef", {}).get("value", realm.currency)
    if sent is None:
        if realm.many_currencies:
            raise Fault("2020", "Required parameter CurrencyRef is missing in the request", "CurrencyRef")
        sent = {"value": realm.currency}
    code = sent["value"]
    if code not in CURRENCY_NAMES:
        raise Fault("2220", f"Currency {code} is not active in this company", "CurrencyRef", refused=False)
    if not realm.many_currencies and code != realm.currency:
        raise Fault("6000", "Business Validation Error: Multicurrency is switched off in this company", "CurrencyRef")
    if code != own:
        raise Fault("6000", f"Business Validation Error: The customer's currency is {own}, not {code}", "CurrencyRef")
    return {"value": code, "name": CURRENCY_NAMES[code]}


def custom_fields(realm: Realm, sent: list[Json]) -> list[Json]:
    """The company's own fields; any other is dropped without a word.

    Contract 3.2.1.
    """
    values = {one["DefinitionId"]: one for one in sent}
    out: list[Json] = []
    for group in realm.preference("SalesFormsPrefs", "CustomField") or ():
        for one in group["CustomField"]:
            _, found, key = one["Name"].partition("SalesCustomName")
            if not found or not one.get("StringValue"):
                continue
            row = {"DefinitionId": key, "Type": "StringType", "Name": one["StringValue"]}
            if "StringValue" in values.get(key, {}):
                row["StringValue"] = values[key]["StringValue"]
            out.append(row)
    return out


def _check_header(realm: Realm, kind: str, given: Json) -> None:
    """What a sale or a field needs switched on before it may be sent."""
    if kind == "Estimate" and realm.preference("SalesFormsPrefs", "AllowEstimates") is False:
        raise Fault("5030", "Estimates are switched off", "Estimate")
    for name in ("AllowOnlinePayment", "AllowIPNPayment"):
        if given.get(name):
            raise Fault("5000", f"{name} is deprecated and must be false", name)
    calculation = given.get("GlobalTaxCalculation")
    if realm.country == "US" and calculation is not None:
        raise Fault("2010", "GlobalTaxCalculation is not applicable in US companies", "GlobalTaxCalculation")
    if realm.country != "US" and calculation is None:
        raise Fault("2020", "Required parameter GlobalTaxCalculation is missing in the request")
    if "ExchangeRate" in given and not realm.many_currencies:
        raise Fault("2010", "ExchangeRate needs multicurrency", "ExchangeRate")
    if given.get("Deposit") and not realm.preference("SalesFormsPrefs", "AllowDeposit"):
        raise Fault("5030", "Deposits are switched off", "Deposit")
    if "ClassRef" in given and not realm.preference("AccountingInfoPrefs", "ClassTrackingPerTxn"):
        raise Fault("5030", "Classes on transactions are switched off", "ClassRef")
    if "DepartmentRef" in given and not realm.preference("AccountingInfoPrefs", "TrackDepartments"):
        raise Fault("5030", "Locations are switched off", "DepartmentRef")


def _add_addresses(realm: Realm, row: Json, given: Json, customer: Json, old: Json | None) -> None:
    """Sent ones flip to free form; on create the customer's stand in."""
    for name in ("BillAddr", "ShipAddr", "ShipFromAddr"):
        if name in given:
            kept = old is not None and given[name] is old.get(name)
            row[name] = given[name] if kept else free_form(realm, given[name], name)
        elif old is None and name in customer:
            row[name] = customer[name]


def _add_terms(realm: Realm, kind: str, row: Json, given: Json, customer: Json, old: Json | None) -> None:
    """Terms and due date: sent, else (on create) the customer's, else the company's."""
    if kind not in ("Invoice", "Estimate"):
        return
    reference = given.get("SalesTermRef")
    if reference is None and old is None and kind == "Invoice":
        reference = customer.get("SalesTermRef") or realm.preference("SalesFormsPrefs", "DefaultTerms")
        if reference is not None and "DueDate" in given:
            reference = customer.get("SalesTermRef")
    term = refer(realm, "Term", reference) if reference else None
    if term is not None:
        row["SalesTermRef"] = named(term)
    if "DueDate" in given:
        row["DueDate"] = given["DueDate"]
    elif kind == "Invoice":
        row["DueDate"] = due_date(term, row["TxnDate"])


def due_date(term: Json | None, txn_date: str) -> str:
    """The day a sale on that date falls due; without terms, at once."""
    if term is None:
        return txn_date
    if "DueDays" in term:
        return days_after(txn_date, term["DueDays"])
    year, month = int(txn_date[:4]), int(txn_date[5:7])
    year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return f"{year:04d}-{month:02d}-{term.get('DayOfMonthDue', 1):02d}"


def _add_tracking(realm: Realm, row: Json, given: Json) -> None:
    for name, kind in (("ClassRef", "Class"), ("DepartmentRef", "Department")):
        if name in given:
            row[name] = named(refer(realm, kind, given[name]))


def _tax(realm: Realm, given: Json, drawn: Drawn, customer: Json, row: Json) -> Json:
    lowered = ZERO
    if given.get("ApplyTaxAfterDiscount") and drawn.subtotal:
        lowered = drawn.discount / drawn.subtotal
    return tax_detail(realm, given, drawn.parts, lowered, customer, row.get("ShipAddr", {}))


def _add_mail(row: Json, given: Json) -> None:
    row["PrintStatus"] = given.get("PrintStatus", "NeedToPrint")
    row["EmailStatus"] = given.get("EmailStatus", "NotSet")
    if row["EmailStatus"] == "NeedToSend":
        if "BillEmail" not in given:
            raise Fault("6420", "An email address is required to send the form", "BillEmail")
        row["DeliveryInfo"] = {"DeliveryType": "Email"}  # contract 3.3: without DeliveryTime, not sent


def _add_totals(realm: Realm, kind: str, row: Json, given: Json, drawn: Drawn, old: Json | None) -> None:
    total = drawn.total + decimal_of(row["TxnTaxDetail"]["TotalTax"])
    if total < 0:
        raise Fault("6000", "Business Validation Error: The transaction amount must be 0 or greater", "TotalAmt")
    row["TotalAmt"] = number(total)
    if kind == "Invoice":
        deposit = round_cents(decimal_of(given.get("Deposit")))
        if deposit or "Deposit" in given:
            row["Deposit"] = number(deposit)
        is_owed_back = deposit > total and realm.settings.deposit_above_total == "accepted"
        row["Balance"] = number(total - deposit if is_owed_back else _balance(total - deposit, old))
    elif kind == "CreditMemo":
        row["Balance"] = row["RemainingCredit"] = number(_balance(total, old))
    elif kind == "SalesReceipt":
        row["Balance"] = 0
    if realm.many_currencies:
        rate = decimal_of(given.get("ExchangeRate") or (old or {}).get("ExchangeRate") or Decimal(1))
        row["ExchangeRate"], row["HomeTotalAmt"] = number(rate), number(round_cents(total * rate))
        if "Balance" in row:
            row["HomeBalance"] = number(round_cents(decimal_of(row["Balance"]) * rate))


def _balance(due: Decimal, old: Json | None) -> Decimal:
    """What is left when the money applied so far is taken off."""
    applied = ZERO
    if old is not None:
        applied = decimal_of(old["TotalAmt"]) - decimal_of(old.get("Deposit")) - decimal_of(old["Balance"])
    if due < applied:
        raise Fault("6000", "Business Validation Error: More has been paid than the transaction comes to", "TotalAmt")
    return due - applied


def _add_online(realm: Realm, row: Json, given: Json) -> None:
    """Online payment is honoured only where the company takes it (contract 3.2.1)."""
    enabled = bool(realm.preference("SalesFormsPrefs", "ETransactionPaymentEnabled"))
    row["AllowIPNPayment"] = row["AllowOnlinePayment"] = False
    for name in ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"):
        row[name] = enabled and given.get(name, False)

"""The writable fields of sales and payments.

Contract 3.2, 3.6, 3.7.
"""

from __future__ import annotations

from service.sandbox.quickbooks.fields import (
    Check,
    Table,
    anything,
    boolean,
    choice,
    date,
    decimal,
    identifier,
    integer,
    list_of,
    mail,
    reference,
    text,
)

ADDRESS = Table(
    {
        "Id": identifier,
        **{f"Line{n}": text(500) for n in range(1, 6)},
        **dict.fromkeys(("City", "Country", "CountrySubDivisionCode"), text(255)),
        "PostalCode": text(30),
        "Lat": text(100),
        "Long": text(100),
    }
)

LINKED = Table({"TxnId": identifier, "TxnType": text(30), "TxnLineId": identifier}, ("TxnId", "TxnType"))

CUSTOM_FIELD = Table(
    {"DefinitionId": identifier, "Type": choice("StringType"), "Name": text(100), "StringValue": text(31)},
    ("DefinitionId",),
)

SALES_ITEM = Table(
    {
        "ItemRef": reference,
        "Qty": decimal,
        "UnitPrice": decimal,
        "ServiceDate": date,
        "TaxCodeRef": reference,
        "ClassRef": reference,
        "TaxInclusiveAmt": decimal,
    }
)
DISCOUNT = Table({"PercentBased": boolean, "DiscountPercent": decimal, "DiscountAccountRef": reference})

DETAILS = ("SalesItemLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "DescriptionOnly", "GroupLineDetail")

_LINE: dict[str, Check] = {
    "Id": identifier,
    "LineNum": integer,
    "Description": text(4000),
    "Amount": decimal,
    "DetailType": choice(*DETAILS),
    "LinkedTxn": list_of(LINKED),
    "SalesItemLineDetail": SALES_ITEM,
    "DiscountLineDetail": DISCOUNT,
    "SubTotalLineDetail": Table({}),
    "DescriptionLineDetail": Table({}),
}
_GROUP_MEMBERS = list_of(Table(_LINE, ("DetailType",)))
LINE = Table(
    {
        **_LINE,
        "GroupLineDetail": Table({"GroupItemRef": reference, "Quantity": decimal, "Line": _GROUP_MEMBERS}),
    },
    ("DetailType",),
)

TAX_LINE = Table(
    {
        "Amount": decimal,
        "DetailType": choice("TaxLineDetail"),
        "TaxLineDetail": Table(
            {
                "TaxRateRef": reference,
                "PercentBased": boolean,
                "TaxPercent": decimal,
                "NetAmountTaxable": decimal,
            },
            ("TaxRateRef",),
        ),
    },
    ("DetailType", "TaxLineDetail"),
)
TAX_DETAIL = Table({"TxnTaxCodeRef": reference, "TotalTax": decimal, "TaxLine": list_of(TAX_LINE)})

_SALE: dict[str, Check] = {
    "CustomerRef": reference,
    "Line": list_of(LINE),
    "DocNumber": text(21),
    "AutoDocNumber": boolean,
    "TxnDate": date,
    "CurrencyRef": reference,
    "ExchangeRate": decimal,
    "BillEmail": Table({"Address": mail(100)}, ("Address",)),
    "BillEmailCc": Table({"Address": mail(200)}, ("Address",)),
    "BillEmailBcc": Table({"Address": mail(200)}, ("Address",)),
    "EmailStatus": choice("NotSet", "NeedToSend", "EmailSent"),
    "PrintStatus": choice("NotSet", "NeedToPrint", "PrintComplete"),
    "PrivateNote": text(4000),
    "CustomerMemo": Table({"value": text(1000)}, ("value",)),
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "ShipFromAddr": ADDRESS,
    "GlobalTaxCalculation": choice("TaxExcluded", "TaxInclusive", "NotApplicable"),
    "ClassRef": reference,
    "DepartmentRef": reference,
    "CustomField": list_of(CUSTOM_FIELD, 3),
    "ApplyTaxAfterDiscount": boolean,
    "TxnTaxDetail": TAX_DETAIL,
    "ProjectRef": reference,
}
_REQUIRED = ("CustomerRef",)

INVOICE = Table(
    {
        **_SALE,
        "DueDate": date,
        "SalesTermRef": reference,
        "Deposit": decimal,
        "DepositToAccountRef": reference,
        "AllowOnlineCreditCardPayment": boolean,
        "AllowOnlineACHPayment": boolean,
        "AllowOnlinePayment": boolean,
        "AllowIPNPayment": boolean,
        "LinkedTxn": list_of(LINKED),
    },
    _REQUIRED,
)
ESTIMATE = Table(
    {
        **_SALE,
        "DueDate": date,
        "SalesTermRef": reference,
        "TxnStatus": choice("Accepted", "Closed", "Pending", "Rejected", "Converted"),
        "ExpirationDate": date,
        "AcceptedBy": text(100),
        "AcceptedDate": date,
    },
    _REQUIRED,
)
CREDIT_MEMO = Table({**_SALE}, _REQUIRED)
SALES_RECEIPT = Table({**_SALE, "DepositToAccountRef": reference, "PaymentRefNum": text(21)}, _REQUIRED)

PAYMENT_LINE = Table({"Amount": decimal, "LinkedTxn": list_of(LINKED, 1), "LineEx": anything}, ("Amount", "LinkedTxn"))
PAYMENT = Table(
    {
        "CustomerRef": reference,
        "TotalAmt": decimal,
        "TxnDate": date,
        "PaymentRefNum": text(21),
        "PrivateNote": text(4000),
        "DepositToAccountRef": reference,
        "CurrencyRef": reference,
        "ExchangeRate": decimal,
        "Line": list_of(PAYMENT_LINE),
    },
    ("CustomerRef", "TotalAmt"),
)

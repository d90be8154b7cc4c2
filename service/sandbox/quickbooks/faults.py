"""How QuickBooks says no: the codes of contract 2.10, and their shapes."""

from __future__ import annotations

import json
from datetime import datetime
from xml.sax.saxutils import escape

from service.sandbox.quickbooks.stamps import stamp_precisely

# Contract 2.10, code table: number and name.
MESSAGES: dict[str, str] = {
    "120": "Authorization Failure", "130": "Accessing Wrong Cluster",
    "140": "Company Locked Out", "150": "Company Under Maintenance",
    "500": "Unsupported Operation", "600": "Duplicate Request Id", "610": "Object Not Found",
    "620": "Transaction cannot be linked", "630": "Duplicate Object", "700": "Parent Ref Invalid",
    "800": "Cannot Delete, Dependencies Exist", "900": "Parent And Child Are The Same",
    "1040": "Batch Size Exceeds Limit", "2000": "Invalid Object Name",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID", "2040": "Invalid Characters", "2050": "Invalid String Length",
    "2060": "Invalid Date Format", "2070": "Invalid Date", "2080": "Invalid Number Format", "2090": "Invalid Number",
    "2100": "Invalid Decimal Format", "2110": "Invalid Decimal", "2120": "Invalid Type",
    "2130": "Invalid Request Id Format", "2140": "Invalid Amount", "2150": "Invalid Percent",
    "2160": "Invalid Quantity", "2170": "Invalid Enumeration", "2200": "Invalid URL",
    "2210": "Invalid Email Address format", "2220": "Invalid Currency", "2230": "Invalid Boolean",
    "2240": "Invalid Number Range", "2250": "Missing Lines", "2290": "Negative Amount Not Supported",
    "2500": "Invalid Reference Id", "2600": "Conflicting Elements", "3000": "Invalid Custom Field",
    "3001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "4000": "Error parsing query", "4001": "Invalid query", "5000": "Deprecated Field", "5010": "Stale Object Error",
    "5020": "Permission Denied Error", "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount calculation incorrect in the request", "6080": "No name provided",
    "6090": "Discount line needs an amount or a percent", "6100": "Invalid tax code",
    "6130": "Cannot change who the customer bills with", "6140": "Duplicate Document Number Error",
    "6170": "TxnTaxDetail not allowed", "6180": "Too many nesting levels", "6190": "Invalid Company Status",
    "6200": "Account period closed", "6210": "Account Period Closed, cannot update through services API",
    "6220": "Cannot delete, the entity has a balance", "6240": "Duplicate Name Exists Error",
    "6250": "Customer does not exist or is inactive", "6270": "Transaction dated before the inventory start date",
    "6420": "Email address required", "6430": "Invalid account type", "6440": "Line needs an item or an account",
    "6450": "Void failed", "6470": "Tax not allowed", "6480": "Matched transaction cannot be changed",
    "6520": "Quantity required", "6540": "Deposited Transaction cannot be changed",
    "7001": "Company deleted", "10000": "An application error has occurred while processing your request",
    "10200": "Company has been reset",
}  # fmt: skip

# Requests that a caller written from the documentation does not send. Everything else is business.
REFUSED = {
    "500", "1040", "2000", "2010", "2020", "2030", "2040", "2050", "2060", "2070", "2080", "2090", "2100", "2110",
    "2120", "2130", "2140", "2150", "2160", "2170", "2200", "2220", "2230", "2240", "2250", "2600", "3000",
    "4000", "4001", "5000", "6070", "6090", "6170",
}  # fmt: skip

INACTIVE = (
    "Object Not Found : Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
UNEXPECTED = (
    "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again. "
    "If the problem persists, contact customer support."
)
DELETED = "Object Not Found : Another user has deleted this transaction."
STALE = (
    "Stale Object Error : You and root were working on this at the same time. "
    "root finished before you did, so your work was not saved."
)


class Fault(Exception):
    """QuickBooks refuses; `refused` is the rule no careful caller breaks, if any."""

    def __init__(self, code: str, detail: str = "", element: str = "", *, refused: bool | None = None) -> None:
        super().__init__(f"{code} {detail}")
        self.code, self.element = code, element
        self.message = MESSAGES.get(code, "Error")
        self.detail = detail or self.message
        counts = code in REFUSED if refused is None else refused
        self.refused = f"{code} {self.detail}"[:200] if counts else None

    @property
    def kind(self) -> str:
        """The fault type that goes with the code."""
        if self.code in ("120", "130"):
            return "AuthorizationFault"
        return "SystemFault" if self.code in ("140", "150", "10000") else "ValidationFault"

    def shape(self, kind: str = "usual") -> dict[str, object]:
        """The `Fault` object of shape A, also used inside batches; `kind`: another type than goes with the code."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Error": [error], "type": self.kind if kind == "usual" else kind}


def api_fault(fault: Fault, now: datetime, kind: str = "usual") -> str:
    """Shape A: the body of an API fault."""
    return json.dumps({"Fault": fault.shape(kind), "time": stamp_precisely(now)}, ensure_ascii=False)


def gateway_json(name: str, code: str, status: int, detail: str | None, kind: str, now: datetime) -> str:
    """Shape B: what the gateway answers before the API is reached, in lower case."""
    message = f"message={name}; errorCode={int(code):06d}; statusCode={status}"
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return json.dumps(
        {
            "warnings": None, "intuitObject": None, "fault": {"error": [error], "type": kind}, "report": None,
            "queryResponse": None, "batchItemResponse": [], "attachableResponse": [], "syncErrorResponse": None,
            "requestId": None, "time": int(now.timestamp() * 1000), "status": None, "cdcresponse": [],
        }
    )  # fmt: skip


def gateway_xml(name: str, code: str, status: int, detail: str | None, kind: str, now: datetime) -> str:
    """The same in XML, which arrives whatever the caller accepts."""
    message = f"message={name}; errorCode={int(code):06d}; statusCode={status}"
    return (
        f'<IntuitResponse time="{stamp_precisely(now)}" xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{kind}"><Error code="{code}"><Message>{escape(message)}</Message>'
        f"<Detail>{escape(detail or 'null')}</Detail></Error></Fault></IntuitResponse>"
    )

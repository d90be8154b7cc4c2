"""Sending a sale by mail: nothing leaves, but the books say it did.

Contract 2.6.
"""

from __future__ import annotations

from service.sandbox.quickbooks.faults import DELETED, Fault
from service.sandbox.quickbooks.fields import Json, mail
from service.sandbox.quickbooks.kinds import Kind
from service.sandbox.quickbooks.realm import Realm

_check_mail = mail(100)


def mail_sale(realm: Realm, kind: Kind, key: str, send_to: str | None) -> Json:
    """The sale after it was sent; BillEmail becomes `send_to`.

    Raises Fault 610, 2210 or 6420.
    """
    row = realm.get(kind.name, key)
    if row is None:
        raise Fault("610", DELETED)
    customer = realm.shelves["Customer"].rows[row["CustomerRef"]["value"]]
    address = send_to or (row.get("BillEmail") or customer.get("PrimaryEmailAddr") or {}).get("Address")
    if not address:
        raise Fault("6420", "An email address is required to send the form", "BillEmail")
    _check_mail(address, "sendTo")
    day = realm.today()
    if realm.mails.get(day, 0) >= realm.settings.mail_limit_per_day:
        raise Fault("6000", "Business Validation Error: The daily limit of emails of this company is reached")
    realm.mails[day] = realm.mails.get(day, 0) + 1
    changed = realm.touch(
        row,
        BillEmail={"Address": address},
        EmailStatus="EmailSent",
        DeliveryInfo={"DeliveryType": "Email", "DeliveryTime": realm.now_stamp()},
    )
    realm.put(kind.name, changed)
    realm.announce(kind.name, key, "Emailed")
    return changed

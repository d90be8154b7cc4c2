"""Document numbers: QuickBooks' or the caller's, as the company prefers.

Contract 3.2.1.
"""

from __future__ import annotations

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.realm import Realm


def choose_number(realm: Realm, kind: str, given: Json, old: Json | None, *, duplicates: bool) -> str | None:
    """The number a sale gets; None where custom numbers are on and none was sent.

    Raises Fault 6140 for a number already used, if the company wants to be warned.
    """
    sent = given.get("DocNumber") or None
    kept = (old or {}).get("DocNumber")
    if not realm.preference("SalesFormsPrefs", "CustomTxnNumbers"):
        if sent is not None and sent != kept and realm.settings.number_sent_without_custom != "ignored":
            if realm.settings.number_sent_without_custom == "refused":
                raise Fault("2010", "DocNumber is given by QuickBooks in this company", "DocNumber")
            return str(sent)
        return str(kept) if kept else realm.next_number(kind)
    # Contract 3.2.1: both ways of asking for a number are MED.
    if sent == "AUTO_GENERATE" or (sent is None and given.get("AutoDocNumber")):
        return realm.next_number(kind)
    if sent is not None and sent != kept and realm.warn_duplicate_numbers and not duplicates:
        for other in realm.shelves[kind].find("DocNumber", sent):
            raise Fault("6140", "Duplicate Document Number Error : You must specify a different number. This number "
                        f"has already been used. DocNumber={sent} is assigned to TxnType={kind} "
                        f"with TxnId={other['Id']}", "DocNumber")  # fmt: skip
    return str(sent) if sent is not None else None

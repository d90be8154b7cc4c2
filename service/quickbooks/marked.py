"""How what we made is found again: by the mark in its private note, whatever it is."""

from __future__ import annotations

from datetime import datetime

from service.ids import CustomerId, Mark, RealmId
from service.quickbooks.fields import read_text
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import all_of, moment_literal, where_equals


def find_by_mark(
    gateway: Gateway, realm_id: RealmId, entity: str, customer_id: CustomerId, mark: Mark, created_since: datetime
) -> str | None:
    """The id of the customer's sale or payment that carries the mark, created since a moment.

    The oldest if there are several.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#query-an-invoice
    # PrivateNote cannot be filtered: every candidate is read and compared here.
    since = f"MetaData.CreateTime >= {moment_literal(created_since)}"
    found = gateway.query(realm_id, entity, all_of(where_equals("CustomerRef", customer_id), since))
    ours = [str(each.get("Id")) for each in found if mark in (read_text(each, "PrivateNote") or "")]
    return min(ours, key=_age, default=None)


def _age(entity_id: str) -> tuple[int, str]:
    return (int(entity_id), "") if entity_id.isdecimal() else (0, entity_id)

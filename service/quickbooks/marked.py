"""How what we made is found again: by the mark in its private note, whatever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from service.ids import CustomerId, Mark, RealmId
from service.quickbooks.fields import read_text
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import all_of, moment_literal, where_equals


def find_by_mark(
    gateway: Gateway, realm_id: RealmId, entity: str, customer_id: CustomerId, mark: Mark, created_since: datetime
) -> dict[str, Any] | None:
    """The customer's sale or payment that carries the mark, created since a moment, as it is now.

    The oldest if there are several.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#query-an-invoice
    # PrivateNote cannot be filtered: every candidate is read and compared here.
    since = f"MetaData.CreateTime >= {moment_literal(created_since)}"
    found = gateway.query(realm_id, entity, all_of(where_equals("CustomerRef", customer_id), since))
    ours = [each for each in found if mark in (read_text(each, "PrivateNote") or "")]
    return min(ours, key=_age, default=None)


def _age(entity: dict[str, Any]) -> tuple[int, str]:
    entity_id = str(entity.get("Id"))
    return (int(entity_id), "") if entity_id.isdecimal() else (0, entity_id)

"""The calls we make to QuickBooks Online, one method each.

Knows paths and envelopes; what the entities mean stands in `invoices`, `customers`, `items`, `settings`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from service.clock import Clock, SystemClock
from service.errors import OutcomeUnknown, RefusedByQuickBooks, TryLater
from service.ids import RealmId, RequestId
from service.quickbooks.batches import Outcomes, encode_batch, is_throttled, is_write, parse_outcomes
from service.quickbooks.body import encode
from service.quickbooks.changes import Changes, parse_changes
from service.quickbooks.faults import NAME_LISTS
from service.quickbooks.fields import parse_instant, read_text
from service.quickbooks.habits import Habits
from service.quickbooks.limits import BATCH_SOON_SECONDS, batch_scope
from service.quickbooks.query import PAGE, select
from service.quickbooks.transport import MINOR_VERSION, Client, Line
from service.wire import Pace, Wire

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment#void-a-payment
_VOIDED_BY_UPDATE = {"Payment", "SalesReceipt"}

# Code 610. Customers and vendors that never existed answer 2010 (measured by a third party in 2026).
_GONE = {"Customer": {"610", "2010"}, "Vendor": {"610", "2010"}}
_GONE_OTHERWISE = {"610"}


class Gateway:
    """QuickBooks Online; safe to share between threads.

    Every method raises NotConnected, TryLater, RefusedByQuickBooks, SubscriptionEnded; every write also
    OutcomeUnknown, BooksClosed, NumberTaken, and the TryLater leaves SyncTokenStale and NameTaken.
    `access_token(realm, rejected)` gives an access token; `rejected` is the one just refused, or `None`.
    """

    def __init__(
        self,
        *,
        api_url: str,
        wire: Wire,
        pace: Pace,
        access_token: Callable[[RealmId, str | None], str],
        read_seconds: float = 30.0,
        write_seconds: float = 60.0,
        jitter: Callable[[], float] = random.random,
        clock: Clock | None = None,
    ) -> None:
        address = api_url.rstrip("/")
        address = address if address.endswith("/v3") else f"{address}/v3"
        ticks = clock or SystemClock()
        self.habits = Habits(ticks)
        self._line = Line(address, wire, pace, ticks, access_token, jitter, read_seconds, write_seconds)

    def create(
        self,
        realm_id: RealmId,
        entity: str,
        body: bytes,
        request_id: RequestId,
        *,
        allow_duplicate_number: bool = False,
    ) -> dict[str, Any]:
        """The new entity.

        A repeat gives the same bytes and the same request id, and so the same entity.
        """
        params = {"include": "allowduplicatedocnum"} if allow_duplicate_number else {}
        content = self._write(realm_id, entity).create_object(entity, body, request_id=request_id, params=params)
        return _written(content, entity, request_id)

    def update(
        self, realm_id: RealmId, entity: str, changes: Mapping[str, Any], request_id: RequestId | None = None
    ) -> dict[str, Any]:
        """The entity after a sparse update.

        `changes` carries Id and SyncToken besides what changes.
        """
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#sparse-update-an-invoice
        # A full update would empty every field left out.
        body = encode({**changes, "sparse": True})
        content = self._write(realm_id, entity).update_object(entity, body, request_id=request_id)
        return _written(content, entity, request_id)

    def read(
        self, realm_id: RealmId, entity: str, entity_id: str, *, include: str | None = None
    ) -> dict[str, Any] | None:
        """The entity as it is now; `None` when it is gone."""
        params = {"include": include} if include else {}
        try:
            content = self._read(realm_id).get_single_object(entity, _segment(entity_id), params=params)
        except RefusedByQuickBooks as refusal:
            if refusal.fault_code in _GONE.get(entity, _GONE_OTHERWISE):
                return None
            raise
        return _member(content, entity)

    def query(
        self,
        realm_id: RealmId,
        entity: str,
        where: str = "",
        *,
        columns: str = "*",
        order_by: str = "Id",
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """All entities that meet the conditions, at most `limit`.

        Each once, though pages may overlap.
        """
        found: dict[str, dict[str, Any]] = {}
        start = 1
        while limit is None or len(found) < limit:
            most = PAGE if limit is None else min(PAGE, limit - len(found))
            statement = select(entity, where, columns=columns, order_by=order_by, start=start, most=most)
            page = _page(self._read(realm_id).query(statement), entity)
            before = len(found)
            for entry in page:
                found.setdefault(str(entry.get("Id") or f"#{len(found)}"), entry)
            if len(page) < most or len(found) == before:
                break
            start += len(page)
        return list(found.values())

    def count(self, realm_id: RealmId, entity: str, where: str) -> int:
        """How many entities meet the conditions."""
        # https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
        content = self._read(realm_id).query(f"select count(*) from {entity} where {where}")  # noqa: S608
        response = content.get("QueryResponse")
        counted = response.get("totalCount") if isinstance(response, dict) else None
        return int(counted) if isinstance(counted, int | Decimal) else 0

    def page(
        self, realm_id: RealmId, entity: str, where: str, *, columns: str, start: int
    ) -> tuple[list[dict[str, Any]], datetime | None]:
        """One page of at most `PAGE` entities by their ids, from the `start`th on; pages may overlap.

        And QuickBooks' own time, UTC, when it says so.
        """
        statement = select(entity, where, columns=columns, order_by="Id", start=start, most=PAGE)
        content = self._read(realm_id).query(statement)
        return _page(content, entity), parse_instant(read_text(content, "time"))

    def void(
        self, realm_id: RealmId, entity: str, entity_id: str, sync_token: str, request_id: RequestId | None = None
    ) -> dict[str, Any]:
        """The entity voided: amounts zero, number and customer kept.

        Enumerations may come in capitals.
        """
        content: dict[str, Any] = {"Id": entity_id, "SyncToken": sync_token}
        params = {"operation": "void"}
        if entity in _VOIDED_BY_UPDATE:
            content["sparse"] = True
            params = {"operation": "update", "include": "void"}
        client = self._write(realm_id, entity)
        answer = client.post(client.address(entity.lower()), encode(content), params=params, request_id=request_id)
        return _written(answer, entity, request_id)

    def delete(
        self, realm_id: RealmId, entity: str, entity_id: str, sync_token: str, request_id: RequestId | None = None
    ) -> None:
        """The entity is gone, also when it was gone already."""
        body = encode({"Id": entity_id, "SyncToken": sync_token})
        try:
            content = self._write(realm_id, entity).delete_object(entity, body, request_id=request_id)
        except RefusedByQuickBooks as refusal:
            if refusal.fault_code != "610":
                raise
            return
        _written(content, entity, request_id)

    def send(
        self,
        realm_id: RealmId,
        entity: str,
        entity_id: str,
        send_to: str | None = None,
        request_id: RequestId | None = None,
    ) -> dict[str, Any]:
        """The entity e-mailed, to `send_to` if given, which then becomes its BillEmail.

        Whether QuickBooks recognises a repeat by its request id is not documented: look before repeating.
        """
        client = self._write(realm_id, entity)
        address = client.address(f"{entity.lower()}/{_segment(entity_id)}/send")
        params = {"sendTo": send_to} if send_to else {}
        content = client.post(
            address, b"", content_type="application/octet-stream", params=params, request_id=request_id
        )
        return _written(content, entity, None)

    def pdf(self, realm_id: RealmId, entity: str, entity_id: str) -> bytes:
        """The PDF a customer would see."""
        found: bytes = self._read(realm_id).download_pdf(entity, _segment(entity_id))
        return found

    def batch(
        self, realm_id: RealmId, items: Sequence[Mapping[str, Any]], request_id: RequestId | None = None
    ) -> Outcomes:
        """The outcome of each item by its bId.

        At most 30 items, done in any order, each for itself.
        """
        body = encode_batch(items, request_id)
        client = self._client(realm_id, write=is_write(items), batch=True)
        content = client.post(client.address("batch"), body, request_id=request_id)
        if is_throttled(content):
            client.rest("3001 in a batch")
        return parse_outcomes(content, items, bool(request_id))

    def has_batch_soon(self, realm_id: RealmId) -> bool:
        """Whether a batch could go now, without waiting for the realm's next minute."""
        return self._line.pace.is_free(batch_scope(realm_id), BATCH_SOON_SECONDS)

    def changes(self, realm_id: RealmId, entities: Sequence[str], since: datetime) -> Changes:
        """What changed and what was deleted since a moment at most 30 days ago."""
        # Without an offset QuickBooks would read Pacific time.
        moment = since.astimezone(UTC).isoformat(timespec="seconds")
        found = parse_changes(self._read(realm_id).change_data_capture(",".join(entities), moment))
        if found is None:
            raise TryLater("QuickBooks' answer holds no changes")
        return found

    def company_info(self, realm_id: RealmId) -> dict[str, Any]:
        """The realm's CompanyInfo: name, country, plan."""
        return _member(self._read(realm_id).get_single_object("CompanyInfo", _segment(realm_id)), "CompanyInfo")

    def preferences(self, realm_id: RealmId) -> dict[str, Any]:
        """The realm's Preferences."""
        client = self._read(realm_id)
        return _member(client.get(client.address("preferences")), "Preferences")

    def _read(self, realm_id: RealmId) -> Client:
        return self._client(realm_id, write=False)

    def _write(self, realm_id: RealmId, entity: str) -> Client:
        return self._client(realm_id, write=True, named=entity in NAME_LISTS)

    def _client(self, realm_id: RealmId, *, write: bool, **more: bool) -> Client:
        realm = RealmId(_segment(realm_id))
        return Client(line=self._line, company_id=realm, minorversion=MINOR_VERSION, write=write, **more)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _written(content: Mapping[str, Any], entity: str, request_id: RequestId | None) -> dict[str, Any]:
    found = content.get(entity)
    if isinstance(found, dict) and found.get("Id"):
        return found
    how = "repeat under the same request id" if request_id else "look before repeating"
    raise OutcomeUnknown(f"QuickBooks answered without the {entity}: {how}")


def _member(content: Mapping[str, Any], entity: str) -> dict[str, Any]:
    found = content.get(entity)
    if not isinstance(found, dict):
        raise TryLater(f"QuickBooks answered without the {entity}")
    return found


def _page(content: Mapping[str, Any], entity: str) -> list[dict[str, Any]]:
    response = content.get("QueryResponse")
    if not isinstance(response, dict):
        raise TryLater("QuickBooks answered a query without a result")
    # An empty page has no key for the entity.
    return [entry for entry in response.get(entity) or [] if isinstance(entry, dict)]

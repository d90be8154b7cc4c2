"""Find the customer's pay link: QuickBooks tells it only to who reads one invoice alone and asks for it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from service.errors import ServiceError
from service.ids import InvoiceId, RealmId
from service.logs import log
from service.quickbooks.invoices import PAY_LINK, may_have_pay_link, read_with_pay_link
from service.store.hints import Hint
from service.store.invoices import KnownInvoice
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services

LOG = logging.getLogger("service.workflows")
WANTED = "link"


def with_pay_links(
    services: Services, realm_id: RealmId, realm: KnownRealm, entities: Mapping[InvoiceId, dict[str, Any]]
) -> dict[InvoiceId, dict[str, Any]]:
    """These invoices, each with its link where it has one: as known, else by a read of its own.

    A link is worth a metered read, never an invoice's outcome: whatever befalls the read, the invoice is as it was.
    """
    if not realm.facts.online_payments or not entities:
        return dict(entities)
    known = services.invoices.find(realm_id, entities)
    kept = {key: keep_pay_link(entity, known.get(key)) for key, entity in entities.items()}
    return {key: _ask(services, realm_id, key, entity) if _lacks(entity) else entity for key, entity in kept.items()}


def keep_pay_link(entity: dict[str, Any], known: KnownInvoice | None) -> dict[str, Any]:
    """The link stays the same as long as the invoice lives, and no other answer has it."""
    if PAY_LINK in entity or known is None or PAY_LINK not in known.document:
        return entity
    link = json.loads(known.document).get(PAY_LINK)
    return {**entity, PAY_LINK: link} if link else entity


def link_hints(realm: KnownRealm, realm_id: RealmId, entity: dict[str, Any]) -> list[Hint]:
    """Where to come back for a link that could not be asked for."""
    if not realm.facts.online_payments or not _lacks(entity):
        return []
    return [Hint("quickbooks", realm_id, "Invoice", str(entity["Id"]), frozenset({WANTED}))]


def _lacks(entity: dict[str, Any]) -> bool:
    return PAY_LINK not in entity and may_have_pay_link(entity)


def _ask(services: Services, realm_id: RealmId, invoice_id: InvoiceId, entity: dict[str, Any]) -> dict[str, Any]:
    try:
        found = read_with_pay_link(services.quickbooks, realm_id, invoice_id) or {}
    except ServiceError as error:
        log(LOG, "pay link not read", level=logging.WARNING, realm_id=realm_id, reason=type(error).__name__)
        return entity
    # Empty where there is none: that it was asked for is known.
    return {**entity, PAY_LINK: found.get(PAY_LINK) or ""}

"""Answer what operators ask about mappings on their page: try one on records, or check and apply it.

The page itself calls no vendor; what a portal's properties allow is known here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from service.errors import InputInvalid, ServiceError
from service.logs import log
from service.store.invoice_sync import InvoiceRules, InvoiceSync, read_rules
from service.store.mapping_requests import MappingRequest
from service.store.sync_changes import SyncChanges
from service.sync.direction import INVOICES
from service.sync.mapping import Mapping, find_problems
from service.sync.mapping_file import parse_mapping
from service.workflows.map_invoices import find_invoice_problems, preview_invoices
from service.workflows.preview_mapping import Preview, know_properties, preview_mapping
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
AT_ONCE = 5
REST = timedelta(minutes=1)
KEPT = timedelta(days=1)


def answer_mappings(services: Services) -> int:
    """Whatever was asked; returns how many were answered."""
    requests, now = services.sync.mapping_requests, services.clock.now()
    requests.forget(now - KEPT)
    taken = requests.claim(now, REST, AT_ONCE)
    for asked in taken:
        requests.keep(asked, _answer(services, asked))
    return len(taken)


def _answer(services: Services, asked: MappingRequest) -> dict[str, Any]:
    """`problems`: why it cannot be; `version`: the one applied; `records`: both sides before and after."""
    try:
        return _apply(services, asked) if asked.records is None else _try(services, asked, asked.records)
    except ServiceError as error:
        log(LOG, "mapping not taken", level=logging.WARNING, object=asked.name, reason=type(error).__name__)
        return {"problems": [error.sentence]}


def _apply_to_invoices(services: Services, asked: MappingRequest, rules: InvoiceRules) -> dict[str, Any]:
    known = know_properties(services, rules.portal_id, INVOICES)
    mapping = parse_mapping(asked.mapping, known)
    problems = find_invoice_problems(mapping, known)
    if problems:
        return {"problems": problems}
    # A worker killed before it could answer has applied it already.
    if rules.mapping is not None and replace(mapping, version=rules.mapping.version) == rules.mapping:
        return {"problems": [], "version": rules.mapping.version}
    version = InvoiceSync(services.database).apply_mapping(rules, mapping, asked.actor, services.clock.now())
    return {"problems": [], "version": version}


def _try_on_invoices(
    services: Services, asked: MappingRequest, rules: InvoiceRules, records: tuple[str, ...]
) -> dict[str, Any]:
    known = know_properties(services, rules.portal_id, INVOICES)
    mapping = parse_mapping(asked.mapping, known)
    problems = find_invoice_problems(mapping, known)
    return _tried(mapping, problems, [] if problems else preview_invoices(services, rules, mapping, records), records)


def _find_rules(services: Services, asked: MappingRequest) -> InvoiceRules:
    found = [each for each in services.connections.of_portal(asked.portal_id) if each.realm_id == asked.realm_id]
    if not found:
        raise InputInvalid("There is no such connection any more.")
    return read_rules(found[0])


def _apply(services: Services, asked: MappingRequest) -> dict[str, Any]:
    if asked.name == INVOICES:
        return _apply_to_invoices(services, asked, _find_rules(services, asked))
    known = services.sync.settings.find(asked.portal_id, asked.realm_id, asked.name)
    properties = know_properties(services, known.portal_id, known.name)
    mapping = parse_mapping(asked.mapping, properties)
    # A worker killed before it could answer has applied it already.
    if known.mapping is None or replace(mapping, version=known.mapping.version) != known.mapping:
        changes = SyncChanges(services.database)
        known = changes.apply_mapping(known, mapping, asked.actor, services.clock.now(), properties)
    return {"problems": [], "version": known.fields.version}


def _try(services: Services, asked: MappingRequest, records: tuple[str, ...]) -> dict[str, Any]:
    if asked.name == INVOICES:
        return _try_on_invoices(services, asked, _find_rules(services, asked), records)
    known = services.sync.settings.find(asked.portal_id, asked.realm_id, asked.name)
    properties = know_properties(services, known.portal_id, known.name)
    mapping = parse_mapping(asked.mapping, properties)
    problems = find_problems(mapping, properties)
    return _tried(mapping, problems, [] if problems else preview_mapping(services, known, mapping, records), records)


def _tried(
    mapping: Mapping, problems: list[str], previews: Sequence[Preview], records: tuple[str, ...]
) -> dict[str, Any]:
    missing = [] if problems else sorted(set(records) - {each.object_id for each in previews})
    fields = [[each.hubspot, each.quickbooks] for each in mapping.fields]
    return {"problems": problems, "fields": fields, "records": [asdict(e) for e in previews], "missing": missing}

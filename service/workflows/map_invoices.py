"""What an operator's mapping puts on HubSpot invoices: checked against the portal, tried, applied to a document."""

from __future__ import annotations

import json
from collections.abc import Mapping as Values
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from service.hubspot.invoices import OBJECT_TYPE
from service.hubspot.properties import find_mapping_problems
from service.quickbooks.invoice_details import read_field
from service.store.invoice_sync import InvoiceRules, InvoiceSync
from service.sync.fields import find_field
from service.sync.mapping import KnownHubSpotProperty, Mapping, find_problems, to_hubspot
from service.sync.values import Unusable, read_value, write_hubspot
from service.workflows.preview_mapping import Preview
from service.workflows.services import Services


def map_invoice(mapping: Mapping, content: Values[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The properties that the mapping fills from an invoice, and what cannot cross over: that stays as it is."""
    mapped, problems = dict[str, str](), list[str]()
    for each in mapping.fields:
        try:
            mapped[each.hubspot] = write_hubspot(to_hubspot(mapping, each, _held(mapping, content, each.quickbooks)))
        except Unusable as error:
            problems.append(f"{each.hubspot} and {each.quickbooks}: {error}")
    return mapped, problems


def find_invoice_problems(mapping: Mapping, known: Values[str, KnownHubSpotProperty] | None = None) -> list[str]:
    """Why a mapping cannot be applied to invoices; empty when it can."""
    own = find_mapping_problems({each.hubspot: each.quickbooks for each in mapping.fields})
    return own + find_problems(mapping, known)


def preview_invoices(
    services: Services, rules: InvoiceRules, mapping: Mapping, object_ids: Sequence[str]
) -> list[Preview]:
    """What these HubSpot invoices show, and would show. Nothing is written. Raises: what the gateway raises."""
    mirrored = InvoiceSync(services.database).invoices_of(rules, list(object_ids))
    documents = services.invoices.find(rules.realm_id, mirrored.values())
    documents |= services.adoptions.find_invoices(rules.realm_id, [each for each in mirrored.values()
                                                                   if each not in documents])  # fmt: skip
    objects = services.hubspot.read_objects(rules.portal_id, OBJECT_TYPE, list(mirrored), mapping.properties)
    previews = []
    for object_id, invoice_id in mirrored.items():
        if object_id not in objects or invoice_id not in documents:
            continue
        content = json.loads(documents[invoice_id].document, parse_float=Decimal)
        held = {name: objects[object_id].properties.get(name) for name in mapping.properties}
        theirs = {path: _held(mapping, content, path) for path in mapping.paths}
        mapped, problems = map_invoice(mapping, content)
        after = {name: mapped.get(name, value) for name, value in held.items()}
        previews.append(Preview(object_id, invoice_id, held, after, theirs, theirs, tuple(problems)))
    return previews


def _held(mapping: Mapping, content: Values[str, Any], path: str) -> str | None:
    field = find_field(mapping.pairing.entity, path)
    return read_value(field.kind, read_field(content, path)) if field else None
